use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use eyrie_types::{ByteSize, CameraId, SegmentRow, TenantId, WallTime};

/// Most segments one plan deletes: what does not fit follows in the next, so that new rules never hold up anything for long.
pub(super) const PLAN_SEGMENTS_MAX: usize = 256;

/// The rules for one camera, its own and the node's put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rules {
    pub(super) max_age: Option<Duration>,
    pub(super) max_bytes: Option<u64>,
}

/// What is known of one camera's recordings.
#[derive(Debug, Clone)]
pub(super) struct Holding {
    pub(super) tenant: TenantId,
    pub(super) camera: CameraId,
    pub(super) rules: Rules,
    /// All its segments together, the growing one among them.
    pub(super) bytes: u64,
    /// The oldest segments that do not grow, in order, each with the disk it lies on.
    pub(super) oldest: Vec<(SegmentRow, usize)>,
    /// There are more behind them.
    pub(super) more: bool,
}

/// What the node as a whole has too much of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Excess {
    /// Bytes beyond what all recordings may take.
    pub(super) node: u64,
    /// Bytes to make free on each disk.
    pub(super) disks: Vec<u64>,
}

/// Which rule a segment goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    Age,
    CameraBytes,
    NodeBytes,
    Room,
}

impl Reason {
    /// The word in metrics.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::CameraBytes => "camera_bytes",
            Self::NodeBytes => "node_bytes",
            Self::Room => "room",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Age => "older than it is kept",
            Self::CameraBytes => "the camera takes more than it may",
            Self::NodeBytes => "all recordings take more than they may",
            Self::Room => "to make room on its disk",
        })
    }
}

/// A segment to be deleted.
#[derive(Debug, Clone)]
pub(super) struct Deletion {
    pub(super) row: SegmentRow,
    pub(super) reason: Reason,
}

/// What is to be deleted, by camera, each camera's oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) cameras: BTreeMap<(TenantId, CameraId), Vec<Deletion>>,
    /// More is to be deleted than this plan, or what was read for it, holds.
    pub(super) cut: bool,
    /// Bytes that should be made free and cannot be: nothing is left that may be deleted.
    pub(super) short_bytes: u64,
}

impl Plan {
    /// Segments and bytes of all of it.
    pub(super) fn size(&self) -> (usize, u64) {
        let deletions = self.cameras.values().flatten();
        deletions.fold((0, 0), |(segments, bytes), deletion| (segments + 1, bytes + deletion.row.bytes))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (segments, bytes) = self.size();
        writeln!(f, "delete {segments} segments, {}", ByteSize::bytes(bytes))?;
        for ((tenant, camera), deletions) in &self.cameras {
            writeln!(f, "  {tenant}/{camera}")?;
            for Deletion { row, reason } in deletions {
                writeln!(f, "    {} to {}, {}: {reason}", row.start, row.end, ByteSize::bytes(row.bytes))?;
            }
        }
        if self.cut {
            writeln!(f, "  and more, with the next plan")?;
        }
        if self.short_bytes > 0 {
            writeln!(f, "  {} short: nothing else may be deleted", ByteSize::bytes(self.short_bytes))?;
        }
        Ok(())
    }
}

/// Decides what goes: first what the rules of each camera ask for, then, over all cameras, the oldest until neither the node nor a
/// disk has too much. Segments that grow are never among the candidates.
pub(super) fn plan(now: WallTime, holdings: &[Holding], excess: &Excess) -> Plan {
    let mut planner = Planner { plan: Plan::default(), planned: 0, excess: excess.clone() };
    let mut rest = Vec::new();
    // What lies behind the last candidate read is not known: nobody's footage goes before older footage of others.
    let mut horizon = WallTime::MAX;
    for holding in holdings {
        let mut over = holding.rules.max_bytes.map_or(0, |max| holding.bytes.saturating_sub(max));
        let mut taken = 0;
        for (row, disk) in &holding.oldest {
            let aged = holding.rules.max_age.is_some_and(|age| row.end <= now - age);
            let reason = if aged { Reason::Age } else { Reason::CameraBytes };
            if !(aged || over > 0) || !planner.take(holding, row, *disk, reason) {
                break;
            }
            over = over.saturating_sub(row.bytes);
            taken += 1;
        }
        if holding.more {
            match holding.oldest.get(taken..).and_then(<[_]>::last) {
                Some((last, _)) => horizon = horizon.min(last.start),
                // All that was read goes: what follows may have to, too.
                None => (planner.plan.cut, horizon) = (true, WallTime::EPOCH),
            }
        }
        rest.extend(holding.oldest.iter().skip(taken).map(|(row, disk)| (holding, row, *disk)));
    }
    rest.sort_by_key(|(_, row, _)| (row.start, row.placement.camera));
    for (holding, row, disk) in rest {
        let room = planner.excess.disks.get(disk).is_some_and(|needed| *needed > 0);
        if !room && planner.excess.node == 0 {
            continue;
        }
        if row.start > horizon {
            planner.plan.cut = true;
            break;
        }
        let reason = if room { Reason::Room } else { Reason::NodeBytes };
        if !planner.take(holding, row, disk, reason) {
            break;
        }
    }
    let Planner { mut plan, excess, .. } = planner;
    if !plan.cut {
        plan.short_bytes = excess.disks.iter().sum::<u64>().max(excess.node);
    }
    plan
}

struct Planner {
    plan: Plan,
    planned: usize,
    /// What is still too much.
    excess: Excess,
}

impl Planner {
    /// Puts a segment on the plan; `false` when the plan is full.
    fn take(&mut self, holding: &Holding, row: &SegmentRow, disk: usize, reason: Reason) -> bool {
        if self.planned == PLAN_SEGMENTS_MAX {
            self.plan.cut = true;
            return false;
        }
        self.planned += 1;
        self.excess.node = self.excess.node.saturating_sub(row.bytes);
        if let Some(needed) = self.excess.disks.get_mut(disk) {
            *needed = needed.saturating_sub(row.bytes);
        }
        let key = (holding.tenant.clone(), holding.camera);
        self.plan.cameras.entry(key).or_default().push(Deletion { row: row.clone(), reason });
        true
    }
}

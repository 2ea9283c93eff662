use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use eyrie_cluster::{CellNode, Duty, JobName, LocalFacts, LocalRun, PlacementKey};
use eyrie_types::{Epoch, Monotonic, NodeId};

use super::disk::Disk;
use super::raft::Raft;
use super::world::Event;

/// A machine: its disk outlives its processes.
pub(super) struct Machine {
    pub(super) node: NodeId,
    pub(super) disk: Disk,
    pub(super) process: Option<Process>,
    /// Counts processes, so that events for an earlier one are dropped.
    pub(super) life: u64,
    /// Its log was lost and its old Raft id is not yet out of the group.
    pub(super) lost: Option<eyrie_cluster::RaftId>,
    /// Taken out of the cell for good.
    pub(super) retired: bool,
}

/// A process of `eyrie`.
pub(super) struct Process {
    /// The local clock: an offset, and a rate in parts per million.
    offset_us: u64,
    ppm: u64,
    pub(super) cell: CellNode,
    pub(super) raft: Raft,
    pub(super) applied: u64,
    pub(super) applying: bool,
    pub(super) view: Option<eyrie_cluster::RaftView>,
    pub(super) runs: BTreeMap<PlacementKey, Run>,
    pub(super) duties: BTreeMap<PlacementKey, Duty>,
    pub(super) facts: LocalFacts,
    pub(super) lease_until: Monotonic,
    pub(super) jobs: BTreeMap<JobName, Epoch>,
    /// Stopped until then (SIGSTOP, a starved machine); what comes meanwhile waits.
    pub(super) paused_until: u64,
    pub(super) backlog: VecDeque<Event>,
}

/// An incarnation of a placement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub(super) epoch: Epoch,
    /// It pulls from this machine's recording.
    pub(super) feed_from: Option<NodeId>,
    /// It holds a session of the camera.
    pub(super) session: bool,
    pub(super) try_at: u64,
    /// It has a keyframe from then on.
    pub(super) keyframe_at: u64,
    pub(super) recording: bool,
}

impl Process {
    pub(super) fn new(cell: CellNode, raft: Raft, offset_us: u64, ppm: u64) -> Self {
        Self {
            offset_us,
            ppm,
            applied: raft.disk.applied,
            cell,
            raft,
            applying: false,
            view: None,
            runs: BTreeMap::new(),
            duties: BTreeMap::new(),
            facts: LocalFacts::default(),
            lease_until: Monotonic::default(),
            jobs: BTreeMap::new(),
            paused_until: 0,
            backlog: VecDeque::new(),
        }
    }

    pub(super) fn clock_us(&self, now: u64) -> u64 {
        local_us(now, self.offset_us, self.ppm)
    }

    pub(super) fn clock(&self, now: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_micros(self.clock_us(now)))
    }

    pub(super) fn raft_view(&self, now: u64) -> eyrie_cluster::RaftView {
        self.raft.view(self.clock_us(now), self.applied)
    }

    /// What it tells its core of what runs.
    pub(super) fn facts(&self, too_soon: bool) -> LocalFacts {
        let run = |(key, run): (&PlacementKey, &Run)| {
            let recording = run.recording || (too_soon && (run.session || run.feed_from.is_some()));
            (key.clone(), LocalRun { epoch: run.epoch, recording })
        };
        LocalFacts { running: self.runs.iter().map(run).collect(), jobs: self.jobs.keys().cloned().collect() }
    }
}

pub(super) fn local_us(now: u64, offset_us: u64, ppm: u64) -> u64 {
    offset_us + now / 1_000_000 * ppm + now % 1_000_000 * ppm / 1_000_000
}

use std::time::Duration;

use eyrie_types::{DrillAct, DrillFlapping, DrillWay};

use crate::drill::{CutOff, EndWith, Fault, NodeChoice, Way};

/// What an agent does for `fault` on a node that it hits; `None` for what no agent can do. A partition is from nobody yet: whom it
/// hits has to be chosen first.
pub fn acts_of(fault: &Fault) -> Option<DrillAct> {
    Some(match fault {
        Fault::Kill(_) | Fault::RollingRestart(EndWith::Kill) | Fault::RestartAll(EndWith::Kill) => DrillAct::Kill,
        Fault::Stop(_) | Fault::RollingRestart(EndWith::Stop) | Fault::RestartAll(EndWith::Stop) => DrillAct::Stop,
        Fault::Pause(_) => DrillAct::Pause,
        Fault::CpuPressure { share, .. } => DrillAct::CpuPressure { share: share.as_hundredths() },
        Fault::Partition { way, flapping, .. } if cannot_cut(fault).is_none() => {
            let way = match way {
                Way::Both => DrillWay::Both,
                Way::In => DrillWay::In,
                Way::Out => DrillWay::Out,
            };
            let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            let flapping = flapping.map(|(cut, whole)| DrillFlapping { cut_ms: ms(cut), whole_ms: ms(whole) });
            DrillAct::Partition { way, from: Vec::new(), flapping }
        }
        _ => return None,
    })
}

/// Why no agent can do `fault`, though it can do others of its kind; `None` where it can, and of other kinds.
pub fn cannot_cut(fault: &Fault) -> Option<&'static str> {
    let Fault::Partition { node, from, .. } = fault else { return None };
    match (from, node) {
        (CutOff::Peers, NodeChoice::All) => Some("with all nodes cut off, nobody is left to be cut off from"),
        (CutOff::Peers, _) => None,
        _ => Some("an agent cuts a node off from other nodes alone (`from: peers`)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_from_peers_in_its_direction_and_from_nothing_else() {
        let fault = |node, from| Fault::Partition {
            node,
            way: Way::In,
            from,
            flapping: Some((Duration::from_secs(1), Duration::from_secs(2))),
        };
        let act = acts_of(&fault(NodeChoice::Any, CutOff::Peers)).unwrap();
        let flapping = Some(DrillFlapping { cut_ms: 1_000, whole_ms: 2_000 });
        assert_eq!(act, DrillAct::Partition { way: DrillWay::In, from: Vec::new(), flapping });
        for from in [CutOff::Store, CutOff::Cameras, CutOff::All] {
            let fault = fault(NodeChoice::Any, from);
            assert!(acts_of(&fault).is_none() && cannot_cut(&fault).is_some(), "{fault}");
        }
        assert!(acts_of(&fault(NodeChoice::All, CutOff::Peers)).is_none());
    }
}

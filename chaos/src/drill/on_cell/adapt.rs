use eyrie_types::CellId;

use crate::drill::{ApiTarget, Drill, GapProbe, Probe, Refusal, Target, TokenSource};

/// A drill as it is run on a cell that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adapted {
    /// The drill.
    pub drill: Drill,
    /// What of the file it leaves out, in words.
    pub left_out: Vec<String>,
}

/// `drill` on the cell `cell`. One that names a cell stays as it is; one for a local cell is turned towards this one, without the
/// bounds that only simulated cameras have numbers for.
///
/// # Errors
/// When nothing is left to be measured.
pub fn adapt(drill: Drill, cell: CellId) -> Result<Adapted, Refusal> {
    if matches!(drill.target, Target::Api(_)) {
        return Ok(Adapted { drill, left_out: Vec::new() });
    }
    let mut left_out = Vec::new();
    let probes = drill.probes.into_iter().filter_map(|probe| match probe {
        Probe::RecordedGap(gap) => {
            if gap.unexplained.is_some() {
                let why = "real cameras do not number their pictures";
                left_out.push(format!("recorded_gap.unexplained is not measured: {why}"));
            }
            let gap = GapProbe { unexplained: None, ..gap };
            (gap != GapProbe::default()).then_some(Probe::RecordedGap(gap))
        }
        other => Some(other),
    });
    let probes: Vec<_> = probes.collect();
    if probes.is_empty() {
        return Err(Refusal::NothingMeasured);
    }
    let target = ApiTarget { addresses: Vec::new(), cell, token: TokenSource::Brought, ca_file: None };
    Ok(Adapted { drill: Drill { target: Target::Api(target), probes, ..drill }, left_out })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::file::read_drill;
    use crate::drill::{CATALOGUE, Measure};

    #[test]
    fn a_drill_for_a_local_cell_is_turned_towards_one_that_exists_without_what_needs_numbered_pictures() {
        let (_, text) = CATALOGUE.iter().find(|(name, _)| *name == "kill-a-node").unwrap();
        let cell = CellId::random();
        let Adapted { drill, left_out } = adapt(read_drill(text).unwrap(), cell).unwrap();
        assert!(matches!(&drill.target, Target::Api(api) if api.cell == cell && api.addresses.is_empty()));
        assert_eq!(left_out.len(), 1, "{left_out:?}");
        let measures: Vec<_> = drill.bounds().into_iter().map(|bound| bound.measure).collect();
        assert!(measures.contains(&Measure::GapLongest) && !measures.contains(&Measure::UnitsUnexplained));
        let again = adapt(drill.clone(), CellId::random()).unwrap();
        assert_eq!((again.drill, again.left_out.len()), (drill, 0), "one that names its cell keeps it");
    }

    #[test]
    fn a_drill_of_which_nothing_can_be_measured_is_refused() {
        let text = "drill: a\nhypothesis: b\ntarget: {local: {nodes: 3, cameras: 1}}\n\
                    probes: {recorded_gap: {unexplained: 0}}\nfaults: [{at: 1s, for: 1s, kill: {node: any}}]\n\
                    blast_radius: {nodes: 1, cameras: all}\nguardrails: {nodes_down: 1, longest: 10m}\n";
        assert_eq!(adapt(read_drill(text).unwrap(), CellId::random()), Err(Refusal::NothingMeasured));
    }
}

use super::apply::check_labels;
use super::limits::CAMERAS_MAX;
use super::state::slots_of;
use super::{CameraKey, CameraNeeds, CellAnswer, CellState, Refusal};

impl CellState {
    pub(super) fn put_camera(&mut self, key: CameraKey, needs: CameraNeeds) -> Result<CellAnswer, Refusal> {
        check_needs(&needs)?;
        if self.removed.contains(&key) {
            return Err(Refusal::CameraRemoved(key));
        }
        match self.cameras.get(&key) {
            Some(known) if *known == needs => return Ok(CellAnswer::Unchanged),
            Some(known) if needs.revision <= known.revision => {
                let (given, known) = (needs.revision, known.revision);
                return Err(Refusal::StaleRevision { camera: key, given, known });
            }
            None if self.cameras.len() >= CAMERAS_MAX => return Err(Refusal::full("cameras", CAMERAS_MAX)),
            _ => {}
        }
        self.cameras.insert(key, needs);
        Ok(CellAnswer::Done)
    }

    pub(super) fn remove_camera(&mut self, key: CameraKey) -> CellAnswer {
        let known = self.cameras.remove(&key).is_some();
        if !known && self.removed.contains(&key) {
            return CellAnswer::Unchanged;
        }
        let slots: Vec<_> = self.placements.range(slots_of(&key)).map(|(slot, _)| slot.clone()).collect();
        for slot in slots {
            self.placements.remove(&slot);
        }
        // Also of one that never came: its `PutCamera` may still be on its way.
        self.bury_camera(key);
        CellAnswer::Done
    }
}

fn check_needs(needs: &CameraNeeds) -> Result<(), Refusal> {
    if !(1..=2).contains(&needs.redundancy) {
        return Err(Refusal::invalid("redundancy", "must be 1 or 2"));
    }
    if needs.max_sessions == 0 {
        return Err(Refusal::invalid("max_sessions", "must be at least 1"));
    }
    if needs.weight == 0 {
        return Err(Refusal::invalid("weight", "must be at least 1"));
    }
    check_labels(&needs.labels)
}

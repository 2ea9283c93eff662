use std::process::Child;

/// Children that are killed when dropped.
pub(super) struct Killed(pub(super) Vec<Child>);

impl Killed {
    /// Their process ids.
    pub(super) fn pids(&self) -> Vec<u32> {
        self.0.iter().map(Child::id).collect()
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // Gone already is fine.
            let _ = child.kill();
        }
        for child in &mut self.0 {
            let _ = child.wait();
        }
    }
}

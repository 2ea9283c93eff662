use metrics::Gauge;

/// One of those that a gauge counts, for as long as it lives.
pub(crate) struct Counted(Gauge);

impl Counted {
    /// One more in the gauge `name`.
    pub(crate) fn in_gauge(name: &'static str) -> Self {
        let gauge = metrics::gauge!(name);
        gauge.increment(1.0);
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

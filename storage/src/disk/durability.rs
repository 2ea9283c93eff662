use super::DiskError;

/// How much of a segment is durable: it survives the loss of power.
#[derive(Debug, Clone, Default)]
pub struct Durability {
    /// Durable fragments, counted from the first.
    pub fragments: u32,
    /// Bytes of the file that are durable.
    pub bytes: u64,
    /// Why nothing more will become durable. Once set, all three are final: what is not counted here must be written again, into
    /// another segment.
    pub failed: Option<DiskError>,
}

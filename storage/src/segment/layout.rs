use std::path::{Path, PathBuf};

use eyrie_types::{CameraId, Epoch, Placement, SegmentId, Slot, TenantId, WallTime};

/// Why a path is not one of a segment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Not `<tenant>/<camera>/<YYYY-MM-DD>/<HHMMSS>-<slot>-<epoch>-<segment>.mp4`.
    #[error("the path is not <tenant>/<camera>/<YYYY-MM-DD>/<HHMMSS>-<slot>-<epoch>-<segment>.mp4")]
    NotASegmentPath,
}

/// Where a segment lies below the root of its recordings directory. Everything in the path is made from ids, so no name that a
/// person chose can lead out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentPath {
    /// Who records.
    pub placement: Placement,
    /// Which file.
    pub segment: SegmentId,
    /// `YYYY-MM-DD` and `HHMMSS` of its start in UTC.
    stamp: (String, String),
}

impl SegmentPath {
    /// The path of `segment`, which begins at `start`.
    pub fn new(placement: Placement, segment: SegmentId, start: WallTime) -> Self {
        // RFC 3339 with fixed columns: 2026-01-31T12:34:56.000000Z.
        let text = start.to_string();
        let day = text.get(..10).unwrap_or_default().to_owned();
        let time = text.get(11..19).unwrap_or_default().replace(':', "");
        Self { placement, segment, stamp: (day, time) }
    }

    /// The path below the root.
    pub fn relative(&self) -> PathBuf {
        let Placement { tenant, camera, slot, epoch } = &self.placement;
        let (day, time) = &self.stamp;
        let name = format!("{time}-{slot}-{epoch}-{}.mp4", self.segment);
        [tenant.as_str(), &camera.to_string(), day, &name].iter().collect()
    }

    /// Reads a path below the root.
    ///
    /// # Errors
    /// When it is not one that [`SegmentPath::relative`] makes.
    pub fn parse(relative: &Path) -> Result<Self, LayoutError> {
        Self::read(relative).filter(|path| path.relative() == relative).ok_or(LayoutError::NotASegmentPath)
    }

    fn read(relative: &Path) -> Option<Self> {
        let mut parts = relative.iter().map(|part| part.to_str());
        let tenant: TenantId = parts.next()??.parse().ok()?;
        let camera: CameraId = parts.next()??.parse().ok()?;
        let day = parts.next()??;
        let mut name = parts.next()??.strip_suffix(".mp4")?.splitn(4, '-');
        let time = name.next()?;
        let slot = Slot(name.next()?.parse().ok()?);
        let epoch = Epoch::from_u64(name.next()?.parse().ok()?)?;
        let segment = name.next()?.parse().ok()?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let sound = day.len() == 10 && time.len() == 6 && digits(time) && digits(&day.replace('-', ""));
        let stamp = (day.to_owned(), time.to_owned());
        (sound && parts.next().is_none()).then_some(Self {
            placement: Placement { tenant, camera, slot, epoch },
            segment,
            stamp,
        })
    }
}

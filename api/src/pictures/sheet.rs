use aws_lc_rs::digest::{Context, SHA256};
use eyrie_media::VideoTrack;
use eyrie_types::SessionId;

use super::ffmpeg::Turn;
use super::still::Still;
use super::{Found, Picture, PictureError, PictureKey};
use crate::GatewayState;

/// Pixels of a sheet: 24 MB while it is made.
pub(crate) const SHEET_PIXELS_MAX: u64 = 4096 * 4096;
/// Bytes of keyframes decoded in one run: they are in memory together.
const BATCH_BYTES_MAX: usize = 16 << 20;
/// Luma of cells without a picture, and their chroma: nearly black.
const DARK: (u8, u8) = (16, 128);

/// How pictures lie on a sheet: row after row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) columns: u32,
    pub(crate) rows: u32,
    /// Of each picture, in pixels; even.
    pub(crate) width: u32,
}

impl Sheet {
    fn key(&self, cells: &[Option<Found>]) -> PictureKey {
        let mut hash = Context::new(&SHA256);
        for number in [self.columns, self.rows, self.width] {
            hash.update(&number.to_be_bytes());
        }
        for cell in cells {
            match cell {
                Some(found) => {
                    hash.update(found.row.segment.as_uuid().as_bytes());
                    hash.update(&found.entry.leaf);
                }
                None => hash.update(&[0]),
            }
        }
        let mut out = [0; 32];
        // SHA-256 has 32 bytes (FIPS 180-4), so the lengths agree.
        out.copy_from_slice(hash.finish().as_ref());
        PictureKey::Sheet(out)
    }
}

/// The pictures of `cells` on one sheet. Cells without one, or with one that is damaged, are dark.
///
/// # Errors
/// [`PictureError::Lost`] when not one can be shown; see [`PictureError`].
pub(crate) async fn sheet(
    state: &GatewayState,
    session: SessionId,
    layout: Sheet,
    cells: Vec<Option<Found>>,
) -> Result<Picture, PictureError> {
    let (key, footage) = (layout.key(&cells), state.node().footage().clone());
    let make = move |turn: Turn| async move {
        let mut canvas: Option<Canvas> = None;
        let mut batch = Batch::default();
        let mut failed = PictureError::Lost;
        for (cell, found) in cells.iter().enumerate() {
            let Some(found) = found else { continue };
            let still = match Still::read(&footage, found).await {
                Ok(still) => still,
                Err(error @ (PictureError::Lost | PictureError::Undecodable)) => {
                    failed = error;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let canvas = match &mut canvas {
                Some(canvas) => canvas,
                none => none.insert(Canvas::new(layout, still.height(layout.width))?),
            };
            if !batch.takes(&still) {
                std::mem::take(&mut batch).draw(&turn, canvas).await?;
            }
            batch.push(cell, still);
        }
        let Some(mut canvas) = canvas else { return Err(failed) };
        batch.draw(&turn, &mut canvas).await?;
        if canvas.drawn == 0 {
            return Err(PictureError::Undecodable);
        }
        Ok(Picture::new(turn.encode(&canvas.planes, canvas.size()).await?, None))
    };
    state.pictures().get(session, key, make).await
}

/// Keyframes of one decoder configuration, to be decoded in one run.
#[derive(Debug, Default)]
struct Batch {
    track: Option<VideoTrack>,
    stills: Vec<(usize, Vec<u8>)>,
    bytes: usize,
}

impl Batch {
    fn takes(&self, still: &Still) -> bool {
        let same = self.track.as_ref().is_none_or(|track| *track == still.track);
        same && (self.stills.is_empty() || self.bytes + still.data.len() <= BATCH_BYTES_MAX)
    }

    fn push(&mut self, cell: usize, still: Still) {
        self.bytes += still.data.len();
        self.track = Some(still.track);
        self.stills.push((cell, still.data));
    }

    /// Decodes all in one run; where that does not give each its picture, one by one.
    async fn draw(self, turn: &Turn, canvas: &mut Canvas) -> Result<(), PictureError> {
        let Some(track) = self.track else { return Ok(()) };
        let together: Vec<u8> = self.stills.iter().flat_map(|(_, data)| data.iter().copied()).collect();
        let bytes = canvas.cell_bytes();
        match turn.planes(track.codec, &together, canvas.cell, self.stills.len()).await {
            Ok(planes) if planes.len() == bytes * self.stills.len() => {
                for ((cell, _), picture) in self.stills.iter().zip(planes.chunks_exact(bytes)) {
                    canvas.draw(*cell, picture);
                }
                return Ok(());
            }
            Ok(_) | Err(PictureError::Undecodable) => {}
            Err(error) => return Err(error),
        }
        for (cell, data) in &self.stills {
            match turn.planes(track.codec, data, canvas.cell, 1).await {
                Ok(picture) if picture.len() == bytes => canvas.draw(*cell, &picture),
                Ok(_) | Err(PictureError::Undecodable) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The sheet while it is drawn: planes of Y, U and V (4:2:0).
#[derive(Debug)]
struct Canvas {
    layout: Sheet,
    /// Width and height of a cell, both even.
    cell: (u32, u32),
    planes: Vec<u8>,
    drawn: usize,
}

impl Canvas {
    fn new(layout: Sheet, height: u32) -> Result<Self, PictureError> {
        let cell = (layout.width, height);
        let pixels = u64::from(layout.width * layout.columns) * u64::from(height * layout.rows);
        if pixels > SHEET_PIXELS_MAX {
            return Err(PictureError::TooLarge);
        }
        let pixels = pixels as usize;
        let mut planes = vec![DARK.0; pixels];
        planes.resize(pixels * 3 / 2, DARK.1);
        Ok(Self { layout, cell, planes, drawn: 0 })
    }

    fn size(&self) -> (u32, u32) {
        (self.cell.0 * self.layout.columns, self.cell.1 * self.layout.rows)
    }

    fn cell_bytes(&self) -> usize {
        self.cell.0 as usize * self.cell.1 as usize * 3 / 2
    }

    fn draw(&mut self, cell: usize, picture: &[u8]) {
        let (width, height) = (self.cell.0 as usize, self.cell.1 as usize);
        let columns = self.layout.columns as usize;
        let (left, top) = (cell % columns * width, cell / columns * height);
        let (stride, lines) = (width * columns, height * self.layout.rows as usize);
        // Where the planes begin on the sheet and in the picture, and what their sides are divided by.
        let pixels = (stride * lines, width * height);
        let planes = [(0, 0, 1), (pixels.0, pixels.1, 2), (pixels.0 * 5 / 4, pixels.1 * 5 / 4, 2)];
        for (to, from, side) in planes {
            let (width, stride) = (width / side, stride / side);
            for line in 0..height / side {
                let to = to + (top / side + line) * stride + left / side;
                let from = from + line * width;
                if let (Some(to), Some(from)) = (self.planes.get_mut(to..to + width), picture.get(from..from + width)) {
                    to.copy_from_slice(from);
                }
            }
        }
        self.drawn += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_lands_in_its_cell_and_nowhere_else() {
        let layout = Sheet { columns: 3, rows: 2, width: 4 };
        let mut canvas = Canvas::new(layout, 2).unwrap();
        assert_eq!((canvas.size(), canvas.planes.len()), ((12, 4), 72));
        canvas.draw(4, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
        let luma: Vec<&[u8]> = canvas.planes[..48].chunks(12).collect();
        assert_eq!(luma[2], [16, 16, 16, 16, 1, 2, 3, 4, 16, 16, 16, 16]);
        assert_eq!(luma[3], [16, 16, 16, 16, 5, 6, 7, 8, 16, 16, 16, 16]);
        assert!(luma[..2].concat().iter().all(|luma| *luma == 16));
        let chroma: Vec<&[u8]> = canvas.planes[48..].chunks(6).collect();
        assert_eq!(chroma[1], [128, 128, 9, 10, 128, 128]);
        assert_eq!(chroma[3], [128, 128, 11, 12, 128, 128]);
        assert!([chroma[0], chroma[2]].concat().iter().all(|chroma| *chroma == 128));
    }

    #[test]
    fn a_sheet_of_too_many_pixels_is_none() {
        assert_eq!(Canvas::new(Sheet { columns: 16, rows: 16, width: 320 }, 180).unwrap().drawn, 0);
        assert_eq!(
            Canvas::new(Sheet { columns: 16, rows: 16, width: 1920 }, 1080).unwrap_err(),
            PictureError::TooLarge
        );
    }
}

use bytes::Bytes;
use eyrie_types::WallTime;

use super::track::{Chunk, OutputTrack};

/// Ticks per second of `mvhd`, `tkhd` and edit lists: those of pictures, so that a track that begins later begins exactly.
const MOVIE_TIMESCALE: u32 = 90_000;
/// Seconds from 1904-01-01, from which MP4 counts (ISO/IEC 14496-12 clause 8.2.2), to 1970-01-01.
const EPOCH_1904_S: u64 = 2_082_844_800;
/// The unity matrix of `mvhd` and `tkhd`.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
/// `und`, undetermined, in three times five bits (clause 8.4.2).
const LANGUAGE_UND: u16 = 0x55c4;

/// The head of the file: `ftyp`, `moov` and the header of an `mdat` whose body has `mdat_bytes`. Large tables are chunks of
/// their own, so that none is copied.
pub(super) fn head(tracks: Vec<OutputTrack>, mdat_bytes: u64, created: WallTime) -> Vec<Bytes> {
    let created = created.as_unix_secs().cast_unsigned() + EPOCH_1904_S;
    let duration = tracks.iter().map(|track| to_movie(track.end, track.timescale)).max().unwrap_or(0);
    let next_id = tracks.len() as u32 + 1;
    let mut out = Chunks::default();
    out.boxed(b"ftyp", |out| {
        out.put(b"isom\0\0\x02\0isomiso2mp41");
    });
    let mut offsets = Vec::new();
    let moov = out.open(b"moov");
    mvhd(&mut out, created, duration, next_id);
    for (track, id) in tracks.into_iter().zip(1..) {
        offsets.push(trak(&mut out, track, id, created));
    }
    out.close(moov);
    let mdat_at = out.length;
    out.put(&1u32.to_be_bytes());
    out.put(b"mdat");
    out.put(&(mdat_bytes + 16).to_be_bytes());
    let base = mdat_at + 16;
    out.finish(offsets, base)
}

fn to_movie(ticks: u64, timescale: u32) -> u64 {
    (u128::from(ticks) * u128::from(MOVIE_TIMESCALE) / u128::from(timescale.max(1))) as u64
}

fn mvhd(out: &mut Chunks, created: u64, duration: u64, next_id: u32) {
    out.boxed(b"mvhd", |out| {
        out.u32(1 << 24); // version 1
        out.u64(created);
        out.u64(created);
        out.u32(MOVIE_TIMESCALE);
        out.u64(duration);
        out.u32(0x1_0000); // rate
        out.put(&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]); // volume, reserved
        MATRIX.iter().for_each(|value| out.u32(*value));
        out.put(&[0; 24]); // pre-defined
        out.u32(next_id);
    });
}

/// The offsets of a track's chunks are known once the length of the head is: their place in the file's head.
struct Offsets {
    chunk: usize,
    offsets: Vec<u64>,
}

fn trak(out: &mut Chunks, track: OutputTrack, id: u32, created: u64) -> Offsets {
    let video = track.is_video();
    let trak = out.open(b"trak");
    out.boxed(b"tkhd", |out| {
        out.u32(1 << 24 | 3); // version 1; enabled, in the movie
        out.u64(created);
        out.u64(created);
        out.u32(id);
        out.u32(0);
        out.u64(to_movie(track.end, track.timescale));
        out.put(&[0; 8]);
        out.put(&[0, 0, 0, 0]); // layer, alternate group
        out.put(if video { &[0, 0, 0, 0] } else { &[1, 0, 0, 0] }); // volume, reserved
        MATRIX.iter().for_each(|value| out.u32(*value));
        track.size.iter().for_each(|value| out.u32(*value));
    });
    if track.start > 0 {
        let start = to_movie(track.start, track.timescale);
        let edts = out.open(b"edts");
        out.boxed(b"elst", |out| {
            out.u32(1 << 24); // version 1
            out.u32(2);
            out.u64(start);
            out.u64(u64::MAX); // an empty edit (clause 8.6.6)
            out.u32(0x1_0000);
            out.u64(to_movie(track.end, track.timescale) - start);
            out.u64(0);
            out.u32(0x1_0000);
        });
        out.close(edts);
    }
    let mdia = out.open(b"mdia");
    out.boxed(b"mdhd", |out| {
        out.u32(1 << 24); // version 1
        out.u64(created);
        out.u64(created);
        out.u32(track.timescale);
        out.u64(track.end - track.start);
        out.put(&LANGUAGE_UND.to_be_bytes());
        out.put(&[0, 0]);
    });
    out.boxed(b"hdlr", |out| {
        out.put(&[0; 8]);
        out.put(&track.handler);
        out.put(&[0; 12]);
        out.put(if video { b"Video\0" } else { b"Sound\0" });
    });
    let minf = out.open(b"minf");
    match video {
        true => out.boxed(b"vmhd", |out| out.put(&[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])),
        false => out.boxed(b"smhd", |out| out.put(&[0; 8])),
    }
    let dinf = out.open(b"dinf");
    out.boxed(b"dref", |out| {
        out.u32(0);
        out.u32(1);
        out.boxed(b"url ", |out| out.u32(1)); // in this file
    });
    out.close(dinf);
    let stbl = out.open(b"stbl");
    let offsets = tables(out, track);
    for open in [stbl, minf, mdia, trak] {
        out.close(open);
    }
    offsets
}

/// The sample tables (clauses 8.5 to 8.7).
fn tables(out: &mut Chunks, track: OutputTrack) -> Offsets {
    out.boxed(b"stsd", |out| {
        out.u32(0);
        out.u32(track.entries.len() as u32);
        track.entries.iter().for_each(|entry| out.put(entry));
    });
    let all_sync = track.sync.len() as u64 == u64::from(track.samples) * 4;
    let in_order = track.compositions.is_all(0);
    let (durations, entries) = track.durations.finish();
    out.table(b"stts", 0, &[entries], durations);
    if !in_order {
        let (compositions, entries) = track.compositions.finish();
        out.table(b"ctts", 1, &[entries], compositions);
    }
    if track.handler == *b"vide" && !all_sync {
        out.table(b"stss", 0, &[(track.sync.len() / 4) as u32], track.sync);
    }
    let (runs, entries) = chunk_runs(&track.chunks);
    out.table(b"stsc", 0, &[entries], runs);
    out.table(b"stsz", 0, &[0, track.samples], track.sizes);
    let chunk = out.table(b"co64", 0, &[track.chunks.len() as u32], vec![0; track.chunks.len() * 8]);
    Offsets { chunk, offsets: track.chunks.iter().map(|chunk| chunk.offset).collect() }
}

/// Runs of chunks that have as many samples of the same description each (clause 8.7.4).
fn chunk_runs(chunks: &[Chunk]) -> (Vec<u8>, u32) {
    let mut runs = Vec::new();
    let mut last = (0, 0);
    for (chunk, number) in chunks.iter().zip(1u32..) {
        if (chunk.samples, chunk.description) != last {
            last = (chunk.samples, chunk.description);
            [number, chunk.samples, chunk.description]
                .iter()
                .for_each(|field| runs.extend_from_slice(&field.to_be_bytes()));
        }
    }
    let entries = (runs.len() / 12) as u32;
    (runs, entries)
}

/// An open box: where its size stands.
struct Open {
    chunk: usize,
    at: usize,
    /// Bytes written before it.
    begin: u64,
}

/// Boxes in the making, as chunks.
#[derive(Default)]
struct Chunks {
    chunks: Vec<Vec<u8>>,
    length: u64,
}

impl Chunks {
    fn put(&mut self, bytes: &[u8]) {
        if self.chunks.is_empty() {
            self.chunks.push(Vec::new());
        }
        if let Some(last) = self.chunks.last_mut() {
            last.extend_from_slice(bytes);
            self.length += bytes.len() as u64;
        }
    }

    fn u32(&mut self, value: u32) {
        self.put(&value.to_be_bytes());
    }

    fn u64(&mut self, value: u64) {
        self.put(&value.to_be_bytes());
    }

    fn open(&mut self, kind: &[u8; 4]) -> Open {
        let begin = self.length;
        self.put(&[0; 4]);
        self.put(kind);
        let chunk = self.chunks.len().saturating_sub(1);
        let at = self.chunks.last().map_or(0, |last| last.len().saturating_sub(8));
        Open { chunk, at, begin }
    }

    fn close(&mut self, open: Open) {
        // The limit on samples keeps every box far below 4 GiB.
        let size = (self.length - open.begin) as u32;
        let place = self.chunks.get_mut(open.chunk).and_then(|chunk| chunk.get_mut(open.at..open.at + 4));
        if let Some(place) = place {
            place.copy_from_slice(&size.to_be_bytes());
        }
    }

    /// A box with what `body` writes.
    fn boxed(&mut self, kind: &[u8; 4], body: impl FnOnce(&mut Self)) {
        let open = self.open(kind);
        body(self);
        self.close(open);
    }

    /// A full box of `fields` and a table, which becomes a chunk of its own; answers which one.
    fn table(&mut self, kind: &[u8; 4], version: u32, fields: &[u32], table: Vec<u8>) -> usize {
        let open = self.open(kind);
        self.u32(version << 24);
        fields.iter().for_each(|field| self.u32(*field));
        self.length += table.len() as u64;
        self.chunks.push(table);
        self.close(open);
        self.chunks.push(Vec::new());
        self.chunks.len() - 2
    }

    fn finish(mut self, offsets: Vec<Offsets>, base: u64) -> Vec<Bytes> {
        for Offsets { chunk, offsets } in offsets {
            let places = self.chunks.get_mut(chunk).into_iter().flat_map(|chunk| chunk.as_chunks_mut::<8>().0);
            for (place, offset) in places.zip(offsets) {
                *place = (base + offset).to_be_bytes();
            }
        }
        let filled = self.chunks.into_iter().filter(|chunk| !chunk.is_empty());
        filled
            .map(|mut chunk| {
                chunk.shrink_to_fit();
                chunk.into()
            })
            .collect()
    }
}

use super::RtmpError;

/// C1, C2, S1 and S2 each (RTMP 1.0 section 5.2.3).
const PART_BYTES: usize = 1_536;
/// S1 is a time, four zeros, and these.
pub(super) const RANDOM_BYTES: usize = PART_BYTES - 8;
/// The version of the protocol.
const VERSION: u8 = 3;

/// The server's side of the simple handshake (RTMP 1.0 section 5.2). Flash's digests in C1 are not looked at: publishers fall
/// back to what the standard says.
///
/// ```text
/// C0 version (1) | C1 time (4) zero (4) random (1528) ─▶
///                                                     ◀─ S0 version (1) | S1 time, zero, random | S2: C1 again
/// C2: S1 again ─▶
/// ```
#[derive(Debug)]
pub(super) struct Handshake {
    random: [u8; RANDOM_BYTES],
    /// C0 and C1, as far as they came.
    hello: Vec<u8>,
    /// Bytes of C2 that came; its content proves nothing and is not looked at.
    echoed: usize,
}

impl Handshake {
    pub(super) fn new(random: [u8; RANDOM_BYTES]) -> Self {
        Self { random, hello: Vec::new(), echoed: 0 }
    }

    /// Takes bytes from `input`; what is to be sent goes to `out`. `true` once the handshake is over.
    pub(super) fn next(&mut self, input: &mut &[u8], out: &mut Vec<u8>) -> Result<bool, RtmpError> {
        if self.hello.len() < 1 + PART_BYTES {
            let wanted = 1 + PART_BYTES - self.hello.len();
            self.hello.extend_from_slice(take(input, wanted));
            if let Some(version) = self.hello.first().copied().filter(|version| *version != VERSION) {
                return Err(RtmpError::Version(version));
            }
            if self.hello.len() < 1 + PART_BYTES {
                return Ok(false);
            }
            out.push(VERSION);
            out.extend_from_slice(&[0; 8]);
            out.extend_from_slice(&self.random);
            out.extend_from_slice(self.hello.get(1..).unwrap_or_default());
        }
        self.echoed += take(input, PART_BYTES - self.echoed).len();
        Ok(self.echoed == PART_BYTES)
    }
}

/// Up to `count` bytes from the front of `input`.
pub(super) fn take<'a>(input: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, rest) = input.split_at(count.min(input.len()));
    *input = rest;
    taken
}

use bytes::Bytes;

use super::CodecError;
use super::bits::BitReader;

/// An AudioSpecificConfig (ISO/IEC 14496-3 clause 1.6.2.1), as far as carrying AAC needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// `audioObjectType`: 2 is AAC LC, 5 is HE-AAC.
    pub object_type: u8,
    /// Samples per second of the core codec, which is the rate of RTP and MP4 timestamps.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
}

const ASC: &str = "AudioSpecificConfig";
/// `samplingFrequencyIndex` (table 1.18); 13 and 14 are reserved, 15 escapes to an explicit rate.
const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
const EXPLICIT_RATE: u32 = 15;

impl AudioSpecificConfig {
    /// Reads a configuration.
    ///
    /// # Errors
    /// When it ends too early, has a reserved rate, or leaves its channels to a program config element.
    pub fn parse(data: &[u8]) -> Result<Self, CodecError> {
        let r = &mut BitReader::new(data, ASC);
        let object_type = object_type(r)?;
        let sample_rate = sample_rate(r)?;
        let channels = match r.u(4)? {
            0 => return Err(CodecError::Unsupported("an AAC program config element")),
            n @ 1..=6 => n as u16,
            7 => 8,
            _ => return Err(r.invalid("channelConfiguration")),
        };
        Ok(Self { object_type, sample_rate, channels })
    }

    /// Writes the configuration of a plain stream: frames of 1024 samples, no extension.
    ///
    /// # Errors
    /// For object types from 31 on or 0, and for channels that no `channelConfiguration` names.
    pub fn build(&self) -> Result<Bytes, CodecError> {
        let invalid = |field| CodecError::Invalid { structure: ASC, field };
        if !(1..31).contains(&self.object_type) {
            return Err(invalid("audioObjectType"));
        }
        let channels = match self.channels {
            n @ 1..=6 => u64::from(n),
            8 => 7,
            _ => return Err(invalid("channelConfiguration")),
        };
        let object_type = u64::from(self.object_type);
        let value = match RATES.iter().position(|&rate| rate == self.sample_rate) {
            Some(index) => (object_type << 11 | (index as u64) << 7 | channels << 3) << 24,
            None if self.sample_rate >= 1 << 24 => return Err(invalid("samplingFrequency")),
            None => {
                object_type << 35 | u64::from(EXPLICIT_RATE) << 31 | u64::from(self.sample_rate) << 7 | channels << 3
            }
        };
        let [_, _, _, bytes @ ..] = value.to_be_bytes();
        let used = if RATES.contains(&self.sample_rate) { 2 } else { 5 };
        Ok(Bytes::copy_from_slice(bytes.get(..used).unwrap_or_default()))
    }

    /// `mp4a.40.x` (RFC 6381 section 3.3).
    pub fn rfc6381(&self) -> String {
        format!("mp4a.40.{}", self.object_type)
    }
}

fn object_type(r: &mut BitReader<'_>) -> Result<u8, CodecError> {
    Ok(match r.u(5)? {
        31 => 32 + r.u(6)? as u8,
        0 => return Err(r.invalid("audioObjectType")),
        kind => kind as u8,
    })
}

fn sample_rate(r: &mut BitReader<'_>) -> Result<u32, CodecError> {
    let index = r.u(4)?;
    let rate = if index == EXPLICIT_RATE { Some(r.u(24)?) } else { RATES.get(index as usize).copied() };
    rate.filter(|&rate| rate > 0).ok_or_else(|| r.invalid("samplingFrequency"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_cameras_send_and_what_it_writes() {
        let lc = AudioSpecificConfig::parse(&[0x11, 0x90]).unwrap();
        assert_eq!(lc, AudioSpecificConfig { object_type: 2, sample_rate: 48_000, channels: 2 });
        assert_eq!((lc.rfc6381().as_str(), lc.build().unwrap().as_ref()), ("mp4a.40.2", &[0x11, 0x90][..]));
        let odd = AudioSpecificConfig { object_type: 2, sample_rate: 12_345, channels: 1 };
        assert_eq!(AudioSpecificConfig::parse(&odd.build().unwrap()), Ok(odd));
        assert!(AudioSpecificConfig::parse(&[0x11]).is_err());
        assert!(AudioSpecificConfig::parse(&[0x16, 0x90]).is_err());
    }
}

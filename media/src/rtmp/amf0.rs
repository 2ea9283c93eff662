//! AMF0 (Adobe's AMF0 specification), as far as RTMP's commands need it.

use super::RtmpError;
use super::limits::{AMF_DEPTH_MAX, AMF_VALUES_MAX};

const AMF: &str = "an AMF0 value";

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Amf {
    Number(f64),
    Boolean(bool),
    String(String),
    /// Objects and ECMA arrays.
    Object(Vec<(String, Amf)>),
    /// Strict arrays.
    Array(Vec<Amf>),
    /// Null, undefined, and what is of no use here: dates, XML, references.
    Null,
}

impl Amf {
    /// The text, if it is one.
    pub(super) fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The member `name` of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }
}

/// Reads the values of one message, all of them under one account of depth and number.
#[derive(Debug)]
pub(super) struct AmfReader<'a> {
    rest: &'a [u8],
    values: u32,
}

impl<'a> AmfReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { rest: data, values: 0 }
    }

    /// The next value; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Amf>, RtmpError> {
        if self.rest.is_empty() { Ok(None) } else { self.value(0).map(Some) }
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], RtmpError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(RtmpError::Truncated(AMF))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RtmpError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(RtmpError::Truncated(AMF))?;
        self.rest = rest;
        Ok(*taken)
    }

    fn text(&mut self, length: usize) -> Result<String, RtmpError> {
        Ok(String::from_utf8_lossy(self.bytes(length)?).into_owned())
    }

    fn short_text(&mut self) -> Result<String, RtmpError> {
        let length = u16::from_be_bytes(self.array()?);
        self.text(usize::from(length))
    }

    fn long_length(&mut self) -> Result<usize, RtmpError> {
        Ok(usize::try_from(u32::from_be_bytes(self.array()?)).unwrap_or(usize::MAX))
    }

    fn value(&mut self, depth: u32) -> Result<Amf, RtmpError> {
        self.values += 1;
        if self.values > AMF_VALUES_MAX {
            return Err(RtmpError::TooMuch { what: "AMF0 values in a command", max: AMF_VALUES_MAX as usize });
        }
        if depth > AMF_DEPTH_MAX {
            return Err(RtmpError::TooMuch { what: "AMF0 objects in one another", max: AMF_DEPTH_MAX as usize });
        }
        let [marker] = self.array()?;
        Ok(match marker {
            0x00 => Amf::Number(f64::from_be_bytes(self.array()?)),
            0x01 => Amf::Boolean(self.array::<1>()? != [0]),
            0x02 => Amf::String(self.short_text()?),
            0x03 => self.members(depth)?,
            0x08 => {
                // The count is a hint (section 2.10); the end marker ends it.
                self.array::<4>()?;
                self.members(depth)?
            }
            0x05 | 0x06 => Amf::Null,
            0x07 => {
                self.array::<2>()?;
                Amf::Null
            }
            0x0a => {
                let count = self.long_length()?;
                let mut items = Vec::new();
                // Each item is counted, so a count that lies ends with the limit or the bytes.
                for _ in 0..count {
                    items.push(self.value(depth + 1)?);
                }
                Amf::Array(items)
            }
            0x0b => {
                self.array::<10>()?;
                Amf::Null
            }
            0x0c | 0x0f => {
                let length = self.long_length()?;
                Amf::String(self.text(length)?)
            }
            _ => return Err(RtmpError::Invalid { structure: AMF, field: "type" }),
        })
    }

    /// Names and values, up to the empty name with the end marker.
    fn members(&mut self, depth: u32) -> Result<Amf, RtmpError> {
        let mut members = Vec::new();
        loop {
            let name = self.short_text()?;
            if name.is_empty() && self.rest.first() == Some(&0x09) {
                self.array::<1>()?;
                return Ok(Amf::Object(members));
            }
            members.push((name, self.value(depth + 1)?));
        }
    }
}

/// Appends a value as AMF0. Texts of ours are short; a longer one than 64 KiB is cut.
pub(super) fn write(out: &mut Vec<u8>, value: &Amf) {
    match value {
        Amf::Number(number) => {
            out.push(0x00);
            out.extend_from_slice(&number.to_be_bytes());
        }
        Amf::Boolean(is) => out.extend_from_slice(&[0x01, u8::from(*is)]),
        Amf::String(text) => {
            out.push(0x02);
            write_text(out, text);
        }
        Amf::Object(members) => {
            out.push(0x03);
            for (name, value) in members {
                write_text(out, name);
                write(out, value);
            }
            out.extend_from_slice(&[0, 0, 0x09]);
        }
        Amf::Array(items) => {
            out.push(0x0a);
            out.extend_from_slice(&u32::try_from(items.len()).unwrap_or_default().to_be_bytes());
            items.iter().for_each(|item| write(out, item));
        }
        Amf::Null => out.push(0x05),
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text.as_bytes().get(..usize::from(length)).unwrap_or_default());
}

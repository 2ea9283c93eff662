use super::RtmpError;
use super::amf0::{Amf, AmfReader};

/// A command of a publisher (RTMP 1.0 section 7.2): a name, a number that its answer repeats, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    pub(super) name: String,
    pub(super) transaction: f64,
    /// The command object, and what follows it.
    pub(super) arguments: Vec<Amf>,
}

impl Command {
    /// Reads the body of a command message in AMF0.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, RtmpError> {
        let mut reader = AmfReader::new(payload);
        let invalid = |field| RtmpError::Invalid { structure: "a command", field };
        let Some(Amf::String(name)) = reader.next()? else { return Err(invalid("name")) };
        // Some publishers leave out what they do not need.
        let transaction = match reader.next()? {
            Some(Amf::Number(number)) => number,
            Some(Amf::Null) | None => 0.0,
            Some(_) => return Err(invalid("transaction id")),
        };
        let mut arguments = Vec::new();
        while let Some(argument) = reader.next()? {
            arguments.push(argument);
        }
        Ok(Self { name, transaction, arguments })
    }

    /// The text at `position` among the arguments; the command object has position 0.
    pub(super) fn text(&self, position: usize) -> Option<&str> {
        self.arguments.get(position).and_then(Amf::as_str)
    }
}

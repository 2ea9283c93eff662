use std::sync::Arc;

use eyrie_types::NodeId;
use tokio::sync::broadcast;

use super::message::Message;

/// Messages a listener may fall behind by before it is told that it missed some.
pub(super) const MESSAGES_MAX: usize = 1024;

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Another node said something.
    Message {
        /// Which node.
        from: NodeId,
        /// What it is about.
        subject: String,
        /// What it says.
        body: Vec<u8>,
    },
    /// Others may have said something that did not get here: Redis was away, or the listener was too slow. What is remembered
    /// of others' words has to be asked anew.
    Missed,
}

/// `None`: something may have been missed.
pub(super) type Sent = Option<Arc<Message>>;

/// Hears what the other nodes of the cell say.
#[derive(Debug)]
pub struct Listener {
    pub(super) heard: broadcast::Receiver<Sent>,
    pub(super) node: NodeId,
}

impl Listener {
    /// The next word of another node; `None` once there will be no more.
    pub async fn next(&mut self) -> Option<Said> {
        loop {
            return match self.heard.recv().await {
                Ok(Some(message)) if message.from == self.node => continue,
                Ok(Some(message)) => {
                    let Message { from, subject, body } = Message::clone(&message);
                    Some(Said::Message { from, subject, body })
                }
                Ok(None) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    metrics::counter!("eyrie_shared_state_messages_missed_total").increment(1);
                    Some(Said::Missed)
                }
                Err(broadcast::error::RecvError::Closed) => None,
            };
        }
    }
}

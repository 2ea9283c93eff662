use fred::clients::Client;
use fred::error::Error;
use fred::interfaces::LuaInterface as _;

/// The scripts by the hashes that a Redis has given them. What a step reads and writes happens in one: nobody comes in between.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) limit: String,
    pub(super) put_ticket: String,
    pub(super) take_ticket: String,
    pub(super) viewers: String,
    pub(super) beat: String,
}

impl Scripts {
    /// Loads them.
    pub(super) async fn load(client: &Client) -> Result<Self, Error> {
        Ok(Self {
            limit: client.script_load(include_str!("limit.lua")).await?,
            put_ticket: client.script_load(include_str!("put_ticket.lua")).await?,
            take_ticket: client.script_load(include_str!("take_ticket.lua")).await?,
            viewers: client.script_load(include_str!("viewers.lua")).await?,
            beat: client.script_load(include_str!("beat.lua")).await?,
        })
    }
}

use anyhow::{Context as _, bail};
use eyrie_tests::Client;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// A client of the WebSocket of statuses and events.
pub(crate) struct Feed(WebSocketStream<TcpStream>);

impl Feed {
    /// Opens one. `receive_bytes` makes the system hold as little as that of what is not read yet.
    pub(crate) async fn open(base: &str, client: &Client, receive_bytes: Option<u32>) -> anyhow::Result<Self> {
        let ticket = client.post("/api/v1/ws-tickets", &json!({})).await?;
        let ticket = ticket["ticket"].as_str().context("a ticket")?;
        let address = base.strip_prefix("http://").context("an http address")?;
        let mut request = format!("ws://{address}/api/v1/ws").into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", format!("eyrie.v1, ticket.{ticket}").parse()?);
        let socket = TcpSocket::new_v4()?;
        if let Some(bytes) = receive_bytes {
            socket.set_recv_buffer_size(bytes)?;
        }
        let stream = socket.connect(address.parse()?).await?;
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self(socket))
    }

    /// The next message of the node; `None` once it is closed, with the code it was closed with.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Result<Value, u16>> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(Ok(serde_json::from_str(&text)?)),
                Some(Ok(Message::Close(frame))) => return Ok(Err(frame.map_or(0, |frame| frame.code.into()))),
                Some(Ok(_)) => {}
                Some(Err(error)) => bail!(error),
                None => bail!("the connection ended without a goodbye"),
            }
        }
    }
}

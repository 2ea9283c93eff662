use super::Request;

/// An answer (RFC 2326 clause 7).
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Response {
    /// An answer with this status and nothing else.
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// 200.
    pub(crate) fn ok() -> Self {
        Self::status(200)
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Adds a session description as body.
    pub(crate) fn with_sdp(mut self, sdp: String) -> Self {
        self.body = sdp;
        self.with("Content-Type", "application/sdp")
    }

    /// The answer to `request` as bytes.
    pub(crate) fn to_bytes(&self, request: &Request) -> Vec<u8> {
        let mut text = format!("RTSP/1.0 {} {}\r\n", self.status, reason(self.status));
        let cseq = request.header("CSeq").map(|cseq| ("CSeq", cseq.to_owned()));
        for (name, value) in cseq.iter().chain(&self.headers) {
            text.extend([name, ": ", value.as_str(), "\r\n"]);
        }
        if !self.body.is_empty() {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        text.push_str("Server: camsim\r\n\r\n");
        text.push_str(&self.body);
        text.into_bytes()
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        453 => "Not Enough Bandwidth",
        454 => "Session Not Found",
        455 => "Method Not Valid in This State",
        459 => "Aggregate Operation Not Allowed",
        461 => "Unsupported Transport",
        503 => "Service Unavailable",
        _ => "Error",
    }
}

//! Retina reports a redirect's status but not its target, so the target is asked for once more, by a DESCRIBE of our own.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use url::Url;

use super::fault::first_line;
use super::{Fault, Step};

/// Most bytes of a response's head that are read in search of its `Location`.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Most redirects followed in one attempt.
pub(super) const REDIRECTS_MAX: usize = 3;

/// Asks whom `connect` leads to for the target of its redirect of `url`.
///
/// # Errors
/// When it does not answer in time, or not with a redirect to an `rtsp` or `rtsps` address without credentials.
pub(super) async fn target<S: AsyncRead + AsyncWrite + Unpin>(
    url: &Url,
    connect: impl Future<Output = Result<S, Fault>>,
) -> Result<Url, Fault> {
    let ask = async {
        let asked = describe_head(url, connect.await?).await;
        asked.map_err(|error| Fault::Unreachable(first_line(&error.to_string())))
    };
    let asked = tokio::time::timeout(Step::Redirect.timeout(), ask).await;
    let head = asked.map_err(|_| Fault::Timeout(Step::Redirect))??;
    let location = parse_location(&head).ok_or_else(|| Fault::Redirect("it names no target".to_owned()))?;
    followed(url, &location)
}

/// Where `location`, as a redirect of `url` names it, leads to. An address without a host is refused here already: what comes
/// after the scheme of such a one may hold spaces, which would part our next request line.
fn followed(url: &Url, location: &str) -> Result<Url, Fault> {
    let target = url.join(location).map_err(|_| Fault::Redirect("its target is no address".to_owned()))?;
    if !matches!(target.scheme(), "rtsp" | "rtsps")
        || !target.has_host()
        || !target.username().is_empty()
        || target.password().is_some()
    {
        let why = "its target must be an rtsp or rtsps address of a host, without credentials";
        return Err(Fault::Redirect(why.to_owned()));
    }
    if url.scheme() == "rtsps" && target.scheme() != "rtsps" {
        return Err(Fault::Redirect("it leads from rtsps to rtsp, which nothing protects".to_owned()));
    }
    Ok(target)
}

async fn describe_head(url: &Url, mut peer: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<Vec<u8>> {
    // A parsed URL with a host holds neither spaces nor line breaks, so it cannot add headers.
    let request = format!("DESCRIBE {url} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n");
    peer.write_all(request.as_bytes()).await?;
    let mut head = Vec::with_capacity(1024);
    while head.len() < HEAD_BYTES_MAX && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if peer.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok(head)
}

/// The `Location` of a 3xx response (RFC 2326 section 11.3).
fn parse_location(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("RTSP/1.0 ")?.get(..1)?;
    if status != "3" {
        return None;
    }
    lines.take_while(|line| !line.is_empty()).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_redirect_has_a_target() {
        let head = b"RTSP/1.0 302 Found\r\nCSeq: 1\r\nLOCATION: rtsp://10.0.0.2/b\r\n\r\nLocation: evil";
        assert_eq!(parse_location(head).as_deref(), Some("rtsp://10.0.0.2/b"));
        assert_eq!(parse_location(b"RTSP/1.0 200 OK\r\nLocation: rtsp://a/\r\n\r\n"), None);
        assert_eq!(parse_location(b"RTSP/1.0 302 Found\r\n\r\nLocation: rtsp://a/\r\n"), None);
        assert_eq!(parse_location(&[0xff, 0xfe, 0x00]), None);
    }

    #[test]
    fn a_target_without_a_host_is_not_followed() {
        let asked = Url::parse("rtsp://camera.example/stream1").unwrap();
        let to = |location| followed(&asked, location).map(String::from).ok();
        assert_eq!(to("rtsp:R 302 Fou.0.0.2/"), None, "its spaces would part a request line");
        assert_eq!(to("rtsp:/b"), None);
        assert_eq!(to("rtsp://u@10.0.0.2/b"), None);
        assert_eq!(to("http://10.0.0.2/b"), None);
        assert_eq!(to("rtsps://10.0.0.2/b").as_deref(), Some("rtsps://10.0.0.2/b"));
        let tls = Url::parse("rtsps://camera.example/stream1").unwrap();
        assert!(followed(&tls, "rtsp://camera.example/b").is_err(), "never from TLS to none");
        assert_eq!(to("/b c").as_deref(), Some("rtsp://camera.example/b%20c"));
    }
}

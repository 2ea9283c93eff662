//! Cameras that speak RTSP in TLS: a simulated camera behind a TLS server of its own certificate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use eyrie_camsim::{Auth, CamSim, Fault, StreamConfig};
use eyrie_types::{CameraState, CertificatePin, RtspSource, Secret, SourceSpec};
use rustls::SupportedProtocolVersion;
use rustls_pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::rig::{Rig, clip, one_camera, rtsp, sim, source, until};

/// A TLS server in front of a camera.
struct Front {
    address: SocketAddr,
    pin: CertificatePin,
    /// Sessions that got past the certificate.
    trusted: Arc<AtomicUsize>,
}

impl Front {
    async fn of(sim: &CamSim, versions: &[&'static SupportedProtocolVersion]) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["camera.example".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let sha256 = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &certificate);
        let pin = CertificatePin::new(sha256.as_ref().try_into().unwrap());
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key.into()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (camera, trusted) = (sim.addr(), Arc::new(AtomicUsize::new(0)));
        let counting = Arc::clone(&trusted);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, counting) = (acceptor.clone(), Arc::clone(&counting));
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(stream).await else { return };
                    counting.fetch_add(1, Ordering::SeqCst);
                    let mut plain = TcpStream::connect(camera).await.unwrap();
                    let _ = copy_bidirectional(&mut tls, &mut plain).await;
                });
            }
        });
        Self { address, pin, trusted }
    }

    fn source(&self, path: &str, certificate_sha256: Option<CertificatePin>) -> RtspSource {
        RtspSource { certificate_sha256, ..source(&format!("rtsps://{}/{path}", self.address)) }
    }
}

/// What `openssl` says of the front's certificate, by the guide's command.
fn openssls(front: &Front) -> CertificatePin {
    let command = format!(
        "openssl s_client -connect {} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256",
        front.address
    );
    let said = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    said.trim().split('=').nth(1).unwrap_or_default().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_camera_is_recorded_through_tls_with_its_password_and_told_goodbye() {
    let camera = StreamConfig::new("cam", clip()).with_auth(Auth::digest("viewer", "secret"));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let (sim, rig) = (sim(vec![camera.clone()]).await, Rig::start().await);
        let front = Front::of(&sim, &[version]).await;
        let (username, password) = (Some("viewer".to_owned()), Some(Secret::new("secret")));
        let source = RtspSource { username, password, ..front.source("cam", Some(front.pin)) };
        let id = rig.add(SourceSpec::Rtsp(source)).await;
        rig.state(id, CameraState::Online).await;
        rig.recorded(id, 3).await;
        assert_eq!(sim.stats("cam").unwrap().sessions_total, 1);
        rig.node.shutdown().await;
        until("the session is over", async || (sim.stats("cam").unwrap().sessions == 0).then_some(())).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_its_own_is_shown_to_the_person_and_taken_once_it_is_pinned() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let front = Front::of(&sim, &[&rustls::version::TLS13]).await;
    let mut camera = rig.camera(SourceSpec::Rtsp(front.source("cam", None)));
    rig.put(camera.clone()).await;
    let status = rig.state(camera.id, CameraState::Refused).await;
    assert!(status.reason.contains(&front.pin.to_string()), "{}", status.reason);
    let wrong = CertificatePin::new([7; 32]);
    let id = rig.add(SourceSpec::Rtsp(front.source("cam", Some(wrong)))).await;
    let status = rig.state(id, CameraState::Refused).await;
    assert!(status.reason.contains(&front.pin.to_string()), "{}", status.reason);
    assert_eq!(front.trusted.load(Ordering::SeqCst), 0, "not a byte was said to it");
    assert_eq!(openssls(&front), front.pin, "the guide's command says the same");
    camera.revision += 1;
    camera.spec.source = SourceSpec::Rtsp(front.source("cam", Some(front.pin)));
    rig.put(camera.clone()).await;
    rig.state(camera.id, CameraState::Online).await;
    rig.node.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_speaks_no_tls_and_what_leads_out_of_it_is_refused() {
    let (sim, rig) = (one_camera().await, Rig::start().await);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"RTSP/1.0 400 Bad Request\r\n\r\n").await;
        }
    });
    let plain = rig.add(rtsp(&format!("rtsps://{address}/cam"))).await;
    let status = rig.state(plain, CameraState::Refused).await;
    assert!(status.reason.contains("TLS"), "{}", status.reason);
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = rig.add(rtsp(&format!("rtsps://{}/cam", mute.local_addr().unwrap()))).await;
    let status = rig.state(mute, CameraState::Offline).await;
    assert!(status.reason.contains("TLS handshake"), "{}", status.reason);
    let front = Front::of(&sim, &[&rustls::version::TLS13]).await;
    sim.set_fault("cam", Fault::Redirect { url: sim.url("cam") }).unwrap();
    let led = rig.add(SourceSpec::Rtsp(front.source("cam", Some(front.pin)))).await;
    let status = rig.state(led, CameraState::Refused).await;
    assert!(status.reason.contains("from rtsps to rtsp"), "{}", status.reason);
    rig.node.shutdown().await;
}

//! Who gets through the listener between nodes, over real sockets, and what those who do not are told.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use eyrie_actors::peer::{
    HANDSHAKE_DEADLINE, PROTOCOL_MAX, PeerConfig, PeerError, PeerRoutes, PeerStream, PeerTls, Peers, Purpose,
    RefusalReason,
};
use eyrie_types::{CellId, NodeId, Secret, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

const SECRET: &str = "a secret for the tests of peers";

fn config(node: NodeId, start: u64) -> PeerConfig {
    let (secret, name) = (Secret::new(SECRET), "test".to_owned());
    PeerConfig { secret, cell: None, node, start, name, tls: PeerTls::SelfSigned }
}

fn peers(config: &PeerConfig) -> Peers {
    Peers::new(config, Arc::new(SystemClock::new())).unwrap()
}

/// A node that listens and keeps what its peers open.
struct Listening {
    address: SocketAddr,
    accepted: mpsc::Receiver<PeerStream>,
    _run: AbortOnDropHandle<()>,
}

async fn listen(peers: &Peers) -> Listening {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let (sender, accepted) = mpsc::channel(8);
    let routes = PeerRoutes { raft: Some(sender), ..PeerRoutes::default() };
    let run = AbortOnDropHandle::new(tokio::spawn(peers.listener(socket).run(routes)));
    Listening { address, accepted, _run: run }
}

async fn dial(config: &PeerConfig, at: SocketAddr) -> Result<PeerStream, PeerError> {
    peers(config).dialer().dial_at(at, Purpose::Raft, None).await
}

#[tokio::test]
async fn two_nodes_of_a_cell_know_each_other_and_bytes_flow_both_ways() {
    let cell = CellId::generate();
    let (ours, theirs) = (NodeId::generate(), NodeId::generate());
    let server = peers(&PeerConfig { cell: Some(cell), name: "left".to_owned(), ..config(ours, 3) });
    let mut listening = listen(&server).await;
    let client = PeerConfig { cell: None, name: "right\n".to_owned(), ..config(theirs, 9) };
    let dialer = peers(&client).dialer();
    let mut right = dialer.dial(&listening.address.to_string(), Purpose::Raft, Some(ours)).await.unwrap();
    let mut left = listening.accepted.recv().await.unwrap();
    assert_eq!((right.peer().node, right.peer().start, right.peer().cell), (ours, 3, Some(cell)));
    assert_eq!((left.peer().node, left.peer().start, left.peer().name.as_str()), (theirs, 9, "right"));
    assert_eq!(left.peer().protocol(), PROTOCOL_MAX);
    let mut got = [0; 5];
    right.write_all(b"hello").await.unwrap();
    right.flush().await.unwrap();
    left.read_exact(&mut got).await.unwrap();
    left.write_all(&got).await.unwrap();
    left.flush().await.unwrap();
    right.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"hello");
}

#[tokio::test]
async fn a_wrong_secret_gets_nowhere_on_either_side_and_is_told_why() {
    let mut listening = listen(&peers(&config(NodeId::generate(), 1))).await;
    let stranger = PeerConfig { secret: Secret::new("another secret, just as long"), ..config(NodeId::generate(), 1) };
    let error = dial(&stranger, listening.address).await.unwrap_err();
    assert!(matches!(error, PeerError::WrongSecret), "{error}");
    assert!(listening.accepted.try_recv().is_err());
}

#[tokio::test]
async fn a_node_of_another_cell_is_turned_away_by_both_names() {
    let cell = CellId::generate();
    let mut listening = listen(&peers(&PeerConfig { cell: Some(cell), ..config(NodeId::generate(), 1) })).await;
    let other = PeerConfig { cell: Some(CellId::generate()), ..config(NodeId::generate(), 1) };
    let error = dial(&other, listening.address).await.unwrap_err();
    assert_eq!(error.reason(), RefusalReason::WrongCell);
    assert!(error.to_string().contains(&cell.to_string()), "{error}");
    assert!(listening.accepted.try_recv().is_err());
}

#[tokio::test]
async fn a_cell_learnt_later_counts() {
    let server = peers(&config(NodeId::generate(), 1));
    let listening = listen(&server).await;
    let other = PeerConfig { cell: Some(CellId::generate()), ..config(NodeId::generate(), 1) };
    dial(&other, listening.address).await.unwrap();
    server.set_cell(CellId::generate());
    assert_eq!(dial(&other, listening.address).await.unwrap_err().reason(), RefusalReason::WrongCell);
}

#[tokio::test]
async fn an_address_that_lies_is_found_out() {
    let liar = NodeId::generate();
    let listening = listen(&peers(&config(liar, 1))).await;
    let expected = NodeId::generate();
    let dialer = peers(&config(NodeId::generate(), 1)).dialer();
    let error = dialer.dial_at(listening.address, Purpose::Raft, Some(expected)).await.unwrap_err();
    assert!(matches!(error, PeerError::WrongNode { expected: e, found } if e == expected && found == liar), "{error}");
}

#[tokio::test]
async fn of_two_processes_with_one_id_the_later_start_wins_and_the_earlier_loses_its_connections() {
    let mut listening = listen(&peers(&config(NodeId::generate(), 1))).await;
    let node = NodeId::generate();
    let mut first = dial(&config(node, 4), listening.address).await.unwrap();
    let mut at_listener = listening.accepted.recv().await.unwrap();

    let error = dial(&config(node, 4), listening.address).await.unwrap_err();
    assert_eq!(error.reason(), RefusalReason::TwoNodesOneId, "a copy of its directory: {error}");
    let later = dial(&config(node, 5), listening.address).await.unwrap();
    assert_eq!(at_listener.read_u8().await.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    drop(at_listener);
    assert!(first.read_u8().await.is_err(), "the earlier process hears of it");
    let error = dial(&config(node, 4), listening.address).await.unwrap_err();
    assert_eq!(error.reason(), RefusalReason::OldStart, "{error}");
    drop(later);
}

#[tokio::test]
async fn a_node_that_reaches_itself_says_so_and_a_copy_of_it_is_told_apart() {
    let node = NodeId::generate();
    let own = peers(&config(node, 1));
    let listening = listen(&own).await;
    let error = own.dialer().dial_at(listening.address, Purpose::Raft, None).await.unwrap_err();
    assert_eq!(error.reason(), RefusalReason::Myself, "{error}");
    let error = dial(&config(node, 2), listening.address).await.unwrap_err();
    assert_eq!(error.reason(), RefusalReason::TwoNodesOneId, "{error}");
}

#[tokio::test]
async fn a_purpose_nobody_serves_and_a_full_queue_are_told_to_come_back() {
    let mut listening = listen(&peers(&config(NodeId::generate(), 1))).await;
    let dialer = peers(&config(NodeId::generate(), 1)).dialer();
    let error = dialer.dial_at(listening.address, Purpose::Actors, None).await.unwrap_err();
    assert_eq!(error.reason(), RefusalReason::Busy, "{error}");
    for _ in 0..8 {
        dialer.dial_at(listening.address, Purpose::Raft, None).await.unwrap();
    }
    let error = dialer.dial_at(listening.address, Purpose::Raft, None).await.unwrap_err();
    assert_eq!(error.reason(), RefusalReason::Busy, "{error}");
    listening.accepted.recv().await.unwrap();
    dialer.dial_at(listening.address, Purpose::Raft, None).await.unwrap();
}

/// TLS by the book, but what is said inside is `said`. What came back.
async fn say_inside_tls(at: SocketAddr, said: &[u8]) -> Vec<u8> {
    let mut stream = foreign_tls(at).await;
    let _ = stream.write_all(said).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

/// A client that trusts nobody's certificate in particular, as an attacker would write it.
async fn foreign_tls(at: SocketAddr) -> tokio_rustls::client::TlsStream<TcpStream> {
    #[derive(Debug)]
    struct Anyone;
    impl rustls::client::danger::ServerCertVerifier for Anyone {
        fn verify_server_cert(
            &self,
            _: &rustls_pki_types::CertificateDer<'_>,
            _: &[rustls_pki_types::CertificateDer<'_>],
            _: &rustls_pki_types::ServerName<'_>,
            _: &[u8],
            _: rustls_pki_types::UnixTime,
        ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
            Ok(rustls::client::danger::ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &rustls_pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &rustls_pki_types::CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            self.verify_tls12_signature(message, certificate, signature)
        }
        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.dangerous().with_custom_certificate_verifier(Arc::new(Anyone)).with_no_client_auth();
    let stream = TcpStream::connect(at).await.unwrap();
    let name = rustls_pki_types::ServerName::from(at.ip());
    tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

#[tokio::test]
async fn garbage_gets_nowhere_whatever_its_layer() {
    let mut listening = listen(&peers(&config(NodeId::generate(), 1))).await;
    // A fixed xorshift: the same garbage each time.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut garbage = |length: usize| -> Vec<u8> {
        let mut next = || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed as u8
        };
        (0..length).map(|_| next()).collect()
    };
    for length in [0, 1, 5, 300, 20_000] {
        let mut plain = TcpStream::connect(listening.address).await.unwrap();
        let _ = plain.write_all(&garbage(length)).await;
        let _ = plain.shutdown().await;
        let _ = plain.read_to_end(&mut Vec::new()).await;
    }
    for round in 0..200 {
        let body = garbage(round % 70);
        // Half of it well framed, and half of that with the number of a real message.
        let mut said = if round % 2 == 0 { (body.len() as u32).to_be_bytes().to_vec() } else { Vec::new() };
        said.extend(&body);
        if round % 4 == 0 && said.len() > 4 {
            said[4] = (round % 3) as u8;
        }
        let answer = say_inside_tls(listening.address, &said).await;
        assert!(answer.len() < 400, "{} bytes for a stranger", answer.len());
    }
    let too_large = say_inside_tls(listening.address, &[0x7f, 0xff, 0xff, 0xff]).await;
    assert!(String::from_utf8_lossy(&too_large).contains("too large"), "{too_large:?}");
    assert!(listening.accepted.try_recv().is_err(), "garbage got through");
    dial(&config(NodeId::generate(), 1), listening.address).await.expect("the listener goes on");
}

#[tokio::test]
async fn silence_ends_at_the_deadline_and_keeps_others_from_nothing() {
    let listening = listen(&peers(&config(NodeId::generate(), 1))).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(TcpStream::connect(listening.address).await.unwrap());
    }
    let inside = foreign_tls(listening.address).await;
    dial(&config(NodeId::generate(), 1), listening.address).await.expect("others are greeted meanwhile");
    let patience = HANDSHAKE_DEADLINE + Duration::from_secs(2);
    for mut stream in silent {
        tokio::time::timeout(patience, stream.read_to_end(&mut Vec::new())).await.expect("hung up").ok();
    }
    let mut inside = inside;
    tokio::time::timeout(patience, inside.read_to_end(&mut Vec::new())).await.expect("hung up").ok();
}

#[tokio::test]
async fn a_dialer_survives_whatever_answers_it() {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = socket.local_addr().unwrap();
    let answers = AbortOnDropHandle::new(tokio::spawn(async move {
        for answer in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], &[0x16, 3, 3, 0xff, 0xff], &[0; 64], &[]] {
            let (mut stream, _) = socket.accept().await.unwrap();
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    }));
    for _ in 0..4 {
        let error = dial(&config(NodeId::generate(), 1), at).await.unwrap_err();
        assert_eq!(error.reason(), RefusalReason::Transport, "{error}");
    }
    answers.await.unwrap();
}

/// Certificates of an authority of one's own, in `dir`.
fn certificates(dir: &std::path::Path) -> PeerTls {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority_certificate = authority.self_signed(&authority_key).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["node.example".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &Issuer::from_params(&authority, &authority_key)).unwrap();
    let (certificate_file, key_file, authorities) = (dir.join("node.pem"), dir.join("node.key"), dir.join("ca.pem"));
    std::fs::write(&certificate_file, certificate.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    std::fs::write(&authorities, authority_certificate.pem()).unwrap();
    PeerTls::Files { certificate: certificate_file, key: key_file, authorities }
}

#[tokio::test]
async fn with_an_authority_configured_the_secret_alone_does_not_do() {
    let (dir, other_dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (tls, other) = (certificates(dir.path()), certificates(other_dir.path()));
    let server = peers(&PeerConfig { tls: tls.clone(), ..config(NodeId::generate(), 1) });
    let mut listening = listen(&server).await;
    dial(&PeerConfig { tls, ..config(NodeId::generate(), 1) }, listening.address).await.unwrap();
    listening.accepted.recv().await.unwrap();
    for wrong in [PeerTls::SelfSigned, other] {
        let error = dial(&PeerConfig { tls: wrong, ..config(NodeId::generate(), 1) }, listening.address).await;
        assert_eq!(error.unwrap_err().reason(), RefusalReason::Transport);
    }
    assert!(listening.accepted.try_recv().is_err());
}

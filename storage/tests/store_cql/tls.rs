use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use eyrie_cassandra::Cassandra;
use eyrie_storage::store::{CqlConfig, CqlTls, Store, StoreConfig, StoreError};
use eyrie_types::ManualClock;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};

use crate::values::{at, home};

/// An authority, and how it vouches for somebody at `127.0.0.1`: the PEM of the key and of the certificate.
fn authority() -> (String, impl Fn() -> (String, String)) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let vouch = move || {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([]).unwrap();
        params.subject_alt_names = vec![SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST))];
        (key.serialize_pem(), params.signed_by(&key, &issuer).unwrap().pem())
    };
    (own, vouch)
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_spoken_with_a_cluster_whose_authority_is_named_and_with_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let (ours, vouch) = authority();
    let (theirs, _) = authority();
    let ((server_key, server), (client_key, client)) = (vouch(), vouch());
    let cassandra = Cassandra::start_with_tls(&format!("{server_key}{server}"), &ours);
    let identity = Some((write("client.pem", &client), write("client.key", &client_key)));
    let (ours, theirs) = (write("ours.pem", &ours), write("theirs.pem", &theirs));
    let open = |tls: Option<CqlTls>| {
        let config = CqlConfig {
            contact_points: vec![cassandra.contact_point()],
            keyspace: "tls".to_owned(),
            datacenter: None,
            credentials: None,
            tls,
            replication: "1".parse().unwrap(),
        };
        Store::open(StoreConfig::Cql(config), Arc::new(ManualClock::at(at(0))))
    };
    let with = |authorities: &Path| Some(CqlTls { authorities: authorities.to_owned(), identity: identity.clone() });

    let store = open(with(&ours)).await.unwrap();
    store.tenant_keys(&home()).await.unwrap();
    store.close().await.unwrap();

    let refused = [
        (None, "in the clear"),
        (with(&theirs), "nobody vouches for the cluster"),
        (Some(CqlTls { authorities: ours.clone(), identity: None }), "it asks who we are"),
    ];
    for (tls, why) in refused {
        let store = open(tls).await.unwrap();
        let error = store.tenant_keys(&home()).await.unwrap_err();
        assert!(matches!(error, StoreError::NotConnected(_)), "{why}: {error}");
    }
    let missing = open(with(Path::new("/no/such/file"))).await.err().unwrap().to_string();
    assert!(missing.contains("/no/such/file"), "{missing}");
}

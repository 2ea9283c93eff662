//! Redis over TLS. Which authorities a process trusts is its environment's, so the node of these tests is a process of its own:
//! this test binary again, with one test that is ignored otherwise.

use std::process::{Command, Stdio};
use std::time::Duration;

use eyrie_storage::shared::RedisConfig;

use crate::cell::connect;
use crate::redis_server::RedisServer;

const ADDRESS: &str = "REDIS_OF_THE_TEST";

#[test]
fn tls_is_spoken_with_a_redis_that_a_trusted_authority_vouches_for_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let redis = RedisServer::start_with_tls(&certificate, &key);
    let up = |trusted: Option<&std::path::Path>, address: String| {
        let mut node = Command::new(std::env::current_exe().unwrap());
        node.args(["--exact", "--ignored", "tls::a_node_comes_up"]).env(ADDRESS, address);
        node.stdout(Stdio::null()).stderr(Stdio::null());
        match trusted {
            Some(file) => node.env("SSL_CERT_FILE", file),
            None => node.env_remove("SSL_CERT_FILE"),
        };
        node.status().unwrap().success()
    };
    let address = |host| redis.url().replace("redis://127.0.0.1", &format!("rediss://{host}"));
    assert!(up(Some(&certificate), address("localhost")));
    assert!(!up(None, address("localhost")), "nobody vouches for it");
    assert!(!up(Some(&certificate), address("127.0.0.1")), "it is another's certificate");
}

#[tokio::test]
#[ignore = "the other half of the test above"]
async fn a_node_comes_up() {
    let address = std::env::var(ADDRESS).unwrap().parse().unwrap();
    let node = connect(RedisConfig { address, username: None, password_file: None, prefix: "eyrie".to_owned() });
    let mut up = node.is_up();
    tokio::time::timeout(Duration::from_secs(20), up.wait_for(|up| *up)).await.expect("it is up in time").unwrap();
}

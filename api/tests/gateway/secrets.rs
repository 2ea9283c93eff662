//! Secrets go in and never come out: not in answers, not in log lines, not in metrics, not in the database file.

use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Eyrie;

/// Everything the process logs, at the finest level.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn captured() -> &'static Captured {
    static LOG: OnceLock<Captured> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Captured::default();
        let writer = log.clone();
        let filter = "eyrie_api=trace,eyrie_actors=trace,eyrie_storage=trace,tower_http=trace";
        let subscriber =
            tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(move || writer.clone());
        // Only this test installs one.
        subscriber.try_init().unwrap();
        log
    })
}

#[tokio::test]
async fn secrets_show_in_no_answer_no_log_line_and_no_file() {
    let log = captured();
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let (password, camera_password) = ("user-secret-7f3a", "camera-secret-91cc");
    let mut answers = String::new();
    let user = json!({"username": "carol", "role": "viewer", "password": password});
    answers += &admin.send(Method::POST, "/api/v1/users", Some(user)).await.text().await.unwrap();
    let source = json!({"type": "rtsp", "url": "rtsp://192.0.2.9/a", "username": "u", "password": camera_password});
    let body = json!({"name": "Lobby", "source": source});
    let made = admin.send(Method::POST, "/api/v1/cameras", Some(body)).await.text().await.unwrap();
    let camera: Value = serde_json::from_str(&made).unwrap();
    let path = camera["links"]["self"].as_str().unwrap().to_owned();
    answers += &made;
    // Refusals, too: a secret in the wrong place must not be repeated.
    for body in [
        json!({"name": camera_password, "source": {"type": "rtsp", "url": 5, "password": camera_password}}),
        json!({"name": "a", "source": {"type": "rtsp", "url": "rtsp://192.0.2.9/", "password": [camera_password]}}),
        json!({"name": "a", "password": camera_password, "source": {"type": "rtsp", "url": "rtsp://192.0.2.9/"}}),
        json!({"name": "a", "source": {"type": "rtsp", "url": format!("rtsp://u:{camera_password}@192.0.2.9/")}}),
        json!({"name": "a", "enabled": camera_password, "source": {"type": "rtsp", "url": "rtsp://192.0.2.9/"}}),
    ] {
        answers += &admin.send(Method::POST, "/api/v1/cameras", Some(body)).await.text().await.unwrap();
    }
    answers += &eyrie.log_in("carol", "wrong-secret-5b5b").await.text().await.unwrap();
    let tokens = eyrie.tokens("carol", password).await;
    let issued = admin.send(Method::POST, &format!("{path}/capabilities"), Some(json!({"kind": "live"}))).await;
    let issued: Value = issued.json().await.unwrap();
    let url = issued["url"].as_str().unwrap();
    answers += &eyrie.anonymous().get(&format!("{url}x?token=query-secret-2d2d")).await.text().await.unwrap();
    for path in ["/api/v1/cameras", &path, "/api/v1/users", "/api/v1/audit", "/metrics", "/api/v1/node"] {
        answers += &admin.get(path).await.text().await.unwrap();
    }
    admin.send(Method::PATCH, &path, Some(json!({"enabled": false}))).await;

    let capability = url.split('/').nth(2).unwrap();
    let secrets = [
        password,
        camera_password,
        "wrong-secret-5b5b",
        "query-secret-2d2d",
        capability,
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
        "$argon2id$",
    ];
    let log = String::from_utf8_lossy(&log.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned();
    assert!(log.contains("answered"), "the log was captured");
    let mut files = Vec::new();
    read_all(eyrie.dir(), &mut files);
    for secret in secrets {
        assert!(!answers.contains(secret), "an answer shows {secret}");
        assert!(!log.contains(secret), "a log line shows {secret}");
        if secret != "$argon2id$" {
            let shows = files.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!shows, "a file shows {secret}");
        }
    }
}

/// Every byte of every file below `dir`.
fn read_all(dir: &std::path::Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            read_all(&entry.path(), bytes);
        } else {
            bytes.extend(std::fs::read(entry.path()).unwrap());
        }
    }
}

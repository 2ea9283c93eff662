//! Cameras that publish: their addresses, and who gets to see them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Eyrie, fields, problem};

fn address(camera: &Value) -> &str {
    camera["links"]["publish"].as_str().unwrap_or_else(|| panic!("no address: {camera}"))
}

#[tokio::test]
async fn an_address_is_shown_to_those_who_manage_the_camera_and_to_nobody_else() {
    let eyrie = Eyrie::start().await;
    let (admin, operator, viewer) = (eyrie.admin().await, eyrie.user("operator").await, eyrie.user("viewer").await);
    let body = json!({"name": "pushed", "enabled": false, "source": {"type": "rtmp"}});
    let made: Value = operator.send(Method::POST, "/api/v1/cameras", Some(body)).await.json().await.unwrap();
    let id = made["id"].as_str().unwrap();
    let (prefix, key) = address(&made).rsplit_once('.').unwrap();
    assert_eq!((prefix, key.len()), (format!("rtmp://localhost:1935/live/{id}").as_str(), 40));
    assert_eq!(made["source"], json!({"type": "rtmp"}));
    let path = format!("/api/v1/cameras/{id}");
    for caller in [&admin, &operator] {
        assert_eq!(address(&caller.json(&path).await), address(&made));
    }
    let seen = [viewer.json(&path).await, viewer.json("/api/v1/cameras").await, admin.json("/api/v1/cameras").await];
    for answer in seen {
        assert!(!answer.to_string().contains(key), "{answer}");
    }

    // A change of anything else keeps the key; a new one is another, and the old one is gone.
    let patch = |body| operator.send(Method::PATCH, &path, Some(body));
    let renamed: Value = patch(json!({"name": "renamed"})).await.json().await.unwrap();
    assert_eq!(address(&renamed), address(&made));
    let changed = operator.send(Method::POST, &format!("{path}/publish-key"), None).await;
    assert!(changed.headers().contains_key("etag"));
    let changed: Value = changed.json().await.unwrap();
    assert_ne!(address(&changed), address(&made));
    assert_eq!(address(&operator.json(&path).await), address(&changed));
    assert_eq!(changed["revision"], 3);
}

#[tokio::test]
async fn a_key_is_made_when_a_camera_begins_to_publish_and_goes_when_it_ends() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let camera = admin.camera("pulled").await;
    let path = format!("/api/v1/cameras/{}", camera["id"].as_str().unwrap());
    let refused = admin.send(Method::POST, &format!("{path}/publish-key"), None).await;
    assert_eq!(fields(&problem(refused, "invalid_fields").await), ["source.type"]);
    let patch = async |source: Value| -> Value {
        let answer = admin.send(Method::PATCH, &path, Some(json!({"source": source}))).await;
        answer.json().await.unwrap()
    };
    let first = patch(json!({"type": "rtmp"})).await;
    assert!(address(&first).starts_with("rtmp://localhost:1935/live/"));
    let pulled = patch(json!({"type": "rtsp", "url": "rtsp://10.0.0.1/a"})).await;
    assert_eq!((&pulled["links"]["publish"], &pulled["source"]["has_password"]), (&Value::Null, &json!(false)));
    assert_ne!(address(&patch(json!({"type": "rtmp"})).await), address(&first));
    let chosen = json!({"name": "a", "source": {"type": "rtmp", "key": "mine"}});
    let refused = admin.send(Method::POST, "/api/v1/cameras", Some(chosen)).await;
    assert_eq!(fields(&problem(refused, "invalid_fields").await), ["source.key"]);
}

//! The cell over HTTP, as a cell of one shows it.

use eyrie_types::{By, Camera, CameraId, CameraSpec, FileSource, NodeId, SourceSpec, WallTime};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Caller, Eyrie, fields, problem};

async fn enabled_camera(admin: &Caller<'_>, name: &str) -> Value {
    let source = json!({"type": "rtsp", "url": "rtsp://192.0.2.9/stream"});
    let body = json!({"name": name, "source": source});
    let made = admin.send(Method::POST, "/api/v1/cameras", Some(body)).await;
    assert_eq!(made.status(), 201);
    made.json().await.unwrap()
}

#[tokio::test]
async fn a_cell_of_one_shows_its_node_and_says_that_nobody_could_take_over() {
    let eyrie = Eyrie::start().await;
    let (admin, viewer) = (eyrie.admin().await, eyrie.user("viewer").await);
    let camera = enabled_camera(&admin, "Gate").await;
    admin.camera("switched off").await;
    let cell = viewer.json("/api/v1/cluster").await;
    let nodes = cell["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 1, "{cell}");
    let node = &nodes[0];
    assert_eq!((&cell["node"], &cell["leader"], &cell["stale"]), (&node["id"], &node["id"], &json!(false)));
    assert!(cell["id"].is_string() && cell["applied_index"].as_u64() > Some(0), "{cell}");
    assert_eq!((&node["health"], &node["voter"], &node["draining"]), (&json!("up"), &json!(true), &json!(false)));
    assert_eq!((&node["placements"], &cell["placements"], &cell["unplaced"]), (&json!(1), &json!(1), &json!(0)));
    let twin = json!({"placement": {"redundancy": 2}});
    let path = format!("/api/v1/cameras/{}", camera["id"].as_str().unwrap());
    assert_eq!(admin.send(Method::PATCH, &path, Some(twin)).await.status(), 200);
    let alone = viewer.json("/api/v1/cluster").await;
    assert_eq!((&alone["unplaced"], &alone["without_twin"]), (&json!(0), &json!(1)), "its twin has nowhere to go");
    let survival = &cell["survival"];
    assert_eq!((&survival["any_node"], &survival["nodes"][0]["without_room"]), (&json!(false), &json!(1)), "{cell}");
    assert_eq!((&survival["nodes"][0]["name"], &survival["quorum"]), (&node["name"], &json!(false)));
    assert_eq!(camera["node"], json!({"id": node["id"], "name": node["name"]}));
    for shown in [admin.json(&path).await, admin.json("/api/v1/cameras").await["items"][0].clone()] {
        assert_eq!((&shown["node"], &shown["twin"]), (&camera["node"], &Value::Null));
    }
}

#[tokio::test]
async fn placements_come_in_pages_by_node_and_of_the_callers_tenant_alone() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let mut made = Vec::new();
    for number in 0..3 {
        made.push(enabled_camera(&admin, &format!("camera {number}")).await["id"].clone());
    }
    let theirs = Camera {
        id: CameraId::generate(),
        tenant: "acme".parse().unwrap(),
        revision: 1,
        created_at: WallTime::EPOCH,
        updated_at: WallTime::EPOCH,
        spec: CameraSpec {
            name: "theirs".to_owned(),
            enabled: true,
            labels: Default::default(),
            site: None,
            source: SourceSpec::File(FileSource { path: "a.mp4".to_owned() }),
            recording: Default::default(),
            placement: Default::default(),
        },
    };
    eyrie.store.create_camera(theirs.clone(), None, By::system()).await.unwrap();
    let stored = eyrie.store.camera(&theirs.tenant, theirs.id).await.unwrap().unwrap();
    eyrie.control.put_cameras(vec![stored]).await.unwrap();
    assert_eq!(admin.json("/api/v1/cluster").await["placements"], 4, "the machines hold what they hold");

    let first = admin.json("/api/v1/cluster/placements?limit=2").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = admin.json(&format!("/api/v1/cluster/placements?limit=2&cursor={cursor}")).await;
    assert_eq!((&first["total"], &second["next_cursor"]), (&json!(3), &Value::Null));
    let items = |page: &Value| page["items"].as_array().unwrap().clone();
    let listed: Vec<_> = items(&first).into_iter().chain(items(&second)).collect();
    let ids: Vec<_> = listed.iter().map(|placement| placement["camera"].clone()).collect();
    made.sort_by_key(ToString::to_string);
    assert_eq!(ids, made, "by camera");
    let node = admin.json("/api/v1/cluster").await["node"].as_str().unwrap().to_owned();
    for placement in &listed {
        let (name, slot, at) = (&placement["name"], &placement["slot"], &placement["node"]);
        assert!(name.as_str().unwrap().starts_with("camera ") && *slot == 0 && *at == node.as_str(), "{placement}");
        assert!(placement["epoch"].as_u64() > Some(0) && placement["moving_to"].is_null(), "{placement}");
    }
    let count = async |query: &str| items(&admin.json(&format!("/api/v1/cluster/placements?{query}")).await).len();
    assert_eq!((count(&format!("node={node}")).await, count("moving=true").await), (3, 0));
    assert_eq!(count(&format!("node={}", NodeId::generate())).await, 0);
    for (query, field) in
        [("cursor=nonsense", "cursor"), ("limit=0", "limit"), ("limit=1001", "limit"), ("moving=maybe", "moving")]
    {
        let refused = admin.get(&format!("/api/v1/cluster/placements?{query}")).await;
        assert_eq!(fields(&problem(refused, "invalid_query").await), [field], "{query}");
    }
}

#[tokio::test]
async fn a_node_is_drained_and_taken_back_and_a_live_one_stays() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let id = admin.json("/api/v1/cluster").await["node"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/cluster/nodes/{id}");
    // Without a body, with an empty one, and said aloud: all three mean the same.
    for body in [None, Some(json!({})), Some(json!({"draining": true}))] {
        let drained = admin.send(Method::POST, &format!("{path}/drain"), body).await;
        assert_eq!(drained.status(), 200, "it holds nothing");
        let node: Value = drained.json().await.unwrap();
        assert_eq!((&node["id"], &node["draining"]), (&json!(id), &json!(true)));
    }
    assert_eq!(admin.json("/api/v1/cluster").await["nodes"][0]["draining"], true);
    let back = admin.send(Method::POST, &format!("{path}/drain"), Some(json!({"draining": false}))).await;
    assert_eq!(back.json::<Value>().await.unwrap()["draining"], false);
    enabled_camera(&admin, "Gate").await;
    let drained = admin.send(Method::POST, &format!("{path}/drain"), None).await;
    assert_eq!(drained.status(), 202, "its camera has nowhere to go");

    let refused = problem(admin.send(Method::DELETE, &path, None).await, "cell_refused").await;
    assert!(refused["status"] == 409 && refused["detail"].as_str().unwrap().contains("is alive"), "{refused}");
    let other = format!("/api/v1/cluster/nodes/{}", NodeId::generate());
    problem(admin.send(Method::DELETE, &other, None).await, "not_found").await;
    problem(admin.send(Method::POST, &format!("{other}/drain"), None).await, "not_found").await;
    problem(admin.send(Method::DELETE, "/api/v1/cluster/nodes/nonsense", None).await, "not_found").await;
    let body = Some(json!({"drained": true}));
    let wrong = problem(admin.send(Method::POST, &format!("{path}/drain"), body).await, "invalid_fields").await;
    assert_eq!(fields(&wrong), ["drained"]);

    let log = admin.json("/api/v1/audit").await;
    let drains = log["items"].as_array().unwrap().iter().filter(|item| item["action"] == "cluster.drain_node");
    let objects: Vec<_> = drains.map(|item| item["object"].as_str().unwrap()).collect();
    assert_eq!(objects, vec![format!("cluster/nodes/{id}"); 5]);
}

#[tokio::test]
async fn where_a_camera_may_run_is_patched_field_by_field() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let camera = admin.camera("Gate").await;
    let default = json!({"redundancy": 1, "max_sessions": 2, "node_labels": []});
    assert_eq!((&camera["placement"], &camera["node"]), (&default, &Value::Null), "switched off, it runs nowhere");
    let path = format!("/api/v1/cameras/{}", camera["id"].as_str().unwrap());
    let patched = async |patch: Value| {
        let answer = admin.send(Method::PATCH, &path, Some(json!({"placement": patch}))).await;
        assert_eq!(answer.status(), 200, "{patch}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(admin.json(&path).await["placement"], answer["placement"]);
        answer["placement"].clone()
    };
    let twin = json!({"redundancy": 2, "max_sessions": 2, "node_labels": ["gpu"]});
    assert_eq!(patched(json!({"redundancy": 2, "node_labels": ["gpu"]})).await, twin);
    assert_eq!(patched(json!({"max_sessions": 4, "node_labels": null})).await["node_labels"], json!([]));
    assert_eq!(patched(json!({"redundancy": null})).await["redundancy"], 1);
    assert_eq!(patched(Value::Null).await, default);
    for (patch, field) in [
        (json!({"redundancy": 3}), "placement.redundancy"),
        (json!({"max_sessions": 0}), "placement.max_sessions"),
        (json!({"max_sessions": "two"}), "placement.max_sessions"),
        (json!({"node_labels": [""]}), "placement.node_labels"),
        (json!({"nodes": 2}), "placement.nodes"),
    ] {
        let refused = admin.send(Method::PATCH, &path, Some(json!({"placement": patch}))).await;
        assert_eq!(fields(&problem(refused, "invalid_fields").await), [field]);
    }
}

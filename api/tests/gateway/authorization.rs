//! Every route × role × anonymous. The list below is written by hand: whoever opens a route has to say so here, too.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Eyrie, METRICS_TOKEN, problem};

/// Method, path and the least role; `anyone`, `ticket` and `capability` for what needs none, `local` for admins and processes
/// of the machine. `driller` is that one and the admin; `+driller` that one, too; `+driller-head` that one, without the body.
const EXPECTED: &str = "
POST   /api/v1/auth/login anyone
POST   /api/v1/auth/refresh anyone
POST   /api/v1/auth/logout anyone
GET    /api/v1/me viewer+driller
PUT    /api/v1/me/password viewer+driller
GET    /api/v1/users admin
POST   /api/v1/users admin
GET    /api/v1/users/{id} admin
PATCH  /api/v1/users/{id} admin
DELETE /api/v1/users/{id} admin
GET    /api/v1/sites viewer
POST   /api/v1/sites operator
GET    /api/v1/sites/{id} viewer
PATCH  /api/v1/sites/{id} operator
DELETE /api/v1/sites/{id} operator
GET    /api/v1/cameras viewer+driller
POST   /api/v1/cameras operator
POST   /api/v1/cameras/bulk operator
GET    /api/v1/cameras/{id} viewer
PATCH  /api/v1/cameras/{id} operator
DELETE /api/v1/cameras/{id} operator
POST   /api/v1/cameras/{id}/publish-key operator
GET    /api/v1/cameras/{id}/status viewer
GET    /api/v1/cameras/{id}/recordings viewer
GET    /api/v1/cameras/{id}/gaps viewer+driller
GET    /api/v1/cameras/{id}/ledger viewer
GET    /api/v1/cameras/{id}/timeline viewer
GET    /api/v1/cameras/{id}/markers viewer
POST   /api/v1/cameras/{id}/markers viewer
PATCH  /api/v1/cameras/{id}/markers/{marker} viewer
DELETE /api/v1/cameras/{id}/markers/{marker} viewer
GET    /api/v1/markers viewer
GET    /api/v1/labels viewer
GET    /api/v1/layouts viewer
POST   /api/v1/layouts viewer
PUT    /api/v1/layouts/{id} viewer
DELETE /api/v1/layouts/{id} viewer
GET    /api/v1/cameras/{id}/facts viewer
GET    /api/v1/cameras/{id}/facts/history viewer
GET    /api/v1/node/history viewer
GET    /api/v1/cameras/{id}/export.mp4 viewer
GET    /media/{capability}/cameras/{id}/export.mp4 capability
POST   /api/v1/cameras/{id}/capabilities viewer
GET    /api/v1/cameras/{id}/live/index.m3u8 viewer
GET    /api/v1/cameras/{id}/live/media.m3u8 viewer+driller
GET    /api/v1/cameras/{id}/live/{placement}/{file} viewer+driller-head
GET    /media/{capability}/cameras/{id}/live/index.m3u8 capability
GET    /media/{capability}/cameras/{id}/live/media.m3u8 capability
GET    /media/{capability}/cameras/{id}/live/{placement}/{file} capability
GET    /api/v1/cameras/{id}/playback/index.m3u8 viewer+driller
GET    /api/v1/cameras/{id}/playback/{playlist} viewer+driller
GET    /api/v1/cameras/{id}/playback/{segment}/{file} viewer+driller-head
GET    /media/{capability}/cameras/{id}/playback/index.m3u8 capability
GET    /media/{capability}/cameras/{id}/playback/{playlist} capability
GET    /media/{capability}/cameras/{id}/playback/{segment}/{file} capability
GET    /api/v1/cameras/{id}/thumbnail.jpg viewer
GET    /api/v1/cameras/{id}/sprite.jpg viewer
GET    /media/{capability}/cameras/{id}/live/thumbnail.jpg capability
GET    /media/{capability}/cameras/{id}/playback/thumbnail.jpg capability
GET    /media/{capability}/cameras/{id}/playback/sprite.jpg capability
GET    /api/v1/node viewer+driller
GET    /api/v1/cluster viewer+driller
GET    /api/v1/cluster/placements viewer+driller
POST   /api/v1/cluster/nodes/{id}/drain admin
DELETE /api/v1/cluster/nodes/{id} admin
GET    /api/v1/drills driller
POST   /api/v1/drills/plan driller
GET    /api/v1/drills/runs driller
POST   /api/v1/drills/runs driller
GET    /api/v1/drills/runs/{id} driller
POST   /api/v1/drills/runs/{id}/abort driller
POST   /api/v1/drills/runs/{id}/carry driller
POST   /api/v1/drills/runs/{id}/beat driller
POST   /api/v1/drills/runs/{id}/end driller
GET    /api/v1/drills/runs/{id}/report/{form} driller
GET    /api/v1/drills/agents driller
POST   /api/v1/drills/agents/{id} driller
GET    /api/v1/audit admin
POST   /api/v1/ws-tickets viewer
GET    /api/v1/ws ticket
GET    /healthz anyone
GET    /readyz anyone
GET    /metrics local
GET    /api/v1/openapi.json anyone
";

#[tokio::test]
async fn each_route_lets_in_whom_the_contract_names_and_nobody_else() {
    let eyrie = Eyrie::start().await;
    let document: Value = serde_json::from_str(&eyrie_api::openapi_json()).unwrap();
    let mut declared = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        declared.extend(item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    let mut expected: Vec<(String, String, &str)> = Vec::new();
    for line in EXPECTED.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [method, path, who] = words[..] else { panic!("{line}") };
        expected.push((method.to_owned(), path.to_owned(), who));
    }
    declared.sort();
    let mut listed: Vec<_> = expected.iter().map(|(method, path, _)| (method.clone(), path.clone())).collect();
    listed.sort();
    assert_eq!(declared, listed, "routes and this list differ");

    let callers = [
        ("anonymous", eyrie.anonymous()),
        ("viewer", eyrie.user("viewer").await),
        ("operator", eyrie.user("operator").await),
        ("driller", eyrie.user("driller").await),
        ("admin", eyrie.admin().await),
    ];
    let may = |role: &str, who: &str| match (role, who.split_once('+')) {
        (_, None) => role == "admin" || role == who || (role, who) == ("operator", "viewer"),
        ("driller", Some((_, also))) => also == "driller",
        (_, Some((who, _))) => role == "admin" || role == who || (role, who) == ("operator", "viewer"),
    };
    for (method, path, who) in &expected {
        let id = "0192f0c1-2345-7abc-8def-0123456789ab";
        let filled = path.replace("{id}", id).replace("{placement}", "0-1").replace("{file}", "media.m3u8");
        let filled = filled.replace("{capability}", "AAAA").replace("{playlist}", "media.m3u8").replace("{marker}", id);
        let filled = filled.replace("{form}", "html");
        let filled = filled.replace("{segment}", &format!("1760000000000000.{id}"));
        for (role, caller) in &callers {
            let request = caller.request(Method::from_bytes(method.as_bytes()).unwrap(), &filled);
            let status = request.header("content-type", "application/json").body("{}").send().await.unwrap().status();
            let expected = match *who {
                "anyone" => None,
                "local" => matches!(*role, "viewer" | "operator" | "driller").then_some(403),
                // Neither is something a role gives.
                "ticket" | "capability" => Some(401),
                _ if *role == "anonymous" => Some(401),
                who => (!may(role, who)).then_some(403),
            };
            match expected {
                Some(expected) => assert_eq!(status, expected, "{method} {path} as {role}"),
                None => assert!(!matches!(status.as_u16(), 401 | 403 | 500), "{method} {path} as {role}: {status}"),
            }
            if *role == "driller" && who.ends_with("+driller-head") {
                let status = caller.request(Method::HEAD, &filled).send().await.unwrap().status();
                assert!(!matches!(status.as_u16(), 401 | 403 | 500), "HEAD {path} as {role}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn what_the_table_does_not_name_is_closed() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    problem(admin.send(Method::DELETE, "/api/v1/cameras", None).await, "method_not_allowed").await;
    let refused = admin.send(Method::POST, "/healthz", None).await;
    assert_eq!(refused.headers()["allow"], "GET");
    problem(refused, "method_not_allowed").await;
    for path in ["/api/v1/nothing", "/api/v2/cameras", "/media/x/y", "/api"] {
        problem(admin.get(path).await, "not_found").await;
    }
}

#[tokio::test]
async fn metrics_are_for_the_machine_the_token_and_admins() {
    let eyrie = Eyrie::start().await;
    let (anonymous, viewer) = (eyrie.anonymous(), eyrie.user("viewer").await);
    assert_eq!(anonymous.get("/metrics").await.status(), 200, "a process of this machine");
    let proxied = || anonymous.request(Method::GET, "/metrics").header("x-forwarded-for", "203.0.113.9");
    assert_eq!(proxied().send().await.unwrap().status(), 401, "somebody behind a proxy on this machine");
    assert_eq!(proxied().bearer_auth(METRICS_TOKEN).send().await.unwrap().status(), 200);
    assert_eq!(viewer.get("/metrics").await.status(), 403);
    assert_eq!(eyrie.admin().await.get("/metrics").await.status(), 200);
}

#[tokio::test]
async fn the_audit_log_tells_changes_refusals_and_who_signed_in() {
    let eyrie = Eyrie::start().await;
    let viewer = eyrie.user("viewer").await;
    let admin = eyrie.admin().await;
    let camera = admin.camera("Lobby").await;
    viewer.send(Method::DELETE, &format!("/api/v1/cameras/{}", camera["id"].as_str().unwrap()), None).await;
    eyrie.log_in("admin", "wrong password").await;
    let log = admin.json("/api/v1/audit").await;
    let items = log["items"].as_array().unwrap();
    let find = |action: &str, outcome: &str| {
        items
            .iter()
            .find(|item| item["action"] == action && item["outcome"] == outcome)
            .unwrap_or_else(|| panic!("{action}"))
    };
    let created = find("camera.create", "allowed");
    assert_eq!(created["object"], format!("cameras/{}", camera["id"].as_str().unwrap()));
    assert_eq!(created["actor"]["name"], "admin");
    assert_eq!(find("camera.delete", "denied")["actor"]["name"], "the viewer");
    assert_eq!(find("auth.login", "allowed")["actor"]["type"], "user");
    assert_eq!(find("auth.login", "denied")["actor"]["type"], "anonymous");
    assert!(!items.iter().any(|item| item["action"] == "camera.list"), "reads are not audited");
    problem(admin.get("/api/v1/audit?cursor=nonsense").await, "invalid_query").await;
    problem(admin.get("/api/v1/audit?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z").await, "invalid_query").await;
}

//! Signing in, staying in, and getting out.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::harness::{ADMIN_PASSWORD, Caller, Eyrie, problem};

async fn refresh(eyrie: &Eyrie, token: &str) -> Response {
    let body = json!({"refresh_token": token});
    eyrie.http.post(eyrie.url("/api/v1/auth/refresh")).json(&body).send().await.unwrap()
}

fn holder<'a>(eyrie: &'a Eyrie, tokens: &Value) -> Caller<'a> {
    Caller { eyrie, token: tokens["access_token"].as_str().map(str::to_owned) }
}

fn text<'a>(tokens: &'a Value, name: &str) -> &'a str {
    tokens[name].as_str().unwrap()
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_session() {
    let eyrie = Eyrie::start().await;
    let first = eyrie.tokens("admin", ADMIN_PASSWORD).await;
    assert_eq!(first["expires_in"], 600);
    let second: Value = refresh(&eyrie, text(&first, "refresh_token")).await.json().await.unwrap();
    assert_eq!(holder(&eyrie, &second).get("/api/v1/me").await.status(), 200);

    problem(refresh(&eyrie, text(&first, "refresh_token")).await, "unauthenticated").await;
    problem(refresh(&eyrie, text(&second, "refresh_token")).await, "unauthenticated").await;
    problem(holder(&eyrie, &second).get("/api/v1/me").await, "unauthenticated").await;
    problem(refresh(&eyrie, "never issued").await, "unauthenticated").await;
}

#[tokio::test]
async fn signing_out_ends_access_and_is_forgiving() {
    let eyrie = Eyrie::start().await;
    let tokens = eyrie.tokens("admin", ADMIN_PASSWORD).await;
    let caller = holder(&eyrie, &tokens);
    assert_eq!(caller.get("/api/v1/me").await.status(), 200);
    for _ in 0..2 {
        let body = json!({"refresh_token": tokens["refresh_token"]});
        let out = eyrie.anonymous().send(Method::POST, "/api/v1/auth/logout", Some(body)).await;
        assert_eq!(out.status(), 204);
    }
    problem(caller.get("/api/v1/me").await, "unauthenticated").await;
}

#[tokio::test]
async fn access_tokens_expire_and_forged_ones_never_pass() {
    let eyrie = Eyrie::start().await;
    let tokens = eyrie.tokens("admin", ADMIN_PASSWORD).await;
    let caller = holder(&eyrie, &tokens);
    let parts: Vec<&str> = text(&tokens, "access_token").split('.').collect();
    let header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[0]).unwrap()).unwrap();
    assert_eq!(header["alg"], "EdDSA");
    let with = |change: &dyn Fn(&mut Value)| {
        let mut header = header.clone();
        change(&mut header);
        URL_SAFE_NO_PAD.encode(header.to_string())
    };
    let none = with(&|header| header["alg"] = json!("none"));
    let hmac = with(&|header| header["alg"] = json!("HS256"));
    let kid = with(&|header| header["kid"] = json!("another"));
    for forged in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{hmac}.{}.{}", parts[1], parts[2]),
        format!("{kid}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], "A".repeat(parts[2].len())),
        "not.a.token".to_owned(),
    ] {
        let forger = Caller { eyrie: &eyrie, token: Some(forged) };
        problem(forger.get("/api/v1/me").await, "unauthenticated").await;
    }
    assert_eq!(caller.get("/api/v1/me").await.status(), 200);
    eyrie.clock.advance(Duration::from_secs(600));
    problem(caller.get("/api/v1/me").await, "token_expired").await;
}

#[tokio::test]
async fn failures_earn_a_user_growing_pauses_and_unknown_names_look_the_same() {
    let eyrie = Eyrie::start().await;
    for name in ["admin", "nobody"] {
        let mut codes = Vec::new();
        for _ in 0..6 {
            let refused = eyrie.log_in(name, "wrong").await;
            codes.push(refused.status().as_u16());
            if refused.status() == 429 {
                let seconds: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
                assert!((1..=2).contains(&seconds));
                problem(refused, "too_many_requests").await;
            } else {
                problem(refused, "bad_credentials").await;
            }
        }
        assert_eq!(codes, [401, 401, 401, 401, 401, 429], "{name}");
    }
    problem(eyrie.log_in("admin", ADMIN_PASSWORD).await, "too_many_requests").await;
    eyrie.clock.advance(Duration::from_secs(2));
    assert_eq!(eyrie.log_in("ADMIN", ADMIN_PASSWORD).await.status(), 200, "names are taken in any case");
}

#[tokio::test]
async fn honest_sign_ins_at_the_same_time_do_not_lock_each_other_out() {
    let eyrie = Eyrie::start().await;
    let all = futures::future::join_all((0..12).map(|_| eyrie.log_in("admin", ADMIN_PASSWORD))).await;
    assert!(all.iter().all(|response| response.status() == 200));
}

#[tokio::test]
async fn an_address_may_not_ask_without_end() {
    let eyrie = Eyrie::start().await;
    let mut last = 0;
    for _ in 0..130 {
        last = refresh(&eyrie, "x").await.status().as_u16();
    }
    assert_eq!(last, 429);
    assert_eq!(eyrie.anonymous().get("/healthz").await.status(), 200, "only the sign-in routes are limited");
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions_and_role_changes_count_at_once() {
    let eyrie = Eyrie::start().await;
    let (mine, other) = (eyrie.admin().await, eyrie.admin().await);
    let viewer = eyrie.user("viewer").await;
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    let path = "/api/v1/me/password";
    let wrong =
        problem(mine.send(Method::PUT, path, Some(change("wrong", "long enough"))).await, "invalid_fields").await;
    assert_eq!(wrong["errors"][0]["field"], "current_password");
    problem(mine.send(Method::PUT, path, Some(change(ADMIN_PASSWORD, "short"))).await, "invalid_fields").await;
    assert_eq!(mine.send(Method::PUT, path, Some(change(ADMIN_PASSWORD, "long enough"))).await.status(), 204);
    assert_eq!(mine.get("/api/v1/me").await.status(), 200);
    problem(other.get("/api/v1/me").await, "unauthenticated").await;

    let me = viewer.json("/api/v1/me").await;
    let path = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    assert_eq!(mine.send(Method::PATCH, &path, Some(json!({"role": "admin"}))).await.status(), 200);
    assert_eq!(viewer.get("/api/v1/users").await.status(), 200);
    assert_eq!(mine.send(Method::DELETE, &path, None).await.status(), 204);
    problem(viewer.get("/api/v1/me").await, "unauthenticated").await;
}

#[tokio::test]
async fn the_last_admin_stays() {
    let eyrie = Eyrie::start().await;
    let admin = eyrie.admin().await;
    let me = admin.json("/api/v1/me").await;
    let path = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    problem(admin.send(Method::DELETE, &path, None).await, "last_admin").await;
    problem(admin.send(Method::PATCH, &path, Some(json!({"role": "viewer"}))).await, "last_admin").await;
    let twin = json!({"username": "Admin", "role": "viewer", "password": "long enough"});
    problem(admin.send(Method::POST, "/api/v1/users", Some(twin)).await, "already_exists").await;
}

#[tokio::test]
async fn the_first_admin_is_made_once_and_a_lost_password_is_reset() {
    let eyrie = Eyrie::start().await;
    let again = eyrie_api::ensure_admin(&eyrie.store, &eyrie.clock, None).await.unwrap();
    assert!(again.is_none(), "there is one");
    let old = eyrie.admin().await;
    let generated = eyrie_api::reset_password(&eyrie.store, &eyrie.clock, "admin", None).await.unwrap().unwrap();
    assert_eq!(eyrie.log_in("admin", generated.expose()).await.status(), 200);
    eyrie.clock.advance(Duration::from_secs(6));
    problem(old.get("/api/v1/me").await, "unauthenticated").await;
    assert!(eyrie_api::reset_password(&eyrie.store, &eyrie.clock, "nobody", None).await.is_err());
}

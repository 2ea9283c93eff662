use std::time::Duration;

use eyrie_storage::StoreError;
use eyrie_storage::store::{
    FREE_FAILURES, LoginGate, PAUSE_MAX, PasswordHash, Rotation, SESSIONS_PER_USER_MAX, SealedSecret, SigningKeyRow,
    TokenHash, UserChange, login_pause,
};
use eyrie_types::Role;

use crate::backend::empty;
use crate::values::{at, home, other, session, user};

fn token(text: &str) -> TokenHash {
    TokenHash::of(text)
}

#[tokio::test]
async fn user_names_are_unique_in_any_case_and_found_in_any() {
    let store = empty().await;
    let jorg = user("Jörg", Role::Viewer);
    store.create_user(jorg.clone()).await.unwrap();
    assert!(matches!(store.create_user(user("JÖRG", Role::Viewer)).await, Err(StoreError::AlreadyExists(_))));
    assert_eq!(store.user_by_name(&home(), "jÖrg").await.unwrap(), Some(jorg));
    assert_eq!(store.user_by_name(&other(), "Jörg").await.unwrap(), None);
}

#[tokio::test]
async fn only_one_of_two_first_users_is_made() {
    let store = empty().await;
    assert!(store.create_first_user(user("admin", Role::Admin)).await.unwrap());
    assert!(!store.create_first_user(user("root", Role::Admin)).await.unwrap());
    assert_eq!(store.users(&home(), None, 10).await.unwrap().total, 1);
}

#[tokio::test]
async fn the_last_admin_can_neither_go_nor_be_demoted() {
    let store = empty().await;
    let (first, second) = (user("first", Role::Admin), user("second", Role::Admin));
    store.create_user(first.clone()).await.unwrap();
    store.create_user(second.clone()).await.unwrap();
    let demote = UserChange { role: Some(Role::Operator), ..UserChange::default() };
    store.update_user(&home(), first.id, demote.clone(), at(1)).await.unwrap();
    let refused = store.update_user(&home(), second.id, demote, at(1)).await;
    assert!(matches!(refused, Err(StoreError::LastAdmin)));
    assert!(matches!(store.delete_user(&home(), second.id).await, Err(StoreError::LastAdmin)));
    store.delete_user(&home(), first.id).await.unwrap();
}

#[tokio::test]
async fn users_come_in_pages_by_name() {
    let store = empty().await;
    for name in ["c", "A", "b"] {
        store.create_user(user(name, Role::Viewer)).await.unwrap();
    }
    let first = store.users(&home(), None, 2).await.unwrap();
    let rest = store.users(&home(), first.next_cursor.as_ref(), 2).await.unwrap();
    let names: Vec<_> = first.items.iter().chain(&rest.items).map(|user| user.username.as_str()).collect();
    assert_eq!((names, rest.next_cursor), (vec!["A", "b", "c"], None));
}

#[tokio::test]
async fn a_refresh_token_works_once_and_its_second_use_ends_the_session() {
    let store = empty().await;
    let ann = user("ann", Role::Viewer);
    store.create_user(ann.clone()).await.unwrap();
    let session = session(&ann, 0);
    store.create_session(session.clone(), token("t0")).await.unwrap();
    let rotate =
        |presented, next| store.rotate_session(&session.tenant, token(presented), token(next), at(10), at(90_000_000));
    assert!(matches!(rotate("t0", "t1").await.unwrap(), Rotation::Rotated(now) if now.expires_at == at(90_000_000)));
    assert!(matches!(rotate("t1", "t2").await.unwrap(), Rotation::Rotated(_)));
    assert!(matches!(rotate("t0", "thief").await.unwrap(), Rotation::Reused(ended) if ended.user == ann.id));
    // With the family went the valid token and the sign-in.
    assert_eq!(rotate("t2", "t3").await.unwrap(), Rotation::Unknown);
    assert_eq!(store.session(&home(), session.id, at(11)).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_ends_when_it_runs_out_is_signed_out_or_loses_its_user() {
    let store = empty().await;
    let ann = user("ann", Role::Viewer);
    store.create_user(ann.clone()).await.unwrap();
    let begin = async |name: &str| {
        let session = session(&ann, 0);
        store.create_session(session.clone(), token(name)).await.unwrap();
        session
    };
    let old = begin("old").await;
    assert_eq!(store.session(&home(), old.id, old.expires_at).await.unwrap(), None);
    let late = store.rotate_session(&home(), token("old"), token("new"), old.expires_at, at(0)).await.unwrap();
    assert_eq!(late, Rotation::Expired);

    let out = begin("out").await;
    assert_eq!(store.end_session_by_token(&home(), token("out")).await.unwrap(), Some(out.clone()));
    assert_eq!(store.end_session_by_token(&home(), token("out")).await.unwrap(), None);

    let gone = begin("gone").await;
    store.create_user(user("admin", Role::Admin)).await.unwrap();
    store.delete_user(&home(), ann.id).await.unwrap();
    assert_eq!(store.session(&home(), gone.id, at(1)).await.unwrap(), None);
    assert!(matches!(store.create_session(session(&ann, 0), token("x")).await, Err(StoreError::NotFound(_))));
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_but_the_one_it_was_set_from() {
    let store = empty().await;
    let ann = user("ann", Role::Viewer);
    store.create_user(ann.clone()).await.unwrap();
    let (here, there) = (session(&ann, 0), session(&ann, 1));
    store.create_session(here.clone(), token("here")).await.unwrap();
    store.create_session(there.clone(), token("there")).await.unwrap();
    let change = UserChange {
        password_hash: Some(PasswordHash::new("new")),
        keep_session: Some(here.id),
        ..UserChange::default()
    };
    store.update_user(&home(), ann.id, change, at(2)).await.unwrap();
    assert!(store.session(&home(), here.id, at(3)).await.unwrap().is_some());
    assert!(store.session(&home(), there.id, at(3)).await.unwrap().is_none());
}

#[tokio::test]
async fn one_sign_in_too_many_ends_the_session_used_longest_ago() {
    let store = empty().await;
    let ann = user("ann", Role::Viewer);
    store.create_user(ann.clone()).await.unwrap();
    let mut sessions = Vec::new();
    for n in 0..=SESSIONS_PER_USER_MAX {
        let session = session(&ann, n.into());
        store.create_session(session.clone(), token(&n.to_string())).await.unwrap();
        sessions.push(session);
    }
    assert!(store.session(&home(), sessions[0].id, at(99)).await.unwrap().is_none());
    for session in &sessions[1..] {
        assert!(store.session(&home(), session.id, at(99)).await.unwrap().is_some());
    }
    assert_eq!(store.purge_sessions(at(86_400_000 + 5), 100).await.unwrap(), 5);
}

#[test]
fn pauses_grow_from_a_second_to_a_quarter_of_an_hour() {
    assert_eq!(login_pause(FREE_FAILURES), Duration::ZERO);
    assert_eq!(login_pause(FREE_FAILURES + 1), Duration::from_secs(1));
    assert_eq!(login_pause(FREE_FAILURES + 4), Duration::from_secs(8));
    assert_eq!(login_pause(u32::MAX), PAUSE_MAX);
}

#[tokio::test]
async fn failed_sign_ins_lock_the_name_for_a_while_and_a_success_forgets_them() {
    let store = empty().await;
    let attempt = |ms| store.login_attempt(home_ref(), "Ann", at(ms));
    for _ in 0..=FREE_FAILURES {
        assert_eq!(attempt(0).await.unwrap(), LoginGate::Open);
    }
    assert_eq!(attempt(999).await.unwrap(), LoginGate::Locked { until: at(1000) });
    assert_eq!(store.login_attempt(home_ref(), " ANN ", at(1)).await.unwrap(), LoginGate::Locked { until: at(1000) });
    assert_eq!(store.login_attempt(home_ref(), "bob", at(1)).await.unwrap(), LoginGate::Open);
    assert_eq!(attempt(1000).await.unwrap(), LoginGate::Open);
    assert_eq!(attempt(1001).await.unwrap(), LoginGate::Locked { until: at(3000) });
    store.login_succeeded(home_ref(), "ann").await.unwrap();
    assert_eq!(attempt(1002).await.unwrap(), LoginGate::Open);
}

fn home_ref() -> &'static eyrie_types::TenantId {
    static HOME: std::sync::LazyLock<eyrie_types::TenantId> = std::sync::LazyLock::new(home);
    &HOME
}

#[tokio::test]
async fn signing_keys_stay_until_nothing_they_signed_verifies() {
    let store = empty().await;
    let key = |kid: &str, from| SigningKeyRow {
        kid: kid.to_owned(),
        signs_from: at(from),
        signs_until: at(from + 10),
        verifies_until: at(from + 20),
        sealed: SealedSecret::new(vec![1]),
    };
    store.create_signing_key(key("a", 0)).await.unwrap();
    store.create_signing_key(key("b", 10)).await.unwrap();
    assert!(matches!(store.create_signing_key(key("a", 20)).await, Err(StoreError::AlreadyExists(_))));
    assert_eq!(store.purge_signing_keys(at(20)).await.unwrap(), 1);
    assert_eq!(store.signing_keys().await.unwrap(), vec![key("b", 10)]);
}

//! The committed OpenAPI document is what the code says. Clients are generated from the file, so a change shows in review.

/// Regenerate with `EYRIE_BLESS=1 cargo test -p eyrie-api --test openapi_document`.
#[test]
fn the_committed_document_is_what_the_code_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/eyrie-v1.json");
    let generated = eyrie_api::openapi_json();
    if std::env::var_os("EYRIE_BLESS").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == generated, "openapi/eyrie-v1.json is stale; regenerate it with EYRIE_BLESS=1");
}

//! What browsers get: pages, headers, TLS.

use eyrie_api::TlsFiles;
use reqwest::Method;

use crate::harness::{Eyrie, problem};

#[tokio::test]
async fn every_answer_tells_browsers_what_not_to_do() {
    let eyrie = Eyrie::start().await;
    let nobody = eyrie.anonymous();
    for path in ["/", "/cameras/some-page", "/healthz", "/api/v1/me", "/api/v1/openapi.json", "/nothing.js", "/docs/"] {
        let response = nobody.get(path).await;
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'self'"), "{path}: {policy}");
        let scripts_inline = policy.contains("script-src") && policy.contains("'unsafe-inline'");
        assert!(!scripts_inline && (path == "/docs/" || !policy.contains("unsafe")), "{path}: {policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert!(headers.contains_key("x-request-id"), "{path}");
    }
}

#[tokio::test]
async fn the_dashboard_answers_for_its_own_addresses_and_for_nothing_that_is_missing() {
    let eyrie = Eyrie::start().await;
    let nobody = eyrie.anonymous();
    for path in ["/", "/cameras", "/cameras/0192f0c1-2345-7abc-8def-0123456789ab"] {
        let page = nobody.get(path).await;
        assert_eq!(page.status(), 200, "{path}");
        assert!(page.text().await.unwrap().to_lowercase().starts_with("<!doctype html>"), "{path}");
    }
    for path in ["/assets/missing.js", "/favicon.missing", "/..%2f..%2fetc/passwd.txt", "/api/v1/missing"] {
        problem(nobody.get(path).await, "not_found").await;
    }
    problem(nobody.send(Method::POST, "/", None).await, "method_not_allowed").await;
}

#[tokio::test]
async fn the_interactive_documentation_works_without_leaving_the_node() {
    let eyrie = Eyrie::start().await;
    let nobody = eyrie.anonymous();
    let page = nobody.get("/docs").await.text().await.unwrap();
    assert!(page.contains("swagger-ui-bundle.js") && !page.contains("https://"), "{page}");
    let start = nobody.get("/docs/swagger-initializer.js").await.text().await.unwrap();
    assert!(start.contains("/api/v1/openapi.json"), "{start}");
    assert_eq!(nobody.get("/docs/swagger-ui-bundle.js").await.status(), 200);
    problem(nobody.get("/docs/missing.js").await, "not_found").await;
    let served = nobody.get("/api/v1/openapi.json").await.text().await.unwrap();
    assert_eq!(served, eyrie_api::openapi_json());
}

#[tokio::test]
async fn https_is_served_with_the_configured_certificate() {
    let dir = tempfile::tempdir().unwrap();
    let files = TlsFiles { certificate: dir.path().join("cert.pem"), key: dir.path().join("key.pem") };
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    let eyrie = Eyrie::start_with(Some(files)).await;
    assert!(eyrie.base.starts_with("https://"));
    assert_eq!(eyrie.anonymous().get("/readyz").await.text().await.unwrap(), "ready\n");
}

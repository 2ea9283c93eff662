use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

const FIXED: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Addresses may hold capabilities: they are told to nobody.
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Sets the headers that tell browsers what not to do. A route that needs another policy has set its own.
pub(crate) fn security_headers(response: &mut Response, policy: HeaderValue) {
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    // What is about people or cameras is nobody's cache's; what may be kept says so itself.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// What pages may load: only what this node serves, and media of cameras that the other nodes of its cell run; pictures also from
/// memory, for hls.js and thumbnails. Answers of the API get the same: a browser that is made to show one runs nothing in it.
#[derive(Debug)]
pub(crate) struct PagePolicy(ArcSwap<(Arc<BTreeSet<String>>, HeaderValue)>);

impl Default for PagePolicy {
    fn default() -> Self {
        let nobody = Arc::default();
        let policy = policy(&nobody);
        Self(ArcSwap::from_pointee((nobody, policy)))
    }
}

impl PagePolicy {
    /// The policy where the other nodes are at `others`; made anew when they change.
    pub(crate) fn of(&self, others: &Arc<BTreeSet<String>>) -> HeaderValue {
        let made = self.0.load();
        if Arc::ptr_eq(&made.0, others) || made.0 == *others {
            return made.1.clone();
        }
        let policy = policy(others);
        self.0.store(Arc::new((Arc::clone(others), policy.clone())));
        policy
    }
}

fn policy(others: &BTreeSet<String>) -> HeaderValue {
    // The cell's own nodes; what cannot stand in a policy is left out.
    let fits = |url: &&String| !url.contains([' ', ';', ',', '\'', '"']) && url.is_ascii();
    let others: String = others.iter().filter(fits).map(|url| format!(" {url}")).collect();
    let text = format!(
        "default-src 'self'; img-src 'self' data: blob:{others}; media-src 'self' blob:{others}; worker-src 'self' blob:; \
         connect-src 'self'{others}; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'self'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_may_load_media_of_the_cells_nodes_and_of_nobody_else() {
        let made = PagePolicy::default();
        let alone = made.of(&Arc::default());
        assert!(alone.to_str().unwrap().contains("connect-src 'self';"));
        let others = ["http://10.0.0.2:8080", "http://evil; script-src *"].map(str::to_owned).into_iter().collect();
        let policy = made.of(&Arc::new(others));
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("connect-src 'self' http://10.0.0.2:8080;"), "{policy}");
        assert!(!policy.contains("evil") && !policy.contains("script-src"), "{policy}");
    }
}

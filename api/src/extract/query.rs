use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Problem;

/// The query. What cannot be taken is answered with the parameter's name.
#[derive(Debug)]
pub(crate) struct ApiQuery<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri).map(|Query(query)| Self(query)).map_err(|rejection| {
            let text = rejection.body_text();
            let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            let (field, reason) = name_parameter(text);
            Problem::query(field, reason)
        })
    }
}

/// Splits `parameter: message`, or finds the name inside the messages that carry it.
fn name_parameter(text: &str) -> (String, String) {
    for (prefix, reason) in [
        ("unknown field `", "is not a parameter here"),
        ("duplicate field `", "stands there twice"),
        ("missing field `", "must be there"),
    ] {
        if let Some((_, rest)) = text.split_once(prefix)
            && let Some((name, _)) = rest.split_once('`')
        {
            return (name.to_owned(), reason.to_owned());
        }
    }
    match text.split_once(": ") {
        Some((name, message)) => (name.to_owned(), message.to_owned()),
        None => ("query".to_owned(), text.to_owned()),
    }
}

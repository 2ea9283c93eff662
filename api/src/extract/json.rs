use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::{HeaderMap, header};
use eyrie_types::ProblemCode;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::Problem;
use crate::limits::BODY_BYTES_MAX;

/// Longest time a body may take to arrive: a slow sender must not hold a request open for ever.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// A JSON body. What cannot be taken is answered with the path of the field.
#[derive(Debug)]
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        parse(&read(request, state).await?).map(Self)
    }
}

/// A body that may be left out.
impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for ApiJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        let bytes = read(request, state).await?;
        if bytes.is_empty() { Ok(None) } else { parse(&bytes).map(|value| Some(Self(value))) }
    }
}

/// The body of a request.
async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    check_content_type(request.headers())?;
    let received = tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, state))
        .await
        .map_err(|_| Problem::new(ProblemCode::MalformedBody, "The body did not arrive in time."))?;
    received.map_err(|rejection| {
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            let detail = format!("A body may be at most {BODY_BYTES_MAX} bytes long.");
            Problem::new(ProblemCode::BodyTooLarge, detail)
        } else {
            Problem::new(ProblemCode::MalformedBody, "The body could not be received.")
        }
    })
}

/// A body that says it is something else than JSON is not read as JSON; one that says nothing is.
fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let essence = text.split(';').next().unwrap_or_default().trim();
    if essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json")) {
        Ok(())
    } else {
        Err(Problem::new(ProblemCode::MalformedBody, "Send the body as application/json."))
    }
}

/// Reads a whole body.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        to_problem("", &path, &error.into_inner())
    })?;
    json.end().map_err(|error| to_problem("", ".", &error))?;
    Ok(value)
}

/// Reads `value`, which stands at `at` in the body (empty: the body itself).
pub(crate) fn from_value<T: DeserializeOwned>(at: &str, value: serde_json::Value) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        to_problem(at, &path, &error.into_inner())
    })
}

fn to_problem(at: &str, path: &str, error: &serde_json::Error) -> Problem {
    match error.classify() {
        Category::Data => {
            let (field, reason) = name_field(at, path, &error.to_string());
            Problem::field(field, reason)
        }
        Category::Syntax | Category::Eof | Category::Io => {
            let detail = format!("The body is not JSON: line {}, column {}.", error.line(), error.column());
            Problem::new(ProblemCode::MalformedBody, detail)
        }
    }
}

/// Makes serde's message one about a field. Values are left out of it: one may be a password put into the wrong place.
fn name_field(at: &str, path: &str, message: &str) -> (String, String) {
    let quoted = |prefix: &str| {
        let rest = message.strip_prefix(prefix)?;
        rest.split_once('`').map(|(name, _)| name.to_owned())
    };
    // Both are reported at the object, so the name comes from the message.
    let (name, reason) = if let Some(name) = quoted("missing field `") {
        (Some(name), "is required".to_owned())
    } else if let Some(name) = quoted("unknown field `") {
        (Some(name), "is not a field of this object".to_owned())
    } else {
        (None, expectation(message))
    };
    let parts = [Some(at.to_owned()), Some(path.to_owned()), name];
    let mut fields: Vec<String> = Vec::new();
    for part in parts.into_iter().flatten().filter(|part| !part.is_empty() && part != ".") {
        // An unknown key is part of the path already.
        if fields.last().is_none_or(|last| last != &part && !last.ends_with(&format!(".{part}"))) {
            fields.push(part);
        }
    }
    let field = if fields.is_empty() { "body".to_owned() } else { fields.join(".") };
    (field, reason)
}

fn expectation(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or_default();
    if let Some((_, expected)) = message.rsplit_once(", expected ") {
        return format!("must be {expected}");
    }
    if let Some((what, _)) = message.split_once(": ").filter(|(what, _)| what.starts_with("invalid ")) {
        return what.to_owned();
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors matter")]
    struct Outer {
        inner: Inner,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only the errors matter")]
    struct Inner {
        number: u8,
    }

    fn error(json: &str) -> (ProblemCode, String, String) {
        let problem = parse::<Outer>(json.as_bytes()).unwrap_err();
        let (field, reason) =
            problem.errors.first().map_or_else(Default::default, |error| (error.field.clone(), error.reason.clone()));
        (problem.code, field, reason)
    }

    #[test]
    fn the_field_is_named_by_its_path_and_no_value_is_repeated() {
        let (code, field, reason) = error(r#"{"inner":{"number":"hunter2"}}"#);
        assert_eq!((code, field.as_str(), reason.as_str()), (ProblemCode::InvalidFields, "inner.number", "must be u8"));
        assert_eq!(error(r#"{"inner":{}}"#).1, "inner.number");
        assert_eq!(error(r#"{"inner":{"number":1,"extra":2}}"#).1, "inner.extra");
        assert_eq!(error(r#"{"inner":{"number":1},"more":2}"#).1, "more");
        assert_eq!(error("[]").0, ProblemCode::InvalidFields);
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in ["", "{", "nonsense", r#"{"inner":{"number":1}} trailing"#, "\0"] {
            assert_eq!(error(text).0, ProblemCode::MalformedBody, "{text:?}");
        }
    }
}

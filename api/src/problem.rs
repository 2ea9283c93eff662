use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use eyrie_types::{FieldError, ProblemCode, RequestId};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of every error (RFC 9457 section 3).
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// An error as clients get it: problem details (RFC 9457). Clients decide by `code`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// `urn:eyrie:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:eyrie:problem:invalid_fields")]
    pub kind: String,
    /// The code in words; the same for every occurrence.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// Stable; clients decide by it.
    pub code: ProblemCode,
    /// What is wrong this time.
    pub detail: String,
    /// Finds the request in the node's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// Which fields cannot be taken, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds after which to try again (`Retry-After`, RFC 9110 section 10.2.3).
    #[serde(skip)]
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A problem with a sentence for this occurrence.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:eyrie:problem:{}", code.as_str()),
            title: title(code),
            status: code.http_status(),
            code,
            detail: detail.into(),
            request_id: None,
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// A problem with one field of the body.
    pub fn field(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::fields(vec![FieldError::new(field, reason)])
    }

    /// A problem with fields of the body.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Self::of_each(ProblemCode::InvalidFields, errors)
    }

    /// A problem with one query parameter.
    pub fn query(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::queries(vec![FieldError::new(field, reason)])
    }

    /// A problem with several query parameters.
    pub fn queries(errors: Vec<FieldError>) -> Self {
        Self::of_each(ProblemCode::InvalidQuery, errors)
    }

    fn of_each(code: ProblemCode, errors: Vec<FieldError>) -> Self {
        let detail = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self { errors, ..Self::new(code, detail) }
    }

    /// Nothing there, or nothing the caller may see.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, format!("There is no such {what}."))
    }

    /// The same, worth trying again after `seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

/// A code in words (RFC 9457 section 3.1.3: the same for every occurrence).
const fn title(code: ProblemCode) -> &'static str {
    match code {
        ProblemCode::MalformedBody => "The body could not be read",
        ProblemCode::InvalidFields => "Some fields cannot be taken",
        ProblemCode::InvalidQuery => "A query parameter cannot be taken",
        ProblemCode::BodyTooLarge => "The body is too large",
        ProblemCode::Unauthenticated => "Sign in first",
        ProblemCode::BadCredentials => "User name or password is wrong",
        ProblemCode::TokenExpired => "The token has expired",
        ProblemCode::Forbidden => "Not allowed",
        ProblemCode::NotFound => "Not found",
        ProblemCode::MethodNotAllowed => "Method not allowed",
        ProblemCode::RevisionMismatch => "It has changed since you read it",
        ProblemCode::AlreadyExists => "It exists already",
        ProblemCode::InUse => "It is in use",
        ProblemCode::LastAdmin => "The last admin stays",
        ProblemCode::CellRefused => "The cell refuses it",
        ProblemCode::NoQuorum => "The cell has no leader now",
        ProblemCode::TooManyRequests => "Too many requests",
        ProblemCode::CameraNotLive => "The camera is not live",
        ProblemCode::LimitReached => "A limit is reached",
        ProblemCode::Unavailable => "Not available now",
        ProblemCode::Internal => "Internal error",
    }
}

/// The body is written by the outermost layer, which knows the correlation id.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"eyrie\""));
        }
        response.extensions_mut().insert(self);
        response
    }
}

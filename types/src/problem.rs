use serde::{Deserialize, Serialize};

/// The stable code of an API error: the last part of a problem's `type` (RFC 9457 section 3.1.1). Clients decide by it; it is
/// never renamed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The body is not JSON, or not the JSON asked for.
    MalformedBody,
    /// Fields hold values that cannot be taken; `errors` names them.
    InvalidFields,
    /// A query parameter cannot be taken.
    InvalidQuery,
    /// The body is too large.
    BodyTooLarge,
    /// No valid credentials came with the request.
    Unauthenticated,
    /// User name or password is wrong.
    BadCredentials,
    /// The token has expired; refresh it.
    TokenExpired,
    /// Known, but not allowed to do this.
    Forbidden,
    /// No such thing, or none that the caller may see.
    NotFound,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// The thing changed since the caller read it (`If-Match`).
    RevisionMismatch,
    /// Something with that name exists already.
    AlreadyExists,
    /// Something else still needs it; `detail` says what.
    InUse,
    /// The last admin cannot be removed or demoted.
    LastAdmin,
    /// The cell refuses it as things are; `detail` says why.
    CellRefused,
    /// The cell has no leader: most of its voters cannot be reached. What is being recorded goes on.
    NoQuorum,
    /// Too many requests or attempts; `Retry-After` says when to come back.
    TooManyRequests,
    /// The camera has no pictures to show now; its status says why.
    CameraNotLive,
    /// A named limit leaves no room.
    LimitReached,
    /// Something behind the API is not available; the same request may work later.
    Unavailable,
    /// A fault of ours; the request id finds it in the log.
    Internal,
}

impl ProblemCode {
    /// The code as it stands in the problem's `type` and `code`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedBody => "malformed_body",
            Self::InvalidFields => "invalid_fields",
            Self::InvalidQuery => "invalid_query",
            Self::BodyTooLarge => "body_too_large",
            Self::Unauthenticated => "unauthenticated",
            Self::BadCredentials => "bad_credentials",
            Self::TokenExpired => "token_expired",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::RevisionMismatch => "revision_mismatch",
            Self::AlreadyExists => "already_exists",
            Self::InUse => "in_use",
            Self::LastAdmin => "last_admin",
            Self::CellRefused => "cell_refused",
            Self::NoQuorum => "no_quorum",
            Self::TooManyRequests => "too_many_requests",
            Self::CameraNotLive => "camera_not_live",
            Self::LimitReached => "limit_reached",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }

    /// The HTTP status it comes with.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::MalformedBody | Self::InvalidQuery => 400,
            Self::Unauthenticated | Self::BadCredentials | Self::TokenExpired => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::AlreadyExists | Self::InUse | Self::LastAdmin | Self::CellRefused => 409,
            Self::RevisionMismatch => 412,
            Self::BodyTooLarge => 413,
            Self::InvalidFields => 422,
            Self::TooManyRequests => 429,
            Self::Internal => 500,
            Self::CameraNotLive | Self::LimitReached | Self::NoQuorum | Self::Unavailable => 503,
        }
    }
}

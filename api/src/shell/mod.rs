//! What happens around every request, whoever makes it: correlation id, log, metrics, problems, headers.

mod headers;
mod observe;

pub(crate) use headers::security_headers;
pub(crate) use observe::observe;

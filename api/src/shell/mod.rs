//! What happens around every request, whoever makes it: correlation id, log, metrics, problems, headers.

mod headers;
mod observe;
mod request_counts;
mod request_ids;

pub(crate) use headers::security_headers;
pub(crate) use observe::observe;
pub(crate) use request_counts::RequestCounts;
pub(crate) use request_ids::RequestIds;

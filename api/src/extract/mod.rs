//! What handlers take from requests. Each answers a [`Problem`](crate::Problem) that names the field.

mod json;
mod path;
mod query;
mod range;

#[cfg(fuzzing)]
pub(crate) use json::parse;
pub(crate) use json::{ApiJson, from_value};
pub(crate) use path::ApiPath;
pub(crate) use query::ApiQuery;
pub(crate) use range::{range_of, range_or};

//! What handlers take from requests. Each answers a [`Problem`](crate::Problem) that names the field.

mod json;
mod path;
mod query;

#[cfg(fuzzing)]
pub(crate) use json::parse;
pub(crate) use json::{ApiJson, from_value};
pub(crate) use path::ApiPath;
pub(crate) use query::ApiQuery;

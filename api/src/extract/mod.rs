//! What handlers take from requests. Each answers a [`Problem`](crate::Problem) that names the field.

mod json;
mod path;
mod query;

pub(crate) use json::{ApiJson, from_value};
pub(crate) use path::ApiPath;
pub(crate) use query::ApiQuery;

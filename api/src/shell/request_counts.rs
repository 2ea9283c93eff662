use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use metrics::{Counter, Histogram};

/// Routes that are remembered: all of the table, and the one for whatever has none.
const ROUTES_MAX: usize = 1_000;

/// The series of each route, looked up in the recorder once: ten thousand viewers are answered at one moment, and a look-up there
/// makes a copy of every label.
#[derive(Default)]
pub(crate) struct RequestCounts(RwLock<HashMap<Box<str>, Vec<Series>>>);

/// Answers to one method with one status. Methods and statuses are fixed sets, so a route has a handful.
struct Series {
    method: &'static str,
    status: u16,
    answered: Counter,
    took: Histogram,
}

impl RequestCounts {
    /// Counts an answer.
    pub(crate) fn count(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let of_answer = |series: &&Series| series.status == status && series.method == method;
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = known.get(route).and_then(|all| all.iter().find(of_answer)) {
            return series.count(took);
        }
        drop(known);
        let series = Series::of(method, route, status);
        series.count(took);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < ROUTES_MAX || known.contains_key(route) {
            let all = known.entry(route.into()).or_default();
            // Somebody else may have come meanwhile: both are handles of the same series.
            if !all.iter().any(|known| of_answer(&known)) {
                all.push(series);
            }
        }
    }
}

impl Series {
    fn of(method: &'static str, route: &str, status: u16) -> Self {
        let labels = [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.to_string())];
        let answered = metrics::counter!("eyrie_http_requests_total", &labels);
        let took = metrics::histogram!("eyrie_http_request_duration_seconds", &labels[..2]);
        Self { method, status, answered, took }
    }

    fn count(&self, took: Duration) {
        self.answered.increment(1);
        self.took.record(took.as_secs_f64());
    }
}

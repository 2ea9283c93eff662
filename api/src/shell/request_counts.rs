use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use metrics::{Counter, Histogram};

/// Routes that are remembered: all of the table, and the one for whatever has none.
const ROUTES_MAX: usize = 1_000;

/// The series of each route, looked up in the recorder once: ten thousand viewers are answered at one moment, and a look-up there
/// makes a copy of every label.
#[derive(Default)]
pub(crate) struct RequestCounts(RwLock<HashMap<Box<str>, OfRoute>>);

type OfRoute = Arc<RwLock<Vec<Series>>>;

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
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(route).cloned();
        let series = known.unwrap_or_else(|| self.remember(route));
        let of_answer = |series: &&Series| series.status == status && series.method == method;
        if let Some(series) = series.read().unwrap_or_else(PoisonError::into_inner).iter().find(of_answer) {
            return series.count(took);
        }
        let new = Series::of(method, route, status);
        new.count(took);
        // Of two who come at the same moment both are told of: they are handles of the same series.
        series.write().unwrap_or_else(PoisonError::into_inner).push(new);
    }

    fn remember(&self, route: &str) -> OfRoute {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= ROUTES_MAX {
            return Arc::default();
        }
        Arc::clone(known.entry(route.into()).or_default())
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

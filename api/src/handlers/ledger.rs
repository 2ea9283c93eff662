use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use eyrie_storage::ledger::{DayItem, DayRollup, Summary, coarsen, items};
use eyrie_types::{CameraId, TenantId, TimeRange, WallTime};

use super::footage;
use crate::extract::{ApiPath, ApiQuery, range_or};
use crate::known_camera::known_camera;
use crate::model::{LedgerAnswer, LedgerDay, LedgerQuery, SloAnswer, TimelineAnswer, TimelineQuery};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// The longest range: a year, and the month one looks back from its end.
const RANGE_MAX: Duration = Duration::from_secs(400 * 86_400);
/// The days of a ledger unless asked otherwise.
const LEDGER_DEFAULT: Duration = Duration::from_secs(29 * 86_400);
/// The timeline unless asked otherwise.
const TIMELINE_DEFAULT: Duration = Duration::from_secs(86_400);
/// Up to this length a timeline is drawn from the rows themselves, beyond it from days that were drawn up before.
const EXACT_MAX: Duration = Duration::from_secs(2 * 86_400);
/// Stretches of a timeline: a wide screen, and the most a client may ask for.
const POINTS: (u32, u32) = (1000, 5000);
/// How long after its end a day is still derived anew each time: rows of a busy or ailing node come late.
const SETTLED_AFTER: Duration = Duration::from_secs(600);

/// Shows the account of a camera by UTC day.
///
/// Whole days, in UTC, that the range touches. A day that is over is derived once and kept until any of its rows changes.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/ledger", tag = "footage",
    params(("id" = CameraId, Path, description = "Which camera."), LedgerQuery),
    responses((status = 200, description = "The account, by day.", body = LedgerAnswer)))]
pub(crate) async fn get_ledger(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<LedgerQuery>,
) -> Result<Json<LedgerAnswer>, Problem> {
    let now = state.clock().now();
    let range = range_or(query.from, query.to, now, LEDGER_DEFAULT, RANGE_MAX)?;
    known_camera(&state, &caller.tenant, id).await?;
    let days = days(&state, &caller.tenant, id, range, now).await?;
    let mut total = Summary::default();
    days.values().for_each(|day| total.add(&day.summary));
    let named = |(day, rollup): (&u32, &DayRollup)| LedgerDay {
        day: DayRollup::range(*day).start.to_string().chars().take("YYYY-MM-DD".len()).collect(),
        account: (&rollup.summary).into(),
    };
    let slo = SloAnswer::of(&total, state.node().settings().slo_recording);
    Ok(Json(LedgerAnswer { days: days.iter().map(named).collect(), total: (&total).into(), slo }))
}

/// Draws a range of a camera.
///
/// What is recorded, was deleted and is missing, as finely as the answer's `points` allow: from a minute to a year. Up to two days,
/// what lies on a node that does not answer now is missing; beyond, it counts as recorded.
#[utoipa::path(get, path = "/api/v1/cameras/{id}/timeline", tag = "footage",
    params(("id" = CameraId, Path, description = "Which camera."), TimelineQuery),
    responses((status = 200, description = "The range, drawn.", body = TimelineAnswer)))]
pub(crate) async fn get_timeline(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<CameraId>,
    ApiQuery(query): ApiQuery<TimelineQuery>,
) -> Result<Json<TimelineAnswer>, Problem> {
    let now = state.clock().now();
    let range = range_or(query.from, query.to, now, TIMELINE_DEFAULT, RANGE_MAX)?;
    let points = query.points.unwrap_or(POINTS.0);
    if !(1..=POINTS.1).contains(&points) {
        return Err(Problem::query("points", format!("must be 1 to {}", POINTS.1)));
    }
    known_camera(&state, &caller.tenant, id).await?;
    let there = state.directory().camera(&caller.tenant, id).await?.is_some();
    let drawn: Vec<DayItem> = if range.duration() <= EXACT_MAX {
        items(&footage::shown_ledger(&state, &caller.tenant, id, range, now).await?)
    } else {
        days(&state, &caller.tenant, id, range, now).await?.into_values().flat_map(|day| day.items).collect()
    };
    let markers = if there || super::markers::sees_deleted(&caller) {
        state.store().marker_steps(&caller.tenant, id, range, points as usize).await?
    } else {
        Vec::new()
    };
    let markers = markers.into_iter().map(Into::into).collect();
    let items = coarsen(&drawn, range, points as usize).iter().map(Into::into).collect();
    Ok(Json(TimelineAnswer { from: range.start, to: range.end, items, markers }))
}

/// The UTC days that `range` touches: kept ones as they are, the others derived, and kept if they are over.
async fn days(
    state: &GatewayState,
    tenant: &TenantId,
    camera: CameraId,
    range: TimeRange,
    now: WallTime,
) -> Result<BTreeMap<u32, DayRollup>, Problem> {
    let (first, last) = (range.start.utc_day(), range.end.offset_us(-1).utc_day().max(range.start.utc_day()));
    let mut days = state.store().day_rollups(tenant, camera, first, last).await?;
    // What is durable and not in the index yet belongs to its day, however long that is over.
    let tail = state.node().tails(tenant, camera).await;
    let open: Vec<u32> = tail.iter().flat_map(|open| [open.row.start.utc_day(), open.row.end.utc_day()]).collect();
    let mut due = Vec::new();
    for day in first..=last {
        let whole = DayRollup::range(day);
        let settled = now > whole.end + SETTLED_AFTER && !open.contains(&day);
        if !settled {
            days.insert(day, DayRollup::of(&footage::ledger_of(state, tenant, camera, whole, now).await?, day));
        } else if !days.contains_key(&day) {
            due.push(day);
        }
    }
    while !due.is_empty() {
        let drawn = state.store().draw_day_rollups(tenant, camera, state.node_id(), due.clone(), now).await?;
        due.retain(|day| !drawn.contains_key(day));
        days.extend(drawn);
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deleted_counts_as_recorded_and_an_objective_that_is_missed_leaves_less_than_nothing() {
        let second = 1_000_000;
        let mut summary = Summary { expected_us: 1000 * second, deleted_us: 999 * second, ..Summary::default() };
        summary.missing_us = second;
        let met = SloAnswer::of(&summary, 0.99);
        assert_eq!(met.achieved, Some(0.999));
        assert!((met.budget_s - 10.0).abs() < 1e-6 && (met.budget_left_s - 9.0).abs() < 1e-6, "{met:?}");
        assert!(SloAnswer::of(&summary, 0.9999).budget_left_s < 0.0);
        assert_eq!(SloAnswer::of(&Summary::default(), 0.99).achieved, None);
    }
}

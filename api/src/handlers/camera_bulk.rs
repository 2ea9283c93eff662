use axum::Json;
use axum::extract::State;
use eyrie_storage::store::{BULK_MAX, BulkChange, BulkOutcome};
use eyrie_types::Labels;

use crate::camera_changes;
use crate::extract::ApiJson;
use crate::model::{BulkAction, BulkAnswer, BulkInput, BulkResult};
use crate::principal::{Authorized, Correlation, Principal};
use crate::{GatewayState, Problem};

/// Changes many cameras at once.
#[utoipa::path(post, path = "/api/v1/cameras/bulk", tag = "cameras", request_body = BulkInput,
    responses((status = 200, description = "How it went, camera by camera.", body = BulkAnswer)))]
pub(crate) async fn change_cameras(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    correlation: Correlation,
    ApiJson(input): ApiJson<BulkInput>,
) -> Result<Json<BulkAnswer>, Problem> {
    if input.ids.is_empty() || input.ids.len() > BULK_MAX {
        return Err(Problem::field("ids", format!("must hold 1 to {BULK_MAX} ids")));
    }
    let change = match input.action {
        BulkAction::Enable => BulkChange::Enable,
        BulkAction::Disable => BulkChange::Disable,
        BulkAction::Delete => BulkChange::Delete,
        BulkAction::AddLabels => BulkChange::AddLabels(labels(input.labels)?),
        BulkAction::RemoveLabels => BulkChange::RemoveLabels(labels(input.labels)?),
    };
    let (ids, now, by) = (input.ids.clone(), state.clock().now(), caller.by(correlation));
    let outcomes = state.store().change_cameras(&caller.tenant, ids, change, now, by).await?;
    let mut results = Vec::with_capacity(outcomes.len());
    let (mut changed, mut deleted) = (Vec::new(), Vec::new());
    for (id, outcome) in input.ids.into_iter().zip(outcomes) {
        let problem = match outcome {
            Ok(BulkOutcome::Changed(stored, event)) => {
                changed.push((*stored, event));
                None
            }
            Ok(BulkOutcome::Unchanged) => None,
            Ok(BulkOutcome::Deleted(event)) => {
                deleted.push((id, event));
                None
            }
            Err(error) => Some(Problem::from(error)),
        };
        results.push(BulkResult { id, ok: problem.is_none(), problem });
    }
    if !changed.is_empty() {
        camera_changes::apply(&state, changed).await;
    }
    if !deleted.is_empty() {
        camera_changes::removed(&state, &caller.tenant, deleted).await;
    }
    Ok(Json(BulkAnswer { results }))
}

fn labels(labels: Option<Labels>) -> Result<Labels, Problem> {
    labels.filter(|labels| labels.iter().next().is_some()).ok_or_else(|| Problem::field("labels", "is required here"))
}

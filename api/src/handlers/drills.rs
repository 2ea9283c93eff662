use axum::Json;
use axum::extract::State;
use eyrie_chaos::drill::file::read_drill;
use eyrie_chaos::drill::on_cell::{ABILITIES, Adapted, acts_of, adapt, cannot_cut, plan_on_cell};
use eyrie_chaos::drill::{CATALOGUE, Drill, Fault, Plan, Refusal};
use eyrie_types::{CellId, DrillRun, DrillRunState, ProblemCode};

use super::cluster::cell;
use crate::drills::{Known, cell_facts, current, heard, known};
use crate::extract::ApiJson;
use crate::model::{CatalogueAnswer, CatalogueDrill, DrillPlanAnswer, DrillWanted};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Lists the drills that come with this release.
#[utoipa::path(get, path = "/api/v1/drills", tag = "drills",
    responses((status = 200, description = "The catalogue.", body = CatalogueAnswer)))]
pub(crate) async fn list_drills(_caller: Authorized<Principal>) -> Result<Json<CatalogueAnswer>, Problem> {
    let items = CATALOGUE.iter().map(|(_, text)| {
        // A test reads each of them.
        let drill = read_drill(text)
            .map_err(|_| Problem::new(ProblemCode::Internal, "A drill of the catalogue is damaged."))?;
        Ok(catalogued(drill))
    });
    Ok(Json(CatalogueAnswer { items: items.collect::<Result<_, Problem>>()? }))
}

fn catalogued(drill: Drill) -> CatalogueDrill {
    let faults: Vec<_> = drill.faults.iter().flat_map(|timed| &timed.one_of).collect();
    let cannot = faults.iter().filter(|fault| acts_of(fault).is_none());
    let why = |fault: &Fault| cannot_cut(fault).map(|why| format!(": {why}")).unwrap_or_default();
    let mut unsupported: Vec<_> = cannot.map(|fault| format!("no agent can do this: {fault}{}", why(fault))).collect();
    let (name, hypothesis, blast_radius) =
        (drill.name.clone(), drill.hypothesis.clone(), drill.blast_radius.to_string());
    let faults = faults.iter().map(ToString::to_string).collect();
    // Which cell it is makes no difference here.
    let left_out = match adapt(drill, CellId::from_uuid(uuid::Uuid::nil())) {
        Ok(Adapted { drill, left_out }) => {
            let measured = |bound: &eyrie_chaos::drill::Bound| !ABILITIES.measures.contains(&bound.measure);
            let not = drill.bounds().into_iter().filter(measured);
            unsupported
                .extend(not.map(|bound| format!("not measured on a cell that exists: {}", bound.measure.field())));
            left_out
        }
        Err(refusal) => {
            unsupported.push(refusal.to_string());
            Vec::new()
        }
    };
    CatalogueDrill { name, hypothesis, blast_radius, faults, left_out, unsupported }
}

/// Says what a drill would do, and whether it may be begun now. Does nothing.
#[utoipa::path(post, path = "/api/v1/drills/plan", tag = "drills", request_body = DrillWanted,
    responses((status = 200, description = "The plan, or why there is none.", body = DrillPlanAnswer)))]
pub(crate) async fn plan_drill(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiJson(wanted): ApiJson<DrillWanted>,
) -> Result<Json<DrillPlanAnswer>, Problem> {
    let known = known(&wanted)?;
    let planned = planned(&state, &caller, &known).await?;
    let Adapted { drill, left_out } = known.adapted;
    let (plan, refusals) = match planned {
        Ok(plan) => (plan, Vec::new()),
        Err(refusals) => (Plan { lines: Vec::new(), warnings: Vec::new() }, refusals),
    };
    Ok(Json(DrillPlanAnswer {
        drill: drill.name,
        hypothesis: drill.hypothesis,
        blast_radius: drill.blast_radius.to_string(),
        lines: plan.lines,
        warnings: plan.warnings,
        left_out,
        refusals: refusals.iter().map(ToString::to_string).collect(),
    }))
}

/// What `known` would do to the cell as it is, or every reason against it.
pub(super) async fn planned(
    state: &GatewayState,
    caller: &Principal,
    known: &Known,
) -> Result<Result<Plan, Vec<Refusal>>, Problem> {
    let mut of_cell = cell_facts(state, &caller.tenant, cell(state).await?).await?;
    of_cell.facts.running = running(state).await?.map(|run| run.asked.drill);
    let agents = heard(state.store().drill_agents().await?, &of_cell.names, state.clock().now());
    Ok(plan_on_cell(&known.adapted.drill, &of_cell.facts, &agents))
}

/// The run that is not over, if there is one.
pub(super) async fn running(state: &GatewayState) -> Result<Option<DrillRun>, Problem> {
    let Some(id) = state.store().drill_turn().await? else { return Ok(None) };
    let run = current(state, id).await?.run;
    Ok((run.now.state != DrillRunState::Ended).then_some(run))
}

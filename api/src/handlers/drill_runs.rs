use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use eyrie_chaos::drill::report::Outcome;
use eyrie_chaos::drill::{DrillReport, Refusal};
use eyrie_storage::store::{DRILL_REPORT_BYTES_MAX, StoreError};
use eyrie_types::{
    DrillAct, DrillAsked, DrillNow, DrillOrder, DrillRun, DrillRunId, DrillRunState, DrillRunner, DrillRunnerId,
    FieldError, ProblemCode,
};

use super::drills::{planned, running};
use crate::authorize::ActedOn;
use crate::drills::{FAULTS_MAX, LINES_MAX, ORDERS_MAX, TEXT_CHARS_MAX, change, current, known};
use crate::extract::{ApiJson, ApiPath};
use crate::model::{
    AgentDoing, CarriedAnswer, CarryInput, DrillRunsAnswer, DrillWanted, ReportForm, RunnerAnswer, RunnerBeat,
    RunnerEnd,
};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// A report shows what cells and files call things: it may style itself, and do nothing else.
const REPORT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// Lists the runs of drills.
#[utoipa::path(get, path = "/api/v1/drills/runs", tag = "drills",
    responses((status = 200, description = "The runs that are kept.", body = DrillRunsAnswer)))]
pub(crate) async fn list_runs(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
) -> Result<Json<DrillRunsAnswer>, Problem> {
    // The one that has the turn may be overdue.
    running(&state).await?;
    Ok(Json(DrillRunsAnswer { items: state.store().drill_runs().await? }))
}

/// Begins a drill on this cell.
///
/// One at a time. Refused (`cell_refused`) on another cell than the one that is meant, on one that is not in its steady state, when
/// it could touch more than it may, and where an agent is missing; nothing is done then. `errors` has each reason, under `refused`,
/// or `unsupported` for what no agent can do. One of the agents carries it, unless `runner` says who does.
#[utoipa::path(post, path = "/api/v1/drills/runs", tag = "drills", request_body = DrillWanted,
    responses((status = 201, description = "Begun.", body = DrillRun,
        headers(("location" = String, description = "Its path.")))))]
pub(crate) async fn begin_run(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiJson(wanted): ApiJson<DrillWanted>,
) -> Result<Response, Problem> {
    let known = known(&wanted)?;
    if let Some(runner) = &wanted.runner {
        check_text("runner.name", &runner.name)?;
    }
    let last = state.store().drill_turn().await?;
    let plan = planned(&state, &caller, &known).await?.map_err(|refusals| refused(&refusals))?;
    let (drill, now) = (&known.adapted.drill, state.clock().now());
    let asked = DrillAsked {
        drill: drill.name.clone(),
        hypothesis: drill.hypothesis.clone(),
        cell: known.cell,
        seed: wanted.seed.map_or_else(random_seed, Ok)?,
        blast_radius: drill.blast_radius.to_string(),
        plan: plan.lines.into_iter().chain(plan.warnings.iter().map(|warning| format!("mind: {warning}"))).collect(),
        dead_man_ms: u64::try_from(drill.dead_man.as_millis()).unwrap_or(u64::MAX),
        by: caller.username.to_string(),
        at: now,
    };
    let mut begun = DrillRun { id: DrillRunId::generate(), asked, now: DrillNow::default() };
    if let Some(CarryInput { id, name }) = wanted.runner {
        begun.now.state = DrillRunState::Running;
        begun.now.runner = Some(DrillRunner { id, name, heard_at: now });
    }
    if !state.store().begin_drill_run(last, begun.clone(), known.file).await? {
        // Somebody else was faster.
        let drill = running(&state).await?.map_or_else(String::new, |run| run.asked.drill);
        return Err(refused(&[Refusal::AlreadyRunning { drill }]));
    }
    metrics::counter!("eyrie_drill_runs_total").increment(1);
    tracing::warn!(run = %begun.id, drill = begun.asked.drill, user = begun.asked.by, "a drill begins on this cell");
    let location = format!("/api/v1/drills/runs/{}", begun.id);
    let concerns = about(&begun, &begun.asked.blast_radius);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], axum::Extension(concerns), Json(begun)).into_response())
}

/// Shows a run.
#[utoipa::path(get, path = "/api/v1/drills/runs/{id}", tag = "drills",
    params(("id" = DrillRunId, Path, description = "Which run.")),
    responses((status = 200, description = "The run.", body = DrillRun)))]
pub(crate) async fn get_run(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
    ApiPath(id): ApiPath<DrillRunId>,
) -> Result<Json<DrillRun>, Problem> {
    Ok(Json(current(&state, id).await?.run))
}

/// Breaks a run off.
///
/// Agents end its faults within a second; whoever carries it writes its report. One that nobody carries any more is over by that.
/// A run that is over stays as it is.
#[utoipa::path(post, path = "/api/v1/drills/runs/{id}/abort", tag = "drills",
    params(("id" = DrillRunId, Path, description = "Which run.")),
    responses((status = 200, description = "The run as it is now.", body = DrillRun)))]
pub(crate) async fn abort_run(
    State(state): State<GatewayState>,
    caller: Authorized<Principal>,
    ApiPath(id): ApiPath<DrillRunId>,
) -> Result<Response, Problem> {
    let why = format!("{} said so", caller.username);
    let time = state.clock().now();
    let run = change(&state, id, |run| {
        let mut now = run.now.clone();
        if now.state == DrillRunState::Ended {
            return Ok(now);
        }
        now.abort.get_or_insert_with(|| why.clone());
        now.orders.clear();
        if now.runner.is_none() {
            now.state = DrillRunState::Ended;
            now.ended_at = Some(time);
            let reasons = vec![format!("broken off: {why}")];
            now.verdict =
                Some(eyrie_types::DrillVerdict { outcome: "aborted".to_owned(), reasons, worst_gap_ms: None });
        }
        Ok(now)
    })
    .await?;
    tracing::warn!(run = %run.id, drill = run.asked.drill, user = %caller.username, "a drill is broken off");
    Ok((axum::Extension(about(&run, "broken off")), Json(run)).into_response())
}

/// Takes a run that nobody carries, to carry it.
#[utoipa::path(post, path = "/api/v1/drills/runs/{id}/carry", tag = "drills",
    params(("id" = DrillRunId, Path, description = "Which run.")), request_body = CarryInput,
    responses((status = 200, description = "It is the caller's.", body = CarriedAnswer)))]
pub(crate) async fn carry_run(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
    ApiPath(id): ApiPath<DrillRunId>,
    ApiJson(CarryInput { id: runner, name }): ApiJson<CarryInput>,
) -> Result<Response, Problem> {
    check_text("name", &name)?;
    let file = state.store().drill_file(id).await?.ok_or(StoreError::NotFound("drill run"))?;
    let heard_at = state.clock().now();
    let run = change(&state, id, |run| match run.now.state {
        DrillRunState::Waiting => Ok(DrillNow {
            state: DrillRunState::Running,
            runner: Some(DrillRunner { id: runner, name: name.clone(), heard_at }),
            ..run.now.clone()
        }),
        // Its answer was lost.
        DrillRunState::Running if carries(run, runner) => Ok(run.now.clone()),
        _ => Err(Problem::new(ProblemCode::CellRefused, "Another one carries this run, or it is over.")),
    })
    .await?;
    let concerns = about(&run, &format!("carried by {name}"));
    Ok((axum::Extension(concerns), Json(CarriedAnswer { run, file })).into_response())
}

/// Keeps a run alive: what is to be in force, and how far it has come.
#[utoipa::path(post, path = "/api/v1/drills/runs/{id}/beat", tag = "drills",
    params(("id" = DrillRunId, Path, description = "Which run.")), request_body = RunnerBeat,
    responses((status = 200, description = "What became of its orders.", body = RunnerAnswer)))]
pub(crate) async fn beat_run(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
    ApiPath(id): ApiPath<DrillRunId>,
    ApiJson(beat): ApiJson<RunnerBeat>,
) -> Result<Json<RunnerAnswer>, Problem> {
    check_beat(&beat)?;
    let heard_at = state.clock().now();
    let run = change(&state, id, |run| {
        check_carries(run, beat.runner)?;
        let mut now = run.now.clone();
        now.progress = beat.progress.clone();
        // Nothing begins any more in a run that is broken off.
        now.orders = if now.abort.is_none() { beat.orders.clone() } else { Vec::new() };
        if let Some(runner) = &mut now.runner {
            runner.heard_at = heard_at;
        }
        Ok(now)
    })
    .await?;
    let agents = state.store().drill_agents().await?;
    let of_run = |node| move |doing: eyrie_types::DrillDoing| AgentDoing { node, doing };
    let doing = agents.into_iter().flat_map(|agent| agent.doing.into_iter().map(of_run(agent.node)));
    let doing = doing.filter(|done| done.doing.run == id).collect();
    Ok(Json(RunnerAnswer { abort: run.now.abort, doing }))
}

/// Ends a run, with its report.
#[utoipa::path(post, path = "/api/v1/drills/runs/{id}/end", tag = "drills",
    params(("id" = DrillRunId, Path, description = "Which run.")), request_body = RunnerEnd,
    responses((status = 200, description = "The run as it is now.", body = DrillRun)))]
pub(crate) async fn end_run(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
    ApiPath(id): ApiPath<DrillRunId>,
    ApiJson(RunnerEnd { runner, mut verdict, report }): ApiJson<RunnerEnd>,
) -> Result<Response, Problem> {
    check_carries(&current(&state, id).await?.run, runner)?;
    let outcomes = [Outcome::Passed, Outcome::Failed, Outcome::Aborted, Outcome::Refused, Outcome::Unsupported]
        .map(Outcome::as_str);
    if !outcomes.contains(&verdict.outcome.as_str()) {
        return Err(Problem::field("verdict.outcome", format!("must be one of {}", outcomes.join(", "))));
    }
    if verdict.reasons.len() > LINES_MAX {
        return Err(Problem::field("verdict.reasons", format!("must be at most {LINES_MAX}")));
    }
    // Cut, not refused: a drill that is over has to end. The report has them whole.
    for reason in &mut verdict.reasons {
        if let Some((end, _)) = reason.char_indices().nth(TEXT_CHARS_MAX) {
            reason.truncate(end);
        }
    }
    // Read and written again: what is kept can be shown.
    let report =
        DrillReport::from_json(&report.to_string()).map_err(|error| Problem::field("report", error.to_string()))?;
    let report = report.to_json().map_err(|error| Problem::field("report", error.to_string()))?;
    if report.len() > DRILL_REPORT_BYTES_MAX {
        return Err(Problem::field("report", format!("must be at most {DRILL_REPORT_BYTES_MAX} bytes long")));
    }
    // First the report: a run that is over has one.
    state.store().put_drill_report(id, report).await?;
    let ended_at = state.clock().now();
    let run = change(&state, id, |run| {
        check_carries(run, runner)?;
        Ok(DrillNow {
            state: DrillRunState::Ended,
            orders: Vec::new(),
            ended_at: Some(ended_at),
            verdict: Some(verdict.clone()),
            ..run.now.clone()
        })
    })
    .await?;
    tracing::info!(run = %run.id, drill = run.asked.drill, outcome = verdict.outcome, "a drill is over");
    Ok((axum::Extension(about(&run, &verdict.outcome)), Json(run)).into_response())
}

/// Gives the report of a run.
///
/// `html` is one page for people, `json` for programs, `junit` for CI.
#[utoipa::path(get, path = "/api/v1/drills/runs/{id}/report/{form}", tag = "drills",
    params(("id" = DrillRunId, Path, description = "Of which run."), ("form" = inline(ReportForm), Path, description = "In which form.")),
    responses((status = 200, description = "The report.", body = String, content_type = "text/html")))]
pub(crate) async fn get_report(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
    ApiPath((id, form)): ApiPath<(DrillRunId, ReportForm)>,
) -> Result<Response, Problem> {
    let text = state.store().drill_report(id).await?.ok_or_else(|| Problem::not_found("report of such a drill run"))?;
    let damaged = |_| Problem::new(ProblemCode::Internal, "The report was written by another release.");
    let (kind, text) = match form {
        ReportForm::Json => ("application/json", text),
        ReportForm::Html => ("text/html; charset=utf-8", DrillReport::from_json(&text).map_err(damaged)?.to_html()),
        ReportForm::Junit => {
            ("application/xml; charset=utf-8", DrillReport::from_json(&text).map_err(damaged)?.to_junit())
        }
    };
    Ok((
        [(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::CONTENT_SECURITY_POLICY, REPORT_POLICY)],
        text,
    )
        .into_response())
}

/// What the audit log says of a run beside its id.
fn about(run: &DrillRun, more: &str) -> ActedOn {
    ActedOn(format!("drills/runs/{} {}: {more}", run.id, run.asked.drill))
}

fn refused(refusals: &[Refusal]) -> Problem {
    let field = |refusal: &Refusal| if refusal.is_unsupported() { "unsupported" } else { "refused" };
    let detail = refusals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let errors = refusals.iter().map(|refusal| FieldError::new(field(refusal), refusal.to_string())).collect();
    Problem { errors, ..Problem::new(ProblemCode::CellRefused, detail) }
}

fn carries(run: &DrillRun, runner: DrillRunnerId) -> bool {
    run.now.runner.as_ref().is_some_and(|known| known.id == runner)
}

fn check_carries(run: &DrillRun, runner: DrillRunnerId) -> Result<(), Problem> {
    if run.now.state == DrillRunState::Running && carries(run, runner) {
        return Ok(());
    }
    Err(Problem::new(ProblemCode::CellRefused, "This run is over, or another one carries it."))
}

fn check_beat(beat: &RunnerBeat) -> Result<(), Problem> {
    let too_many = |field: &str, max: usize| Err(Problem::field(field, format!("must be at most {max}")));
    let progress = &beat.progress;
    if beat.orders.len() > ORDERS_MAX {
        return too_many("orders", ORDERS_MAX);
    }
    let from = |order: &DrillOrder| if let DrillAct::Partition { from, .. } = &order.act { from.len() } else { 0 };
    if beat.orders.iter().any(|order| from(order) > ORDERS_MAX) {
        return too_many("orders.act.from", ORDERS_MAX);
    }
    if progress.lines.len() > LINES_MAX {
        return too_many("progress.lines", LINES_MAX);
    }
    if progress.faults.len() > FAULTS_MAX {
        return too_many("progress.faults", FAULTS_MAX);
    }
    let texts = progress.faults.iter().flat_map(|fault| fault.hit.iter().chain([&fault.what]));
    let mut texts = texts.chain(&progress.lines).chain([&progress.doing]);
    texts.try_for_each(|text| check_text("progress", text))
}

fn check_text(field: &str, text: &str) -> Result<(), Problem> {
    if text.chars().count() <= TEXT_CHARS_MAX {
        return Ok(());
    }
    Err(Problem::field(field, format!("no text may be longer than {TEXT_CHARS_MAX} characters")))
}

fn random_seed() -> Result<u64, Problem> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|_| Problem::new(ProblemCode::Internal, "No random numbers."))?;
    // Short enough to be typed.
    Ok(u64::from_le_bytes(bytes) % 1_000_000)
}

use axum::Json;
use axum::extract::State;
use eyrie_actors::peer::with_port;
use eyrie_types::{DrillAgent, DrillRunState, NodeId};

use super::cluster::cell;
use super::drills::running;
use crate::drills::{AGAIN_IDLE, AGAIN_RUNNING, CAN_MAX, DOING_MAX, TEXT_CHARS_MAX, hears};
use crate::extract::{ApiJson, ApiPath};
use crate::model::{AgentAnswer, AgentBeat, AgentPeer, AgentRun, AgentsAnswer, NodeAgent};
use crate::principal::{Authorized, Principal};
use crate::{GatewayState, Problem};

/// Lists the agents that do faults to the nodes of this cell.
#[utoipa::path(get, path = "/api/v1/drills/agents", tag = "drills",
    responses((status = 200, description = "Every node, with its agent.", body = AgentsAnswer)))]
pub(crate) async fn list_agents(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
) -> Result<Json<AgentsAnswer>, Problem> {
    let (cell, agents) = (cell(&state).await?, state.store().drill_agents().await?);
    let now = state.clock().now();
    let items = cell.nodes.into_iter().map(|node| {
        let agent = agents.iter().find(|agent| agent.node == node.id).cloned();
        let heard = agent.as_ref().is_some_and(|agent| hears(agent, now));
        NodeAgent { name: node.name, node: node.id, heard, agent }
    });
    Ok(Json(AgentsAnswer { cell: cell.id, items: items.collect() }))
}

/// Hears an agent, and tells it what is to be done to its node.
#[utoipa::path(post, path = "/api/v1/drills/agents/{id}", tag = "drills",
    params(("id" = NodeId, Path, description = "The node that the agent stands beside.")), request_body = AgentBeat,
    responses((status = 200, description = "What it has to know.", body = AgentAnswer)))]
pub(crate) async fn hear_agent(
    State(state): State<GatewayState>,
    _caller: Authorized<Principal>,
    ApiPath(id): ApiPath<NodeId>,
    ApiJson(AgentBeat { runner, can, cannot, version, doing }): ApiJson<AgentBeat>,
) -> Result<Json<AgentAnswer>, Problem> {
    let long = |text: &String| text.chars().count() > TEXT_CHARS_MAX;
    if can.len() > CAN_MAX || can.iter().any(long) || long(&version) {
        return Err(Problem::field("can", format!("must be at most {CAN_MAX} words")));
    }
    if cannot.len() > CAN_MAX || cannot.iter().any(|cannot| long(&cannot.word) || long(&cannot.why)) {
        return Err(Problem::field("cannot", format!("must be at most {CAN_MAX}, none with a long reason")));
    }
    if doing.len() > DOING_MAX || doing.iter().any(|doing| long(&doing.why)) {
        return Err(Problem::field("doing", format!("must be at most {DOING_MAX}, none with a long reason")));
    }
    let cell = state.control().state();
    let member = cell.member(id).ok_or_else(|| Problem::not_found("node in the cell"))?;
    let heard_at = state.clock().now();
    state.store().put_drill_agent(DrillAgent { node: id, runner, can, cannot, version, doing, heard_at }).await?;
    let (mut run, mut waiting) = (None, None);
    match running(&state).await? {
        Some(found) if found.now.state == DrillRunState::Running => {
            let orders = found.now.orders.into_iter().filter(|order| order.node == id).collect();
            let (drill, dead_man_ms) = (found.asked.drill, found.asked.dead_man_ms);
            run = Some(AgentRun { id: found.id, drill, orders, dead_man_ms });
        }
        Some(found) => waiting = Some(found.id),
        None => {}
    }
    let again = if run.is_some() { AGAIN_RUNNING } else { AGAIN_IDLE };
    let again_ms = u64::try_from(again.as_millis()).unwrap_or(u64::MAX);
    let peers = cell.members().iter().map(|(node, member)| AgentPeer {
        node: *node,
        name: member.name.clone(),
        // A cell of one has none.
        address: with_port(&member.peer).unwrap_or_default(),
    });
    Ok(Json(AgentAnswer { name: member.name.clone(), run, waiting, peers: peers.collect(), again_ms }))
}

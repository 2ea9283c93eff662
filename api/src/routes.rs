//! The route table: every route with its permission, in one place. A route that is not here does not exist, and a method
//! without an entry is closed.

use std::collections::BTreeMap;

use axum::Router;
use axum::http::Method;
use axum::routing::{MethodRouter, get};
use eyrie_types::Role::{Admin, Driller, Operator, Viewer};
use utoipa::openapi::path::PathItem;
use utoipa::openapi::{OpenApi, security::SecurityRequirement};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::GatewayState;
use crate::handlers::{
    audit, auth, camera_bulk, cameras, capabilities, cluster, docs, drill_agents, drill_runs, drills, export, facts,
    feed, footage, layouts, ledger, live, markers, me, node, ops, pictures, playback, sites, users,
};
use crate::model::CapabilityKind;
use crate::permission::{Access, Permission};

/// An entry: a handler and what it takes to reach it.
enum Entry {
    /// Part of the HTTP contract; path and method come from the handler's own declaration.
    Contract(UtoipaMethodRouter<GatewayState>, Permission),
    /// Pages beside the contract, read with GET.
    Page(&'static str, MethodRouter<GatewayState>, Permission),
}

fn entries() -> Vec<Entry> {
    use Entry::{Contract, Page};
    let open = |action| Permission::of(action, Access::Open, "");
    let gate = |action| Permission::of(action, Access::Gate, "sessions").audited();
    let read = Permission::read;
    let change = Permission::change;
    let media = |action, kind| Permission::of(action, Access::Capability(kind), "cameras");
    vec![
        Contract(routes!(auth::login), gate("auth.login")),
        // A refresh every ten minutes from every dashboard says nothing; refusals do.
        Contract(routes!(auth::refresh), Permission::of("auth.refresh", Access::Gate, "sessions")),
        Contract(routes!(auth::logout), gate("auth.logout")),
        Contract(routes!(me::get_me), read("me.read", Viewer, "").or_driller()),
        Contract(routes!(me::change_password), change("me.change_password", Viewer, "").or_driller()),
        Contract(routes!(users::list_users), read("user.list", Admin, "users")),
        Contract(routes!(users::create_user), change("user.create", Admin, "users")),
        Contract(routes!(users::get_user), read("user.read", Admin, "users")),
        Contract(routes!(users::update_user), change("user.update", Admin, "users")),
        Contract(routes!(users::delete_user), change("user.delete", Admin, "users")),
        Contract(routes!(sites::list_sites), read("site.list", Viewer, "sites")),
        Contract(routes!(sites::create_site), change("site.create", Operator, "sites")),
        Contract(routes!(sites::get_site), read("site.read", Viewer, "sites")),
        Contract(routes!(sites::update_site), change("site.update", Operator, "sites")),
        Contract(routes!(sites::delete_site), change("site.delete", Operator, "sites")),
        Contract(routes!(cameras::list_cameras), read("camera.list", Viewer, "cameras").or_driller()),
        Contract(routes!(cameras::create_camera), change("camera.create", Operator, "cameras")),
        Contract(routes!(camera_bulk::change_cameras), change("camera.change_many", Operator, "cameras")),
        Contract(routes!(cameras::get_camera), read("camera.read", Viewer, "cameras")),
        Contract(routes!(cameras::update_camera), change("camera.update", Operator, "cameras")),
        Contract(routes!(cameras::change_publish_key), change("camera.change_key", Operator, "cameras")),
        Contract(routes!(cameras::delete_camera), change("camera.delete", Operator, "cameras")),
        Contract(routes!(cameras::get_camera_status), read("camera.read_status", Viewer, "cameras")),
        Contract(routes!(cameras::list_labels), read("label.list", Viewer, "")),
        Contract(routes!(footage::list_recordings), read("recording.list", Viewer, "cameras")),
        Contract(routes!(footage::list_gaps), read("gap.list", Viewer, "cameras").or_driller()),
        Contract(routes!(export::export), read("export.read", Viewer, "cameras").audited()),
        Contract(routes!(export::media_export), media("export.read", CapabilityKind::Export).audited()),
        Contract(routes!(capabilities::create_capability), change("capability.create", Viewer, "cameras")),
        Contract(routes!(ledger::get_ledger), read("ledger.read", Viewer, "cameras")),
        Contract(routes!(ledger::get_timeline), read("timeline.read", Viewer, "cameras")),
        Contract(routes!(markers::list_markers), read("marker.list", Viewer, "")),
        Contract(routes!(markers::list_camera_markers), read("marker.list", Viewer, "cameras")),
        // Whose marker it is, handlers see to: a viewer's own, an operator any.
        Contract(routes!(markers::create_marker), change("marker.create", Viewer, "cameras")),
        Contract(routes!(markers::update_marker), change("marker.update", Viewer, "cameras")),
        Contract(routes!(markers::delete_marker), change("marker.delete", Viewer, "cameras")),
        Contract(routes!(layouts::list_layouts), read("layout.list", Viewer, "layouts")),
        Contract(routes!(layouts::create_layout), change("layout.create", Viewer, "layouts")),
        Contract(routes!(layouts::update_layout), change("layout.update", Viewer, "layouts")),
        Contract(routes!(layouts::delete_layout), change("layout.delete", Viewer, "layouts")),
        Contract(routes!(facts::get_facts), read("facts.read", Viewer, "cameras")),
        Contract(routes!(facts::get_facts_history), read("facts.read", Viewer, "cameras")),
        Contract(routes!(facts::get_node_history), read("node.read", Viewer, "")),
        // Opening is audited; the thousands of parts that follow are not.
        Contract(routes!(live::live_index), read("live.open", Viewer, "cameras").audited()),
        Contract(routes!(live::live_playlist), read("live.read", Viewer, "cameras").or_driller()),
        // Playlists say when pictures were made; a driller is shown that, and none of the pictures.
        Contract(routes!(live::live_file), read("live.read", Viewer, "cameras").or_driller_head()),
        Contract(routes!(live::media_index), media("live.open", CapabilityKind::Live).audited()),
        Contract(routes!(live::media_playlist), media("live.read", CapabilityKind::Live)),
        Contract(routes!(live::media_file), media("live.read", CapabilityKind::Live)),
        Contract(routes!(playback::playback_index), read("playback.open", Viewer, "cameras").or_driller().audited()),
        Contract(routes!(playback::playback_playlist), read("playback.read", Viewer, "cameras").or_driller()),
        Contract(routes!(playback::playback_file), read("playback.read", Viewer, "cameras").or_driller_head()),
        Contract(routes!(playback::media_playback_index), media("playback.open", CapabilityKind::Playback).audited()),
        Contract(routes!(playback::media_playback_playlist), media("playback.read", CapabilityKind::Playback)),
        Contract(routes!(playback::media_playback_file), media("playback.read", CapabilityKind::Playback)),
        Contract(routes!(pictures::thumbnail), read("picture.read", Viewer, "cameras")),
        Contract(routes!(pictures::sprite), read("picture.read", Viewer, "cameras")),
        Contract(routes!(pictures::media_latest), media("picture.read", CapabilityKind::Live)),
        Contract(routes!(pictures::media_thumbnail), media("picture.read", CapabilityKind::Playback)),
        Contract(routes!(pictures::media_sprite), media("picture.read", CapabilityKind::Playback)),
        Contract(routes!(node::get_node), read("node.read", Viewer, "").or_driller()),
        Contract(routes!(cluster::get_cluster), read("cluster.read", Viewer, "").or_driller()),
        Contract(routes!(cluster::list_placements), read("cluster.read", Viewer, "").or_driller()),
        Contract(routes!(cluster::drain_node), change("cluster.drain_node", Admin, "cluster/nodes")),
        Contract(routes!(cluster::remove_node), change("cluster.remove_node", Admin, "cluster/nodes")),
        Contract(routes!(drills::list_drills), read("drill.list", Driller, "")),
        Contract(routes!(drills::plan_drill), read("drill.plan", Driller, "")),
        Contract(routes!(drill_runs::list_runs), read("drill.list_runs", Driller, "drills/runs")),
        Contract(routes!(drill_runs::begin_run), change("drill.begin", Driller, "drills/runs")),
        Contract(routes!(drill_runs::get_run), read("drill.read_run", Driller, "drills/runs")),
        Contract(routes!(drill_runs::abort_run), change("drill.abort", Driller, "drills/runs")),
        Contract(routes!(drill_runs::carry_run), change("drill.carry", Driller, "drills/runs")),
        // Every second while a drill runs; what it does is in the report.
        Contract(routes!(drill_runs::beat_run), read("drill.beat", Driller, "drills/runs")),
        Contract(routes!(drill_runs::end_run), change("drill.end", Driller, "drills/runs")),
        Contract(routes!(drill_runs::get_report), read("drill.read_report", Driller, "drills/runs")),
        Contract(routes!(drill_agents::list_agents), read("drill.list_agents", Driller, "drills/agents")),
        Contract(routes!(drill_agents::hear_agent), read("drill.agent", Driller, "drills/agents")),
        Contract(routes!(audit::list_audit), read("audit.list", Admin, "")),
        Contract(routes!(feed::create_ticket), change("ws_ticket.create", Viewer, "")),
        Contract(routes!(feed::open_feed), Permission::of("ws.open", Access::Ticket, "")),
        Contract(routes!(ops::healthz), open("health.read")),
        Contract(routes!(ops::readyz), open("health.read")),
        Contract(routes!(ops::metrics), Permission::of("metrics.read", Access::Metrics, "")),
        Contract(routes!(ops::openapi), open("contract.read")),
        Page("/docs", get(docs::redirect), open("contract.read")),
        Page("/docs/", get(docs::index), open("contract.read")),
        Page("/docs/{*file}", get(docs::file), open("contract.read")),
    ]
}

/// Permissions by path pattern and method.
pub(crate) struct RouteTable {
    permissions: BTreeMap<String, Vec<(Method, Permission)>>,
}

impl RouteTable {
    /// The permission of a request. HEAD asks for what GET gives (RFC 9110 section 9.3.2).
    pub(crate) fn permission(&self, method: &Method, path: &str) -> Option<&Permission> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.permissions.get(path)?.iter().find(|(known, _)| known == method).map(|(_, permission)| permission)
    }

    /// The methods a path takes.
    pub(crate) fn methods(&self, path: &str) -> Vec<&str> {
        self.permissions.get(path).into_iter().flatten().map(|(method, _)| method.as_str()).collect()
    }

    fn add(&mut self, path: &str, method: Method, permission: Permission) {
        self.permissions.entry(path.to_owned()).or_default().push((method, permission));
    }
}

/// The methods of a path that the contract declares, with their operations.
fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut utoipa::openapi::path::Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The routes, who may call them, and the document that says so: made of the same entries, so that they cannot differ.
pub(crate) fn build(document: OpenApi) -> (Router<GatewayState>, RouteTable, OpenApi) {
    let mut table = RouteTable { permissions: BTreeMap::new() };
    let mut router = OpenApiRouter::with_openapi(document);
    for entry in entries() {
        router = match entry {
            Entry::Contract((schemas, mut paths, methods), permission) => {
                for (path, item) in &mut paths.paths {
                    for (method, operation) in operations(item) {
                        table.add(path, method, permission);
                        describe(operation, &permission);
                    }
                }
                router.routes((schemas, paths, methods))
            }
            Entry::Page(path, methods, permission) => {
                table.add(path, Method::GET, permission);
                router.route(path, methods)
            }
        };
    }
    let (router, document) = router.split_for_parts();
    (router, table, document)
}

/// Writes into the document what the table permits.
fn describe(operation: &mut utoipa::openapi::path::Operation, permission: &Permission) {
    let who = match permission.access {
        Access::Open | Access::Gate | Access::Capability(_) | Access::Ticket => None,
        Access::Role(role) => Some(role.as_str().to_owned()),
        Access::RoleOrDriller(role) => Some(format!("{} or {}", role.as_str(), Driller.as_str())),
        Access::RoleOrDrillerHead(role) => {
            Some(format!("{}, or {} without the body (HEAD)", role.as_str(), Driller.as_str()))
        }
        Access::Metrics => Some(Admin.as_str().to_owned()),
    };
    let Some(role) = who else { return };
    operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>("bearer", [])]);
    let needs = format!("Needs the role {role} (`{}`).", permission.action);
    operation.description = Some(match operation.description.take().filter(|text| !text.is_empty()) {
        Some(text) => format!("{text}\n\n{needs}"),
        None => needs,
    });
}

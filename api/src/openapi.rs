use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::handlers::{audit, auth, camera_bulk, cameras, feed, footage, live, me, node, ops, sites, users};
use crate::model::FeedMessage;
use crate::problem::{PROBLEM_JSON, Problem};

/// The document of the whole HTTP contract.
#[derive(OpenApi)]
#[openapi(
    info(title = "Eyrie", version = "1", description = "A self-hosted video platform: cameras, live pictures, recordings.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")),
    paths(
        auth::login, auth::refresh, auth::logout, me::get_me, me::change_password,
        users::list_users, users::create_user, users::get_user, users::update_user, users::delete_user,
        sites::list_sites, sites::create_site, sites::get_site, sites::update_site, sites::delete_site,
        cameras::list_cameras, cameras::create_camera, camera_bulk::change_cameras, cameras::get_camera,
        cameras::update_camera, cameras::delete_camera, cameras::get_camera_status,
        footage::list_recordings, footage::list_gaps,
        live::create_capability, live::live_index, live::live_file, live::media_index, live::media_file,
        node::get_node, audit::list_audit, feed::create_ticket, feed::open_feed,
        ops::healthz, ops::readyz, ops::metrics, ops::openapi,
    ),
    components(schemas(Problem, FeedMessage)),
    modifiers(&BearerScheme, &ProblemEverywhere),
)]
struct Document;

/// How callers show who they are.
struct BearerScheme;

impl Modify for BearerScheme {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".to_owned());
        openapi
            .components
            .get_or_insert_with(Components::new)
            .security_schemes
            .insert("bearer".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
    }
}

/// Every operation may answer with a problem; saying so once keeps it true.
struct ProblemEverywhere;

impl Modify for ProblemEverywhere {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let problem = ResponseBuilder::new()
            .description("What went wrong.")
            .content(PROBLEM_JSON, ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build())
            .build();
        for item in openapi.paths.paths.values_mut() {
            let operations =
                [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch].into_iter().flatten();
            for operation in operations {
                operation.responses.responses.insert("default".to_owned(), RefOr::T(problem.clone()));
            }
        }
    }
}

/// The OpenAPI document as committed in `openapi/`: pretty JSON with a line break at the end.
pub fn openapi_json() -> String {
    let mut text = Document::openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

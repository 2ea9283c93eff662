use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use crate::model::{ClientMessage, FeedMessage};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::routes;

/// The document of the whole HTTP contract.
#[derive(OpenApi)]
#[openapi(
    info(title = "Eyrie", version = "1", description = "A self-hosted video platform: cameras, live pictures, recordings.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")),
    components(schemas(Problem, FeedMessage, ClientMessage)),
    modifiers(&BearerScheme),
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
fn problems_everywhere(openapi: &mut utoipa::openapi::OpenApi) {
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

/// What the document says beside its routes.
pub(crate) fn base() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The OpenAPI document as committed in `openapi/`: pretty JSON with a line break at the end.
pub fn openapi_json() -> String {
    let (_, _, mut document) = routes::build(base());
    problems_everywhere(&mut document);
    let mut text = document.to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

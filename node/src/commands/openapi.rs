use super::output::line;

/// Prints the OpenAPI document.
pub(crate) fn run() -> anyhow::Result<()> {
    line(eyrie_api::openapi_json())?;
    Ok(())
}

use super::{DrillReport, SCHEMA};

/// Why a report's JSON is refused.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It is no report, or a damaged one.
    #[error("this is not a drill report: {0}")]
    NotAReport(#[from] serde_json::Error),
    /// It was written by a release that means something else by its fields.
    #[error("this report has schema {found}, and this release reads {SCHEMA}; read it with the release that wrote it")]
    OtherSchema {
        /// Its version.
        found: u64,
    },
}

impl DrillReport {
    /// As JSON, for programs: indented, fields in the order of their declaration, ending in a line break.
    ///
    /// # Errors
    /// Never, in practice: a report holds nothing that JSON cannot.
    pub fn to_json(&self) -> Result<String, ReportError> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// Reads [`DrillReport::to_json`] back; fields it does not know are passed over.
    ///
    /// # Errors
    /// When it is no report, or one of another schema.
    pub fn from_json(text: &str) -> Result<Self, ReportError> {
        #[derive(serde::Deserialize)]
        struct Head {
            schema: u64,
        }
        let Head { schema: found } = serde_json::from_str(text)?;
        if found != u64::from(SCHEMA) {
            return Err(ReportError::OtherSchema { found });
        }
        Ok(serde_json::from_str(text)?)
    }
}

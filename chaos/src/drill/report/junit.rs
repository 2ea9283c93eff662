use std::fmt::{self, Write as _};

use super::escape::Escaped;
use super::{Check, DrillReport, Outcome};

impl DrillReport {
    /// As JUnit XML, for CI: a suite for the drill, a case for each bound, and one, `verdict`, for the drill as a whole, which
    /// fails with whatever else went wrong: faults that could not be ended, a steady state that did not come back.
    ///
    /// A drill that was broken off or refused is an error, not a failure: it says nothing of the hypothesis. One that
    /// the target cannot do is skipped.
    pub fn to_junit(&self) -> String {
        let mut xml = String::new();
        // Writing into a String does not fail.
        let _ = self.write_junit(&mut xml);
        xml
    }

    fn write_junit(&self, xml: &mut String) -> fmt::Result {
        let name = format!("drill.{}", self.drill.name);
        let class = Escaped(&name);
        let outcome = self.verdict.outcome;
        let failed = self.checks.iter().filter(|check| !check.held).count() + usize::from(outcome == Outcome::Failed);
        let errors = usize::from(matches!(outcome, Outcome::Aborted | Outcome::Refused));
        let skipped = usize::from(outcome == Outcome::Unsupported);
        let seconds = Seconds(self.took_ms);
        let tests = self.checks.len() + 1;
        let counts = format!("tests=\"{tests}\" failures=\"{failed}\" errors=\"{errors}\" skipped=\"{skipped}\"");
        writeln!(xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(xml, "<testsuites name=\"eyrie drill\" {counts} time=\"{seconds}\">")?;
        writeln!(xml, "  <testsuite name=\"{class}\" {counts} time=\"{seconds}\" timestamp=\"{}\">", self.started)?;
        writeln!(xml, "    <properties>")?;
        let seed = self.seed.to_string();
        for (key, value) in [
            ("hypothesis", self.drill.hypothesis.as_str()),
            ("target", self.drill.target.as_str()),
            ("eyrie", self.eyrie.as_str()),
            ("seed", seed.as_str()),
        ] {
            writeln!(xml, "      <property name=\"{key}\" value=\"{}\"/>", Escaped(value))?;
        }
        writeln!(xml, "    </properties>")?;
        for check in &self.checks {
            write_check(xml, &class, check)?;
        }
        write!(xml, "    <testcase classname=\"{class}\" name=\"verdict\" time=\"{seconds}\"")?;
        let reasons = self.verdict.reasons.join("\n");
        let (first, all) = (Escaped(self.verdict.reasons.first().map_or("", String::as_str)), Escaped(&reasons));
        match outcome {
            Outcome::Passed => writeln!(xml, "/>")?,
            Outcome::Failed => writeln!(xml, ">\n      <failure message=\"{first}\">{all}</failure>\n    </testcase>")?,
            Outcome::Unsupported => writeln!(xml, ">\n      <skipped message=\"{all}\"/>\n    </testcase>")?,
            Outcome::Aborted | Outcome::Refused => {
                let kind = outcome.as_str();
                writeln!(xml, ">\n      <error type=\"{kind}\" message=\"{first}\">{all}</error>\n    </testcase>")?;
            }
        }
        writeln!(xml, "  </testsuite>\n</testsuites>")
    }
}

fn write_check(xml: &mut String, class: &Escaped<'_>, check: &Check) -> fmt::Result {
    let bound = check.bound().to_string();
    write!(xml, "    <testcase classname=\"{class}\" name=\"{}\" time=\"0\"", Escaped(&bound))?;
    if check.held {
        return writeln!(xml, "/>");
    }
    let measured = check.measured_text();
    writeln!(
        xml,
        ">\n      <failure message=\"measured {}\">{}</failure>\n    </testcase>",
        Escaped(&measured),
        Escaped(&check.worst)
    )
}

/// Milliseconds, printed as seconds.
struct Seconds(u64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

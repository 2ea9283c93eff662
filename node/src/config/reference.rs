use std::fmt::Write as _;

use super::key::{Effect, KEYS};

/// The reference of every key as Markdown: docs/configuration.md is this text, and a test says when it is not.
pub(crate) fn reference() -> String {
    let mut text = String::from(
        "# Configuration\n\nOne TOML file, `eyrie node --config FILE`. Every key can also be set by its environment variable, and \
         wins over the file; a flag\nwins over both. Unknown keys and impossible values are refused with file, key and reason: \
         `eyrie config check --config FILE`.\n\nA key marked *live* takes effect when the node gets SIGHUP, any other at the next \
         start.\n\n| key | environment | default | takes effect | what it does |\n| --- | --- | --- | --- | --- |\n",
    );
    for key in KEYS {
        let default = if key.default.is_empty() { "(unset)".to_owned() } else { format!("`{}`", key.default) };
        let effect = match key.effect {
            Effect::Live => "live",
            Effect::Restart => "restart",
        };
        let kind = if key.list { " A list; separated by commas in the environment." } else { "" };
        // Writing into a String cannot fail.
        let _ =
            writeln!(text, "| `{}` | `{}` | {default} | {effect} | {}{kind} |", key.path, key.variable(), key.about);
    }
    text.push_str(
        "\nTwo variables of a node are no keys: `EYRIE_ADMIN_PASSWORD` is the password of the first user `admin` (at least 12 \
         characters;\nwithout it one is made and printed once), and `EYRIE_CONFIG` names the file as `--config` does. The \
         commands that ask a running\nnode (`eyrie cluster`) take `EYRIE_URL`, and `EYRIE_USER` with `EYRIE_PASSWORD`, or \
         `EYRIE_TOKEN`.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn docs_hold_the_reference_as_it_is() {
        let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/configuration.md");
        let committed = std::fs::read_to_string(docs).unwrap_or_default();
        assert_eq!(
            committed,
            super::reference(),
            "write it with: cargo run -p eyrie -- config keys > docs/configuration.md"
        );
    }
}

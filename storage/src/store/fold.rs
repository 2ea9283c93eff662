/// `text` as searches and unique names see it: Unicode lower case, so that `ÄRZTE` finds `Ärzte`, which SQLite alone (ASCII
/// only) would not.
pub fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

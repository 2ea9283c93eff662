/// Above this many letters that have to change, a word is another one and no slip.
const SLIP_MAX: usize = 3;
/// Longest word looked at: the table of distances grows with it, and nobody names things like that.
const WORD_CHARS_MAX: usize = 128;

/// The one of `known` that whoever wrote `given` most likely meant; `None` when none is near.
pub fn nearest_word<W: AsRef<str>>(given: &str, known: impl IntoIterator<Item = W>) -> Option<W> {
    if given.chars().count() > WORD_CHARS_MAX {
        return None;
    }
    let distances = known.into_iter().map(|word| (distance(word.as_ref(), given), word));
    let near = distances.filter(|(letters, word)| *letters <= SLIP_MAX && *letters < word.as_ref().chars().count());
    near.min_by_key(|(letters, _)| *letters).map(|(_, word)| word)
}

/// Levenshtein distance: how many letters have to change.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest_word;

    #[test]
    fn a_slip_is_recognized_and_another_word_is_not() {
        let known = ["kill", "pause", "partition"];
        assert_eq!(nearest_word("kil", known), Some("kill"));
        assert_eq!(nearest_word("partitoin", known), Some("partition"));
        assert_eq!(nearest_word("earthquake", known), None);
        assert_eq!(nearest_word("x", known), None);
        assert_eq!(nearest_word(&"k".repeat(1_000_000), known), None);
    }
}

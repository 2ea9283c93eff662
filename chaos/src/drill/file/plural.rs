/// `1 node`, `2 nodes`.
pub(in crate::drill) fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

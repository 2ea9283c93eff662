/// Prints a line for the person or script that ran the command.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn line(text: impl std::fmt::Display) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

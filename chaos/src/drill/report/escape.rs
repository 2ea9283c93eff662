use std::fmt;

/// A hostile text, in the text or in a quoted attribute of HTML or XML 1.0. Characters that XML cannot hold, not even escaped, and
/// those that change the direction of what follows become U+FFFD.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' | '\t' => f.write_char(c)?,
                c if c.is_control() || is_forbidden(c) => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Noncharacters (XML 1.0 production 2), and bidirectional controls (UAX 9), by which a name could show itself as another.
fn is_forbidden(c: char) -> bool {
    matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn nothing_hostile_leaves_its_place() {
        let shown = Escaped("<b onload='x' a=\"y\">&amp;\u{0}\u{1b}\u{202e}\u{ffff}]]>ü").to_string();
        assert_eq!(
            shown,
            "&lt;b onload=&#39;x&#39; a=&quot;y&quot;&gt;&amp;amp;\u{fffd}\u{fffd}\u{fffd}\u{fffd}]]&gt;ü"
        );
    }
}

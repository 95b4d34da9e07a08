//! Texts of others, made safe to be seen.

/// What a service says may be meant for a terminal: characters that move the cursor, colour, or turn the line around are spelled out.
pub fn visible(text: &str) -> String {
    let spelled = |c: char| {
        c.is_control() || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut seen, c| {
        match spelled(c) {
            true => seen.extend(c.escape_default()),
            false => seen.push(c),
        }
        seen
    })
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_would_act_on_a_terminal_is_spelled_out() {
        assert_eq!(visible("a\u{1b}[2Jb\r\nc\t\u{7f}\u{9b}"), "a\\u{1b}[2Jb\\r\\nc\\t\\u{7f}\\u{9b}");
        assert_eq!(visible("left\u{202e}right\u{200f}\u{feff}"), "left\\u{202e}right\\u{200f}\\u{feff}");
        assert_eq!(visible("Zürich ✓ \\ \"quoted\" 東京"), "Zürich ✓ \\ \"quoted\" 東京");
    }
}

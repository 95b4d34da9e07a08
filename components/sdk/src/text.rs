//! The little that a provider does with texts. The standard library's ways are for texts of any size, and several times as large.

/// Whether a text holds another.
pub fn holds(text: &str, part: &str) -> bool {
    (0..text.len()).any(|at| text.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(part.as_bytes())))
}

/// One text after the other.
pub fn concat(texts: &[&str]) -> String {
    join(texts, "")
}

/// Texts with something between them.
pub fn join(texts: &[impl AsRef<str>], between: &str) -> String {
    let mut whole = String::new();
    for (index, text) in texts.iter().enumerate() {
        if index > 0 {
            whole.push_str(between);
        }
        whole.push_str(text.as_ref());
    }
    whole
}

/// The parts of a text between bytes of ASCII, as `str::split` has them.
pub fn split(text: &str, between: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = text.bytes().position(|byte| byte == between);
        rest = end.and_then(|end| text.get(end + 1..));
        text.get(..end.unwrap_or(text.len()))
    })
}

/// A number's digits.
pub fn decimal(number: u64) -> String {
    let mut text = if number < 10 { String::new() } else { decimal(number / 10) };
    text.push(char::from(b'0' + (number % 10) as u8));
    text
}

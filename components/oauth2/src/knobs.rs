//! What the manifest says, with what it means where it says nothing.

use jeton_provider::*;

/// A word, or the usual one.
pub fn choice(key: &str, usual: &str) -> String {
    manifest::text(key).unwrap_or_else(|| usual.to_owned())
}

/// Whether this stands at a key.
pub fn is(key: &str, value: &str) -> bool {
    manifest::text(key).as_deref() == Some(value)
}

/// Seconds.
pub fn number(key: &str) -> Option<u64> {
    seconds(manifest::text(key))
}

/// JSON pointers, or the usual one. The first that leads somewhere counts.
pub fn pointers(key: &str, usual: &str) -> Vec<String> {
    let said = manifest::texts(key);
    if said.is_empty() { vec![usual.to_owned()] } else { said }
}

/// The first text at any of these pointers that isn't empty.
pub fn first(answer: &Response, key: &str, usual: &str) -> Option<String> {
    pointers(key, usual).iter().find_map(|pointer| answer.text(pointer).filter(|text| !text.is_empty()))
}

/// For the rest of the call, after which all memory is given back.
pub fn keep(text: String) -> &'static str {
    text.leak()
}

/// A text with `{setting}`, `{client_id}` and `{subject}` put in, and with braces for doubled ones. None where one of them isn't there:
/// what would hold it is left out.
pub fn fill(template: &str, client: &Client, subject: Option<&str>) -> Option<String> {
    let (mut filled, mut name) = (String::new(), None);
    let mut letters = template.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, &mut name) {
            ('{' | '}', None) if letters.next_if_eq(&letter).is_some() => filled.push(letter),
            ('{', _) => name = Some(String::new()),
            ('}', Some(open)) => {
                match open.as_str() {
                    "client_id" => filled.push_str(&client.id()),
                    "subject" => filled.push_str(subject?),
                    setting => filled.push_str(&client.setting(setting)?),
                }
                name = None;
            }
            (letter, Some(open)) => open.push(letter),
            (letter, None) => filled.push(letter),
        }
    }
    Some(filled)
}

/// `scope`, from what is asked for or else the manifest's default. None: it is left out.
pub fn scopes(asked: &[String]) -> Option<String> {
    let mut all = if asked.is_empty() { manifest::texts("scopes.default") } else { asked.to_vec() };
    if let Some(offline) = manifest::text("scopes.offline").filter(|offline| !all.contains(offline)) {
        all.push(offline);
    }
    let text = join(&all, &choice("scopes.separator", " "));
    if text.is_empty() && !is("scopes.omit-when-empty", "false") { None } else { Some(text) }
}

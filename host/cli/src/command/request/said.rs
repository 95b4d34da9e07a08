//! What a service says is wrong, in its own words. A provider only judges an answer of the API; what to do about it stands there.

use http::header::WWW_AUTHENTICATE;
use jeton_runtime::ApiAnswer;
use serde_json::Value;

use crate::visible::visible;

/// Where services put a sentence for people, and where a code.
const SENTENCES: [&str; 6] = ["/error_description", "/error/message", "/message", "/errors/0/message", "/error_summary", "/detail"];
const CODES: [&str; 5] = ["/error", "/error/status", "/error/code", "/code", "/title"];

/// Longer texts are no messages.
const LONGEST: usize = 300;

/// The words of an answer that is an error; nothing where it has none.
pub fn said(answer: &ApiAnswer) -> Option<String> {
    let challenge = || {
        let header = answer.headers.get(WWW_AUTHENTICATE)?.to_str().ok()?;
        words(parameter(header, "error_description="), parameter(header, "error="))
    };
    let text = match serde_json::from_slice::<Value>(&answer.body) {
        Ok(json) => {
            let first = |pointers: &[&str]| pointers.iter().find_map(|at| json.pointer(at)?.as_str()).map(str::to_owned);
            words(first(&SENTENCES), first(&CODES)).or_else(challenge)
        }
        Err(_) => challenge().or_else(|| one_line(&answer.body)),
    };
    text.map(|text| visible(&text.chars().take(LONGEST).collect::<String>()))
}

fn words(sentence: Option<String>, code: Option<String>) -> Option<String> {
    match (sentence, code) {
        (Some(sentence), Some(code)) if sentence != code => Some(format!("{sentence} ({code})")),
        (one, other) => one.or(other),
    }
}

/// A parameter of a challenge (RFC 9110, 11.2).
fn parameter(challenge: &str, name: &str) -> Option<String> {
    let begins = |at: &usize| challenge.get(..*at).is_some_and(|before| before.ends_with([' ', ',']));
    let (at, _) = challenge.match_indices(name).find(|(at, _)| begins(at))?;
    let value = challenge.get(at + name.len()..)?;
    let end = |value: &str| value.find([',', ' ']).unwrap_or(value.len());
    Some(match value.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
        None => value.get(..end(value))?.to_owned(),
    })
}

/// A text that is a line and no page.
fn one_line(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let line = !text.is_empty() && text.chars().count() <= LONGEST && !text.contains('\n') && !text.starts_with('<');
    line.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};

    use super::*;

    fn of(body: &str, challenge: Option<&'static str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.extend(challenge.map(|challenge| (WWW_AUTHENTICATE, HeaderValue::from_static(challenge))));
        said(&ApiAnswer { endpoint: "api".into(), status: 400, headers, body: body.into() })
    }

    #[test]
    fn every_usual_form_of_an_error_is_read() {
        for (body, challenge, text) in [
            (r#"{"code":"forbidden_by_policy","message":"Not here."}"#, None, "Not here. (forbidden_by_policy)"),
            (r#"{"error_summary":"path/not_found/..","error":{".tag":"path"}}"#, None, "path/not_found/.."),
            (r#"{"error":{"code":403,"message":"No.","status":"PERMISSION_DENIED"}}"#, None, "No. (PERMISSION_DENIED)"),
            (r#"{"error":"invalid","error_description":"Bad."}"#, None, "Bad. (invalid)"),
            (
                "",
                Some("Bearer realm=\"Service\", error=\"invalid_token\", error_description=\"It expired.\""),
                "It expired. (invalid_token)",
            ),
            ("{}", Some("Bearer error=invalid_token, x=y"), "invalid_token"),
            ("Error in call: no path\n", None, "Error in call: no path"),
            ("{\"message\":\"a\\u001b[2Jb\"}", None, "a\\u{1b}[2Jb"),
        ] {
            assert_eq!(of(body, challenge).as_deref(), Some(text), "{body}");
        }
        for nothing in ["", "{}", "[]", "<html>No</html>", "two\nlines"] {
            assert_eq!(of(nothing, None), None, "{nothing}");
        }
        assert_eq!(of(&format!("{{\"message\":\"{}\"}}", "x".repeat(9000)), None).unwrap().len(), LONGEST);
    }
}

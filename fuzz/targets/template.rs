//! An endpoint's URL with settings filled in: no setting changes where it leads, beyond its own place in the host or the path.
//!
//! An input is the template, and below it a line `name=value` for each setting.

#![no_main]

use std::collections::BTreeMap;

use jeton_fuzz::assert_presentable;
use jeton_runtime::manifest::UrlTemplate;
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|text: &str| {
    let (text, lines) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(template) = UrlTemplate::parse(text) else { return };
    let settings: BTreeMap<String, String> =
        lines.split('\n').filter_map(|line| line.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let everywhere = |value: &str| template.placeholders().iter().map(|name| (name.clone(), value.to_owned())).collect();
    let sample = template.fill(&everywhere("x")).unwrap();
    match template.fill(&settings) {
        Ok(url) => filled(text, &sample, &settings, &url),
        Err(error) => {
            let tame = |name: &String| settings.get(name).is_some_and(|value| is_tame(value));
            let host_is_fixed = !text["https://".len()..].split('/').next().unwrap().contains('{');
            assert!(!host_is_fixed || !template.placeholders().iter().all(tame), "refused: {error}");
        }
    }
    for attack in
        ["a/b", "a..b", "a\\b", "a@b", "a:1", "a?b", "a#b", "a%2fb", "..", ".", "a..", "a\tb", "a\r\nb", "a\0", "\u{ff0e}", "{x}", ""]
    {
        assert!(template.placeholders().is_empty() || template.fill(&everywhere(attack)).is_err(), "{attack:?} is let in");
    }
    assert_presentable(sample.as_str());
});

/// Nothing but small letters: it fits into every path.
fn is_tame(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn filled(text: &str, sample: &Url, settings: &BTreeMap<String, String>, url: &Url) {
    assert_eq!(url.scheme(), "https");
    assert!(url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none());
    assert_eq!(url.port(), sample.port());
    assert_eq!(url.path_segments().unwrap().count(), sample.path_segments().unwrap().count());
    assert_eq!(url.as_str().trim_end_matches('/'), substituted(text, settings).trim_end_matches('/'));
    let host = url.host_str().unwrap();
    let template = text["https://".len()..].split('/').next().unwrap();
    let template = template.rsplit_once(':').map_or(template, |(host, port)| if port.contains(['}', ']']) { template } else { host });
    match (template.split_once('{'), template.rsplit_once('}')) {
        (Some((first, _)), Some((_, last))) => {
            assert!(host.starts_with(first) && host.ends_with(last) && host.len() > first.len() + last.len(), "{host} left {template}");
        }
        _ => assert_eq!(host, template),
    }
}

/// The template with its placeholders replaced, in one pass.
fn substituted(text: &str, settings: &BTreeMap<String, String>) -> String {
    let mut parts = text.split('{');
    let mut all = parts.next().unwrap().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap();
        all += &settings[name];
        all += rest;
    }
    all
}

//! `provider.toml`: whatever it says, either all of its rules hold or each mistake is told in a way that a terminal can show.

#![no_main]

use std::collections::BTreeMap;

use jeton_fuzz::assert_presentable;
use jeton_runtime::manifest::{KINDS, Problems, REVEALED};
use jeton_runtime::{Client, Manifest};
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

fuzz_target!(|text: &str| {
    match Manifest::parse(text) {
        Ok(manifest) => {
            accepted(&manifest);
            stranger(text);
        }
        Err(problems) => {
            refused(text, &problems);
            shifted(text, &problems);
        }
    }
});

fn accepted(manifest: &Manifest) {
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    assert!(is_name(&manifest.id) && !manifest.id.chars().any(|c| c.is_ascii_uppercase()));
    for line in [&manifest.name, &manifest.version, &manifest.summary] {
        one_line(line);
    }
    assert!(!manifest.grants.is_empty() && !manifest.endpoints.is_empty());
    assert!(manifest.documentation.as_ref().is_none_or(|url| url.scheme() == "https"));
    for scope in &manifest.scopes {
        one_line(&scope.id);
        one_line(&scope.name);
    }
    for (name, setting) in &manifest.settings {
        assert!(is_name(name));
        one_line(&setting.name);
        setting.description.iter().for_each(|text| assert_presentable(&text.replace(['\r', '\t'], "")));
        // The pattern is one by itself, so that it can't end the host's anchors.
        let inner = setting.pattern.as_str().strip_prefix("^(?:").and_then(|rest| rest.strip_suffix(")$")).unwrap();
        let alone = regex_lite::Regex::new(inner).unwrap();
        for sample in setting.default.iter().map(String::as_str).chain(["", "a", "a.b", "a/b", "x\n"]) {
            let whole = alone.find(sample).is_some() && setting.pattern.find(sample).is_none_or(|found| found.as_str() == sample);
            assert!(!setting.pattern.is_match(sample) || whole, "{inner:?} holds for a part of {sample:?}");
        }
        assert!(setting.default.as_ref().is_none_or(|text| setting.pattern.is_match(text)));
    }
    let captured = || manifest.endpoints.values().flat_map(|endpoint| endpoint.captured());
    let known = |kind: &String| {
        KINDS.contains(&kind.as_str()) || manifest.secrets.contains_key(kind) || captured().any(|(captured, _)| captured == kind)
    };
    assert!(manifest.signs.keys().all(known));
    for (name, endpoint) in &manifest.endpoints {
        assert!(is_name(name) && endpoint.url.as_str().starts_with("https://") && endpoint.accepts.iter().all(known));
        assert!(endpoint.url.placeholders().iter().all(|name| manifest.settings.contains_key(name) || manifest.extras.contains_key(name)));
        assert!(!endpoint.browser || endpoint.accepts.is_empty() && endpoint.captures.is_none());
        let pair = ["certificate", "private-key"].iter().all(|name| manifest.secrets.contains_key(*name));
        assert!(!endpoint.client_certificate || pair && !endpoint.browser && (!endpoint.accepts.is_empty() || endpoint.captures.is_some()));
        assert!(!endpoint.headers.iter().any(|name| name == "set-cookie" || name == "location"));
        let shown: Vec<_> = endpoint.reveals.iter().map(String::as_str).chain(REVEALED).map(keys).collect();
        for (kind, at) in endpoint.captured() {
            assert!(is_name(kind) && !shown.contains(&keys(at)), "{at:?} is captured and revealed");
        }
    }
    assert!(!manifest.callback.reveals.iter().any(|name| name == "code" || name == "state"));
    let back = Url::parse(&manifest.callback.redirect_uri(Some(4000))).unwrap();
    assert!(back.scheme() == "http" && back.port() == Some(4000) && back.username().is_empty() && back.query().is_none());
    assert!(match back.host().unwrap() {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    });
    if let Ok(settings) = manifest.settings_of(&Client::default()) {
        reachable(manifest, &settings);
    }
}

fn one_line(text: &str) {
    assert!(!text.is_empty() && !text.contains('\n'));
    assert_presentable(text);
}

/// What a JSON pointer names (RFC 6901), however it is written.
fn keys(pointer: &str) -> Vec<String> {
    pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect()
}

fn reachable(manifest: &Manifest, settings: &BTreeMap<String, String>) {
    for endpoint in manifest.endpoints.values() {
        if let Ok(url) = endpoint.url.fill(settings) {
            assert!(url.scheme() == "https" && url.username().is_empty() && url.password().is_none());
            assert!(url.query().is_none() && url.fragment().is_none());
        }
    }
}

/// A key that nobody knows is a mistake, in any manifest.
fn stranger(text: &str) {
    if !text.starts_with('\u{feff}') {
        let problems = Manifest::parse(&format!("nobody-knows-this = 1\n{text}")).unwrap_err();
        assert!(problems.0.iter().any(|problem| problem.what.contains("nobody-knows-this")), "{problems}");
    }
}

fn refused(text: &str, problems: &Problems) {
    let lines = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    assert!((1..=100).contains(&problems.0.len()));
    assert!(problems.0.is_sorted_by_key(|problem| problem.line));
    for problem in &problems.0 {
        assert!((1..=lines).contains(&problem.line), "line {} of {lines}", problem.line);
        assert!(!problem.what.is_empty());
    }
    assert_presentable(&problems.to_string());
}

/// A line above all others moves each mistake by one line and changes nothing else.
fn shifted(text: &str, problems: &Problems) {
    if problems.0.len() == 100 || text.starts_with('\u{feff}') || text.len() > 200 << 10 {
        return;
    }
    let moved = Manifest::parse(&format!("# a comment\n{text}")).unwrap_err();
    let (mut before, mut after): (Vec<_>, Vec<_>) =
        (problems.0.iter().map(|problem| &problem.what).collect(), moved.0.iter().map(|problem| &problem.what).collect());
    before.sort();
    after.sort();
    assert_eq!(before, after);
}

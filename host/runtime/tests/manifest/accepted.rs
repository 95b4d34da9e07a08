//! Manifests without mistakes.

use std::time::Duration;

use jeton_runtime::{GrantKind, Manifest};

use crate::ACME;

#[test]
fn the_manifest_of_box_has_no_mistakes() {
    let manifest = Manifest::parse(include_str!("../../../../components/box/provider.toml")).unwrap();
    assert_eq!((manifest.id.as_str(), manifest.name.as_str()), ("box", "Box"));
    assert_eq!(manifest.grants[0], GrantKind::AuthorizationCode, "what is done where nothing else is said");
    assert_eq!(manifest.grants.len(), 4);
    assert_eq!(manifest.endpoints.keys().collect::<Vec<_>>(), ["api", "authorize", "revoke", "token", "upload"]);
    assert_eq!(manifest.endpoints["token"].accepts, ["client-secret", "code", "refresh-token", "assertion", "access-token"]);
    assert_eq!(manifest.endpoints["token"].captures.as_ref().unwrap()["refresh-token"], "/refresh_token");
    assert!(manifest.endpoints["authorize"].browser && manifest.endpoints["api"].captures.is_none());
    assert_eq!((manifest.lifetimes.code, manifest.lifetimes.single_use), (Some(Duration::from_secs(30)), true));
    assert!(manifest.scopes.iter().any(|scope| scope.id == "root_readwrite"));
    assert!(!manifest.stub_wasi);
}

#[test]
fn the_redirect_uri_is_written_into_the_guide_and_port_any_leaves_the_port_open() {
    let manifest = Manifest::parse(include_str!("../../../../components/box/provider.toml")).unwrap();
    assert_eq!(manifest.callback.redirect_uri(None), "http://127.0.0.1/callback");
    assert_eq!(manifest.callback.redirect_uri(Some(4000)), "http://127.0.0.1:4000/callback");
    let guide = manifest.guide_for("http://127.0.0.1/callback").unwrap();
    assert!(guide.contains("`http://127.0.0.1/callback`") && !guide.contains("{redirect_uri}"), "{guide}");
}

#[test]
fn every_key_of_the_format_is_read() {
    let manifest = Manifest::parse(ACME).unwrap();
    assert_eq!((manifest.version.as_str(), manifest.summary.as_str()), ("1.0.0", "Anvils and rockets"));
    assert_eq!(manifest.documentation.unwrap().as_str(), "https://docs.acme.com/oauth");
    assert_eq!(manifest.settings["tenant"].default.as_deref(), Some("main"));
    assert!(manifest.secrets["client-secret"].required && !manifest.secrets["app-key"].required);
    assert_eq!(manifest.signs["app-key"], ["RS256"]);
    let token = &manifest.endpoints["token"];
    assert_eq!((token.url.as_str(), token.url.placeholders()), ("https://{tenant}.acme.com/token", &["tenant".to_owned()][..]));
    assert_eq!((&token.reveals[..], &token.headers[..]), (&["/team/id".to_owned()][..], &["x-own".to_owned()][..]));
    assert_eq!(manifest.callback.redirect_uri(None), "http://localhost:4000/back");
    assert_eq!(manifest.callback.reveals, ["realm"]);
    assert_eq!(manifest.lifetimes.refresh_token, Some(Duration::from_secs(3600)));
    assert_eq!(manifest.guide.unwrap(), "Enter {redirect_uri}.");
}

#[test]
fn what_an_endpoint_captures_may_be_sent_to_another_one() {
    let captures = r#"captures = { access-token = "/access_token", session-key = "/session" }"#;
    let manifest = ACME.replace(r#"captures = { access-token = "/access_token" }"#, captures);
    let api = "[endpoints.api]\nurl = \"https://api.acme.com/\"\naccepts = [\"session-key\"]\n\n[callback]";
    let manifest = Manifest::parse(&manifest.replace("[callback]", api)).unwrap();
    assert_eq!(manifest.endpoints["api"].accepts, ["session-key"]);
}

#[test]
fn wasi_is_stubbed_where_the_manifest_says_so() {
    let manifest = Manifest::parse(&ACME.replace("grants =", "wasi = \"stubbed\"\ngrants =")).unwrap();
    assert!(manifest.stub_wasi);
}

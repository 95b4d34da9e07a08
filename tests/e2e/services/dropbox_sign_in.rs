//! Dropbox: what a sign-in may ask for, where it may lead back to, and what it brings.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::{Decision, Fault, Matcher};
use serde_json::json;

use super::box_errors::told;
use super::dropbox::{app, connected, stage, token};
use crate::stage::{Connecting, Stage};

const SECRET: Option<&str> = Some("emulated-app-secret");

fn pasting(stage: &Stage, arguments: &[&str]) -> Connecting {
    let mut command = stage.command(&[&["connect", "dropbox", "--paste"], arguments].concat());
    command.stdin(Stdio::piped());
    stage.begin(command)
}

fn asked(url: &str, name: &str) -> Option<String> {
    url::Url::parse(url).unwrap().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_value_that_dropbox_would_show_a_page_for_is_told_before_anyone_signs_in() {
    let stage = stage(app(), SECRET, &[]).await;
    for (option, says) in [
        ("token-access-type=sometimes", "offline online legacy"),
        ("token-access-type=", "offline online legacy"),
        ("force-reapprove=yes", "true false"),
        ("force-reauthentication=1", "true false"),
        ("disable-signup=on", "true false"),
        ("require-role=admin", "personal work"),
        ("include-granted-scopes=all", "user team"),
        ("include-granted-scopes=user", "--scope"),
    ] {
        let ran = stage.jeton(&["connect", "dropbox", "--paste", "--option", option]);
        told(&ran, option, 1, &[option.split('=').next().unwrap(), says]);
    }
    assert_eq!(stage.emulator.journal().entries().len(), 0);
}

#[tokio::test]
async fn nothing_is_asked_for_by_leaving_the_scope_out() {
    let stage = stage(app(), SECRET, &[]).await;
    for arguments in [&["--scope", ""][..], &["--scope", "", "--scope", ""], &[]] {
        let connecting = pasting(&stage, &[arguments, &["--replace"]].concat());
        assert_eq!(asked(&connecting.url, "scope"), None, "{arguments:?}");
        let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
        connecting.paste(&back).succeeded();
    }
}

#[tokio::test]
async fn scopes_that_were_granted_before_come_along_where_they_are_asked_for() {
    let stage = stage(app(), SECRET, &[]).await;
    stage.paste("dropbox", &[]).await.succeeded();
    let scope = |name: &str| {
        let shown = stage.jeton(&["token", name, "--json"]).succeeded().stdout;
        serde_json::from_str::<serde_json::Value>(&shown).unwrap()["scope"].as_str().unwrap_or_default().to_owned()
    };
    let narrow = ["--scope", "account_info.read"];
    for (name, option, granted) in [
        ("narrow", &[][..], "account_info.read"),
        ("user", &["--option", "include-granted-scopes=user"], "account_info.read files.metadata.read"),
        ("team", &["--option", "include-granted-scopes=team"], "account_info.read"),
    ] {
        stage.paste("dropbox", &[&["--name", name][..], &narrow, option].concat()).await.succeeded();
        assert_eq!(scope(name), granted, "{name}");
    }
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_is_dropboxs_to_say_and_the_guides_to_explain() {
    let stage = stage(app().redirect_uri("http://localhost:53682/"), SECRET, &[]).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let connecting = stage.begin_connect_to("dropbox", &["--port", &port]);
    let shown = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap_err().to_string();
    assert!(shown.contains("invalid_redirect_uri"), "another port is another address: {shown}");
    connecting.stop();
    let guide = stage.jeton(&["providers", "show", "dropbox", "--guide"]).succeeded().stdout;
    assert!(guide.contains("http://localhost:53682/") && guide.contains("compare step 4"), "{guide}");
    let guide = stage.jeton(&["providers", "show", "dropbox", "--guide", "--port", "8080"]).succeeded().stdout;
    assert!(guide.contains("http://localhost:8080/"), "{guide}");
}

#[tokio::test]
async fn an_https_address_of_ones_own_is_pasted() {
    let own = "https://app.example/dropbox/done";
    let stage = stage(app().redirect_uri(own), SECRET, &[]).await;
    stage.paste("dropbox", &["--redirect-uri", own]).await.succeeded();
    let entries = stage.emulator.journal().entries();
    let exchange = entries.iter().find(|entry| entry.grant_type.as_deref() == Some("authorization_code")).unwrap();
    assert!(exchange.form.contains(&("redirect_uri".to_owned(), own.to_owned())), "{exchange:?}");
    stage.jeton(&["refresh", "dropbox"]).succeeded();
}

#[tokio::test]
async fn a_code_is_good_for_a_while_and_for_one_use() {
    let stage = stage(app(), SECRET, &[]).await;
    let late = pasting(&stage, &[]);
    let back = stage.emulator.consent(&late.url, Decision::Grant).await.unwrap();
    stage.emulator.clock().advance(Duration::from_secs(601));
    told(&late.paste(&back), "late", 3, &["code doesn't exist or has expired", "Sign in again"]);
    let first = pasting(&stage, &[]);
    let back = stage.emulator.consent(&first.url, Decision::Grant).await.unwrap();
    first.paste(&back).succeeded();
    told(&pasting(&stage, &["--name", "again"]).paste(&back), "again", 3, &["code doesn't exist or has expired"]);
    // A code of another sign-in: its verifier is that one's.
    let (one, other) = (pasting(&stage, &["--name", "one"]), pasting(&stage, &["--name", "other"]));
    let back = stage.emulator.consent(&one.url, Decision::Grant).await.unwrap();
    told(&other.paste(&back), "other", 3, &["invalid code verifier"]);
    one.stop();
}

#[tokio::test]
async fn an_id_token_is_of_this_sign_in_or_nothing_is_kept() {
    let scopes = ["account_info.read", "openid", "email"];
    let stage = stage(app().scopes(&scopes), SECRET, &[]).await;
    let asking = ["--scope", "account_info.read,openid,email"];
    let connecting = pasting(&stage, &asking);
    assert_eq!(asked(&connecting.url, "nonce").unwrap().len(), 43);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    connecting.paste(&back).succeeded();
    stage.jeton(&["refresh", "dropbox"]).succeeded();

    let exp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 600;
    let [issuer, other_issuer] = ["https://www.dropbox.com", "https://dropbox.example"];
    for (iss, aud, nonce, says) in [
        (issuer, "emulated-app-key", "another", "belongs to another sign-in"),
        (other_issuer, "emulated-app-key", "right", "is from another issuer"),
        (issuer, "another-app-key", "right", "is for another client"),
    ] {
        let connecting = pasting(&stage, &[&asking[..], &["--name", "bad"]].concat());
        let nonce = if nonce == "right" { asked(&connecting.url, "nonce").unwrap() } else { nonce.to_owned() };
        let claims = json!({ "iss": iss, "aud": aud, "nonce": nonce, "sub": "dbid:A", "exp": exp });
        let [header, claims] = [json!({ "alg": "RS256" }), claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let body = json!({ "access_token": "sl.made-up", "token_type": "bearer", "expires_in": 14400, "id_token": format!("{header}.{claims}.AAAA") });
        let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: body.to_string().into() };
        let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
        stage.emulator.faults().inject(fault, Matcher::any().path("/oauth2/token"), 1);
        let ran = connecting.paste(&back);
        assert!(ran.code != 0 && ran.stderr.contains(says), "{says}: {ran:?}");
    }
    assert!(!stage.jeton(&["list"]).succeeded().stdout.contains("bad"));
}

#[tokio::test]
async fn a_token_without_an_end_has_none_to_be_refreshed_by() {
    let stage = connected(app().legacy(), &["--option", "token-access-type=legacy"]).await;
    let before = token(&stage);
    told(&stage.jeton(&["refresh", "dropbox"]), "refresh", 3, &["no refresh token"]);
    assert_eq!(stage.refreshes(), 0);
    // It ends by being revoked alone, and then there is nothing to try.
    let revoke = "https://api.dropboxapi.com/2/auth/token/revoke";
    let request = http::Request::post(revoke).header("authorization", format!("Bearer {before}"));
    stage.emulator.client().send(request.body(Default::default()).unwrap()).await.unwrap();
    told(&stage.jeton(&["test", "dropbox"]), "test", 3, &["revoked"]);
    stage.jeton(&["revoke", "dropbox"]).succeeded();
}

#[tokio::test]
async fn an_app_decides_what_a_sign_in_brings_where_nothing_is_said() {
    // Jeton says it each time: an app's own default would be a token that ends after four hours.
    for (arguments, kind, refreshes) in [
        (&[][..], "offline", true),
        (&["--option", "token-access-type=offline"], "offline", true),
        (&["--option", "token-access-type=online"], "online", false),
    ] {
        let stage = stage(app(), SECRET, &[]).await;
        let connecting = pasting(&stage, arguments);
        assert_eq!(asked(&connecting.url, "token_access_type").as_deref(), Some(kind));
        let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
        connecting.paste(&back).succeeded();
        assert_eq!(stage.jeton(&["refresh", "dropbox"]).code == 0, refreshes, "{kind}");
    }
}

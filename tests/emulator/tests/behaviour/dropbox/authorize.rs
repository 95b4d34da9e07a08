//! What the authorization endpoint takes, and how it leads back.

use http::Request;
use jeton_emulator::{Decision, Error};

use super::{AUTHORIZE, CHALLENGE, REDIRECT, app, code, redeem, with};
use crate::stage::{header, parameter, text};

#[tokio::test]
async fn an_empty_scope_is_refused_and_a_missing_one_means_all() {
    let emulator = with(app()).await;
    for scope in ["&scope=", "&scope=%20"] {
        let answer = emulator.client().get(&format!("{AUTHORIZE}&redirect_uri={REDIRECT}{scope}")).await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (400, None));
    }
    let (_, tokens) = redeem(&emulator, &code(&emulator, "").await).await;
    assert_eq!(tokens["scope"], "account_info.read files.metadata.read");
}

#[tokio::test]
async fn redirect_uris_match_with_their_port() {
    let emulator = with(app()).await;
    for uri in
        ["http://localhost:53683/", "http://localhost/", "http://127.0.0.1:53682/", "http://localhost:53682", "https://evil.example/"]
    {
        let answer = emulator.client().get(&format!("{AUTHORIZE}&redirect_uri={uri}")).await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (400, None), "{uri}");
    }
}

#[tokio::test]
async fn mistakes_are_shown_to_the_person() {
    let emulator = with(app()).await;
    for (more, error) in [
        ("&scope=files.content.write", "invalid_scope"),
        ("&token_access_type=forever", "invalid_request"),
        ("&token_access_type=legacy", "invalid_request"),
        ("&include_granted_scopes=user", "invalid_request"),
        ("&include_granted_scopes=all&scope=account_info.read", "invalid_request"),
        ("&code_challenge=short", "invalid_request"),
        ("&state=8", "invalid_request"),
        ("&response_type=token", "invalid_request"),
    ] {
        let answer = emulator.client().get(&format!("{AUTHORIZE}&redirect_uri={REDIRECT}{more}")).await.unwrap();
        assert_eq!(answer.status(), 400, "{more}");
        assert!(text(&answer).contains(&format!("<code id=\"error\">{error}</code>")), "{more}");
    }
}

#[tokio::test]
async fn denying_leads_back_with_access_denied() {
    let emulator = with(app()).await;
    let url = format!("{AUTHORIZE}&redirect_uri={REDIRECT}");
    let back = emulator.consent(&url, Decision::Deny).await.unwrap();
    assert_eq!((parameter(&back, "error").as_deref(), parameter(&back, "state").as_deref()), (Some("access_denied"), Some("7")));
    emulator.dropbox_service().set_decline_description(None);
    assert_eq!(parameter(&emulator.consent(&url, Decision::Deny).await.unwrap(), "error_description"), None);
    let copied = emulator.consent(AUTHORIZE, Decision::Deny).await;
    assert!(matches!(copied, Err(Error::NotAsked { status: 400, text }) if text.contains("access_denied")));
}

#[tokio::test]
async fn without_a_redirect_uri_the_code_is_shown_to_be_copied() {
    let emulator = with(app()).await;
    let url = format!("{AUTHORIZE}&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let shown = emulator.consent(&url, Decision::Grant).await.unwrap();
    assert_eq!(shown.scheme(), "copied");
    let code = parameter(&shown, "code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", &*code), ("client_id", "a-key"), ("code_verifier", super::VERIFIER)];
    assert_eq!(super::ask(&emulator, &form).await.0, 200);
}

#[tokio::test]
async fn what_was_approved_is_not_asked_again_unless_forced() {
    let emulator = with(app()).await;
    let url = format!("{AUTHORIZE}&redirect_uri={REDIRECT}");
    code(&emulator, "").await;
    let signed_in = emulator.client().post(&url, &[("login", "ada@example.com"), ("password", "emulator")]).await.unwrap();
    let cookie = header(&signed_in, "set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let visit = async |url: &str| {
        let request = Request::get(url).header("cookie", &cookie).body(bytes::Bytes::new()).unwrap();
        emulator.client().send(request).await.unwrap()
    };
    assert!(header(&visit(&url).await, "location").unwrap().starts_with("http://localhost:53682/?code="));
    let forced = visit(&format!("{url}&force_reapprove=true")).await;
    assert_eq!((forced.status().as_u16(), header(&forced, "location")), (200, None));
}

#[tokio::test]
async fn scopes_that_were_granted_before_can_be_included() {
    let emulator = with(app()).await;
    code(&emulator, "").await;
    let narrow = redeem(&emulator, &code(&emulator, "&scope=account_info.read").await).await.1;
    assert_eq!(narrow["scope"], "account_info.read");
    let wide = redeem(&emulator, &code(&emulator, "&scope=account_info.read&include_granted_scopes=user").await).await.1;
    assert_eq!(wide["scope"], "account_info.read files.metadata.read");
    let team = redeem(&emulator, &code(&emulator, "&scope=account_info.read&include_granted_scopes=team").await).await.1;
    assert_eq!(team["scope"], "account_info.read");
}

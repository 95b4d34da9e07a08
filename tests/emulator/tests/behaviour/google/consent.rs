//! Consent: offline access, scope by scope, and what was granted before.

use jeton_emulator::google_service::{ClientState, Publishing};
use jeton_emulator::{Decision, Error, User};

use super::stage::{BACK, DRIVE, FILE, OFFLINE, authorize, code, emulator, redeem, text, tokens};
use crate::stage::parameter;

#[tokio::test]
async fn a_refresh_token_comes_with_offline_access_at_the_first_consent_only() {
    let emulator = emulator().await;
    let offline = authorize(&[DRIVE], &[("access_type", "offline")]);
    let online = authorize(&[DRIVE], &[]);
    let forced = authorize(&[DRIVE], OFFLINE);
    let legacy = authorize(&[DRIVE], &[("access_type", "offline"), ("approval_prompt", "force")]);
    for (url, refreshes) in [(&online, false), (&offline, true), (&offline, false), (&forced, true), (&legacy, true), (&online, false)] {
        let (_, tokens) = redeem(&emulator, &code(&emulator, url).await).await;
        assert_eq!(tokens.get("refresh_token").is_some(), refreshes, "{url}");
    }
}

#[tokio::test]
async fn revoking_the_consent_makes_the_next_one_the_first_again() {
    let emulator = emulator().await;
    let offline = authorize(&[DRIVE], &[("access_type", "offline")]);
    let (_, first) = redeem(&emulator, &code(&emulator, &offline).await).await;
    emulator.client().post(super::stage::REVOKE, &[("token", text(&first, "refresh_token"))]).await.unwrap();
    let (_, again) = redeem(&emulator, &code(&emulator, &offline).await).await;
    assert!(again["refresh_token"].is_string());
}

#[tokio::test]
async fn the_user_may_leave_scopes_out_and_the_answer_says_so() {
    let emulator = emulator().await;
    let url = authorize(&["openid", DRIVE, FILE], OFFLINE);
    let back = emulator.consent(&url, Decision::Only(&[FILE])).await.unwrap();
    let (_, tokens) = redeem(&emulator, &parameter(&back, "code").unwrap()).await;
    assert_eq!(text(&tokens, "scope"), format!("openid {FILE}"));
    assert_eq!(parameter(&back, "scope").unwrap(), format!("openid {FILE}"));

    let none = emulator.consent(&authorize(&[DRIVE], OFFLINE), Decision::Only(&[])).await.unwrap();
    assert_eq!(parameter(&none, "error").as_deref(), Some("access_denied"));
    let whole = authorize(&[DRIVE], &[("prompt", "consent"), ("enable_granular_consent", "false")]);
    let back = emulator.consent(&whole, Decision::Only(&[])).await.unwrap();
    assert_eq!(parameter(&back, "scope").as_deref(), Some(DRIVE));
}

#[tokio::test]
async fn earlier_scopes_are_included_on_demand() {
    let emulator = emulator().await;
    tokens(&emulator, &[DRIVE]).await;
    let alone = tokens(&emulator, &["email"]).await;
    assert_eq!(text(&alone, "scope"), "email");
    let url = authorize(&["email"], &[("include_granted_scopes", "true"), ("prompt", "consent")]);
    let (_, together) = redeem(&emulator, &code(&emulator, &url).await).await;
    let mut scopes: Vec<_> = text(&together, "scope").split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["email", DRIVE]);
}

#[tokio::test]
async fn a_refusal_leads_back_with_access_denied() {
    let emulator = emulator().await;
    let back = emulator.consent(&authorize(&[DRIVE], &[]), Decision::Deny).await.unwrap();
    assert!(back.as_str().starts_with(BACK));
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&back, "state").as_deref(), Some("a state"));
}

#[tokio::test]
async fn a_silent_request_asks_nobody() {
    let emulator = emulator().await;
    let silent = authorize(&[DRIVE], &[("prompt", "none")]);
    let back = emulator.consent(&silent, Decision::Grant).await.unwrap();
    assert_eq!(parameter(&back, "error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_stays_on_googles_page() {
    let emulator = emulator().await;
    let google = emulator.google_service();
    let good = authorize(&[DRIVE], &[]);
    let web_view = http::Request::get(&good).header("user-agent", "Mozilla/5.0 (Linux; Android 15; wv) Chrome").body(bytes::Bytes::new());
    let answer = emulator.client().send(web_view.unwrap()).await.unwrap();
    assert_eq!(answer.status(), 403);
    assert!(crate::stage::text(&answer).contains("disallowed_useragent"));

    let page = async |url: &str| match emulator.consent(url, Decision::Grant).await {
        Err(Error::NotAsked { status, text }) => (status, text),
        other => panic!("{url}: {other:?}"),
    };
    for (url, status, code) in [
        (good.replace("client_id=web", "client_id=nobody"), 401, "invalid_client"),
        (good.replace("app.example", "evil.example"), 400, "redirect_uri_mismatch"),
        (good.replace("response_type=code", "response_type=token"), 400, "unsupported_response_type"),
        (authorize(&[], &[]), 400, "invalid_request"),
        (authorize(&["files"], &[]), 400, "invalid_scope"),
        (authorize(&[DRIVE], &[("state", "twice")]), 400, "invalid_request"),
        (authorize(&[DRIVE], &[("code_challenge", "short")]), 400, "invalid_request"),
    ] {
        let (found, text) = page(&url).await;
        assert!(found == status && text.contains(code), "{url}: {found} {text}");
    }
    for (state, status, code) in
        [(ClientState::Deleted, 401, "deleted_client"), (ClientState::RestrictedByAdmin, 400, "admin_policy_enforced")]
    {
        assert!(google.set_client_state("web", state));
        let (found, text) = page(&good).await;
        assert!(found == status && text.contains(code), "{found} {text}");
    }
}

#[tokio::test]
async fn an_internal_app_is_for_its_organization() {
    let emulator = emulator().await;
    let internal = jeton_emulator::google_service::Client::new("web", "a-secret").redirect_uri(BACK).publishing(Publishing::Internal);
    emulator.google_service().register_client(internal).unwrap();
    let [id, name, login, password] = ["7", "Grace", "grace@elsewhere.example", "pw"].map(str::to_owned);
    emulator.google_service().add_user(User { id, name, login, password });
    let url = authorize(&[DRIVE], &[]);
    assert!(emulator.consent(&url, Decision::Grant).await.is_ok());
    let refused = emulator.consent_as(("grace@elsewhere.example", "pw"), &url, Decision::Grant).await;
    assert!(matches!(refused, Err(Error::NotAsked { status: 403, text }) if text.contains("org_internal")));
}

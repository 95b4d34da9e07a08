//! Sign-in and consent, as the scripted person and as a browser sees them.

use bytes::Bytes;
use http::{Method, Request, Response};
use jeton_emulator::{App, Decision, Emulator, Error, User};

use crate::stage::{AUTHORIZE, emulator, header, parameter, redeem, text};

#[tokio::test]
async fn granting_leads_back_with_a_code_and_the_state() {
    let emulator = emulator().await;
    let back = emulator.consent(AUTHORIZE, Decision::Grant).await.unwrap();
    assert!(back.as_str().starts_with("http://127.0.0.1:5000/cb?code=emulated-code-000001-"), "{back}");
    assert_eq!(parameter(&back, "state").as_deref(), Some("a state"));
    assert_eq!(redeem(&emulator, &parameter(&back, "code").unwrap()).await.0, 200);
}

#[tokio::test]
async fn denying_leads_back_with_access_denied_and_the_configured_description() {
    let emulator = emulator().await;
    let denied = async || emulator.consent(AUTHORIZE, Decision::Deny).await.unwrap();
    let back = denied().await;
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&back, "state").as_deref(), Some("a state"));
    assert!(parameter(&back, "error_description").is_some() && parameter(&back, "code").is_none());
    emulator.box_service().set_decline_description(Some("no & never"));
    assert_eq!(parameter(&denied().await, "error_description").as_deref(), Some("no & never"));
    emulator.box_service().set_decline_description(None);
    assert_eq!(parameter(&denied().await, "error_description"), None);
}

#[tokio::test]
async fn all_three_host_names_ask_for_consent() {
    let emulator = emulator().await;
    for host in ["account.box.com", "ent.box.com", "app.box.com"] {
        let url = AUTHORIZE.replace("account.box.com", host);
        assert!(emulator.consent(&url, Decision::Grant).await.is_ok(), "{host}");
    }
}

#[tokio::test]
async fn pkce_and_unknown_parameters_are_ignored() {
    let emulator = emulator().await;
    let url = format!("{AUTHORIZE}&code_challenge=abc&code_challenge_method=S256&box_login=ada%40example.com&nonsense=1");
    let back = emulator.consent(&url, Decision::Grant).await.unwrap();
    assert_eq!(redeem(&emulator, &parameter(&back, "code").unwrap()).await.0, 200);
}

#[tokio::test]
async fn the_pages_have_their_ids_name_the_scopes_and_say_what_they_are() {
    let emulator = emulator().await;
    let scopes = ["root_readwrite", "manage_enterprise_properties"];
    emulator.box_service().register_app(App::new("<b>", "s").redirect_uri("http://localhost/").scopes(&scopes)).unwrap();
    let url = "https://account.box.com/api/oauth2/authorize?response_type=code&client_id=%3Cb%3E&state=\"><script>";
    let url = url.replace('"', "%22").replace('<', "%3C").replace('>', "%3E");

    let page = text(&emulator.client().get(&url).await.unwrap());
    for piece in ["id=\"login\"", "id=\"password\"", "id=\"sign-in\"", "It is not Box", "&lt;b&gt;"] {
        assert!(page.contains(piece), "{piece}");
    }
    let page = text(&browse(&emulator, &url, &session(&emulator, &url).await).await);
    for piece in
        ["id=\"grant\"", "id=\"deny\"", "data-scope=\"root_readwrite\"", "Manage enterprise properties", "It is not Box", "&lt;b&gt;"]
    {
        assert!(page.contains(piece), "{piece}");
    }
    assert!(!page.contains("<script") && !page.contains("<b><b>"), "{page}");
}

#[tokio::test]
async fn a_wrong_password_shows_the_sign_in_page_again() {
    let emulator = emulator().await;
    for (login, password) in [("ada@example.com", "wrong"), ("eve@example.com", "emulator"), ("", "")] {
        let answer = emulator.client().post(AUTHORIZE, &[("login", login), ("password", password)]).await.unwrap();
        assert!(header(&answer, "set-cookie").is_none() && text(&answer).contains("id=\"trouble\""), "{login}");
    }
    let refused = emulator.consent_as(("ada@example.com", "wrong"), AUTHORIZE, Decision::Grant).await;
    assert!(matches!(refused, Err(Error::NotAsked { status: 200, text }) if text.contains("Login or password is wrong.")));
}

#[tokio::test]
async fn another_user_can_sign_in() {
    let emulator = emulator().await;
    let [id, name, login, password] = ["7", "Grace", "grace@example.com", "pw"].map(str::to_owned);
    emulator.box_service().add_user(User { id, name, login, password });
    let back = emulator.consent_as(("grace@example.com", "pw"), AUTHORIZE, Decision::Grant).await.unwrap();
    let (_, tokens) = redeem(&emulator, &parameter(&back, "code").unwrap()).await;
    let me = emulator.client().get_with_token(crate::stage::ME, tokens["access_token"].as_str().unwrap()).await.unwrap();
    assert_eq!(crate::stage::json(&me)["login"], "grace@example.com");
}

#[tokio::test]
async fn a_decision_without_the_ticket_or_with_a_forged_session_gives_no_code() {
    let emulator = emulator().await;
    let session = session(&emulator, AUTHORIZE).await;
    for (cookie, form) in [
        (session.as_str(), "decision=grant"),
        (session.as_str(), "decision=grant&ticket=0000000000000000"),
        ("emulator_session=1000000001.0000000000000000", "decision=grant"),
        ("", "decision=grant"),
    ] {
        let request = Request::post(AUTHORIZE).header("cookie", cookie).header("content-type", "application/x-www-form-urlencoded");
        let answer = emulator.client().send(request.body(form.into()).unwrap()).await.unwrap();
        assert_eq!(header(&answer, "location"), None, "{cookie} {form}");
    }
}

/// Signs in and returns the cookie.
async fn session(emulator: &Emulator, url: &str) -> String {
    let answer = emulator.client().post(url, &[("login", "ada@example.com"), ("password", "emulator")]).await.unwrap();
    assert_eq!(answer.status(), 303);
    let cookie = header(&answer, "set-cookie").unwrap();
    assert!(cookie.contains("Secure") && cookie.contains("HttpOnly"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

async fn browse(emulator: &Emulator, url: &str, cookie: &str) -> Response<Bytes> {
    let request = Request::builder().method(Method::GET).uri(url).header("cookie", cookie);
    emulator.client().send(request.body(Bytes::new()).unwrap()).await.unwrap()
}

//! Where a sign-in may return to. What isn't registered gets an error page, never a redirect.

use jeton_emulator::{App, AppState, Decision, RegistrationError};

use crate::stage::{AUTHORIZE, emulator, header, parameter, text};

#[tokio::test]
async fn only_registered_uris_are_returned_to_and_the_port_is_free_on_loopback() {
    let emulator = emulator().await;
    let app = App::new("many", "s").redirect_uri("https://app.example/cb?a=1").redirect_uri("http://localhost/cb");
    emulator.box_service().register_app(app).unwrap();
    emulator.box_service().register_app(App::new("none", "s")).unwrap();
    let rows = [
        ("an-app", Some("http://127.0.0.1/cb"), None),
        ("an-app", Some("http://127.0.0.1:53682/cb"), None),
        ("an-app", None, None),
        ("many", Some("https://app.example/cb?a=1"), None),
        ("many", Some("http://localhost:9/cb"), None),
        ("many", None, Some("redirect_uri_missing")),
        ("many", Some("https://app.example/cb"), Some("redirect_uri_mismatch")),
        ("many", Some("https://app.example:444/cb?a=1"), Some("redirect_uri_mismatch")),
        ("many", Some("http://127.0.0.1:9/cb"), Some("redirect_uri_mismatch")),
        ("many", Some("http://localhost:9/cb/"), Some("redirect_uri_mismatch")),
        ("many", Some("https://evil.example/cb"), Some("redirect_uri_mismatch")),
        ("an-app", Some("https://127.0.0.1:53682/cb"), Some("redirect_uri_mismatch")),
        ("none", None, Some("redirect_uri_missing")),
        ("none", Some("http://localhost/"), Some("redirect_uri_mismatch")),
    ];
    for (client, uri, error) in rows {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("response_type", "code").append_pair("client_id", client);
        query.extend_pairs(uri.map(|uri| ("redirect_uri", uri)));
        let url = format!("https://account.box.com/api/oauth2/authorize?{}", query.finish());
        match error {
            None => {
                let back = emulator.consent(&url, Decision::Grant).await.unwrap();
                assert!(uri.is_none_or(|uri| back.as_str().starts_with(uri)), "{back}");
                assert!(parameter(&back, "code").is_some() && parameter(&back, "state").is_none(), "{back}");
            }
            Some(error) => {
                let answer = emulator.client().get(&url).await.unwrap();
                assert_eq!((answer.status().as_u16(), header(&answer, "location")), (400, None), "{url}");
                assert!(text(&answer).contains(&format!("<code id=\"error\">{error}</code>")), "{url}");
            }
        }
    }
}

#[tokio::test]
async fn the_query_of_a_registered_uri_stays_as_it_is() {
    let emulator = emulator().await;
    emulator.box_service().register_app(App::new("q", "s").redirect_uri("https://app.example/?x=%7e&y")).unwrap();
    let url = "https://account.box.com/api/oauth2/authorize?response_type=code&client_id=q&state=1";
    let back = emulator.consent(url, Decision::Grant).await.unwrap();
    assert!(back.as_str().starts_with("https://app.example/?x=%7e&y&code=emulated-code-"), "{back}");
}

#[tokio::test]
async fn duplicate_parameters_and_unknown_clients_get_a_page() {
    let emulator = emulator().await;
    for (url, error) in [
        (format!("{AUTHORIZE}&state=2"), "invalid_request"),
        (format!("{AUTHORIZE}&redirect_uri=https://evil.example"), "invalid_request"),
        (AUTHORIZE.replace("an-app", "unknown"), "invalid_client"),
        (AUTHORIZE.replace("client_id", "client"), "invalid_client"),
    ] {
        let answer = emulator.client().get(&url).await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (400, None), "{url}");
        assert!(text(&answer).contains(error), "{url}");
    }
}

#[tokio::test]
async fn other_mistakes_are_told_to_the_app() {
    let emulator = emulator().await;
    for (url, error) in [
        (AUTHORIZE.replace("response_type=code", "response_type=token"), "unsupported_response_type"),
        (AUTHORIZE.replace("response_type=code", "x=y"), "unsupported_response_type"),
        (format!("{AUTHORIZE}&scope=root_readwrite+manage_groups"), "invalid_scope"),
    ] {
        let back = emulator.consent(&url, Decision::Grant).await.unwrap();
        assert_eq!(parameter(&back, "error").as_deref(), Some(error));
        assert_eq!(parameter(&back, "state").as_deref(), Some("a state"));
    }
}

#[tokio::test]
async fn the_console_refuses_plain_http_elsewhere_and_the_same_uri_twice() {
    let emulator = emulator().await;
    let register = |app: App| emulator.box_service().register_app(app);
    let app = || App::new("x", "s").state(AppState::Active);
    assert!(matches!(register(app().redirect_uri("http://app.example/")), Err(RegistrationError::Scheme(_))));
    let twice = app().redirect_uri("https://app.example/").redirect_uri("https://app.example/");
    assert!(matches!(register(twice), Err(RegistrationError::Duplicate(_))));
    assert_eq!(register(App::new("x", "")), Err(RegistrationError::Incomplete));
}

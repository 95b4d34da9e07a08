//! What an orderly server does.

use std::time::Duration;

use jeton_emulator::Decision;
use serde_json::json;

use super::{AUTHORIZE, CHALLENGE, ISSUER, ME, VERIFIER, ask, consent, get_json, post, redeem, refresh, send, service, tokens, with};
use crate::stage::{json as body, parameter, text};

#[tokio::test]
async fn a_code_gives_tokens_once_and_they_open_the_api() {
    let emulator = with("", "").await;
    let back = consent(&emulator, "&scope=a+b").await;
    assert_eq!((parameter(&back, "state").as_deref(), parameter(&back, "iss")), (Some("7"), None));
    let code = parameter(&back, "code").unwrap();
    let (status, tokens) = redeem(&emulator, &code, &[]).await;
    assert_eq!(
        (status, &tokens["token_type"], &tokens["expires_in"], &tokens["scope"]),
        (200, &json!("Bearer"), &json!(3600), &json!("a b"))
    );
    let me = emulator.client().get_with_token(ME, tokens["access_token"].as_str().unwrap()).await.unwrap();
    assert_eq!(body(&me), json!({ "sub": "1000000001", "email": "ada@example.com" }));
    assert_eq!(redeem(&emulator, &code, &[]).await.1["error"], "invalid_grant");
    let late = parameter(&consent(&emulator, "").await, "code").unwrap();
    emulator.clock().advance(Duration::from_secs(61));
    assert_eq!(redeem(&emulator, &late, &[]).await.1["error"], "invalid_grant");
    let refused = emulator.client().get_with_token(ME, "nonsense").await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(crate::stage::header(&refused, "www-authenticate").unwrap().starts_with("Bearer error=\"invalid_token\""));
}

#[tokio::test]
async fn pkce_is_checked_demanded_ignored_or_refused() {
    let pkce = format!("&code_challenge={CHALLENGE}&code_challenge_method=S256");
    let plain = format!("&code_challenge={VERIFIER}&code_challenge_method=plain");
    for (how, none, plainly, s256, unverified) in [
        ("optional", true, true, true, false),
        ("required", false, false, true, false),
        ("ignored", true, true, true, true),
        ("refused", true, false, false, false),
    ] {
        let emulator = with("", &format!("[authorize]\npkce = \"{how}\"")).await;
        for (more, right) in [("", none), (&*plain, plainly), (&*pkce, s256)] {
            let back = consent(&emulator, more).await;
            assert_eq!(parameter(&back, "code").is_some(), right, "{how} {more} {back}");
        }
        if let Some(code) = parameter(&consent(&emulator, &pkce).await, "code") {
            assert_eq!(redeem(&emulator, &code, &[]).await.0 == 200, unverified, "{how}");
        }
        if let Some(code) = parameter(&consent(&emulator, &pkce).await, "code") {
            assert_eq!(redeem(&emulator, &code, &[("code_verifier", VERIFIER)]).await.0, 200, "{how}");
        }
    }
}

#[tokio::test]
async fn refresh_tokens_stay_or_rotate() {
    for (rotation, again) in [("never", 200), ("strict", 400), ("grace", 200)] {
        let emulator = with("", &format!("[refresh]\nrotation = \"{rotation}\"")).await;
        let (_, token) = service(&emulator).issue_tokens("a-client", &["a"]).unwrap();
        let (status, first) = refresh(&emulator, &token).await;
        assert_eq!((status, first.get("refresh_token").is_some()), (200, rotation != "never"), "{rotation}");
        assert_eq!(refresh(&emulator, &token).await.0, again, "{rotation}");
    }
    let emulator = with("", "[refresh]\nrepeated = true").await;
    let (_, token) = service(&emulator).issue_tokens("a-client", &["a"]).unwrap();
    assert_eq!(refresh(&emulator, &token).await.1["refresh_token"], *token);
}

#[tokio::test]
async fn a_refresh_token_may_need_a_parameter_or_a_scope() {
    let emulator = with("", "[refresh]\nparameter = \"access_type=offline\"").await;
    assert_eq!(tokens(&emulator, "").await.get("refresh_token"), None);
    assert!(tokens(&emulator, "&access_type=offline").await["refresh_token"].is_string());
    let emulator = with("", "[refresh]\nscope = \"offline_access\"").await;
    assert_eq!(tokens(&emulator, "&scope=a").await.get("refresh_token"), None);
    assert!(tokens(&emulator, "&scope=a+offline_access").await["refresh_token"].is_string());
}

#[tokio::test]
async fn a_refresh_may_narrow_the_scope_and_never_widen_it() {
    let emulator = with("", "").await;
    let (_, token) = service(&emulator).issue_tokens("a-client", &["a", "b"]).unwrap();
    let scoped = async |scope: &str| ask(&emulator, &[("grant_type", "refresh_token"), ("refresh_token", &token), ("scope", scope)]).await;
    assert_eq!(scoped("a").await.1["scope"], "a");
    assert_eq!(scoped("a c").await.1["error"], "invalid_scope");
    assert_eq!(scoped("a b").await.1["scope"], "a b");
}

#[tokio::test]
async fn a_device_waits_slows_down_and_gets_its_tokens_or_not() {
    let emulator = with("", "").await;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let secret = [("client_id", "a-client"), ("client_secret", "a-secret"), ("scope", "a")];
    let poll = async |code: &str| ask(&emulator, &[("grant_type", grant), ("device_code", code)]).await;
    for (decision, end) in [(Some(Decision::Grant), None), (Some(Decision::Deny), Some("access_denied")), (None, Some("expired_token"))] {
        let (status, begun) = post(&emulator, "https://as.example/device", &secret).await;
        assert_eq!((status, &begun["interval"], &begun["expires_in"]), (200, &json!(5), &json!(900)));
        let code = begun["device_code"].as_str().unwrap();
        assert_eq!(poll(code).await.1["error"], "authorization_pending");
        emulator.clock().advance(Duration::from_secs(4));
        assert_eq!(poll(code).await.1["error"], "slow_down");
        match decision {
            Some(decision) => drop(emulator.consent(begun["verification_uri_complete"].as_str().unwrap(), decision).await.unwrap()),
            None => emulator.clock().advance(Duration::from_secs(900)),
        }
        emulator.clock().advance(Duration::from_secs(10));
        let (status, answer) = poll(code).await;
        match end {
            None => assert_eq!((status, &answer["scope"]), (200, &json!("a"))),
            Some(error) => assert_eq!((status, &answer["error"]), (400, &json!(error))),
        }
    }
    assert_eq!(poll("nonsense").await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn client_credentials_and_passwords_give_tokens() {
    let emulator = with("", "").await;
    let (status, own) = ask(&emulator, &[("grant_type", "client_credentials"), ("scope", "a")]).await;
    assert_eq!((status, own.get("refresh_token")), (200, None));
    let password =
        async |password: &str| ask(&emulator, &[("grant_type", "password"), ("username", "ada@example.com"), ("password", password)]).await;
    assert!(password("emulator").await.1["refresh_token"].is_string());
    assert_eq!(password("wrong").await.1["error"], "invalid_grant");
    assert_eq!(ask(&emulator, &[("grant_type", "magic")]).await.1["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_of_less_power() {
    let emulator = with("", "").await;
    let (token, _) = service(&emulator).issue_tokens("a-client", &["a", "b"]).unwrap();
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    let exchange = async |token: &str, scope: &str| {
        let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
        ask(&emulator, &[("grant_type", grant), ("subject_token", token), ("subject_token_type", kind), ("scope", scope)]).await
    };
    let (status, less) = exchange(&token, "a").await;
    assert_eq!((status, &less["issued_token_type"], &less["scope"], less.get("refresh_token")), (200, &json!(kind), &json!("a"), None));
    assert_eq!(exchange(&token, "c").await.1["error"], "invalid_scope");
    assert_eq!(exchange("nonsense", "a").await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a_resource_must_be_one_of_those_that_tokens_are_made_for() {
    let emulator = with("resources = [\"https://api.example/\"]", "").await;
    for (resource, error) in
        [("https://other.example/", true), ("https://api.example/%23x", true), ("nonsense", true), ("https://api.example/", false)]
    {
        let back = consent(&emulator, &format!("&resource={resource}")).await;
        assert_eq!(parameter(&back, "error").as_deref() == Some("invalid_target"), error, "{back}");
    }
    let code = parameter(&consent(&emulator, "&resource=https://api.example/").await, "code").unwrap();
    assert_eq!(redeem(&emulator, &code, &[("resource", "https://other.example/")]).await.1["error"], "invalid_target");
}

#[tokio::test]
async fn a_pushed_request_works_once_within_a_minute_and_can_be_demanded() {
    let emulator = with("par = \"required\"", "").await;
    let refused = emulator.client().get(AUTHORIZE).await.unwrap();
    assert_eq!(refused.status(), 400);
    let push = async |more: &[(&str, &str)]| {
        let form = [("client_id", "a-client"), ("client_secret", "a-secret"), ("response_type", "code"), ("state", "9")];
        post(&emulator, "https://as.example/par", &[&form[..], more].concat()).await
    };
    let visit = |uri: &str| format!("https://as.example/authorize?client_id=a-client&request_uri={uri}");
    let redirect = [("redirect_uri", "http://127.0.0.1/cb")];
    let (status, pushed) = push(&redirect).await;
    assert_eq!((status, &pushed["expires_in"]), (201, &json!(60)));
    let url = visit(pushed["request_uri"].as_str().unwrap());
    let back = emulator.consent(&url, Decision::Grant).await.unwrap();
    assert_eq!(parameter(&back, "state").as_deref(), Some("9"));
    assert_eq!(redeem(&emulator, &parameter(&back, "code").unwrap(), &[]).await.0, 200);
    assert_eq!(emulator.client().get(&url).await.unwrap().status(), 400, "used");

    let old = push(&redirect).await.1;
    emulator.clock().advance(Duration::from_secs(60));
    assert_eq!(emulator.client().get(&visit(old["request_uri"].as_str().unwrap())).await.unwrap().status(), 400);
    assert_eq!(push(&[("redirect_uri", "https://evil.example/")]).await.0, 400);
    assert_eq!(push(&[("redirect_uri", "http://127.0.0.1/cb"), ("request_uri", "urn:x")]).await.1["error"], "invalid_request");
    assert_eq!(post(&emulator, "https://as.example/par", &[("client_id", "a-client")]).await.0, 401);
}

#[tokio::test]
async fn form_post_brings_the_answer_in_a_form() {
    let emulator = with("", "").await;
    let back = consent(&emulator, "&response_mode=form_post").await;
    assert!(back.as_str().starts_with("http://127.0.0.1/cb?"), "{back}");
    assert_eq!(redeem(&emulator, &parameter(&back, "code").unwrap(), &[]).await.0, 200);
    let bad = consent(&emulator, "&response_mode=fragment").await;
    assert_eq!(parameter(&bad, "error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn the_metadata_name_what_there_is() {
    let emulator = with("par = \"required\"\ndpop = \"optional\"", "[authorize]\niss = true").await;
    for name in ["oauth-authorization-server", "openid-configuration"] {
        let document = get_json(&emulator, &format!("https://as.example/.well-known/{name}")).await;
        assert_eq!((&document["issuer"], &document["token_endpoint"]), (&json!(ISSUER), &json!(super::TOKEN)));
        for member in ["authorization_response_iss_parameter_supported", "require_pushed_authorization_requests"] {
            assert_eq!(document[member], true);
        }
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
    }
}

#[tokio::test]
async fn introspection_tells_a_client_about_its_own_tokens() {
    let emulator = with("", "").await;
    let (token, refresh_token) = service(&emulator).issue_tokens("a-client", &["a", "b"]).unwrap();
    let about = async |token: &str| {
        let form = [("client_id", "a-client"), ("client_secret", "a-secret"), ("token", token)];
        post(&emulator, "https://as.example/introspect", &form).await.1
    };
    let access = about(&token).await;
    assert_eq!((&access["active"], &access["scope"], &access["exp"]), (&json!(true), &json!("a b"), &json!(super::now(&emulator) + 3600)));
    assert_eq!(about(&refresh_token).await["active"], true);
    assert_eq!(about("nonsense").await, json!({ "active": false }));
    assert_eq!(post(&emulator, "https://as.example/introspect", &[("token", &token)]).await.0, 401);
    emulator.clock().advance(Duration::from_secs(3600));
    assert_eq!(about(&token).await, json!({ "active": false }));
}

#[tokio::test]
async fn revocation_is_by_post_and_kinds_of_tokens_can_be_left_out() {
    let emulator = with("", "[revocation]\nunsupported = [\"access_token\"]").await;
    let (token, refresh_token) = service(&emulator).issue_tokens("a-client", &["a"]).unwrap();
    let revoke = async |token: &str| {
        let form = [("client_id", "a-client"), ("client_secret", "a-secret"), ("token", token)];
        post(&emulator, "https://as.example/revoke", &form).await
    };
    assert_eq!(revoke(&token).await.1["error"], "unsupported_token_type");
    assert_eq!(revoke(&refresh_token).await.0, 200);
    assert_eq!(revoke("nonsense").await.0, 200);
    assert!(!service(&emulator).is_live(&refresh_token) && !service(&emulator).is_live(&token));
}

#[tokio::test]
async fn other_styles_of_revocation_are_get_delete_and_bearer() {
    for (style, method) in [("get", "GET"), ("bearer-post", "POST"), ("delete", "DELETE")] {
        let emulator = with("", &format!("[revocation]\nstyle = \"{style}\"")).await;
        let (token, _) = service(&emulator).issue_tokens("a-client", &["a"]).unwrap();
        let (url, authorization, body) = match style {
            "get" => (format!("https://as.example/revoke?token={token}"), "Basic x".to_owned(), String::new()),
            "bearer-post" => ("https://as.example/revoke".to_owned(), format!("Bearer {token}"), String::new()),
            _ => {
                let basic = "Basic YS1jbGllbnQ6YS1zZWNyZXQ=".to_owned();
                ("https://as.example/revoke".to_owned(), basic, format!("{{\"access_token\":\"{token}\"}}"))
            }
        };
        let wrong = send(&emulator, "PUT", &url, &[("authorization", &authorization)], &body).await;
        assert!(wrong.status() != 200 && service(&emulator).is_live(&token), "{style}");
        let answer = send(&emulator, method, &url, &[("authorization", &authorization)], &body).await;
        assert!(answer.status().is_success() && !service(&emulator).is_live(&token), "{style} {}", text(&answer));
    }
}

#[tokio::test]
async fn a_client_can_register_itself() {
    let emulator = with("client-auth = [\"client_secret_basic\", \"client_secret_post\", \"none\"]", "").await;
    let register = async |json: &str| {
        let answer = emulator.client().post_json("https://as.example/register", json).await.unwrap();
        (answer.status().as_u16(), body(&answer))
    };
    let (status, client) = register(r#"{"redirect_uris":["http://127.0.0.1/x"],"client_name":"Me"}"#).await;
    assert_eq!((status, &client["client_name"], &client["client_secret_expires_at"]), (201, &json!("Me"), &json!(0)));
    let credentials = [("client_id", client["client_id"].as_str().unwrap()), ("client_secret", client["client_secret"].as_str().unwrap())];
    let grant = [&credentials[..], &[("grant_type", "client_credentials")]].concat();
    assert_eq!(post(&emulator, super::TOKEN, &grant).await.0, 200);
    let (_, public) = register(r#"{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"none"}"#).await;
    assert_eq!(public.get("client_secret"), None);
    for (json, error) in [
        (r#"{"redirect_uris":["http://a.example/"]}"#, "invalid_redirect_uri"),
        (r#"{}"#, "invalid_redirect_uri"),
        (r#"{"redirect_uris":["https://a.example/"],"token_endpoint_auth_method":"private_key_jwt"}"#, "invalid_client_metadata"),
        ("nonsense", "invalid_client_metadata"),
    ] {
        assert_eq!(register(json).await.1["error"], error, "{json}");
    }
}

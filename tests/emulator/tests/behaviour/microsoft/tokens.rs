//! The token endpoint: codes, clients, the envelope of errors.

use jeton_emulator::microsoft_service::{App, DEFAULT_TENANT, Refusal};

use super::stage::{
    BACK, CHALLENGE, LOCAL, SPA_BACK, VERIFIER, ask, ask_from_origin, assert_aadsts, at, authorize, code, emulator, redeeming, text,
};

#[tokio::test]
async fn a_code_gives_tokens_in_the_documented_shape() {
    let emulator = emulator().await;
    let code = code(&emulator, &authorize("common", "web", BACK, &[])).await;
    let (status, tokens) = ask(&emulator, "common", &redeeming(&code)).await;
    assert_eq!((status, text(&tokens, "token_type")), (200, "Bearer"));
    assert_eq!((&tokens["expires_in"], &tokens["ext_expires_in"]), (&3599.into(), &3599.into()));
    assert_eq!(text(&tokens, "scope"), "openid profile User.Read Files.ReadWrite");
    assert!(tokens["refresh_token"].is_string() && tokens["id_token"].is_string());
}

#[tokio::test]
async fn a_refresh_token_wants_offline_access() {
    let emulator = emulator().await;
    let code = code(&emulator, &authorize("common", "web", BACK, &[("scope", "User.Read")])).await;
    let (_, tokens) = ask(&emulator, "common", &redeeming(&code)).await;
    assert_eq!((tokens.get("refresh_token"), tokens.get("id_token")), (None, None));
}

#[tokio::test]
async fn the_envelope_has_number_ids_and_date() {
    let emulator = emulator().await;
    let request = http::Request::post(at("common", "token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("client-request-id", "0123")
        .body("grant_type=refresh_token&client_id=native&refresh_token=x".into());
    let (status, body) = super::stage::outcome(&emulator.client().send(request.unwrap()).await.unwrap());
    assert_eq!((status, text(&body, "error"), &body["error_codes"]), (400, "invalid_grant", &serde_json::json!([70000])));
    assert_eq!(text(&body, "error_uri"), "https://login.microsoftonline.com/error?code=70000");
    let (trace, time) = (text(&body, "trace_id"), text(&body, "timestamp"));
    assert!(trace.len() == 36 && time.len() == 20 && time.ends_with('Z'), "{body}");
    let lines: Vec<_> = text(&body, "error_description").split("\r\n").collect();
    assert!(lines[0].starts_with("AADSTS70000: "), "{lines:?}");
    assert_eq!(lines[1..], [format!("Trace ID: {trace}"), "Correlation ID: 0123".to_owned(), format!("Timestamp: {time}")]);
}

#[tokio::test]
async fn every_refusal_can_be_ordered_with_suberror_and_claims() {
    let emulator = emulator().await;
    let claims = r#"{"access_token":{"capolids":{"essential":true,"values":["x"]}}}"#;
    for code in Refusal::known() {
        let refusal = Refusal::aadsts(code);
        emulator.microsoft_service().refuse_next(refusal.clone().suberror("basic_action").claims(claims));
        let answer = ask(&emulator, "common", &[]).await;
        assert_aadsts(&answer, code, refusal.error(), refusal.status());
        assert_eq!((text(&answer.1, "suberror"), text(&answer.1, "claims")), ("basic_action", claims));
    }
}

#[tokio::test]
async fn a_code_works_once_in_time_on_its_tenant_with_its_redirect_uri() {
    let emulator = emulator().await;
    let url = authorize("common", "web", BACK, &[]);
    let first = code(&emulator, &url).await;
    assert_aadsts(&ask(&emulator, DEFAULT_TENANT, &redeeming(&first)).await, 700_005, "invalid_grant", 400);
    let elsewhere: Vec<_> =
        redeeming(&first).into_iter().map(|(n, v)| if n == "redirect_uri" { (n, "https://x.example/") } else { (n, v) }).collect();
    assert_aadsts(&ask(&emulator, "common", &elsewhere).await, 500_112, "invalid_client", 400);
    assert_eq!(ask(&emulator, "common", &redeeming(&first)).await.0, 200);
    assert_aadsts(&ask(&emulator, "common", &redeeming(&first)).await, 54005, "invalid_grant", 400);
    assert_aadsts(&ask(&emulator, "common", &redeeming("nonsense")).await, 70000, "invalid_grant", 400);
    let second = code(&emulator, &url).await;
    emulator.clock().advance(std::time::Duration::from_secs(600));
    assert_aadsts(&ask(&emulator, "common", &redeeming(&second)).await, 70008, "invalid_grant", 400);
}

#[tokio::test]
async fn servers_show_a_secret_and_public_clients_must_not() {
    let emulator = emulator().await;
    let expired =
        App { secrets: vec![jeton_emulator::microsoft_service::Secret { value: "old".to_owned(), expired: true }], ..App::new("late") };
    emulator.microsoft_service().register_app(expired).unwrap();
    let code_of_web = code(&emulator, &authorize("common", "web", BACK, &[])).await;
    let without: Vec<_> = redeeming(&code_of_web).into_iter().filter(|(name, _)| *name != "client_secret").collect();
    assert_aadsts(&ask(&emulator, "common", &without).await, 7_000_218, "invalid_client", 401);
    let wrong = [&without[..], &[("client_secret", "wrong")]].concat();
    assert_aadsts(&ask(&emulator, "common", &wrong).await, 7_000_215, "invalid_client", 401);
    let late = [("grant_type", "client_credentials"), ("client_id", "late"), ("client_secret", "old")];
    assert_aadsts(&ask(&emulator, "common", &late).await, 7_000_222, "invalid_client", 401);

    let local = code(&emulator, &authorize("common", "native", LOCAL, &[])).await;
    let public = [("grant_type", "authorization_code"), ("client_id", "native"), ("redirect_uri", LOCAL), ("code", &*local)];
    let with = [&public[..], &[("client_secret", "x")]].concat();
    assert_aadsts(&ask(&emulator, "common", &with).await, 700_025, "invalid_client", 401);
    assert_eq!(ask(&emulator, "common", &public).await.0, 200);

    let basic = http::Request::post(at("common", "token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", "Basic d2ViOmEtc2VjcmV0")
        .body(format!("grant_type=authorization_code&redirect_uri={BACK}&code={code_of_web}").into());
    assert_eq!(emulator.client().send(basic.unwrap()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_single_page_app_needs_pkce_and_an_origin_and_others_must_not_have_one() {
    let emulator = emulator().await;
    assert!(emulator.consent(&authorize("common", "spa", SPA_BACK, &[]), jeton_emulator::Decision::Grant).await.is_err());
    let challenge = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let code_of_spa = code(&emulator, &authorize("common", "spa", SPA_BACK, &challenge)).await;
    let form = [("grant_type", "authorization_code"), ("client_id", "spa"), ("redirect_uri", SPA_BACK), ("code", &*code_of_spa)];
    let proven = [&form[..], &[("code_verifier", VERIFIER)]].concat();
    assert_aadsts(&ask(&emulator, "common", &proven).await, 9_002_327, "invalid_request", 400);
    assert_aadsts(&ask_from_origin(&emulator, &form).await, 501_481, "invalid_grant", 400);
    assert_eq!(ask_from_origin(&emulator, &proven).await.0, 200);
    let code_of_web = code(&emulator, &authorize("common", "web", BACK, &[])).await;
    assert_aadsts(&ask_from_origin(&emulator, &redeeming(&code_of_web)).await, 9_002_326, "invalid_request", 400);
}

#[tokio::test]
async fn malformed_requests_are_refused_by_number() {
    let emulator = emulator().await;
    let client = [("client_id", "web"), ("client_secret", "a-secret")];
    let with = |more: &[(&'static str, &'static str)]| [&client[..], more].concat();
    for (form, code, error) in [
        (with(&[]), 900_144, "invalid_request"),
        (vec![("grant_type", "refresh_token")], 900_144, "invalid_request"),
        (with(&[("grant_type", "refresh_token")]), 900_144, "invalid_request"),
        (with(&[("grant_type", "password")]), 70003, "unsupported_grant_type"),
        (with(&[("grant_type", "refresh_token"), ("resource", "x")]), 901_002, "invalid_request"),
        (with(&[("grant_type", "a"), ("grant_type", "b")]), 9_002_313, "invalid_request"),
        (vec![("grant_type", "refresh_token"), ("client_id", "nobody")], 700_016, "unauthorized_client"),
    ] {
        assert_aadsts(&ask(&emulator, "common", &form).await, code, error, 400);
    }
    let got = super::stage::outcome(&emulator.client().get(&at("common", "token")).await.unwrap());
    assert_aadsts(&got, 900_561, "invalid_request", 400);
    let disabled = App { disabled: true, ..App::new("off") };
    emulator.microsoft_service().register_app(disabled).unwrap();
    assert_aadsts(&ask(&emulator, "common", &[("grant_type", "x"), ("client_id", "off")]).await, 7_000_112, "unauthorized_client", 400);
}

#[tokio::test]
async fn there_is_no_revocation_endpoint() {
    let emulator = emulator().await;
    for endpoint in ["revoke", "revocation"] {
        assert_eq!(emulator.client().post(&at("common", endpoint), &[("token", "x")]).await.unwrap().status(), 404);
    }
}

//! Servers that are wrong or mean.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::generic_service::{BadIdToken, ExpiresIn, Facts, GenericClient, Misbehaviour};
use jeton_emulator::{Decision, Emulator, Options};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::{AUTHORIZE, ISSUER, TOKEN, ask, consent, facts, get_json, redeem, refresh, service, tokens, with};
use crate::stage::{header, json as body, parameter, text};

#[tokio::test]
async fn the_issuer_is_named_missing_or_wrong() {
    let emulator = with("", "[authorize]\niss = true").await;
    assert_eq!(parameter(&consent(&emulator, "").await, "iss").as_deref(), Some(ISSUER));
    service(&emulator).misbehave(Misbehaviour::IssWrong("https://other.example".to_owned()));
    assert_eq!(parameter(&consent(&emulator, "").await, "iss").as_deref(), Some("https://other.example"));
    service(&emulator).misbehave(Misbehaviour::IssMissing);
    assert_eq!(parameter(&consent(&emulator, "").await, "iss"), None);
    service(&emulator).behave();
    assert_eq!(parameter(&consent(&emulator, "").await, "iss").as_deref(), Some(ISSUER));
}

#[tokio::test]
async fn the_state_is_dropped_or_altered_and_the_answer_doubled_or_renamed() {
    let emulator = with("", "").await;
    let back = async |how: Misbehaviour| {
        service(&emulator).behave();
        service(&emulator).misbehave(how);
        consent(&emulator, "").await
    };
    assert_eq!(parameter(&back(Misbehaviour::StateDropped).await, "state"), None);
    assert_eq!(parameter(&back(Misbehaviour::StateAltered).await, "state").as_deref(), Some("7x"));
    let doubled = back(Misbehaviour::AnswerDoubled).await;
    assert_eq!(doubled.query_pairs().filter(|(name, _)| name == "code").count(), 2);
    let renamed = back(Misbehaviour::CodeNamed("auth_code".to_owned())).await;
    assert!(parameter(&renamed, "code").is_none() && parameter(&renamed, "auth_code").is_some());
}

#[tokio::test]
async fn a_mix_up_brings_one_servers_code_to_another() {
    let evil = Facts::parse(
        "name = \"Evil\"\n[endpoints]\nauthorize = \"https://evil.example/authorize\"\ntoken = \"https://evil.example/token\"",
    );
    let emulator = Emulator::start(Options { generic: vec![facts("", ""), evil.unwrap()], ..Options::default() }).await.unwrap();
    let client = |id: &str| GenericClient::new(id, "a-secret").redirect_uri("http://127.0.0.1/cb");
    service(&emulator).register_client(client("a-client"));
    let evil = emulator.generic("Evil").unwrap();
    evil.register_client(client("evil-client"));
    let (authorize, client_id) = ("https://as.example/authorize".to_owned(), "a-client".to_owned());
    evil.misbehave(Misbehaviour::SendsOnTo { authorize, client_id, path: None });

    let asked = AUTHORIZE.replace("as.example", "evil.example").replace("a-client", "evil-client");
    let back = emulator.consent(&asked, Decision::Grant).await.unwrap();
    assert_eq!(parameter(&back, "state").as_deref(), Some("7"));
    let code = parameter(&back, "code").unwrap();
    let form = [("grant_type", "authorization_code"), ("code", &*code), ("client_id", "evil-client"), ("client_secret", "a-secret")];
    assert_eq!(emulator.client().post("https://evil.example/token", &form).await.unwrap().status(), 400);
    let seen = emulator.journal().entries().pop().unwrap();
    assert!(seen.host == "evil.example" && seen.form.contains(&("code".to_owned(), code.clone())), "the attacker has the code");
    assert_eq!(redeem(&emulator, &code, &[]).await.0, 200, "and it was the honest server's");
}

#[tokio::test]
async fn the_token_endpoint_redirects_elsewhere() {
    let emulator = with("", "").await;
    service(&emulator).misbehave(Misbehaviour::TokenRedirect { status: 307, url: "https://evil.example/token".to_owned() });
    let answer = emulator.client().post(TOKEN, &[("grant_type", "refresh_token")]).await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (307, Some("https://evil.example/token")));
}

#[tokio::test]
async fn errors_come_with_200_and_answers_as_forms() {
    let emulator = with("", "").await;
    service(&emulator).misbehave(Misbehaviour::ErrorWith200);
    let (status, error) = refresh(&emulator, "nonsense").await;
    assert_eq!((status, &error["error"]), (200, &json!("invalid_grant")));
    service(&emulator).misbehave(Misbehaviour::FormEncoded);
    let form = [("grant_type", "client_credentials"), ("client_id", "a-client"), ("client_secret", "a-secret")];
    let answer = emulator.client().post(TOKEN, &form).await.unwrap();
    assert_eq!(header(&answer, "content-type"), Some("application/x-www-form-urlencoded; charset=utf-8"));
    assert!(text(&answer).contains("&expires_in=3600"), "{}", text(&answer));
}

#[tokio::test]
async fn scopes_types_and_expiries_are_not_what_was_asked_for() {
    let emulator = with("", "").await;
    let answer = async |how: Misbehaviour| {
        service(&emulator).behave();
        service(&emulator).misbehave(how);
        tokens(&emulator, "&scope=a+b").await
    };
    assert_eq!(answer(Misbehaviour::ScopeWidened("admin".to_owned())).await["scope"], "a b admin");
    assert_eq!(answer(Misbehaviour::ScopeNarrowed("a".to_owned())).await["scope"], "a");
    assert_eq!(answer(Misbehaviour::TokenType(Some("mac".to_owned()))).await["token_type"], "mac");
    assert_eq!(answer(Misbehaviour::TokenType(None)).await.get("token_type"), None);
    assert_eq!(answer(Misbehaviour::RefreshTokenOmitted).await.get("refresh_token"), None);
    for (how, value) in [
        (ExpiresIn::String, json!("3600")),
        (ExpiresIn::Float, json!(3600.5)),
        (ExpiresIn::Null, Value::Null),
        (ExpiresIn::Zero, json!(0)),
        (ExpiresIn::Negative, json!(-1)),
        (ExpiresIn::Milliseconds, json!(3_600_000)),
        (ExpiresIn::Date, json!(super::now(&emulator) + 3600)),
    ] {
        assert_eq!(answer(Misbehaviour::ExpiresIn(how)).await.get("expires_in"), Some(&value), "{how:?}");
    }
    assert_eq!(answer(Misbehaviour::ExpiresIn(ExpiresIn::Absent)).await.get("expires_in"), None);
}

#[tokio::test]
async fn a_rotating_server_repeats_the_old_refresh_token() {
    let emulator = with("", "[refresh]\nrotation = \"strict\"").await;
    let (_, token) = service(&emulator).issue_tokens("a-client", &["a"]).unwrap();
    service(&emulator).misbehave(Misbehaviour::RefreshTokenUnchanged);
    assert_eq!(refresh(&emulator, &token).await.1["refresh_token"], *token);
    assert_eq!(refresh(&emulator, &token).await.0, 400, "though it is used up");
}

#[tokio::test]
async fn the_metadata_name_another_issuer_or_are_elsewhere() {
    let emulator = with("", "").await;
    let url = "https://as.example/.well-known/openid-configuration";
    service(&emulator).misbehave(Misbehaviour::MetadataIssuer("https://other.example".to_owned()));
    assert_eq!(get_json(&emulator, url).await["issuer"], "https://other.example");
    service(&emulator).misbehave(Misbehaviour::MetadataRedirect("https://other.example/metadata".to_owned()));
    let answer = emulator.client().get(url).await.unwrap();
    assert_eq!((answer.status().as_u16(), header(&answer, "location")), (302, Some("https://other.example/metadata")));
}

#[tokio::test]
async fn an_id_token_is_good_or_wrong_in_one_way() {
    let emulator = with("", "").await;
    let keys: JwkSet = serde_json::from_value(get_json(&emulator, "https://as.example/jwks").await).unwrap();
    let key = DecodingKey::from_jwk(&keys.keys[0]).unwrap();
    let token = async |how: Option<BadIdToken>| {
        service(&emulator).behave();
        how.into_iter().for_each(|how| service(&emulator).misbehave(Misbehaviour::IdToken(how)));
        tokens(&emulator, "&scope=openid&nonce=n1").await["id_token"].as_str().unwrap().to_owned()
    };
    let is_signed = |token: &str| {
        let mut only = Validation::new(Algorithm::RS256);
        (only.validate_exp, only.validate_aud) = (false, false);
        jsonwebtoken::decode::<Value>(token, &key, &only).is_ok()
    };
    let claims = |token: &str| {
        let part = token.split('.').nth(1).unwrap();
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let good = token(None).await;
    let right = claims(&good);
    assert!(is_signed(&good));
    assert_eq!((&right["iss"], &right["aud"], &right["nonce"]), (&json!(ISSUER), &json!("a-client"), &json!("n1")));
    for (how, claim) in
        [(BadIdToken::Nonce, "nonce"), (BadIdToken::Audience, "aud"), (BadIdToken::Issuer, "iss"), (BadIdToken::Expired, "exp")]
    {
        let bad = token(Some(how)).await;
        assert!(is_signed(&bad), "{how:?}");
        assert_ne!(claims(&bad)[claim], right[claim], "{how:?}");
    }
    assert!(claims(&token(Some(BadIdToken::Expired)).await)["exp"].as_u64().unwrap() < super::now(&emulator));
    let unsigned = token(Some(BadIdToken::AlgNone)).await;
    assert!(unsigned.ends_with('.') && claims(&unsigned)["aud"] == "a-client");
    assert!(!is_signed(&token(Some(BadIdToken::Key)).await));
}

#[tokio::test]
async fn tokens_of_one_service_mean_nothing_to_another() {
    let other = "name = \"Other\"\n[endpoints]\ntoken = \"https://other.example/token\"\n[[calls]]\nurl = \"https://other.example/me\"";
    let generic = vec![facts("", ""), Facts::parse(other).unwrap()];
    let emulator = Emulator::start(Options { generic, ..Options::default() }).await.unwrap();
    for name in ["Example", "Other"] {
        emulator.generic(name).unwrap().register_client(GenericClient::new("a-client", "a-secret"));
        emulator.generic(name).unwrap().issue_tokens("a-client", &[]).unwrap();
    }
    let (token, refresh_token) = service(&emulator).issue_tokens("a-client", &[]).unwrap();
    assert!(service(&emulator).is_live(&token) && !emulator.generic("Other").unwrap().is_live(&token));
    emulator.clock().advance(Duration::from_secs(1));
    assert_eq!(ask(&emulator, &[("grant_type", "refresh_token"), ("refresh_token", &refresh_token)]).await.0, 200);
    let form =
        [("grant_type", "refresh_token"), ("refresh_token", &*refresh_token), ("client_id", "a-client"), ("client_secret", "a-secret")];
    let refused = emulator.client().post("https://other.example/token", &form).await.unwrap();
    assert_eq!(body(&refused)["error"], "invalid_grant");
}

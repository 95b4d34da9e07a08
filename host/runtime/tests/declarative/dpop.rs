//! Proofs of possession, where `[protocol.dpop]` names a key.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_runtime::{ApiRequest, Client, CurrentTokens, Error, GrantKind, Provider, Secret, Step, TokenType};
use serde_json::Value;

use crate::service::{Sent, Service, answer};
use crate::{REDIRECT, acme, client, current, grant, load, refused, value};

const CHANGES: [(&str, &str); 5] = [
    ("grants = [\"authorization-code\"]", "grants = [\"authorization-code\", \"client-credentials\", \"jwt-bearer\"]"),
    ("\"device-code\", \"access-token\"]", "\"device-code\", \"access-token\", \"dpop-proof\"]"),
    (
        "url = \"https://acme.com/me\"\naccepts = [\"access-token\"]",
        "url = \"https://acme.com/me\"\naccepts = [\"access-token\", \"dpop-proof\"]",
    ),
    ("accepts = [\"access-token\"]\nheaders", "accepts = [\"access-token\", \"dpop-proof\"]\nheaders"),
    ("accepts = [\"client-secret\", \"refresh-token\"", "accepts = [\"client-secret\", \"assertion\", \"refresh-token\""),
];
const MORE: &str = r#"
[secrets.dpop-key]
name = "Key"
generated = true

[secrets.private-key]
name = "Private key"

[signs]
dpop-key = ["ES256"]
private-key = ["RS256", "ES256"]
client-secret = ["HS256"]

[protocol.dpop]
key = "dpop-key"
"#;

async fn acme_with(service: &Arc<Service>, more: &str) -> Provider {
    load(service, &acme(&CHANGES, &format!("{MORE}{more}"))).await
}

fn keyed() -> Client {
    let mut client = client();
    for name in ["dpop-key", "private-key"] {
        client.secrets.insert(name.to_owned(), Secret::new(name, jeton_runtime::new_key().unwrap().reveal()));
    }
    client
}

/// The connection's tokens, of this type.
fn of_type(token_type: &str) -> CurrentTokens {
    CurrentTokens { extras: vec![("token-type".to_owned(), token_type.to_owned())], ..current() }
}

/// The claims of a JWT.
fn claims(jwt: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn proof(sent: &Sent) -> Value {
    claims(sent.headers["dpop"].to_str().unwrap())
}

/// A service that wants this nonce in its proofs, and then answers so.
fn demanding(status: u16, body: &'static str) -> Arc<Service> {
    Service::new(move |sent| {
        let right = proof(&sent)["nonce"] == "n-1";
        async move {
            Ok(match right {
                true => answer(200, &[], body),
                false => answer(
                    status,
                    &[("dpop-nonce", "n-1"), ("www-authenticate", "DPoP error=\"use_dpop_nonce\"")],
                    "{\"error\":\"use_dpop_nonce\"}",
                ),
            })
        }
    })
}

const BOUND: &str = r#"{"access_token":"a-2","token_type":"DPoP"}"#;

#[tokio::test]
async fn what_is_sent_once_more_is_signed_once_more() {
    let service = demanding(400, BOUND);
    let provider =
        acme_with(&service, "[protocol.client]\nauthentication = \"client-secret-jwt\"\n[protocol.jwt-bearer]\nalgorithm = \"ES256\"")
            .await;
    let step = provider.begin(&keyed(), &grant(GrantKind::JwtBearer, &[]), &REDIRECT.to_owned()).await.unwrap();
    let Step::Done(tokens) = step else { panic!("{step:?}") };
    assert_eq!((TokenType::of(&tokens.extras), tokens.access.reveal()), (TokenType::Dpop, b"a-2".as_slice()));
    let sent = service.sent();
    assert_eq!(sent.len(), 2);
    for parameter in ["assertion", "client_assertion"] {
        let ids: Vec<_> = sent.iter().map(|sent| claims(&value(&sent.body, parameter).unwrap())["jti"].clone()).collect();
        assert!(ids[0].is_string() && ids[0] != ids[1], "{parameter}: {ids:?}");
    }
    assert_ne!(proof(&sent[0])["jti"], proof(&sent[1])["jti"]);
    // The nonce is kept: the next request has it at once, and is sent once.
    provider.refresh(&keyed(), &current()).await.unwrap();
    assert_eq!(service.sent().len(), 3);
}

#[tokio::test]
async fn a_nonce_that_is_demanded_and_not_given_is_no_reason_to_try_again() {
    let service = Service::always(400, &[], "{\"error\":\"use_dpop_nonce\"}");
    let error = refused(acme_with(&service, "").await.refresh(&keyed(), &current()).await);
    assert_eq!((error.code.as_deref(), service.sent().len()), (Some("use_dpop_nonce"), 1));
}

#[tokio::test]
async fn a_call_of_the_api_is_proven_for_its_address_without_the_query() {
    let service = demanding(401, "{}");
    let provider = acme_with(&service, "").await;
    let request = |endpoint: &str| ApiRequest {
        endpoint: endpoint.to_owned(),
        method: http::Method::DELETE,
        path: Some("v1/things".to_owned()),
        query: vec![("q".to_owned(), "1".to_owned())],
        headers: vec![("DPoP".to_owned(), "somebody-elses".to_owned())],
        body: b"{}".to_vec(),
    };
    let done = provider.request(&keyed(), &of_type("DPoP"), &vec![], request("api")).await.unwrap();
    assert_eq!(done.status, 200);
    let sent = service.sent();
    assert_eq!(sent.len(), 2);
    for sent in &sent {
        assert_eq!((sent.line.as_str(), sent.body.as_str()), ("DELETE https://api.acme.com/v1/things?q=1", "{}"));
        assert!(sent.headers["authorization"].to_str().unwrap().starts_with("DPoP ") && sent.headers.get_all("dpop").iter().count() == 1);
        assert_eq!((&proof(sent)["htm"], &proof(sent)["htu"]), (&"DELETE".into(), &"https://api.acme.com/v1/things".into()));
    }
    // What the host has learnt the component knows, and the other way round; another origin has a nonce of its own.
    provider.identify(&keyed(), &of_type("DPoP")).await.unwrap_err();
    assert_eq!(service.sent().len(), 4, "acme.com and not api.acme.com");
    provider.request(&keyed(), &of_type("DPoP"), &vec![], request("api")).await.unwrap();
    assert_eq!(service.sent().len(), 5);
}

#[tokio::test]
async fn only_a_token_that_is_bound_is_shown_as_one() {
    let service = Service::always(200, &[], r#"{"sub":"7"}"#);
    let provider = acme_with(&service, "bearer = true").await;
    for (tokens, bound) in [(of_type("DPoP"), true), (of_type("Bearer"), false), (current(), false)] {
        provider.identify(&keyed(), &tokens).await.unwrap();
        let sent = service.sent().pop().unwrap();
        assert_eq!(sent.headers.contains_key("dpop"), bound);
        let scheme = if bound { "DPoP " } else { "Bearer " };
        assert!(sent.headers["authorization"].to_str().unwrap().starts_with(scheme));
    }
}

#[tokio::test]
async fn a_client_without_the_key_sends_nothing() {
    let provider = acme_with(&Service::silent(), "").await;
    let error = refused(provider.refresh(&client(), &current()).await);
    assert!(error.description.unwrap().contains("dpop-key"));
    let request =
        ApiRequest { endpoint: "api".to_owned(), method: http::Method::GET, path: None, query: vec![], headers: vec![], body: vec![] };
    let error = provider.request(&client(), &of_type("DPoP"), &vec![], request).await.unwrap_err();
    assert!(matches!(&error, Error::Unfit { what, .. } if what.contains("dpop-key")), "{error:?}");
}

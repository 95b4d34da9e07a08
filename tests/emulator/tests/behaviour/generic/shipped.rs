//! The services that come as data: each signs in and gives a token that its first call takes.

use jeton_emulator::generic_service::{Body, ClientAuth, Endpoint, Facts, GenericClient};
use jeton_emulator::{Decision, Emulator, Options};
use serde_json::Value;

use super::send;
use crate::stage::parameter;

/// The authorization URL that suits the facts.
fn authorize_url(facts: &Facts, url: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs([("response_type", "code"), ("client_id", "a-client"), ("redirect_uri", "http://127.0.0.1/cb"), ("state", "7")]);
    query.extend_pairs(facts.authorize.required.iter().map(|(name, value)| (name, if value.is_empty() { "x" } else { value })));
    query.extend_pairs(facts.refresh.parameter.iter().filter_map(|pair| pair.split_once('=')));
    query.extend_pairs(facts.refresh.scope.iter().map(|scope| ("scope", scope)));
    format!("{url}?{}", query.finish())
}

/// A token request in the way that the facts want.
async fn ask(emulator: &Emulator, facts: &Facts, grant: &[(&str, &str)]) -> Value {
    let url = facts.endpoints.get(&Endpoint::Token).unwrap();
    let mut parameters = grant.to_vec();
    let mut headers = vec![("accept", "application/json")];
    match facts.client_auth.first().unwrap() {
        ClientAuth::ClientSecretBasic => headers.push(("authorization", "Basic YS1jbGllbnQ6YS1zZWNyZXQ=")),
        ClientAuth::ClientSecretPost => parameters.extend([("client_id", "a-client"), ("client_secret", "a-secret")]),
        _ => parameters.push(("client_id", "a-client")),
    }
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&parameters).finish();
    let answer = match facts.request.body.first().unwrap() {
        Body::Form => {
            send(emulator, "POST", url, &[&headers[..], &[("content-type", "application/x-www-form-urlencoded")]].concat(), &form).await
        }
        Body::Query => send(emulator, "POST", &format!("{url}?{form}"), &headers, "").await,
        Body::Json => {
            let object: serde_json::Map<String, Value> =
                parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
            let text = Value::Object(object).to_string();
            send(emulator, "POST", url, &[&headers[..], &[("content-type", "application/json")]].concat(), &text).await
        }
    };
    serde_json::from_slice(answer.body()).unwrap()
}

#[tokio::test]
async fn every_shipped_service_gives_a_token_that_its_own_call_takes() {
    for name in Facts::shipped_names() {
        let facts = Facts::shipped(name).unwrap().unwrap_or_else(|error| panic!("{name}: {error}"));
        let emulator = Emulator::start(Options { generic: vec![facts.clone()], ..Options::default() }).await.unwrap();
        let service = emulator.generic(&facts.name).unwrap();
        let public = facts.client_auth.first() == Some(&ClientAuth::None);
        let client = if public { GenericClient::public("a-client") } else { GenericClient::new("a-client", "a-secret") };
        service.register_client(client.redirect_uri("http://127.0.0.1/cb"));

        let token = if let Some(url) = facts.endpoints.get(&Endpoint::Authorize) {
            let back = emulator.consent(&authorize_url(&facts, url), Decision::Grant).await.unwrap();
            assert_eq!(parameter(&back, "state").is_none(), facts.authorize.drops_state, "{name}");
            for (parameter_name, value) in &facts.authorize.callback {
                assert_eq!(parameter(&back, parameter_name).as_ref(), Some(value), "{name}");
            }
            let code = parameter(&back, "code").unwrap();
            let grant = [("grant_type", "authorization_code"), ("code", &*code), ("redirect_uri", "http://127.0.0.1/cb")];
            let answer = ask(&emulator, &facts, &grant).await;
            let place = facts.answer.fields.get("access_token").map_or("access_token", String::as_str);
            let found = place.split('.').fold(&answer, |value, member| &value[member]);
            found.as_str().unwrap_or_else(|| panic!("{name}: {answer}")).to_owned()
        } else if facts.request.grants.iter().any(|grant| grant == "password") {
            let grant = [("grant_type", "password"), ("username", "ada@example.com"), ("password", "emulator")];
            ask(&emulator, &facts, &grant).await["access_token"].as_str().unwrap().to_owned()
        } else {
            service.issue_tokens("a-client", &[]).unwrap().0
        };

        let call = facts.calls.first().unwrap();
        let authorization = format!("{} {token}", call.scheme);
        let mut headers = vec![("authorization", &*authorization)];
        headers.extend(call.headers.iter().map(|(name, value)| (name.as_str(), if value.is_empty() { "2022-06-28" } else { value })));
        let answer = send(&emulator, &call.method, &call.url, &headers, "").await;
        assert_eq!(answer.status(), 200, "{name}");
        headers.clear();
        let refused = send(&emulator, &call.method, &call.url, &headers, "").await;
        assert!(refused.status() != 200 || call.refusal.is_some(), "{name}");
    }
}

#[tokio::test]
async fn the_list_has_rclones_eighteen_and_those_that_jeton_has_manifests_of() {
    let names: Vec<_> = Facts::shipped_names().collect();
    assert_eq!(names.len(), 34);
    assert!(Facts::shipped("unheard-of").is_none());
}

#[tokio::test]
async fn slack_says_ok_false_with_200() {
    let facts = Facts::shipped("slack").unwrap().unwrap();
    let emulator = Emulator::start(Options { generic: vec![facts.clone()], ..Options::default() }).await.unwrap();
    emulator.generic("Slack").unwrap().register_client(GenericClient::new("a-client", "a-secret"));
    let refused = ask(&emulator, &facts, &[("grant_type", "authorization_code"), ("code", "nonsense")]).await;
    assert_eq!(refused, serde_json::json!({ "ok": false, "error": "invalid_code" }));
}

#[tokio::test]
async fn facts_of_a_built_in_service_take_its_hosts_over() {
    let facts = Facts::shipped("box").unwrap().unwrap();
    let emulator = Emulator::start(Options { generic: vec![facts], ..Options::default() }).await.unwrap();
    emulator.generic("Box (rclone)").unwrap().register_client(GenericClient::new("a-client", "a-secret"));
    let token = emulator.generic("Box (rclone)").unwrap().issue_tokens("a-client", &[]).unwrap().0;
    let me = emulator.client().get_with_token("https://api.box.com/2.0/users/me", &token).await.unwrap();
    assert_eq!(me.status(), 200);
    assert_eq!(emulator.hosts().iter().filter(|host| **host == "api.box.com").count(), 1);
}

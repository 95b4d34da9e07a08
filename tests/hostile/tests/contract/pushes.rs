//! Requests that are pushed before a browser is sent to them (RFC 9126): what is in them is held to what the address of a visit is held to.

use jeton_hostile::{Service, client, component, runtime};
use jeton_runtime::{Denial, Error, GrantKind, Provider, Step};

use crate::{MANIFEST, asking, file};

const REDIRECT: &str = "http://127.0.0.1:4000/callback";
const OWN: [(&str, &str); 2] = [("+state", "{state}"), ("+redirect_uri", "{redirect_uri}")];
const VISIT: [(&str, &str); 2] = [("?state", "{state}"), ("?request_uri", "urn:pushed")];

async fn begin(provider: &Provider, said: &[(&str, &str)]) -> Result<Step, Error> {
    provider.begin(&client(), &asking(GrantKind::AuthorizationCode, said), &REDIRECT.to_owned()).await
}

async fn denied(provider: &Provider, said: &[&[(&str, &str)]]) -> Denial {
    match begin(provider, &said.concat()).await {
        Err(Error::Denied(denial)) => denial,
        other => panic!("{said:?}: {other:?}"),
    }
}

#[tokio::test]
pub(crate) async fn pushes_another_request() {
    let component = component!("contract", "pushes_another_request");
    let service = Service::always(201, &[], r#"{"request_uri":"urn:pushed","expires_in":60}"#);
    let provider = runtime(&service).load(file::carrying(MANIFEST, component)).await.unwrap();
    let rule = "what is pushed is the flow's: state, redirect URI and nonce are the host's, and a parameter stands there once";
    for (name, value) in [
        ("+redirect_uri", "https://evil.example/"),
        ("+Redirect-URI", "https://evil.example/"),
        ("+redirect_uri[]", "https://evil.example/"),
        ("+state", "mine"),
        ("+STATE", "{state}x"),
        ("+nonce", "mine"),
        ("+state", "{state}"),
        ("+redirect_uri", "{redirect_uri}"),
    ] {
        for json in [&[][..], &[("json", "yes")]] {
            assert_eq!(denied(&provider, &[&OWN, &[(name, value)], json, &VISIT]).await.rule, rule, "{name} {value}");
        }
    }
    // Not even a second one, after the right one.
    for (name, value) in [("*redirect_uri", "https://evil.example/"), ("*state", "mine"), ("*nonce", "mine")] {
        assert_eq!(denied(&provider, &[&OWN, &[(name, value)], &VISIT]).await.rule, rule, "{name} {value}");
    }
    let inside = "nobody could tell what is in it";
    for name in ["+request", "+request_uri", "*request"] {
        assert_eq!(denied(&provider, &[&OWN, &[(name, "e30.e30.")], &VISIT]).await.rule, inside, "{name}");
    }
    assert_eq!(denied(&provider, &[&OWN[..1], &VISIT]).await.rule, "nobody could tell where the browser comes back to");
    let openid = [("+scope", "files openid")];
    assert_eq!(denied(&provider, &[&OWN, &openid, &VISIT]).await.rule, "nobody could tell whether the ID token belongs to this sign-in");
    // What wasn't pushed is referred to by nobody, and what is pushed without a state isn't the flow's.
    let sent = service.sent().len();
    for reference in [("?request_uri", "https://evil.example/request.jwt"), ("?request", "e30.e30."), ("?Request-URI", "urn:x")] {
        assert_eq!(denied(&provider, &[&VISIT[..1], &[reference]]).await.rule, inside, "{reference:?}");
    }
    assert_eq!(service.sent().len(), sent);
    assert_eq!(denied(&provider, &[&[("+scope", "files")], &VISIT]).await.rule, inside);
    // As it should be.
    let Step::Visit { url, flow } = begin(&provider, &[&OWN[..], &openid, &[("+nonce", "{nonce}")], &VISIT].concat()).await.unwrap() else {
        panic!()
    };
    let state = flow.state.reveal_text().unwrap();
    assert_eq!(url.as_str(), format!("https://hostile.example/authorize?state={state}&request_uri=urn%3Apushed"));
    // A push that failed is none.
    let refusing = Service::always(400, &[], r#"{"error":"invalid_request"}"#);
    let refused = runtime(&refusing).load(file::carrying(MANIFEST, component)).await.unwrap();
    assert_eq!(denied(&refused, &[&OWN, &VISIT]).await.rule, inside);
}

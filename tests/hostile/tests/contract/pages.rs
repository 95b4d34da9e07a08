//! Pages that a person is sent to: those of the manifest, with the host's own state and redirect URI.

use jeton_hostile::{Service, client, component, runtime};
use jeton_runtime::{Allow, Denial, Error, GrantKind, Provider, Step};

use crate::{MANIFEST, asking, breach, file, generous, hostile};

const REDIRECT: &str = "http://127.0.0.1:4000/callback";
const RESERVED: [(&str, &str); 2] = [("?state", "{state}"), ("?redirect_uri", "{redirect_uri}")];

async fn begin(provider: &Provider, kind: GrantKind, said: &[(&str, &str)]) -> Result<Step, Error> {
    provider.begin(&client(), &asking(kind, said), &REDIRECT.to_owned()).await
}

async fn denied(provider: &Provider, kind: GrantKind, said: &[(&str, &str)]) -> Denial {
    match begin(provider, kind, said).await {
        Err(Error::Denied(denial)) => denial,
        other => panic!("{said:?}: {other:?}"),
    }
}

#[tokio::test]
pub(crate) async fn visits_another_page() {
    let provider = hostile(component!("contract", "visits_another_page")).await;
    let visit = async |said: &[(&str, &str)]| denied(&provider, GrantKind::AuthorizationCode, said).await;
    // Endpoints that aren't for browsers, and what is no endpoint.
    for endpoint in ["token", "codes", "nowhere", "", "https://evil.example/", "javascript:alert(1)", "Authorize", "authorize\u{1b}[2J"] {
        let denial = visit(&[("endpoint", endpoint), RESERVED[0], RESERVED[1]]).await;
        assert_eq!(denial.rule, "the manifest has no such page", "{endpoint}");
    }
    // Where the browser comes back to, and with what, in every spelling that a service reads.
    let rule = "state and redirect URI are the host's, and a parameter stands there once";
    for name in
        ["redirect_uri", "Redirect_URI", "redirectUri", "redirect-uri", "redirect.uri", "redirect uri", "redirect_uri[]", "redirect_uri[x]"]
    {
        let name = format!("?{name}");
        for value in ["https://evil.example/", "http://127.0.0.1:4001/callback", "{redirect_uri}@evil.example", "{redirect_uri} ", ""] {
            assert_eq!(visit(&[RESERVED[0], (&name, value)]).await.rule, rule, "{name:?} {value}");
            assert_eq!(visit(&[RESERVED[0], RESERVED[1], (&name, value)]).await.rule, rule, "{name:?} {value}");
            assert_eq!(visit(&[RESERVED[0], (&name, value), RESERVED[1]]).await.rule, rule, "{name:?} {value}");
        }
    }
    for name in ["state", "State", "STATE", "state[]", "state[0]", " state", "state\0"] {
        let name = format!("?{name}");
        for value in ["mine", "{state}x", ""] {
            assert_eq!(visit(&[(&name, value), RESERVED[1]]).await.rule, rule, "{name:?} {value}");
            assert_eq!(visit(&[RESERVED[0], RESERVED[1], (&name, value)]).await.rule, rule, "{name:?} {value}");
        }
    }
    // Twice, though it is the right one.
    assert_eq!(visit(&[RESERVED[0], RESERVED[0], RESERVED[1]]).await.what, "a visit to `authorize` with a second `state`");
    assert_eq!(visit(&[RESERVED[0], RESERVED[1], RESERVED[1]]).await.what, "a visit to `authorize` with a second `redirect_uri`");
    assert_eq!(visit(&[RESERVED[0], ("?scope", "a"), ("?scope", "b")]).await.rule, rule);
    assert_eq!(visit(&[RESERVED[1]]).await.rule, "nobody could tell whose browser comes back");
    // As it should be: what a parameter holds stays in it.
    let said = [RESERVED[0], RESERVED[1], ("?x&y=1#", "z&state=mine#\r\n")];
    let Step::Visit { url, flow } = begin(&provider, GrantKind::AuthorizationCode, &said).await.unwrap() else { panic!() };
    let state = flow.state.reveal_text().unwrap();
    let expected = "&redirect_uri=http%3A%2F%2F127.0.0.1%3A4000%2Fcallback&x%26y%3D1%23=z%26state%3Dmine%23%0D%0A";
    assert_eq!(url.as_str(), format!("https://hostile.example/authorize?state={state}{expected}"));
    // Afterwards there is no flow that a second visit could belong to, and nothing to reserve.
    let returned = flow.returned(&format!("code=c&state={state}")).unwrap();
    let again = provider.resume(&client(), &flow, &returned).await;
    assert_eq!(breach(again), "wants a second visit in one flow");
    let mut reserving = flow.clone();
    reserving.grant.options.push(("reserve".to_owned(), String::new()));
    let error = provider.resume(&client(), &reserving, &returned).await.unwrap_err();
    assert_eq!(error.to_string(), "the provider hostile was stopped: callback.reserve is for begin alone");
    // A grant that the manifest doesn't know reaches no component.
    let unknown = runtime(&Service::silent()).load(file::carrying(MANIFEST, component!("contract", "visits_another_page"))).await.unwrap();
    let error = begin(&unknown, GrantKind::TokenExchange, &RESERVED).await.unwrap_err();
    assert!(matches!(&error, Error::Unfit { hint, .. } if hint == "It knows: authorization-code, device-code"), "{error:?}");
}

/// A person types a password where this leads: RFC 8628's `verification_uri` is a page of the manifest, as that of a visit is.
#[tokio::test]
pub(crate) async fn sends_people_elsewhere() {
    let component = component!("contract", "sends_people_elsewhere");
    let provider = hostile(component).await;
    let known = "https://hostile.example/device";
    for page in [
        "https://evil.example/device",
        "https://hostile.example.evil.example/device",
        "https://hostile.example:8443/device",
        "https://hostile.example/",
        "https://hostile.example/devices",
        "https://hostile.example/device/",
        "https://hostile.example/device/../token",
        "https://hostile.example/device/%2e%2e/token",
        "https://hostile.example//device",
        "https://hostile.example/token",
        "https://evil.example/?https://hostile.example/device",
        "https://evil.example/#https://hostile.example/device",
        "https://evil.example\\@hostile.example/device",
    ] {
        for said in [&[("page", page)][..], &[("page", known), ("complete", page)]] {
            let denial = denied(&provider, GrantKind::DeviceCode, said).await;
            assert_eq!(denial.rule, "the manifest has no such page", "{page}");
            assert!(denial.what.starts_with("sending a person to https://"), "{denial}");
        }
    }
    for page in [
        "http://hostile.example/device",
        "https://hostile.example@evil.example/device",
        "https://user:password@hostile.example/device",
        "javascript:alert(1)",
        "data:text/html,hello",
        "file:///etc/passwd",
        "//hostile.example/device",
        "hostile.example/device",
        "",
    ] {
        for said in [&[("page", page)][..], &[("page", known), ("complete", page)]] {
            let what = breach(begin(&provider, GrantKind::DeviceCode, said).await);
            assert_eq!(what, "wants to send a person to an address that isn't https", "{page}");
        }
    }
    let said = [("page", known), ("complete", "https://hostile.example/device?user_code=ABCD-EFGH#\u{1b}[2J")];
    let Step::EnterCode(prompt) = begin(&provider, GrantKind::DeviceCode, &said).await.unwrap() else { panic!() };
    assert_eq!(prompt.verification_uri.as_str(), known);
    let complete = prompt.verification_uri_complete.unwrap();
    assert_eq!(complete.as_str(), "https://hostile.example/device?user_code=ABCD-EFGH#%1B[2J");
    // The lines that the denial names allow it, and what is below a folder's page is its own.
    let said = [("page", "https://elsewhere.example/login/"), ("complete", "https://elsewhere.example/login/enter?code=1")];
    let denial = denied(&provider, GrantKind::DeviceCode, &said).await;
    let Some(Allow::Manifest(lines)) = denial.allow else { panic!("{denial:?}") };
    let allowed = runtime(&generous()).load(file::carrying(format!("{MANIFEST}\n{lines}"), component)).await.unwrap();
    let Step::EnterCode(prompt) = begin(&allowed, GrantKind::DeviceCode, &said).await.unwrap() else { panic!() };
    assert_eq!(prompt.verification_uri.as_str(), "https://elsewhere.example/login/");
}

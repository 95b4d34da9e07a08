//! Values of the service that choose where requests go, and whose browser comes back.

use jeton_runtime::{Error, Step};

use crate::service::Service;
use crate::{acme, begin, client, current, load};

/// As pCloud does it: the callback names the host.
const SWITCHED: &str = r#"
[extras.hostname]
name = "Server"
parameter = "hostname"
values = ["api.acme.com", "eapi.acme.com"]

[callback]
reveals = ["hostname", "realmId"]
code = "auth_code"

[extras.realm]
name = "Company"
parameter = "realmId"
pattern = "[0-9]+"
"#;

const AT_HOST: (&str, &str) = ("https://acme.com/token", "https://{hostname}/token");

#[tokio::test]
async fn the_callback_chooses_a_host_of_the_manifests_list_and_it_is_remembered() {
    let service = Service::always(200, &[], r#"{"access_token":"a-1","refresh_token":"r-1"}"#);
    let provider = load(&service, &acme(&[AT_HOST], SWITCHED)).await;
    let (_, flow) = begin(&provider, &[]).await;
    let query = format!("auth_code=c-1&hostname=eapi.acme.com&realmId=77&state={}", flow.state.reveal_text().unwrap());
    let Step::Done(tokens) = provider.resume(&client(), &flow, &flow.returned(&query).unwrap()).await.unwrap() else { panic!() };
    assert_eq!(service.only().line, "POST https://eapi.acme.com/token");
    assert!(service.only().body.contains("code=c-1"));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(tokens.extras, [pair("hostname", "eapi.acme.com"), pair("realm", "77")]);
    let mut current = current();
    current.extras = tokens.extras;
    provider.refresh(&client(), &current).await.unwrap();
    assert_eq!(service.sent()[1].line, "POST https://eapi.acme.com/token");
}

#[tokio::test]
async fn another_host_is_refused_before_anything_is_sent() {
    let provider = load(&Service::silent(), &acme(&[AT_HOST], SWITCHED)).await;
    let (_, flow) = begin(&provider, &[]).await;
    for host in ["evil.example", "api.acme.com.evil.example", "", "API.acme.com", "api.acme.com/x"] {
        let query = format!("auth_code=c-1&hostname={host}&state={}", flow.state.reveal_text().unwrap());
        let error = provider.resume(&client(), &flow, &flow.returned(&query).unwrap()).await.unwrap_err();
        assert!(matches!(&error, Error::Denied(_)) && error.to_string().contains("must be one of api.acme.com, eapi.acme.com"), "{error}");
    }
    let missing = flow.returned(&format!("auth_code=c-1&state={}", flow.state.reveal_text().unwrap())).unwrap();
    assert!(matches!(provider.resume(&client(), &flow, &missing).await, Err(Error::Denied(_))));
    let mut current = current();
    current.extras = vec![("hostname".to_owned(), "evil.example".to_owned())];
    assert!(matches!(provider.refresh(&client(), &current).await, Err(Error::Denied(_))));
}

#[tokio::test]
async fn what_does_not_fit_its_pattern_is_not_kept_and_no_token_is_lost_for_it() {
    let service = Service::always(200, &[], r#"{"access_token":"a-1","team":"not a number"}"#);
    let more = "[extras.team]\nname = \"Team\"\npointer = \"/team\"\npattern = \"[0-9]+\"";
    let provider = load(&service, &acme(&[("reveals = []", "reveals = [\"/team\"]")], more)).await;
    assert!(provider.refresh(&client(), &current()).await.unwrap().extras.is_empty());
}

#[tokio::test]
async fn a_part_of_what_the_service_says_can_stand_in_an_address() {
    let more =
        "[extras.instance]\nname = \"Instance\"\npointer = \"/instance_url\"\npattern = \"https://([a-z0-9-]+)\\\\.my\\\\.acme\\\\.com\"";
    let changes = [("reveals = []", "reveals = [\"/instance_url\"]"), ("https://acme.com/me", "https://{instance}.my.acme.com/me")];
    let service = Service::always(200, &[], r#"{"sub":"7"}"#);
    let provider = load(&service, &acme(&changes, more)).await;
    let mut current = current();
    current.extras = vec![("instance".to_owned(), "https://anvil-1.my.acme.com".to_owned())];
    provider.identify(&client(), &current).await.unwrap();
    assert_eq!(service.only().line, "GET https://anvil-1.my.acme.com/me");
}

#[tokio::test]
async fn an_answer_of_another_issuer_ends_the_flow() {
    let issuer = [("component =", "issuer = \"https://acme.com\"\ncomponent =")];
    let provider = load(&Service::silent(), &acme(&issuer, "[callback]\niss = \"required\"")).await;
    let (_, flow) = begin(&provider, &[]).await;
    for iss in ["&iss=https%3A%2F%2Fevil.example", "&iss=https%3A%2F%2Facme.com%2F", "&iss=", ""] {
        let query = format!("code=c-1&state={}{iss}", flow.state.reveal_text().unwrap());
        let error = provider.resume(&client(), &flow, &flow.returned(&query).unwrap()).await.unwrap_err();
        assert!(matches!(error, Error::Callback(_)), "{iss}: {error:?}");
    }
    let service = Service::always(200, &[], r#"{"access_token":"a-1"}"#);
    let provider = load(&service, &acme(&issuer, "[callback]\niss = \"required\"")).await;
    let (_, flow) = begin(&provider, &[]).await;
    let query = format!("code=c-1&state={}&iss=https%3A%2F%2Facme.com", flow.state.reveal_text().unwrap());
    provider.resume(&client(), &flow, &flow.returned(&query).unwrap()).await.unwrap();
}

//! Grants without a browser on this machine.

use jeton_runtime::{ErrorKind, GrantKind, Step, Tokens};

use crate::service::{Service, answer};
use crate::{REDIRECT, acme, client, grant, load, names, refused, value};

const GRANTS: (&str, &str) =
    ("grants = [\"authorization-code\"]", "grants = [\"client-credentials\", \"token-exchange\", \"device-code\", \"jwt-bearer\"]");
const MORE: &str = r#"
[endpoints.device]
url = "https://acme.com/device"
accepts = ["client-secret"]
captures = { device-code = "/device_code" }
reveals = ["/user_code", "/verification_url", "/interval"]

[endpoints.verification]
url = "https://acme.com/enter"
browser = true

[secrets.private-key]
name = "Key"

[signs]
private-key = ["RS256"]

[protocol.device]
verification-uri = "/verification_url"

[protocol.client-credentials]
parameters = { audience = "https://api.acme.com", account = "{subject}" }

[protocol.exchange]
options = ["requested_token_type"]
"#;

async fn begun(service: &std::sync::Arc<Service>, grant: &jeton_runtime::Grant) -> Result<Step, jeton_runtime::Error> {
    load(service, &acme(&[GRANTS], MORE)).await.begin(&client(), grant, &REDIRECT.to_owned()).await
}

fn done(step: Step) -> Tokens {
    match step {
        Step::Done(tokens) => tokens,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_client_obtains_a_token_for_itself_or_for_a_subject() {
    let service = Service::always(200, &[], r#"{"access_token":"a-1","expires_in":60}"#);
    let mut wanted = grant(GrantKind::ClientCredentials, &["read"]);
    done(begun(&service, &wanted).await.unwrap());
    let body = service.only().body;
    assert_eq!(names(&body), ["grant_type", "scope", "client_id", "client_secret", "audience"]);
    assert_eq!(value(&body, "grant_type").as_deref(), Some("client_credentials"));
    wanted.subject = Some("e-7".to_owned());
    done(begun(&service, &wanted).await.unwrap());
    assert_eq!(value(&service.sent()[1].body, "account").as_deref(), Some("e-7"));
}

#[tokio::test]
async fn a_token_is_exchanged_with_the_options_that_the_manifest_knows() {
    let service = Service::always(200, &[], r#"{"access_token":"a-1"}"#);
    let mut wanted = grant(GrantKind::TokenExchange, &[]);
    wanted.subject_token = crate::current().access;
    wanted.options = vec![("requested_token_type".to_owned(), "urn:x".to_owned()), ("other".to_owned(), "y".to_owned())];
    done(begun(&service, &wanted).await.unwrap());
    let body = service.only().body;
    assert_eq!(
        (value(&body, "subject_token").as_deref(), value(&body, "requested_token_type").as_deref()),
        (Some(crate::ACCESS), Some("urn:x"))
    );
    assert_eq!(value(&body, "other"), None);
}

#[tokio::test]
async fn a_person_enters_a_code_elsewhere_and_polls_say_how_far_it_is() {
    let prompt = r#"{"device_code":"d-1","user_code":"AB-12","verification_url":"https://acme.com/enter","expires_in":900,"interval":7}"#;
    let service = Service::new(move |sent| async move {
        Ok(match sent.line.as_str() {
            "POST https://acme.com/device" => answer(200, &[], prompt),
            _ => answer(400, &[], r#"{"error":"authorization_pending"}"#),
        })
    });
    let wanted = grant(GrantKind::DeviceCode, &["read"]);
    let provider = load(&service, &acme(&[GRANTS], MORE)).await;
    let Step::EnterCode(shown) = provider.begin(&client(), &wanted, &REDIRECT.to_owned()).await.unwrap() else { panic!() };
    assert_eq!((shown.user_code.as_str(), shown.verification_uri.as_str()), ("AB-12", "https://acme.com/enter"));
    assert_eq!((shown.expires_in.as_secs(), shown.interval.unwrap().as_secs(), shown.device_code.reveal()), (900, 7, &b"d-1"[..]));
    assert!(matches!(provider.poll(&client(), &wanted, &shown.device_code).await.unwrap(), Step::Pending(None)));
    assert_eq!(value(&service.sent()[1].body, "device_code").as_deref(), Some("d-1"));
    for (error, kind) in
        [("slow_down", ErrorKind::RateLimited), ("access_denied", ErrorKind::AccessDenied), ("expired_token", ErrorKind::InvalidGrant)]
    {
        let service = Service::always(400, &[], format!(r#"{{"error":"{error}"}}"#));
        let provider = load(&service, &acme(&[GRANTS], MORE)).await;
        assert_eq!(refused(provider.poll(&client(), &wanted, &shown.device_code).await).kind, kind, "{error}");
    }
    let service = Service::always(200, &[], r#"{"access_token":"a-1"}"#);
    let provider = load(&service, &acme(&[GRANTS], MORE)).await;
    assert_eq!(done(provider.poll(&client(), &wanted, &shown.device_code).await.unwrap()).access.reveal(), b"a-1");
}

#[tokio::test]
async fn a_client_without_a_key_can_not_assert_anything() {
    let error = refused(begun(&Service::silent(), &grant(GrantKind::JwtBearer, &[])).await);
    assert_eq!((error.kind, error.description.as_deref()), (ErrorKind::InvalidClient, Some("The client has no private-key")));
}

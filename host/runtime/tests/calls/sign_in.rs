//! `begin` and `resume`: a person signs in.

use jeton_runtime::{Callback, Error, ErrorKind, Flow, Grant, GrantKind, Provider, Remedy, Step};
use url::Url;

use crate::service::Service;
use crate::{CLIENT_SECRET, box_at, client, refused};

const REDIRECT: &str = "http://127.0.0.1:4000/callback";

fn grant(scopes: &[&str]) -> Grant {
    Grant::new(GrantKind::AuthorizationCode, scopes.iter().map(|scope| (*scope).to_owned()).collect())
}

async fn begin(provider: &Provider, scopes: &[&str]) -> (Url, Flow) {
    match provider.begin(&client(), &grant(scopes), &REDIRECT.to_owned()).await.unwrap() {
        Step::Visit { url, flow } => (url, flow),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_browser_is_sent_to_the_address_that_box_documents() {
    let provider = box_at(&Service::silent()).await;
    let (url, flow) = begin(&provider, &["root_readonly", "manage_groups"]).await;
    let state = flow.state.reveal_text().unwrap();
    let expected = format!(
        "https://account.box.com/api/oauth2/authorize?response_type=code&client_id=app+1%26x\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A4000%2Fcallback&state={state}&scope=root_readonly+manage_groups"
    );
    assert_eq!(url.as_str(), expected);
    assert_eq!((flow.redirect_uri.as_str(), flow.grant.scopes.len()), (REDIRECT, 2));
    let (url, other) = begin(&provider, &[]).await;
    assert!(!url.as_str().contains("scope"), "{url}");
    assert_ne!(state, other.state.reveal_text().unwrap());
    assert_eq!(state.len(), 43);
}

#[tokio::test]
async fn the_code_is_exchanged_with_the_redirect_uri_of_the_flow() {
    let body = r#"{"access_token":"a-1","refresh_token":"r-1","expires_in":4161,"token_type":"bearer","restricted_to":[]}"#;
    let service = Service::always(200, &[], body);
    let provider = box_at(&service).await;
    let (_, flow) = begin(&provider, &[]).await;
    let returned = flow.returned(&format!("code=c%2Bde&state={}", flow.state.reveal_text().unwrap())).unwrap();
    let Step::Done(tokens) = provider.resume(&client(), &flow, &returned).await.unwrap() else { panic!() };
    assert_eq!((tokens.access.reveal(), tokens.refresh.unwrap().reveal()), (&b"a-1"[..], &b"r-1"[..]));
    let sent = service.only();
    assert_eq!(sent.line, "POST https://api.box.com/oauth2/token");
    assert_eq!(
        sent.body,
        "grant_type=authorization_code&client_id=app+1%26x&client_secret=client%3Dsecret%2B1&code=c%2Bde\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A4000%2Fcallback"
    );
}

#[tokio::test]
async fn a_person_who_declines_is_told_so_and_box_is_not_asked() {
    let provider = box_at(&Service::silent()).await;
    let (_, flow) = begin(&provider, &[]).await;
    let state = flow.state.reveal_text().unwrap();
    let returned = flow.returned(&format!("error=access_denied&error_description=The+user+said+no&state={state}")).unwrap();
    let error = refused(provider.resume(&client(), &flow, &returned).await);
    assert_eq!((error.kind, error.kind.remedy()), (ErrorKind::AccessDenied, Remedy::SignIn));
    assert_eq!((error.code.as_deref(), error.description.as_deref()), (Some("access_denied"), Some("The user said no")));
    let echo: String = form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect();
    let returned = flow.returned(&format!("error=x&error_description=not+{echo}&state={state}")).unwrap();
    let error = refused(provider.resume(&client(), &flow, &returned).await);
    assert_eq!(error.description.as_deref(), Some("not [withheld]"));
    let empty = flow.returned(&format!("state={state}")).unwrap();
    let error = refused(provider.resume(&client(), &flow, &empty).await);
    assert!(error.description.unwrap().contains("without a code"));
}

#[tokio::test]
async fn a_grant_that_the_manifest_lacks_is_refused_with_those_it_has() {
    let provider = box_at(&Service::silent()).await;
    let error = provider.begin(&client(), &Grant::new(GrantKind::DeviceCode, vec![]), &REDIRECT.to_owned()).await.unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
    assert_eq!(error.to_string(), "Box doesn't know the grant device-code");
    assert_eq!(error.hint().unwrap(), "It knows: authorization-code, jwt-bearer, client-credentials, token-exchange");
}

#[tokio::test]
async fn a_client_that_lacks_its_secret_is_refused_before_anything_is_sent() {
    let provider = box_at(&Service::silent()).await;
    let mut client = client();
    client.secrets.clear();
    let error = provider.begin(&client, &grant(&[]), &REDIRECT.to_owned()).await.unwrap_err();
    assert_eq!(error.to_string(), "Box needs the Client Secret of the client");
    let error = provider.refresh(&client, &crate::current()).await.unwrap_err();
    assert!(matches!(error, Error::Unfit { .. }), "{error:?}");
}

struct NoPort;

impl Callback for NoPort {
    fn redirect_uri(&self) -> Result<String, Error> {
        Err(Error::Callback("no port from 4000 to 4009 is free".to_owned()))
    }
}

struct Fixed;

impl Callback for Fixed {
    fn redirect_uri(&self) -> Result<String, Error> {
        Ok("https://app.example/back".to_owned())
    }
}

#[tokio::test]
async fn an_embedders_callback_says_where_the_browser_comes_back_or_why_it_can_not() {
    let provider = box_at(&Service::silent()).await;
    let error = provider.begin(&client(), &grant(&[]), &NoPort).await.unwrap_err();
    assert_eq!(error.to_string(), "no port from 4000 to 4009 is free");
    let Step::Visit { url, flow } = provider.begin(&client(), &grant(&[]), &Fixed).await.unwrap() else { panic!() };
    assert!(url.as_str().contains("redirect_uri=https%3A%2F%2Fapp.example%2Fback&"), "{url}");
    assert_eq!(flow.redirect_uri, "https://app.example/back");
}

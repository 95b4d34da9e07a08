//! `crypto` as an oracle: which keys sign, for whom, and where a signature may go.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_hostile::{Service, component};
use jeton_runtime::Error;

use crate::stage::{PRIVATE_KEY, Stage, client, client_with_key, ordered, shared};

const TOKEN: &str = "https://hostile.example/token";

/// What `signs`, the endpoints that accept assertions, and `accepts` allow: this key, for them, and to them.
#[tokio::test]
pub async fn signs_what_it_likes() {
    let service = Service::silent();
    let stage = Stage::new(&service, component!("secrets", "signs_what_it_likes")).await;
    let order = async |orders: &[(&str, &str)]| stage.provider.refresh(&client_with_key(), &ordered(orders)).await.unwrap_err();
    for (key, algorithm) in [("client-secret", "HS256"), ("refresh-token", "HS256"), ("access-token", "HS256"), ("private-key", "HS512")] {
        let error = order(&[("key", key), ("alg", algorithm), ("aud", TOKEN), ("endpoint", "token")]).await;
        let expected = format!("signing with the {key} by {algorithm}: the manifest doesn't let {key} sign with {algorithm}");
        assert!(matches!(&error, Error::Denied(_)) && error.to_string() == expected, "{error:?}");
    }
    for audiences in [
        &[][..],
        &[("aud", "")],
        &[("auds", "")],
        &[("aud", "https://oauth2.googleapis.com/token")],
        &[("aud", "https://elsewhere.example/")],
        &[("aud", "http://hostile.example/token")],
        &[("aud", "https://hostile.example@elsewhere.example/")],
        &[("aud", "https://hostile.example.elsewhere.example/")],
        &[("aud", "//hostile.example/token")],
        &[("aud", TOKEN), ("aud", "https://elsewhere.example/")],
        &[("auds", "https://hostile.example/token https://elsewhere.example/")],
    ] {
        let error = order(&[&[("key", "private-key"), ("endpoint", "token")][..], audiences].concat()).await;
        let Error::Denied(denial) = &error else { panic!("{audiences:?}: {error:?}") };
        assert_eq!(denial.rule, "no endpoint there accepts one", "{audiences:?}");
        assert!(denial.hint.contains("audiences = [\""), "{}", denial.hint);
    }
    for endpoint in ["api", "elsewhere", "device"] {
        let error = order(&[("key", "private-key"), ("aud", TOKEN), ("endpoint", endpoint)]).await;
        let expected = format!("sending the assertion to `{endpoint}` in the field `assertion`: the endpoint doesn't accept it");
        assert!(matches!(&error, Error::Denied(_)) && error.to_string() == expected, "{error:?}");
    }
    assert!(service.sent().is_empty());
}

#[tokio::test]
async fn an_assertion_for_whoever_accepts_it_is_signed_and_is_a_handle_to_the_component() {
    let service = Service::always(200, &[], "{}");
    let stage = Stage::new(&service, component!("secrets", "signs_what_it_likes")).await;
    for (audience, said) in [
        (("aud", TOKEN), "\"aud\":\"https://hostile.example/token\""),
        (("aud", "hostile.example"), "\"aud\":\"hostile.example\""),
        (("auds", "https://hostile.example hostile.example"), "\"aud\":[\"https://hostile.example\",\"hostile.example\"]"),
    ] {
        // The second of two is the one that is signed, and the one that was judged.
        let orders = [("aud", "https://elsewhere.example/"), audience, ("key", "private-key"), ("endpoint", "token")];
        let error = stage.provider.refresh(&client_with_key(), &ordered(&orders)).await.unwrap_err();
        assert!(error.to_string().ends_with("it was sent"), "{error}");
        assert_eq!(stage.kept("kind").await.as_deref(), Some("assertion"));
        let body = service.sent().pop().unwrap().body;
        let claims = URL_SAFE_NO_PAD.decode(body.split('.').nth(1).unwrap()).unwrap();
        let claims = String::from_utf8(claims).unwrap();
        assert!(claims.contains(said) && !claims.contains("elsewhere"), "{claims}");
        assert!(shared(&body, PRIVATE_KEY) < 6, "{body}");
    }
}

/// The file of a provider under another id of the same length.
fn renamed(file: &[u8], id: &str, other: &str) -> Vec<u8> {
    let (from, to) = (format!("id = \"{id}\""), format!("id = \"{other}\""));
    let mut file = file.to_vec();
    let at = file.windows(from.len()).rposition(|window| window == from.as_bytes()).unwrap();
    file[at..at + from.len()].copy_from_slice(to.as_bytes());
    file
}

/// Keys are found by the client that a call is lent, and handles by the call: neither knows of another provider.
#[tokio::test]
async fn one_providers_key_does_not_sign_for_another() {
    let service = Service::always(200, &[], "{}");
    let file = component!("secrets", "signs_what_it_likes");
    let stage = Stage::new(&service, file).await;
    let orders = [("key", "private-key"), ("aud", TOKEN), ("endpoint", "token")];
    stage.provider.refresh(&client_with_key(), &ordered(&orders)).await.unwrap_err();
    let handle: u32 = stage.kept("handle").await.unwrap().parse().unwrap();
    assert_eq!(service.sent().len(), 1);
    let another = stage.runtime.load(renamed(file, "hostile", "another")).await.unwrap();
    let error = another.refresh(&client(), &ordered(&orders)).await.unwrap_err();
    assert!(error.to_string().ends_with("the client has no such key"), "{error}");
    for number in (0..16).chain([handle]).map(|number| number.to_string()) {
        let forged = [("key", "forged"), ("handle", number.as_str()), ("aud", TOKEN), ("endpoint", "token")];
        let error = another.refresh(&client(), &ordered(&forged)).await.unwrap_err();
        let own = ["access-token", "refresh-token"].map(|kind| format!("the manifest doesn't let {kind} sign with HS256"));
        let stopped = match &error {
            Error::Provider { what, .. } => what.contains("handle index"),
            Error::Denied(denial) => own.contains(&denial.rule),
            _ => false,
        };
        assert!(stopped, "{number}: {error:?}");
    }
    assert_eq!(service.sent().len(), 1);
}

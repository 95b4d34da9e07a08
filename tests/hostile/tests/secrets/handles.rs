//! Handles: numbers that mean something in one call alone, and only as what they are.

use jeton_hostile::{Service, component};
use jeton_runtime::{CurrentTokens, Error};

use crate::stage::{ACCESS, CLIENT_SECRET, REFRESH, Stage, client, ordered, shared, tokens};

const OTHER_ACCESS: &str = "access+token/of~the-second_connection";
const OTHER_REFRESH: &str = "refresh+token/of~the-second_connection";

fn what(error: &Error) -> &str {
    match error {
        Error::Provider { what, .. } => what,
        other => panic!("{other:?}"),
    }
}

/// A call's store dies with it: a number that was the first connection's refresh token is the second's, or nothing.
#[tokio::test]
pub async fn keeps_a_handle() {
    let service = Service::always(200, &[], "{\"access_token\":\"a\"}");
    let stage = Stage::new(&service, component!("secrets", "keeps_a_handle")).await;
    stage.provider.refresh(&client(), &tokens(ACCESS, REFRESH, &[])).await.unwrap();
    assert!(service.only().body.contains("of%7Ethe-first"));

    let second = tokens(OTHER_ACCESS, OTHER_REFRESH, &[]);
    let error = stage.provider.refresh(&client(), &second).await.unwrap_err();
    assert!(error.to_string().ends_with("it was sent"), "{error}");
    let body = service.sent().pop().unwrap().body;
    assert_eq!(body, "refresh_token=refresh%2Btoken%2Fof%7Ethe-second_connection");

    for (lacking, expected) in [
        (CurrentTokens { refresh: None, ..second.clone() }, "unknown handle index"),
        (CurrentTokens { refresh: None, access: None, ..second.clone() }, "unknown handle index"),
    ] {
        let error = stage.provider.refresh(&client(), &lacking).await.unwrap_err();
        assert!(what(&error).contains(expected), "{error:?}");
    }
    assert_eq!(service.sent().len(), 2);
    assert_eq!(stage.kept("calls").await.as_deref(), Some("0"), "memory of an earlier call");
}

/// Numbers that the host didn't give in this call, or gave for something else, stop the component.
#[tokio::test]
pub async fn forges_a_handle() {
    let stage = Stage::new(&Service::silent(), component!("secrets", "forges_a_handle")).await;
    let mut own = vec![];
    for number in (0..64).map(|number| number.to_string()).chain([u32::MAX.to_string(), (1u32 << 31).to_string()]) {
        match stage.provider.refresh(&client(), &ordered(&[("number", &number)])).await.unwrap_err() {
            Error::Service(error) => own.push(error.description.unwrap()),
            error => assert!(what(&error).contains("handle index") || what(&error).contains("no resource"), "{number}: {error:?}"),
        }
    }
    assert_eq!(own, ["access-token", "refresh-token"], "what the call was lent anyway");
    let error = stage.provider.refresh(&client(), &ordered(&[("number", "the client's")])).await.unwrap_err();
    assert!(what(&error).contains("used with the wrong type"), "{error:?}");
    // What was borrowed is given back before a result is read: as a result it is no handle any more.
    for number in ["the client's", "the refresh token's", "63"] {
        let error = stage.provider.refresh(&client(), &ordered(&[("number", number), ("how", "returned")])).await.unwrap_err();
        assert!(what(&error).contains("unknown handle index") || what(&error).contains("cannot lift own"), "{number}: {error:?}");
    }
}

/// What is returned as a token must be of that kind.
#[tokio::test]
pub async fn returns_a_secret_as_a_token() {
    let service = Service::always(200, &[], "{\"access_token\":\"a\"}");
    let stage = Stage::new(&service, component!("secrets", "returns_a_secret_as_a_token")).await;
    for (order, kind) in [("access", "access-token"), ("refresh", "refresh-token"), ("id", "id-token")] {
        let error = stage.provider.refresh(&client(), &ordered(&[(order, "")])).await.unwrap_err();
        assert_eq!(what(&error), format!("returned the client-secret as {kind}"));
    }
    let headers = stage.provider.authenticate(&client(), &ordered(&[]), &vec![]).await.unwrap();
    assert_eq!(headers.len(), 3);
    for header in headers {
        assert!(shared(header.value.reveal_text().unwrap(), CLIENT_SECRET) < 14, "{}", header.name);
    }
}

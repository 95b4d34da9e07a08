//! Secrets on their way out: what may not be sent isn't.

use jeton_hostile::{Service, component};
use jeton_runtime::{Denial, Error};

use crate::stage::{Stage, client_with_key, ordered};

const KINDS: [&str; 4] = ["access-token", "refresh-token", "client-secret", "private-key"];

async fn order(stage: &Stage, secret: &str, endpoint: &str, place: &str, name: &str, how: &str) -> Error {
    let orders = [("secret", secret), ("endpoint", endpoint), ("place", place), ("name", name), ("as", how)];
    stage.provider.refresh(&client_with_key(), &ordered(&orders)).await.unwrap_err()
}

fn denied(error: Error) -> Denial {
    match error {
        Error::Denied(denial) => denial,
        other => panic!("{other:?}"),
    }
}

/// Whatever the place: an endpoint gets the kinds that its line `accepts` names.
#[tokio::test]
pub async fn sends_a_secret_elsewhere() {
    let service = Service::silent();
    let stage = Stage::new(&service, component!("secrets", "sends_a_secret_elsewhere")).await;
    for (endpoint, accepted) in
        [("api", &["access-token"][..]), ("elsewhere", &[]), ("device", &[]), ("token", &["refresh-token", "client-secret"])]
    {
        for kind in KINDS.into_iter().filter(|kind| !accepted.contains(kind)) {
            for (place, name, how, said) in [
                ("header", "x-own", "secret", "header"),
                ("header", "authorization", "credential", "header"),
                ("header", "authorization", "basic", "header"),
                ("form", "refresh_token", "secret", "field"),
                ("json", "refresh_token", "secret", "field"),
            ] {
                let denial = denied(order(&stage, kind, endpoint, place, name, how).await);
                let expected = format!("sending the {kind} to `{endpoint}` in the {said} `{name}`: the endpoint doesn't accept it");
                assert_eq!(denial.to_string(), expected, "{place} {how}");
            }
        }
    }
    assert!(service.sent().is_empty());
}

#[tokio::test]
async fn no_secret_is_sent_in_an_address_even_where_it_is_accepted() {
    let service = Service::silent();
    let stage = Stage::new(&service, component!("secrets", "sends_a_secret_elsewhere")).await;
    for (endpoint, kind) in [("token", "refresh-token"), ("token", "client-secret"), ("api", "access-token"), ("elsewhere", "access-token")]
    {
        for how in ["secret", "credential", "basic"] {
            let denial = denied(order(&stage, kind, endpoint, "query", "token", how).await);
            let expected = format!("a secret in the query of `{endpoint}`: addresses are logged all along the way");
            assert_eq!(denial.to_string(), expected, "{how}");
        }
    }
    assert!(service.sent().is_empty());
}

#[tokio::test]
async fn an_accepted_secret_is_sent_where_it_is_accepted() {
    let service = Service::always(200, &[], "{}");
    let stage = Stage::new(&service, component!("secrets", "sends_a_secret_elsewhere")).await;
    for (endpoint, kind, place, name, how) in [
        ("token", "refresh-token", "form", "refresh_token", "secret"),
        ("token", "client-secret", "header", "authorization", "basic"),
        ("api", "access-token", "header", "authorization", "credential"),
    ] {
        let error = order(&stage, kind, endpoint, place, name, how).await;
        assert!(matches!(&error, Error::Service(error) if error.description.as_deref() == Some("it was sent")), "{error:?}");
    }
    assert_eq!(service.sent().len(), 3);
}

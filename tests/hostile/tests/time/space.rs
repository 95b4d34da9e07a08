//! Attempts to take memory, of the component's own or of the host's.

use jeton_hostile::{Service, client, component, current, provider};
use jeton_runtime::{Error, Limits};

use crate::{limit, telling, text, told};

#[tokio::test]
pub(crate) async fn memory_bomb() {
    let provider = provider(&Service::silent(), component!("time", "memory_bomb")).await;
    assert_eq!(limit(provider.refresh(&client(), &current()).await), "it wanted more than 64 MiB of memory");
}

/// One that grows is stopped; one that begins too large isn't a provider.
#[tokio::test]
pub(crate) async fn table_bomb() {
    let text = include_str!("../../attempts/time/src/table_bomb.wat");
    let grows = text.replace("MINIMUM", "1").replace("SIZE", "10000000");
    assert_eq!(limit(text::load(&grows, Limits::default()).await), "it wanted a table of more than 20000 entries");
    let large = text.replace("MINIMUM", "10000000").replace("SIZE", "1");
    let error = text::load(&large, Limits::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Incompatible { what, .. } if what.contains("table") && what.contains("20000")), "{error:?}");
    let modest = text.replace("MINIMUM", "1").replace("SIZE", "10000");
    let error = text::load(&modest, Limits::default()).await.unwrap_err();
    assert!(matches!(&error, Error::Incompatible { what, .. } if what.contains("doesn't fit the contract")), "{error:?}");
}

#[tokio::test]
pub(crate) async fn deep_recursion() {
    let provider = provider(&Service::silent(), component!("time", "deep_recursion")).await;
    assert_eq!(limit(provider.refresh(&client(), &current()).await), "it called itself too deeply");
}

/// Every function of the host that takes a text or a list.
#[tokio::test]
pub(crate) async fn huge_values() {
    let service = Service::always(200, &[], "{}");
    let provider = provider(&service, component!("time", "huge_values")).await;
    for place in [
        "client.setting",
        "client.secret",
        "http.send endpoint",
        "http.send path",
        "http.send query",
        "http.send queries",
        "http.send header",
        "http.send headers",
        "http.send form",
        "http.send forms",
        "http.send json",
        "http.send scheme",
        "http.send username",
        "response.header",
        "response.text",
        "response.secret",
        "crypto.sign-jwt header",
        "crypto.sign-jwt claims",
        "crypto.sign-jwt texts",
        "storage.get",
        "storage.set name",
        "storage.set value",
        "storage.delete",
        "log.write",
        "the answer",
    ] {
        let outcome = provider.refresh(&client(), &telling("where", place)).await;
        assert_eq!(limit(outcome), "it passed more than 1024 KiB to the host at once", "{place}");
    }
    assert!(service.sent().iter().all(|sent| sent.line == "POST https://hostile.example/api/" && sent.body.is_empty()));
    let outcome = provider.refresh(&client(), &telling("where", "random.bytes")).await;
    assert_eq!(limit(outcome), "at most 1024 random bytes at a time");
    let outcome = provider.refresh(&client(), &telling("where", "crypto.sign-jwt half")).await;
    assert!(told(outcome).contains("the JWT is longer than 64 KiB"));
}

//! Attempts on other providers' values.

use jeton_hostile::{Service, client, component, current};
use jeton_runtime::{CurrentTokens, MOST_VALUES};

use crate::{call, neighbour, renamed, runtime, told};

fn looking_for(name: &str) -> CurrentTokens {
    CurrentTokens { extras: vec![("name".to_owned(), name.to_owned())], ..current() }
}

/// The control: it finds what it keeps, so that its finding it below means something.
#[tokio::test]
pub(crate) async fn behaves_well() {
    let neighbour = runtime(&Service::silent(), 2).load(neighbour()).await.unwrap();
    assert_eq!(call(&neighbour).await, "nothing");
    neighbour.revoke(&client(), &current()).await.unwrap();
    assert_eq!(call(&neighbour).await, "hello");
}

/// Under every name, and under ids that make the same text with the name behind them.
#[tokio::test]
pub(crate) async fn reads_a_neighbours_storage() {
    let runtime = runtime(&Service::silent(), 2);
    let neighbour = runtime.load(neighbour()).await.unwrap();
    neighbour.revoke(&client(), &current()).await.unwrap();
    let hostile = component!("neighbours", "reads_a_neighbours_storage");
    for (id, name) in [
        ("hostile", "greeting"),
        ("hostile", "neighbour/greeting"),
        ("hostile", "neighbour:greeting"),
        ("hostile", "neighbour.greeting"),
        ("hostile", "neighbour\0greeting"),
        ("hostile", "neighbour\ngreeting"),
        ("hostile", "neighbourgreeting"),
        ("hostile", "../neighbour/greeting"),
        ("hostile", "%2e%2e/neighbour/greeting"),
        ("hostile", "greeting' OR provider = 'neighbour"),
        ("hostile", "%"),
        ("hostile", "GREETING"),
        ("neighbou", "rgreeting"),
        ("neighbourg", "reeting"),
        ("neighbour-greeting", "greeting"),
        ("neighbour-", "greeting"),
        ("neighbour2", "greeting"),
        ("neighb0ur", "greeting"),
    ] {
        let Ok(provider) = runtime.load(renamed(hostile, id)).await else {
            assert_eq!(id, "neighbour-", "the only one of them that is no id");
            continue;
        };
        assert_eq!(provider.manifest().id, id);
        assert_eq!(told(&provider, &looking_for(name)).await, "found Ok(None), forgotten true, kept true", "{id} {name:?}");
        assert_eq!(call(&neighbour).await, "hello", "after {id} {name:?}");
        assert!(told(&provider, &looking_for(name)).await.starts_with("found Ok(Some(\"poison\"))"), "it has a storage of its own");
    }
}

#[tokio::test]
pub(crate) async fn fills_the_storage() {
    let runtime = runtime(&Service::silent(), 2);
    let neighbour = runtime.load(neighbour()).await.unwrap();
    let hostile = runtime.load(component!("neighbours", "fills_the_storage")).await.unwrap();
    let limit = format!("kept {MOST_VALUES}: a provider may keep at most {MOST_VALUES} values");
    assert_eq!(told(&hostile, &current()).await, limit);
    neighbour.revoke(&client(), &current()).await.unwrap();
    assert_eq!(call(&neighbour).await, "hello");
}

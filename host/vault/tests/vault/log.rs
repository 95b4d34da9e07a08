//! What is in the log, and how it is found after a connection has another name, or none.

use std::time::Duration;

use jeton_runtime::ErrorKind;
use jeton_vault::Vault;

use crate::home::{Home, Kind, client, on_both_stores, save, tokens, work};
use crate::service::{Service, no, shared};

on_both_stores! {
    everything_that_happens_to_a_connection_is_logged_and_found_by_every_name_that_it_had,
    the_whole_log_has_clients_and_providers_too_and_nothing_secret,
    two_connections_of_one_name_one_after_the_other_share_a_log,
}

async fn lines(vault: &Vault, name: &str) -> Vec<String> {
    let lines = vault.log(name, 100).await.unwrap();
    lines.into_iter().map(|line| format!("{} {} {}", line.action, line.outcome, line.name.unwrap_or_default())).collect()
}

async fn everything_that_happens_to_a_connection_is_logged_and_found_by_every_name_that_it_had(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    for kind in [ErrorKind::TemporarilyUnavailable, ErrorKind::InvalidClient, ErrorKind::InvalidGrant] {
        vault.refresh(&work(), &shared(&Service::always(Err(no(kind))))).await.unwrap_err();
    }
    vault.refresh(&work(), &shared(&Service::always(Ok(tokens(1, Some(3600)))))).await.unwrap();
    vault.rename(&work(), &"office".parse().unwrap()).await.unwrap();
    vault.mark_revoked(&"office".parse().unwrap()).await.unwrap();
    vault.remove(&"office".parse().unwrap()).await.unwrap();
    let all = [
        "remove ok office",
        "revoke ok office",
        "rename ok office",
        "refresh ok work",
        "refresh reauthorize work",
        "refresh failed work",
        "refresh retry work",
        "sign-in ok work",
    ];
    assert_eq!(lines(&vault, "work").await, all);
    assert_eq!(lines(&vault, "office").await, all);
    assert_eq!(vault.log("work", 2).await.unwrap().len(), 2);
    let reason = vault.log("work", 100).await.unwrap().remove(4);
    assert!(reason.detail.unwrap().contains("says the service"));
    assert!(reason.at.is_some() && reason.actor.contains("process") && reason.provider.as_deref() == Some("box"));
}

async fn the_whole_log_has_clients_and_providers_too_and_nothing_secret(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    let mine = "mine".parse().unwrap();
    vault.replace_client(&mine, &client()).await.unwrap();
    vault.keep("box", "region", "the-stored-value", Duration::from_secs(60)).await.unwrap();
    vault.forget_provider("box").await.unwrap();
    vault.access_token(&work(), Duration::from_secs(60), &shared(&Service::strict(Duration::ZERO))).await.unwrap();
    vault.remove(&work()).await.unwrap();
    vault.remove_client(&mine).await.unwrap();
    vault.backup(&home.path("backup")).await.unwrap();
    let log = vault.whole_log(100).await.unwrap();
    let actions: Vec<_> = log.iter().rev().map(|line| line.action.as_str()).collect();
    let expected = ["add-client", "sign-in", "change-client", "forget-provider", "refresh", "remove", "remove-client", "backup"];
    assert_eq!(actions, expected);
    // Whole words, since a folder's random name may hold a short token.
    let text = format!("{log:?}");
    let words: Vec<_> = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
    assert!(words.contains(&"remove-client") && words.contains(&"backup"), "{text}");
    for secret in ["the-client-secret", "a0", "a1", "r0", "r1", "the-stored-value"] {
        assert!(!words.contains(&secret), "{secret} is in {text}");
    }
    assert_eq!(vault.whole_log(3).await.unwrap().len(), 3);
}

async fn two_connections_of_one_name_one_after_the_other_share_a_log(kind: Kind) {
    let home = Home::on(kind).await;
    let vault = home.connected(5).await;
    vault.remove(&work()).await.unwrap();
    save(&vault, "work", &tokens(1, Some(5)), false).await.unwrap();
    assert_eq!(lines(&vault, "work").await, ["sign-in ok work", "remove ok work", "sign-in ok work"]);
    assert!(lines(&vault, "nobody").await.is_empty());
}

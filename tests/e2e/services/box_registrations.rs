//! Registrations and requests that Box doesn't accept. Nothing is put into its mouth here: the console holds something else than it should, and
//! Box refuses by itself.

use std::process::Stdio;
use std::time::Duration;

use jeton_emulator::{App, Decision};
use serde_json::Value;

use super::r#box::{ADA, config, stage, works};
use super::box_errors::told;
use super::keys::{key, public_of_another};
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Connecting, Stage};

const SCOPES: [&str; 2] = ["root_readwrite", "root_readonly"];

fn app() -> App {
    App::new(CLIENT_ID, CLIENT_SECRET).redirect_uri("http://127.0.0.1/callback").scopes(&SCOPES)
}

/// An app with nothing left out.
fn whole() -> App {
    with_key("k1", &key().public)
}

fn with_key(id: &str, public: &str) -> App {
    app().jwt("900").client_credentials("900").user_access_tokens().as_user().public_key(id, public)
}

/// The app in the console, and its client here as if nothing were wrong.
async fn registered(app: App) -> Stage {
    let stage = stage().await;
    stage.emulator.box_service().register_app(app).unwrap();
    stage.jeton(&["clients", "add", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
    stage
}

/// A `jeton connect` that waits for what the browser came back with.
fn pasting(stage: &Stage, name: &str) -> Connecting {
    let mut command = stage.command(&["connect", "box", "--paste", "--name", name]);
    command.stdin(Stdio::piped());
    stage.begin(command)
}

#[tokio::test]
async fn what_is_wrong_with_an_app_of_a_service_account_is_said_with_what_mends_it() {
    let no_users = || app().jwt("900").client_credentials("900").public_key("k1", &key().public);
    let another_secret = || App { client_secret: "another-secret".to_owned(), ..whole() };
    let user = format!("user:{ADA}");
    for (app, arguments, says) in [
        (app().client_credentials("900"), &["--jwt"][..], ["grant type is unauthorized", "another kind of authentication"]),
        (app().jwt("900").public_key("k1", &key().public), &["--client-credentials"], ["grant type is unauthorized", "another kind"]),
        (app().jwt("900"), &["--jwt"], ["No public key", "Add and Manage Public Keys"]),
        (with_key("k2", &key().public), &["--jwt"], ["OpenSSL", "public-key-id"]),
        (with_key("k1", &public_of_another()), &["--jwt"], ["OpenSSL", "generate a new keypair"]),
        (whole(), &["--jwt", "--subject", "enterprise:901"], ["'sub'", "Compare the id"]),
        (whole(), &["--jwt", "--subject", "user:404"], ["'sub'", "Compare the id"]),
        (no_users(), &["--jwt", "--subject", &user], ["'sub'", "Generate user access tokens"]),
        (whole(), &["--client-credentials", "--subject", "enterprise:901"], ["Grant credentials are invalid", "subject"]),
        (whole(), &["--client-credentials", "--subject", "404"], ["Grant credentials are invalid", "subject"]),
        (no_users(), &["--client-credentials", "--subject", &user], ["Grant credentials are invalid", "Generate user access tokens"]),
        (another_secret(), &["--jwt"], ["The client credentials are invalid", "Configuration page"]),
        (another_secret(), &["--client-credentials"], ["Grant credentials are invalid", "secret"]),
    ] {
        let stage = registered(app).await;
        let ran = stage.jeton(&[&["connect", "box"][..], arguments].concat());
        told(&ran, &format!("{arguments:?} {says:?}"), 5, &says);
        assert_eq!(stage.jeton(&["list", "--json"]).succeeded().stdout.trim(), "[]");
        stage.emulator.box_service().register_app(whole()).unwrap();
        stage.jeton(&["connect", "box", arguments[0]]).succeeded();
    }
}

#[tokio::test]
async fn of_several_keys_the_id_says_which_one_signs() {
    let stage = registered(with_key("k0", &public_of_another()).public_key("k1", &key().public)).await;
    stage.jeton(&["connect", "box", "--jwt"]).succeeded();
    let file = config(&stage, &key().pkcs8, None);
    stage.jeton(&["clients", "add", "box", "--name", "nameless", "--service-account", &file, "--set", "public-key-id="]).succeeded();
    let nameless = ["connect", "box", "--client", "nameless", "--name", "nameless", "--jwt"];
    told(&stage.jeton(&nameless), "two keys and no id", 5, &["OpenSSL", "public-key-id"]);
    stage.emulator.box_service().register_app(whole()).unwrap();
    stage.jeton(&nameless).succeeded();
}

#[tokio::test]
async fn a_secret_that_was_reset_in_the_console_is_told_by_every_grant_and_nothing_is_lost() {
    let stage = registered(whole()).await;
    stage.connect(&["--name", "person"]).await.succeeded();
    for grant in ["--jwt", "--client-credentials"] {
        stage.jeton(&["connect", "box", grant, "--name", grant.trim_start_matches('-')]).succeeded();
    }
    let exchange = ["connect", "box", "--exchange", "person", "--scope", "item_preview", "--name", "narrow"];
    stage.emulator.box_service().register_app(App { client_secret: "reset-since-then".to_owned(), ..whole() }).unwrap();
    for (command, says) in [
        (&["refresh", "person"][..], "The client credentials are invalid"),
        (&["refresh", "jwt"], "The client credentials are invalid"),
        (&["refresh", "client-credentials"], "Grant credentials are invalid"),
        (&exchange, "The client credentials are invalid"),
        (&["revoke", "person"], "The client credentials are invalid"),
    ] {
        told(&stage.jeton(command), &format!("{command:?}"), 5, &[says]);
    }
    told(&stage.connect(&["--name", "another"]).await, "a code", 5, &["The client credentials are invalid"]);
    stage.jeton(&["test", "person"]).succeeded();
    stage.emulator.box_service().register_app(whole()).unwrap();
    for command in [&["refresh", "person"][..], &["refresh", "jwt"], &["refresh", "client-credentials"], &exchange, &["revoke", "person"]] {
        stage.jeton(command).succeeded();
    }
}

#[tokio::test]
async fn a_code_is_good_for_30_seconds_and_for_one_use() {
    let stage = Stage::with_client().await;
    let late = pasting(&stage, "late");
    let back = stage.emulator.consent(&late.url, Decision::Grant).await.unwrap();
    stage.emulator.clock().advance(Duration::from_secs(31));
    told(&late.paste(&back), "late", 3, &["The authorization code has expired", "30 seconds", "--paste"]);

    let first = pasting(&stage, "first");
    let back = stage.emulator.consent(&first.url, Decision::Grant).await.unwrap();
    first.paste(&back).succeeded();
    let (_, code) = back.query_pairs().find(|(name, _)| name == "code").unwrap();
    let again = pasting(&stage, "again").paste(&url::Url::parse(&format!("copied:?code={code}")).unwrap());
    told(&again, "again", 3, &["Auth code doesn't exist", "Sign in again"]);
    stage.jeton(&["test", "first"]).succeeded();
}

#[tokio::test]
async fn who_may_not_act_for_others_is_told_what_is_missing() {
    let no_as_user = App { as_user: false, ..whole() };
    let stage = registered(whole()).await;
    stage.jeton(&["connect", "box", "--jwt", "--name", "service"]).succeeded();
    let shown: Value = serde_json::from_str(&stage.jeton(&["test", "service", "--json"]).succeeded().stdout).unwrap();
    let itself = shown["account"]["id"].as_str().unwrap().to_owned();
    for (app, whom) in [(no_as_user, ADA), (whole(), "404"), (whole(), itself.as_str())] {
        stage.emulator.box_service().register_app(app).unwrap();
        let ran = stage.jeton(&["connect", "box", "--jwt", "--name", "acting", "--as-user", whom, "--replace"]).succeeded();
        assert!(ran.stderr.contains("couldn't be asked") && ran.stderr.contains("Make API calls as users"), "{ran:?}");
        told(&stage.jeton(&["test", "acting"]), whom, 3, &["Make API calls as users", "an admin's token"]);
        let ran = stage.jeton(&["request", "service", "GET", "users/me", "--as-user", whom]);
        told(&ran, whom, 1, &["access_denied_insufficient_permissions", "jeton test service"]);
        stage.jeton(&["test", "service"]).succeeded();
    }
    let narrow = ["connect", "box", "--exchange", "service", "--scope", "item_preview", "--name", "narrow"];
    stage.jeton(&narrow).succeeded();
    told(&stage.jeton(&["request", "narrow", "GET", "users/me", "--as-user", ADA]), "narrow", 1, &["access_denied_insufficient"]);
    works(&stage, "service", "AutomationUser_");
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_is_boxs_to_say_and_the_guides_to_explain() {
    for registered in
        ["http://127.0.0.1/elsewhere", "http://localhost/callback", "https://127.0.0.1/callback", "http://127.0.0.1/callback/"]
    {
        let stage = Stage::empty().await;
        stage.emulator.box_service().register_app(App::new(CLIENT_ID, CLIENT_SECRET).redirect_uri(registered)).unwrap();
        stage.add_client(CLIENT_SECRET).succeeded();
        let connecting = stage.begin_connect(&[]);
        let shown = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap_err().to_string();
        assert!(shown.contains("redirect_uri_mismatch"), "{registered}: {shown}");
        connecting.stop();
    }
    let guide = Stage::empty().await.jeton(&["providers", "show", "box", "--guide"]).succeeded().stdout;
    assert!(guide.contains("redirect_uri_mismatch") && guide.contains("http://127.0.0.1/callback"), "{guide}");
}

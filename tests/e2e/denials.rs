//! Denials teach: what a command prints as the way to allow a thing does allow it, and nothing else does.

use jeton_emulator::Decision;

use crate::providers::{acme, replace};
use crate::stage::{Ran, Stage, get};

async fn connect(stage: &Stage) -> Ran {
    let connecting = stage.begin_connect_to("acme", &["--name", "work-box", "--replace"]);
    get(stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap().as_str());
    connecting.finish()
}

async fn stage(manifest: &str) -> Stage {
    let stage = Stage::empty().await;
    stage.add_provider(manifest).succeeded();
    stage.add_client_of("acme").succeeded();
    stage
}

/// The lines for the manifest that a denial prints.
fn lines(ran: &Ran) -> (String, String) {
    let (_, lines) = ran.stderr.split_once("in provider.toml:\n").unwrap_or_else(|| panic!("{}", ran.stderr));
    let mut lines = lines.lines().map(str::trim);
    (lines.next().unwrap().to_owned(), lines.next().unwrap().to_owned())
}

/// Puts the line into its table, in place of the one with the same key.
fn heed(manifest: &str, (table, line): &(String, String)) -> String {
    let key = line.split(' ').next().unwrap();
    let (before, rest) = manifest.split_once(&format!("{table}\n")).unwrap();
    let (own, after) = rest.split_once("\n\n").unwrap_or((rest, ""));
    let kept: String = own.lines().filter(|old| !old.starts_with(key)).map(|old| format!("{old}\n")).collect();
    format!("{before}{table}\n{kept}{line}\n\n{after}")
}

#[tokio::test]
async fn a_secret_that_an_endpoint_does_not_accept_is_sent_once_the_printed_line_stands_in_the_manifest() {
    let manifest = replace(&acme(), "\"code\", \"refresh-token\"]", "\"refresh-token\"]");
    let stage = stage(&manifest).await;
    let ran = connect(&stage).await.failed(6, &["sending the code to `token` in the field `code`", "the endpoint doesn't accept it"]);
    let printed = lines(&ran);
    assert_eq!(printed, ("[endpoints.token]".to_owned(), "accepts = [\"client-secret\", \"refresh-token\", \"code\"]".to_owned()));
    let update = stage.add_provider(&heed(&manifest, &printed)).succeeded();
    assert!(update.stderr.contains("+ has the code sent to https://api.box.com/oauth2/token"), "{update:?}");
    connect(&stage).await.succeeded();
}

#[tokio::test]
async fn a_denial_in_the_middle_of_a_refresh_prints_its_line_too() {
    let manifest = replace(&acme(), "\"code\", \"refresh-token\"]", "\"code\"]");
    let stage = stage(&manifest).await;
    connect(&stage).await.succeeded();
    let ran = stage.jeton(&["refresh", "work-box"]).failed(6, &["sending the refresh-token to `token`"]);
    let json = stage.jeton(&["refresh", "work-box", "--json"]);
    let (table, line) = lines(&ran);
    let error: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!(error["error"]["allow"], format!("{table}\n{line}\n"));
    assert_eq!(stage.refreshes(), 0);
    stage.add_provider(&heed(&manifest, &(table, line))).succeeded();
    stage.jeton(&["refresh", "work-box"]).succeeded();
}

#[tokio::test]
async fn a_path_below_an_endpoint_that_is_no_folder_is_reached_once_the_printed_line_stands_in_the_manifest() {
    let manifest = replace(&acme(), "https://api.box.com/2.0/", "https://api.box.com/2.0");
    let stage = stage(&manifest).await;
    connect(&stage).await.succeeded();
    let ran = stage.jeton(&["test", "work-box"]).failed(6, &["the path `users/me` below `api`", "doesn't end in `/`"]);
    stage.add_provider(&heed(&manifest, &lines(&ran))).succeeded();
    assert!(stage.jeton(&["test", "work-box"]).succeeded().stdout.contains("ada@example.com"));
}

#[tokio::test]
async fn a_page_that_the_manifest_does_not_call_one_is_opened_once_the_printed_line_stands_in_it() {
    let manifest = replace(&acme(), "browser = true\n", "");
    let stage = stage(&manifest).await;
    let ran = stage.jeton(&["connect", "acme", "--no-browser"]).failed(6, &["a visit to `authorize`", "no such page"]);
    let printed = lines(&ran);
    assert_eq!(printed.1, "browser = true");
    stage.add_provider(&heed(&manifest, &printed)).succeeded();
    connect(&stage).await.succeeded();
}

#[tokio::test]
async fn an_endpoint_that_is_missing_is_reached_once_the_printed_table_stands_in_the_manifest() {
    let table = "[endpoints.api]\nurl = \"https://api.box.com/2.0/\"\naccepts = [\"access-token\"]\n";
    let manifest = replace(&acme(), table, "");
    let stage = stage(&manifest).await;
    connect(&stage).await.succeeded();
    let ran = stage.jeton(&["test", "work-box"]).failed(6, &["a request to `api`", "the manifest has no such endpoint"]);
    let (heading, url) = lines(&ran);
    // The host can't know the address: it prints an example.
    assert_eq!(url, "url = \"https://example.com/\"");
    let manifest = format!("{manifest}\n{heading}\n{}\n", url.replace("example.com/", "api.box.com/2.0/"));
    stage.add_provider(&manifest).succeeded();
    // And now it is the token that may not go there.
    let ran = stage.jeton(&["test", "work-box"]).failed(6, &["sending the access-token to `api`"]);
    stage.add_provider(&heed(&manifest, &lines(&ran))).succeeded();
    stage.jeton(&["test", "work-box"]).succeeded();
}

#[tokio::test]
async fn a_name_or_an_address_of_this_machine_is_reached_with_the_printed_option() {
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let stage = Stage::empty().await;
        let port = stage.emulator.addr().port();
        let manifest = replace(&acme(), "https://api.box.com/2.0/", &format!("https://{host}:{port}/2.0/"));
        stage.add_provider(&manifest).succeeded();
        stage.add_client_of("acme").succeeded();
        connect(&stage).await.succeeded();
        let ran = stage.jeton(&["test", "work-box"]).failed(6, &["is no public address", "neither this machine nor"]);
        let (_, option) = ran.stderr.rsplit_once("--resolve ").unwrap();
        let option = option.trim();
        assert!(option.starts_with(&format!("{host}:{port}:")), "{option}");
        // Then it is reached: the emulator has no certificate for that name, or nobody listens there.
        let ran = stage.jeton(&["test", "work-box", "--resolve", option]).failed(4, &["can't connect to"]);
        assert!(!ran.stderr.contains("no public address"), "{ran:?}");
    }
}

#[tokio::test]
async fn what_the_manifest_withholds_is_told_in_the_trace_with_the_line_that_shows_it() {
    let manifest = replace(&acme(), "accepts = [\"access-token\"]", "accepts = [\"access-token\"]\ncaptures = {}");
    let stage = stage(&manifest).await;
    connect(&stage).await.succeeded();
    let ran = stage.jeton(&["test", "work-box", "-v"]);
    assert_ne!(ran.code, 0);
    let hint = "reading `/id` of the answer of `api`: an answer with captures shows what the manifest reveals, and nothing else. reveals = [\"/id\"] in [endpoints.api] would allow it";
    assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    let manifest =
        replace(&manifest, "captures = {}\n\n[callback]", "captures = {}\nreveals = [\"/id\", \"/login\", \"/name\"]\n\n[callback]");
    stage.add_provider(&manifest).succeeded();
    stage.jeton(&["test", "work-box"]).succeeded();
}

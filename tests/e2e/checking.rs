//! `jeton providers check`: what an author is told about a provider's file.

use serde_json::Value;

use crate::providers::{acme, component, replace, text};
use crate::stage::{Ran, Stage};

const STEPS: [&str; 9] = ["begin", "sign-in", "resume", "identify", "refresh", "authenticate", "judge", "revoke", "judge again"];

fn check(stage: &Stage, manifest: &str, more: &[&str]) -> Ran {
    let path = stage.download("acme.wasm", component(manifest));
    // The stand-ins are its own: it isn't told of the test's.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_jeton"));
    command.args(["providers", "check", text(&path)]).args(more).env_clear().env("JETON_HOME", stage.home.path().join("empty"));
    command.output().unwrap().into()
}

/// How each check went: check, outcome, detail.
fn outcomes(ran: &Ran) -> Vec<(String, String, String)> {
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    value["checks"].as_array().unwrap().iter().map(|check| (text(check, "check"), text(check, "outcome"), text(check, "detail"))).collect()
}

#[tokio::test]
async fn a_provider_that_does_all_it_should_passes_the_whole_round() {
    let stage = Stage::empty().await;
    let ran = check(&stage, &acme(), &["--json"]).succeeded();
    let outcomes = outcomes(&ran);
    let names: Vec<_> = outcomes.iter().map(|(check, ..)| check.as_str()).collect();
    assert_eq!(names, [&["file", "manifest", "imports", "start"][..], &STEPS].concat());
    assert!(outcomes.iter().all(|(_, outcome, _)| outcome == "ok"), "{outcomes:#?}");
    let detail = |name: &str| outcomes.iter().find(|(check, ..)| check == name).unwrap().2.clone();
    assert!(detail("identify").contains("Ada Emulated") && detail("judge").contains("200 ok"), "{outcomes:#?}");
    assert_eq!(detail("judge again"), "calls status 401 expired");
    let ran = check(&stage, &acme(), &[]).succeeded();
    assert!(ran.stdout.contains("ok      revoke        the service accepts neither token any more"), "{}", ran.stdout);
    assert!(stage.kept().is_empty() && !stage.home.path().join("empty").exists(), "nothing is kept");
    assert_eq!(stage.emulator.journal().entries().len(), 0);
}

#[tokio::test]
async fn what_a_rule_stops_is_told_with_the_line_that_allows_it_and_the_rest_is_not_run() {
    let stage = Stage::empty().await;
    let manifest = replace(&acme(), "\"code\", \"refresh-token\"]", "\"refresh-token\"]");
    let ran = check(&stage, &manifest, &[]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for words in [
        "failed  resume        sending the code to `token` in the field `code`: the endpoint doesn't accept it",
        "    [endpoints.token]\n",
        "    accepts = [\"client-secret\", \"refresh-token\", \"code\"]\n",
        "not run refresh       a step before it failed",
    ] {
        assert!(ran.stdout.contains(words), "{words:?} is not in:\n{}", ran.stdout);
    }
    assert!(ran.stderr.contains("one check failed"));
    let ran = check(&stage, &manifest, &["--json"]);
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    let resume = value["checks"].as_array().unwrap().iter().find(|check| check["check"] == "resume").unwrap();
    assert_eq!(resume["allow"], "[endpoints.token]\naccepts = [\"client-secret\", \"refresh-token\", \"code\"]\n");
    assert_eq!((ran.code, &value["ok"]), (1, &false.into()));
}

#[tokio::test]
async fn a_rotated_refresh_token_that_gets_lost_is_found() {
    let stage = Stage::empty().await;
    let manifest = replace(&acme(), ", refresh-token = \"/refresh_token\" }", " }");
    let outcomes = outcomes(&check(&stage, &manifest, &["--json"]));
    let refresh = outcomes.iter().find(|(check, ..)| check == "refresh").unwrap();
    assert_eq!(refresh.1, "failed", "{outcomes:#?}");
}

#[tokio::test]
async fn a_service_without_a_stand_in_is_named_and_nothing_is_sent_to_it() {
    let stage = Stage::empty().await;
    let manifest = acme().replace("box.com/", "acme.example/");
    let ran = check(&stage, &manifest, &["--json"]).succeeded();
    let outcomes = outcomes(&ran);
    let not_run: Vec<_> = outcomes.iter().filter(|(_, outcome, _)| outcome == "not-run").map(|(check, ..)| check.as_str()).collect();
    assert_eq!(not_run, [&["stand-ins"][..], &STEPS].concat());
    let why = &outcomes.iter().find(|(check, ..)| check == "stand-ins").unwrap().2;
    assert!(why.contains("account.acme.example, api.acme.example") && why.contains("nothing is sent there"), "{why}");
    // A host beside those that there are stand-ins for.
    let manifest = replace(&acme(), "https://api.box.com/2.0/", "https://api.acme.example/2.0/");
    let ran = check(&stage, &manifest, &[]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("failed  identify      there is no stand-in for api.acme.example, so nothing was sent"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ok      revoke "), "what doesn't need it goes on: {}", ran.stdout);
}

#[tokio::test]
async fn all_mistakes_of_a_manifest_are_told_at_once() {
    let stage = Stage::empty().await;
    let manifest = replace(&acme(), "https://api.box.com/2.0/", "http://api.box.com/2.0/");
    let manifest = replace(&manifest, "rotation = \"single-use\"", "rotation = \"sometimes\"");
    check(&stage, &manifest, &[]).failed(1, &["is not an https URL", "there is no rotation `sometimes`", "mistakes"]);
}

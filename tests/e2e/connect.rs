//! Signing in, in every way that a person does.

use std::io::Write as _;

use jeton_emulator::{App, AppState, Decision};

use crate::providers::terminal;
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Stage, get, get_as};

#[tokio::test]
async fn a_person_connects_and_has_a_token() {
    let stage = Stage::with_client().await;
    let connecting = stage.begin_connect(&["--name", "work-box"]);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    let page = get(back.as_str());
    assert!(page.contains("Box is connected") && page.contains("ada@example.com"), "{page}");
    assert!(page.contains("content-security-policy: default-src 'none'") && page.contains("cache-control: no-store"), "{page}");
    let ran = connecting.finish().succeeded();
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("✓ Connected work-box to Box as") && ran.stderr.contains("jeton token work-box"), "{ran:?}");
    assert!(stage.emulator.box_service().is_live(&stage.token()));
    let list = stage.jeton(&["list"]).succeeded().stdout;
    assert!(list.contains("work-box") && list.contains("ada@example.com") && list.contains("active"), "{list}");
}

#[tokio::test]
async fn the_request_is_boxs_own() {
    let stage = Stage::with_client().await;
    stage.connect(&["--name", "work-box", "--scope", "root_readonly"]).await.succeeded();
    let entries = stage.emulator.journal().entries();
    let token = entries.iter().find(|entry| entry.grant_type.is_some()).unwrap();
    let names: Vec<_> = token.form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["grant_type", "client_id", "client_secret", "code", "redirect_uri"], "no PKCE, client authentication in the body");
    assert_eq!(token.authorization, None);
    let authorize = entries.iter().find(|entry| entry.path == "/api/oauth2/authorize").unwrap();
    let query = authorize.query.as_deref().unwrap();
    assert!(query.contains("scope=root_readonly") && !query.contains("code_challenge"), "{query}");
}

#[tokio::test]
async fn a_strangers_request_does_not_end_the_flow() {
    let stage = Stage::with_client().await;
    let connecting = stage.begin_connect(&["--name", "work-box"]);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    let redirect = back.as_str().split('?').next().unwrap();
    assert!(get(&format!("{redirect}?code=x&state=wrong")).starts_with("HTTP/1.1 400"));
    assert!(get(&format!("{redirect}?code=x")).starts_with("HTTP/1.1 400"));
    assert!(get(&format!("{redirect}?error=access_denied&state=wrong")).starts_with("HTTP/1.1 400"));
    assert!(get(&back.as_str().replace("/callback", "/elsewhere")).starts_with("HTTP/1.1 404"));
    assert!(get_as(back.as_str(), Some("evil.example:80")).starts_with("HTTP/1.1 403"), "a name that is made to point here");
    assert!(get(back.as_str()).starts_with("HTTP/1.1 200"));
    connecting.finish().succeeded();
}

#[tokio::test]
async fn a_machine_without_a_browser_pastes_the_address_or_the_code() {
    for code_alone in [false, true] {
        let stage = Stage::with_client().await;
        let mut child =
            stage.command(&["connect", "box", "--name", "work-box", "--paste"]).stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
        let mut url = String::new();
        while !url.trim().starts_with("https://") {
            url.clear();
            assert!(std::io::BufRead::read_line(&mut lines, &mut url).unwrap() > 0);
        }
        let back = stage.emulator.consent(url.trim(), Decision::Grant).await.unwrap();
        let code = back.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
        let pasted = if code_alone { code } else { back.to_string() };
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{pasted}\n").as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(stage.emulator.box_service().is_live(&stage.token()));
    }
}

/// Of another sign-in, of another provider, or made up.
#[tokio::test]
async fn a_pasted_address_that_is_not_the_redirect_uri_is_refused_and_the_sign_in_goes_on() {
    let stage = Stage::with_client().await;
    let (mut keyboard, terminal) = terminal();
    let mut command = stage.command(&["connect", "box", "--name", "work-box", "--paste"]);
    command.stdin(terminal);
    let connecting = stage.begin(command);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    let query = back.query().unwrap();
    for elsewhere in ["http://127.0.0.1:47800/jeton/acme/callback", "https://127.0.0.1:47800/callback", "http://127.0.0.1/callback"] {
        writeln!(keyboard, "{elsewhere}?{query}").unwrap();
    }
    writeln!(keyboard, "{back}").unwrap();
    let ran = connecting.finish().succeeded();
    let refused = "this sign-in comes back to http://127.0.0.1:47800/callback, and that is another address. Nothing is lost. Once more:";
    assert_eq!(ran.stderr.matches(refused).count(), 3, "{ran:?}");
    let redeemed = stage.emulator.journal().count(|entry| entry.grant_type.as_deref() == Some("authorization_code"));
    assert_eq!(redeemed, 1);
}

#[tokio::test]
async fn a_person_who_declines_is_told_so_and_nothing_is_kept() {
    let stage = Stage::with_client().await;
    let connecting = stage.begin_connect(&["--name", "work-box"]);
    let back = stage.emulator.consent(&connecting.url, Decision::Deny).await.unwrap();
    assert!(get(back.as_str()).contains("That didn’t work"));
    connecting.finish().failed(3, &["access was declined", "grant access"]);
    assert_eq!(stage.jeton(&["list", "--json"]).succeeded().stdout.trim(), "[]");
}

#[tokio::test]
async fn a_wrong_client_secret_says_who_must_act() {
    let stage = Stage::empty().await;
    stage.add_client("another-secret").succeeded();
    stage.connect(&["--name", "work-box"]).await.failed(5, &["invalid_client", "developer console"]);
}

#[tokio::test]
async fn an_app_that_waits_for_its_administrator_says_so() {
    let stage = Stage::with_client().await;
    stage.emulator.box_service().set_app_state(CLIENT_ID, AppState::NotAuthorizedByAdmin);
    stage.connect(&["--name", "work-box"]).await.failed(5, &["administrator", "approval"]);
}

#[tokio::test]
async fn a_busy_port_is_named_and_another_one_works() {
    let stage = Stage::with_client().await;
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    stage.jeton(&["connect", "box", "--no-browser", "--port", &port]).failed(1, &[&port, "--port", "--paste"]);
    drop(busy);
    let connecting = stage.begin_connect(&["--port", &port]);
    assert!(connecting.url.contains(&format!("127.0.0.1%3A{port}%2Fcallback")), "{}", connecting.url);
    connecting.stop();
}

#[tokio::test]
async fn a_browser_that_can_not_be_opened_leaves_the_address() {
    let stage = Stage::with_client().await;
    let mut command = stage.command(&["connect", "box", "--wait", "1s"]);
    let ran: crate::stage::Ran = command.env("PATH", "/nonexistent").env("BROWSER", "/nonexistent/browser").output().unwrap().into();
    ran.failed(3, &["No browser could be opened", "https://account.box.com/api/oauth2/authorize?", "nobody signed in in time", "--wait"]);
}

#[tokio::test]
async fn the_systems_browser_is_opened() {
    let stage = Stage::with_client().await;
    let (script, seen) = (stage.home.path().join("browser"), stage.home.path().join("seen"));
    std::fs::write(&script, format!("#!/bin/sh\nprintf %s \"$1\" > {}\n", seen.display())).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut command = stage.command(&["connect", "box", "--wait", "2s"]);
    let ran: crate::stage::Ran = command.env("BROWSER", &script).output().unwrap().into();
    assert!(ran.stderr.contains("Your browser opens Box"), "{ran:?}");
    assert!(std::fs::read_to_string(seen).unwrap().starts_with("https://account.box.com/api/oauth2/authorize?response_type=code"));
}

#[tokio::test]
async fn a_taken_name_is_refused_before_anyone_signs_in_and_replaced_on_demand() {
    let stage = Stage::connected().await;
    let before = stage.token();
    stage.jeton(&["connect", "box", "--name", "work-box", "--no-browser"]).failed(1, &["work-box", "--replace"]);
    stage.connect(&["--name", "work-box", "--replace"]).await.succeeded();
    assert_ne!(stage.token(), before);
}

#[tokio::test]
async fn several_clients_are_told_apart() {
    let stage = Stage::with_client().await;
    let other = App::new("other-client", "other-secret").redirect_uri("http://127.0.0.1/callback").scopes(&["root_readonly"]);
    stage.emulator.box_service().register_app(other).unwrap();
    let add = ["clients", "add", "box", "--id", "other-client", "--name", "second", "--secret-file", "-"];
    stage.jeton_with_input(&add, "other-secret\n").succeeded();
    stage.jeton(&["connect", "box", "--no-browser"]).failed(2, &["several clients", "--client box", "--client second"]);
    stage.connect(&["--client", "second"]).await.succeeded();
    let shown = stage.jeton(&["show", "box", "--json"]).succeeded().stdout;
    assert!(shown.contains("\"client\": \"second\"") && !shown.contains(CLIENT_SECRET), "{shown}");
    stage.jeton(&["clients", "remove", "second"]).failed(1, &["second", "box"]);
}

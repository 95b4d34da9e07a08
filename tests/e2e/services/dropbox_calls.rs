//! Calls of Dropbox's API, refused by Dropbox itself, and what a revocation takes with it.

use jeton_emulator::dropbox_service::DropboxApp;
use jeton_emulator::{Fault, Matcher, RetryAfter};

use super::box_errors::told;
use super::dropbox::{app, connected, token};
use crate::stage::Stage;

const TEAM: [&str; 3] = ["account_info.read", "files.metadata.read", "team_info.read"];

/// `jeton request` with JSON.
fn call(stage: &Stage, path: &str, arguments: &str, more: &[&str]) -> crate::stage::Ran {
    let file = stage.download("arguments.json", arguments);
    stage.jeton(&[&["request", "dropbox", "POST", path, "--data", file.to_str().unwrap()], more].concat())
}

fn team(scopes: &[&str]) -> DropboxApp {
    app().team().scopes(scopes)
}

#[tokio::test]
async fn an_endpoints_own_error_is_told_in_dropboxs_words() {
    let stage = connected(app(), &[]).await;
    for (path, says) in [("/nowhere", "path/not_found"), ("letters", "path/malformed_path")] {
        let ran = call(&stage, "files/list_folder", &format!("{{\"path\":\"{path}\"}}"), &[]);
        told(&ran, path, 1, &["status 409", says, "jeton test dropbox"]);
        assert!(ran.stdout.contains("error_summary"), "{ran:?}");
    }
    told(&call(&stage, "files/list_folder", "{}", &[]), "text", 1, &["status 400", "missing required field 'path'"]);
    told(&call(&stage, "files/list_folder", "no JSON", &[]), "text", 1, &["status 400", "could not be decoded"]);
    told(&call(&stage, "files/nothing", "{}", &[]), "nothing", 1, &["status 404"]);
    let conflict = r#"{"error_summary": "email_not_verified/...", "error": {".tag": "email_not_verified"}}"#;
    let fault = Fault::Body { status: 409, content_type: "application/json".into(), bytes: conflict.into() };
    stage.emulator.faults().inject(fault, Matcher::any().path("/2/users/get_current_account"), 1);
    told(&stage.jeton(&["test", "dropbox"]), "409", 1, &["(email_not_verified)"]);
    assert_eq!(stage.refreshes(), 0);
}

#[tokio::test]
async fn a_scope_that_is_missing_is_named_by_every_call_that_needs_it() {
    let stage = connected(app().scopes(&["account_info.read"]), &[]).await;
    let ran = call(&stage, "files/list_folder", "{\"path\":\"\"}", &[]);
    told(&ran, "list_folder", 3, &["missing_scope", "developer console", "jeton connect dropbox --name dropbox --replace"]);
    assert!(ran.stdout.contains("files.metadata.read"), "{ran:?}");
    assert_eq!(stage.refreshes(), 0, "a refresh brings no scope");

    let stage = connected(team(&TEAM[..2]), &[]).await;
    told(&stage.jeton(&["test", "dropbox"]), "team", 3, &["team_info.read", "Permissions"]);
    let stage = connected(team(&TEAM), &["--as-user", "dbmid:AAEmulated1000000001"]).await;
    told(&stage.jeton(&["test", "dropbox"]), "member", 3, &["team_data.member", "Permissions"]);
}

#[tokio::test]
async fn whom_and_where_a_call_is_for_must_exist() {
    let scopes = [&TEAM[..], &["team_data.member"]].concat();
    for (option, value, says) in
        [("--as-user", "dbmid:nobody", "as-user is no member"), ("--as-admin", "dbmid:nobody", "as-admin is no admin")]
    {
        let stage = connected(team(&scopes), &[option, value]).await;
        told(&stage.jeton(&["test", "dropbox"]), option, 1, &[says, "dbmid:"]);
    }
    let stage = connected(app(), &["--option", "path-root=root:4000000000"]).await;
    told(&stage.jeton(&["test", "dropbox"]), "path-root", 1, &["path-root isn't a namespace", "root_info"]);
    let ran = call(&stage, "files/list_folder", "{\"path\":\"\"}", &[]);
    told(&ran, "path-root", 1, &["status 422", "invalid_root"]);
    call(&stage, "files/list_folder", "{\"path\":\"\"}", &["--option", "path-root=home"]).succeeded();
    // A person's token acts for nobody else.
    let ran =
        call(&stage, "files/list_folder", "{\"path\":\"\"}", &["--as-user", "dbmid:AAEmulated1000000001", "--option", "path-root=home"]);
    told(&ran, "no team", 1, &["status 400", "for tokens of a team only"]);
}

#[tokio::test]
async fn a_members_id_is_found_as_the_guide_says() {
    let stage = connected(team(&[&TEAM[..], &["team_data.member", "members.read"]].concat()), &[]).await;
    let guide = stage.jeton(&["providers", "show", "dropbox", "--guide"]).succeeded().stdout;
    let (_, line) = guide.split_once("`echo '").unwrap();
    let (input, command) = line.split_once("' | jeton ").unwrap();
    let arguments: Vec<_> = command.split('`').next().unwrap().split_whitespace().collect();
    let ran = stage.jeton_with_input(&arguments, &input.replace("ADDRESS", "ada@example.com")).succeeded();
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let id = found["members_info"][0]["profile"]["team_member_id"].as_str().unwrap();
    let ran = stage.jeton(&["request", "dropbox", "POST", "users/get_current_account", "--as-user", id]).succeeded();
    assert!(ran.stdout.contains("ada@example.com"), "{ran:?}");
}

#[tokio::test]
async fn any_header_goes_with_all_calls_of_a_connection_or_with_one() {
    let stage = connected(app(), &["--option", "header:X-Own=kept"]).await;
    let call = |more: &[&str]| stage.jeton(&[&["request", "dropbox", "POST", "users/get_current_account"], more].concat());
    for (more, sent) in [
        (&[][..], Some("kept")),
        (&["--option", "header:X-Own=new"], Some("new")),
        (&["-H", "X-Own: too"], Some("kept")),
        (&["-H", "X-Other: too"], Some("kept")),
    ] {
        call(more).succeeded();
        let entry = stage.emulator.journal().entries().pop().unwrap();
        assert_eq!(entry.headers.iter().find(|(name, _)| name == "x-own").map(|(_, value)| value.as_str()), sent, "{more:?}");
    }
    for steering in ["header:Host=evil.example", "header:Authorization=Bearer x", "header:Cookie=a", "headr:X-Own=a"] {
        let before = stage.emulator.journal().entries().len();
        assert_ne!(call(&["--option", steering]).code, 0, "{steering}");
        assert_eq!(stage.emulator.journal().entries().len(), before, "{steering}");
    }
}

#[tokio::test]
async fn every_wait_that_dropbox_asks_for_is_told() {
    let stage = connected(app(), &[]).await;
    let json = |seconds: u64| {
        let body = format!(
            "{{\"error_summary\": \"too_many_requests/..\", \"error\": {{\"reason\": {{\".tag\": \"too_many_requests\"}}, \"retry_after\": {seconds}}}}}"
        );
        Fault::Body { status: 429, content_type: "application/json".into(), bytes: body.into() }
    };
    for (fault, says) in [
        (json(7), "Try again in 7 s"),
        (Fault::RateLimited(RetryAfter::Seconds(8)), "Try again in 8 s"),
        (Fault::RateLimited(RetryAfter::HttpDate(90)), "Try again in "),
        (Fault::Unavailable(RetryAfter::Seconds(9)), "Try again in 9 s"),
        (Fault::Unavailable(RetryAfter::HttpDate(90)), "Try again in "),
    ] {
        for command in [&["test", "dropbox"][..], &["request", "dropbox", "POST", "users/get_current_account"]] {
            stage.emulator.faults().inject(fault.clone(), Matcher::any().path("/2/users/get_current_account"), 1);
            told(&stage.jeton(command), &format!("{fault:?} {command:?}"), 4, &[says]);
        }
    }
    // At the token endpoint nothing is lost by it.
    let before = token(&stage);
    for fault in [
        Fault::RateLimited(RetryAfter::Seconds(30)),
        Fault::RateLimited(RetryAfter::HttpDate(30)),
        Fault::Unavailable(RetryAfter::Seconds(30)),
        Fault::Unavailable(RetryAfter::HttpDate(30)),
    ] {
        stage.emulator.faults().inject(fault.clone(), Matcher::any().path("/oauth2/token"), 1);
        told(&stage.jeton(&["refresh", "dropbox"]), &format!("{fault:?} of a refresh"), 4, &["Try again in "]);
    }
    assert_eq!(token(&stage), before);
    stage.jeton(&["refresh", "dropbox"]).succeeded();
}

#[tokio::test]
async fn content_is_fetched_from_the_host_that_has_it() {
    let stage = connected(app().scopes(&["account_info.read", "files.content.read"]), &[]).await;
    let download = |path: &str| {
        let argument = format!("Dropbox-API-Arg: {{\"path\":\"{path}\"}}");
        stage.jeton(&["request", "dropbox", "POST", "files/download", "--endpoint", "content", "-H", &argument])
    };
    assert_eq!(download("/letters/notes.txt").succeeded().stdout, "On the engine.\n");
    let sent = stage.emulator.journal().entries().pop().unwrap();
    assert_eq!((sent.host.as_str(), sent.path.as_str()), ("content.dropboxapi.com", "/2/files/download"));
    told(&download("/nowhere"), "nowhere", 1, &["status 409", "path/not_found"]);
    stage.emulator.dropbox_service().expire_access_tokens();
    download("/letters/notes.txt").succeeded();
    assert_eq!(stage.refreshes(), 1);
}

#[tokio::test]
async fn a_revocation_ends_the_tokens_of_earlier_refreshes_too() {
    let stage = connected(app(), &[]).await;
    let mut tokens = vec![token(&stage)];
    for _ in 0..2 {
        stage.jeton(&["refresh", "dropbox"]).succeeded();
        tokens.push(token(&stage));
    }
    let live = || tokens.iter().filter(|token| stage.emulator.dropbox_service().is_live(token)).count();
    assert_eq!(live(), 3, "a refresh ends none of them");
    stage.jeton(&["revoke", "dropbox"]).succeeded();
    assert_eq!(live(), 0);
}

#[tokio::test]
async fn a_suspended_account_is_not_forgotten_as_if_it_were_revoked() {
    use jeton_emulator::dropbox_service::ApiTag;
    let stage = connected(app(), &[]).await;
    let before = token(&stage);
    for (tag, code, says) in [
        (ApiTag::UserSuspended, 3, "suspended"),
        (ApiTag::RouteAccessDenied, 3, "may not make this call"),
        (ApiTag::MissingScope("account_info.read"), 3, "account_info.read"),
    ] {
        stage.emulator.dropbox_service().refuse_next_call(tag);
        told(&stage.jeton(&["revoke", "dropbox"]), &format!("{tag:?}"), code, &[says]);
        assert_eq!(token(&stage), before, "{tag:?}: it stands at Dropbox, and so it does here");
    }
    stage.jeton(&["revoke", "dropbox"]).succeeded();
    assert!(!stage.emulator.dropbox_service().is_live(&before));
}

//! Dropbox: the ways to its tokens, whom a team's token acts for, and how a connection ends.

use jeton_emulator::dropbox_service::{DropboxApp, DropboxService};
use jeton_emulator::{Decision, Entry, User};

use crate::stage::{Ran, Stage, browse};

const KEY: &str = "emulated-app-key";
const SECRET: &str = "emulated-app-secret";

pub fn app() -> DropboxApp {
    DropboxApp::new(KEY, SECRET)
}

/// A stage with this app and its client, which has this secret and these arguments.
pub async fn stage(app: DropboxApp, secret: Option<&str>, arguments: &[&str]) -> Stage {
    let stage = Stage::empty().await;
    stage.emulator.dropbox_service().register_app(app);
    let add = [&["clients", "add", "dropbox", "--id", KEY], arguments].concat();
    match secret {
        Some(secret) => stage.jeton_with_input(&[&add[..], &["--secret-file", "-"]].concat(), secret).succeeded(),
        None => stage.jeton(&add).succeeded(),
    };
    stage
}

/// A connection that is called `dropbox`.
pub async fn connected(app: DropboxApp, arguments: &[&str]) -> Stage {
    let stage = stage(app, Some(SECRET), &[]).await;
    stage.paste("dropbox", arguments).await.succeeded();
    stage
}

pub fn token(stage: &Stage) -> String {
    stage.jeton(&["token", "dropbox"]).succeeded().stdout.trim().to_owned()
}

fn is_live(stage: &Stage, token: &str) -> bool {
    stage.emulator.dropbox_service().is_live(token)
}

fn requests(stage: &Stage, path: &str) -> Vec<Entry> {
    stage.emulator.journal().entries().into_iter().filter(|entry| entry.path == path).collect()
}

fn names(entry: &Entry) -> Vec<&str> {
    entry.form.iter().map(|(name, _)| name.as_str()).collect()
}

fn header<'e>(entry: &'e Entry, name: &str) -> &'e str {
    entry.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

fn ada(stage: &Stage) -> String {
    DropboxService::member_id(&stage.emulator.box_service().default_user())
}

#[tokio::test]
async fn a_code_is_copied_where_there_is_no_redirect_uri() {
    let stage = stage(app(), Some(SECRET), &[]).await;
    let ran = stage.paste("dropbox", &[]).await.succeeded();
    assert!(ran.stderr.contains("Dropbox shows a code") && ran.stderr.contains("ada@example.com"), "{}", ran.stderr);
    let asked = requests(&stage, "/oauth2/authorize")[0].query.clone().unwrap();
    assert!(asked.contains("token_access_type=offline") && asked.contains("code_challenge_method=S256"), "{asked}");
    assert!(!asked.contains("redirect_uri") && !asked.contains("scope"), "{asked}");
    let [exchange] = &requests(&stage, "/oauth2/token")[..] else { panic!() };
    assert_eq!(names(exchange), ["grant_type", "client_id", "client_secret", "code", "code_verifier"]);
    assert!(is_live(&stage, &token(&stage)));
}

#[tokio::test]
async fn a_browser_comes_back_to_the_redirect_uri_port_and_all() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let uri = format!("http://localhost:{port}/");
    let stage = stage(app().redirect_uri(&uri), Some(SECRET), &[]).await;
    let connecting = stage.begin_connect_to("dropbox", &["--port", &port.to_string()]);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    assert!(back.as_str().starts_with(&uri), "{back}");
    assert!(browse(&back).contains("Dropbox is connected"));
    connecting.finish().succeeded();
    let sent = &requests(&stage, "/oauth2/token")[0].form;
    assert!(sent.contains(&("redirect_uri".to_owned(), uri)));
}

#[tokio::test]
async fn a_client_shows_its_secret_in_one_place_or_has_none() {
    for (secret, arguments, basic, posted) in [
        (Some(SECRET), &[][..], false, true),
        (Some(SECRET), &["--set", "client-authentication=basic"], true, false),
        (None, &[], false, false),
        (None, &["--set", "client-authentication=basic"], false, false),
    ] {
        let stage = stage(app(), secret, arguments).await;
        stage.paste("dropbox", &[]).await.succeeded();
        stage.jeton(&["refresh", "dropbox"]).succeeded();
        let [exchange, refresh] = &requests(&stage, "/oauth2/token")[..] else { panic!() };
        for request in [exchange, refresh] {
            assert_eq!(request.authorization.is_some(), basic, "{secret:?} {arguments:?}");
            assert_eq!(names(request).contains(&"client_secret"), posted, "{secret:?} {arguments:?}");
            assert_eq!(names(request).contains(&"client_id"), !basic, "{secret:?} {arguments:?}");
        }
        assert!(!names(refresh).contains(&"scope"));
        assert!(is_live(&stage, &token(&stage)));
    }
}

#[tokio::test]
async fn a_refresh_token_stays_the_same() {
    let stage = connected(app(), &[]).await;
    for _ in 0..3 {
        let before = token(&stage);
        stage.jeton(&["refresh", "dropbox"]).succeeded();
        assert!(token(&stage) != before && is_live(&stage, &token(&stage)));
    }
    let sent: Vec<_> = requests(&stage, "/oauth2/token")
        .iter()
        .filter_map(|entry| entry.form.iter().find(|(name, _)| name == "refresh_token").cloned())
        .collect();
    assert!(sent.len() == 3 && sent.iter().all(|one| *one == sent[0]));
}

#[tokio::test]
async fn an_online_token_ends_and_then_a_person_signs_in_again() {
    let stage = connected(app(), &["--option", "token-access-type=online"]).await;
    assert!(is_live(&stage, &token(&stage)));
    assert_eq!(stage.jeton(&["refresh", "dropbox"]).code, 3);
    let query = requests(&stage, "/oauth2/authorize")[0].query.clone().unwrap();
    assert!(query.contains("token_access_type=online") && !query.contains("offline"), "{query}");
}

#[tokio::test]
async fn a_legacy_token_never_expires() {
    let stage = connected(app().legacy(), &["--option", "token-access-type=legacy"]).await;
    let shown = stage.jeton(&["token", "dropbox", "--format", "json", "--min-valid", "36500d"]).succeeded().stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert!(shown["expires_at"].is_null(), "{shown}");
    assert!(is_live(&stage, shown["access_token"].as_str().unwrap()));
    stage.jeton(&["test", "dropbox"]).succeeded();
    stage.jeton(&["revoke", "dropbox"]).succeeded();
    assert!(!is_live(&stage, shown["access_token"].as_str().unwrap()));
}

#[tokio::test]
async fn what_is_asked_of_the_authorization_page_goes_there_and_nowhere_else() {
    let stage = stage(app(), Some(SECRET), &[]).await;
    let options = ["--option", "force-reapprove=true", "--option", "include-granted-scopes=user", "--option", "require-role=work"];
    let more = ["--option", "disable-signup=true", "--option", "force-reauthentication=true", "--option", "locale=de"];
    stage.paste("dropbox", &[&["--scope", "account_info.read,files.metadata.read"][..], &options, &more].concat()).await.succeeded();
    let query = requests(&stage, "/oauth2/authorize")[0].query.clone().unwrap();
    for part in [
        "scope=account_info.read+files.metadata.read",
        "force_reapprove=true",
        "include_granted_scopes=user",
        "require_role=work",
        "disable_signup=true",
        "force_reauthentication=true",
        "locale=de",
    ] {
        assert!(query.contains(part), "{part} is not in {query}");
    }
    stage.jeton(&["request", "dropbox", "POST", "users/get_current_account"]).succeeded();
    let ran: Ran = stage.jeton(&["connect", "dropbox", "--paste", "--replace", "--option", "force-approve=true"]);
    assert!(ran.code == 1 && ran.stderr.contains("the option force-approve") && ran.stderr.contains("force-reapprove"), "{ran:?}");
}

#[tokio::test]
async fn apps_of_a_folder_and_of_all_of_a_dropbox_are_one_to_oauth() {
    let mut seen = vec![];
    for (app, sees) in [(app(), &["Apps", "Letters"][..]), (app().app_folder(), &[])] {
        let stage = connected(app, &[]).await;
        stage.jeton(&["refresh", "dropbox"]).succeeded();
        stage.jeton(&["test", "dropbox"]).succeeded();
        let root = stage.download("root.json", r#"{"path":""}"#);
        let list = ["request", "dropbox", "POST", "files/list_folder", "--data", root.to_str().unwrap()];
        let listed: serde_json::Value = serde_json::from_str(&stage.jeton(&list).succeeded().stdout).unwrap();
        let found: Vec<_> = listed["entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
        assert_eq!(found, sees, "they are two kinds of apps");
        let entries = stage.emulator.journal().entries();
        seen.push(
            entries
                .iter()
                .map(|entry| (entry.path.clone(), entry.form.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()))
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_teams_token_is_the_teams_and_acts_for_its_members() {
    let scopes = ["account_info.read", "files.metadata.read", "team_info.read", "team_data.member"];
    let stage = connected(app().team().scopes(&scopes), &[]).await;
    let shown = stage.jeton(&["test", "dropbox"]).succeeded().stdout;
    assert!(shown.contains("Analytical Engines"), "{shown}");
    let member = ada(&stage);
    for (option, name) in [("--as-user", "dropbox-api-select-user"), ("--as-admin", "dropbox-api-select-admin")] {
        let ran = stage.paste("dropbox", &["--name", &name[12..], option, &member]).await.succeeded();
        assert!(ran.stderr.contains("ada@example.com"), "{}", ran.stderr);
        assert!(stage.jeton(&["test", &name[12..]]).succeeded().stdout.contains("ada@example.com"));
        stage.jeton(&["request", "dropbox", "POST", "users/get_current_account", option, &member]).succeeded();
        assert_eq!(header(&requests(&stage, "/2/users/get_current_account").pop().unwrap(), name), member);
        let ran = stage.jeton(&["request", "dropbox", "POST", "users/get_current_account", option, "dbmid:nobody"]);
        assert!(ran.code == 1 && ran.stdout.contains("invalid_select"), "{ran:?}");
    }
    let ran = stage.jeton(&["request", "dropbox", "POST", "users/get_current_account"]);
    assert!(ran.code == 1 && ran.stderr.contains("400"), "{ran:?}");
}

#[tokio::test]
async fn the_root_of_paths_is_chosen_in_every_spelling() {
    let stage = connected(app(), &["--option", "path-root=home"]).await;
    for (spelling, sent) in [
        ("home", r#"{".tag":"home"}"#),
        ("root:3000000001", r#"{".tag":"root","root":"3000000001"}"#),
        ("namespace:3000000001", r#"{".tag":"namespace_id","namespace_id":"3000000001"}"#),
        ("3000000001", r#"{".tag":"namespace_id","namespace_id":"3000000001"}"#),
        (r#"{".tag":"home"}"#, r#"{".tag":"home"}"#),
    ] {
        let option = format!("path-root={spelling}");
        stage.jeton(&["request", "dropbox", "POST", "users/get_current_account", "--option", &option]).succeeded();
        assert_eq!(header(&requests(&stage, "/2/users/get_current_account").pop().unwrap(), "dropbox-api-path-root"), sent);
    }
    for wrong in ["path-root=root:", "path-root=root:a\"b", "path-root=", "path-root=elsewhere:1"] {
        let ran = stage.jeton(&["request", "dropbox", "POST", "users/get_current_account", "--option", wrong]);
        assert!(ran.code == 1 && ran.stderr.contains("path-root"), "{wrong}: {ran:?}");
    }
}

#[tokio::test]
async fn revoking_ends_access_and_refresh_token() {
    for late in [false, true] {
        let stage = connected(app(), &[]).await;
        let access = token(&stage);
        if late {
            stage.emulator.dropbox_service().expire_access_tokens();
        }
        stage.jeton(&["revoke", "dropbox"]).succeeded();
        let revocation = requests(&stage, "/2/auth/token/revoke").pop().unwrap();
        assert!(revocation.form.is_empty() && revocation.json.is_none() && header(&revocation, "content-type").is_empty());
        assert!(revocation.authorization.unwrap().starts_with("Bearer "));
        assert_eq!(stage.refreshes(), usize::from(late), "one that has expired is refreshed, so that all of it ends");
        assert!(!is_live(&stage, &access));
        assert_eq!(stage.jeton(&["token", "dropbox"]).code, 3);
    }
}

#[tokio::test]
async fn what_was_revoked_at_dropbox_already_can_be_revoked_here() {
    let stage = connected(app(), &[]).await;
    let access = token(&stage);
    // Whoever has the token can end it. Jeton isn't told.
    stage.jeton(&["request", "dropbox", "POST", "auth/token/revoke"]).succeeded();
    assert!(!is_live(&stage, &access) && token(&stage) == access);
    stage.jeton(&["revoke", "dropbox"]).succeeded();
    let statuses = |path: &str| requests(&stage, path).iter().map(|entry| entry.status).collect::<Vec<_>>();
    assert_eq!(statuses("/2/auth/token/revoke"), [200, 401], "the access token is dead");
    assert_eq!(statuses("/oauth2/token"), [200, 400], "and so is the refresh token: there is nothing left to revoke");
    assert_eq!(stage.jeton(&["token", "dropbox"]).code, 3);
    stage.jeton(&["revoke", "dropbox"]).succeeded();
    assert_eq!(statuses("/2/auth/token/revoke").len(), 2, "what is over here is asked about no more");
}

#[tokio::test]
async fn several_people_have_a_connection_each() {
    let stage = connected(app(), &[]).await;
    let grace = User { id: "1000000002".into(), name: "Grace".into(), login: "grace@example.com".into(), password: "pw".into() };
    stage.emulator.dropbox_service().add_user(grace);
    let mut command = stage.command(&["connect", "dropbox", "--paste", "--name", "grace"]);
    command.stdin(std::process::Stdio::piped());
    let connecting = stage.begin(command);
    let back = stage.emulator.consent_as(("grace@example.com", "pw"), &connecting.url, Decision::Grant).await.unwrap();
    let ran = connecting.paste(&back);
    assert!(ran.succeeded().stderr.contains("grace@example.com"));
    assert!(stage.jeton(&["test", "dropbox"]).succeeded().stdout.contains("ada@example.com"));
}

//! Team apps, and the headers that say for whom and where a call is made.

use jeton_emulator::User;
use jeton_emulator::dropbox_service::{DropboxService, ROOT_NAMESPACE, TEAM_ID};

use super::{app, call, code, redeem, tag, with};
use crate::stage::json as body;

const ME: &str = "users/get_current_account";
const SCOPES: [&str; 3] = ["team_info.read", "team_data.member", "account_info.read"];

fn member() -> String {
    DropboxService::member_id(&User { id: "1000000001".into(), name: String::new(), login: String::new(), password: String::new() })
}

#[tokio::test]
async fn a_teams_token_comes_with_a_team_id_and_reads_the_team() {
    let emulator = with(app().team().scopes(&SCOPES)).await;
    let (_, tokens) = redeem(&emulator, &code(&emulator, "").await).await;
    assert_eq!((tokens["team_id"].as_str(), tokens.get("account_id")), (Some(TEAM_ID), None));
    let team = call(&emulator, "team/get_info", tokens["access_token"].as_str().unwrap(), Some("null"), &[]).await;
    assert_eq!(body(&team)["team_id"], TEAM_ID);
}

#[tokio::test]
async fn a_member_is_found_by_address() {
    let emulator = with(app().team().scopes(&["members.read"])).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    let find = |address: &str| format!(r#"{{"members":[{{".tag":"email","email":"{address}"}}]}}"#);
    let found = body(&call(&emulator, "team/members/get_info_v2", &token, Some(&find("ada@example.com")), &[]).await);
    assert_eq!(found["members_info"][0]["profile"]["team_member_id"], member());
    let nobody = body(&call(&emulator, "team/members/get_info_v2", &token, Some(&find("nobody@example.com")), &[]).await);
    assert_eq!(nobody["members_info"][0][".tag"], "id_not_found");
}

#[tokio::test]
async fn a_users_call_with_a_teams_token_needs_the_name_of_a_member() {
    let emulator = with(app().team().scopes(&SCOPES)).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    assert_eq!(call(&emulator, ME, &token, None, &[]).await.status(), 400);
    for (name, wrong) in [("dropbox-api-select-user", "invalid_select_user"), ("dropbox-api-select-admin", "invalid_select_admin")] {
        let me = call(&emulator, ME, &token, None, &[(name, &member())]).await;
        assert_eq!((&body(&me)["email"], &body(&me)["team_member_id"]), (&"ada@example.com".into(), &member().into()));
        assert_eq!(tag(&call(&emulator, ME, &token, None, &[(name, "dbmid:nobody")]).await), (401, wrong.to_owned()));
    }
}

#[tokio::test]
async fn naming_a_member_needs_a_scope_and_a_teams_token() {
    let emulator = with(app().team().scopes(&["account_info.read"])).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    let refused = call(&emulator, ME, &token, None, &[("dropbox-api-select-user", &member())]).await;
    assert_eq!(body(&refused)["error"]["required_scope"], "team_data.member");
    let emulator = with(app()).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    assert_eq!(call(&emulator, ME, &token, None, &[("dropbox-api-select-user", &member())]).await.status(), 400);
    assert_eq!(call(&emulator, "team/get_info", &token, Some("null"), &[]).await.status(), 400);
}

#[tokio::test]
async fn a_path_root_is_home_the_teams_root_or_refused() {
    let emulator = with(app()).await;
    let (token, _) = emulator.dropbox_service().issue_tokens("a-key").unwrap();
    let root = format!(r#"{{".tag":"root","root":"{ROOT_NAMESPACE}"}}"#);
    for (value, status) in
        [(r#"{".tag":"home"}"#, 200), (&*root, 200), (r#"{".tag":"root","root":"1"}"#, 422), (r#"{".tag":"root"}"#, 400), ("nonsense", 400)]
    {
        let answer = call(&emulator, ME, &token, None, &[("dropbox-api-path-root", value)]).await;
        assert_eq!(answer.status(), status, "{value}");
        if status == 422 {
            assert_eq!(tag(&answer).1, "invalid_root");
        }
    }
}

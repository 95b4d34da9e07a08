//! The calls of the API that the emulator knows.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::api::{Audience, Call};
use super::problem::Problem;
use super::{DropboxService, FolderAccess, ROOT_NAMESPACE, TEAM_ID};
use crate::credentials::Credentials;
use crate::form::Form;
use crate::grants::Cascade;
use crate::json::json as answer;

/// `/2/auth/token/revoke`: the token, its refresh token, and all other access tokens of that one.
pub(super) async fn revoke(State(service): State<DropboxService>, headers: HeaderMap, body: Bytes) -> Response {
    service.call(&headers, &body, Audience::Anybody, None, |call| {
        let known = service.0.state.get().grants.revoke(&call.owner.client, &call.token, Cascade::Grant);
        known.map(|()| Value::Null).map_err(|_| Problem::Text("The token is another app's.\n".to_owned()))
    })
}

/// `/2/check/user`: echoes `query`.
pub(super) async fn check_user(State(service): State<DropboxService>, headers: HeaderMap, body: Bytes) -> Response {
    service.call(&headers, &body, Audience::User, Some("account_info.read"), |call| echo(&call.arguments))
}

/// `/2/check/app`: the same, with the app's key and secret.
pub(super) async fn check_app(State(service): State<DropboxService>, headers: HeaderMap, body: Bytes) -> Response {
    let shown = Credentials::of(&headers, &Form::default());
    let known = shown
        .client_id
        .zip(shown.client_secret)
        .is_some_and(|(key, secret)| service.0.state.get().apps.get(&key).is_some_and(|app| app.app_secret == secret));
    let arguments = serde_json::from_slice(&body).unwrap_or_default();
    let echoed = if known { echo(&arguments) } else { Err(Problem::Text("Invalid app key or secret.\n".to_owned())) };
    match echoed {
        Ok(value) => answer(StatusCode::OK, &value),
        Err(problem) => problem.answer(&service.0.mint),
    }
}

fn echo(arguments: &Value) -> Result<Value, Problem> {
    Ok(json!({ "result": arguments.get("query").and_then(Value::as_str).unwrap_or_default() }))
}

/// `/2/openid/userinfo`
pub(super) async fn userinfo(State(service): State<DropboxService>, headers: HeaderMap, body: Bytes) -> Response {
    service.call(&headers, &body, Audience::User, Some("openid"), |call| {
        let user = call.user.as_ref();
        Ok(json!({ "sub": user.map(DropboxService::account_id), "iss": "https://www.dropbox.com", "email": user.map(|user| &user.login) }))
    })
}

/// `/2/users/get_current_account`
pub(super) async fn current_account(State(service): State<DropboxService>, headers: HeaderMap, body: Bytes) -> Response {
    service.call(&headers, &body, Audience::User, Some("account_info.read"), |call| {
        let user = call.user.as_ref();
        let mut account = json!({
            "account_id": user.map(DropboxService::account_id),
            "name": { "display_name": user.map(|user| &user.name) },
            "email": user.map(|user| &user.login),
            "email_verified": true,
            "disabled": false,
            "locale": "en",
            "account_type": { ".tag": if call.owner.details.team { "business" } else { "basic" } },
            "root_info": { ".tag": "team", "root_namespace_id": ROOT_NAMESPACE, "home_namespace_id": "3000000002" },
        });
        if let (true, Some(members)) = (call.owner.details.team, account.as_object_mut()) {
            members.insert("team_member_id".to_owned(), json!(user.map(DropboxService::member_id)));
        }
        Ok(account)
    })
}

/// `/2/files/list_folder`: the root only. An app that sees its own folder has that as its root.
pub(super) async fn list_folder(State(service): State<DropboxService>, headers: HeaderMap, body: Bytes) -> Response {
    service.call(&headers, &body, Audience::User, Some("files.metadata.read"), |call| {
        match call.arguments.get("path").and_then(Value::as_str) {
            Some("") => {}
            Some(path) if path.starts_with('/') => {
                let error = json!({ ".tag": "path", "path": { ".tag": "not_found" } });
                return Err(Problem::Endpoint { summary: "path/not_found", error });
            }
            Some(_) => {
                let error = json!({ ".tag": "path", "path": { ".tag": "malformed_path" } });
                return Err(Problem::Endpoint { summary: "path/malformed_path", error });
            }
            None => return Err(Problem::Text("Error in call: missing required field 'path'.\n".to_owned())),
        }
        let folder =
            |name: &str| json!({ ".tag": "folder", "name": name, "path_lower": format!("/{}", name.to_lowercase()), "id": "id:emulated1" });
        let entries = match call.folder {
            FolderAccess::AppFolder => json!([]),
            FolderAccess::Full => json!([folder("Apps"), folder("Letters")]),
        };
        Ok(json!({ "entries": entries, "cursor": "emulated-cursor", "has_more": false }))
    })
}

/// `/2/files/download` of the content host: the arguments are in a header, the one file there is in the body.
pub(super) async fn download(State(service): State<DropboxService>, headers: HeaderMap, body: Bytes) -> Response {
    let argument = headers.get("dropbox-api-arg").and_then(|header| serde_json::from_slice::<Value>(header.as_bytes()).ok());
    let admitted = service.admit(&headers, &body, Audience::User, Some("files.content.read")).and_then(|_| {
        match argument.as_ref().and_then(|argument| argument.get("path")?.as_str()) {
            Some("/letters/notes.txt") => Ok(()),
            Some(_) => {
                let error = json!({ ".tag": "path", "path": { ".tag": "not_found" } });
                Err(Problem::Endpoint { summary: "path/not_found", error })
            }
            None => Err(Problem::Text("The header Dropbox-API-Arg must say a path in JSON.\n".to_owned())),
        }
    });
    match admitted {
        Ok(()) => ([("dropbox-api-result", "{\"name\":\"notes.txt\"}")], "On the engine.\n").into_response(),
        Err(problem) => problem.answer(&service.0.mint),
    }
}

/// `/2/team/get_info`
pub(super) async fn team_info(State(service): State<DropboxService>, headers: HeaderMap, body: Bytes) -> Response {
    service.call(&headers, &body, Audience::Team, Some("team_info.read"), |_| {
        Ok(json!({ "name": "Analytical Engines", "team_id": TEAM_ID, "num_licensed_users": 5, "num_provisioned_users": 1 }))
    })
}

/// `/2/team/members/get_info_v2`: by address only.
pub(super) async fn members(State(service): State<DropboxService>, headers: HeaderMap, body: Bytes) -> Response {
    service.call(&headers, &body, Audience::Team, Some("members.read"), |call| {
        let wanted = call.arguments.get("members").and_then(Value::as_array).cloned().unwrap_or_default();
        let info = |member: &Value| {
            let address = member.get("email").and_then(Value::as_str).unwrap_or_default();
            match service.0.people.find(|user| user.login == address) {
                Some(user) => {
                    let profile = json!({ "team_member_id": DropboxService::member_id(&user), "email": user.login });
                    json!({ ".tag": "member_info", "profile": profile })
                }
                None => json!({ ".tag": "id_not_found", "id_not_found": address }),
            }
        };
        Ok(json!({ "members_info": wanted.iter().map(info).collect::<Vec<_>>() }))
    })
}

/// Any other path.
pub(super) async fn unknown() -> Response {
    (StatusCode::NOT_FOUND, "The emulator of Dropbox has nothing here.\n").into_response()
}

impl DropboxService {
    fn call(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        audience: Audience,
        scope: Option<&'static str>,
        act: impl FnOnce(Call) -> Result<Value, Problem>,
    ) -> Response {
        match self.admit(headers, body, audience, scope).and_then(act) {
            Ok(value) => answer(StatusCode::OK, &value),
            Err(problem) => problem.answer(&self.0.mint),
        }
    }
}

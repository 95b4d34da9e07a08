//! How a call is let in: the token, the member it is made for, the root of its paths, its scope and its body.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use super::problem::{ApiTag, Problem};
use super::{Details, DropboxService, FolderAccess, ROOT_NAMESPACE};
use crate::grants::{NoAccess, Owner};
use crate::people::User;

/// A call that was let in.
pub(super) struct Call {
    pub(super) owner: Arc<Owner<Details>>,
    pub(super) token: String,
    /// Whom it is made for; nobody, if it is a team's own.
    pub(super) user: Option<User>,
    pub(super) folder: FolderAccess,
    pub(super) arguments: Value,
}

/// Whose calls an endpoint takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// A user's; with a team's token only in the name of a member.
    User,
    /// A team's.
    Team,
    /// Any.
    Anybody,
}

impl DropboxService {
    pub(super) fn admit(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        audience: Audience,
        scope: Option<&'static str>,
    ) -> Result<Call, Problem> {
        let token = bearer(headers)?;
        self.within_rate()?;
        let owner = self.0.state.get().grants.access(self.now(), token).map_err(|bad| {
            Problem::Unauthorized(match bad {
                NoAccess::Invalid => ApiTag::InvalidAccessToken,
                NoAccess::Expired => ApiTag::ExpiredAccessToken,
            })
        })?;
        let arguments = arguments(headers, body)?;
        let user = self.chosen(headers, &owner, audience)?;
        path_root(headers)?;
        if let Some(scope) = scope.filter(|scope| !owner.scopes.iter().any(|granted| granted == scope)) {
            return Err(Problem::Unauthorized(ApiTag::MissingScope(scope)));
        }
        let folder = self.0.state.get().apps.get(&*owner.client).map_or(FolderAccess::Full, |app| app.folder);
        Ok(Call { owner, token: token.to_owned(), user, folder, arguments })
    }

    /// The rate is the app's here, not each user's: enough to see a 429.
    fn within_rate(&self) -> Result<(), Problem> {
        let mut known = self.0.state.get();
        if let Some(tag) = known.refusals.pop_front() {
            return Err(Problem::Unauthorized(tag));
        }
        let Some(limit) = known.api_limit else { return Ok(()) };
        let now = self.now().as_secs();
        let minute = now / 60;
        known.calls = (minute, if known.calls.0 == minute { known.calls.1.saturating_add(1) } else { 1 });
        if known.calls.1 > limit { Err(Problem::TooMany { form: known.busy, seconds: 60 - now % 60 }) } else { Ok(()) }
    }

    fn chosen(&self, headers: &HeaderMap, owner: &Owner<Details>, audience: Audience) -> Result<Option<User>, Problem> {
        let member = |name: &str, wrong| match headers.get(name) {
            None => Ok(None),
            Some(id) => {
                let has = owner.scopes.iter().any(|scope| scope == "team_data.member");
                let found = self.0.people.find(|user| id.to_str().is_ok_and(|id| Self::member_id(user) == id));
                match found {
                    _ if !owner.details.team => Err(Problem::Text(format!("{name} is for tokens of a team only.\n"))),
                    _ if !has => Err(Problem::Unauthorized(ApiTag::MissingScope("team_data.member"))),
                    Some(user) => Ok(Some(user)),
                    None => Err(Problem::Unauthorized(wrong)),
                }
            }
        };
        let user = member("dropbox-api-select-user", ApiTag::InvalidSelectUser)?;
        let admin = member("dropbox-api-select-admin", ApiTag::InvalidSelectAdmin)?;
        let chosen = user.or(admin);
        match (audience, owner.details.team) {
            (Audience::User, true) if chosen.is_none() => Err(Problem::Text(
                "This call is about one account, and the token is for a whole team. Name a member in the header Dropbox-API-Select-User.\n"
                    .to_owned(),
            )),
            (Audience::Team, false) => Err(Problem::Text("This call needs the token of a team.\n".to_owned())),
            (_, true) => Ok(chosen),
            (_, false) => Ok(self.0.people.by_id(&owner.user)),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let header = headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    let token = header.and_then(|header| header.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match token {
        Some((_, token)) if !token.is_empty() && !token.contains(' ') => Ok(token),
        _ => {
            Err(Problem::Text("The HTTP header \"Authorization\" is missing or malformed: it must be \"Bearer\" and a token.\n".to_owned()))
        }
    }
}

/// JSON with a JSON content type, or nothing at all.
fn arguments(headers: &HeaderMap, body: &Bytes) -> Result<Value, Problem> {
    let content_type = headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
    let essence = content_type.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        None if body.is_empty() => Ok(Value::Null),
        Some("application/json") => {
            serde_json::from_slice(body).map_err(|error| Problem::Text(format!("The request body could not be decoded as JSON: {error}\n")))
        }
        other => Err(Problem::Text(format!("Bad HTTP \"Content-Type\" header: {}. Use application/json.\n", other.unwrap_or("none")))),
    }
}

fn path_root(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(text) = headers.get("dropbox-api-path-root") else { return Ok(()) };
    let malformed = || Problem::Text("The header Dropbox-API-Path-Root isn't a path root in JSON.\n".to_owned());
    let root: Value = serde_json::from_slice(text.as_bytes()).map_err(|_| malformed())?;
    let tag = root.get(".tag").and_then(Value::as_str).ok_or_else(malformed)?;
    let named = root.get(tag).and_then(Value::as_str);
    match (tag, named) {
        ("home", _) => Ok(()),
        ("root" | "namespace_id", Some(ROOT_NAMESPACE)) => Ok(()),
        ("root" | "namespace_id", Some(_)) => Err(Problem::PathRoot(json!({
            ".tag": "invalid_root",
            "invalid_root": { ".tag": "team", "root_namespace_id": ROOT_NAMESPACE, "home_namespace_id": "3000000002", "home_path": "/Ada" },
        }))),
        _ => Err(malformed()),
    }
}

//! Tokens without a person: JWT service accounts, client credentials, and tokens with less power than the one that is shown for them
//! (`providers.md` 1.10, 1.11, 1.12).

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

use super::refusal::{Claim, Refusal};
use super::{App, Details, State as Known};
use crate::form::Form;
use crate::grants::{Minted, Owner};
use crate::jwt::Jwt;

/// What an assertion is addressed to.
const AUDIENCE: &str = "https://api.box.com/oauth2/token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
/// So far ahead `exp` may be.
const LONGEST_ASSERTION: u64 = 60;
/// Scopes that only downscoping gives (`providers.md` 1.13).
const DOWNSCOPE_ONLY: [&str; 14] = [
    "annotation_edit",
    "annotation_view_all",
    "annotation_view_self",
    "base_explorer",
    "base_picker",
    "base_preview",
    "base_sidebar",
    "base_upload",
    "item_delete",
    "item_download",
    "item_preview",
    "item_rename",
    "item_share",
    "item_upload",
];

/// When a request is made: for lifetimes, and by the date that the service believes in.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) elapsed: Duration,
    pub(super) unix: u64,
}

impl Known {
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer`
    pub(super) fn jwt(&mut self, now: Moment, app: &App, assertion: Option<&str>) -> Result<Minted, Refusal> {
        if !app.jwt {
            return Err(Refusal::GrantNotAllowed);
        }
        if app.public_keys.is_empty() {
            return Err(Refusal::NoPublicKey);
        }
        let jwt = Jwt::read(assertion.ok_or(Refusal::InvalidRequest)?).ok_or(Refusal::Signature)?;
        let algorithms = [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512];
        let key = match (jwt.header("kid"), app.public_keys.as_slice()) {
            (Some(kid), keys) => keys.iter().find(|key| key.id == kid),
            (None, [only]) => Some(only),
            (None, _) => None,
        };
        let key = key.and_then(|key| DecodingKey::from_rsa_pem(key.pem.as_bytes()).ok()).ok_or(Refusal::Signature)?;
        if !jwt.is_signed(&key, &algorithms) {
            return Err(Refusal::Signature);
        }
        if jwt.text("iss") != Some(&*app.client_id) {
            return Err(Refusal::Claim(Claim::Iss));
        }
        if !jwt.is_for(&[AUDIENCE]) {
            return Err(Refusal::Claim(Claim::Aud));
        }
        let exp = jwt.seconds("exp").ok_or(Refusal::Claim(Claim::Exp))?;
        if exp <= now.unix {
            return Err(Refusal::ExpPassed);
        }
        if exp - now.unix > LONGEST_ASSERTION {
            return Err(Refusal::Claim(Claim::Exp));
        }
        let user = jwt.text("box_sub_type").zip(jwt.text("sub")).and_then(|(kind, id)| self.subject(app, kind, id));
        let user = user.ok_or(Refusal::Claim(Claim::Sub))?;
        let jti = jwt.text("jti").filter(|jti| (16..=128).contains(&jti.len())).ok_or(Refusal::Claim(Claim::Jti))?;
        self.seen_jti.retain(|_, until| *until >= now.unix);
        // A clock that is set back must not make an old assertion fresh, so it is remembered by its own exp.
        if self.seen_jti.insert((app.client_id.clone(), jti.to_owned()), exp).is_some() {
            return Err(Refusal::JtiSeen);
        }
        Ok(self.server_token(now, app, user))
    }

    /// `client_credentials`. Whatever is wrong, Box says the same.
    pub(super) fn client_credentials(&mut self, now: Moment, app: &App, form: &Form) -> Result<Minted, Refusal> {
        if !app.client_credentials {
            return Err(Refusal::GrantNotAllowed);
        }
        let subject = form.get("box_subject_type").zip(form.get("box_subject_id"));
        let user = subject.and_then(|(kind, id)| self.subject(app, kind, id)).ok_or(Refusal::GrantCredentials)?;
        Ok(self.server_token(now, app, user))
    }

    /// Whom a token for this subject acts as; `None` if the app may not.
    fn subject(&self, app: &App, kind: &str, id: &str) -> Option<String> {
        match kind {
            "enterprise" => (app.enterprise_id.as_deref() == Some(id)).then(|| app.service_account().id),
            "user" => (app.user_access_tokens && self.managed_users.iter().any(|user| user == id)).then(|| id.to_owned()),
            _ => None,
        }
    }

    fn server_token(&mut self, now: Moment, app: &App, user: String) -> Minted {
        let owner =
            Owner { client: app.client_id.as_str().into(), user: user.into(), scopes: app.scopes.clone(), details: Details::default() };
        let lives = self.grants.lifetimes.access;
        self.grants.issue_access(now.elapsed, Arc::new(owner), lives)
    }

    /// `urn:ietf:params:oauth:grant-type:token-exchange`: fewer scopes, for one file or folder if a resource is named. It dies with the
    /// subject token's time.
    pub(super) fn exchange(&mut self, now: Moment, app: &App, form: &Form) -> Result<Downscoped, Refusal> {
        let parameter = |name| form.get(name).ok_or(Refusal::InvalidRequest);
        if parameter("subject_token_type")? != ACCESS_TOKEN {
            return Err(Refusal::InvalidRequest);
        }
        let (subject, left) = self.grants.access_until(now.elapsed, parameter("subject_token")?).map_err(|_| Refusal::GrantCredentials)?;
        if *subject.client != *app.client_id {
            return Err(Refusal::GrantCredentials);
        }
        let scopes: Vec<String> = parameter("scope")?.split_ascii_whitespace().map(str::to_owned).collect();
        if scopes.iter().any(|scope| !DOWNSCOPE_ONLY.contains(&scope.as_str()) && !subject.scopes.contains(scope)) {
            return Err(Refusal::InvalidScope);
        }
        let annotator = match form.get("actor_token") {
            Some(token) => Some(annotator(now, app, token, form.get("actor_token_type"))?),
            None => None,
        };
        let object = form.get("resource").map(object).transpose()?;
        let restriction = |scope: &String| match (&object, form.get("box_shared_link")) {
            (Some(object), _) => json!({ "scope": scope, "object": object }),
            (None, Some(link)) => json!({ "scope": scope, "object": { "type": "shared_link", "url": link } }),
            (None, None) => json!({ "scope": scope }),
        };
        let restricted_to: Vec<Value> = scopes.iter().map(restriction).collect();
        let details = Details { downscoped: true, annotator };
        let owner = Owner { client: Arc::clone(&subject.client), user: Arc::clone(&subject.user), scopes, details };
        let lives = left.min(self.grants.lifetimes.access);
        let minted = self.grants.issue_access(now.elapsed, Arc::new(owner), lives);
        Ok(Downscoped { minted, restricted_to })
    }
}

/// The answer to an exchange.
pub(super) struct Downscoped {
    pub(super) minted: Minted,
    pub(super) restricted_to: Vec<Value>,
}

/// The name in an annotator's unsigned token.
fn annotator(now: Moment, app: &App, token: &str, kind: Option<&str>) -> Result<String, Refusal> {
    let jwt = Jwt::read(token).filter(Jwt::is_unsigned).ok_or(Refusal::InvalidRequest)?;
    let fits = kind == Some(ID_TOKEN) && jwt.text("box_sub_type") == Some("external") && jwt.text("iss") == Some(&*app.client_id);
    let in_time = jwt.seconds("exp").is_some_and(|exp| exp > now.unix && exp - now.unix <= LONGEST_ASSERTION);
    match jwt.text("name") {
        Some(name) if fits && in_time => Ok(name.to_owned()),
        _ => Err(Refusal::InvalidRequest),
    }
}

/// The file or folder of a `resource`.
fn object(resource: &str) -> Result<Value, Refusal> {
    let path = resource.strip_prefix("https://api.box.com/2.0/").and_then(|path| path.split_once('/'));
    match path {
        Some(("files", id)) if is_id(id) => Ok(json!({ "type": "file", "id": id })),
        Some(("folders", id)) if is_id(id) => Ok(json!({ "type": "folder", "id": id })),
        _ => Err(Refusal::InvalidRequest),
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

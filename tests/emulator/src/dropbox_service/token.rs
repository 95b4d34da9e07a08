//! The token endpoint. Parameters are read from the body and from the query, for some of Dropbox's own SDKs put them there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};

use super::{Details, DropboxService, TEAM_ID, TokenAccess};
use crate::credentials::Credentials;
use crate::form::Form;
use crate::grants::{BadGrant, Minted, Owner};
use crate::jwt::unix;

/// POST
pub(super) async fn token(
    State(service): State<DropboxService>,
    uri: Uri,
    headers: HeaderMap,
    Extension(form): Extension<Arc<Form>>,
) -> Response {
    let form = Form::parse(uri.query().unwrap_or_default().as_bytes()).and(&form);
    match service.exchange(&headers, &form) {
        Ok(tokens) => spaced(StatusCode::OK, &tokens),
        Err((error, description)) => {
            spaced(StatusCode::BAD_REQUEST, &BTreeMap::from([("error", error), ("error_description", description)]))
        }
    }
}

type Refused = (&'static str, &'static str);

impl DropboxService {
    fn exchange(&self, headers: &HeaderMap, form: &Form) -> Result<BTreeMap<&'static str, Value>, Refused> {
        if form.repeated().is_some() {
            return Err(("invalid_request", "a parameter was sent more than once"));
        }
        let credentials = Credentials::of(headers, form);
        if credentials.twice {
            return Err(("invalid_request", "send the client credentials in the Authorization header or in the body, not in both"));
        }
        let now = self.now();
        let mut known = self.0.state.get();
        let client = credentials.client_id.as_deref().ok_or(("invalid_request", "missing required field \"client_id\""))?;
        let app = known.apps.get(client).ok_or(("invalid_client", "Invalid client_id or client_secret"))?;
        let proven = match &credentials.client_secret {
            Some(secret) if *secret == app.app_secret => true,
            Some(_) => return Err(("invalid_client", "Invalid client_id or client_secret")),
            None => false,
        };
        let required = |name, missing| form.get(name).ok_or(("invalid_request", missing));
        match required("grant_type", "missing required field \"grant_type\"")? {
            "authorization_code" => {
                let code = required("code", "missing required field \"code\"")?;
                let owner = known.grants.redeem(now, client, code).map_err(|_| ("invalid_grant", "code doesn't exist or has expired"))?;
                prove_code(&owner.details, proven, form)?;
                let minted = match owner.details.access {
                    TokenAccess::Offline => known.grants.issue(now, Arc::clone(&owner)),
                    TokenAccess::Online => {
                        let lives = known.grants.lifetimes.access;
                        known.grants.issue_access(now, Arc::clone(&owner), lives)
                    }
                    TokenAccess::Legacy => known.grants.issue_access(now, Arc::clone(&owner), Duration::MAX),
                };
                Ok(self.first(&owner, minted))
            }
            "refresh_token" => {
                let token = required("refresh_token", "missing required field \"refresh_token\"")?;
                let owner = known.grants.refreshable(now, client, token).map_err(|bad| match bad {
                    BadGrant::Unknown => ("invalid_grant", "refresh token is malformed"),
                    BadGrant::Expired => ("invalid_grant", "refresh token is invalid or revoked"),
                })?;
                if !proven && owner.details.challenge.is_none() {
                    return Err(NO_SECRET);
                }
                let narrower = form.get("scope").map(|scopes| scopes.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>());
                if narrower.iter().flatten().any(|scope| !owner.scopes.contains(scope)) {
                    return Err(("invalid_scope", "the scope is more than what was granted"));
                }
                let narrow = narrower.map(|scopes| Arc::new(Owner { scopes, ..(*owner).clone() }));
                let echoed = narrow.as_ref().map(|owner| owner.scopes.join(" "));
                let minted = known
                    .grants
                    .refresh(now, client, token, narrow)
                    .map_err(|_| ("invalid_grant", "refresh token is invalid or revoked"))?;
                let mut tokens = basics(&minted);
                tokens.extend(echoed.map(|scopes| ("scope", Value::from(scopes))));
                Ok(tokens)
            }
            _ => Err(("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")),
        }
    }

    fn first(&self, owner: &Owner<Details>, minted: Minted) -> BTreeMap<&'static str, Value> {
        let mut tokens = basics(&minted);
        tokens.extend(minted.refresh.map(|refresh| ("refresh_token", Value::from(refresh))));
        tokens.insert("scope", owner.scopes.join(" ").into());
        tokens.insert("uid", (*owner.user).into());
        let account = self.0.people.by_id(&owner.user).map(|user| Self::account_id(&user)).unwrap_or_default();
        if owner.scopes.iter().any(|scope| scope == "openid") {
            let now = unix(self.0.clock.now());
            let claims = json!({
                "iss": "https://www.dropbox.com", "sub": account, "aud": *owner.client,
                "iat": now, "exp": now + 14_400, "nonce": owner.details.nonce,
            });
            tokens.extend(self.0.signer.sign(&claims).map(|token| ("id_token", Value::from(token))));
        }
        match owner.details.team {
            true => tokens.insert("team_id", TEAM_ID.into()),
            false => tokens.insert("account_id", account.into()),
        };
        tokens
    }
}

const NO_SECRET: Refused = ("invalid_client", "the app's secret is missing, and no code_verifier stands in for it");

/// The code's own conditions: the redirect URI, and the verifier or the secret. With a verifier the secret may be left out.
fn prove_code(details: &Details, proven: bool, form: &Form) -> Result<(), Refused> {
    if details.redirect_uri.as_deref() != form.get("redirect_uri") {
        return Err(("invalid_grant", "redirect_uri mismatch"));
    }
    match (&details.challenge, form.get("code_verifier")) {
        (Some(challenge), Some(verifier)) if challenge.fits(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(("invalid_grant", "invalid code verifier")),
        (Some(_), None) => Err(("invalid_grant", "code_verifier is missing")),
        (None, Some(_)) => Err(("invalid_grant", "code_verifier was sent, but the request for the code had no code_challenge")),
        (None, None) if proven => Ok(()),
        (None, None) => Err(NO_SECRET),
    }
}

fn basics(minted: &Minted) -> BTreeMap<&'static str, Value> {
    let mut tokens = BTreeMap::from([("access_token", Value::from(&*minted.access)), ("token_type", Value::from("bearer"))]);
    if minted.lives != Duration::MAX {
        tokens.insert("expires_in", minted.lives.as_secs().into());
    }
    tokens
}

/// Dropbox's JSON has a space after each colon and comma.
fn spaced<V: Into<Value> + Clone>(status: StatusCode, members: &BTreeMap<&'static str, V>) -> Response {
    let member = |(name, value): (&&str, &V)| format!("\"{name}\": {}", value.clone().into());
    let text = format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "));
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], text).into_response()
}

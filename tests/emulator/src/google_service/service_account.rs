//! Service accounts: accounts of programs, which sign their own assertions (`providers.md` 3.7).

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Value, json};

use super::grants::Principal;
use super::refusal::Refusal;
use super::token::ISSUER;
use super::{GoogleService, scopes};
use crate::form::words;
use crate::jwt::{Jwt, unix};

/// The addresses of the token endpoint, any of which an assertion may be for.
const AUDIENCES: [&str; 3] =
    ["https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token", "https://www.googleapis.com/oauth2/v4/token"];
/// The longest life of an assertion, in seconds.
const LONGEST: u64 = 3600;

/// A service account with one key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccount {
    /// The account's address, which is the `iss` of its assertions.
    pub client_email: String,
    /// The id of its key. An assertion that names another `kid` is refused.
    pub private_key_id: String,
    /// The public half of its key, in PEM (`PUBLIC KEY` or `CERTIFICATE`).
    pub public_key_pem: String,
    /// The scopes with which it may act for any user of the organization (domain-wide delegation).
    #[serde(default)]
    pub delegated_scopes: Vec<String>,
    /// Who may ask for its tokens: addresses of users or service accounts, or subjects of federated identities.
    #[serde(default)]
    pub impersonators: Vec<String>,
}

impl ServiceAccount {
    /// An account that acts for itself only.
    pub fn new(client_email: &str, private_key_id: &str, public_key_pem: &str) -> Self {
        let [client_email, private_key_id, public_key_pem] = [client_email, private_key_id, public_key_pem].map(str::to_owned);
        Self { client_email, private_key_id, public_key_pem, delegated_scopes: Vec::new(), impersonators: Vec::new() }
    }

    /// Lets it act for users with these scopes.
    #[must_use]
    pub fn delegated(self, scopes: &[&str]) -> Self {
        Self { delegated_scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(), ..self }
    }

    /// Lets one more principal ask for its tokens.
    #[must_use]
    pub fn impersonator(mut self, principal: &str) -> Self {
        self.impersonators.push(principal.to_owned());
        self
    }
}

impl GoogleService {
    /// Tokens for an assertion.
    pub(super) fn service_account(&self, assertion: &str) -> Result<Value, Refusal> {
        let jwt = Jwt::read(assertion).ok_or(Refusal::JwtSignature)?;
        let email = jwt.text("iss").ok_or(Refusal::AccountNotFound)?;
        let account = self.0.state.get().service_accounts.get(email).cloned().ok_or(Refusal::AccountNotFound)?;
        let key = DecodingKey::from_rsa_pem(account.public_key_pem.as_bytes()).map_err(|_| Refusal::JwtSignature)?;
        let named = jwt.header("kid").is_none_or(|kid| kid == account.private_key_id);
        if !named || !jwt.is_signed(&key, &[Algorithm::RS256]) {
            return Err(Refusal::JwtSignature);
        }
        if !jwt.is_for(&AUDIENCES) {
            return Err(Refusal::JwtAudience);
        }
        self.in_time(&jwt)?;
        if let Some(audience) = jwt.text("target_audience") {
            let now = unix(self.0.clock.now());
            let claims = json!({
                "iss": ISSUER, "aud": audience, "azp": email, "sub": account.client_email, "email": email, "email_verified": true,
                "iat": now, "exp": now + LONGEST,
            });
            return Ok(json!({ "id_token": self.0.signer.sign(&claims).ok_or(Refusal::InternalFailure)? }));
        }
        let asked = words(jwt.text("scope"));
        if asked.is_empty() || !asked.iter().all(|scope| scopes::is_known(scope)) {
            return Err(Refusal::InvalidScope);
        }
        let principal = match jwt.text("sub").filter(|sub| *sub != email) {
            None => Principal::ServiceAccount(email.to_owned()),
            Some(login) => {
                let user = self.0.people.find(|user| user.login == login).ok_or(Refusal::NotAUser)?;
                if !asked.iter().all(|scope| account.delegated_scopes.contains(scope)) {
                    return Err(Refusal::NotDelegated);
                }
                Principal::User(user.id)
            }
        };
        let issued = self.0.state.get().grants.access(self.now(), email, "", principal, &asked);
        Ok(json!({ "access_token": issued.access_token, "expires_in": issued.expires_in, "token_type": "Bearer" }))
    }

    /// At most an hour long, and around now, give or take what the service tolerates of a wrong clock.
    fn in_time(&self, jwt: &Jwt) -> Result<(), Refusal> {
        let (iat, exp) = jwt.seconds("iat").zip(jwt.seconds("exp")).ok_or(Refusal::JwtTimes)?;
        let now = unix(self.0.clock.now());
        let leeway = self.0.state.get().jwt_leeway.as_secs();
        let short = exp > iat && exp - iat <= LONGEST;
        let around_now = iat <= now.saturating_add(leeway) && now < exp.saturating_add(leeway);
        if short && around_now { Ok(()) } else { Err(Refusal::JwtTimes) }
    }
}

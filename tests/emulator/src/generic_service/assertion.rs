//! Assertions as grants (RFC 7523, 2.1): who signs one gets the tokens of the user that it names, without a person and without a secret.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonwebtoken::Algorithm;
use serde::Deserialize;

use super::answer::{Tokens, Trouble, trouble};
use super::token::needed;
use super::{Details, GenericService, State};
use crate::form::Form;
use crate::grants::Owner;
use crate::jwt::{Jwt, unix};

/// The grant's name.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// See [`Facts::assertions`](super::Facts::assertions).
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AssertionFacts {
    /// Whom an assertion may be for.
    pub audiences: Vec<String>,
    /// Seconds that an assertion may live at most.
    pub longest: u64,
    /// What is said when it isn't good (`assertion`), for somebody else (`audience`), or its user isn't one of the client's (`subject`).
    pub words: BTreeMap<String, String>,
}

impl GenericService {
    /// The signature shows who the client is. A refresh token isn't given: whoever has the key asks again.
    pub(super) fn assertion_grant(&self, known: &mut State, form: &Form) -> Result<Tokens, Trouble> {
        let facts = &self.0.facts.assertions;
        let refused = |what: &str| {
            let words = facts.words.get(what).map_or("The assertion is refused.", String::as_str);
            trouble("invalid_grant", words)
        };
        let jwt = Jwt::read(needed(form, "assertion")?).ok_or_else(|| refused("assertion"))?;
        let client = jwt.text("iss").and_then(|id| known.clients.get(id).cloned());
        let client = client.ok_or_else(|| trouble("invalid_client", "There is no such client."))?;
        let (now, exp) = (unix(self.0.clock.now()), jwt.seconds("exp").unwrap_or_default());
        let signed = client.keys.iter().any(|key| jwt.is_signed(key, &[Algorithm::RS256]));
        if !signed || exp <= now || exp > now.saturating_add(facts.longest) {
            return Err(refused("assertion"));
        }
        let audiences: Vec<_> = facts.audiences.iter().map(String::as_str).collect();
        if !jwt.is_for(&audiences) {
            return Err(refused("audience"));
        }
        let user = self.0.people.find(|user| Some(user.login.as_str()) == jwt.text("sub")).ok_or_else(|| refused("subject"))?;
        let owner = Owner { client: client.client_id.into(), user: user.id.into(), scopes: client.scopes, details: Details::default() };
        let owner = Arc::new(owner);
        let minted = self.issue(known, &owner);
        Ok(self.tokens(known, minted, &owner))
    }
}

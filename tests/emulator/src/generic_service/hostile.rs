//! Ways in which a server can be wrong or mean to its clients, to be switched on in a test.

use super::State;
use super::answer::ExpiresIn;

/// One of them. Several can be on at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Misbehaviour {
    /// The authorization answer has no `iss`.
    IssMissing,
    /// It has this one (RFC 9207).
    IssWrong(String),
    /// It has no `state`.
    StateDropped,
    /// Its `state` is another.
    StateAltered,
    /// Each of its parameters stands there twice.
    AnswerDoubled,
    /// The code has this name.
    CodeNamed(String),
    /// The browser is sent on to another server's authorization endpoint, with that server's client id: the mix-up attack (RFC 9700
    /// section 4.4).
    SendsOnTo {
        /// The other server's authorization endpoint.
        authorize: String,
        /// The client's id there.
        client_id: String,
        /// The path of the redirect URI that is asked for there. None: the one that the client waits at.
        path: Option<String>,
    },
    /// The token endpoint answers with a redirect (307, say) that takes the request elsewhere.
    TokenRedirect {
        /// The status.
        status: u16,
        /// The `Location`.
        url: String,
    },
    /// Errors come with status 200.
    ErrorWith200,
    /// Answers of the token endpoint are form-encoded.
    FormEncoded,
    /// The answer grants one more scope than was asked for.
    ScopeWidened(String),
    /// The answer grants this scope only.
    ScopeNarrowed(String),
    /// `expires_in` has another form.
    ExpiresIn(ExpiresIn),
    /// `token_type` is this, or missing.
    TokenType(Option<String>),
    /// No refresh token in the answers.
    RefreshTokenOmitted,
    /// The answer to a refresh repeats the refresh token that was used.
    RefreshTokenUnchanged,
    /// Every DPoP proof is answered with a demand for a newer nonce.
    NonceLoop,
    /// A nonce of DPoP proofs is good for one of them; each answer brings the next.
    NonceOnce,
    /// The metadata names this issuer.
    MetadataIssuer(String),
    /// A member of the metadata is this.
    MetadataMember(String, serde_json::Value),
    /// A member of the answer to a registration is this.
    RegisteredMember(String, serde_json::Value),
    /// The metadata is elsewhere, which a client must not follow.
    MetadataRedirect(String),
    /// Something is wrong with id tokens.
    IdToken(BadIdToken),
}

/// What is wrong with an id token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadIdToken {
    /// Another request's nonce.
    Nonce,
    /// No nonce.
    NonceMissing,
    /// Another client's.
    Audience,
    /// Another server's.
    Issuer,
    /// Too old.
    Expired,
    /// `alg` is `none` and there is no signature.
    AlgNone,
    /// Signed with a key that isn't in the key set.
    Key,
}

impl State {
    /// Whether a misbehaviour is on.
    pub(super) fn is_hostile(&self, fits: impl Fn(&Misbehaviour) -> bool) -> bool {
        self.hostile.iter().any(fits)
    }
}

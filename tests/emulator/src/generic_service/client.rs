//! Clients, and how they prove who they are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::AUTHORIZATION;
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};

use super::answer::{Trouble, trouble};
use super::client_auth::ClientAuth;
use super::facts::{AssertionAudience, Endpoint};
use super::{Incoming, Inner, State};
use crate::credentials::Credentials;
use crate::form::Form;
use crate::jwt::{Jwt, unix};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client registration.
#[derive(Clone, Debug)]
pub struct GenericClient {
    /// The client id.
    pub client_id: String,
    /// The client secret; a client without one is public, or signs.
    pub client_secret: Option<String>,
    /// The registered redirect URIs.
    pub redirect_uris: Vec<String>,
    /// The scopes that it may ask for; empty allows any.
    pub scopes: Vec<String>,
    /// The keys with which it signs assertions.
    pub keys: Vec<DecodingKey>,
    /// The certificate that its connections show: its SHA-256 in base64url.
    pub certificate: Option<String>,
}

impl GenericClient {
    /// A client with a secret.
    pub fn new(client_id: &str, client_secret: &str) -> Self {
        Self { client_secret: Some(client_secret.to_owned()), ..Self::public(client_id) }
    }

    /// A client without a secret.
    pub fn public(client_id: &str) -> Self {
        Self {
            client_id: client_id.to_owned(),
            client_secret: None,
            redirect_uris: Vec::new(),
            scopes: Vec::new(),
            keys: Vec::new(),
            certificate: None,
        }
    }

    /// Whether it can't show who it is.
    pub(super) fn is_public(&self) -> bool {
        self.client_secret.is_none() && self.keys.is_empty()
    }

    /// Registers one more redirect URI.
    #[must_use]
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirect_uris.push(uri.to_owned());
        self
    }

    /// Replaces the scopes.
    #[must_use]
    pub fn scopes(self, scopes: &[&str]) -> Self {
        Self { scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(), ..self }
    }

    /// Registers one more public key, RSA or EC, in PEM. One that can't be read is left out, and verifies nothing.
    #[must_use]
    pub fn public_key(mut self, pem: &str) -> Self {
        let key = DecodingKey::from_ec_pem(pem.as_bytes()).or_else(|_| DecodingKey::from_rsa_pem(pem.as_bytes()));
        self.keys.extend(key);
        self
    }

    /// Registers the certificate that its connections show, in PEM. One that can't be read is nobody's.
    #[must_use]
    pub fn certificate(self, pem: &str) -> Self {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map(|der| der.to_vec()).unwrap_or_default();
        Self { certificate: Some(URL_SAFE_NO_PAD.encode(Sha256::digest(der))), ..self }
    }
}

impl Inner {
    /// The client that a request shows and proves to be.
    pub(super) fn authenticate(&self, known: &mut State, call: &Incoming, form: &Form) -> Result<GenericClient, Trouble> {
        let headers = &call.headers;
        let invalid = |text: &str| trouble("invalid_client", text);
        let basic = headers.get(AUTHORIZATION).is_some_and(|header| header.as_bytes().to_ascii_lowercase().starts_with(b"basic "));
        let assertion = form.get("client_assertion");
        let ways = [basic, form.get("client_secret").is_some(), assertion.is_some()];
        if ways.into_iter().filter(|used| *used).count() > 1 {
            return Err(trouble("invalid_request", "The client authenticates in more than one way."));
        }
        let signed = assertion.map(|token| Jwt::read(token).ok_or_else(|| invalid("The assertion isn't a JWT."))).transpose()?;
        let shown = Credentials::of(headers, form);
        let named = signed.as_ref().and_then(|jwt| jwt.text("sub")).map(str::to_owned).or(shown.client_id);
        let client = named.and_then(|id| known.clients.get(&id).cloned()).ok_or_else(|| invalid("There is no such client."))?;
        let way = match (&signed, basic, &shown.client_secret) {
            (Some(jwt), ..) if jwt.header("alg").is_some_and(|alg| alg.starts_with("HS")) => ClientAuth::ClientSecretJwt,
            (Some(_), ..) => ClientAuth::PrivateKeyJwt,
            (None, true, _) => ClientAuth::ClientSecretBasic,
            (None, false, Some(_)) => ClientAuth::ClientSecretPost,
            (None, false, None) if client.certificate.is_some() => {
                let by_certificate = [ClientAuth::TlsClientAuth, ClientAuth::SelfSignedTlsClientAuth];
                by_certificate.into_iter().find(|way| self.facts.client_auth.contains(way)).unwrap_or(ClientAuth::None)
            }
            (None, false, None) => ClientAuth::None,
        };
        if !self.facts.client_auth.contains(&way) {
            return Err(invalid("This service has no such client authentication."));
        }
        match signed {
            Some(jwt) => self.assertion(known, form, &client, way, &jwt)?,
            None if client.client_secret != shown.client_secret => return Err(invalid("The client id or secret is wrong.")),
            None if client.certificate.is_some() && client.certificate.as_deref() != call.certificate.as_deref() => {
                return Err(invalid("The connection doesn't show the client's certificate."));
            }
            // A client that signs can't pass as a public one.
            None if way == ClientAuth::None && !client.keys.is_empty() => return Err(invalid("The client must sign an assertion.")),
            None => {}
        }
        Ok(client)
    }

    /// RFC 7523 section 3.
    fn assertion(&self, known: &mut State, form: &Form, client: &GenericClient, way: ClientAuth, jwt: &Jwt<'_>) -> Result<(), Trouble> {
        let invalid = |text: &str| Err(trouble("invalid_client", text));
        if form.get("client_assertion_type") != Some(JWT_BEARER) {
            return invalid("`client_assertion_type` is missing or wrong.");
        }
        let fits = match (way, &client.client_secret) {
            (ClientAuth::ClientSecretJwt, Some(secret)) => {
                let algorithms = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
                jwt.is_signed(&DecodingKey::from_secret(secret.as_bytes()), &algorithms)
            }
            (ClientAuth::ClientSecretJwt, None) => false,
            _ => {
                let algorithms = [
                    Algorithm::RS256,
                    Algorithm::RS384,
                    Algorithm::RS512,
                    Algorithm::PS256,
                    Algorithm::PS384,
                    Algorithm::PS512,
                    Algorithm::ES256,
                    Algorithm::ES384,
                ];
                client.keys.iter().any(|key| jwt.is_signed(key, &algorithms))
            }
        };
        if !fits {
            return invalid("The assertion's signature doesn't fit.");
        }
        if jwt.text("iss") != Some(&*client.client_id) || form.get("client_id").is_some_and(|id| id != client.client_id) {
            return invalid("`iss`, `sub` and `client_id` must all be the client's id.");
        }
        let issuer = self.facts.issuer.as_deref();
        let token = self.facts.endpoints.get(&Endpoint::Token).map(String::as_str);
        let audiences: Vec<&str> = match self.facts.assertion_audience {
            AssertionAudience::Issuer => issuer.into_iter().collect(),
            AssertionAudience::TokenEndpoint => token.into_iter().collect(),
            AssertionAudience::Either => issuer.into_iter().chain(token).collect(),
        };
        if !jwt.is_for(&audiences) {
            return invalid("The assertion is for another audience.");
        }
        let now = unix(self.clock.now());
        let exp = jwt.seconds("exp").unwrap_or_default();
        if exp <= now || jwt.seconds("nbf").is_some_and(|nbf| nbf > now) {
            return invalid("The assertion is too old, or not valid yet.");
        }
        match jwt.text("jti") {
            Some(jti) if known.is_new(&format!("assertion of {}", client.client_id), jti, exp, now) => Ok(()),
            _ => invalid("The assertion needs a `jti` that was never used."),
        }
    }
}

impl State {
    /// Remembers that a token with this id was seen, until it ends.
    pub(super) fn is_new(&mut self, kind: &str, jti: &str, until: u64, now: u64) -> bool {
        self.seen.retain(|_, until| *until >= now);
        self.seen.insert((kind.to_owned(), jti.to_owned()), until).is_none()
    }
}

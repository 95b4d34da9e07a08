//! Who asks at the token endpoint: a secret, a certificate's signature, or neither, as the client's kind demands (`providers.md` 4.3, 4.7).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use jsonwebtoken::{Algorithm, DecodingKey};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::Site;
use super::app::{App, FederatedCredential};
use super::refusal::Refusal;
use crate::credentials::Credentials;
use crate::form::Form;
use crate::jwt::{Jwt, unix};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// So far a client's clock may be off, in seconds.
const LEEWAY: u64 = 300;

/// The client of a request, and whether it proved to be it.
pub(super) struct Caller {
    pub(super) app: App,
    pub(super) proven: bool,
}

impl Caller {
    /// A confidential client must have proven itself, a public one must not have tried.
    pub(super) fn demand_proof(&self, confidential: bool) -> Result<(), Refusal> {
        match (confidential, self.proven) {
            (true, false) => Err(Refusal::aadsts(7_000_218)),
            (false, true) => Err(Refusal::aadsts(700_025)),
            _ => Ok(()),
        }
    }
}

impl Site {
    /// The client that the request names. What it shows as proof must be right.
    pub(super) fn caller(&self, segment: &str, headers: &HeaderMap, form: &Form) -> Result<Caller, Refusal> {
        let shown = Credentials::of(headers, form);
        let assertion = form.get("client_assertion");
        let issuer = assertion.and_then(Jwt::read).and_then(|jwt| jwt.text("iss").map(str::to_owned));
        let id = shown.client_id.or(issuer).ok_or(Refusal::aadsts(900_144))?;
        let app = self.service.0.state.get().apps.get(&id).cloned().ok_or(Refusal::aadsts(700_016))?;
        if app.disabled {
            return Err(Refusal::aadsts(7_000_112));
        }
        match (shown.client_secret, assertion) {
            (None, None) => Ok(Caller { app, proven: false }),
            _ if app.is_public() => Err(Refusal::aadsts(700_025)),
            (Some(_), Some(_)) => Err(Refusal::aadsts(9_002_313)),
            (Some(secret), None) => match app.secrets.iter().find(|known| known.value == secret) {
                None => Err(Refusal::aadsts(7_000_215)),
                Some(known) if known.expired => Err(Refusal::aadsts(7_000_222)),
                Some(_) => Ok(Caller { app, proven: true }),
            },
            (None, Some(assertion)) => {
                if form.get("client_assertion_type") != Some(JWT_BEARER) {
                    return Err(Refusal::aadsts(900_144));
                }
                self.check_assertion(segment, &app, assertion)?;
                Ok(Caller { app, proven: true })
            }
        }
    }

    fn check_assertion(&self, segment: &str, app: &App, assertion: &str) -> Result<(), Refusal> {
        let jwt = Jwt::read(assertion).ok_or(Refusal::aadsts(50012))?;
        if jwt.text("iss") != Some(&app.client_id) && !app.federated_credentials.is_empty() {
            return self.check_federated(app, &jwt);
        }
        let algorithm = match jwt.header("alg") {
            Some("PS256") => Algorithm::PS256,
            Some("RS256") => Algorithm::RS256,
            _ => return Err(Refusal::aadsts(50012)),
        };
        let named = |pem: &&String| is_named(&jwt, pem);
        let certificate = app.certificates.iter().find(named).ok_or(Refusal::aadsts(700_027))?;
        let key = DecodingKey::from_rsa_pem(certificate.as_bytes()).map_err(|_| Refusal::aadsts(50012))?;
        if !jwt.is_signed(&key, &[algorithm]) {
            return Err(Refusal::aadsts(700_027));
        }
        if jwt.text("iss") != jwt.text("sub") {
            return Err(Refusal::aadsts(50048));
        }
        let host = self.host;
        let (token, issuer) = (format!("https://{host}/{segment}/oauth2/v2.0/token"), format!("https://{host}/{segment}/v2.0"));
        if jwt.text("iss") != Some(&app.client_id) || !jwt.is_for(&[&token, &issuer]) {
            return Err(Refusal::aadsts(50012));
        }
        self.in_time(&jwt)
    }

    /// A token of another identity provider.
    fn check_federated(&self, app: &App, jwt: &Jwt) -> Result<(), Refusal> {
        let known = app.federated_credentials.iter().filter(|known| jwt.text("iss") == Some(&known.issuer));
        let known: Vec<_> = known.collect();
        let any = |fits: &dyn Fn(&&&FederatedCredential) -> bool, number| known.iter().find(fits).ok_or(Refusal::aadsts(number));
        any(&|_| true, 700_211)?;
        any(&|known| jwt.text("sub") == Some(&known.subject), 700_213)?;
        let fits = |known: &FederatedCredential| jwt.text("sub") == Some(&known.subject) && jwt.is_for(&[&known.audience]);
        let credential = any(&|known| fits(known), 700_212)?;
        let key = DecodingKey::from_rsa_pem(credential.public_key_pem.as_bytes()).map_err(|_| Refusal::aadsts(50013))?;
        if jwt.is_signed(&key, &[Algorithm::RS256]) { self.in_time(jwt) } else { Err(Refusal::aadsts(50013)) }
    }

    fn in_time(&self, jwt: &Jwt) -> Result<(), Refusal> {
        let now = unix(self.service.0.clock.now());
        let begun = jwt.seconds("nbf").is_none_or(|nbf| nbf <= now.saturating_add(LEEWAY));
        let lasts = jwt.seconds("exp").is_some_and(|exp| now < exp.saturating_add(LEEWAY));
        if begun && lasts { Ok(()) } else { Err(Refusal::aadsts(700_024)) }
    }
}

/// Whether the header names this certificate by its thumbprint: SHA-256 with PS256, SHA-1 with RS256.
fn is_named(jwt: &Jwt, pem: &str) -> bool {
    let Ok(certificate) = CertificateDer::from_pem_slice(pem.as_bytes()) else { return false };
    let print = |algorithm| URL_SAFE_NO_PAD.encode(digest(algorithm, &certificate));
    match jwt.header("x5t#S256") {
        Some(named) => named == print(&SHA256),
        None => jwt.header("x5t").is_some_and(|named| named == print(&SHA1_FOR_LEGACY_USE_ONLY)),
    }
}

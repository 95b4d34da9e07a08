//! Who asks: a secret, a certificate's signature, a token of another identity provider, or just the id of a public client.
//! <https://learn.microsoft.com/entra/identity-platform/certificate-credentials>

use jeton_provider::*;

use crate::cloud;

/// Seconds that an assertion is good for.
const LIFETIME: u64 = 600;

/// Adds a token of another identity provider in the place of a secret: one of the app's federated credentials says whose.
/// <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>
pub(crate) fn federated<'a>(request: Request<'a>, client: &Client, token: &'a Secret) -> Request<'a> {
    let assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    request.form("client_id", client.id()).form("client_assertion_type", assertion).secret("client_assertion", token)
}

/// Adds what the client proves itself by. A certificate comes before a secret.
pub(crate) fn prove<'a>(request: Request<'a>, client: &Client) -> Result<Request<'a>> {
    let Some(certificate) = client.secret("certificate") else { return Ok(request.client_in_body(client)) };
    let key = client.required("private-key")?;
    let (algorithm, parameter, digest) = match client.setting("assertion").as_deref() {
        Some("RS256") => (Algorithm::Rs256, "x5t", Digest::Sha1),
        _ => (Algorithm::Ps256, "x5t#S256", Digest::Sha256),
    };
    let thumbprint = crypto::certificate_thumbprint(&certificate, digest).map_err(|error| match error {
        crypto::Error::BadKey(text) | crypto::Error::Denied(text) | crypto::Error::Other(text) => {
            Error::new(ErrorKind::InvalidClient, text)
        }
    })?;
    let (id, now) = (client.id(), clock::now());
    let audience = concat(&[&cloud::authority(client, &client.needed("tenant")?)?, "/oauth2/v2.0/token"]);
    let assertion = Jwt::default().header(parameter, thumbprint).claim("aud", audience).claim("iss", id.as_str()).claim("sub", id);
    let assertion = assertion.number("nbf", now).valid(now, LIFETIME).sign(&key, algorithm)?;
    Ok(request.client_assertion(client, assertion))
}

//! The HTTP clients of [`Https`](super::Https): one that shows no certificate, and one for each identity that was shown lately.
//!
//! A connection belongs to whoever its certificate names, so no two identities share a client: neither connections nor TLS sessions of one
//! are ever another's. All are built by one function, so that the same rules hold for each.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::AlertDescription as Alert;

use super::{PublicNames, TransportError, innermost};
use crate::identity::Validity;
use crate::{Error, Identity};

/// So many identities have their client; the one that wasn't used for longest makes room.
const MOST_IDENTITIES: usize = 32;

/// What all clients have in common, and those that there are.
pub(super) struct Clients {
    names: Arc<PublicNames>,
    certificates: Vec<reqwest::Certificate>,
    plain: reqwest::Client,
    /// The latest is the last.
    shown: Mutex<VecDeque<Shown>>,
}

/// A client that shows a certificate.
struct Shown {
    digest: [u8; 32],
    validity: Validity,
    client: reqwest::Client,
}

impl Clients {
    pub(super) fn new(names: Arc<PublicNames>, certificates: Vec<reqwest::Certificate>) -> Result<Self, Error> {
        let plain = build(&names, &certificates, None).map_err(|error| Error::Host(format!("can't set up TLS: {}", innermost(&error))))?;
        Ok(Self { names, certificates, plain, shown: Mutex::default() })
    }

    /// The client that shows this identity, or none.
    pub(super) fn of(&self, identity: Option<&Identity>) -> Result<reqwest::Client, TransportError> {
        let Some(identity) = identity else { return Ok(self.plain.clone()) };
        let digest = identity.digest();
        if let Some((client, validity)) = self.known(&digest) {
            validity.holds(SystemTime::now())?;
            return Ok(client);
        }
        let read = identity.read()?;
        let bad = |error: reqwest::Error| TransportError::Certificate {
            what: format!("the client's certificate can't be used: {}", innermost(&error)),
            hint: "Add the client anew, with its certificate and private key".to_owned(),
        };
        let tls = reqwest::Identity::from_pem(read.pem.as_bytes()).map_err(bad)?;
        let client = build(&self.names, &self.certificates, Some(tls)).map_err(bad)?;
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.len() >= MOST_IDENTITIES {
            shown.pop_front();
        }
        shown.push_back(Shown { digest, validity: read.validity, client: client.clone() });
        Ok(client)
    }

    fn known(&self, digest: &[u8; 32]) -> Option<(reqwest::Client, Validity)> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let at = shown.iter().position(|known| known.digest == *digest)?;
        let known = shown.remove(at)?;
        let found = (known.client.clone(), known.validity);
        shown.push_back(known);
        Some(found)
    }
}

fn build(
    names: &Arc<PublicNames>,
    certificates: &[reqwest::Certificate],
    identity: Option<reqwest::Identity>,
) -> reqwest::Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .https_only(true)
        .user_agent(concat!("jeton/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_secs(10))
        .tls_certs_merge(certificates.iter().cloned())
        .dns_resolver(names.clone());
    match identity {
        Some(identity) => builder.identity(identity),
        None => builder,
    }
    .build()
}

/// What a server says by an alert (RFC 8446, 6.2) of the certificate that it was shown, or wasn't.
pub(super) fn refused(error: &(dyn std::error::Error + 'static), shows: bool) -> Option<TransportError> {
    // An `io::Error` isn't the source of what it holds.
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return refused(inner, shows);
    }
    let Some(rustls::Error::AlertReceived(alert)) = error.downcast_ref() else { return None };
    let said = match alert {
        Alert::CertificateRequired if !shows => {
            return Some(TransportError::Certificate {
                what: "the service wants to see the client's certificate".to_owned(),
                hint: "client-certificate = true in the endpoint of the manifest shows it, and the client needs one".to_owned(),
            });
        }
        Alert::BadCertificate => "it is bad",
        Alert::UnsupportedCertificate => "its kind isn't supported",
        Alert::CertificateRevoked => "it was revoked",
        Alert::CertificateExpired => "it has expired",
        Alert::CertificateUnknown => "it isn't known",
        Alert::UnknownCA => "nobody is known who vouches for it",
        Alert::AccessDenied => "access is denied",
        Alert::CertificateRequired => "it wants another one",
        _ => return None,
    };
    let hint = "Compare it with the one that is registered at the service".to_owned();
    shows.then(|| TransportError::Certificate { what: format!("the service doesn't accept the client's certificate: {said}"), hint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_of_a_certificate_is_told_as_that_and_everything_else_is_not() {
        // As it comes out of TLS: an I/O error within another.
        let said = |alert, shows| refused(&io::Error::other(io::Error::other(rustls::Error::AlertReceived(alert))), shows);
        for alert in [Alert::BadCertificate, Alert::CertificateExpired, Alert::CertificateUnknown, Alert::UnknownCA, Alert::AccessDenied] {
            let Some(TransportError::Certificate { what, hint }) = said(alert, true) else { panic!("{alert:?}") };
            assert!(what.contains("doesn't accept the client's certificate") && hint.contains("registered"), "{what}: {hint}");
            assert!(said(alert, false).is_none(), "{alert:?} to whoever showed none");
        }
        for (shows, says) in [(true, "wants another one"), (false, "wants to see the client's certificate")] {
            let Some(TransportError::Certificate { what, .. }) = said(Alert::CertificateRequired, shows) else { panic!("{shows}") };
            assert!(what.contains(says), "{what}");
        }
        assert!(said(Alert::HandshakeFailure, true).is_none() && said(Alert::InternalError, false).is_none());
        assert!(refused(&io::Error::other("no"), true).is_none() && refused(&rustls::Error::DecryptError, true).is_none());
    }
}

//! The certificate by which a client shows who it is (RFC 8705), and its private key: what a connection is made with.
//!
//! They are the client's secrets `certificate` (PEM; others of its chain may follow) and `private-key`. The host alone uses them, where the
//! manifest says `client-certificate`. A component has no part in that: it doesn't say which requests show the certificate, nor hears of it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::der::asn1::{GeneralizedTime, UtcTime};
use pkcs8::der::{DateTime, Reader as _, SliceReader, Tag};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error as TlsError, InconsistentKeys};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::transport::TransportError;
use crate::{Client, Error, Manifest, Secret, private_key};

const CERTIFICATE: &str = "certificate";
const PRIVATE_KEY: &str = "private-key";

/// A certificate and its private key. `Debug` shows neither.
#[derive(Clone)]
pub struct Identity {
    certificate: Secret,
    private_key: Secret,
}

/// Why it can't be shown, and what to do.
fn bad(what: impl Into<String>, hint: impl Into<String>) -> TransportError {
    TransportError::Certificate { what: what.into(), hint: hint.into() }
}

impl Identity {
    /// The client's, if the manifest shows it to anybody. `None`: this client has none, and shows itself otherwise.
    ///
    /// # Errors
    /// The client has one of both. Whether they can be used isn't looked at here: see [`Identity::check`].
    pub fn of(manifest: &Manifest, client: &Client) -> Result<Option<Self>, Error> {
        if !manifest.endpoints.values().any(|endpoint| endpoint.client_certificate) {
            return Ok(None);
        }
        let missing = |name: &str, other: &str| {
            let what = format!("the client has a {} and no {}", other.replace('-', " "), name.replace('-', " "));
            bad(what, format!("Add the client with both: --secret {CERTIFICATE}=FILE --secret {PRIVATE_KEY}=FILE"))
        };
        match (client.secrets.get(CERTIFICATE), client.secrets.get(PRIVATE_KEY)) {
            (Some(certificate), Some(key)) => Ok(Some(Self { certificate: certificate.clone(), private_key: key.clone() })),
            (Some(_), None) => Err(missing(PRIVATE_KEY, CERTIFICATE).into()),
            (None, Some(_)) => Err(missing(CERTIFICATE, PRIVATE_KEY).into()),
            (None, None) => Ok(None),
        }
    }

    /// The certificate in PEM, perhaps with others of its chain.
    pub fn certificate(&self) -> &Secret {
        &self.certificate
    }

    /// Its private key in PEM: PKCS#8, PKCS#1 or SEC 1.
    pub fn private_key(&self) -> &Secret {
        &self.private_key
    }

    /// Whether both can be used now.
    ///
    /// # Errors
    /// One of them can't be read, they don't belong together, or the certificate's time is over or hasn't come.
    pub fn check(&self) -> Result<(), Error> {
        Ok(self.read().map(drop)?)
    }

    /// SHA-256 of both, by which two are told apart.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let certificate = self.certificate.reveal();
        let length = (certificate.len() as u64).to_be_bytes();
        Sha256::new().chain_update(length).chain_update(certificate).chain_update(self.private_key.reveal()).finalize().into()
    }

    /// Checked.
    pub(crate) fn read(&self) -> Result<Readable, TransportError> {
        let chain = self.chain()?;
        let validity = chain.first().and_then(Validity::of).ok_or_else(unreadable)?;
        validity.holds(SystemTime::now())?;
        let key = self.key()?;
        let pem = pem(&chain, &key);
        match CertifiedKey::from_der(chain, key, &rustls::crypto::aws_lc_rs::default_provider()) {
            Ok(_) => Ok(Readable { pem, validity }),
            Err(TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
                Err(bad("the private key isn't the certificate's", "Give the certificate, and the key that it was made for"))
            }
            Err(TlsError::InvalidCertificate(_)) => Err(unreadable()),
            // What it says may quote the key.
            Err(_) => Err(bad(
                "the private key is of a kind that TLS doesn't take",
                "It must be RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519",
            )),
        }
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, TransportError> {
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(self.certificate.reveal()).collect::<Result<_, _>>().map_err(|_| unreadable())?;
        if chain.is_empty() {
            let hint = "It must hold -----BEGIN CERTIFICATE-----. Of DER: openssl x509 -inform DER -in FILE. Of PKCS#12: openssl pkcs12 \
                -nokeys -in FILE";
            return Err(bad("the certificate isn't in PEM", hint));
        }
        Ok(chain)
    }

    fn key(&self) -> Result<PrivateKeyDer<'static>, TransportError> {
        if private_key::is_encrypted(&self.private_key) {
            return Err(bad("the private key is encrypted", "Add the client with its passphrase, which opens the key once"));
        }
        PrivateKeyDer::from_pem_slice(self.private_key.reveal()).map_err(|_| {
            let hint = "It must hold -----BEGIN PRIVATE KEY-----. Of DER: openssl pkey -inform DER -in FILE. Of PKCS#12: openssl pkcs12 \
                -nocerts -nodes -in FILE";
            bad("the private key isn't in PEM", hint)
        })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

fn unreadable() -> TransportError {
    bad("the certificate can't be read", "It must be an X.509 certificate of version 3 in PEM: get it again from where it was made")
}

/// What was checked, as TLS wants it.
pub(crate) struct Readable {
    /// The certificates and the key, and nothing else that stood in the files.
    pub(crate) pem: Zeroizing<String>,
    pub(crate) validity: Validity,
}

fn pem(chain: &[CertificateDer<'_>], key: &PrivateKeyDer<'_>) -> Zeroizing<String> {
    let mut pem = Zeroizing::new(String::new());
    let mut section = |label: &str, der: &[u8]| {
        let body = Zeroizing::new(STANDARD.encode(der));
        for part in ["-----BEGIN ", label, "-----\n", &body, "\n-----END ", label, "-----\n"] {
            pem.push_str(part);
        }
    };
    chain.iter().for_each(|certificate| section("CERTIFICATE", certificate));
    let label = match key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    section(label, key.secret_der());
    pem
}

/// When a certificate is good (RFC 5280, 4.1.2.5).
#[derive(Clone, Copy)]
pub(crate) struct Validity {
    from: DateTime,
    to: DateTime,
}

impl Validity {
    fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let mut reader = SliceReader::new(certificate).ok()?;
        let read = reader.sequence(|certificate| {
            let validity = certificate.sequence(|signed| {
                // The version, which the first one of all left out; then serial number, signature's algorithm and issuer.
                let versioned = Tag::peek(signed)?.is_context_specific();
                for _ in 0..if versioned { 4 } else { 3 } {
                    signed.tlv_bytes()?;
                }
                let validity =
                    signed.sequence(|validity| Ok::<_, pkcs8::der::Error>(Self { from: time(validity)?, to: time(validity)? }))?;
                signed.drain(signed.remaining_len())?;
                Ok::<_, pkcs8::der::Error>(validity)
            })?;
            certificate.drain(certificate.remaining_len())?;
            Ok::<_, pkcs8::der::Error>(validity)
        });
        read.ok()
    }

    /// A service would refuse it too, in fewer words.
    pub(crate) fn holds(self, now: SystemTime) -> Result<(), TransportError> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        if now > self.to.unix_duration() {
            let hint = "Get a new one for the same key, and: jeton clients secret add CLIENT --kind certificate --secret-file FILE";
            return Err(bad(format!("the certificate ended at {}", self.to), hint));
        }
        if now < self.from.unix_duration() {
            return Err(bad(format!("the certificate begins at {}", self.from), "Wait until then, or set this machine's clock"));
        }
        Ok(())
    }
}

fn time<'r>(reader: &mut SliceReader<'r>) -> Result<DateTime, pkcs8::der::Error> {
    match Tag::peek(reader)? {
        Tag::UtcTime => Ok(reader.decode::<UtcTime>()?.to_date_time()),
        _ => Ok(reader.decode::<GeneralizedTime>()?.to_date_time()),
    }
}

#[cfg(test)]
mod tests;

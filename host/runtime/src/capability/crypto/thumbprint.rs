//! Thumbprints of certificates, for JWS headers.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::Secret;
use crate::bindings::jeton::provider::crypto::{Digest, Error};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

/// Of the first certificate in a PEM text.
pub(super) fn thumbprint(certificate: &Secret, hash: Digest) -> Result<String, Error> {
    let bad = || Error::BadKey(format!("the {} holds no certificate in PEM", certificate.kind()));
    let text = certificate.reveal_text().ok_or_else(bad)?;
    let body = text.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END)).ok_or_else(bad)?.0;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).map_err(|_| bad())?;
    let algorithm = match hash {
        Digest::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => &digest::SHA256,
    };
    Ok(URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &der)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hash_of_the_first_certificates_bytes() {
        let pem = |body: &str| Secret::new("certificate", format!("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n{body}"));
        // SHA-256 and SHA-1 of "abc" (FIPS 180-4's own examples).
        let abc = pem(
            "-----BEGIN CERTIFICATE-----\nYW\nJj\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        );
        assert_eq!(thumbprint(&abc, Digest::Sha256).unwrap(), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!(thumbprint(&abc, Digest::Sha1).unwrap(), "qZk-NkcGgWq6PiVxeFDCbJzQ2J0");
        for text in ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n???\n-----END CERTIFICATE-----"] {
            assert!(matches!(thumbprint(&pem(text), Digest::Sha256), Err(Error::BadKey(_))), "{text}");
        }
    }
}

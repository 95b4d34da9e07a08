//! Private keys as services' consoles hand them out: encrypted ones are decrypted once, when they are added, and kept sealed after that.

use pkcs8::{EncryptedPrivateKeyInfoRef, der::pem::PemLabel as _};
use zeroize::Zeroizing;

use crate::{Error, Secret};

const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----";

/// Whether a PEM text is a key that needs a passphrase.
pub fn is_encrypted(key: &Secret) -> bool {
    key.reveal_text().is_some_and(|text| text.contains(ENCRYPTED) || text.contains("Proc-Type: 4,ENCRYPTED"))
}

/// The key without its passphrase, in PEM. One that isn't encrypted (PKCS#8, PKCS#1, SEC 1) comes back as it is.
///
/// # Errors
/// The passphrase is wrong, or the encryption is one that isn't known (PBES2 with AES or Triple DES is).
pub fn decrypt(key: &Secret, passphrase: &Secret) -> Result<Secret, Error> {
    let unfit = |what: &str, hint: &str| Error::Unfit { what: format!("the private key {what}"), hint: hint.to_owned() };
    if !is_encrypted(key) {
        return Ok(key.clone());
    }
    let text = key.reveal_text().unwrap_or_default();
    let Some(begin) = text.find(ENCRYPTED) else {
        return Err(unfit("is encrypted in OpenSSL's old way", "Write it anew: openssl pkcs8 -topk8 -in KEY -out NEW"));
    };
    let (label, der) = pkcs8::SecretDocument::from_pem(text.get(begin..).unwrap_or_default())
        .map_err(|_| unfit("can't be read", "It must be PEM: -----BEGIN ENCRYPTED PRIVATE KEY-----"))?;
    if label != EncryptedPrivateKeyInfoRef::PEM_LABEL {
        return Err(unfit("can't be read", "It must be PEM: -----BEGIN ENCRYPTED PRIVATE KEY-----"));
    }
    let info = EncryptedPrivateKeyInfoRef::try_from(der.as_bytes())
        .map_err(|_| unfit("can't be read", "Download it again from the service's console"))?;
    let plain = info
        .decrypt(passphrase.reveal())
        .map_err(|_| unfit("doesn't open with this passphrase", "Give the passphrase that the service's console showed with the key"))?;
    let pem: Zeroizing<String> = plain
        .to_pem("PRIVATE KEY", pkcs8::LineEnding::LF)
        .map_err(|_| unfit("can't be written", "Download it again from the service's console"))?;
    Ok(Secret::new("private-key", pem.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key that `openssl` makes now, so that none lies in the repository.
    fn openssl(arguments: &[&str], input: &str) -> String {
        use std::io::Write as _;
        use std::process::{Command, Stdio};
        let mut child =
            Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "openssl {arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_key_opens_with_its_passphrase_and_with_no_other() {
        let plain = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "");
        for cipher in ["aes-256-cbc", "aes-128-cbc", "des3"] {
            let encrypted = openssl(&["pkcs8", "-topk8", "-v2", cipher, "-passout", "pass:right"], &plain);
            let key = Secret::new("private-key", encrypted);
            assert!(is_encrypted(&key), "{cipher}");
            let opened = decrypt(&key, &Secret::new("passphrase", "right")).unwrap();
            assert_eq!(opened.reveal_text().unwrap().trim(), plain.trim(), "{cipher}");
            let error = decrypt(&key, &Secret::new("passphrase", "wrong")).unwrap_err();
            assert!(error.to_string().contains("passphrase") && !error.to_string().contains("wrong"), "{error}");
        }
    }

    #[test]
    fn what_is_not_encrypted_stays_and_what_is_encrypted_in_an_old_way_is_named() {
        let plain = Secret::new("private-key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n");
        assert_eq!(decrypt(&plain, &Secret::new("passphrase", "x")).unwrap().reveal(), plain.reveal());
        let old = Secret::new("private-key", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n");
        let error = decrypt(&old, &Secret::new("passphrase", "x")).unwrap_err();
        assert!(error.hint().unwrap().contains("openssl pkcs8"));
    }
}

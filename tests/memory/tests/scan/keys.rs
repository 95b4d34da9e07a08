//! Keys and certificates. `openssl` makes them now, so that none lies in the repository.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Opens [`Key::encrypted`].
pub const PASSPHRASE: &str = "open sesame of the scan";

pub struct Key {
    pub encrypted: String,
    pub private: String,
    pub public: String,
    pub certificate: String,
}

/// One for all tests: making one takes a while.
pub fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let private = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "");
        Key {
            encrypted: openssl(&["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", &format!("pass:{PASSPHRASE}")], &private),
            public: openssl(&["pkey", "-pubout"], &private),
            certificate: openssl(&["req", "-x509", "-new", "-key", "/dev/stdin", "-days", "2", "-subj", "/CN=client.example"], &private),
            private,
        }
    })
}

fn openssl(arguments: &[&str], input: &str) -> String {
    let mut child =
        Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

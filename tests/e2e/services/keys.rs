//! An RSA key in the forms that consoles hand them out in. `openssl` makes it now, so that none lies in the repository.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Opens [`Key::encrypted`].
pub const PASSPHRASE: &str = "a passphrase of the test";

pub struct Key {
    pub encrypted: String,
    pub pkcs8: String,
    pub pkcs1: String,
    pub public: String,
}

/// One for all tests: making one takes a while.
pub fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let pkcs8 = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "");
        Key {
            encrypted: openssl(&["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", &format!("pass:{PASSPHRASE}")], &pkcs8),
            pkcs1: openssl(&["rsa", "-traditional"], &pkcs8),
            public: openssl(&["pkey", "-pubout"], &pkcs8),
            pkcs8,
        }
    })
}

/// The public half of a key that nobody has.
pub fn public_of_another() -> String {
    openssl(&["pkey", "-pubout"], &openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], ""))
}

/// A signature of [`key`] in RS256.
pub fn sign_rs256(signed: &str) -> Vec<u8> {
    let mut pem = tempfile::NamedTempFile::new().unwrap();
    pem.write_all(key().pkcs8.as_bytes()).unwrap();
    run(&["dgst", "-sha256", "-sign", pem.path().to_str().unwrap()], signed)
}

fn openssl(arguments: &[&str], input: &str) -> String {
    String::from_utf8(run(arguments, input)).unwrap()
}

fn run(arguments: &[&str], input: &str) -> Vec<u8> {
    let mut child =
        Command::new("openssl").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl {arguments:?}");
    output.stdout
}

//! Certificates and keys that `openssl` makes now, so that none lies in the repository.

use std::path::Path;
use std::process::{Command, Stdio};

use super::*;

fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(arguments.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "openssl {arguments}");
}

/// A folder, and what stands in its files.
struct Made(tempfile::TempDir);

impl Made {
    /// A pair of this kind: `key.pem` and `certificate.pem`.
    fn of(kind: &str) -> Self {
        let made = Self(tempfile::tempdir().unwrap());
        made.run(&format!("genpkey {kind} -out key.pem"));
        made.certify();
        made
    }

    fn run(&self, arguments: &str) {
        openssl(self.0.path(), arguments);
    }

    fn certify(&self) {
        self.run("req -x509 -new -key key.pem -subj /CN=client.example -out certificate.pem -days 2");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn identity(&self) -> Identity {
        pair(&self.read("certificate.pem"), &self.read("key.pem"))
    }
}

const P256: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";

fn pair(certificate: &str, key: &str) -> Identity {
    Identity { certificate: Secret::new(CERTIFICATE, certificate), private_key: Secret::new(PRIVATE_KEY, key) }
}

/// What is wrong, in words that quote neither, and what to do.
fn wrong(identity: &Identity) -> (String, String) {
    let error = identity.check().unwrap_err();
    let (what, hint) = (error.to_string(), error.hint().unwrap());
    let shown = format!("{what} {hint} {error:?} {identity:?}");
    for line in [&identity.certificate, &identity.private_key].into_iter().flat_map(|secret| secret.reveal_text().unwrap().lines()) {
        assert!(line.len() < 30 || line.starts_with("-----") || !shown.contains(line), "{shown}");
    }
    assert_eq!(error.remedy(), crate::Remedy::FixClient);
    (what, hint)
}

#[test]
fn keys_of_every_kind_and_in_every_form_belong_to_their_certificates() {
    for kind in
        ["-algorithm RSA -pkeyopt rsa_keygen_bits:2048", P256, "-algorithm EC -pkeyopt ec_paramgen_curve:P-384", "-algorithm ED25519"]
    {
        Made::of(kind).identity().check().unwrap_or_else(|error| panic!("{kind}: {error}"));
    }
    let made = Made::of("-algorithm RSA -pkeyopt rsa_keygen_bits:2048");
    made.run("rsa -traditional -in key.pem -out other.pem");
    assert!(made.read("other.pem").contains("BEGIN RSA PRIVATE KEY"));
    pair(&made.read("certificate.pem"), &made.read("other.pem")).check().unwrap();
    let made = Made::of(P256);
    // With the curve's parameters before the key, as openssl writes it.
    made.run("ecparam -genkey -name prime256v1 -out key.pem");
    made.certify();
    assert!(made.read("key.pem").contains("BEGIN EC PARAMETERS") && made.read("key.pem").contains("BEGIN EC PRIVATE KEY"));
    made.identity().check().unwrap();
}

#[test]
fn one_file_may_hold_both_and_a_chain_and_words() {
    let (made, other) = (Made::of(P256), Made::of(P256));
    let [certificate, key, issuer] = [made.read("certificate.pem"), made.read("key.pem"), other.read("certificate.pem")];
    let both = format!("Bag Attributes\n    friendlyName: client\n{key}subject=CN = client\n{certificate}{issuer}");
    let read = pair(&both, &both).read().unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((read.pem.matches("BEGIN CERTIFICATE").count(), read.pem.matches("PRIVATE KEY").count()), (2, 2));
    // The first is the client's own.
    assert!(wrong(&pair(&format!("{issuer}{certificate}"), &key)).0.contains("isn't the certificate's"));
}

#[test]
fn what_can_not_be_used_is_told_with_what_to_do() {
    let (made, other) = (Made::of(P256), Made::of(P256));
    let [certificate, key] = [made.read("certificate.pem"), made.read("key.pem")];
    let (what, hint) = wrong(&pair(&certificate, &other.read("key.pem")));
    assert_eq!((&*what, &*hint), ("the private key isn't the certificate's", "Give the certificate, and the key that it was made for"));
    let rows = [
        (&*key, &*key, "the certificate isn't in PEM", "openssl x509 -inform DER"),
        ("", &*key, "the certificate isn't in PEM", "openssl pkcs12 -nokeys"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", &*key, "the certificate can't be read", "X.509"),
        ("-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----", &*key, "the certificate can't be read", "X.509"),
        ("-----BEGIN CERTIFICATE-----\nAAAA", &*key, "the certificate can't be read", "X.509"),
        (&*certificate, &*certificate, "the private key isn't in PEM", "openssl pkey -inform DER"),
        (&*certificate, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "of a kind that TLS doesn't take", "P-256"),
        (&*certificate, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----", "is encrypted", "passphrase"),
        (&*certificate, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "is encrypted", "passphrase"),
    ];
    for (certificate, key, says, hints) in rows {
        let (what, hint) = wrong(&pair(certificate, key));
        assert!(what.contains(says) && hint.contains(hints), "{what}: {hint}");
    }
}

#[test]
fn a_certificate_is_shown_in_its_time_alone() {
    let made = Made::of(P256);
    let validity = made.identity().read().unwrap_or_else(|error| panic!("{error}")).validity;
    let days = |days: u64| SystemTime::now() + Duration::from_secs(days * 86_400);
    validity.holds(days(1)).unwrap();
    let after = validity.holds(days(3)).unwrap_err().to_string();
    let before = validity.holds(UNIX_EPOCH).unwrap_err().to_string();
    assert!(after.contains("ended at 20") && before.contains("begins at 20"), "{after}; {before}");
    for (from, to, says) in [(2020, 2021, "ended at 2021-02-03T"), (2060, 2070, "begins at 2060-02-03T")] {
        assert!(wrong(&dated(from, to)).0.contains(says), "{says}");
    }
    // From 2050 on dates have another form.
    dated(2020, 2070).check().unwrap();
}

/// From the third of February of one year to that of another.
fn dated(from: i32, to: i32) -> Identity {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec!["client.example".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (rcgen::date_time_ymd(from, 2, 3), rcgen::date_time_ymd(to, 2, 3));
    pair(&params.self_signed(&key).unwrap().pem(), &key.serialize_pem())
}

#[test]
fn two_are_told_apart_by_both_parts() {
    let digest = |certificate, key| pair(certificate, key).digest();
    let all = [digest("a", "b"), digest("a", "c"), digest("c", "b"), digest("ab", ""), digest("", "ab")];
    assert!(all.iter().enumerate().all(|(at, one)| !all[..at].contains(one)));
    assert_eq!(digest("a", "b"), digest("a", "b"));
}

//! Clients that sign with a certificate.

use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jeton_emulator::Decision;
use jeton_emulator::microsoft_service::{App, DEFAULT_TENANT, Platform};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{ID, Scene, field, names};
use crate::stage::Ran;

/// A scene with an app that has a certificate, and files `certificate.pem` and `key.pem`. They are made now: no key lies in the repository.
async fn scene() -> Scene {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    make(&path("key.pem"), &path("certificate.pem"));
    make(&path("other.pem"), &path("others.pem"));
    let certificate = std::fs::read_to_string(path("certificate.pem")).unwrap();
    let app = App::new(ID).certificate(&certificate).redirect_uri(Platform::Web, "http://localhost").admin_consent(DEFAULT_TENANT);
    let scene = Scene::of(app).await;
    for name in ["key.pem", "certificate.pem", "other.pem", "others.pem"] {
        std::fs::copy(path(name), scene.stage.home.path().join(name)).unwrap();
    }
    scene
}

fn make(key: &std::path::Path, certificate: &std::path::Path) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=client.example", "-keyout"]).arg(key);
    assert!(openssl.arg("-out").arg(certificate).stderr(Stdio::null()).status().unwrap().success());
}

fn add(scene: &Scene, certificate: &str, key: Option<&str>, settings: &[&str]) -> Ran {
    let file = |name: &str| scene.stage.home.path().join(name).display().to_string();
    let tenant = format!("tenant={DEFAULT_TENANT}");
    let certificate = format!("certificate={}", file(certificate));
    let key = key.map(|key| format!("private-key={}", file(key)));
    let mut arguments = vec!["--set", &tenant, "--secret", &certificate];
    arguments.extend(key.iter().flat_map(|key| ["--secret", key.as_str()]));
    scene.add_client(&[&arguments[..], settings].concat())
}

fn part(assertion: &str, at: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(assertion.split('.').nth(at).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn an_assertion_names_its_certificate_and_is_for_the_token_endpoint() {
    for (settings, algorithm, named, other) in [
        (&[][..], "PS256", "x5t#S256", "x5t"),
        (&["--set", "assertion=PS256"], "PS256", "x5t#S256", "x5t"),
        (&["--set", "assertion=RS256"], "RS256", "x5t", "x5t#S256"),
    ] {
        let scene = scene().await;
        add(&scene, "certificate.pem", Some("key.pem"), settings).succeeded();
        scene.act(&[]).succeeded();
        let request = scene.token_request();
        assert_eq!(names(&request), ["grant_type", "scope", "client_id", "client_assertion_type", "client_assertion"]);
        let assertion = field(&request, "client_assertion").unwrap();
        let (header, claims) = (part(assertion, 0), part(assertion, 1));
        assert_eq!((&header["alg"], &header["typ"]), (&algorithm.into(), &"JWT".into()));
        assert!(header[named].is_string() && header[other].is_null(), "{header}");
        if algorithm == "PS256" {
            let pem = std::fs::read_to_string(scene.stage.home.path().join("certificate.pem")).unwrap();
            let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
            assert_eq!(header[named], URL_SAFE_NO_PAD.encode(Sha256::digest(STANDARD.decode(body).unwrap())));
        }
        assert_eq!(claims["aud"], format!("https://login.microsoftonline.com/{DEFAULT_TENANT}/oauth2/v2.0/token"));
        assert_eq!((&claims["iss"], &claims["sub"], &claims["nbf"]), (&ID.into(), &ID.into(), &claims["iat"]));
        assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
    }
}

#[tokio::test]
async fn every_request_has_an_assertion_of_its_own() {
    let scene = scene().await;
    add(&scene, "certificate.pem", Some("key.pem"), &[]).succeeded();
    scene.act(&[]).succeeded();
    scene.stage.jeton(&["refresh", "one"]).succeeded();
    let [first, second] = [0, 1].map(|at| part(field(&scene.requests("/token")[at], "client_assertion").unwrap(), 1)["jti"].clone());
    assert!(first.is_string() && first != second);
}

#[tokio::test]
async fn a_person_signs_in_to_a_server_with_a_certificate_and_refreshes() {
    let scene = scene().await;
    add(&scene, "certificate.pem", Some("key.pem"), &[]).succeeded();
    let connecting = scene.begin(&[]);
    scene.decide(connecting, Decision::Grant).await.succeeded();
    scene.stage.jeton(&["refresh", "one"]).succeeded();
    let request = scene.token_request();
    assert_eq!(names(&request), ["grant_type", "refresh_token", "client_id", "client_assertion_type", "client_assertion"]);
}

#[tokio::test]
async fn keys_and_certificates_that_do_not_fit_are_told_apart() {
    for (certificate, key, exit, says) in [
        ("certificate.pem", Some("other.pem"), 5, ["AADSTS700027", "the private key must be its own"]),
        ("others.pem", Some("other.pem"), 5, ["AADSTS700027", "must have the client's certificate"]),
        ("certificate.pem", None, 5, ["The client has no private-key", "→ "]),
        ("key.pem", Some("key.pem"), 5, ["the certificate holds no certificate in PEM", "→ "]),
        ("certificate.pem", Some("certificate.pem"), 5, ["the private-key doesn't sign with this algorithm", "→ "]),
    ] {
        let scene = scene().await;
        add(&scene, certificate, key, &[]).succeeded();
        scene.act(&[]).failed(exit, &says);
    }
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_named() {
    let scene = scene().await;
    add(&scene, "certificate.pem", Some("key.pem"), &[]).succeeded();
    for seconds in [3600, -3600] {
        scene.stage.emulator.clock().set_skew(seconds);
        scene.act(&[]).failed(5, &["AADSTS700024", "Set this machine's clock"]);
    }
}

#[tokio::test]
async fn no_key_is_ever_sent() {
    let scene = scene().await;
    add(&scene, "certificate.pem", Some("key.pem"), &[]).succeeded();
    scene.act(&[]).succeeded();
    let key = std::fs::read_to_string(scene.stage.home.path().join("key.pem")).unwrap();
    let line = key.lines().nth(3).unwrap();
    assert!(line.len() > 40 && !format!("{:?}", scene.stage.emulator.journal().entries()).contains(line));
}

//! Identities that aren't Google's, and service accounts that somebody acts as.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jeton_emulator::google_service::{Refusal, ServiceAccount, WorkloadProvider};
use jeton_emulator::{Fault, Matcher};
use serde_json::json;

use super::service_accounts::EMAIL;
use super::{DRIVE, Scene, desktop, field, names};
use crate::services::keys::{key, sign_rs256};
use crate::stage::Ran;

const POOL: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a-pool/providers/a-provider";
const STS: &str = "/v1/token";
const CLOUD: &str = "https://www.googleapis.com/auth/cloud-platform";

/// A token of the other identity provider.
fn subject(sub: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let claims = json!({ "iss": "https://issuer.example", "aud": "google", "sub": sub, "exp": now + 300, "iat": now });
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", encode(r#"{"alg":"RS256","typ":"JWT"}"#), encode(&claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(sign_rs256(&signed));
    format!("{signed}.{signature}")
}

impl Scene {
    /// A pool's provider, an account that `repo:a` may act as, and a client of the pool.
    async fn pool() -> Self {
        let scene = Self::of(desktop()).await;
        let [audience, issuer, token_audience] = [POOL, "https://issuer.example", "google"].map(str::to_owned);
        let provider = WorkloadProvider { audience, issuer, token_audience, public_key_pem: key().public.clone() };
        scene.google().register_workload_provider(provider);
        let account = ServiceAccount::new(EMAIL, "key-1", &key().public).impersonator("repo:a").impersonator("ada@example.com");
        scene.google().register_service_account(account);
        scene.stage.jeton(&["clients", "add", "google", "--id", POOL]).succeeded();
        scene
    }

    fn exchange(&self, sub: &str, more: &[&str]) -> Ran {
        let source = format!("file:{}", self.file("token", &format!("{}\n", subject(sub))));
        self.stage.jeton(&[&["connect", "google", "--name", "one", "--exchange", &source], more].concat())
    }

    fn impersonations(&self) -> Vec<jeton_emulator::Entry> {
        self.requests(&format!("/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"))
    }
}

#[tokio::test]
async fn a_token_in_a_file_is_exchanged() {
    let scene = Scene::pool().await;
    scene.exchange("repo:a", &["--scope", "drive"]).succeeded();
    let sent = scene.requests(STS).pop().unwrap();
    assert_eq!(names(&sent), ["grant_type", "audience", "scope", "requested_token_type", "subject_token_type", "subject_token"]);
    assert_eq!((field(&sent, "audience"), field(&sent, "scope")), (POOL, DRIVE));
    assert_eq!(field(&sent, "subject_token_type"), "urn:ietf:params:oauth:token-type:jwt");
    assert!(scene.impersonations().is_empty());
    assert!(scene.one("test", &[]).succeeded().stdout.contains("repo:a"));
}

#[tokio::test]
async fn each_kind_of_token_is_sent_as_what_it_is() {
    let saml = STANDARD.encode("<Assertion><Issuer>https://issuer.example</Issuer><NameID>saml:a</NameID></Assertion>");
    for (kind, token, who) in [("jwt", subject("repo:a"), "repo:a"), ("id_token", subject("repo:b"), "repo:b"), ("saml2", saml, "saml:a")] {
        let scene = Scene::pool().await;
        let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
        let setting = format!("subject-token-type={kind}");
        scene.stage.jeton(&["clients", "add", "google", "--name", "other", "--id", POOL, "--set", &setting]).succeeded();
        let source = format!("file:{}", scene.file("token", &token));
        let connect = ["connect", "google", "--name", "one", "--client", "other", "--exchange", &source, "--scope", "drive"];
        scene.stage.jeton(&connect).succeeded();
        assert_eq!(field(&scene.requests(STS)[0], "subject_token_type"), kind);
        assert!(scene.one("test", &[]).succeeded().stdout.contains(who), "{kind}");
    }
    let scene = Scene::pool().await;
    let aws = "subject-token-type=urn:ietf:params:aws:token-type:aws4_request";
    scene.stage.jeton(&["clients", "add", "google", "--name", "aws", "--id", POOL, "--set", aws]).failed(2, &["subject-token-type"]);
}

#[tokio::test]
async fn what_comes_out_acts_as_a_service_account() {
    let scene = Scene::pool().await;
    let ran =
        scene.exchange("repo:a", &["--scope", "drive,drive.file", "--subject", EMAIL, "--option", "delegates=a@b.c,d@e.f"]).succeeded();
    assert!(ran.stderr.contains(EMAIL), "{ran:?}");
    assert_eq!(field(&scene.requests(STS)[0], "scope"), CLOUD, "what is exchanged may act as accounts, and nothing else");
    let body = scene.impersonations()[0].json.clone().unwrap();
    let file = "https://www.googleapis.com/auth/drive.file";
    let delegates = ["projects/-/serviceAccounts/a@b.c", "projects/-/serviceAccounts/d@e.f"];
    assert_eq!(body, json!({ "scope": [DRIVE, file], "delegates": delegates, "lifetime": "3600s" }));
    assert!(scene.one("test", &[]).succeeded().stdout.contains(EMAIL));
    scene.one("request", &["GET", "drive/v3/about?fields=user"]).succeeded();
}

#[tokio::test]
async fn the_file_is_read_again_for_each_new_token() {
    let scene = Scene::pool().await;
    scene.exchange("repo:a", &["--scope", "drive"]).succeeded();
    let (first, path) = (scene.token(), scene.file("token", &subject("repo:b")));
    scene.one("refresh", &[]).succeeded();
    assert_ne!(scene.token(), first);
    assert!(scene.one("test", &[]).succeeded().stdout.contains("repo:b"));
    std::fs::remove_file(path).unwrap();
    let ran = scene.one("refresh", &[]);
    assert!(ran.code != 0 && ran.stderr.contains("the token to exchange"), "{ran:?}");
}

#[tokio::test]
async fn a_persons_own_token_acts_as_a_service_account_and_is_refreshed_before() {
    let scene = Scene::connected(&["--scope", "openid,cloud-platform"]).await;
    let account = ServiceAccount::new(EMAIL, "key-1", &key().public).impersonator("ada@example.com");
    scene.google().register_service_account(account);
    let act = ["connect", "google", "--name", "robot", "--exchange", "one", "--subject", EMAIL, "--scope", "drive"];
    scene.stage.jeton(&act).succeeded();
    assert!(scene.requests(STS).is_empty(), "it is Google's own already");
    assert_eq!(scene.impersonations()[0].authorization, Some(format!("Bearer {}", scene.token())));
    scene.stage.jeton(&["refresh", "robot"]).succeeded();
    assert_eq!(scene.impersonations().len(), 2);
    // The connection that it comes from is over, and so is this one.
    scene.one("revoke", &[]).succeeded();
    scene.stage.jeton(&["refresh", "robot"]).failed(3, &["the token to exchange"]);
}

#[tokio::test]
async fn who_may_not_act_as_the_account_is_told_which_role_is_missing() {
    let scene = Scene::pool().await;
    let ran = scene.exchange("repo:b", &["--subject", EMAIL]);
    ran.failed(5, &["must approve the app first", "Service Account Token Creator"]);
    let scene = Scene::connected(&["--scope", "openid,drive"]).await;
    let act = ["connect", "google", "--name", "robot", "--exchange", "one", "--subject", EMAIL];
    scene.stage.jeton(&act).failed(3, &["lacks a scope", "cloud-platform"]);
}

#[tokio::test]
async fn each_refusal_of_an_exchange_says_who_must_act() {
    for (refusal, code, says) in [
        (Refusal::SubjectToken, 3, "Workload Identity Federation"),
        (Refusal::MissingParameter, 3, "Workload Identity Federation"),
        (Refusal::InvalidScope, 3, "invalid_scope"),
        (Refusal::InternalFailure, 4, "internal_failure"),
    ] {
        let scene = Scene::pool().await;
        let (status, error, description) = refusal.wire();
        let bytes = json!({ "error": error, "error_description": description }).to_string().into();
        let fault = Fault::Body { status, content_type: "application/json".into(), bytes };
        scene.stage.emulator.faults().inject(fault, Matcher::any().path(STS), 1);
        let ran = scene.exchange("repo:a", &[]);
        assert!(ran.code == code && ran.stderr.contains(says), "{refusal:?}: {ran:?}");
    }
    let scene = Scene::pool().await;
    let source = format!("file:{}", scene.file("token", "no-token-of-the-provider"));
    scene.stage.jeton(&["connect", "google", "--exchange", &source]).failed(3, &["Workload Identity Federation"]);
}

#[tokio::test]
async fn an_answer_that_is_no_access_token_is_refused() {
    let scene = Scene::pool().await;
    let body = r#"{"access_token":"x-1234567","issued_token_type":"urn:ietf:params:oauth:token-type:id_token","token_type":"N_A"}"#;
    let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: body.into() };
    scene.stage.emulator.faults().inject(fault, Matcher::any().path(STS), 1);
    let ran = scene.exchange("repo:a", &[]);
    assert!(ran.code == 1 && ran.stderr.contains("something else than an access token"), "{ran:?}");
}

#[tokio::test]
async fn a_source_that_is_none_and_a_client_that_is_none_are_told_before() {
    let scene = Scene::pool().await;
    scene.stage.jeton(&["connect", "google", "--exchange", "file:/nowhere/at/all"]).failed(1, &["can't be read"]);
    scene.stage.jeton(&["connect", "google", "--exchange", "a/b"]).failed(2, &["file:PATH"]);
    let scene = Scene::connected(&[]).await;
    scene.stage.jeton(&["connect", "google", "--name", "two", "--exchange", "one"]).failed(5, &["--subject", "//iam.googleapis.com/"]);
    assert!(scene.requests(STS).is_empty());
}

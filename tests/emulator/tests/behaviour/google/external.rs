//! Identities of other providers, and service accounts that are acted as.

use jeton_emulator::Emulator;
use jeton_emulator::google_service::{Refusal, ServiceAccount, WorkloadProvider};
use serde_json::{Value, json};

use super::keys::{public_pem, rs256};
use super::stage::{DRIVE, emulator, refused, text};

const STS: &str = "https://sts.googleapis.com/v1/token";
const POOL: &str = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a-pool/providers/a-provider";
const CLOUD: &str = "https://www.googleapis.com/auth/cloud-platform";
const EMAIL: &str = "robot@emulated-project.iam.gserviceaccount.com";

async fn scene() -> Emulator {
    let emulator = emulator().await;
    let [audience, issuer, token_audience] = [POOL, "https://issuer.example", "google"].map(str::to_owned);
    let provider = WorkloadProvider { audience, issuer, token_audience, public_key_pem: public_pem(0) };
    emulator.google_service().register_workload_provider(provider);
    emulator.google_service().register_service_account(ServiceAccount::new(EMAIL, "a-key", &public_pem(1)).impersonator("repo:a"));
    emulator
}

fn subject(emulator: &Emulator, pair: usize, sub: &str, issuer: &str) -> String {
    let now = emulator.clock().now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    rs256(pair, "k", &json!({ "iss": issuer, "sub": sub, "aud": "google", "exp": now + 300 }))
}

async fn exchange(emulator: &Emulator, audience: &str, token: &str, scope: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("requested_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
        ("audience", audience),
        ("subject_token", token),
        ("scope", scope),
    ];
    let answer = emulator.client().post(STS, &form).await.unwrap();
    (answer.status().as_u16(), crate::stage::json(&answer))
}

async fn impersonate(emulator: &Emulator, email: &str, token: &str, body: &str) -> (u16, Value) {
    let url = format!("https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{email}:generateAccessToken");
    let request = http::Request::post(url).header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    let answer = emulator.client().send(request.body(body.to_owned().into()).unwrap()).await.unwrap();
    (answer.status().as_u16(), crate::stage::json(&answer))
}

#[tokio::test]
async fn another_providers_token_is_exchanged_and_then_acts_as_a_service_account() {
    let emulator = scene().await;
    let (status, federated) = exchange(&emulator, POOL, &subject(&emulator, 0, "repo:a", "https://issuer.example"), CLOUD).await;
    assert_eq!((status, text(&federated, "token_type")), (200, "Bearer"), "{federated}");
    assert_eq!(text(&federated, "issued_token_type"), "urn:ietf:params:oauth:token-type:access_token");

    let wish = json!({ "scope": [DRIVE], "lifetime": "600s" }).to_string();
    let (status, tokens) = impersonate(&emulator, EMAIL, text(&federated, "access_token"), &wish).await;
    assert_eq!(status, 200, "{tokens}");
    let about = "https://www.googleapis.com/drive/v3/about?fields=user";
    let answer = emulator.client().get_with_token(about, text(&tokens, "accessToken")).await.unwrap();
    assert_eq!(crate::stage::json(&answer)["user"]["emailAddress"], EMAIL);
    assert!(text(&tokens, "expireTime").ends_with('Z'));
    emulator.clock().advance(std::time::Duration::from_secs(600));
    assert!(!emulator.google_service().is_live(text(&tokens, "accessToken")));
}

#[tokio::test]
async fn tokens_that_the_provider_did_not_sign_are_refused() {
    let emulator = scene().await;
    let issuer = "https://issuer.example";
    for (audience, token) in [
        (POOL, subject(&emulator, 1, "repo:a", issuer)),
        (POOL, subject(&emulator, 0, "repo:a", "https://other.example")),
        ("//iam.googleapis.com/nothing", subject(&emulator, 0, "repo:a", issuer)),
        (POOL, "nonsense".to_owned()),
    ] {
        assert_eq!(exchange(&emulator, audience, &token, CLOUD).await, refused(Refusal::SubjectToken));
    }
    let old = subject(&emulator, 0, "repo:a", issuer);
    emulator.clock().advance(std::time::Duration::from_secs(300));
    assert_eq!(exchange(&emulator, POOL, &old, CLOUD).await, refused(Refusal::SubjectToken));
}

#[tokio::test]
async fn only_who_may_acts_as_a_service_account() {
    let emulator = scene().await;
    let issuer = "https://issuer.example";
    let token = async |sub: &str, scope: &str| {
        let (_, tokens) = exchange(&emulator, POOL, &subject(&emulator, 0, sub, issuer), scope).await;
        text(&tokens, "access_token").to_owned()
    };
    let wish = json!({ "scope": [DRIVE] }).to_string();
    let stranger = impersonate(&emulator, EMAIL, &token("repo:b", CLOUD).await, &wish).await;
    assert_eq!((stranger.0, text(&stranger.1["error"], "status")), (403, "PERMISSION_DENIED"));
    let unknown = impersonate(&emulator, "nobody@example.com", &token("repo:a", CLOUD).await, &wish).await;
    assert_eq!(unknown.0, 403);
    assert_eq!(impersonate(&emulator, EMAIL, &token("repo:a", DRIVE).await, &wish).await.0, 403);
    assert_eq!(impersonate(&emulator, EMAIL, "nonsense", &wish).await.0, 401);
    assert_eq!(impersonate(&emulator, EMAIL, &token("repo:a", CLOUD).await, r#"{"scope":[]}"#).await.0, 400);
}

//! Refresh tokens that are bound to a key of the client's (DPoP).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::Entry;
use sha2::{Digest as _, Sha256};

use super::{ID, SECRET, Scene, TOKEN, desktop, field, opened};

const BOUND: &[&str] = &["--set", "bind-refresh-token=yes"];

fn proof(entry: &Entry) -> [serde_json::Value; 2] {
    let header = entry.headers.iter().find(|(name, _)| name == "dpop").expect("a proof");
    opened(&header.1)
}

fn statuses(entries: &[Entry]) -> Vec<u16> {
    entries.iter().map(|entry| entry.status).collect()
}

#[tokio::test]
async fn the_code_is_exchanged_with_a_proof_of_its_own_and_googles_nonce() {
    let scene = Scene::with(desktop(), BOUND).await;
    scene.connect(&[]).await.succeeded();
    let sent = scene.requests(TOKEN);
    assert_eq!(statuses(&sent), [400, 200], "the first time nobody knows the nonce");
    let ([header, first], [_, second]) = (proof(&sent[0]), proof(&sent[1]));
    assert_eq!((&header["typ"], &header["alg"], &header["jwk"]["crv"]), (&"dpop+jwt".into(), &"ES256".into(), &"P-256".into()));
    assert!(header["jwk"].get("d").is_none());
    let code = URL_SAFE_NO_PAD.encode(Sha256::digest(field(&sent[1], "code")));
    assert_eq!((&first["jti"], &second["jti"]), (&code.clone().into(), &code.into()));
    assert_eq!((&second["htm"], &second["htu"]), (&"POST".into(), &"https://oauth2.googleapis.com/token".into()));
    assert!(first.get("nonce").is_none() && second["nonce"].is_string() && second.get("ath").is_none());
    assert_eq!(field(&sent[1], "client_secret"), SECRET);
}

#[tokio::test]
async fn a_bound_refresh_token_is_used_with_a_proof_each_time_another() {
    let scene = Scene::with(desktop(), BOUND).await;
    scene.connect(&[]).await.succeeded();
    let before = scene.requests(TOKEN).len();
    for _ in 0..3 {
        scene.one("refresh", &[]).succeeded();
    }
    let sent = scene.requests(TOKEN).split_off(before);
    assert_eq!(statuses(&sent), [400, 200, 200, 200], "refreshes have a nonce of their own, and it is kept");
    let mut ids: Vec<_> = sent.iter().map(|entry| proof(entry)[1]["jti"].to_string()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    // The access token is no part of it: it stays a bearer token.
    scene.one("request", &["GET", "drive/v3/about?fields=user"]).succeeded();
}

#[tokio::test]
async fn a_nonce_that_grew_old_costs_one_request() {
    let scene = Scene::with(desktop(), BOUND).await;
    scene.connect(&[]).await.succeeded();
    scene.one("refresh", &[]).succeeded();
    let before = scene.requests(TOKEN).len();
    // Old by the age of the emulator's nonces, but not so far from this machine's clock that the proof is.
    scene.stage.emulator.clock().advance(std::time::Duration::from_secs(600));
    scene.stage.emulator.clock().set_skew(-600);
    scene.one("refresh", &[]).succeeded();
    assert_eq!(statuses(&scene.requests(TOKEN).split_off(before)), [400, 200]);
}

#[tokio::test]
async fn whoever_stole_the_refresh_token_has_nothing() {
    let scene = Scene::with(desktop(), BOUND).await;
    scene.connect(&[]).await.succeeded();
    scene.one("refresh", &[]).succeeded();
    let stolen = field(scene.requests(TOKEN).last().unwrap(), "refresh_token").to_owned();
    let form = [("grant_type", "refresh_token"), ("client_id", ID), ("client_secret", SECRET), ("refresh_token", stolen.as_str())];
    let answer = scene.stage.emulator.client().post("https://oauth2.googleapis.com/token", &form).await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn a_nonce_that_is_never_right_is_tried_twice_and_no_more() {
    let scene = Scene::with(desktop(), BOUND).await;
    scene.connect(&[]).await.succeeded();
    let before = scene.requests(TOKEN).len();
    for _ in 0..2 {
        scene.google().refuse_next(jeton_emulator::google_service::Refusal::UseDpopNonce);
    }
    scene.one("refresh", &[]).failed(3, &["use_dpop_nonce"]);
    assert_eq!(scene.requests(TOKEN).len() - before, 2);
}

#[tokio::test]
async fn without_the_setting_nothing_is_bound() {
    let scene = Scene::connected(&[]).await;
    scene.one("refresh", &[]).succeeded();
    assert!(scene.requests(TOKEN).iter().all(|entry| entry.status == 200 && entry.headers.iter().all(|(name, _)| name != "dpop")));
}

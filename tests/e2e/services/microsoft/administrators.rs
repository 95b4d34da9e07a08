//! What an administrator has to allow, and the address that Jeton names for it.

use jeton_emulator::Decision;
use jeton_emulator::microsoft_service::{DEFAULT_TENANT, Refusal};
use url::Url;

use super::{ID, SECRET, Scene, native, query, web};
use crate::stage::Ran;

/// The address in what was said.
fn address(ran: &Ran) -> String {
    let from = ran.stderr.split_once("allows the app at ").unwrap_or_else(|| panic!("no address in {ran:?}")).1;
    from.split(|c: char| c.is_whitespace()).next().unwrap().to_owned()
}

impl Scene {
    /// An administrator opens the address that Jeton named.
    async fn administrator(&self, address: &str, decision: Decision) -> Url {
        self.stage.emulator.consent(address, decision).await.unwrap()
    }
}

#[tokio::test]
async fn where_people_may_not_consent_an_administrator_does_at_the_address_that_is_named() {
    let scene = Scene::native().await;
    scene.microsoft().set_users_may_consent(false);
    let ran = scene.connect(&[]).await.failed(5, &["an administrator of the service must approve the app first", "AADSTS90094"]);
    let address = address(&ran);
    assert_eq!(address, format!("https://login.microsoftonline.com/organizations/adminconsent?client_id={ID}"));

    let declined = scene.administrator(&address, Decision::Deny).await;
    assert_eq!(query(declined.as_str(), "error").as_deref(), Some("permission_denied"));
    scene.connect(&[]).await.failed(5, &["AADSTS90094"]);

    let allowed = scene.administrator(&address, Decision::Grant).await;
    assert_eq!(query(allowed.as_str(), "admin_consent").as_deref(), Some("True"));
    assert_eq!(query(allowed.as_str(), "tenant").as_deref(), Some(DEFAULT_TENANT));
    scene.connect(&[]).await.succeeded();
}

#[tokio::test]
async fn an_app_that_acts_for_itself_works_once_an_administrator_allowed_it() {
    let mut app = web();
    app.admin_consent.clear();
    let scene = Scene::of(app).await;
    scene.add_secret_client(SECRET, &["--set", "tenant=example.com"]).succeeded();
    let ran = scene.act(&[]).failed(5, &["AADSTS65001"]);
    let address = address(&ran);
    assert!(address.starts_with("https://login.microsoftonline.com/example.com/adminconsent?"), "{address}");
    scene.administrator(&address, Decision::Grant).await;
    scene.act(&[]).succeeded();
}

#[tokio::test]
async fn the_address_is_that_of_the_clients_cloud() {
    let hosts = ["--set", "login-host=login.microsoftonline.us", "--set", "graph-host=graph.microsoft.us"];
    let scene = Scene::of(native()).await;
    scene.add_client(&hosts).succeeded();
    scene.microsoft().set_users_may_consent(false);
    let ran = scene.connect(&[]).await.failed(5, &["AADSTS90094"]);
    assert!(address(&ran).starts_with("https://login.microsoftonline.us/organizations/adminconsent?"), "{ran:?}");
}

#[tokio::test]
async fn the_address_comes_with_a_number_that_nobody_knows_too() {
    let scene = Scene::machine().await;
    scene.microsoft().refuse_next(Refusal::aadsts(999_999).with_error("invalid_grant").suberror("consent_required"));
    let ran = scene.act(&[]).failed(5, &["AADSTS999999", "correlation id"]);
    assert_eq!(address(&ran), format!("https://login.microsoftonline.com/{DEFAULT_TENANT}/adminconsent?client_id={ID}"));
}

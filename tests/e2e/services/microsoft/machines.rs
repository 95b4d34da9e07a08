//! An app that acts for itself: client credentials.

use std::time::Duration;

use jeton_emulator::microsoft_service::DEFAULT_TENANT;

use super::{SECRET, Scene, field, names, web};

#[tokio::test]
async fn an_app_acts_for_itself_with_the_default_of_graph() {
    let scene = Scene::machine().await;
    let ran = scene.act(&[]).succeeded();
    assert!(ran.stderr.contains("Connected one to Microsoft as the app itself"), "{ran:?}");
    let request = scene.token_request();
    assert_eq!(names(&request), ["grant_type", "scope", "client_id", "client_secret"]);
    assert_eq!(field(&request, "scope"), Some("https://graph.microsoft.com/.default"));
    assert_eq!(request.path, format!("/{DEFAULT_TENANT}/oauth2/v2.0/token"));
    assert!(scene.microsoft().is_live(&scene.token()));
}

#[tokio::test]
async fn its_tokens_are_obtained_anew_because_there_is_no_refresh_token() {
    let scene = Scene::machine().await;
    scene.act(&[]).succeeded();
    let first = scene.token();
    scene.stage.jeton(&["refresh", "one"]).succeeded();
    assert_ne!(scene.token(), first);
    assert_eq!((scene.stage.refreshes(), scene.requests("/token").len()), (0, 2));
    scene.stage.emulator.clock().advance(Duration::from_secs(2 * 60 * 60));
    let ran = scene.stage.jeton(&["test", "one"]).succeeded();
    assert!(ran.stdout.contains("the app itself"), "{ran:?}");
    assert_eq!(scene.requests("/token").len(), 3, "Graph said that the token has expired before it said that there is no `me`");
}

#[tokio::test]
async fn another_resource_is_asked_for_by_its_own_default() {
    let scene = Scene::machine().await;
    scene.microsoft().add_resource("api://payroll");
    scene.act(&["--scope", "api://payroll/.default"]).succeeded();
    assert_eq!(field(&scene.token_request(), "scope"), Some("api://payroll/.default"));
}

#[tokio::test]
async fn what_is_missing_is_named_with_who_must_act() {
    let at = |tenant: &str| format!("tenant={tenant}");
    for (settings, arguments, exit, says) in [
        ("common".to_owned(), &[][..], 5, ["AADSTS9001023", "--set tenant= and the organization's id or domain"]),
        ("organizations".to_owned(), &[], 5, ["AADSTS9001023", "--set tenant="]),
        (DEFAULT_TENANT.to_owned(), &["--scope", "Files.Read.All"], 3, ["AADSTS1002012", "ends in /.default"]),
        (DEFAULT_TENANT.to_owned(), &["--scope", "api://nothing/.default"], 5, ["AADSTS500011", "API permissions"]),
        ("elsewhere.example".to_owned(), &[], 5, ["AADSTS90002", "setting tenant"]),
    ] {
        let scene = Scene::of(web()).await;
        scene.add_secret_client(SECRET, &["--set", &at(&settings)]).succeeded();
        scene.act(arguments).failed(exit, &says);
    }
}

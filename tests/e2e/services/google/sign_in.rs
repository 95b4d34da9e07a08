//! Signing in with a browser: what Google is asked, and what of it is granted.

use jeton_emulator::Decision;
use jeton_emulator::google_service::{Client, Publishing};

use super::{DRIVE, FILE, ID, SECRET, Scene, TOKEN, asked, desktop, field, names};

#[tokio::test]
async fn the_requests_are_googles_own() {
    let scene = Scene::desktop().await;
    let connecting = scene.begin(&["--subject", "ada@example.com"]);
    for (name, value) in [
        ("access_type", Some("offline")),
        ("prompt", Some("consent")),
        ("code_challenge_method", Some("S256")),
        ("login_hint", Some("ada@example.com")),
        ("scope", Some("openid email https://www.googleapis.com/auth/drive.file")),
        ("response_type", Some("code")),
        ("hd", None),
        ("include_granted_scopes", None),
    ] {
        assert_eq!(asked(&connecting, name).as_deref(), value, "{name}");
    }
    let redirect_uri = asked(&connecting, "redirect_uri").unwrap();
    assert!(redirect_uri.starts_with("http://127.0.0.1:") && redirect_uri.ends_with("/callback"), "{redirect_uri}");
    let ran = scene.decide(connecting, Decision::Grant).await.succeeded();
    assert!(
        ran.stderr.contains("Connected one to Google as Ada Emulated (ada@example.com)") || ran.stderr.contains("ada@example.com"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains("Not granted") && !ran.stderr.contains("ends this sign-in"), "{ran:?}");
    let exchange = scene.requests(TOKEN).pop().unwrap();
    assert_eq!(names(&exchange), ["grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier"]);
    assert_eq!((field(&exchange, "redirect_uri"), exchange.authorization.as_deref()), (redirect_uri.as_str(), None));
    assert!(scene.google().is_live(&scene.token()));
}

#[tokio::test]
async fn whoever_connects_again_is_given_a_refresh_token_again() {
    let scene = Scene::connected(&[]).await;
    scene.connect(&["--replace"]).await.succeeded();
    assert_eq!(scene.google().live_refresh_tokens(), 2);
    scene.one("refresh", &[]).succeeded();
}

#[tokio::test]
async fn without_consent_there_is_none_and_it_is_said_what_to_do() {
    let scene = Scene::connected(&[]).await;
    let ran = scene.connect(&["--replace", "--option", "prompt=select_account"]).await;
    ran.failed(3, &["gave no refresh token", "--option prompt"]);
    scene.one("refresh", &[]).succeeded();
}

#[tokio::test]
async fn who_wants_no_refresh_token_gets_none() {
    let scene = Scene::desktop().await;
    let connecting = scene.begin(&["--option", "access-type=online"]);
    assert_eq!((asked(&connecting, "access_type").as_deref(), asked(&connecting, "prompt")), (Some("online"), None));
    scene.decide(connecting, Decision::Grant).await.succeeded();
    assert_eq!(scene.google().live_refresh_tokens(), 0);
    scene.one("test", &[]).succeeded();
}

#[tokio::test]
async fn options_go_to_google_under_its_own_names() {
    let scene = Scene::desktop().await;
    let given = [
        ("prompt", "consent select_account"),
        ("hd", "example.com"),
        ("include-granted-scopes", "true"),
        ("enable-granular-consent", "false"),
    ];
    let options = given.map(|(name, value)| format!("{name}={value}"));
    let arguments: Vec<_> = options.iter().flat_map(|option| ["--option", option.as_str()]).collect();
    let connecting = scene.begin(&arguments);
    for (name, value) in given {
        assert_eq!(asked(&connecting, &name.replace('-', "_")).as_deref(), Some(value), "{name}");
    }
    scene.decide(connecting, Decision::Grant).await.succeeded();
    // How it was connected has no part in a request.
    scene.one("request", &["GET", "drive/v3/about?fields=user"]).succeeded();
}

#[tokio::test]
async fn the_end_of_a_scopes_name_is_enough() {
    let scene = Scene::desktop().await;
    let connecting = scene.begin(&["--scope", "openid,email,drive.readonly,https://mail.google.com/"]);
    let scope = "openid email https://www.googleapis.com/auth/drive.readonly https://mail.google.com/";
    assert_eq!(asked(&connecting, "scope").as_deref(), Some(scope));
    let ran = scene.decide(connecting, Decision::Grant).await.succeeded();
    assert!(!ran.stderr.contains("Not granted"), "{ran:?}");
}

#[tokio::test]
async fn what_the_person_left_out_is_shown() {
    let scene = Scene::desktop().await;
    let connecting = scene.begin(&["--scope", &format!("openid,{DRIVE},drive.file")]);
    let ran = scene.decide(connecting, Decision::Only(&[FILE])).await.succeeded();
    assert!(ran.stderr.contains(&format!("Not granted: {DRIVE}. ")), "{ran:?}");
    let shown = scene.one("show", &["--json"]).succeeded().stdout;
    assert!(shown.contains(r#""scope":"openid drive.file""#) || shown.contains(r#""scope": "openid drive.file""#), "{shown}");
    scene.one("refresh", &[]).succeeded();
    let again = scene.one("show", &["--json"]).succeeded().stdout;
    assert!(again.contains("openid drive.file"), "{again}");
}

#[tokio::test]
async fn scopes_that_fill_a_page_are_kept_whole() {
    let scene = Scene::desktop().await;
    let scopes: Vec<_> = (0..20).map(|number| format!("https://www.googleapis.com/auth/a.rather.long.scope.{number}")).collect();
    let ran = scene.connect(&["--scope", &format!("openid,{}", scopes.join(","))]).await.succeeded();
    assert!(!ran.stderr.contains("Not granted"), "{ran:?}");
}

#[tokio::test]
async fn a_person_who_says_no_is_told_so() {
    let scene = Scene::desktop().await;
    scene.decide(scene.begin(&[]), Decision::Deny).await.failed(3, &["access was declined", "test users"]);
}

#[tokio::test]
async fn a_web_client_has_one_port_and_a_desktop_client_any() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let web = Client::new(ID, SECRET).redirect_uri(&format!("http://127.0.0.1:{port}/callback"));
    let scene = Scene::with(web, &[]).await;
    scene.connect(&["--port", &port]).await.succeeded();
    // Another port is refused on Google's own page, and nobody comes back.
    let elsewhere = scene.begin(&["--replace"]);
    let page = scene.stage.emulator.consent(&elsewhere.url, Decision::Grant).await.unwrap_err().to_string();
    elsewhere.stop();
    assert!(page.contains("redirect_uri_mismatch"), "{page}");
    let desktop = Scene::desktop().await;
    desktop.connect(&["--port", &port]).await.succeeded();
}

/// What was granted before counts as well, and is more than was asked for.
#[tokio::test]
async fn a_sign_in_can_take_up_what_was_granted_before() {
    let scene = Scene::connected(&["--scope", "openid,drive.readonly"]).await;
    let ran = scene.connect(&["--replace", "--scope", "openid,gmail.readonly", "--option", "include-granted-scopes=true"]).await;
    assert!(ran.code == 0 && !ran.stderr.contains("Not granted"), "{ran:?}");
    let shown = scene.one("show", &[]).succeeded().stdout;
    assert!(shown.contains("gmail.readonly") && shown.contains("drive.readonly"), "{shown}");
    scene.one("request", &["GET", "drive/v3/about?fields=user"]).succeeded();
}

#[tokio::test]
async fn who_may_not_be_asked_anything_is_told_which_option_forbids_it() {
    for error in ["login_required", "consent_required", "interaction_required"] {
        let scene = Scene::desktop().await;
        let connecting = scene.begin(&["--option", "prompt=none"]);
        let back = match error {
            // Nobody is signed in to Google in this browser.
            "login_required" => scene.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap().to_string(),
            other => {
                let [redirect, state] = ["redirect_uri", "state"].map(|name| asked(&connecting, name).unwrap());
                format!("{redirect}?error={other}&state={state}")
            }
        };
        assert!(back.contains(error), "{back}");
        crate::stage::get(&back);
        connecting.finish().failed(3, &[error, "leave out --option prompt=none"]);
    }
}

#[tokio::test]
async fn the_longest_tokens_that_google_gives_are_kept_whole() {
    let scene = Scene::connected(&[]).await;
    let [access, refresh] = [("ya29.", 2048), ("1//", 512)].map(|(begin, length)| format!("{begin:x<length$}"));
    let body =
        format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":3599,"scope":"openid","token_type":"Bearer"}}"#);
    scene.stage.emulator.faults().inject(super::errors::json(200, &body), jeton_emulator::Matcher::any().path(TOKEN), 1);
    scene.one("refresh", &[]).succeeded();
    assert_eq!(scene.token(), access);
    scene.one("refresh", &[]);
    assert_eq!(field(&scene.requests(TOKEN).pop().unwrap(), "refresh_token"), refresh);
}

#[tokio::test]
async fn an_app_for_its_organization_lets_its_people_in() {
    let scene = Scene::with(desktop().publishing(Publishing::Internal), &[]).await;
    scene.connect(&[]).await.succeeded();
}

#[tokio::test]
async fn a_machine_without_a_browser_pastes_the_address() {
    let scene = Scene::desktop().await;
    scene.stage.paste("google", &["--name", "one"]).await.succeeded();
    scene.one("test", &[]).succeeded();
}

#[tokio::test]
async fn a_callback_of_another_issuer_is_refused() {
    let scene = Scene::desktop().await;
    let connecting = scene.begin(&[]);
    let back = scene.stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    crate::stage::get(&format!("{back}&iss=https%3A%2F%2Faccounts.example.com"));
    assert_ne!(connecting.finish().code, 0);
    assert!(scene.requests(TOKEN).is_empty());
}

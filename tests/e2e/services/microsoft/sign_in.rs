//! A person signs in with a browser.

use jeton_emulator::Decision;

use super::{ID, SECRET, Scene, field, names, native, query, web};

#[tokio::test]
async fn a_person_connects_by_localhost_and_pkce_without_a_secret() {
    let scene = Scene::native().await;
    let connecting = scene.begin(&[]);
    let redirect = query(&connecting.url, "redirect_uri").unwrap();
    let port = redirect.strip_prefix("http://localhost:").and_then(|rest| rest.strip_suffix('/')).unwrap();
    assert!(port.parse::<u16>().is_ok(), "{redirect}");
    assert!(connecting.url.starts_with("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?"), "{}", connecting.url);
    assert_eq!(query(&connecting.url, "scope").unwrap(), "openid profile User.Read Files.ReadWrite.All offline_access");
    assert_eq!(query(&connecting.url, "code_challenge_method").as_deref(), Some("S256"));
    let ran = scene.decide(connecting, Decision::Grant).await.succeeded();
    assert!(ran.stderr.contains("Connected one to Microsoft as Ada Emulated (ada@example.com)"), "{ran:?}");
    let request = scene.token_request();
    assert_eq!(names(&request), ["grant_type", "code", "redirect_uri", "client_id", "code_verifier"]);
    assert_eq!((field(&request, "client_id"), field(&request, "redirect_uri")), (Some(ID), Some(&*redirect)));
    assert!(scene.microsoft().is_live(&scene.token()));
}

#[tokio::test]
async fn a_server_shows_its_secret_in_the_form() {
    let scene = Scene::web(&[]).await;
    scene.connect(&[]).await.succeeded();
    let request = scene.token_request();
    assert_eq!(field(&request, "client_secret"), Some(SECRET));
    assert_eq!(request.authorization, None);
}

#[tokio::test]
async fn clients_that_are_what_they_are_not_are_told_what_to_do() {
    let expired = {
        let mut app = web();
        app.secrets.iter_mut().for_each(|secret| secret.expired = true);
        app
    };
    for (app, secret, number, advice) in [
        (native(), Some(SECRET), "AADSTS700025", "without secret"),
        (web(), None, "AADSTS7000218", "with its secret"),
        (web(), Some("another"), "AADSTS7000215", "Value, not its Secret ID"),
        (expired, Some(SECRET), "AADSTS7000222", "Make a new secret"),
    ] {
        let scene = Scene::of(app).await;
        match secret {
            Some(secret) => scene.add_secret_client(secret, &[]).succeeded(),
            None => scene.add_client(&[]).succeeded(),
        };
        scene.connect(&[]).await.failed(5, &[number, advice, "correlation id", "invalid_client"]);
    }
}

#[tokio::test]
async fn offline_access_is_asked_for_once_whatever_is_asked_for() {
    let scene = Scene::native().await;
    for (arguments, asked) in [
        (&["--scope", "Files.Read,User.Read"][..], "Files.Read User.Read offline_access"),
        (&["--scope", "offline_access,Files.Read"], "offline_access Files.Read"),
    ] {
        let connecting = scene.begin(arguments);
        assert_eq!(query(&connecting.url, "scope").unwrap(), asked);
        connecting.stop();
    }
}

#[tokio::test]
async fn options_of_a_sign_in_are_microsofts_own() {
    let scene = Scene::native().await;
    let connecting =
        scene.begin(&["--subject", "ada@example.com", "--option", "prompt=select_account", "--option", "domain_hint=consumers"]);
    for (name, value) in [("login_hint", "ada@example.com"), ("prompt", "select_account"), ("domain_hint", "consumers")] {
        assert_eq!(query(&connecting.url, name).as_deref(), Some(value));
    }
    scene.decide(connecting, Decision::Grant).await.succeeded();
    // They stay with the connection, and mean nothing to Graph.
    scene.stage.jeton(&["request", "one", "GET", "me"]).succeeded();
    for other in [["--option", "nonsense=1"], ["--as-user", "7"]] {
        let ran = scene.stage.jeton(&[&["connect", "microsoft", "--name", "two", "--no-browser"][..], &other].concat());
        assert!(ran.code == 1 && ran.stderr.contains("the provider can't do that"), "{ran:?}");
    }
}

#[tokio::test]
async fn a_person_who_declines_is_told_so() {
    let scene = Scene::native().await;
    let connecting = scene.begin(&[]);
    scene.decide(connecting, Decision::Deny).await.failed(3, &["access was declined", "AADSTS65004", "correlation id"]);
}

#[tokio::test]
async fn an_id_token_from_elsewhere_is_refused_with_all_that_came_with_it() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jeton_emulator::{Fault, Matcher};

    let exp = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 3600;
    let (tenant, right) =
        ("11111111-2222-4333-8444-555555555555", "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0");
    for (issuer, audience, nonce, says) in [
        (right, "another", None, Some("is for another client")),
        ("https://login.microsoftonline.com/another/v2.0", ID, None, Some("is from another issuer")),
        ("https://evil.example/11111111-2222-4333-8444-555555555555/v2.0", ID, None, Some("is from another issuer")),
        (right, ID, Some("another"), Some("belongs to another sign-in")),
        (right, ID, None, None),
    ] {
        let scene = Scene::native().await;
        let connecting = scene.begin(&[]);
        let nonce = nonce.map(str::to_owned).or(query(&connecting.url, "nonce"));
        let claims = serde_json::json!({ "iss": issuer, "tid": tenant, "aud": audience, "sub": "s", "exp": exp, "nonce": nonce });
        let id_token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let body =
            serde_json::json!({ "token_type": "Bearer", "access_token": "forged-access-token", "id_token": id_token, "expires_in": 3599 });
        let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: body.to_string().into() };
        scene.stage.emulator.faults().inject(fault, Matcher::any().path("/common/oauth2/v2.0/token"), 1);
        let ran = scene.decide(connecting, Decision::Grant).await;
        match says {
            Some(says) => assert!(ran.code == 1 && ran.stderr.contains(says), "{says}: {ran:?}"),
            None => assert_eq!(ran.code, 0, "{ran:?}"),
        }
        let kept = scene.stage.jeton(&["list", "--json"]).succeeded().stdout;
        assert_eq!(kept.trim() == "[]", says.is_some(), "{kept}");
    }
}

#[tokio::test]
async fn the_guide_says_localhost_and_where_each_cloud_has_its_console() {
    let scene = Scene::of(native()).await;
    let guide = scene.stage.jeton(&["providers", "show", "microsoft", "--guide"]).succeeded().stdout;
    for says in
        ["http://localhost/", "Public client/native", "graph.microsoft.us", "microsoftgraph.chinacloudapi.cn", "myapps.microsoft.com"]
    {
        assert!(guide.contains(says), "{says}: {guide}");
    }
    assert!(!guide.contains("{redirect_uri}"), "{guide}");
}

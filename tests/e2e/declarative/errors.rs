//! What a person is told when a service says no: each bundled manifest, against a service that says it in its own words.

use jeton_emulator::generic_service::Facts;
use jeton_emulator::{Decision, Fault, Matcher, RetryAfter};

use super::bundled::{Bundled, stage};
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Ran, Stage};

/// A service: what is added to `connect`, the exit code and words where it doesn't know the client's secret, and the exit code where a refresh
/// token is dead; none, if there are none.
struct Service {
    id: &'static str,
    connect: &'static [&'static str],
    secret: (i32, &'static str),
    dead: Option<i32>,
}

const fn service(id: &'static str, secret: &'static str) -> Service {
    Service { id, connect: &[], secret: (5, secret), dead: Some(3) }
}

const SERVICES: [Service; 24] = [
    service("asana", "https://app.asana.com/0/my-apps"),
    service("atlassian", "service's developer console"),
    service("bitbucket", "OAuth consumers"),
    service("digitalocean", "https://cloud.digitalocean.com/account/api/applications"),
    service("discord", "https://discord.com/developers/applications"),
    // It has no codes, so that its errors can't be told apart.
    Service { secret: (1, "providers show PROVIDER --guide"), dead: Some(1), ..service("figma", "") },
    Service { dead: None, ..service("github", "https://github.com/settings/developers") },
    service("gitlab", "Compare Application ID and Secret"),
    service("hidrive", "https://developer.hidrive.com/get-api-key/"),
    service("huaweidrive", "AppGallery Connect"),
    service("hubspot", "Compare Client secret with the Auth settings"),
    service("linear", "Settings → API → OAuth applications"),
    Service { dead: None, ..service("notion", "https://www.notion.so/profile/integrations") },
    // Its documentation has one code for a wrong code and for a wrong client.
    Service { secret: (3, "--set hostname=eapi.pcloud.com"), dead: None, ..service("pcloud", "") },
    service("premiumizeme", "https://www.premiumize.me/registerclient"),
    Service { dead: None, ..service("putio", "https://app.put.io/oauth") },
    service("salesforce", "Consumer Key and Secret"),
    Service { connect: &["--redirect-uri", "https://app.example/callback"], ..service("sharefile", "https://api.sharefile.com/apikeys") },
    service("slack", "Basic Information of the app"),
    service("spotify", "https://developer.spotify.com/dashboard"),
    service("todoist", "https://app.todoist.com/app/settings/integrations/app-management"),
    service("yandex", "https://oauth.yandex.com"),
    service("zoho", "Multi DC"),
    service("zoom", "App Credentials"),
];

async fn staged(service: &Service, secret: &str) -> (Stage, String) {
    let (stage, name) = stage(Facts::shipped(service.id).unwrap().unwrap()).await;
    stage.jeton_with_input(&["clients", "add", service.id, "--id", CLIENT_ID, "--secret-file", "-"], secret).succeeded();
    (stage, name)
}

async fn connect(stage: &Stage, service: &Service) -> Ran {
    stage.paste(service.id, &[&["--name", "work-box"], service.connect].concat()).await
}

/// It failed, what to do is told, and no secret is.
fn failed(service: &Service, ran: &Ran, code: i32, says: &str) {
    assert!(ran.code == code && ran.stderr.contains("→ ") && ran.stderr.contains(says), "{}: {code}, {says:?}: {ran:?}", service.id);
    for secret in [CLIENT_SECRET, "a-wrong-secret", "-access-", "-refresh-", "-code-"] {
        assert!(!ran.stderr.contains(secret), "{}: {secret}: {ran:?}", service.id);
    }
}

#[test]
fn every_bundled_service_is_here() {
    let here: Vec<_> = SERVICES.iter().map(|service| service.id).collect();
    let mut bundled: Vec<_> = jeton_bundle::ids().filter(|id| jeton_bundle::manifest(id).is_some()).collect();
    bundled.sort_unstable();
    assert_eq!(here, bundled);
}

#[tokio::test]
async fn a_secret_that_the_service_doesnt_know_says_where_to_compare_it() {
    for service in &SERVICES {
        let (stage, _) = staged(service, "a-wrong-secret").await;
        let (code, says) = service.secret;
        failed(service, &connect(&stage, service).await, code, says);
        assert!(stage.jeton(&["list", "--json"]).succeeded().stdout.trim() == "[]", "{}", service.id);
    }
}

#[tokio::test]
async fn a_person_who_declines_is_told_so_and_nothing_is_kept() {
    for service in &SERVICES {
        // A page that shows a code has nothing to say to who gets none.
        if ["hidrive", "pcloud"].contains(&service.id) {
            continue;
        }
        let (stage, _) = staged(service, CLIENT_SECRET).await;
        let mut command = stage.command(&[&["connect", service.id, "--paste", "--name", "work-box"], service.connect].concat());
        command.stdin(std::process::Stdio::piped());
        let connecting = stage.begin(command);
        let back = stage.emulator.consent(&connecting.url, Decision::Deny).await.unwrap();
        failed(service, &connecting.paste(&back), 3, "access was declined");
        assert_eq!(stage.emulator.journal().count(|entry| entry.grant_type.is_some()), 0, "{}", service.id);
    }
}

#[tokio::test]
async fn tokens_that_were_ended_at_the_service_need_a_new_sign_in_and_trouble_that_passes_needs_none() {
    for service in &SERVICES {
        let Some(dead) = service.dead else { continue };
        let (stage, name) = staged(service, CLIENT_SECRET).await;
        connect(&stage, service).await.succeeded();
        for (fault, says) in [(Fault::ServerError(503), "not available"), (Fault::RateLimited(RetryAfter::Seconds(1)), "asks to wait")] {
            stage.emulator.faults().inject(fault, Matcher::any(), 1);
            failed(service, &stage.jeton(&["refresh", "work-box"]), 4, says);
        }
        stage.jeton(&["refresh", "work-box"]).succeeded();
        stage.emulator.generic(&name).unwrap().end_all_tokens();
        let refused = stage.jeton(&["refresh", "work-box"]);
        failed(service, &refused, dead, if dead == 3 { "needs a new sign-in" } else { "" });
        let hint = format!("jeton connect {} --name work-box --replace", service.id);
        assert!(dead != 3 || refused.stderr.contains(&hint), "{}: {refused:?}", service.id);
    }
}

#[tokio::test]
async fn a_service_that_revokes_nothing_says_where_a_person_does_and_the_connection_can_be_forgotten() {
    for (id, place) in [
        ("atlassian", "https://id.atlassian.com/manage-profile/apps"),
        ("bitbucket", "Personal settings → App authorizations"),
        ("figma", "Settings → Security → Connected apps"),
        ("hidrive", "in the settings of the account at HiDrive"),
        ("pcloud", "in the settings of the account at pCloud"),
        ("premiumizeme", "in the settings of the account at premiumize.me"),
        ("sharefile", "in the settings of the account at ShareFile"),
        ("spotify", "https://www.spotify.com/account/apps/"),
    ] {
        let service = SERVICES.iter().find(|service| service.id == id).unwrap();
        let (stage, _) = staged(service, CLIENT_SECRET).await;
        connect(&stage, service).await.succeeded();
        let revoked = stage.jeton(&["revoke", "work-box"]);
        failed(service, &revoked, 1, "lets no app revoke its tokens");
        let hint = format!("Take the app's access back there: {place}");
        assert!(revoked.stderr.contains(&hint) && revoked.stderr.contains("jeton remove work-box --force"), "{id}: {revoked:?}");
        stage.jeton(&["remove", "work-box", "--force"]).succeeded();
    }
}

/// Yandex does so for tokens of no device.
#[tokio::test]
async fn a_revocation_that_the_service_doesnt_do_says_how_it_is_done() {
    let bundled = Bundled::new("yandex", &[]);
    let (stage, _) = stage(Facts::shipped("yandex").unwrap().unwrap()).await;
    bundled.registered(&stage);
    bundled.connected(&stage).await;
    let body = br#"{"error":"unsupported_token_type","error_description":"Token does not have a device"}"#;
    let refusal = Fault::Body { status: 400, content_type: "application/json".into(), bytes: body.as_slice().into() };
    stage.emulator.faults().inject(refusal, Matcher::any(), 1);
    let revoked = stage.jeton(&["revoke", "work-box"]);
    for says in ["Token does not have a device", "--option device_id=", "jeton remove work-box --force"] {
        assert!(revoked.code == 1 && revoked.stderr.contains(says), "{says:?}: {revoked:?}");
    }
}

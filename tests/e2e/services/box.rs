//! Box: tokens without a person, tokens of fewer rights, and whom a connection acts for.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jeton_emulator::{App, Entry, Fault, Lifetimes, Matcher, Refusal, User};
use serde_json::{Value, json};

use super::keys::{Key, PASSPHRASE, key};
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Ran, Stage};

const JWT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
pub const ADA: &str = "1000000001";

/// A stage whose app may do all that an app can.
pub async fn stage() -> Stage {
    let stage = Stage::empty().await;
    let app = App::new(CLIENT_ID, CLIENT_SECRET)
        .redirect_uri("http://127.0.0.1/callback")
        .scopes(&["root_readwrite", "root_readonly"])
        .jwt("900")
        .client_credentials("900")
        .user_access_tokens()
        .as_user()
        .public_key("k1", &key().public);
    stage.emulator.box_service().register_app(app).unwrap();
    let grace = User { id: "1000000002".into(), name: "Grace Emulated".into(), login: "grace@example.com".into(), password: "x".into() };
    stage.emulator.box_service().add_user(grace);
    stage
}

/// The file that Box's console gives.
pub fn config(stage: &Stage, key: &str, passphrase: Option<&str>) -> String {
    let mut auth = json!({ "publicKeyID": "k1", "privateKey": key });
    if let Some(passphrase) = passphrase {
        auth["passphrase"] = passphrase.into();
    }
    let app = json!({ "clientID": CLIENT_ID, "clientSecret": CLIENT_SECRET, "appAuth": auth });
    let path = stage.home.path().join("config.json");
    std::fs::write(&path, json!({ "boxAppSettings": app, "enterpriseID": "900" }).to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Token requests by a grant, in order.
fn requests(stage: &Stage, grant: &str) -> Vec<Entry> {
    stage.emulator.journal().entries().into_iter().filter(|entry| entry.grant_type.as_deref() == Some(grant)).collect()
}

fn field<'e>(entry: &'e Entry, name: &str) -> &'e str {
    entry.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// Header and claims of a request's assertion.
fn assertion(entry: &Entry) -> [Value; 2] {
    let mut parts = field(entry, "assertion").split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    [(); 2].map(|()| serde_json::from_slice(&parts.next().unwrap()).unwrap())
}

pub fn works(stage: &Stage, name: &str, who: &str) {
    let shown = stage.jeton(&["test", name]).succeeded().stdout;
    assert!(shown.contains(who), "{who} is not in {shown}");
}

#[tokio::test]
async fn a_service_account_signs_in_with_its_file_whatever_form_its_key_has() {
    let Key { encrypted, pkcs8, pkcs1, .. } = key();
    for (name, pem, passphrase) in
        [("encrypted", encrypted, Some(PASSPHRASE)), ("plain", pkcs8, None), ("rsa", pkcs1, None), ("needless", pkcs8, Some("needless"))]
    {
        let stage = stage().await;
        let ran = stage.jeton(&["connect", "box", "--name", name, "--service-account", &config(&stage, pem, passphrase)]).succeeded();
        assert!(ran.stderr.contains("AutomationUser_"), "{name}: {}", ran.stderr);
        let asked = requests(&stage, JWT);
        let [header, claims] = assertion(&asked[0]);
        assert_eq!((&header["alg"], &header["kid"], &header["typ"]), (&"RS256".into(), &"k1".into(), &"JWT".into()), "{name}");
        assert_eq!((&claims["iss"], &claims["sub"], &claims["box_sub_type"]), (&CLIENT_ID.into(), &"900".into(), &"enterprise".into()));
        assert_eq!(claims["aud"], "https://api.box.com/oauth2/token");
        assert!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap() <= 60);
        assert!((16..=128).contains(&claims["jti"].as_str().unwrap().len()));
        assert_eq!((field(&asked[0], "client_id"), field(&asked[0], "client_secret")), (CLIENT_ID, CLIENT_SECRET));
        works(&stage, name, "AutomationUser_");
    }
}

#[tokio::test]
async fn a_key_that_does_not_open_is_told_before_anything_is_sent() {
    let stage = stage().await;
    let file = config(&stage, &key().encrypted, Some("another"));
    stage.jeton(&["connect", "box", "--service-account", &file]).failed(1, &["passphrase"]);
    let file = config(&stage, &key().encrypted, None);
    let given = stage.home.path().join("passphrase");
    std::fs::write(&given, PASSPHRASE).unwrap();
    let add = ["clients", "add", "box", "--service-account", &file, "--passphrase-file", given.to_str().unwrap()];
    assert!(requests(&stage, JWT).is_empty());
    stage.jeton(&add).succeeded();
    stage.jeton(&["connect", "box", "--jwt"]).succeeded();
}

#[tokio::test]
async fn any_of_three_algorithms_signs() {
    for algorithm in ["RS256", "RS384", "RS512"] {
        let stage = stage().await;
        let file = config(&stage, &key().pkcs8, None);
        stage.jeton(&["clients", "add", "box", "--service-account", &file, "--set", &format!("algorithm={algorithm}")]).succeeded();
        stage.jeton(&["connect", "box", "--jwt"]).succeeded();
        assert_eq!(assertion(&requests(&stage, JWT)[0])[0]["alg"], algorithm);
    }
    let stage = stage().await;
    let file = config(&stage, &key().pkcs8, None);
    stage.jeton(&["clients", "add", "box", "--service-account", &file, "--set", "algorithm=HS256"]).failed(2, &["algorithm"]);
}

#[tokio::test]
async fn the_enterprise_is_acted_for_unless_another_subject_is_named() {
    for grant in ["--jwt", "--client-credentials"] {
        let stage = stage().await;
        stage.jeton(&["clients", "add", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
        for (name, subject, who) in [
            ("none", None, "AutomationUser_"),
            ("enterprise", Some("enterprise:900"), "AutomationUser_"),
            ("user", Some("user:1000000001"), "ada@example.com"),
            ("id", Some(ADA), "ada@example.com"),
        ] {
            let subject: Vec<_> = subject.iter().flat_map(|subject| ["--subject", subject]).collect();
            stage.jeton(&[&["connect", "box", grant, "--name", name][..], &subject].concat()).succeeded();
            works(&stage, name, who);
        }
    }
}

#[tokio::test]
async fn a_subject_must_be_known_before_anything_is_sent() {
    let stage = stage().await;
    stage.add_client(CLIENT_SECRET).succeeded();
    stage.jeton(&["connect", "box", "--client-credentials"]).failed(5, &["--subject enterprise:ID", "enterprise-id"]);
    stage.jeton(&["connect", "box", "--jwt", "--subject", "enterprise:900"]).failed(5, &["private-key"]);
    assert!(stage.emulator.journal().entries().is_empty());
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_corrected_by_boxs_date_once_and_the_jti_is_new() {
    // Half a minute either way is within the assertion's life or beyond it: Box takes no `exp` that is more than a minute ahead.
    for skew in [3600, -3600, 86_400 * 40, 60, -30] {
        let stage = stage().await;
        stage.emulator.clock().set_skew(skew);
        stage.jeton(&["connect", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
        let asked = requests(&stage, JWT);
        let claims: Vec<_> = asked.iter().map(|entry| assertion(entry)[1].clone()).collect();
        assert_eq!(claims.len(), 2, "{skew}");
        assert_ne!(claims[0]["jti"], claims[1]["jti"]);
        let moved = claims[1]["iat"].as_i64().unwrap() - claims[0]["iat"].as_i64().unwrap();
        assert!((moved - skew).abs() <= 60, "{moved} for {skew}");
    }
    for refusal in [Refusal::ExpPassed, Refusal::JtiSeen] {
        let stage = stage().await;
        (0..2).for_each(|_| stage.emulator.box_service().refuse_next(refusal));
        let file = config(&stage, &key().pkcs8, None);
        let ran = stage.jeton(&["connect", "box", "--service-account", &file]);
        assert!(ran.code == 1 && ran.stderr.contains("Set this machine's clock"), "{ran:?}");
        assert_eq!(requests(&stage, JWT).len(), 2, "once, and no more");
    }
}

#[tokio::test]
async fn a_clock_that_is_a_little_wrong_costs_no_second_try() {
    for skew in [10, -10] {
        let stage = stage().await;
        stage.emulator.clock().set_skew(skew);
        stage.jeton(&["connect", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
        assert_eq!(requests(&stage, JWT).len(), 1, "{skew}");
    }
}

#[tokio::test]
async fn a_service_account_is_registered_piece_by_piece_as_well() {
    let stage = stage().await;
    let [pem, passphrase, secret] = [("key.pem", key().encrypted.as_str()), ("passphrase", PASSPHRASE), ("secret", CLIENT_SECRET)]
        .map(|(name, content)| stage.download(name, content).to_str().unwrap().to_owned());
    let add = ["clients", "add", "box", "--id", CLIENT_ID, "--secret-file", &secret, "--passphrase-file", &passphrase];
    let more = ["--secret", &format!("private-key={pem}"), "--set", "public-key-id=k1", "--set", "enterprise-id=900"];
    stage.jeton(&[&add[..], &more].concat()).succeeded();
    for (name, grant) in [("by-key", "--jwt"), ("by-secret", "--client-credentials")] {
        stage.jeton(&["connect", "box", grant, "--name", name]).succeeded();
        works(&stage, name, "AutomationUser_");
    }
}

#[tokio::test]
async fn a_file_without_an_enterprise_acts_for_its_user() {
    for (enterprise, who) in [(false, "ada@example.com"), (true, "AutomationUser_")] {
        let stage = stage().await;
        let mut file: Value = serde_json::from_str(&std::fs::read_to_string(config(&stage, &key().pkcs8, None)).unwrap()).unwrap();
        file["userID"] = ADA.into();
        if !enterprise {
            file.as_object_mut().unwrap().remove("enterpriseID");
        }
        let file = stage.download("config.json", file.to_string());
        stage.jeton(&["connect", "box", "--name", "made", "--service-account", file.to_str().unwrap()]).succeeded();
        works(&stage, "made", who);
    }
}

#[tokio::test]
async fn client_credentials_name_their_subject_in_the_form() {
    let stage = stage().await;
    let add = ["clients", "add", "box", "--id", CLIENT_ID, "--secret-file", "-", "--set", "enterprise-id=900"];
    stage.jeton_with_input(&add, CLIENT_SECRET).succeeded();
    stage.jeton(&["connect", "box", "--client-credentials"]).succeeded();
    let asked = &requests(&stage, "client_credentials")[0];
    let names: Vec<_> = asked.form.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["grant_type", "client_id", "client_secret", "box_subject_type", "box_subject_id"]);
    assert_eq!((field(asked, "box_subject_type"), field(asked, "box_subject_id"), &asked.authorization), ("enterprise", "900", &None));
}

#[tokio::test]
async fn a_token_without_a_refresh_token_is_obtained_anew() {
    for (grant, wire) in [("--jwt", JWT), ("--client-credentials", "client_credentials")] {
        let stage = stage().await;
        stage.jeton(&["clients", "add", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
        stage.jeton(&["connect", "box", "--name", "work-box", grant, "--subject", "user:1000000001"]).succeeded();
        let before = stage.token();
        stage.emulator.box_service().expire_access_tokens();
        works(&stage, "work-box", "ada@example.com");
        assert_ne!(stage.token(), before);
        assert!(stage.emulator.box_service().is_live(&stage.token()));
        assert_eq!(requests(&stage, wire).len(), 2, "{grant}");
        stage.jeton(&["revoke", "work-box"]).succeeded();
    }
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_of_fewer_rights() {
    let stage = stage().await;
    stage.add_client(CLIENT_SECRET).succeeded();
    stage.connect(&["--name", "work-box"]).await.succeeded();
    for (name, option, restricted) in [
        ("file", "resource=https://api.box.com/2.0/files/12", "file:12"),
        ("folder", "resource=https://api.box.com/2.0/folders/13", "folder:13"),
        ("link", "shared-link=https://app.box.com/s/abc", "shared_link:https://app.box.com/s/abc"),
    ] {
        let arguments = ["connect", "box", "--exchange", "work-box", "--name", name, "--scope", "item_download", "--option", option];
        stage.jeton(&arguments).succeeded();
        let asked = requests(&stage, EXCHANGE).pop().unwrap();
        assert_eq!(field(&asked, "subject_token"), stage.token());
        assert_eq!(field(&asked, "subject_token_type"), "urn:ietf:params:oauth:token-type:access_token");
        assert_eq!(field(&asked, "scope"), "item_download", "{restricted}");
        let token = stage.jeton(&["token", name]).succeeded().stdout.trim().to_owned();
        assert!(token != stage.token() && stage.emulator.box_service().is_live(&token));
        let listed = stage.jeton(&["request", name, "GET", "folders/0/items"]);
        assert!(listed.code == 3 && listed.stdout.contains("insufficient_scope"), "{listed:?}");
    }
    // There is no refresh token: the token of the connection that it came from is exchanged once more.
    let before = (stage.jeton(&["token", "file"]).succeeded().stdout, requests(&stage, EXCHANGE).len());
    stage.jeton(&["refresh", "file"]).succeeded();
    assert_ne!(stage.jeton(&["token", "file"]).succeeded().stdout, before.0);
    assert_eq!(requests(&stage, EXCHANGE).len(), before.1 + 1);
    let wide = ["connect", "box", "--exchange", "work-box", "--name", "wide", "--scope", "manage_groups"];
    stage.jeton(&wide).failed(3, &["invalid_scope"]);
}

#[tokio::test]
async fn a_token_of_fewer_rights_ends_with_the_one_that_it_came_of() {
    let stage = stage().await;
    stage.add_client(CLIENT_SECRET).succeeded();
    let box_service = stage.emulator.box_service();
    box_service.set_lifetimes(Lifetimes { access: Duration::from_secs(600), ..Lifetimes::default() });
    stage.connect(&["--name", "work-box"]).await.succeeded();
    box_service.set_lifetimes(Lifetimes::default());
    stage.jeton(&["connect", "box", "--exchange", "work-box", "--name", "file", "--scope", "item_download"]).succeeded();
    let shown: Value = serde_json::from_str(&stage.jeton(&["token", "file", "--json"]).succeeded().stdout).unwrap();
    assert!(shown["expires_in"].as_u64().unwrap() <= 600, "{shown}");
    // Before it ends, the other one is refreshed, and a longer one comes of that.
    stage.jeton(&["token", "work-box", "--min-valid", "20m"]).succeeded();
    stage.jeton(&["token", "file", "--min-valid", "20m"]).succeeded();
    assert_eq!((stage.refreshes(), requests(&stage, EXCHANGE).len()), (1, 2));
}

#[tokio::test]
async fn a_token_that_is_not_restricted_as_asked_for_is_not_taken() {
    let stage = stage().await;
    stage.add_client(CLIENT_SECRET).succeeded();
    stage.connect(&["--name", "work-box"]).await.succeeded();
    for restricted in ["[]", "[{\"scope\":\"item_download\"}]"] {
        let body = format!("{{\"access_token\":\"wide-token-of-the-test\",\"expires_in\":3600,\"restricted_to\":{restricted}}}");
        let fault = Fault::Body { status: 200, content_type: "application/json".into(), bytes: body.into() };
        stage.emulator.faults().inject(fault, Matcher::any().path("/oauth2/token"), 1);
        let exchange = ["connect", "box", "--exchange", "work-box", "--name", "file", "--scope", "item_download"];
        let option = ["--option", "resource=https://api.box.com/2.0/files/12"];
        let ran = stage.jeton(&[&exchange[..], &option].concat());
        assert!(ran.code == 1 && ran.stderr.contains("isn't restricted"), "{ran:?}");
    }
    assert!(!stage.jeton(&["list"]).succeeded().stdout.contains("file"));
}

#[tokio::test]
async fn calls_are_made_as_another_user_without_notifications_and_with_any_header() {
    let stage = stage().await;
    stage.jeton(&["clients", "add", "box", "--service-account", &config(&stage, &key().pkcs8, None)]).succeeded();
    let options = ["--as-user", ADA, "--option", "notifications=off", "--option", "header:X-Own=kept"];
    stage.jeton(&[&["connect", "box", "--jwt", "--name", "ada"][..], &options].concat()).succeeded();
    works(&stage, "ada", "ada@example.com");
    let sent = |arguments: &[&str]| {
        let ran = stage.jeton(&[&["request", "ada", "GET", "users/me"], arguments].concat()).succeeded();
        let entry = stage.emulator.journal().entries().pop().unwrap();
        let header = |name: &str| entry.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default();
        ([header("as-user"), header("box-notifications"), header("x-own")], ran.stdout)
    };
    let (headers, body) = sent(&[]);
    assert!(headers == [ADA, "off", "kept"] && body.contains("ada@example.com"), "{headers:?} {body}");
    let (headers, body) = sent(&["--as-user", "1000000002", "--option", "header:X-Own=new"]);
    assert!(headers == ["1000000002", "off", "new"] && body.contains("grace@example.com"), "{headers:?} {body}");
    let ran = stage.jeton(&["request", "ada", "GET", "users/me", "--option", "nonsense=1"]);
    assert!(ran.code == 1 && ran.stderr.contains("the option nonsense: there are as-user"), "{ran:?}");
    for steering in ["header:Host=evil.example", "header:Cookie=a", "header:Authorization=Bearer x"] {
        let ran = stage.jeton(&["request", "ada", "GET", "users/me", "--option", steering]);
        assert_ne!(ran.code, 0, "{steering}");
    }
}

#[tokio::test]
async fn an_option_that_nobody_knows_is_told_before_anyone_signs_in() {
    let stage = Stage::with_client().await;
    let ran: Ran = stage.jeton(&["connect", "box", "--no-browser", "--option", "notfications=off"]);
    assert!(ran.code == 1 && ran.stderr.contains("notfications") && ran.stderr.contains("notifications"), "{ran:?}");
}

#[tokio::test]
async fn a_person_signs_in_at_any_of_boxs_sites_and_nowhere_else() {
    for site in ["ent", "app", "account"] {
        let stage = stage().await;
        let add = ["clients", "add", "box", "--id", CLIENT_ID, "--secret-file", "-", "--set", &format!("site={site}")];
        stage.jeton_with_input(&add, CLIENT_SECRET).succeeded();
        let connecting = stage.begin_connect(&[]);
        assert!(connecting.url.starts_with(&format!("https://{site}.box.com/api/oauth2/authorize?")), "{}", connecting.url);
        connecting.stop();
        stage.connect(&[]).await.succeeded();
    }
    let stage = stage().await;
    let add = ["clients", "add", "box", "--id", CLIENT_ID, "--secret-file", "-", "--set", "site=evil.example/x"];
    stage.jeton_with_input(&add, CLIENT_SECRET).failed(2, &["site"]);
}

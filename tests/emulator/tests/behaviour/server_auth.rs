//! Tokens of Box without a person: JWT, client credentials, downscoping, and calls as somebody else.

use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::{Request, Response};
use jeton_emulator::{App, AppState, Emulator, User};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::{Value, json};

use crate::stage::{ME, TOKEN, ask, emulator, header, json as body, refused, tokens};

const JWT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// One key for all tests of this file: making one takes a while.
fn key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap())
}

fn app() -> App {
    App::new("an-app", "a-secret").jwt("900").client_credentials("900").public_key("k1", &key().public_key_pem())
}

async fn with(app: App) -> Emulator {
    let emulator = emulator().await;
    emulator.clock().freeze();
    emulator.box_service().register_app(app).unwrap();
    emulator
}

/// Good claims for the enterprise, by the emulator's date.
fn claims(emulator: &Emulator, jti: &str) -> Value {
    let now = emulator.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    json!({ "iss": "an-app", "sub": "900", "box_sub_type": "enterprise", "aud": TOKEN, "jti": format!("sixteen-letters-{jti}"), "exp": now + 45 })
}

fn signed(claims: &Value, algorithm: Algorithm, kid: Option<&str>) -> String {
    let header = Header { kid: kid.map(str::to_owned), ..Header::new(algorithm) };
    let key = EncodingKey::from_rsa_pem(key().serialize_pem().as_bytes()).unwrap();
    jsonwebtoken::encode(&header, claims, &key).unwrap()
}

async fn assert_with(emulator: &Emulator, assertion: &str) -> (u16, Value) {
    ask(emulator, &[("grant_type", JWT), ("assertion", assertion)]).await
}

async fn send(emulator: &Emulator, claims: &Value) -> (u16, Value) {
    assert_with(emulator, &signed(claims, Algorithm::RS256, Some("k1"))).await
}

async fn me(emulator: &Emulator, token: &str, headers: &[(&str, &str)]) -> Response<Bytes> {
    let mut request = Request::get(ME).header("authorization", format!("Bearer {token}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    emulator.client().send(request.body(Bytes::new()).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_jwt_in_any_of_three_algorithms_gives_the_service_account_a_token_without_a_refresh_token() {
    let emulator = with(app()).await;
    for (jti, algorithm) in [("a", Algorithm::RS256), ("b", Algorithm::RS384), ("c", Algorithm::RS512)] {
        let (status, tokens) = assert_with(&emulator, &signed(&claims(&emulator, jti), algorithm, Some("k1"))).await;
        assert_eq!((status, &tokens["token_type"], tokens.get("refresh_token")), (200, &json!("bearer"), None));
        let me = body(&me(&emulator, tokens["access_token"].as_str().unwrap(), &[]).await);
        assert!(me["login"].as_str().unwrap().starts_with("AutomationUser_"), "{me}");
        assert!(me["login"].as_str().unwrap().ends_with("@boxdevedition.com"), "{me}");
    }
}

#[tokio::test]
async fn each_claim_that_is_wrong_is_named() {
    let emulator = with(app()).await;
    let wrong = |name: &str| refused("invalid_grant", &format!("Please check the '{name}' claim."));
    for (number, (name, claim, value)) in [
        ("iss", "iss", json!("another")),
        ("sub", "sub", json!("901")),
        ("sub", "box_sub_type", json!("group")),
        ("sub", "box_sub_type", json!("user")),
        ("aud", "aud", json!("https://api.box.com/")),
        ("exp", "exp", json!("soon")),
        ("jti", "jti", json!("fifteen-letters")),
        ("jti", "jti", json!("x".repeat(129))),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = claims(&emulator, &number.to_string());
        claims[claim] = value;
        assert_eq!(send(&emulator, &claims).await, wrong(name), "{claims}");
    }
}

#[tokio::test]
async fn an_assertion_is_good_for_at_most_a_minute_by_boxes_own_clock_which_its_date_header_tells() {
    let emulator = with(app()).await;
    let mut far = claims(&emulator, "far");
    far["exp"] = json!(far["exp"].as_u64().unwrap() + 16);
    assert_eq!(send(&emulator, &far).await, refused("invalid_grant", "Please check the 'exp' claim."));

    let ours = claims(&emulator, "ours");
    emulator.clock().set_skew(120);
    let form = [("grant_type", JWT), ("client_id", "an-app"), ("client_secret", "a-secret")];
    let assertion = signed(&ours, Algorithm::RS256, Some("k1"));
    let answer = emulator.client().post(TOKEN, &[&form[..], &[("assertion", &assertion)]].concat()).await.unwrap();
    let text = "Current date/time MUST be before the expiration date/time listed in the 'exp' claim";
    assert_eq!((answer.status().as_u16(), body(&answer)), refused("invalid_grant", text));

    let theirs = httpdate::parse_http_date(header(&answer, "date").unwrap()).unwrap().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut again = claims(&emulator, "again");
    again["exp"] = json!(theirs + 30);
    assert_eq!(send(&emulator, &again).await.0, 200);
}

#[tokio::test]
async fn a_jti_works_once() {
    let emulator = with(app()).await;
    let claims = claims(&emulator, "once");
    assert_eq!(send(&emulator, &claims).await.0, 200);
    assert_eq!(send(&emulator, &claims).await, refused("invalid_grant", "A unique 'jti' value is required"));
}

#[tokio::test]
async fn only_a_registered_key_signs_and_with_several_the_kid_says_which() {
    let other = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap().public_key_pem();
    let unfit = async |emulator: &Emulator, kid: Option<&str>| {
        let (status, body) = assert_with(emulator, &signed(&claims(emulator, "x"), Algorithm::RS256, kid)).await;
        status == 400 && body["error_description"].as_str().unwrap().starts_with("OpenSSL unable to verify data: ")
    };
    let emulator = with(app()).await;
    assert!(unfit(&emulator, Some("k2")).await);
    assert!(!unfit(&emulator, None).await, "one key needs no kid");
    emulator.box_service().register_app(app().public_key("k2", &other)).unwrap();
    assert!(unfit(&emulator, Some("k2")).await && unfit(&emulator, None).await);
    let unsigned = signed(&claims(&emulator, "y"), Algorithm::RS256, Some("k1"));
    let cut = unsigned.rsplit_once('.').unwrap().0;
    assert_eq!(assert_with(&emulator, &format!("{cut}.")).await.0, 400);
    assert_eq!(assert_with(&emulator, "nonsense").await.0, 400);

    let keyless = App::new("an-app", "a-secret").jwt("900");
    emulator.box_service().register_app(keyless).unwrap();
    let text = "This app is not configured properly. No public key(s) added";
    assert_eq!(send(&emulator, &claims(&emulator, "z")).await, refused("unauthorized_client", text));
}

#[tokio::test]
async fn acting_as_a_user_needs_the_permission() {
    let emulator = with(app()).await;
    let mut user = claims(&emulator, "user");
    (user["sub"], user["box_sub_type"]) = (json!("1000000001"), json!("user"));
    assert_eq!(send(&emulator, &user).await, refused("invalid_grant", "Please check the 'sub' claim."));
    emulator.box_service().register_app(app().user_access_tokens()).unwrap();
    let (status, tokens) = send(&emulator, &user).await;
    assert_eq!(status, 200);
    let me = body(&me(&emulator, tokens["access_token"].as_str().unwrap(), &[]).await);
    assert_eq!(me["login"], "ada@example.com");
}

#[tokio::test]
async fn client_credentials_give_a_token_or_always_the_same_refusal() {
    let emulator = with(app()).await;
    let ask_for = async |kind: &str, id: &str| {
        let grant = [("grant_type", "client_credentials"), ("box_subject_type", kind), ("box_subject_id", id)];
        ask(&emulator, &grant).await
    };
    let (status, tokens) = ask_for("enterprise", "900").await;
    assert_eq!((status, tokens.get("refresh_token")), (200, None));
    let refusal = refused("invalid_grant", "Grant credentials are invalid");
    for (kind, id) in [("enterprise", "901"), ("user", "1000000001"), ("group", "900"), ("", "")] {
        assert_eq!(ask_for(kind, id).await, refusal, "{kind} {id}");
    }
    let form = [("grant_type", "client_credentials"), ("client_id", "an-app"), ("client_secret", "wrong")];
    let answer = emulator.client().post(TOKEN, &form).await.unwrap();
    assert_eq!((answer.status().as_u16(), body(&answer)), refusal);
    emulator.box_service().register_app(app().user_access_tokens()).unwrap();
    assert_eq!(ask_for("user", "1000000001").await.0, 200);
}

#[tokio::test]
async fn an_app_that_the_admin_has_not_authorized_gets_no_server_token() {
    let emulator = with(app().state(AppState::NeedsReauthorization)).await;
    let admin = refused("unauthorized_client", "This app is not authorized by the enterprise admin");
    assert_eq!(send(&emulator, &claims(&emulator, "a")).await, admin);
    let grant = [("grant_type", "client_credentials"), ("box_subject_type", "enterprise"), ("box_subject_id", "900")];
    assert_eq!(ask(&emulator, &grant).await, admin);
}

#[tokio::test]
async fn a_downscoped_token_has_less_power_says_so_and_ends_with_its_subject() {
    let emulator = with(app()).await;
    emulator.clock().advance(Duration::from_secs(1));
    let subject = tokens(&emulator).access_token;
    emulator.clock().advance(Duration::from_secs(600));
    let exchange = async |scope: &str, more: &[(&str, &str)]| {
        let grant = [("grant_type", EXCHANGE), ("subject_token", &*subject), ("subject_token_type", ACCESS_TOKEN), ("scope", scope)];
        ask(&emulator, &[&grant[..], more].concat()).await
    };
    let (status, tokens) = exchange("item_preview base_upload", &[("resource", "https://api.box.com/2.0/folders/12")]).await;
    assert_eq!((status, &tokens["issued_token_type"], &tokens["expires_in"]), (200, &json!(ACCESS_TOKEN), &json!(3000)));
    let object = json!({ "type": "folder", "id": "12" });
    let restricted = json!([{ "scope": "item_preview", "object": object }, { "scope": "base_upload", "object": object }]);
    assert_eq!((&tokens["restricted_to"], tokens.get("refresh_token")), (&restricted, None));
    let items = "https://api.box.com/2.0/folders/0/items";
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(emulator.client().get_with_token(items, token).await.unwrap().status(), 403);

    assert_eq!(exchange("root_readwrite", &[]).await.0, 200, "as much as the subject has");
    assert_eq!(exchange("manage_groups", &[]).await.1["error"], "invalid_scope");
    assert_eq!(exchange("item_preview", &[("resource", "https://evil.example/2.0/files/1")]).await.1["error"], "invalid_request");
    emulator.clock().advance(Duration::from_secs(3000));
    assert!(!emulator.box_service().is_live(token));
    assert_eq!(exchange("item_preview", &[]).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn an_annotator_needs_no_account_and_an_unsigned_token() {
    let emulator = with(app()).await;
    let subject = tokens(&emulator).access_token;
    let now = emulator.clock().now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let actor = |kind: &str| {
        let part = |value: Value| {
            use base64::Engine;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(value.to_string())
        };
        let claims = json!({ "iss": "an-app", "sub": "visitor", "box_sub_type": kind, "name": "A visitor", "exp": now + 60 });
        format!("{}.{}.", part(json!({ "alg": "none" })), part(claims))
    };
    for (kind, status) in [("external", 200), ("enterprise", 400)] {
        let grant = [
            ("grant_type", EXCHANGE),
            ("subject_token", &*subject),
            ("subject_token_type", ACCESS_TOKEN),
            ("scope", "annotation_edit"),
            ("actor_token", &actor(kind)),
            ("actor_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ];
        assert_eq!(ask(&emulator, &grant).await.0, status, "{kind}");
    }
}

#[tokio::test]
async fn as_user_needs_the_permission_and_a_user_of_the_enterprise() {
    let emulator = with(app()).await;
    let [id, name, login, password] = ["7", "Grace", "grace@example.com", "pw"].map(str::to_owned);
    emulator.box_service().add_user(User { id, name, login, password });
    let token = tokens(&emulator).access_token;
    let refusal = me(&emulator, &token, &[("as-user", "7")]).await;
    assert_eq!((refusal.status().as_u16(), &body(&refusal)["code"]), (403, &json!("access_denied_insufficient_permissions")));
    emulator.box_service().register_app(app().as_user()).unwrap();
    assert_eq!(body(&me(&emulator, &token, &[("as-user", "7")]).await)["login"], "grace@example.com");
    assert_eq!(me(&emulator, &token, &[("as-user", "8")]).await.status(), 403);
}

#[tokio::test]
async fn the_journal_has_the_headers_of_a_call() {
    let emulator = with(app()).await;
    let token = tokens(&emulator).access_token;
    me(&emulator, &token, &[("box-notifications", "off")]).await;
    let entry = emulator.journal().entries().pop().unwrap();
    assert!(entry.headers.contains(&("box-notifications".to_owned(), "off".to_owned())), "{:?}", entry.headers);
    assert!(entry.headers.iter().all(|(name, _)| name != "authorization") && entry.authorization.is_some());
}

//! Answers that hold secrets: what is shown of them, whatever form they have, and what a captured secret may become.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jeton_emulator::{App, Emulator, Fault, Matcher, Options};
use jeton_hostile::{Service, answer, component};
use jeton_runtime::{Error, MemoryStorage, Runtime, Storage};

use crate::stage::{CLIENT_SECRET, REFRESH, Stage, client, ordered, quoted, shared};

const ISSUED: &str = "issued+token/that~nobody-may_read";
const RENEWED: &str = "renewed+token/that~nobody-may_read";

const ASKED: [&str; 32] = [
    "",
    "/",
    "/0",
    "/access_token",
    "/access_token/",
    "/Access_Token",
    "/ACCESS_TOKEN",
    "/access~1token",
    "access_token",
    "//access_token",
    "/refresh_token",
    "/id_token",
    "/token",
    "/data",
    "/data/access_token",
    "/data/0/accessToken",
    "/other",
    "/scope",
    "/token_type",
    "/expires_in",
    "/error",
    "/0/access_token",
    "/{\"access_token\":\"",
    "content-type",
    "set-cookie",
    "Set-Cookie",
    "location",
    "authorization",
    "x-access-token",
    "link",
    "refresh",
    "etag",
];

/// Deny by default: of an answer with captures the component reads what the manifest reveals, in whatever form the answer comes.
#[tokio::test]
pub async fn asks_for_the_text_of_secrets() {
    let (a, r) = (ISSUED, RENEWED);
    let fields = format!("\"access_token\":\"{a}\",\"refresh_token\":\"{r}\",\"id_token\":\"{a}\",\"token\":\"{a}\",\"other\":\"{r}\"");
    let nested = format!("{{{fields},\"data\":{{\"access_token\":\"{a}\"}},\"expires_in\":60,\"scope\":\"read {a}\"}}");
    let percent = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let form = format!("access_token={}&refresh_token={}&other={}&expires_in=60", percent(a), percent(r), percent(r));
    for (content_type, body, captured) in [
        ("application/json", nested.clone(), true),
        ("text/html", nested.clone(), true),
        ("application/json", format!("{{\"access_token\":\"x\",{fields}}}"), true),
        ("application/x-www-form-urlencoded", form.clone(), true),
        ("application/x-www-form-urlencoded; charset=utf-8", form.clone(), true),
        ("text/plain", form.clone(), true),
        ("application/json", form.clone(), false),
        ("text/html", format!("<html>{form}</html>"), false),
        ("application/json", nested[..nested.len() - 1].to_owned(), false),
        ("text/plain", nested[..nested.len() - 1].to_owned(), false),
        ("application/json", format!("\"{a}\""), false),
        ("application/json", format!("[\"{a}\",{{{fields}}}]"), false),
        ("application/json", format!("\u{feff}{nested}"), false),
        ("application/json", format!("{nested} trailing"), false),
        ("application/json", format!("{{\"access_token\":[\"{a}\"],\"scope\":{{\"access_token\":\"{a}\"}}}}"), false),
        ("application/xml", format!("<access_token>{a}</access_token>"), false),
        ("application/json", a.to_owned(), false),
        ("application/json", String::new(), false),
    ] {
        let (shown, told) = (format!("{content_type}: {body}"), content_type);
        let service = Service::new(move |_| {
            let link = format!("https://hostile.example/?token={a}");
            let headers = [
                ("content-type", told),
                ("set-cookie", a),
                ("location", &link),
                ("authorization", a),
                ("x-access-token", a),
                ("link", &link),
            ];
            let answer = answer(200, &headers, &body);
            async move { Ok(answer) }
        });
        let stage = Stage::new(&service, component!("secrets", "asks_for_the_text_of_secrets")).await;
        let outcome = stage.provider.refresh(&client(), &ordered(&ASKED.map(|pointer| (pointer, "")))).await;
        match outcome {
            Ok(tokens) => assert_eq!((tokens.access.reveal(), captured), (a.as_bytes(), true), "{shown}"),
            Err(Error::Service(error)) => {
                assert!(!captured && error.description.unwrap().ends_with("without an access_token"), "{shown}");
            }
            Err(other) => panic!("{other:?}"),
        }
        for (how, pointer) in ["text", "header"].into_iter().flat_map(|how| ASKED.map(|pointer| (how, pointer))) {
            let Some(read) = stage.kept(&format!("{how} {pointer}")).await else { continue };
            assert!(shared(&read, a) < 12 && shared(&read, r) < 12, "{how} {pointer} of {shown}: {read}");
            let open = ["text /scope", "text /expires_in", "text /token_type", "text /error", "header content-type"];
            assert!(open.contains(&format!("{how} {pointer}").as_str()), "{how} {pointer} of {shown}");
        }
        assert_eq!(stage.kept("header content-type").await.as_deref(), Some(content_type));
    }
}

/// A token endpoint without captures shows nothing but what is always shown, and no endpoint shows what has the name of a secret.
#[tokio::test]
pub async fn calls_its_token_endpoint_an_api() {
    let body = format!(
        "{{\"access_token\":\"{ISSUED}\",\"refresh_token\":\"{RENEWED}\",\"id_token\":\"{ISSUED}\",\"device_code\":\"{RENEWED}\",\
         \"data\":[{{\"accessToken\":\"{ISSUED}\"}}],\"session\":\"{RENEWED}\",\"user_code\":\"WDJB\",\"expires_in\":60}}"
    );
    let service = Service::always(200, &[("content-type", "application/json")], body);
    let stage = Stage::new(&service, component!("secrets", "calls_its_token_endpoint_an_api")).await;
    stage.provider.refresh(&client(), &ordered(&[])).await.unwrap_err();
    assert_eq!(service.sent().len(), 3);
    for endpoint in ["token", "open", "api"] {
        for pointer in ["/access_token", "/refresh_token", "/id_token", "/device_code", "/data/0/accessToken"] {
            assert_eq!(stage.kept(&format!("{endpoint} {pointer}")).await, None, "{endpoint} {pointer}");
        }
        assert_eq!(stage.kept(&format!("{endpoint} /expires_in")).await.as_deref(), Some("60"), "{endpoint}");
    }
    for (pointer, open) in [("/session", RENEWED), ("/user_code", "WDJB")] {
        assert_eq!(stage.kept(&format!("token {pointer}")).await, None, "{pointer}");
        // The limit of this: what an API answers is readable where its name says nothing.
        assert_eq!(stage.kept(&format!("api {pointer}")).await.as_deref(), Some(open), "{pointer}");
    }
}

/// A secret that comes back keeps its kind, and is not captured as a part of something else.
#[tokio::test]
pub async fn launders_a_secret() {
    for (cursor, expected) in [
        (REFRESH.to_owned(), "sending the refresh-token to `elsewhere` in the field `cursor`: the endpoint doesn't accept it"),
        (CLIENT_SECRET.to_owned(), "sending the client-secret to `elsewhere` in the field `cursor`: the endpoint doesn't accept it"),
        (format!("page:{REFRESH}"), "there is no cursor"),
        (form_urlencoded::byte_serialize(REFRESH.as_bytes()).collect(), "there is no cursor"),
        (STANDARD.encode(format!("1{CLIENT_SECRET}")), "there is no cursor"),
        ("page-2-of-7-for-everybody".to_owned(), "it was sent"),
    ] {
        let service = Service::always(200, &[], format!("{{\"cursor\":{}}}", quoted(&cursor)));
        let stage = Stage::new(&service, component!("secrets", "launders_a_secret")).await;
        let error = stage.provider.refresh(&client(), &ordered(&[])).await.unwrap_err();
        assert!(error.to_string().ends_with(expected), "{cursor}: {error}");
        let elsewhere = service.sent().iter().filter(|sent| sent.line.contains("elsewhere")).count();
        assert_eq!(elsewhere, usize::from(expected == "it was sent"), "{cursor}");
    }
}

/// Over TLS: an answer that is too large, cut off, or no answer of the service's own has nothing to read.
#[tokio::test]
pub async fn takes_what_comes() {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    emulator.box_service().register_app(App::new("app", CLIENT_SECRET)).unwrap();
    let storage = Arc::new(MemoryStorage::default());
    let runtime = Runtime::builder()
        .cache(concat!(env!("CARGO_TARGET_TMPDIR"), "/secrets"))
        .resolve(emulator.resolve_arguments().iter().map(|mapping| mapping.parse().unwrap()))
        .trust(emulator.ca_pem())
        .storage(storage.clone())
        .build()
        .unwrap();
    let provider = runtime.load(component!("secrets", "takes_what_comes")).await.unwrap();
    for (fault, expected) in [
        (Fault::Huge(2 << 20), "the service's answer is too large"),
        (Fault::Truncated, "the connection broke"),
        (Fault::Html, "without an access_token"),
    ] {
        emulator.faults().inject(fault.clone(), Matcher::any().path("/oauth2/token"), 1);
        let error = provider.refresh(&client(), &ordered(&[])).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{fault:?}: {error}");
        for pointer in ["", "/access_token", "/refresh_token", "/scope", "/expires_in", "/token_type"] {
            assert_eq!(storage.get("emulated", &format!("at {pointer}")).await.unwrap(), None, "{fault:?} {pointer}");
        }
    }
}

/// A token is printed by `jeton token`: what a terminal would obey is no token (RFC 6749, appendix A).
#[tokio::test]
async fn a_token_that_a_terminal_would_obey_is_none() {
    for token in ["\\u001b]0;pwned\\u0007", "abc\\r\\nhost: elsewhere.example", "abc\\u0000", "\\u009b31m"] {
        let service = Service::always(200, &[], format!("{{\"access_token\":\"{token}\"}}"));
        let stage = Stage::new(&service, component!("secrets", "takes_what_comes")).await;
        let error = stage.provider.refresh(&client(), &ordered(&[])).await.unwrap_err();
        assert!(error.to_string().ends_with("without an access_token"), "{token}: {error}");
    }
}

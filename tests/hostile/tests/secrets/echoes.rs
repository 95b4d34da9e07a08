//! Services that send back what they were sent, in one of the ways in which services do.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jeton_hostile::{Service, answer, component};
use jeton_runtime::{Error, Grant, GrantKind, Step};

use crate::stage::{CLIENT_SECRET, REFRESH, Stage, client, ordered, quoted, shared};

const POINTERS: [&str; 5] = ["/scope", "/token_type", "/error", "/error_description", "/error_uri"];
const HEADERS: [&str; 6] = ["content-type", "date", "dpop-nonce", "www-authenticate", "x-request-id", "request-id"];

/// Answers with a text in every field and header that a component may read.
fn echoing(echo: &Arc<Mutex<String>>) -> Arc<Service> {
    let echo = echo.clone();
    Service::new(move |_| {
        let echo = echo.lock().unwrap().clone();
        let fields: Vec<_> = POINTERS.iter().map(|pointer| format!("\"{}\":{}", &pointer[1..], quoted(&echo))).collect();
        let headers = HEADERS.map(|name| (name, echo.as_str()));
        let answer = answer(400, &headers, &format!("{{{}}}", fields.join(",")));
        async move { Ok(answer) }
    })
}

fn percent(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn each(text: &str, write: impl Fn(u8) -> String) -> String {
    text.bytes().map(write).collect()
}

/// The spellings of a secret that services are known for.
fn spellings(secret: &str) -> Vec<(&'static str, String)> {
    vec![
        ("as it is", secret.to_owned()),
        ("as a form writes it", percent(secret)),
        ("with small hexadecimal digits", percent(secret).replace("%2B", "%2b").replace("%2F", "%2f").replace("%7E", "%7e")),
        ("every byte escaped", each(secret, |byte| format!("%{byte:02X}"))),
        ("as JSON may write it", each(secret, |byte| format!("\\u{byte:04x}"))),
        ("in capitals", secret.to_ascii_uppercase()),
        ("in hexadecimal", each(secret, |byte| format!("{byte:02x}"))),
        ("in hexadecimal capitals", each(secret, |byte| format!("{byte:02X}"))),
        ("in base64", STANDARD.encode(secret)),
        ("in base64 behind one byte", STANDARD.encode(format!(":{secret}"))),
        ("in base64 behind two bytes", URL_SAFE_NO_PAD.encode(format!("a:{secret}z"))),
        ("in the header of HTTP Basic", STANDARD.encode(format!("app:{}", percent(secret)))),
        ("its beginning", secret[..20].to_owned()),
        ("its end", secret[secret.len() - 20..].to_owned()),
        ("its beginning in base64", STANDARD.encode(&secret[..24])),
    ]
}

/// The scrubbing of all that is shown: the component reads "[withheld]" where the secret stood.
#[tokio::test]
pub async fn has_a_secret_echoed() {
    let echo = Arc::new(Mutex::new(String::new()));
    let stage = Stage::new(&echoing(&echo), component!("secrets", "has_a_secret_echoed")).await;
    for secret in [REFRESH, CLIENT_SECRET] {
        for (how, spelling) in spellings(secret) {
            *echo.lock().unwrap() = format!("not \"{spelling}\" here");
            let error = stage.provider.refresh(&client(), &ordered(&[])).await.unwrap_err();
            assert!(matches!(&error, Error::Service(error) if error.description.as_deref() == Some("read")), "{error:?}");
            for name in POINTERS.iter().chain(&HEADERS) {
                let read = stage.kept(name).await.unwrap();
                assert!(read.contains("[withheld]") && read.starts_with("not \"") && read.ends_with("\" here"), "{how} in {name}: {read}");
                let left = shared(&read, &spelling);
                assert!(left < 14, "{how} in {name}: {left} characters in {read}");
            }
        }
    }
    *echo.lock().unwrap() = "nothing of it".to_owned();
    stage.provider.refresh(&client(), &ordered(&[])).await.unwrap_err();
    assert_eq!(stage.kept("/scope").await.as_deref(), Some("nothing of it"));
}

/// What a browser brings is scrubbed too, of the code that comes beside it, and shown by an allow-list.
#[tokio::test]
pub async fn reads_the_callback() {
    const CODE: &str = "authorization+code/of~the-only_flow";
    let stage = Stage::new(&Service::silent(), component!("secrets", "reads_the_callback")).await;
    let grant = Grant::new(GrantKind::AuthorizationCode, vec![]);
    let redirect = "http://127.0.0.1:4000/callback".to_owned();
    let Step::Visit { flow, .. } = stage.provider.begin(&client(), &grant, &redirect).await.unwrap() else { panic!() };
    let (code, secret, state) = (percent(CODE), percent(CLIENT_SECRET), flow.state.reveal_text().unwrap());
    let query = format!("code={code}&hint={code}&error_description=no+{secret}&scope=a+{code}&session={code}&realm=7&state={state}");
    let returned = flow.returned(&query).unwrap();
    let error = stage.provider.resume(&client(), &flow, &returned).await.unwrap_err();
    assert!(matches!(&error, Error::Service(error) if error.description.as_deref() == Some("read")), "{error:?}");
    for (name, expected) in [("hint", Some("[withheld]")), ("error_description", Some("no [withheld]")), ("scope", Some("a [withheld]"))] {
        assert_eq!(stage.kept(name).await.as_deref(), expected, "{name}");
    }
    for name in ["code", "state", "session", "realm"] {
        assert_eq!(stage.kept(name).await, None, "{name}");
    }
}

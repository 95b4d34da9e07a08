//! A browser that comes back with a form (OAuth 2.0 Form Post Response Mode), and at which addresses of this machine it is waited for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::time::Duration;

use jeton_emulator::Decision;
use jeton_emulator::generic_service::{GenericClient, GenericService};
use url::Url;

use crate::discovery::{FACTS, ISSUER, stage};
use crate::stage::{CLIENT_ID, CLIENT_SECRET, Connecting, Stage};

const ID: &str = "id-acme-example";
const FORM: &str = "application/x-www-form-urlencoded";

/// A home whose provider has its answers posted, to a redirect URI of this host.
async fn posting(host: &str) -> (Stage, GenericService) {
    let (stage, service) = stage(FACTS).await;
    service.register_client(
        GenericClient::new(CLIENT_ID, CLIENT_SECRET).redirect_uri(&format!("http://{host}/jeton/id-acme-example/callback")),
    );
    let path = stage.home.path().join("provider.toml");
    stage.jeton(&["providers", "add", ISSUER, "--save", path.to_str().unwrap()]).succeeded();
    let manifest = std::fs::read_to_string(&path).unwrap();
    let callback = format!("[callback]\nredirect = \"http://{host}/jeton/id-acme-example/callback\"");
    let manifest =
        manifest.replacen("[callback]", &callback, 1) + "\n[protocol.authorize]\nparameters = { response_mode = \"form_post\" }\n";
    std::fs::write(&path, manifest).unwrap();
    stage.discover(&[path.to_str().unwrap()]);
    stage.jeton_with_input(&["clients", "add", ID, "--id", CLIENT_ID, "--secret-file", "-"], CLIENT_SECRET).succeeded();
    (stage, service)
}

/// What the service's page has the browser post, and where to.
async fn begin(stage: &Stage, name: &str) -> (Connecting, Url) {
    let connecting = stage.begin_connect_to(ID, &["--name", name]);
    assert!(connecting.url.contains("response_mode=form_post"), "{}", connecting.url);
    let back = stage.emulator.consent(&connecting.url, Decision::Grant).await.unwrap();
    (connecting, back)
}

/// A browser's post to a port of this machine: the answer, whole.
fn post(to: &Url, address: &str, kind: &str, body: &str) -> String {
    let (host, port) = (to.host_str().unwrap(), to.port().unwrap());
    let mut stream = TcpStream::connect((address, port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!("POST {} HTTP/1.1\r\nHost: {host}:{port}\r\nOrigin: null\r\nConnection: close", to.path());
    let length = body.len();
    // One that refuses the form doesn't read it to its end.
    let _ = write!(stream, "{head}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test]
async fn a_browser_posts_the_answer_and_sees_how_it_went() {
    let (stage, service) = posting("127.0.0.1").await;
    let (connecting, back) = begin(&stage, "work-box").await;
    let answer = post(&back, "127.0.0.1", &format!("{FORM}; charset=utf-8"), back.query().unwrap());
    assert!(status(&answer) == "200" && answer.contains("is connected") && answer.contains("content-security-policy"), "{answer}");
    connecting.finish().succeeded();
    assert!(service.is_live(&stage.token()));
}

#[tokio::test]
async fn only_the_right_state_ends_the_flow_whoever_posts() {
    let (stage, service) = posting("127.0.0.1").await;
    let (connecting, back) = begin(&stage, "work-box").await;
    let right = back.query().unwrap().to_owned();
    let state = back.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let large = format!("{right}&padding={}", "x".repeat(20 << 10));
    for (kind, body, expected) in [
        (FORM, "code=mine&state=mine", "400"),
        (FORM, "code=mine", "400"),
        (FORM, "", "400"),
        (FORM, right.replace(&state, &format!("{state}x")).as_str(), "400"),
        (FORM, format!("{right}&state={state}").as_str(), "400"),
        (FORM, format!("{right}&code=mine").as_str(), "400"),
        (FORM, large.as_str(), "413"),
        ("multipart/form-data; boundary=x", right.as_str(), "415"),
        ("text/plain", right.as_str(), "415"),
        ("application/json", right.as_str(), "415"),
        ("", right.as_str(), "415"),
    ] {
        let answer = post(&back, "127.0.0.1", kind, body);
        assert_eq!(status(&answer), expected, "{kind} {} bytes: {answer}", body.len());
    }
    // Another path, and another name that is made to lead here.
    let (mut path, mut host) = (back.clone(), back.clone());
    path.set_path("/");
    host.set_host(Some("evil.example")).unwrap();
    assert_eq!(status(&post(&path, "127.0.0.1", FORM, &right)), "404");
    assert_eq!(status(&post(&host, "127.0.0.1", FORM, &right)), "403");
    assert_eq!(status(&post(&back, "127.0.0.1", FORM, &right)), "200");
    connecting.finish().succeeded();
    assert!(service.is_live(&stage.token()));
}

#[tokio::test]
async fn localhost_is_waited_for_at_both_of_its_addresses() {
    let (stage, _) = posting("localhost").await;
    let has_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    for address in ["127.0.0.1", "::1"].into_iter().take(if has_ipv6 { 2 } else { 1 }) {
        let name = if address == "::1" { "by-six" } else { "by-four" };
        let (connecting, back) = begin(&stage, name).await;
        assert_eq!(back.host_str(), Some("localhost"));
        assert_eq!(status(&post(&back, address, FORM, back.query().unwrap())), "200", "{address}");
        connecting.finish().succeeded();
    }
}

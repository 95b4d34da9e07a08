//! Clients that show a certificate (RFC 8705). `openssl` makes certificates and keys now, so that none lies in the repository.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use jeton_emulator::generic_service::{Facts, GenericClient};
use jeton_emulator::{Emulator, Options};

use super::{FACTS, MANIFEST, REDIRECT_URI, Scene, changed, field, names};
use crate::discovery::{FACTS as ISSUERS, ISSUER, stage};
use crate::stage::{CLIENT_ID, Ran, Stage, get};

const POST: &str = "client-auth = [\"client_secret_post\"]";
const TLS: &str = "client-auth = [\"self_signed_tls_client_auth\"]\ncertificate-bound = true";

/// Shows the certificate to the token endpoint, the revocation, whose tokens they are, and the API.
fn manifest() -> String {
    let secrets =
        "[secrets.certificate]\nname = \"Certificate\"\nrequired = true\n\n[secrets.private-key]\nname = \"Private Key\"\nrequired = true";
    let shown = |url: &str| (format!("url = \"{url}\"\naccepts"), format!("url = \"{url}\"\nclient-certificate = true\naccepts"));
    let places = ["https://acme.example/token", "https://acme.example/device", "https://acme.example/revoke", "https://api.acme.example/"];
    let mut manifest = changed(
        MANIFEST,
        &[
            ("[secrets.client-secret]\nname = \"Client Secret\"", secrets),
            ("[guide]", "[protocol.client]\nauthentication = \"tls\"\n\n[guide]"),
            ("url = \"https://api.acme.example/me\"", "url = \"https://api.acme.example/me\"\nclient-certificate = true"),
        ],
    );
    for (line, instead) in places.map(shown) {
        manifest = changed(&manifest, &[(&line, &instead)]);
    }
    manifest
}

fn openssl(stage: &Stage, arguments: &str) {
    let mut command = Command::new("openssl");
    command.current_dir(stage.home.path()).args(arguments.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "openssl {arguments}");
}

/// `NAME.pem` and `NAME.key`; the certificate, in PEM.
fn make(stage: &Stage, name: &str) -> String {
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256";
    openssl(stage, &format!("req -x509 {curve} -nodes -days 2 -subj /CN={name}.example -keyout {name}.key -out {name}.pem"));
    std::fs::read_to_string(path(stage, &format!("{name}.pem"))).unwrap()
}

fn path(stage: &Stage, name: &str) -> PathBuf {
    stage.home.path().join(name)
}

fn registered(id: &str, certificate: &str) -> GenericClient {
    GenericClient::public(id).redirect_uri(REDIRECT_URI).redirect_uri(crate::discovery::REDIRECT_URI).certificate(certificate)
}

/// Adds a client with these files.
fn add_with(stage: &Stage, provider: &str, name: &str, (certificate, key): (&str, &str), more: &[&str]) -> Ran {
    let secret = |kind: &str, file: &str| format!("{kind}={}", path(stage, file).display());
    let (certificate, key) = (secret("certificate", certificate), secret("private-key", key));
    let id = if name == "one" { CLIENT_ID } else { name };
    stage.jeton(&[&["clients", "add", provider, "--id", id, "--name", name, "--secret", &certificate, "--secret", &key], more].concat())
}

/// A service that knows the client by the certificate `one`, and nothing added but the provider.
async fn empty() -> Scene {
    let scene = Scene::of(vec![changed(FACTS, &[(POST, TLS)])]).await;
    let certificate = make(&scene.stage, "one");
    scene.service().register_client(registered(CLIENT_ID, &certificate));
    scene.add(&manifest());
    scene
}

async fn with_client() -> Scene {
    let scene = empty().await;
    add_with(&scene.stage, "acme", "one", ("one.pem", "one.key"), &[]).succeeded();
    scene
}

#[tokio::test]
async fn a_person_signs_in_to_a_client_that_shows_its_certificate_and_refreshes() {
    let scene = with_client().await;
    scene.connect(&[]).await.succeeded();
    assert!(scene.one("test").succeeded().stdout.contains("ada@example.com"));
    let before = scene.token();
    scene.one("refresh").succeeded();
    assert_ne!(scene.token(), before);
    let requests = scene.requests("/token");
    assert_eq!(requests.len(), 2);
    for request in &requests {
        assert!(request.certificate.is_some() && request.authorization.is_none(), "{request:?}");
        assert_eq!((field(request, "client_id"), names(request).contains(&"client_secret")), (CLIENT_ID, false), "{request:?}");
    }
    scene.one("revoke").succeeded();
    assert!(scene.requests("/revoke").pop().unwrap().certificate.is_some());
    assert_eq!(scene.one("token").code, 3);
}

/// RFC 8705, 3. What the API wants is what it is shown, and who shows nothing has stolen nothing.
#[tokio::test]
async fn a_bound_token_is_good_with_the_certificate_and_with_nothing_else() {
    let scene = with_client().await;
    scene.stage.jeton(&["connect", "acme", "--name", "one", "--client-credentials"]).succeeded();
    scene.one("refresh").succeeded();
    let asked = scene.stage.jeton(&["request", "one", "GET", "me"]).succeeded();
    assert!(asked.stdout.contains("sub"), "{asked:?}");
    let stolen = scene.stage.emulator.client().get_with_token("https://api.acme.example/me", &scene.token()).await.unwrap();
    assert_eq!(stolen.status(), 401);
    // The same by Jeton, where the manifest doesn't show it to the API.
    let scene = empty().await;
    let api = "url = \"https://api.acme.example/\"\nclient-certificate = true";
    scene.add(&changed(&manifest(), &[(api, "url = \"https://api.acme.example/\""), ("id = \"acme\"", "id = \"other\"")]));
    add_with(&scene.stage, "other", "one", ("one.pem", "one.key"), &[]).succeeded();
    scene.stage.jeton(&["connect", "other", "--name", "one", "--client-credentials"]).succeeded();
    let refused = scene.stage.jeton(&["request", "one", "GET", "me"]);
    assert!(refused.code != 0, "{refused:?}");
    let calls: Vec<_> = scene.requests("/me").into_iter().filter(|entry| entry.certificate.is_none()).collect();
    assert!(!calls.is_empty() && calls.iter().all(|entry| entry.status == 401), "{calls:?}");
}

#[tokio::test]
async fn another_certificate_is_refused_by_the_service_and_an_unfit_one_before_it_is_asked() {
    let scene = empty().await;
    make(&scene.stage, "two");
    add_with(&scene.stage, "acme", "one", ("one.pem", "two.key"), &[]).failed(5, &["the private key isn't the certificate's", "made for"]);
    add_with(&scene.stage, "acme", "one", ("one.key", "one.key"), &[]).failed(5, &["the certificate isn't in PEM", "openssl x509"]);
    add_with(&scene.stage, "acme", "one", ("one.pem", "one.pem"), &[]).failed(5, &["the private key isn't in PEM", "openssl pkey"]);
    openssl(&scene.stage, "x509 -in one.pem -outform DER -out one.der");
    add_with(&scene.stage, "acme", "one", ("one.der", "one.key"), &[]).failed(1, &["one.der", "must be in PEM", "-inform DER"]);
    assert_eq!(scene.stage.jeton(&["clients", "list", "--json"]).succeeded().stdout.trim(), "[]");

    add_with(&scene.stage, "acme", "one", ("two.pem", "two.key"), &[]).succeeded();
    let connect = ["connect", "acme", "--name", "one", "--client-credentials"];
    scene.stage.jeton(&connect).failed(5, &["doesn't show the client's certificate"]);
    scene.assert_no_connection();
}

/// A key that needs a passphrase is opened when the client is added; and as old versions of `openssl` write keys of this kind.
#[tokio::test]
async fn a_key_comes_in_every_form_in_which_keys_come() {
    let scene = empty().await;
    openssl(&scene.stage, "pkcs8 -topk8 -v2 aes-256-cbc -in one.key -out encrypted.key -passout pass:opens");
    openssl(&scene.stage, "ec -in one.key -out sec1.key");
    assert!(std::fs::read_to_string(path(&scene.stage, "sec1.key")).unwrap().contains("EC PRIVATE KEY"));
    let passphrase = scene.stage.download("passphrase", "opens");
    let opened = ["--passphrase-file", passphrase.to_str().unwrap()];
    for (key, more) in [("encrypted.key", &opened[..]), ("sec1.key", &[])] {
        add_with(&scene.stage, "acme", "one", ("one.pem", key), more).succeeded();
        scene.stage.jeton(&["connect", "acme", "--name", "one", "--client-credentials"]).succeeded();
        scene.stage.jeton(&["remove", "one", "--force"]).succeeded();
        scene.stage.jeton(&["clients", "remove", "one"]).succeeded();
    }
}

/// One process serves two clients of one service: no connection of the one is ever the other's.
#[tokio::test]
async fn two_clients_are_never_taken_for_one_another() {
    let scene = with_client().await;
    let other = make(&scene.stage, "two");
    scene.service().register_client(registered("two", &other));
    add_with(&scene.stage, "acme", "two", ("two.pem", "two.key"), &[]).succeeded();
    for name in ["one", "two"] {
        let connecting = scene.stage.begin_connect_to("acme", &["--name", name, "--client", name]);
        get(scene.consent(&connecting).await.as_str());
        connecting.finish().succeeded();
    }
    for _ in 0..2 {
        scene.stage.jeton(&["refresh", "--due", "--ahead", "2h"]).succeeded();
    }
    let requests = scene.requests("/token");
    assert_eq!(requests.len(), 6, "{requests:?}");
    let shown = |id: &str| -> Vec<_> {
        let mut shown: Vec<_> = requests.iter().filter(|one| field(one, "client_id") == id).map(|one| one.certificate.clone()).collect();
        shown.dedup();
        shown
    };
    let (one, two) = (shown(CLIENT_ID), shown("two"));
    assert!(one.len() == 1 && two.len() == 1 && one != two && one[0].is_some() && two[0].is_some(), "{one:?} {two:?}");
    assert!(requests.iter().all(|request| request.status == 200), "{requests:?}");
}

/// The device's endpoint authenticates clients, too; the page, the metadata of nobody and an API without the line are shown nothing.
#[tokio::test]
async fn the_certificate_is_shown_where_the_manifest_says_and_nowhere_else() {
    let scene = empty().await;
    let own = "[endpoints.open]\nurl = \"https://api.acme.example/open/\"\naccepts = [\"access-token\"]\n\n[callback]";
    scene.add(&changed(&manifest(), &[("[callback]", own), ("id = \"acme\"", "id = \"other\"")]));
    add_with(&scene.stage, "other", "one", ("one.pem", "one.key"), &[]).succeeded();
    scene.stage.jeton(&["connect", "other", "--name", "one", "--client-credentials"]).succeeded();
    scene.stage.jeton(&["request", "one", "GET", "me"]).succeeded();
    scene.stage.jeton(&["request", "one", "GET", "x", "--endpoint", "open"]);
    let (open, me) = (scene.requests("/open/x"), scene.requests("/me"));
    assert!(open.len() == 1 && open[0].certificate.is_none(), "{open:?}");
    assert!(!me.is_empty() && me.iter().all(|entry| entry.certificate.is_some()), "{me:?}");
}

#[tokio::test]
async fn neither_key_nor_certificate_is_in_a_trace_an_error_or_the_store() {
    let scene = with_client().await;
    let mut said = String::new();
    let mut run = |arguments: &[&str]| {
        let ran = scene.stage.jeton(arguments);
        said.push_str(&format!("{}{}", ran.stdout, ran.stderr));
        ran
    };
    run(&["connect", "acme", "--name", "one", "--client-credentials", "-vv"]).succeeded();
    run(&["refresh", "one", "-vv"]).succeeded();
    run(&["request", "one", "GET", "me", "-vv"]).succeeded();
    // The service knows another one by now.
    let other = make(&scene.stage, "two");
    scene.service().register_client(registered(CLIENT_ID, &other));
    assert_eq!(run(&["refresh", "one", "-vv", "--json"]).code, 5);
    run(&["clients", "show", "one", "--json"]).succeeded();
    assert!(said.contains("request") && said.contains("acme.example"), "it does trace: {said}");
    let mut places = vec![said.into_bytes(), format!("{:?}", scene.stage.emulator.journal().entries()).into_bytes()];
    places.extend(std::fs::read_dir(scene.stage.data()).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap_or_default()));
    for file in ["one.key", "one.pem"] {
        let pem = std::fs::read_to_string(path(&scene.stage, file)).unwrap();
        for line in pem.lines().filter(|line| line.len() > 40 && !line.starts_with('-')) {
            for place in &places {
                assert!(!place.windows(line.len()).any(|bytes| bytes == line.as_bytes()), "{file}");
            }
        }
    }
}

/// TLS 1.2 asks for certificates in another way than TLS 1.3.
#[tokio::test]
async fn it_works_by_tls_1_2_too() {
    let facts = Facts::parse(&changed(FACTS, &[(POST, TLS)])).unwrap();
    let options = Options { generic: vec![facts], old_tls: true, max_lifetime: std::time::Duration::from_secs(120), ..Options::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("ca.pem"), emulator.ca_pem()).unwrap();
    let scene = Scene { stage: Stage { emulator, home } };
    let certificate = make(&scene.stage, "one");
    scene.service().register_client(registered(CLIENT_ID, &certificate));
    scene.add(&manifest());
    add_with(&scene.stage, "acme", "one", ("one.pem", "one.key"), &[]).succeeded();
    scene.stage.jeton(&["connect", "acme", "--name", "one", "--client-credentials"]).succeeded();
    scene.stage.jeton(&["request", "one", "GET", "me"]).succeeded();
}

/// A new certificate for the same key, before the old one ends: the service is asked, and nothing is mixed up.
#[tokio::test]
async fn a_certificate_is_renewed_for_the_same_key() {
    let scene = with_client().await;
    scene.stage.jeton(&["connect", "acme", "--name", "one", "--client-credentials"]).succeeded();
    openssl(&scene.stage, "req -x509 -new -key one.key -days 3 -subj /CN=one.example -out renewed.pem");
    let renewed = std::fs::read_to_string(path(&scene.stage, "renewed.pem")).unwrap();
    scene.service().register_client(registered(CLIENT_ID, &renewed));
    scene.one("refresh").failed(5, &["doesn't show the client's certificate"]);
    let file = path(&scene.stage, "renewed.pem");
    let add = ["clients", "secret", "add", "one", "--kind", "certificate", "--secret-file", file.to_str().unwrap()];
    assert!(scene.stage.jeton(&add).succeeded().stderr.contains("it is the one in use now"));
    scene.one("refresh").succeeded();
    scene.stage.jeton(&["clients", "secret", "drop-old", "one", "--untested"]).succeeded();
    scene.one("refresh").succeeded();
}

/// RFC 8705, 5: a service that takes nothing else says where clients show their certificates.
#[tokio::test]
async fn an_issuer_that_takes_certificates_alone_is_asked_at_the_addresses_for_them() {
    let facts = ISSUERS
        .replacen(
            "client-auth = [\"client_secret_basic\", \"client_secret_post\"]",
            "client-auth = [\"tls_client_auth\"]\ncertificate-bound = true",
            1,
        )
        .replacen(
            "[authorize]",
            "[aliases]\ntoken = \"https://mtls.acme.example/token\"\nrevoke = \"https://mtls.acme.example/revoke\"\n\n[authorize]",
            1,
        )
        .replacen("url = \"https://id.acme.example/me\"", "url = \"https://mtls.acme.example/me\"", 1);
    let (stage, service) = stage(&facts).await;
    let certificate = make(&stage, "one");
    service.register_client(registered(CLIENT_ID, &certificate));
    let (shown, _) = stage.shown(&[ISSUER]);
    for words in [
        "https://mtls.acme.example/token\n             is sent: refresh token, code, code verifier, device code\n             is shown: Certificate (PEM)\n",
        "`token` is at another host than the issuer: mtls.acme.example",
        "It takes nothing else than a certificate (RFC 8705)",
        "https://mtls.acme.example/me\n             is sent: access token\n             is shown: Certificate (PEM)\n",
        "https://id.acme.example/authorize\n             opens in your browser; is sent no secret",
    ] {
        assert!(shown.stderr.contains(words), "{words:?} is not in:\n{}", shown.stderr);
    }
    stage.discover(&[ISSUER]);
    add_with(&stage, "id-acme-example", "one", ("one.pem", "one.key"), &[]).succeeded();
    let connecting = stage.begin_connect_to("id-acme-example", &["--name", "work-box"]);
    let back = stage.emulator.consent(&connecting.url, jeton_emulator::Decision::Grant).await.unwrap();
    get(back.as_str());
    connecting.finish().succeeded();
    assert!(stage.jeton(&["test", "work-box"]).succeeded().stdout.contains("ada@example.com"));
    stage.jeton(&["refresh", "work-box"]).succeeded();
    for entry in stage.emulator.journal().entries() {
        let shown = ["/token", "/me"].contains(&entry.path.as_str());
        assert_eq!((entry.certificate.is_some(), entry.host == "mtls.acme.example"), (shown, shown), "{entry:?}");
    }
    // Nobody but a person has a certificate.
    stage.jeton(&["clients", "add", "id-acme-example", "--name", "new", "--register"]).failed(2, &["shows a certificate", "by hand"]);
}

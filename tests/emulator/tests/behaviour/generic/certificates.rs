//! Clients that show a certificate (RFC 8705).

use std::sync::Arc;

use jeton_emulator::Emulator;
use jeton_emulator::generic_service::GenericClient;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{ISSUER, ME, TOKEN, get_json, send, service, started, with};

struct Pair {
    key: KeyPair,
    certificate: rcgen::Certificate,
}

impl Pair {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["client.example".to_owned()]).unwrap().self_signed(&key).unwrap();
        Self { key, certificate }
    }

    fn client(&self) -> GenericClient {
        GenericClient::public("certified").certificate(&self.certificate.pem())
    }

    /// Status and body of a request on a connection that shows the certificate.
    async fn send(&self, emulator: &Emulator, url: &str, token: &str, form: &str) -> (u16, Value) {
        let (host, path) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(emulator.ca_pem().as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = config.with_client_auth_cert(vec![self.certificate.der().clone()], key).unwrap();
        let stream = TcpStream::connect(emulator.addr()).await.unwrap();
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        let method = if form.is_empty() { "GET" } else { "POST" };
        let request = format!(
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut seen = String::new();
        let _ = stream.read_to_string(&mut seen).await;
        let (head, body) = seen.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), serde_json::from_str(body).unwrap_or_default())
    }
}

const FORM: &str = "grant_type=client_credentials&client_id=certified";

#[tokio::test]
async fn a_client_is_who_its_connections_certificate_says() {
    for way in ["tls_client_auth", "self_signed_tls_client_auth"] {
        let emulator = with(&format!("client-auth = [\"{way}\"]"), "").await;
        let (own, other) = (Pair::new(), Pair::new());
        service(&emulator).register_client(own.client());
        assert_eq!(own.send(&emulator, TOKEN, "", FORM).await.0, 200);
        assert_eq!(other.send(&emulator, TOKEN, "", FORM).await.1["error"], "invalid_client");
        let bare = [("content-type", "application/x-www-form-urlencoded")];
        assert_eq!(send(&emulator, "POST", TOKEN, &bare, FORM).await.status(), 401);
    }
    let emulator = with("client-auth = [\"none\"]", "").await;
    let own = Pair::new();
    service(&emulator).register_client(own.client());
    assert_eq!(own.send(&emulator, TOKEN, "", &FORM.replace("client_credentials", "refresh_token")).await.1["error"], "invalid_request");
}

#[tokio::test]
async fn a_bound_token_needs_its_certificate_and_says_so_to_whoever_introspects_it() {
    let emulator = with("client-auth = [\"tls_client_auth\"]\ncertificate-bound = true", "").await;
    let (own, other) = (Pair::new(), Pair::new());
    service(&emulator).register_client(own.client());
    let tokens = own.send(&emulator, TOKEN, "", FORM).await.1;
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(own.send(&emulator, ME, token, "").await.0, 200);
    assert_eq!(other.send(&emulator, ME, token, "").await.0, 401);
    assert_eq!(emulator.client().get_with_token(ME, token).await.unwrap().status(), 401);
    let about = own.send(&emulator, "https://as.example/introspect", "", &format!("client_id=certified&token={token}")).await.1;
    let shown = emulator.journal().entries().pop().unwrap().certificate.unwrap();
    assert!(shown.len() == 43 && about["cnf"]["x5t#S256"] == shown, "{about}");
    let metadata = get_json(&emulator, &format!("{ISSUER}/.well-known/openid-configuration")).await;
    assert_eq!(metadata["tls_client_certificate_bound_access_tokens"], true);
}

#[tokio::test]
async fn where_there_are_addresses_for_certificates_none_is_asked_for_elsewhere() {
    let mut facts = super::facts("client-auth = [\"tls_client_auth\"]", "[aliases]\ntoken = \"https://mtls.example/token\"");
    facts.certificate_bound = true;
    let emulator = started(facts).await;
    let own = Pair::new();
    service(&emulator).register_client(own.client());
    assert_eq!(own.send(&emulator, TOKEN, "", FORM).await.0, 401);
    assert_eq!(own.send(&emulator, "https://mtls.example/token", "", FORM).await.0, 200);
    let metadata = get_json(&emulator, &format!("{ISSUER}/.well-known/openid-configuration")).await;
    assert_eq!(metadata["mtls_endpoint_aliases"], serde_json::json!({ "token_endpoint": "https://mtls.example/token" }));
    assert_eq!(metadata["token_endpoint"], TOKEN);
}

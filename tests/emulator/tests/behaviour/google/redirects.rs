//! Redirect URIs by kind of client.

use jeton_emulator::Decision;
use jeton_emulator::google_service::{Client, ClientKind, RegistrationError};

use super::stage::{DRIVE, authorize_of, emulator};

#[tokio::test]
async fn a_desktop_client_returns_to_any_port_of_loopback_and_a_web_client_to_none() {
    let emulator = emulator().await;
    for back in ["http://127.0.0.1:5000", "http://[::1]:5001/cb", "http://localhost:5002/"] {
        let url = emulator.consent(&authorize_of("desktop", back, &[DRIVE], &[]), Decision::Grant).await.unwrap();
        assert!(url.as_str().starts_with(back), "{url}");
        assert!(emulator.consent(&authorize_of("web", back, &[DRIVE], &[]), Decision::Grant).await.is_err(), "{back}");
    }
    for back in ["https://app.example/cb", "urn:ietf:wg:oauth:2.0:oob"] {
        assert!(emulator.consent(&authorize_of("desktop", back, &[DRIVE], &[]), Decision::Grant).await.is_err(), "{back}");
    }
}

#[tokio::test]
async fn mobile_clients_have_no_loopback_and_devices_no_redirect_at_all() {
    let emulator = emulator().await;
    let mobile = Client::new("mobile", "").kind(ClientKind::Mobile).redirect_uri("http://127.0.0.1/");
    emulator.google_service().register_client(mobile).unwrap();
    for client in ["mobile", "tv"] {
        let url = authorize_of(client, "http://127.0.0.1/", &[DRIVE], &[]);
        assert!(emulator.consent(&url, Decision::Grant).await.is_err(), "{client}");
    }
}

#[tokio::test]
async fn the_console_refuses_unsafe_redirect_uris_and_clients_without_a_secret() {
    let emulator = emulator().await;
    let register = |client| emulator.google_service().register_client(client);
    for uri in ["http://app.example/cb", "https://192.0.2.1/", "https://app.example/#x", "https://*.example/"] {
        assert_eq!(register(Client::new("x", "s").redirect_uri(uri)), Err(RegistrationError::RedirectUri(uri.to_owned())));
    }
    assert_eq!(register(Client::new("x", "")), Err(RegistrationError::Incomplete));
    assert_eq!(register(Client::new("x", "").kind(ClientKind::Mobile)), Ok(()));
}

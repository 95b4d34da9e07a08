//! PostgreSQL servers with settings of their own: encrypted, with passwords, restarted.

#[path = "../../../../xtask/src/postgres/server.rs"]
#[allow(dead_code, reason = "xtask needs all of it")]
mod server;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use jeton_runtime::Remedy;
use jeton_vault::{KeySource, Options, StoreSource, Vault};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

use crate::database::Database;
use crate::home::{client, save, tokens, work};
use crate::service::{Service, refresh_token, shared};
use crate::trouble::{PASSWORD, assert_told, refused};
use server::Server;

/// A server that has a certificate for this address and name, wants the password of everybody but `postgres`, and whose authority is `ca`.
struct Encrypted {
    // Ends before its folder goes.
    server: Server,
    folder: TempDir,
    ca: PathBuf,
}

impl Encrypted {
    fn start(names: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().unwrap();
        let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
        let authority = Issuer::new(authority, authority_key);
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut certificate = CertificateParams::new(names).unwrap();
        certificate.distinguished_name.push(DnType::CommonName, "the PostgreSQL of a test");
        let certificate = certificate.signed_by(&key, &authority).unwrap();
        server::give(folder.path()).unwrap();
        let write = |name: &str, content: &str| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            server::give(&path).unwrap();
            path.display().to_string()
        };
        let (certificate, key) = (write("certificate.pem", &certificate.pem()), write("key.pem", &key.serialize_pem()));
        let rules = write("hba", "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n");
        let ca = write("ca.pem", &authority_pem).into();
        let settings = ["ssl=on", &format!("ssl_cert_file={certificate}"), &format!("ssl_key_file={key}"), &format!("hba_file={rules}")]
            .map(str::to_owned);
        let server = Server::start(folder.path(), &settings).unwrap();
        Self { server, folder, ca }
    }

    fn key(&self) -> KeySource {
        KeySource::File(self.folder.path().join("jeton.key"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_network_the_server_must_show_the_right_certificate() {
    let encrypted = Encrypted::start(&["0.0.0.0"]);
    let database = Database::on(&encrypted.server.address()).await;
    let port = database.authority().rsplit_once(':').unwrap().1;
    // This machine by an address that isn't known to be this machine's.
    let url = database.url_at(&format!("0.0.0.0:{port}"));
    let ca = format!("{url}?sslrootcert={}", encrypted.ca.display());

    let unknown = refused(&url).await;
    assert_told(&unknown, "can't be trusted", "sslrootcert=FILE", Remedy::Other);
    let vault = Options::default().open(StoreSource::from(ca.as_str()), encrypted.key()).await.unwrap();
    vault.add_client(&"mine".parse().unwrap(), "box", &client()).await.unwrap();
    let encrypted_ones = "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND application_name = 'jeton'";
    let count: i64 = sqlx::Row::get(&database.row(encrypted_ones).await, 0);
    assert!(count > 0, "nothing is encrypted");

    // Whoever says so goes without.
    let plain = format!("{url}?sslmode=disable");
    Options::default().open_existing(StoreSource::from(plain.as_str()), encrypted.key()).await.unwrap();

    // The right authority, and another name than the one that was asked for.
    let other_name = format!("{}?sslrootcert={}", database.url(), encrypted.ca.display());
    assert_told(&refused(&other_name).await, "can't be trusted", "certificate for this host name", Remedy::Other);
    let no_file = format!("{url}?sslrootcert=/nowhere/ca.pem");
    assert_told(&refused(&no_file).await, "a file that can't be read", "sslrootcert", Remedy::Other);
    drop(vault);

    // A password that is wrong, one that is right, and none.
    let right = database.role(PASSWORD).await;
    assert_told(&refused(&right).await, "forbids it to this user", "Grant CREATE", Remedy::Other);
    for wrong in [right.replace(PASSWORD, &format!("{PASSWORD}-no")), right.replace(&format!(":{PASSWORD}"), "")] {
        let error = refused(&wrong).await;
        assert!(matches!(error, jeton_vault::Error::Store { .. }), "{error:?}");
        assert!(error.to_string().contains("password") || error.to_string().contains("refuses this user"), "{error}");
    }
    assert_told(&refused(&right.replace(PASSWORD, "wrong")).await, "refuses this user", "user and password", Remedy::Other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_database_in_the_middle_of_a_refresh_costs_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let start = {
        let path = folder.path().to_owned();
        move || Server::start_at(&path, port, &[]).unwrap()
    };
    let first = start();
    let database = Database::on(&first.address()).await;
    let open = || Vault::open(StoreSource::from(database.url().as_str()), KeySource::File(folder.path().join("key")));
    let vault = open().await.unwrap();
    vault.add_client(&"mine".parse().unwrap(), "box", &client()).await.unwrap();
    save(&vault, "work", &tokens(0, Some(0)), false).await.unwrap();

    let running = std::sync::Arc::new(std::sync::Mutex::new(Some(first)));
    let stopped = running.clone();
    let service = Service::new(move |call, _| {
        // The database is gone when the service answers.
        drop(stopped.lock().unwrap().take());
        async move { Ok(tokens(call, Some(3600))) }
    });
    let refreshing = tokio::spawn({
        let (vault, providers) = (vault.clone(), shared(&service));
        async move { vault.access_token(&work(), Duration::from_secs(60), &providers).await }
    });
    let again = tokio::task::spawn_blocking({
        let running = running.clone();
        move || {
            while running.lock().unwrap().is_some() {
                std::thread::yield_now();
            }
            start()
        }
    });
    let server = again.await.unwrap();
    assert_eq!(refreshing.await.unwrap().unwrap().secret.reveal(), b"a1");
    assert_eq!(refresh_token(&vault.tokens(&work()).await.unwrap()), "r1");
    assert_eq!(service.calls(), 1);
    assert_eq!(refresh_token(&open().await.unwrap().tokens(&work()).await.unwrap()), "r1");
    drop((vault, database, server));
}

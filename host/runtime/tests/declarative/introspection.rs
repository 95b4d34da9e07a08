//! Whose token it is, asked of the authorization server (RFC 7662).

use jeton_runtime::{ErrorKind, Manifest};

use crate::service::Service;
use crate::{ACCESS, acme, acme_at, client, current, refused, value};

const KNOBS: &str = r#"
[protocol.identify]
style = "introspection"

[endpoints.introspect]
url = "https://acme.com/introspect"
accepts = ["access-token", "client-secret"]
reveals = ["/active", "/sub", "/username"]
"#;

#[tokio::test]
async fn the_client_asks_and_a_token_of_nobodys_is_its_own() {
    for (body, id, login) in [
        (r#"{"active":true,"sub":"u1","username":"ada"}"#, "u1", Some("ada")),
        (r#"{"active":true,"username":"ada"}"#, "ada", Some("ada")),
        (r#"{"active":true}"#, "app 1&x", None),
    ] {
        let service = Service::always(200, &[], body);
        let account = acme_at(&service, KNOBS).await.identify(&client(), &current()).await.unwrap();
        assert_eq!((account.id.as_str(), account.login.as_deref()), (id, login), "{body}");
        let sent = service.only();
        assert_eq!((sent.line.as_str(), value(&sent.body, "token").as_deref()), ("POST https://acme.com/introspect", Some(ACCESS)));
        assert!(value(&sent.body, "client_secret").is_some() && !sent.headers.contains_key("authorization"), "{sent:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_active_is_no_account() {
    for (status, body, kind) in [
        (200, r#"{"active":false,"sub":"u1"}"#, ErrorKind::InvalidToken),
        (200, r#"{"sub":"u1"}"#, ErrorKind::InvalidToken),
        (200, "", ErrorKind::InvalidToken),
        (401, r#"{"error":"invalid_client"}"#, ErrorKind::InvalidClient),
        (503, "", ErrorKind::TemporarilyUnavailable),
    ] {
        let service = Service::always(status, &[], body);
        let error = refused(acme_at(&service, KNOBS).await.identify(&client(), &current()).await);
        assert_eq!(error.kind, kind, "{status} {body}");
    }
}

#[test]
fn what_would_be_denied_later_is_a_mistake_of_the_manifest() {
    for (line, instead, says) in [
        ("[endpoints.introspect]", "[endpoints.other]", "there is no endpoint `introspect` to ask"),
        ("\"access-token\", ", "", "doesn't accept the access-token"),
        (", \"client-secret\"", "", "doesn't accept the client-secret"),
        ("\"/active\", ", "", "doesn't reveal `/active`"),
        ("\"/sub\", ", "", "doesn't reveal `/sub`"),
    ] {
        assert_eq!(KNOBS.matches(line).count(), 1, "{line}");
        let problems = Manifest::parse(&acme(&[], &KNOBS.replace(line, instead))).unwrap_err().to_string();
        assert!(problems.contains(says), "{line}: {problems}");
    }
}

//! Revoking, asking whose tokens these are, signing and judging the API's calls.

use std::time::Duration;

use jeton_runtime::{ApiAnswer, CurrentTokens, ErrorKind, Verdict};

use crate::service::{Service, answer};
use crate::{ACCESS, REFRESH, acme_at, client, current, names, refused, value};

#[tokio::test]
async fn tokens_are_revoked_in_the_way_of_the_service() {
    let bearer = format!("Bearer {ACCESS}");
    for (knobs, line, fields, authorization) in [
        ("", "POST https://acme.com/revoke/", &["token", "client_id", "client_secret"][..], None),
        ("hint = true", "POST https://acme.com/revoke/", &["token", "token_type_hint", "client_id", "client_secret"], None),
        ("authentication = \"none\"\ndrop = [\"client_id\"]", "POST https://acme.com/revoke/", &["token"], None),
        ("style = \"bearer-post\"", "POST https://acme.com/revoke/", &[], Some(&bearer)),
        ("style = \"bearer-post\"\ntoken = \"access-token\"", "POST https://acme.com/revoke/", &["token"], Some(&bearer)),
        ("style = \"bearer-get\"\npath = \"now\"", "GET https://acme.com/revoke/now", &[], Some(&bearer)),
        ("style = \"bearer-delete\"", "DELETE https://acme.com/revoke/", &[], Some(&bearer)),
    ] {
        let service = Service::always(200, &[], "");
        acme_at(&service, &format!("[protocol.revoke]\n{knobs}")).await.revoke(&client(), &current()).await.unwrap();
        let sent = service.only();
        assert_eq!((sent.line.as_str(), names(&sent.body)), (line, fields.iter().map(|name| (*name).to_owned()).collect()), "{knobs}");
        assert_eq!(sent.headers.get("authorization").map(|value| value.to_str().unwrap()), authorization.map(String::as_str), "{knobs}");
    }
}

#[tokio::test]
async fn a_deletion_names_the_access_token_and_both_are_ended_where_one_does_not_end_the_other() {
    let service = Service::always(204, &[], "");
    let knobs = "[protocol.revoke]\nstyle = \"delete\"\ntoken = \"access-token\"\npath = \"v1/token\"\nauthentication = \"basic\"\n\
        body = \"json\"\nrename = { token = \"access_token\" }";
    acme_at(&service, knobs).await.revoke(&client(), &current()).await.unwrap();
    let sent = service.only();
    assert_eq!(sent.line, "DELETE https://acme.com/revoke/v1/token");
    assert_eq!(sent.body, format!(r#"{{"access_token":"{ACCESS}"}}"#));
    assert!(sent.headers["authorization"].to_str().unwrap().starts_with("Basic "));
    let service = Service::always(200, &[], "");
    acme_at(&service, "[protocol.revoke]\ntoken = \"both\"").await.revoke(&client(), &current()).await.unwrap();
    let told: Vec<_> = service.sent().iter().map(|sent| value(&sent.body, "token").unwrap()).collect();
    assert_eq!(told, [REFRESH, ACCESS]);
}

#[tokio::test]
async fn a_revocation_that_the_service_refuses_is_no_success() {
    let knobs = "[protocol.revoke]\nsuccess = { \"/status\" = \"success\" }";
    for (status, body, well) in [
        (200, r#"{"status":"success"}"#, true),
        (200, r#"{"status":"failure"}"#, false),
        (200, "", false),
        (503, r#"{"status":"success"}"#, false),
    ] {
        let outcome = acme_at(&Service::always(status, &[], body), knobs).await.revoke(&client(), &current()).await;
        assert_eq!(outcome.is_ok(), well, "{status} {body}");
    }
    let error = refused(acme_at(&Service::silent(), "").await.revoke(&client(), &CurrentTokens::default()).await);
    assert_eq!(error.kind, ErrorKind::InvalidToken);
}

#[tokio::test]
async fn an_account_is_read_from_where_the_manifest_says() {
    let knobs = "[protocol.identify]\nendpoint = \"api\"\nmethod = \"post\"\npath = \"v2/me\"\nid = [\"/a/id\", \"/user/id\"]\n\
        login = \"/user/mail\"\nname = \"/user/name\"\nparameters = { fields = \"all\" }\n\
        [protocol.api]\nscheme = \"Acme-token\"\nheader = \"X-Auth\"\nheaders = { X-Version = \"7\" }";
    let service = Service::always(200, &[], r#"{"user":{"id":42,"mail":"ada@acme.com","name":"Ada"}}"#);
    let account = acme_at(&service, knobs).await.identify(&client(), &current()).await.unwrap();
    assert_eq!((account.id.as_str(), account.login.as_deref(), account.name.as_deref()), ("42", Some("ada@acme.com"), Some("Ada")));
    let sent = service.only();
    assert_eq!((sent.line.as_str(), sent.body.as_str()), ("POST https://api.acme.com/v2/me", "fields=all"));
    assert_eq!(sent.headers["x-auth"], format!("Acme-token {ACCESS}"));
    assert_eq!(sent.headers["x-version"], "7");
    assert!(!sent.headers.contains_key("authorization"));
    let error = refused(acme_at(&Service::always(401, &[], ""), "").await.identify(&client(), &current()).await);
    assert_eq!(error.kind, ErrorKind::InvalidToken);
    let error = refused(acme_at(&Service::always(200, &[], "{}"), "").await.identify(&client(), &current()).await);
    assert!(error.description.unwrap().contains("doesn't say whose account"));
}

#[tokio::test]
async fn an_account_may_be_asked_for_in_json_where_a_brace_is_written_twice() {
    let knobs = "[protocol.identify]\nendpoint = \"api\"\nmethod = \"post\"\npath = \"graphql\"\nbody = \"json\"\nid = \"/data/viewer/id\"\n\
        parameters = { asker = \"{{{client_id}}}\", query = \"{{ viewer {{ id }} }}\" }";
    let service = Service::always(200, &[], r#"{"data":{"viewer":{"id":"u1"}}}"#);
    assert_eq!(acme_at(&service, knobs).await.identify(&client(), &current()).await.unwrap().id, "u1");
    let sent = service.only();
    assert_eq!(sent.line, "POST https://api.acme.com/graphql");
    assert_eq!(sent.headers["content-type"], "application/json");
    assert_eq!(sent.body, r#"{"asker":"{app 1&x}","query":"{ viewer { id } }"}"#);
}

#[tokio::test]
async fn calls_are_signed_with_the_scheme_the_headers_and_the_options_of_the_manifest() {
    let knobs = "[protocol.api]\nscheme = \"\"\nheader = \"X-Auth\"\nheaders = { X-Version = \"7\" }\noptions = { as-user = \"X-User\" }";
    let provider = acme_at(&Service::silent(), knobs).await;
    let headers = provider.authenticate(&client(), &current(), &vec![("as-user".into(), "9".into())]).await.unwrap();
    let headers: Vec<_> = headers.iter().map(|header| format!("{}: {}", header.name, header.value.reveal_text().unwrap())).collect();
    assert_eq!(headers, [format!("X-Auth: {ACCESS}"), "X-Version: 7".to_owned(), "X-User: 9".to_owned()]);
    let error = refused(provider.authenticate(&client(), &current(), &vec![("as-admin".into(), "9".into())]).await);
    assert_eq!((error.kind, error.description.as_deref()), (ErrorKind::Unsupported, Some("as-admin")));
}

#[tokio::test]
async fn answers_are_judged_by_codes_then_by_statuses_then_as_the_rfcs_say() {
    let knobs = "[protocol.judge]\nsuccess = { \"/ok\" = \"true\" }\ncode = [\"/error\", \"/errors/0/code\"]\nexpired = [\"token_expired\", \"419\"]\n\
        revoked = [\"token_revoked\", \"401\"]\ninsufficient-scope = [\"missing_scope\"]\nrate-limited = [\"ratelimited\"]\n\
        remaining-header = \"x-left\"\nreset-header = \"x-reset\"";
    let provider = acme_at(&Service::silent(), knobs).await;
    let none: &[(&'static str, &str)] = &[];
    for (status, headers, body, verdict) in [
        (200, none, r#"{"ok":true}"#, Verdict::Ok),
        (200, none, r#"{"ok":false,"error":"token_expired"}"#, Verdict::Expired),
        (200, none, r#"{"ok":false,"errors":[{"code":"token_revoked"}]}"#, Verdict::Revoked),
        (200, none, r#"{"ok":false,"error":"missing_scope"}"#, Verdict::InsufficientScope),
        (200, none, r#"{"ok":false,"error":"fatal"}"#, Verdict::Other),
        (401, none, r#"{"error":"token_expired"}"#, Verdict::Expired),
        (401, none, "", Verdict::Revoked),
        (419, none, "", Verdict::Expired),
        (429, &[("retry-after", "9")], "", Verdict::RateLimited(Some(Duration::from_secs(9)))),
        (403, &[("x-left", "0"), ("x-reset", "1000")], "", Verdict::RateLimited(Some(Duration::from_secs(1)))),
        (403, &[("x-left", "5")], "", Verdict::Other),
        (500, none, "", Verdict::Other),
    ] {
        let incoming = answer(status, headers, body);
        let asked = ApiAnswer { endpoint: "api".to_owned(), status, headers: incoming.headers, body: incoming.body.to_vec() };
        assert_eq!(provider.judge(asked, &current()).await.unwrap(), verdict, "{status} {body} {headers:?}");
    }
}

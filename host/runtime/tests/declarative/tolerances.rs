//! What services answer that the RFCs don't have, and clients take all the same. Each of these was seen somewhere.

use std::time::Duration;

use jeton_runtime::{ErrorKind, Tokens};

use crate::service::{Service, answer};
use crate::{acme, client, current, load, refused};

const OPEN: (&str, &str) = (
    "captures = { access-token = \"/access_token\", refresh-token = \"/refresh_token\" }\nreveals = []",
    "captures = { access-token = [\"/access_token\", \"/accessToken\", \"/data/access_token\"], \
     refresh-token = [\"/refresh_token\", \"/refreshToken\", \"/data/refresh_token\"] }\n\
     reveals = [\"/expiresIn\", \"/expires\", \"/expires_at\", \"/data/expires_in\", \"/data/scope\", \"/grants/*/scope\", \
     \"/errors/0/errorType\", \"/errors/0/message\", \"/data/error_code\", \"/data/description\"]",
);

/// What is answered with this form or JSON, to a manifest that says more about answers.
async fn answered(content_type: &str, body: &str, knobs: &str) -> Tokens {
    let (content_type, said) = (content_type.to_owned(), body.to_owned());
    let service = Service::new(move |_| {
        let answer = answer(200, &[("content-type", &content_type)], &said);
        async move { Ok(answer) }
    });
    let provider = load(&service, &acme(&[OPEN], &format!("[protocol.answer]\n{knobs}"))).await;
    provider.refresh(&client(), &current()).await.unwrap_or_else(|error| panic!("{body}: {error:?}"))
}

async fn json(body: &str, knobs: &str) -> Tokens {
    answered("application/json", body, knobs).await
}

#[tokio::test]
async fn a_lifetime_that_is_no_number_of_seconds_is_none() {
    for written in ["null", "0", "-1", "\"\"", "\"never\"", "{}", "[3600]", "true"] {
        assert_eq!(json(&format!(r#"{{"access_token":"a","expires_in":{written}}}"#), "").await.expires_in, None, "{written}");
    }
    for (written, seconds) in [("3600", 3600), ("\"3600\"", 3600), ("3600.9", 3600), ("3.6e3", 3600), ("\"3600.0\"", 3600)] {
        let life = json(&format!(r#"{{"access_token":"a","expires_in":{written}}}"#), "").await.expires_in;
        assert_eq!(life, Some(Duration::from_secs(seconds)), "{written}");
    }
}

#[tokio::test]
async fn a_lifetime_has_other_names_and_may_be_a_date() {
    let named = json(r#"{"access_token":"a","expires":60}"#, "expires-in = [\"/expires_in\", \"/expires\"]").await;
    assert_eq!(named.expires_in, Some(Duration::from_secs(60)));
    let hour = |life: Option<Duration>| (3500..=3600).contains(&life.unwrap().as_secs());
    let in_an_hour = std::time::SystemTime::now() + Duration::from_secs(3600);
    let number = in_an_hour.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let created = format!(r#"{{"access_token":"a","created_at":{},"expires_at":{number}}}"#, number - 3600);
    assert!(hour(json(&created, "expires-in = \"/expires_at\"\nexpires-unit = \"date\"").await.expires_in));
    // RFC 3339, from the same moment in RFC 9110's words.
    let written = httpdate::fmt_http_date(in_an_hour);
    let (day, month, year, time) = (&written[5..7], &written[8..11], &written[12..16], &written[17..25]);
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|name| *name == month).unwrap() + 1;
    let knobs = "expires-in = \"/expires_at\"\nexpires-unit = \"date-text\"";
    for zone in ["Z", ".123456Z", "+00:00", "-00:00"] {
        let body = format!(r#"{{"access_token":"a","expires_at":"{year}-{month:02}-{day}T{time}{zone}"}}"#);
        assert!(hour(json(&body, knobs).await.expires_in), "{body}");
    }
    // An hour later in a zone that is an hour further is the same moment; one that was is better refreshed at once.
    for (text, seconds) in [("2001-02-03T04:05:06Z", Some(1)), ("soon", None), ("2001-02-03", None), ("2001-13", None)] {
        let life = json(&format!(r#"{{"access_token":"a","expires_at":"{text}"}}"#), knobs).await.expires_in;
        assert_eq!(life, seconds.map(Duration::from_secs), "{text}");
    }
    let ahead = json(&format!(r#"{{"access_token":"a","expires_at":"{year}-{month:02}-{day}T{time}-01:30"}}"#), knobs).await;
    assert!((8900..=9000).contains(&ahead.expires_in.unwrap().as_secs()), "{ahead:?}");
}

#[tokio::test]
async fn an_answer_may_be_a_form_whatever_its_type_says() {
    let form = "access_token=a-2&refresh_token=r-2&expires_in=60&scope=a%20b&token_type=bearer";
    for content_type in ["application/x-www-form-urlencoded", "text/plain", "text/plain; charset=utf-8"] {
        let found = answered(content_type, form, "").await;
        assert_eq!((found.access.reveal(), found.refresh.unwrap().reveal()), (&b"a-2"[..], &b"r-2"[..]), "{content_type}");
        assert_eq!((found.expires_in, found.scope.as_deref()), (Some(Duration::from_secs(60)), Some("a b")));
    }
    // JSON that calls itself something else is JSON.
    for content_type in ["text/html", "text/javascript", "text/plain"] {
        assert_eq!(answered(content_type, r#"{"access_token":"a-2"}"#, "").await.access.reveal(), b"a-2", "{content_type}");
    }
}

#[tokio::test]
async fn tokens_stand_under_other_names_and_below_others() {
    let camel = "access-token = \"/accessToken\"\nrefresh-token = \"/refreshToken\"\nexpires-in = \"/expiresIn\"";
    let found = json(r#"{"accessToken":"a-2","refreshToken":"r-2","expiresIn":60,"tokenType":"odd"}"#, camel).await;
    assert_eq!((found.access.reveal(), found.refresh.unwrap().reveal()), (&b"a-2"[..], &b"r-2"[..]));
    assert_eq!(found.expires_in, Some(Duration::from_secs(60)));
    let nested = "access-token = \"/data/access_token\"\nrefresh-token = \"/data/refresh_token\"\nexpires-in = \"/data/expires_in\"\n\
        scope = \"/data/scope\"";
    let found = json(r#"{"data":{"access_token":"a-2","refresh_token":"r-2","expires_in":"60","scope":"a,b"}}"#, nested).await;
    assert_eq!((found.access.reveal(), found.scope.as_deref()), (&b"a-2"[..], Some("a b")));
}

#[tokio::test]
async fn scopes_come_as_a_text_a_list_nothing_or_one_in_each_of_many() {
    for (written, told) in [("\"a b\"", Some("a b")), ("\"a,b\"", Some("a b")), ("\"\"", None), ("null", None), ("7", Some("7"))] {
        let found = json(&format!(r#"{{"access_token":"a","scope":{written}}}"#), "").await;
        assert_eq!(found.scope.as_deref(), told, "{written}");
    }
    let several = json(r#"{"access_token":"a","grants":[{"scope":"a","id":1},{"scope":"b"}]}"#, "scope = \"/grants/*/scope\"").await;
    assert_eq!(several.scope.as_deref(), Some("a b"));
    assert_eq!(json(r#"{"access_token":"a","grants":[]}"#, "scope = \"/grants/*/scope\"").await.scope, None);
    for separator in ["+", ";", "|", "%"] {
        let service = Service::always(200, &[], format!(r#"{{"access_token":"a","scope":"a{separator}b"}}"#));
        let provider = load(&service, &acme(&[], &format!("[protocol.scopes]\nseparator = \"{separator}\""))).await;
        let found = provider.refresh(&client(), &current()).await.unwrap();
        assert_eq!(found.scope.as_deref(), Some("a b"), "{separator}");
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_absent_empty_or_the_same_loses_none() {
    for (written, told) in [("", None), (r#","refresh_token":"""#, None), (r#","refresh_token":null"#, None)] {
        let found = json(&format!(r#"{{"access_token":"a-2"{written}}}"#), "").await;
        assert_eq!(found.refresh.map(|token| token.reveal().to_vec()), told, "{written}: the vault keeps the one before");
    }
    let same = json(&format!(r#"{{"access_token":"a-2","refresh_token":"{}"}}"#, crate::REFRESH), "").await;
    assert_eq!(same.refresh.unwrap().reveal(), crate::REFRESH.as_bytes());
}

#[tokio::test]
async fn a_token_type_is_bearer_in_any_case_or_nothing_or_what_the_manifest_says() {
    for kind in ["", r#","token_type":"bEARER""#, r#","token_type":null"#] {
        json(&format!(r#"{{"access_token":"a"{kind}}}"#), "").await;
    }
    json(r#"{"access_token":"a","token_type":"User Access Token"}"#, "token-types = \"User Access Token\"").await;
    for kind in ["mac", "User Access Token"] {
        let service = Service::always(200, &[], format!(r#"{{"access_token":"a","token_type":"{kind}"}}"#));
        let error = refused(load(&service, &acme(&[], "")).await.refresh(&client(), &current()).await);
        assert!(error.description.unwrap().contains("unknown token_type"), "{kind}");
    }
}

#[tokio::test]
async fn errors_stand_in_lists_below_others_and_behind_status_200() {
    let list = "error = \"/errors/0/errorType\"\ndescription = \"/errors/0/message\"\n[protocol.errors]\nexpired_token = \"invalid-grant\"";
    let nested = "error = \"/data/error_code\"\ndescription = \"/data/description\"\n[protocol.errors]\n10010 = \"invalid-grant\"";
    for (status, body, knobs, said) in [
        (401, r#"{"errors":[{"errorType":"expired_token","message":"Gone"}],"success":false}"#, list, "Gone"),
        (200, r#"{"errors":[{"errorType":"expired_token","message":"Gone"}]}"#, list, "Gone"),
        (200, r#"{"data":{"error_code":10010,"description":"Gone"},"message":"error"}"#, nested, "Gone"),
        (200, r#"{"error":"invalid_grant","error_description":"Gone"}"#, "", "Gone"),
        (200, r#"{"error":"invalid_grant","access_token":"a"}"#, "", "status 200"),
    ] {
        let service = Service::always(status, &[], body);
        let provider = load(&service, &acme(&[OPEN], &format!("[protocol.answer]\n{knobs}"))).await;
        let error = refused(provider.refresh(&client(), &current()).await);
        assert_eq!(error.kind, ErrorKind::InvalidGrant, "{body}");
        assert!(error.description.as_deref().unwrap().contains(said), "{body}: {error:?}");
    }
    let form = &[("content-type", "application/x-www-form-urlencoded")];
    let service = Service::always(200, form, "error=bad_verification_code&error_description=Gone");
    let knobs = "[protocol.errors]\nbad_verification_code = \"invalid-grant\"";
    assert_eq!(refused(load(&service, &acme(&[], knobs)).await.refresh(&client(), &current()).await).kind, ErrorKind::InvalidGrant);
}

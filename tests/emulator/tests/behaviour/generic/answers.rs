//! Names, nesting, formats and demands that differ from the RFCs.

use serde_json::json;

use super::{TOKEN, ask, consent, post, send, service, tokens, with};
use crate::stage::{header, json as body, parameter, text};

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const GRANT: &str = "grant_type=client_credentials&client_id=a-client&client_secret=a-secret";

#[tokio::test]
async fn members_stand_where_the_facts_put_them() {
    let answer = "[answer]\nscope = \"list\"\nexpires-in = \"milliseconds\"\ntoken-type = \"User\"\n\
                  fields = { access_token = \"data.token\", expires_in = \"data.ms\", refresh_token = \"\" }\n\
                  members = { ok = true, data = { id = 7 } }";
    let emulator = with("", answer).await;
    let answer = tokens(&emulator, "&scope=a+b").await;
    assert_eq!((&answer["ok"], &answer["data"]["id"], &answer["data"]["ms"]), (&json!(true), &json!(7), &json!(3_600_000)));
    assert!(service(&emulator).is_live(answer["data"]["token"].as_str().unwrap()));
    assert_eq!((&answer["scope"], &answer["token_type"], answer.get("refresh_token")), (&json!(["a", "b"]), &json!("User"), None));
    assert_eq!(answer.get("access_token"), None);
}

#[tokio::test]
async fn scopes_are_null_absent_or_joined_in_another_way() {
    for (top, form, scope) in
        [("", "null", Some(json!(null))), ("", "absent", None), ("scope-separator = \",\"", "text", Some(json!("a,b")))]
    {
        let emulator = with(top, &format!("[answer]\nscope = \"{form}\"")).await;
        let asked = if top.is_empty() { "&scope=a+b" } else { "&scope=a,b" };
        assert_eq!(tokens(&emulator, asked).await.get("scope"), scope.as_ref());
    }
}

#[tokio::test]
async fn an_answer_is_a_form_unless_json_is_asked_for() {
    let emulator = with("", "[answer]\nformat = \"form-unless-asked\"").await;
    let plain = send(&emulator, "POST", TOKEN, &[FORM], GRANT).await;
    assert!(text(&plain).starts_with("access_token=emulated-access-"), "{}", text(&plain));
    let asked = send(&emulator, "POST", TOKEN, &[FORM, ("accept", "application/json")], GRANT).await;
    assert_eq!(body(&asked)["token_type"], "Bearer");
    let emulator = with("", "[answer]\ncontent-type = \"text/plain\"").await;
    let plain = send(&emulator, "POST", TOKEN, &[FORM], GRANT).await;
    assert_eq!((header(&plain, "content-type"), &body(&plain)["token_type"]), (Some("text/plain"), &json!("Bearer")));
}

#[tokio::test]
async fn refusals_have_the_services_own_names_and_statuses() {
    let errors = "[errors]\nstatus = 200\nclient-status = 418\ncodes = { invalid_grant = \"bad_code\" }\n\
                  fields = { error = \"code\", error_description = \"\" }\nmembers = { ok = false }\n";
    let bad = [("grant_type", "refresh_token"), ("refresh_token", "nonsense")];
    let emulator = with("", errors).await;
    assert_eq!(ask(&emulator, &bad).await, (200, json!({ "ok": false, "code": "bad_code" })));
    assert_eq!(post(&emulator, TOKEN, &bad).await.0, 418);
    let emulator = with("", &format!("{errors}list = \"errors\"")).await;
    assert_eq!(ask(&emulator, &bad).await.1, json!({ "ok": false, "errors": [{ "code": "bad_code" }] }));
}

#[tokio::test]
async fn a_token_request_is_a_form_json_or_a_query() {
    let json_text = r#"{"grant_type":"client_credentials","client_id":"a-client","client_secret":"a-secret"}"#;
    for (kind, form, json, query) in [("form", 200, 400, 401), ("json", 400, 200, 400), ("query", 400, 400, 200)] {
        let emulator = with("", &format!("[request]\nbody = [\"{kind}\"]\ngrants = [\"client_credentials\"]")).await;
        assert_eq!(send(&emulator, "POST", TOKEN, &[FORM], GRANT).await.status(), form, "{kind}");
        assert_eq!(send(&emulator, "POST", TOKEN, &[JSON], json_text).await.status() == 200, json == 200, "{kind}");
        assert_eq!(send(&emulator, "POST", &format!("{TOKEN}?{GRANT}"), &[], "").await.status() == 200, query == 200, "{kind}");
    }
    let emulator = with("", "[request]\nbody = [\"json\"]\ngrants = [\"client_credentials\"]").await;
    send(&emulator, "POST", TOKEN, &[JSON], json_text).await;
    assert_eq!(emulator.journal().entries().pop().unwrap().json.unwrap()["grant_type"], "client_credentials");
}

#[tokio::test]
async fn headers_parameters_and_methods_can_be_demanded() {
    let demands = "[request]\nmethod = \"GET\"\nbody = [\"query\"]\nheaders = { x-version = \"2\" }\nparameters = { kind = \"web\" }\n\
                   grants = [\"client_credentials\"]";
    let emulator = with("", demands).await;
    for (method, headers, more, status) in [
        ("GET", &[("x-version", "2")][..], "&kind=web", 200),
        ("POST", &[("x-version", "2")], "&kind=web", 405),
        ("GET", &[("x-version", "1")], "&kind=web", 400),
        ("GET", &[("x-version", "2")], "", 400),
    ] {
        assert_eq!(send(&emulator, method, &format!("{TOKEN}?{GRANT}{more}"), headers, "").await.status(), status);
    }
}

#[tokio::test]
async fn parameters_have_other_names() {
    let emulator = with("names = { client_id = \"client_key\", state = \"s\" }", "").await;
    let url = "https://as.example/authorize?response_type=code&client_key=a-client&s=8&redirect_uri=http://127.0.0.1/cb";
    let back = emulator.consent(url, jeton_emulator::Decision::Grant).await.unwrap();
    assert_eq!(parameter(&back, "state").as_deref(), Some("8"));
    let form = [("grant_type", "client_credentials"), ("client_key", "a-client"), ("client_secret", "a-secret")];
    assert_eq!(post(&emulator, TOKEN, &form).await.0, 200);
    assert_eq!(ask(&emulator, &[("grant_type", "client_credentials")]).await.0, 401, "the standard name means nothing");
}

#[tokio::test]
async fn authorization_can_demand_parameters_and_answer_with_more() {
    let authorize = "[authorize]\nrequired = { owner = \"user\", audience = \"\" }\ncode = \"auth_code\"\ncallback = { hostname = \"eu\" }\n\
                     drops-state = true\ncopy-code = [\"urn:ietf:wg:oauth:2.0:oob\"]";
    let emulator = with("", authorize).await;
    for more in ["", "&owner=user", "&owner=group&audience=x"] {
        assert_eq!(parameter(&consent(&emulator, more).await, "error").as_deref(), Some("invalid_request"), "{more}");
    }
    let back = consent(&emulator, "&owner=user&audience=x").await;
    assert!(parameter(&back, "auth_code").is_some() && parameter(&back, "code").is_none());
    assert_eq!((parameter(&back, "hostname").as_deref(), parameter(&back, "state")), (Some("eu"), None));
    let url =
        "https://as.example/authorize?response_type=code&client_id=a-client&redirect_uri=urn:ietf:wg:oauth:2.0:oob&owner=user&audience=x";
    assert_eq!(emulator.consent(url, jeton_emulator::Decision::Grant).await.unwrap().scheme(), "copied");
}

#[tokio::test]
async fn facts_that_cannot_be_used_are_refused_with_a_reason() {
    use jeton_emulator::generic_service::Facts;
    for (text, reason) in [
        ("name = \"x\"", "endpoints"),
        ("name = \"x\"\ntypo = 1\n[endpoints]", "typo"),
        ("name = \"x\"\n[endpoints]\ntoken = \"http://a.example/\"", "must be an https URL"),
    ] {
        assert!(Facts::parse(text).unwrap_err().to_string().contains(reason), "{text}");
    }
}

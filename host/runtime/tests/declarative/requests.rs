//! What is sent: client authentication, bodies, parameters, names.

use base64::Engine as _;
use jeton_runtime::{ErrorKind, GrantKind, Step};

use crate::service::Service;
use crate::{CLIENT_SECRET, REDIRECT, acme, acme_at, begin, client, current, grant, load, names, refused, value};

const ANSWER: &str = r#"{"access_token":"a-2","refresh_token":"r-2","expires_in":3600,"scope":"read write"}"#;

/// The token request of a refresh: its headers, body and address.
async fn refresh(changes: &[(&str, &str)], more: &str) -> crate::service::Sent {
    let service = Service::always(200, &[], ANSWER);
    load(&service, &acme(changes, more)).await.refresh(&client(), &current()).await.unwrap_or_else(|error| panic!("{more}: {error:?}"));
    service.only()
}

#[tokio::test]
async fn without_a_word_it_is_what_the_rfcs_say() {
    let service = Service::always(200, &[], ANSWER);
    let provider = acme_at(&service, "").await;
    let (url, flow) = begin(&provider, &["read", "write"]).await;
    let query = url.query().unwrap();
    let expected = ["response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method"];
    assert_eq!(names(query), expected);
    assert_eq!((value(query, "scope").unwrap(), value(query, "code_challenge_method").unwrap()), ("read write".into(), "S256".into()));
    let returned = flow.returned(&format!("code=c-1&state={}", flow.state.reveal_text().unwrap())).unwrap();
    provider.resume(&client(), &flow, &returned).await.unwrap();
    let sent = service.only();
    assert_eq!(sent.line, "POST https://acme.com/token");
    assert_eq!(names(&sent.body), ["grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret"]);
    assert_eq!(value(&sent.body, "redirect_uri").as_deref(), Some(REDIRECT));
    assert_eq!(value(&sent.body, "code_verifier").unwrap().as_bytes(), flow.verifier.reveal());
    assert_eq!((value(&sent.body, "code").unwrap(), value(&sent.body, "client_secret").unwrap()), ("c-1".into(), CLIENT_SECRET.into()));
    assert_eq!(sent.headers["accept"], "application/json");
}

#[tokio::test]
async fn where_the_service_shows_the_code_no_redirect_uri_is_named() {
    let service = Service::always(200, &[], ANSWER);
    let provider = acme_at(&service, "").await;
    let step = provider.begin(&client(), &grant(GrantKind::AuthorizationCode, &[]), &String::new()).await.unwrap();
    let Step::Visit { url, flow } = step else { panic!("{step:?}") };
    assert_eq!(names(url.query().unwrap()), ["response_type", "client_id", "state", "code_challenge", "code_challenge_method"]);
    provider.resume(&client(), &flow, &flow.pasted("c-1").unwrap()).await.unwrap();
    assert_eq!(names(&service.only().body), ["grant_type", "code", "code_verifier", "client_id", "client_secret"]);
}

#[tokio::test]
async fn a_client_shows_who_it_is_in_the_way_of_the_service() {
    let basic = |pair: &str| format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair));
    let post = refresh(&[], "").await;
    assert_eq!(names(&post.body), ["grant_type", "refresh_token", "client_id", "client_secret"]);
    assert!(!post.headers.contains_key("authorization"));
    let none = refresh(&[], "[protocol.client]\nauthentication = \"none\"").await;
    assert_eq!(names(&none.body), ["grant_type", "refresh_token", "client_id"]);
    let encoded = refresh(&[], "[protocol.client]\nauthentication = \"basic\"").await;
    assert_eq!(names(&encoded.body), ["grant_type", "refresh_token"]);
    assert_eq!(encoded.headers["authorization"], basic("app+1%26x:client%3Dsecret%2B1"));
    let raw = refresh(&[("reveals = []", "basic = \"raw\"")], "[protocol.client]\nauthentication = \"basic\"").await;
    assert_eq!(raw.headers["authorization"], basic("app 1&x:client=secret+1"));
}

#[tokio::test]
async fn an_assertion_says_who_the_client_is_to_the_audience_of_the_manifest() {
    let signs = "[signs]\nclient-secret = [\"HS256\"]\n[protocol.client]\nauthentication = \"client-secret-jwt\"\n";
    for (knobs, audience, kind) in [
        ("", "https://acme.com", "JWT"),
        ("audience = \"token-url\"", "https://acme.com/token", "JWT"),
        ("type = \"client-authentication+jwt\"", "https://acme.com", "client-authentication+jwt"),
        ("issuer = \"of-{client_id}\"", "https://acme.com", "JWT"),
    ] {
        let changes = [
            ("component =", "issuer = \"https://acme.com\"\ncomponent ="),
            ("accepts = [\"client-secret\", \"refresh-token\", \"access-token\"]", "accepts = [\"assertion\", \"refresh-token\"]"),
        ];
        let sent = refresh(&changes, &format!("{signs}{knobs}")).await;
        let expected = ["grant_type", "refresh_token", "client_id", "client_assertion_type", "client_assertion"];
        assert_eq!(names(&sent.body), expected);
        let assertion = value(&sent.body, "client_assertion").unwrap();
        let part = |index| -> serde_json::Value {
            let text = assertion.split('.').nth(index).unwrap();
            serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
        };
        assert_eq!((part(1)["aud"].as_str(), part(0)["typ"].as_str()), (Some(audience), Some(kind)), "{knobs}");
        let issuer = if knobs.starts_with("issuer") { "of-app 1&x" } else { "app 1&x" };
        assert_eq!((part(1)["iss"].as_str(), part(1)["sub"].as_str()), (Some(issuer), Some("app 1&x")));
        assert!(part(1)["jti"].as_str().unwrap().len() > 20 && part(1)["exp"].as_u64() > part(1)["iat"].as_u64());
    }
}

#[tokio::test]
async fn a_body_is_a_form_json_or_the_query_and_secrets_stay_out_of_addresses() {
    let json = refresh(&[], "[protocol.request]\nbody = \"json\"").await;
    let body: serde_json::Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!((body["grant_type"].as_str(), body["client_secret"].as_str()), (Some("refresh_token"), Some(CLIENT_SECRET)));
    assert_eq!(json.headers["content-type"], "application/json");
    let query = refresh(&[], "[protocol.request]\nbody = \"query\"").await;
    assert_eq!(query.line, "POST https://acme.com/token?grant_type=refresh_token&client_id=app+1%26x");
    assert_eq!(names(&query.body), ["refresh_token", "client_secret"]);
    let get = refresh(&[], "[protocol.request]\nmethod = \"get\"").await;
    assert!(get.line.starts_with("GET https://acme.com/token?grant_type=refresh_token"), "{}", get.line);
}

#[tokio::test]
async fn parameters_are_added_replaced_renamed_and_dropped() {
    let more = r#"
        [settings.tenant]
        name = "Tenant"
        pattern = "[a-z]+"
        default = "main"
        [settings.realm]
        name = "Realm"
        pattern = "[a-z]*"
        default = ""
        [protocol.request]
        rename = { client_id = "app_id", client_secret = "app_secret" }
        headers = { X-Version = "7" }
        [protocol.refresh]
        parameters = { grant_type = "renew", tenant = "{tenant}", who = "{subject}", app = "{client_id}" }
        [protocol.authorize]
        parameters = { access_type = "offline", response_type = "code token" }
        rename = { client_id = "client_key", scope = "permissions" }
        drop = ["code_challenge_method"]
    "#;
    let service = Service::always(200, &[], ANSWER);
    let provider = acme_at(&service, more).await;
    provider.refresh(&client(), &current()).await.unwrap();
    let sent = service.only();
    assert_eq!(names(&sent.body), ["grant_type", "refresh_token", "app_id", "app_secret", "app", "tenant"], "without a subject, none");
    assert_eq!((value(&sent.body, "grant_type").unwrap(), value(&sent.body, "tenant").unwrap()), ("renew".into(), "main".into()));
    assert_eq!(sent.headers["x-version"], "7");
    let (url, _) = begin(&provider, &["a"]).await;
    let query = url.query().unwrap();
    assert_eq!(names(query), ["response_type", "client_key", "redirect_uri", "state", "permissions", "code_challenge", "access_type"]);
    assert_eq!(value(query, "response_type").as_deref(), Some("code token"));
}

#[tokio::test]
async fn scopes_have_a_separator_a_default_and_one_for_offline_access() {
    let service = Service::silent();
    let knobs = "[protocol.scopes]\nseparator = \",\"\ndefault = [\"basic\"]\noffline = \"offline\"";
    let provider = acme_at(&service, knobs).await;
    for (asked, sent) in [(&[][..], "basic,offline"), (&["a", "b"], "a,b,offline"), (&["offline", "a"], "offline,a")] {
        assert_eq!(value(begin(&provider, asked).await.0.query().unwrap(), "scope").as_deref(), Some(sent));
    }
    let (url, _) = begin(&acme_at(&service, "").await, &[]).await;
    assert_eq!(value(url.query().unwrap(), "scope"), None);
    let (url, _) = begin(&acme_at(&service, "[protocol.scopes]\nomit-when-empty = false").await, &[]).await;
    assert_eq!(value(url.query().unwrap(), "scope").as_deref(), Some(""));
}

#[tokio::test]
async fn pkce_is_s256_or_off_or_plain_where_the_service_knows_nothing_else() {
    let service = Service::always(200, &[], ANSWER);
    for (how, challenge) in [("off", false), ("plain", true)] {
        let provider = acme_at(&service, &format!("[protocol.authorize]\npkce = \"{how}\"")).await;
        let (url, flow) = begin(&provider, &[]).await;
        let shown = value(url.query().unwrap(), "code_challenge");
        assert_eq!(shown.is_some(), challenge, "{how}");
        let returned = flow.returned(&format!("code=c-1&state={}", flow.state.reveal_text().unwrap())).unwrap();
        provider.resume(&client(), &flow, &returned).await.unwrap();
        let body = service.sent().last().unwrap().body.clone();
        assert_eq!(value(&body, "code_verifier"), shown, "{how}");
        assert_eq!(value(url.query().unwrap(), "code_challenge_method"), challenge.then(|| "plain".to_owned()));
    }
}

#[tokio::test]
async fn resources_stand_in_both_requests() {
    let service = Service::always(200, &[], ANSWER);
    let provider = acme_at(&service, "[protocol]\nresources = [\"https://api.acme.com/\", \"https://b.acme.com/\"]").await;
    let (url, _) = begin(&provider, &[]).await;
    assert_eq!(names(url.query().unwrap()).iter().filter(|name| *name == "resource").count(), 2);
    provider.refresh(&client(), &current()).await.unwrap();
    assert_eq!(names(&service.only().body).iter().filter(|name| *name == "resource").count(), 2);
}

#[tokio::test]
async fn a_pushed_request_leaves_a_reference_in_the_address() {
    let par = "[endpoints.par]\nurl = \"https://acme.com/par\"\naccepts = [\"client-secret\"]\ncaptures = {}\nreveals = [\"/request_uri\"]";
    let service = Service::always(201, &[], r#"{"request_uri":"urn:example:1","expires_in":60}"#);
    let provider = acme_at(&service, par).await;
    let (url, flow) = begin(&provider, &["read"]).await;
    assert_eq!(names(url.query().unwrap()), ["client_id", "request_uri", "state"]);
    assert_eq!(value(url.query().unwrap(), "request_uri").as_deref(), Some("urn:example:1"));
    let sent = service.only();
    assert_eq!(sent.line, "POST https://acme.com/par");
    assert_eq!(value(&sent.body, "state").as_deref(), flow.state.reveal_text());
    assert_eq!((value(&sent.body, "scope").unwrap(), value(&sent.body, "client_secret").unwrap()), ("read".into(), CLIENT_SECRET.into()));
    assert_eq!(names(&sent.body).iter().filter(|name| *name == "client_id").count(), 1);
}

#[tokio::test]
async fn a_refresh_may_have_an_endpoint_of_its_own() {
    let refresh = "[endpoints.refresh]\nurl = \"https://acme.com/renew\"\naccepts = [\"client-secret\", \"refresh-token\"]\n\
        captures = { access-token = \"/access_token\", refresh-token = \"/refresh_token\" }";
    let service = Service::always(200, &[], ANSWER);
    acme_at(&service, refresh).await.refresh(&client(), &current()).await.unwrap();
    assert_eq!(service.only().line, "POST https://acme.com/renew");
}

#[tokio::test]
async fn an_address_is_encoded_as_the_service_reads_it() {
    let service = Service::silent();
    for (knobs, written) in [
        ("", "scope=files%3Aread+a%2Fb"),
        ("spaces = \"percent\"", "scope=files%3Aread%20a%2Fb"),
        ("spaces = \"percent\"\nliteral = \":/\"", "scope=files:read%20a/b"),
        ("literal = \":\"", "scope=files:read+a%2Fb"),
    ] {
        let (url, _) = begin(&acme_at(&service, &format!("[protocol.authorize]\n{knobs}")).await, &["files:read", "a/b"]).await;
        assert!(url.query().unwrap().split('&').any(|pair| pair == written), "{knobs}: {url}");
        assert_eq!(value(url.query().unwrap(), "scope").as_deref(), Some("files:read a/b"));
        assert_eq!(value(url.query().unwrap(), "redirect_uri").as_deref(), Some(REDIRECT));
    }
}

#[tokio::test]
async fn a_setting_may_decide_what_a_parameter_is_called() {
    let knobs = "[settings.whose]\nname = \"Whose\"\nvalues = { person = \"user_scope\", bot = \"scope\" }\ndefault = \"person\"\n\
        [protocol.authorize]\nrename = { scope = \"{whose}\" }";
    let provider = acme_at(&Service::silent(), knobs).await;
    for (setting, called, other) in
        [(None, "user_scope", "scope"), (Some("bot"), "scope", "user_scope"), (Some("person"), "user_scope", "scope")]
    {
        let mut client = client();
        client.settings.extend(setting.map(|value| ("whose".to_owned(), value.to_owned())));
        let step = provider.begin(&client, &grant(GrantKind::AuthorizationCode, &["a"]), &REDIRECT.to_owned()).await.unwrap();
        let Step::Visit { url, .. } = step else { panic!("{step:?}") };
        assert_eq!((value(url.query().unwrap(), called).as_deref(), value(url.query().unwrap(), other)), (Some("a"), None), "{setting:?}");
    }
    let mut client = client();
    client.settings.insert("whose".to_owned(), "nobody".to_owned());
    let error = provider.begin(&client, &grant(GrantKind::AuthorizationCode, &[]), &REDIRECT.to_owned()).await.unwrap_err();
    assert!(error.to_string().contains("the setting `whose` must be one of bot (as scope), person (as user_scope)"), "{error}");
}

#[tokio::test]
async fn a_parameter_that_a_placeholder_leaves_empty_is_left_out() {
    let knobs = "[settings.realm]\nname = \"Realm\"\npattern = \"[a-z]*\"\ndefault = \"\"\n\
        [protocol.refresh]\nparameters = { realm = \"{realm}\", at = \"@{realm}\", empty = \"\" }";
    let sent = refresh(&[], knobs).await;
    assert_eq!(names(&sent.body), ["grant_type", "refresh_token", "client_id", "client_secret", "at", "empty"]);
}

#[tokio::test]
async fn all_that_is_asked_for_must_be_granted_where_the_manifest_wants_it() {
    let knobs = "[protocol.scopes]\ngranted = \"all\"\ndefault = [\"read\"]\noffline = \"offline\"";
    for (asked, granted, missing) in [
        (&["read", "write"][..], r#","scope":"write read""#, None),
        (&["read", "write"], r#","scope":"write,read,more""#, None),
        (&["read", "write"], "", None),
        (&["read,write", "more"], r#","scope":"read""#, Some("Not granted: write, more")),
        (&["read", "write"], r#","scope":"readwrite""#, Some("Not granted: read, write")),
        (&[], r#","scope":"write""#, Some("Not granted: read")),
    ] {
        let service = Service::always(200, &[], format!(r#"{{"access_token":"a-2"{granted}}}"#));
        let provider = acme_at(&service, knobs).await;
        let (_, flow) = begin(&provider, asked).await;
        let returned = flow.returned(&format!("code=c-1&state={}", flow.state.reveal_text().unwrap())).unwrap();
        let outcome = provider.resume(&client(), &flow, &returned).await;
        match missing {
            None => drop(outcome.unwrap()),
            Some(missing) => {
                let error = refused(outcome);
                assert_eq!(
                    (error.kind, error.description.as_deref()),
                    (ErrorKind::InsufficientScope, Some(missing)),
                    "{asked:?} {granted}"
                );
            }
        }
        // Without that word, less is granted and told.
        let provider = acme_at(&service, "").await;
        let (_, flow) = begin(&provider, asked).await;
        let returned = flow.returned(&format!("code=c-1&state={}", flow.state.reveal_text().unwrap())).unwrap();
        provider.resume(&client(), &flow, &returned).await.unwrap();
    }
}

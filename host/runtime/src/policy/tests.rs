//! What a component may ask for, as tables: how it is sent, or which rule forbids it and what would allow it.

mod bodies;
mod certificates;

use super::*;

const ACME: &str = r#"
id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
summary = "Anvils"
grants = ["authorization-code"]

[settings.tenant]
name = "Tenant"
pattern = ".*"

[secrets.client-secret]
name = "Client Secret"

[endpoints.authorize]
url = "https://acme.com/authorize"
browser = true

[endpoints.token]
url = "https://acme.com/token"
accepts = ["client-secret", "refresh-token"]

[endpoints.api]
url = "https://{tenant}.acme.com/v1/"
accepts = ["access-token"]

[endpoints.open]
url = "https://acme.com/open"
"#;

const SECRET: &str = "r/t+1 secret";

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn secret(kind: &str) -> Value {
    Value::Secret(Secret::new(kind, SECRET))
}

fn credential(scheme: &str, kind: &str) -> Value {
    Value::Credential { scheme: scheme.to_owned(), secret: Secret::new(kind, SECRET) }
}

fn basic(username: &str, kind: &str, password: &str) -> Value {
    Value::Basic { username: username.to_owned(), password: Secret::new(kind, password) }
}

fn field(name: &str, value: Value) -> Fields {
    vec![(name.to_owned(), value)]
}

fn to(endpoint: &str) -> Asked {
    Asked { method: Method::POST, endpoint: endpoint.to_owned(), path: None, query: vec![], headers: vec![], body: Body::None }
}

fn below(path: &str) -> Asked {
    Asked { path: Some(path.to_owned()), ..to("api") }
}

fn with_header(endpoint: &str, name: &str, value: Value) -> Asked {
    Asked { headers: field(name, value), ..to(endpoint) }
}

fn with_form(endpoint: &str, name: &str, value: Value) -> Asked {
    Asked { body: Body::Form(field(name, value)), ..to(endpoint) }
}

fn with_json(endpoint: &str, name: &str, value: Value) -> Asked {
    Asked { body: Body::Json(field(name, value)), ..to(endpoint) }
}

const MEASURE: Measure = Measure { time: Duration::from_secs(7), largest: 4096 };

fn under(manifest: &str, asked: Asked) -> Result<Outgoing, Denial> {
    let settings = BTreeMap::from([("tenant".to_owned(), "eu".to_owned())]);
    judge(&Manifest::parse(manifest).unwrap(), &settings, None, asked, MEASURE).map(|(outgoing, _)| outgoing)
}

fn allowed(asked: Asked) -> Outgoing {
    under(ACME, asked).unwrap()
}

/// A denial that shows no secret and nothing that a terminal would obey.
fn denied(asked: Asked) -> Denial {
    let denial = under(ACME, asked).unwrap_err();
    let shown = format!("{denial} {}", denial.hint);
    assert!(!shown.contains(SECRET) && !shown.chars().any(char::is_control), "{shown:?}");
    assert!(!denial.hint.is_empty(), "{denial}");
    denial
}

/// Puts the lines that a denial names into the manifest: a table, and what is to stand in it, in place of what has the same key there.
fn heed(denial: &Denial) -> String {
    let Some(Allow::Manifest(lines)) = &denial.allow else { panic!("{denial:?}") };
    let (table, lines) = lines.split_once('\n').unwrap();
    let Some((before, rest)) = ACME.split_once(&format!("{table}\n")) else { return format!("{ACME}\n{table}\n{lines}") };
    let (own, after) = rest.split_once("\n\n").unwrap_or((rest, ""));
    let set = |old: &&str| lines.lines().any(|new| new.split(' ').next() == old.split(' ').next());
    let kept: String = own.lines().filter(|old| !set(old)).map(|old| format!("{old}\n")).collect();
    format!("{before}{table}\n{kept}{lines}\n{after}")
}

#[test]
fn a_request_is_sent_to_the_endpoint_with_the_settings_in_its_url() {
    let sent = allowed(Asked { method: Method::GET, ..below("users/me") });
    assert_eq!((sent.method, sent.url.as_str()), (Method::GET, "https://eu.acme.com/v1/users/me"));
    assert_eq!((sent.time, sent.largest), (MEASURE.time, MEASURE.largest));
    assert!(sent.headers.is_empty() && sent.body.is_empty());
}

#[test]
fn only_endpoints_of_the_manifest_can_be_asked() {
    let denial = denied(to("upload"));
    assert_eq!(denial.to_string(), "a request to `upload`: the manifest has no such endpoint");
    assert_eq!(denial.hint, "[endpoints.upload] with its url would allow it");
    assert_eq!(under(&heed(&denial), to("upload")).unwrap().url.as_str(), "https://example.com/", "an example: the host knows no address");
    assert!(under(&heed(&denied(to("Token"))), to("Token")).is_ok());
    for name in ["", "tok en", "a\"]\n[endpoints.token]", "tok\ren", &"x".repeat(41)] {
        assert!(denied(to(name)).allow.is_none(), "{name:?} can't stand in a manifest");
    }
    for name in ["", "Token", "token ", "https://evil.example/", "tok\ren\x1b[31m", &"x".repeat(10_000)] {
        let denial = denied(to(name));
        assert!(denial.to_string().len() < 200, "{denial}");
    }
}

#[test]
fn a_page_for_a_browser_is_visited_and_never_asked() {
    let denial = denied(to("authorize"));
    assert_eq!(denial.hint, "[endpoints.authorize] without browser = true would allow it");
    assert!(under(&heed(&denial), to("authorize")).is_ok());
    let manifest = Manifest::parse(ACME).unwrap();
    assert_eq!(page(&manifest, &BTreeMap::new(), "authorize").unwrap().as_str(), "https://acme.com/authorize");
    for name in ["open", "nowhere"] {
        let denial = page(&manifest, &BTreeMap::new(), name).unwrap_err();
        assert_eq!(denial.hint, format!("browser = true in [endpoints.{name}] would allow it"));
        assert!(page(&Manifest::parse(&heed(&denial)).unwrap(), &BTreeMap::new(), name).is_ok());
    }
    // No line makes a page of what gets secrets.
    let denial = page(&manifest, &BTreeMap::new(), "token").unwrap_err();
    assert!(denial.allow.is_none() && denial.hint.contains("an endpoint of its own"), "{denial:?}");
}

#[test]
fn an_endpoint_whose_setting_is_missing_says_how_to_set_it() {
    let manifest = Manifest::parse(ACME).unwrap();
    for (settings, hint) in [(BTreeMap::new(), "--set tenant="), (BTreeMap::from([("tenant".to_owned(), "a/b".to_owned())]), "hyphens")] {
        let Err(denial) = judge(&manifest, &settings, None, to("api"), MEASURE) else { panic!("{settings:?} was accepted") };
        assert!(denial.hint.contains(hint), "{}", denial.hint);
    }
}

#[test]
fn a_path_of_plain_segments_is_sent_as_it_is_written() {
    for path in ["users", "users/me", "users/me/", "a.b/c-d_e~f", "files/1:copy", "a@b", "(a)", "x=1,2", "...", "a..b", "!$'"] {
        assert_eq!(allowed(below(path)).url.as_str(), format!("https://eu.acme.com/v1/{path}"));
    }
}

#[test]
fn a_path_that_a_server_could_read_differently_is_refused() {
    for path in [
        "",
        "/",
        "//",
        ".",
        "..",
        "./a",
        "../a",
        "a/..",
        "a/../b",
        "a/./b",
        "../../v2/users",
        "%2e%2e",
        "%2E%2E/a",
        ".%2e",
        "a%2fb",
        "a%2Fb",
        "a%5cb",
        "a\\b",
        "..\\a",
        "//evil.example",
        "/x",
        "/users/me",
        "a//b",
        "a//",
        "?x",
        "a?x=1",
        "#x",
        "a#x",
        "a;b",
        "a;/../b",
        "ä",
        "a b",
        " a",
        "a ",
        "a\r\nb",
        "a\tb",
        "a\0b",
        "a\n",
        "a&b",
        "a+b",
        "a*b",
        "a{b}",
        "a|b",
        "a\"b",
        "<a>",
        "[::1]",
        "\u{ff0e}\u{ff0e}/a",
        "a\u{202e}b",
        "https://evil.example/",
    ] {
        let denial = denied(below(path));
        assert_eq!(denial.rule, "it must be plain segments with `/` between them", "{path:?}");
    }
    denied(below(&"a/".repeat(600)));
}

#[test]
fn a_path_is_for_endpoints_that_end_in_a_slash() {
    let revoke = || Asked { path: Some("revoke".to_owned()), ..to("token") };
    let denial = denied(revoke());
    assert_eq!(denial.to_string(), "the path `revoke` below `token`: its URL doesn't end in `/`");
    assert_eq!(denial.hint, "url = \"https://acme.com/token/\" in [endpoints.token] would allow it");
    assert_eq!(under(&heed(&denial), revoke()).unwrap().url.as_str(), "https://acme.com/token/revoke");
}

#[test]
fn a_query_is_encoded_and_never_holds_a_secret() {
    let query = |value| Asked { query: field("a b", value), ..below("users") };
    assert_eq!(allowed(query(text("c&d=é/+#?"))).url.as_str(), "https://eu.acme.com/v1/users?a+b=c%26d%3D%C3%A9%2F%2B%23%3F");
    for value in [secret("access-token"), credential("Bearer", "access-token"), basic("u", "access-token", SECRET)] {
        let denial = denied(query(value));
        assert_eq!(denial.to_string(), "a secret in the query of `api`: addresses are logged all along the way");
    }
}

#[test]
fn a_secret_goes_only_where_its_kind_is_accepted() {
    for (place, request) in [("header", with_header as fn(&str, &str, Value) -> Asked), ("form", with_form), ("json", with_json)] {
        let whole = |endpoint, kind| request(endpoint, "field", secret(kind));
        allowed(whole("token", "refresh-token"));
        allowed(whole("token", "client-secret"));
        for (endpoint, kind) in
            [("token", "access-token"), ("token", "Refresh-Token"), ("api", "refresh-token"), ("open", "code"), ("api", "")]
        {
            let denial = denied(whole(endpoint, kind));
            assert_eq!(denial.rule, "the endpoint doesn't accept it", "{place}");
            assert!(denial.what.starts_with(&format!("sending the {kind} to `{endpoint}` in the ")), "{}", denial.what);
            assert!(denial.hint.contains(&format!("[endpoints.{endpoint}]")), "{}", denial.hint);
        }
    }
    for value in [credential("Bearer", "code"), basic("u", "code", SECRET)] {
        assert_eq!(denied(with_header("token", "authorization", value)).rule, "the endpoint doesn't accept it");
    }
}

#[test]
fn the_line_that_a_denial_names_allows_the_request_and_keeps_what_was_accepted() {
    let code = || with_form("token", "code", secret("code"));
    let denial = denied(code());
    assert_eq!(denial.hint, "accepts = [\"client-secret\", \"refresh-token\", \"code\"] in [endpoints.token] would allow it");
    let manifest = heed(&denial);
    assert!(under(&manifest, code()).is_ok());
    assert!(under(&manifest, with_form("token", "refresh_token", secret("refresh-token"))).is_ok());
    let denial = denied(with_header("open", "authorization", credential("Bearer", "access-token")));
    assert_eq!(denial.hint, "accepts = [\"access-token\"] in [endpoints.open] would allow it");
    assert!(under(&heed(&denial), with_header("open", "authorization", credential("Bearer", "access-token"))).is_ok());
}

#[test]
fn headers_that_steer_the_connection_are_the_hosts() {
    for name in [
        "host",
        "Host",
        "content-length",
        "Content-Type",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "upgrade",
        "te",
        "trailer",
        "expect",
        "cookie",
        "COOKIE",
        "cookie2",
        "accept-encoding",
        "forwarded",
        "via",
        "range",
        "http2-settings",
        "proxy-authorization",
        "proxy-connection",
        "x-forwarded-for",
        "X-Forwarded-Host",
        "sec-fetch-site",
    ] {
        let denial = denied(with_header("open", name, text("x")));
        assert_eq!(denial.rule, "it steers the connection, which is the host's", "{name}");
        assert!(denial.what.contains(name), "{denial}");
    }
    for name in ["", " ", "a b", "a:b", ":authority", "a\r\nb", "x\r\nhost", "ä", "a\0"] {
        assert_eq!(denied(with_header("open", name, text("x"))).rule, "that is no header's name", "{name:?}");
    }
}

#[test]
fn a_header_holds_no_line_breaks_wherever_they_come_from() {
    for value in ["a\r\nhost: evil", "a\nb", "a\rb", "a\0b", "a\x7fb"] {
        for value in [text(value), Value::Secret(Secret::new("access-token", value)), {
            Value::Credential { scheme: "Bearer".to_owned(), secret: Secret::new("access-token", value) }
        }] {
            assert_eq!(denied(with_header("api", "x-own", value)).rule, "a header holds no line breaks or control characters");
        }
    }
    for scheme in ["", " ", "Bearer x", "Bear\r\ner", "Bearer:", "Bärer", "Bearer "] {
        assert_eq!(
            denied(with_header("api", "authorization", credential(scheme, "access-token"))).rule,
            "that is no scheme's name",
            "{scheme:?}"
        );
    }
}

#[test]
fn a_header_stands_there_once_however_it_is_written() {
    let headers = vec![("Accept".to_owned(), text("a")), ("aCCEPT".to_owned(), text("b"))];
    assert_eq!(denied(Asked { headers, ..to("open") }).to_string(), "two headers `accept`: a header may stand there once");
}

#[test]
fn basic_authentication_encodes_both_halves_as_rfc_6749_says() {
    let sent = allowed(with_header("token", "authorization", basic("client:id ä", "client-secret", "p@ss w/ord&*")));
    // client%3Aid+%C3%A4:p%40ss+w%2Ford%26*
    assert_eq!(sent.headers["authorization"], "Basic Y2xpZW50JTNBaWQrJUMzJUE0OnAlNDBzcyt3JTJGb3JkJTI2Kg==");
}

#[test]
fn headers_with_a_secret_are_marked_and_the_others_are_not() {
    for (value, expected) in [
        (secret("refresh-token"), SECRET.to_owned()),
        (credential("Zoho-oauthtoken", "refresh-token"), format!("Zoho-oauthtoken {SECRET}")),
        (basic("u", "client-secret", "p"), "Basic dTpw".to_owned()),
    ] {
        let sent = allowed(with_header("token", "authorization", value));
        assert_eq!(sent.headers["authorization"], expected);
        assert!(sent.headers["authorization"].is_sensitive());
        assert!(!format!("{:?}", sent.headers).contains(&expected));
    }
    let sent = allowed(with_header("token", "Accept", text("application/json")));
    assert_eq!(sent.headers["accept"], "application/json");
    assert!(!sent.headers["accept"].is_sensitive());
}

//! `[protocol]`, `[extras]` and `component`: what a manifest without a component of its own may say.

use jeton_runtime::Manifest;
use jeton_runtime::manifest::Problem;

/// A service as the RFCs have it.
const PLAIN: &str = r#"id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
component = "oauth2"
summary = "Anvils"
grants = ["authorization-code"]

[settings.tenant]
name = "Tenant"
pattern = "[a-z]+"
default = "main"

[secrets.client-secret]
name = "Client Secret"

[endpoints.authorize]
url = "https://acme.com/authorize"
browser = true

[endpoints.token]
url = "https://acme.com/token"
accepts = ["client-secret", "code", "code-verifier", "refresh-token"]
captures = { access-token = "/access_token", refresh-token = "/refresh_token" }
reveals = ["/team"]

[endpoints.userinfo]
url = "https://acme.com/me"
accepts = ["access-token"]

[callback]
reveals = ["hostname"]
"#;

fn problems(source: &str) -> Vec<Problem> {
    match Manifest::parse(source) {
        Ok(_) => vec![],
        Err(problems) => problems.0,
    }
}

/// Each of these, below the manifest, is one mistake at the line that begins so.
fn mistaken(cases: &[(&str, &str, &str, &str)]) {
    for (more, at, what, hint) in cases {
        let source = format!("{PLAIN}\n{more}\n");
        let problems = problems(&source);
        let [Problem { line, what: said, hint: hinted }] = problems.as_slice() else { panic!("{more}: {problems:#?}") };
        let reported = source.lines().nth(line - 1).unwrap();
        assert!(reported.starts_with(at), "{more}: line {line} is {reported:?}: {said}");
        assert!(said.contains(what), "{more}: {said:?} doesn't say {what:?}");
        assert!(hinted.contains(hint) && !hinted.is_empty(), "{more}: {hinted:?} doesn't say {hint:?}");
    }
}

#[test]
fn every_table_of_the_protocol_is_read() {
    let more = r#"
        [protocol]
        resources = ["https://api.acme.com/"]
        [protocol.client]
        authentication = "basic"
        [protocol.request]
        body = "json"
        method = "post"
        headers = { X-Version = "1" }
        [protocol.authorize]
        pkce = "S256"
        parameters = { tenant = "{tenant}", who = "{subject}", app = "{client_id}" }
        rename = { client_id = "app_id" }
        drop = ["response_type"]
        options = ["login_hint"]
        [protocol.scopes]
        separator = ","
        default = ["a", "b"]
        omit-when-empty = false
        [protocol.answer]
        expires-unit = "milliseconds"
        default-lifetime = 60
        [protocol.errors]
        "2000" = "invalid-client"
        odd_code = "invalid-grant"
        [protocol.descriptions]
        "ask your admin" = "admin-approval-required"
        [protocol.identify]
        id = ["/id", "/user/id"]
        [protocol.api]
        scheme = "Acme-token"
        options = { as-user = "X-User" }
        [protocol.judge]
        expired = ["401", "token_expired"]
    "#;
    let manifest = Manifest::parse(&format!("{PLAIN}{more}")).unwrap_or_else(|problems| panic!("{problems}"));
    let protocol = &manifest.protocol;
    assert!(manifest.declarative);
    assert_eq!((protocol.text("client.authentication"), protocol.text("scopes.omit-when-empty")), (Some("basic"), Some("false")));
    assert_eq!((protocol.text("answer.default-lifetime"), protocol.texts("identify.id").len()), (Some("60"), 2));
    assert_eq!(protocol.pairs("authorize.rename"), [("client_id".to_owned(), "app_id".to_owned())]);
    assert_eq!((protocol.pairs("errors").len(), protocol.texts("resources").len()), (2, 1));
    assert_eq!((protocol.text("errors"), protocol.texts("client.authentication").len(), protocol.pairs("nothing").len()), (None, 0, 0));
}

#[test]
fn a_mistake_in_the_protocol_is_told_with_its_line_and_what_is_right() {
    mistaken(&[
        ("[protocol.clients]\nx = 1", "[protocol.clients]", "[protocol] has no `clients`", "client, "),
        ("[protocol.client]\nauth = \"post\"", "auth", "[protocol.client] has no `auth`", "authentication"),
        ("[protocol.client]\nauthentication = \"mtls\"", "authentication", "no protocol.client.authentication `mtls`", "private-key-jwt"),
        ("[protocol.request]\nbody = \"xml\"", "body", "no protocol.request.body `xml`", "form, json, query"),
        ("[protocol.request]\nbody = 1", "body", "`protocol.request.body` is a", "string in quotes"),
        ("[protocol.request]\nheaders = { Host = \"x\" }", "headers", "no header that a provider may send", "Leave it out"),
        ("[protocol.request]\nheaders = { Authorization = \"x\" }", "headers", "`Authorization` can't be set", "Secrets have no place"),
        ("[protocol.request]\nheaders = [\"x\"]", "headers", "`protocol.request.headers` is a", "table of texts"),
        ("[protocol.token]\nparameters = { client_secret = \"x\" }", "parameters", "`client_secret` can't be set", "Secrets have no place"),
        ("[protocol.authorize]\nparameters = { state = \"x\" }", "parameters", "`state` can't be set", "the host's"),
        ("[protocol.authorize]\nparameters = { redirect_uri = \"x\" }", "parameters", "`redirect_uri` can't be set", "the host's"),
        ("[protocol.authorize]\nparameters = { a = \"{realm}\" }", "parameters", "there is no setting `realm`", "[settings.realm]"),
        ("[protocol.authorize]\nparameters = { a = \"{tenant\" }", "parameters", "without its `}`", "{setting}"),
        ("[protocol.authorize]\nparameters = { \"a=b\" = \"c\" }", "parameters", "can't be a parameter's name", "at most 80"),
        ("[protocol.authorize]\nrename = { owner = \"x\" }", "rename", "no standard parameter", "client_id"),
        ("[protocol.authorize]\ndrop = [\"state\"]", "drop", "`state` can't be dropped", "scope"),
        ("[protocol.authorize]\npkce = \"S512\"", "pkce", "no protocol.authorize.pkce", "S256, plain, off"),
        ("[protocol.scopes]\nomit-when-empty = \"no\"", "omit", "is a string", "true or false"),
        ("[protocol.answer]\ndefault-lifetime = \"1h\"", "default", "is not a number of seconds", "without quotes"),
        ("[protocol.answer]\nerror = \"error\"", "error", "is not a JSON pointer", "RFC 6901"),
        ("[protocol.errors]\nx = \"bad\"", "x =", "is no kind of error: `bad`", "invalid-grant"),
        ("[protocol.advice]\nx = \"\"", "x =", "the advice for `x` in protocol.advice must be one line", "in a sentence"),
        ("[protocol.advice]\nx = \"a\\nb\"", "x =", "the advice for `x` in protocol.advice must be one line", "in a sentence"),
        ("[protocol.authorize]\nliteral = \":&\"", "literal", "can't stand in a query as it is", ":/"),
        ("[protocol.authorize]\nliteral = \"\"", "literal", "can't stand in a query as it is", ":/"),
        ("[protocol.authorize]\nspaces = \"none\"", "spaces", "no protocol.authorize.spaces `none`", "plus, percent"),
        ("[protocol.authorize]\nrename = { scope = \"{realm}\" }", "rename", "there is no setting `realm`", "[settings.realm]"),
        ("[protocol.authorize]\nrename = { scope = \"{tenant}\" }", "rename", "`{tenant}` can't stand in a parameter's name", "values = {"),
        ("[protocol.scopes]\ngranted = \"some\"", "granted", "no protocol.scopes.granted `some`", "any, all"),
        ("[protocol.identify]\npath = \"/me\"", "path", "is not a path below an endpoint", "leading"),
        ("[protocol.judge]\nreset-header = \"Cookie\"", "reset", "no header", "Leave it out"),
        ("[protocol]\nresources = [\"acme\"]", "resources", "is not a resource", "RFC 8707"),
    ]);
}

#[test]
fn advice_has_an_end() {
    let advice = |length: usize| problems(&format!("{PLAIN}\n[protocol.advice]\nx = \"{}\"\n", "\u{e4}".repeat(length)));
    assert!(advice(300).is_empty());
    assert!(advice(301)[0].what.contains("at most 300 characters"));
}

#[test]
fn what_the_component_sends_must_be_accepted_and_what_it_reads_must_be_shown() {
    mistaken(&[
        (
            "[protocol.answer]\naccess-token = \"/data/token\"",
            "access-token",
            "doesn't capture the access-token at `/data/token`",
            "captures",
        ),
        ("[protocol.answer]\nexpires-in = \"/life\"", "expires-in", "doesn't reveal `/life`", "reveals in [endpoints.token]"),
        ("[protocol.answer]\nsuccess = { \"/ok\" = \"true\" }", "success", "doesn't reveal `/ok`", "reveals"),
        (
            "[protocol.client]\nauthentication = \"private-key-jwt\"\n[signs]\nprivate-key = [\"RS256\"]",
            "[protocol.client]",
            "doesn't accept the assertion",
            "accepts = [",
        ),
        ("[protocol.identify]\nendpoint = \"api\"", "endpoint", "there is no endpoint `api`", "[endpoints]"),
        ("[protocol.identify]\npath = \"me\"", "path", "has no paths", "Leave out"),
        (
            "[protocol.api]\nheader = \"X-A\"\n[endpoints.revoke]\nurl = \"https://acme.com/r\"\naccepts = [\"client-secret\"]",
            "",
            "doesn't accept the refresh-token",
            "[endpoints.revoke]",
        ),
    ]);
    let without = PLAIN.replace(", \"code-verifier\"", "");
    assert!(problems(&without)[0].what.contains("doesn't accept the code-verifier"));
    assert!(problems(&format!("{without}\n[protocol.authorize]\npkce = \"off\"")).is_empty());
    let device = PLAIN.replace("grants = [", "grants = [\"device-code\", ");
    assert!(problems(&device).iter().any(|problem| problem.what.contains("needs the endpoint `device`")), "{:?}", problems(&device));
}

#[test]
fn bound_tokens_need_a_key_of_the_hosts_and_proofs_wherever_they_go() {
    const KEY: &str = "[secrets.dpop-key]\nname = \"Key\"\ngenerated = true\n[signs]\ndpop-key = [\"ES256\"]\n";
    let table = |more: &str| format!("[protocol.dpop]\n{more}");
    let keyed = |more: &str| format!("{KEY}[protocol.dpop]\nkey = \"dpop-key\"\n{more}");
    mistaken(&[
        (&table(""), "[protocol.dpop]", "doesn't say which key", "key = \"dpop-key\""),
        (&table("bearer = true"), "[protocol.dpop]", "doesn't say which key", "generated = true"),
        (&table("key = \"dpop-key\"\nbearer = \"yes\""), "bearer", "is a string", "true or false"),
    ]);
    let sources =
        |manifest: &str, more: &str| problems(&format!("{manifest}\n{more}\n")).into_iter().map(|problem| problem.what).collect::<Vec<_>>();
    let proven = PLAIN
        .replace("\"refresh-token\"]", "\"refresh-token\", \"dpop-proof\"]")
        .replace("[\"access-token\"]", "[\"access-token\", \"dpop-proof\"]");
    assert_eq!(sources(&proven, &keyed("bearer = false")), [""; 0]);
    for (manifest, more, mistakes) in [
        (PLAIN, keyed(""), &["[endpoints.token] doesn't accept the dpop-proof", "[endpoints.userinfo] doesn't accept the dpop-proof"][..]),
        (&proven, keyed("").replace("generated = true\n", ""), &["`dpop-key` is no key that Jeton makes"]),
        (&proven, keyed("").replace("ES256", "ES384"), &["the dpop-key may not sign by ES256"]),
        (&proven, keyed("[protocol.api]\nscheme = \"Token\""), &["behind `DPoP`"]),
        (&proven, keyed("[protocol.api]\nheader = \"X-Auth\""), &["behind `DPoP`"]),
        (
            &proven,
            keyed("[endpoints.par]\nurl = \"https://acme.com/par\"\naccepts = [\"client-secret\"]"),
            &["[endpoints.par] doesn't accept the dpop-proof"],
        ),
        (
            &proven,
            keyed(
                "[protocol.revoke]\nstyle = \"bearer-get\"\n[endpoints.revoke]\nurl = \"https://acme.com/r\"\naccepts = [\"access-token\", \"client-secret\"]",
            ),
            &["[endpoints.revoke] doesn't accept the dpop-proof"],
        ),
    ] {
        let told = sources(manifest, &more);
        assert_eq!(told.len(), mistakes.len(), "{more}: {told:?}");
        assert!(told.iter().zip(mistakes).all(|(told, mistake)| told.contains(mistake)), "{more}: {told:?}");
    }
}

#[test]
fn what_an_api_answers_is_open_though_it_is_sent_proofs() {
    let manifest = Manifest::parse(&PLAIN.replace("[\"access-token\"]", "[\"access-token\", \"dpop-proof\"]")).unwrap();
    assert!(manifest.endpoints["userinfo"].captures.is_none() && manifest.endpoints["token"].captures.is_some());
}

#[test]
fn the_protocol_is_for_a_manifest_without_a_component_alone() {
    let other = PLAIN.replace("component = \"oauth2\"", "component = \"oauth3\"");
    assert_eq!(problems(&other)[0].what, "there is no component `oauth3`");
    let own = format!("{}\n[protocol]\n", PLAIN.replace("component = \"oauth2\"\n", ""));
    let problems = problems(&own);
    assert!(problems.len() == 1 && problems[0].hint.contains("component = \"oauth2\""), "{problems:?}");
}

#[test]
fn what_a_service_says_is_put_into_an_address_only_as_the_manifest_lets_it() {
    let at = "[endpoints.api]\nurl = \"https://{hostname}/\"\naccepts = [\"access-token\"]\n[extras.hostname]\nname = \"Server\"\n";
    let said = "parameter = \"hostname\"\n";
    mistaken(&[
        (&format!("{at}{said}"), "[extras.hostname]", "stands in a URL, and may be anything", "values = ["),
        (&format!("{at}{said}pattern = \"[a-z.]+\""), "[extras.hostname]", "ends in {hostname}, which a pattern leaves open", "values = ["),
        (&format!("{at}values = [\"a.com\"]"), "[extras.hostname]", "comes from nowhere", "parameter = "),
        (&format!("{at}values = [\"a.com\"]\nparameter = \"other\""), "[extras.hostname]", "isn't revealed", "[callback] reveals"),
        (&format!("{at}values = [\"a.com\"]\npointer = \"/other\""), "[extras.hostname]", "isn't revealed", "[endpoints.token] reveals"),
        (&format!("{at}{said}values = [\"a.com\"]\npattern = \"a\""), "[extras.hostname]", "values and a pattern", "Decide"),
    ]);
    assert!(problems(&format!("{PLAIN}\n{at}{said}values = [\"a.com\", \"b.com\"]")).is_empty());
    let page = PLAIN.replace("https://acme.com/authorize", "https://{hostname}/authorize");
    let without = format!("{page}\n[extras.hostname]\nname = \"Server\"\n{said}values = [\"a.com\"]");
    assert!(problems(&without)[0].what.contains("opened before the service has said it"));
    assert!(problems(&format!("{without}\ndefault = \"a.com\"")).is_empty());
}

#[test]
fn a_host_below_a_fixed_one_may_be_left_to_a_pattern() {
    let at = "[endpoints.api]\nurl = \"https://{name}.acme.com/\"\naccepts = [\"access-token\"]\n[extras.name]\nname = \"Company\"\n";
    let manifest = Manifest::parse(&format!("{PLAIN}\n{at}pointer = \"/team\"\npattern = \"https://([a-z]+)\\\\.acme\\\\.com\"")).unwrap();
    let extra = &manifest.extras["name"];
    assert_eq!(
        (extra.accept("https://anvil.acme.com"), extra.accept("https://anvil.evil.com"), extra.accept("")),
        (Some("anvil"), None, None)
    );
}

#[test]
fn a_client_that_authenticates_by_its_certificate_shows_it_where_it_authenticates() {
    let secrets = "[secrets.certificate]\nname = \"Certificate\"\n[secrets.private-key]\nname = \"Key\"\n";
    let tls = "[protocol.client]\nauthentication = \"tls\"";
    mistaken(&[(
        &format!("{secrets}{tls}"),
        "authentication",
        "[endpoints.token] isn't shown the certificate",
        "client-certificate = true",
    )]);
    let more = |endpoint: &str, more: &str| {
        let at = format!("[endpoints.{endpoint}]\nurl = \"https://acme.com/{endpoint}\"\n{more}\n");
        problems(&format!(
            "{}\n{at}{secrets}{tls}",
            PLAIN.replace("reveals = [\"/team\"]", "reveals = [\"/team\"]\nclient-certificate = true")
        ))
    };
    assert!(more("api", "").is_empty(), "{:?}", more("api", ""));
    for (endpoint, accepts) in [("par", ""), ("revoke", "accepts = [\"refresh-token\"]")] {
        let problems = more(endpoint, accepts);
        assert!(problems.len() == 1 && problems[0].what.contains(&format!("[endpoints.{endpoint}] isn't shown")), "{problems:?}");
        assert!(more(endpoint, &format!("{accepts}\nclient-certificate = true")).is_empty());
    }
}

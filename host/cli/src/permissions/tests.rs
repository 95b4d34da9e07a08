//! Every kind of growth, as a table: a line of a manifest, what stands there after the update, and what a person is told.

use super::*;

const ACME: &str = r#"id = "acme"
name = "Acme"
version = "1.0.0"
contract = "0.1"
summary = "Anvils"
documentation = "https://docs.acme.com/"
grants = ["authorization-code"]
audiences = ["https://acme.com"]

[settings.tenant]
name = "Tenant"
pattern = "[a-z]+"
default = "main"

[secrets.client-secret]
name = "Client Secret"
required = true

[secrets.app-key]
name = "App Key"

[signs]
app-key = ["RS256"]

[endpoints.authorize]
url = "https://acme.com/authorize"
browser = true

[endpoints.token]
url = "https://{tenant}.acme.com/token"
accepts = ["client-secret", "code"]
captures = { access-token = "/access_token" }
reveals = ["/team/id"]
headers = ["x-own"]

[endpoints.api]
url = "https://api.acme.com/v1/"
accepts = ["access-token"]

[callback]
redirect = "http://localhost/back"
reveals = ["realm"]

[lifetimes]
code = 30

[[scopes]]
id = "read"
name = "Read"

[guide]
text = "Enter {redirect_uri}."
"#;

fn parse(source: &str) -> Manifest {
    Manifest::parse(source).unwrap_or_else(|problems| panic!("{problems}"))
}

fn updated(line: &str, instead: &str) -> Difference {
    assert_eq!(ACME.matches(line).count(), 1, "{line:?} must stand in the manifest once");
    difference(&parse(ACME), &parse(&ACME.replacen(line, instead, 1)))
}

fn told(permissions: &[Permission]) -> String {
    permissions.iter().map(|permission| format!("{permission}\n")).collect()
}

#[test]
fn every_way_to_permit_more_is_growth_and_is_told() {
    let endpoint = |more: &str| format!("[endpoints.more]\nurl = \"https://more.example/\"\n{more}\n[callback]");
    for (line, instead, tells) in [
        ("name = \"Acme\"", "name = \"Box\"", "calls itself Box"),
        ("grants = [", "grants = [\"client-credentials\", ", "obtains tokens by client-credentials"),
        ("[callback]", endpoint("").as_str(), "reaches https://more.example/ and every path below it"),
        ("[callback]", endpoint("browser = true").as_str(), "opens https://more.example/ in your browser"),
        ("[callback]", endpoint("accepts = [\"access-token\"]").as_str(), "has the access token sent to https://more.example/"),
        ("https://api.acme.com/v1/", "https://api.acme.com/", "reaches https://api.acme.com/ and every path below it"),
        ("https://api.acme.com/v1/", "https://api.acme.com/v1", "has the access token sent to https://api.acme.com/v1"),
        ("https://api.acme.com/v1/", "https://api.acme.org/v1/", "has the access token sent to https://api.acme.org/v1/"),
        ("https://acme.com/authorize", "https://acme.org/authorize", "opens https://acme.org/authorize in your browser"),
        (
            "accepts = [\"access-token\"]",
            "accepts = [\"access-token\"]\nclient-certificate = true\n[secrets.certificate]\nname = \"Certificate\"\n[secrets.private-key]\n\
             name = \"Key\"",
            "has the client's certificate shown to https://api.acme.com/v1/",
        ),
        ("[endpoints.api]", "[endpoints.data]", "reads everything that https://api.acme.com/v1/ answers"),
        ("accepts = [\"access-token\"]", "accepts = [\"access-token\", \"code\"]", "has the code sent to https://api.acme.com/v1/"),
        (
            "\"client-secret\", \"code\"",
            "\"client-secret\", \"code\", \"app-key\"",
            "has the app key sent to https://{tenant}.acme.com/token",
        ),
        ("captures = { ", "captures = { refresh-token = \"/refresh_token\", ", "holds /refresh_token of what"),
        ("\"/access_token\"", "\"/other\"", "holds /other of what https://{tenant}.acme.com/token answers as access token"),
        ("captures = { access-token", "captures = { app-key", "answers as app key"),
        ("reveals = [\"/team/id\"]", "reveals = [\"/team/id\", \"/team/name\"]", "reads /team/name of what"),
        ("headers = [\"x-own\"]", "headers = [\"x-own\", \"x-more\"]", "reads the header x-more of what"),
        ("browser = true", "", "reads everything that https://acme.com/authorize answers"),
        ("[secrets.app-key]", "[secrets.pin]\nname = \"PIN\"\n[secrets.app-key]", "may have the client's PIN (pin)"),
        ("name = \"App Key\"", "name = \"App Key\"\nrequired = true", "must have the client's App Key (app-key)"),
        ("name = \"App Key\"", "name = \"Password of your bank\"", "may have the client's Password of your bank (app-key)"),
        (
            "[settings.tenant]",
            "[settings.region]\nname = \"Region\"\npattern = \".+\"\n[settings.tenant]",
            "asks for the setting region (Region)",
        ),
        ("pattern = \"[a-z]+\"", "pattern = \"[a-z.]+\"", "must match [a-z.]+"),
        ("pattern = \"[a-z]+\"", "pattern = \"main\"", "must match main"),
        ("pattern = \"[a-z]+\"", "values = { main = \"evil\" }", "which must be one of main (as evil)"),
        ("default = \"main\"", "default = \"other\"", "is otherwise other; it stands in https://{tenant}.acme.com/token"),
        ("default = \"main\"\n", "", "which must match [a-z]+; it stands in"),
        ("name = \"Tenant\"", "name = \"Your mother's maiden name\"", "the setting tenant (Your mother's maiden name)"),
        ("https://api.acme.com/v1/", "https://{tenant}.acme.com/v1/", "has the access token sent to https://{tenant}.acme.com/v1/"),
        ("app-key = [\"RS256\"]", "app-key = [\"RS256\", \"ES256\"]", "has the app key sign by ES256"),
        ("app-key = [\"RS256\"]", "app-key = [\"RS256\"]\nclient-secret = [\"HS256\"]", "has the client secret sign by HS256"),
        (
            "audiences = [\"https://acme.com\"]",
            "audiences = [\"https://acme.com\", \"https://bank.example\"]",
            "assertions made for https://bank.example",
        ),
        ("audiences = [\"https://acme.com\"]", "audiences = [\"https://acme.com\", \"\"]", "assertions made that don't say for whom"),
        ("reveals = [\"realm\"]", "reveals = [\"realm\", \"user\"]", "reads `user` of the address"),
        ("http://localhost/back", "http://127.0.0.1/back", "come back to http://127.0.0.1/back"),
        ("http://localhost/back", "http://localhost/other", "come back to http://localhost/other"),
        (
            "reveals = [\"realm\"]",
            "reveals = [\"realm\"]\nstate = \"absent\"",
            "answers of your browser that can't be tied to your sign-in",
        ),
        ("reveals = [\"realm\"]", "reveals = [\"realm\"]\nport = 4000", "come back to http://localhost:4000/back"),
    ] {
        let Difference { more, .. } = updated(line, instead);
        assert!(told(&more).contains(tells), "{instead:?}: {tells:?} is not in:\n{}", told(&more));
    }
}

#[test]
fn to_go_without_a_check_is_growth_and_to_have_one_more_is_none() {
    let manifest = |issuer: &str, callback: &str, authorize: &str| {
        let top = format!("component = \"oauth2\"\n{issuer}audiences = [");
        let source = ACME.replacen("audiences = [", &top, 1).replacen("reveals = [\"realm\"]", callback, 1);
        let source =
            source.replacen("accepts = [\"client-secret\", \"code\"]", "accepts = [\"client-secret\", \"code\", \"code-verifier\"]", 1);
        parse(&format!("{source}\n[protocol.authorize]\n{authorize}"))
    };
    let strict = || manifest("issuer = \"https://acme.com\"\n", "reveals = [\"realm\"]\niss = \"required\"", "");
    for (after, tells) in [
        (
            manifest("issuer = \"https://evil.example\"\n", "reveals = [\"realm\"]\niss = \"required\"", ""),
            "the issuer is https://acme.com",
        ),
        (manifest("issuer = \"https://acme.com\"\n", "reveals = [\"realm\"]", ""), "names its issuer"),
        (manifest("", "reveals = [\"realm\"]", ""), "the issuer is https://acme.com"),
        (manifest("issuer = \"https://acme.com\"\n", "reveals = [\"realm\"]\niss = \"required\"", "pkce = \"off\""), "PKCE"),
        (manifest("issuer = \"https://acme.com\"\n", "reveals = [\"realm\"]\niss = \"required\"", "pkce = \"plain\""), "PKCE"),
        (manifest("issuer = \"https://acme.com\"\n", "reveals = [\"realm\"]\niss = \"required\"", "nonce = \"off\""), "nonce"),
    ] {
        let Difference { more, .. } = difference(&strict(), &after);
        assert!(told(&more).contains("goes without the check") && told(&more).contains(tells), "{tells}: {}", told(&more));
        let Difference { more, less } = difference(&after, &strict());
        let news = more.iter().filter(|permission| !matches!(permission, Permission::Without(other) if other.contains("evil")));
        assert!(news.count() == 0 && told(&less).contains(tells), "{tells}: {}", told(&more));
    }
    assert_eq!(difference(&strict(), &strict()), Difference { more: vec![], less: vec![] });
}

#[test]
fn to_leave_tokens_unbound_is_growth() {
    let manifest = |table: &str| {
        let source = ACME.replacen("audiences = [", "component = \"oauth2\"\naudiences = [", 1);
        let source = source.replacen("\"client-secret\", \"code\"]", "\"client-secret\", \"code\", \"code-verifier\", \"dpop-proof\"]", 1);
        let source = source.replacen("accepts = [\"access-token\"]", "accepts = [\"access-token\", \"dpop-proof\"]", 1);
        let source = source.replacen("[signs]", "[secrets.key]\nname = \"Key\"\ngenerated = true\n\n[signs]\nkey = [\"ES256\"]", 1);
        parse(&format!("{source}\n{table}"))
    };
    let bound = manifest("[protocol.dpop]\nkey = \"key\"");
    for after in [manifest(""), manifest("[protocol.dpop]\nkey = \"key\"\nbearer = true")] {
        let Difference { more, .. } = difference(&bound, &after);
        assert!(told(&more).contains("goes without the check that tokens are bound to a key"), "{}", told(&more));
        assert_eq!(difference(&after, &bound).more, []);
    }
}

#[test]
fn to_permit_less_is_told_and_is_no_growth() {
    for (line, instead, tells) in [
        ("\"client-secret\", \"code\"", "\"code\"", "has the client secret sent to https://{tenant}.acme.com/token"),
        ("captures = { access-token = \"/access_token\" }", "captures = {}", "holds /access_token of what"),
        ("reveals = [\"/team/id\"]", "reveals = []", "reads /team/id of what"),
        ("headers = [\"x-own\"]\n", "", "reads the header x-own of what"),
        (
            "accepts = [\"access-token\"]",
            "accepts = [\"access-token\"]\ncaptures = {}",
            "reads everything that https://api.acme.com/v1/ answers",
        ),
        ("accepts = [\"access-token\"]", "accepts = [\"access-token\"]\ncaptures = {}\nreveals = [\"/id\"]", "reads everything that"),
        (
            "[endpoints.api]\nurl = \"https://api.acme.com/v1/\"\naccepts = [\"access-token\"]\n",
            "",
            "has the access token sent to https://api.acme.com",
        ),
        ("required = true", "required = false", "must have the client's Client Secret"),
        ("[secrets.app-key]\nname = \"App Key\"\n\n[signs]\napp-key = [\"RS256\"]\n", "", "has the app key sign by RS256"),
        ("audiences = [\"https://acme.com\"]", "audiences = []", "assertions made for https://acme.com"),
        ("reveals = [\"realm\"]", "reveals = []", "reads `realm` of the address"),
    ] {
        let Difference { more, less } = updated(line, instead);
        assert!(more.is_empty(), "{instead:?}: {}", told(&more));
        assert!(told(&less).contains(tells), "{instead:?}: {tells:?} is not in:\n{}", told(&less));
    }
}

#[test]
fn what_permits_nothing_is_no_difference() {
    for (line, instead) in [
        ("version = \"1.0.0\"", "version = \"2.0.0\""),
        ("summary = \"Anvils\"", "summary = \"Anvils and rockets\""),
        ("https://docs.acme.com/", "https://docs.acme.com/2"),
        ("text = \"Enter", "text = \"Paste"),
        ("code = 30", "code = 60"),
        ("name = \"Read\"", "name = \"Read files\""),
        ("accepts = [\"client-secret\", \"code\"]", "accepts = [\"code\", \"client-secret\"]"),
        ("summary = \"Anvils\"", "summary = \"Anvils\"\nwasi = \"stubbed\""),
    ] {
        assert_eq!(updated(line, instead), Difference { more: vec![], less: vec![] }, "{instead:?}");
    }
}

#[test]
fn what_a_manifest_says_is_shown_as_plain_text() {
    let name = Permission::Setting {
        name: "a\u{202e}b".into(),
        label: "\u{1b}[2J".into(),
        takes: "x\ny".into(),
        default: Some("\u{7}".into()),
        stands_in: vec!["\r".into()],
    };
    for permission in [name, Permission::Name("\u{1b}]0;x".into()), Permission::Audience("\u{9b}".into())] {
        let shown = permission.to_string();
        assert!(!shown.chars().any(|c| c.is_control() || c == '\u{202e}'), "{shown:?}");
    }
}

//! One mistake at a time: it is reported alone, at its line, with what would be right.

use jeton_runtime::Manifest;
use jeton_runtime::manifest::Problem;

use crate::ACME;

/// A line of [`ACME`], what stands there instead, how the line that is reported begins, and parts of what is said.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    for (line, instead, at, what, hint) in cases {
        assert_eq!(ACME.matches(line).count(), 1, "{line:?} must stand in the manifest once");
        let source = ACME.replacen(line, instead, 1);
        let problems = match Manifest::parse(&source) {
            Ok(_) => panic!("{instead:?} was accepted"),
            Err(problems) => problems.0,
        };
        let [Problem { line, what: said, hint: hinted }] = problems.as_slice() else { panic!("{instead:?}: {problems:#?}") };
        let reported = source.lines().nth(line - 1).unwrap();
        assert!(reported.starts_with(at), "{instead:?} is reported at line {line}, which is {reported:?}: {said}");
        assert!(said.contains(what), "{instead:?}: {said:?} doesn't say {what:?}");
        assert!(hinted.contains(hint) && !hinted.is_empty(), "{instead:?}: {hinted:?} doesn't say {hint:?}");
    }
}

#[test]
fn what_is_missing_is_named_with_the_line_to_add() {
    check(&[
        ("id = \"acme\"\n", "", "name =", "`id` is missing", "Add: id = "),
        ("name = \"Acme\"\n", "", "id =", "`name` is missing", "Add: name = "),
        ("version = \"1.0.0\"\n", "", "id =", "`version` is missing", "Add: version = "),
        ("contract = \"0.1\"\n", "", "id =", "`contract` is missing", "Add: contract = \"0.1\""),
        ("summary = \"Anvils and rockets\"\n", "", "id =", "`summary` is missing", "Add: summary = "),
        ("grants = [\"authorization-code\"]\n", "", "id =", "`grants` is missing", "Add: grants = [\"authorization-code\"]"),
        ("grants = [\"authorization-code\"]", "grants = []", "id =", "`grants` is missing or empty", "Add: grants = "),
        ("url = \"https://{tenant}.acme.com/token\"\n", "", "[endpoints.token]", "`endpoints.token.url` is missing", "Add: url = "),
        ("pattern = \"[a-z]+\"\n", "", "[settings.tenant]", "`settings.tenant.pattern` is missing", "Add: pattern = "),
        ("name = \"App Key\"\n", "", "[secrets.app-key]", "`secrets.app-key.name` is missing", "Add: name = "),
        ("id = \"read\"\n", "", "[[scopes]]", "`scopes.id` is missing", "Add: id = "),
        ("text = \"Enter {redirect_uri}.\"\n", "", "[guide]", "`guide.text` is missing", "Add: text = "),
    ]);
}

#[test]
fn a_manifest_without_endpoints_is_told_to_have_one() {
    let (before, rest) = ACME.split_once("[endpoints.authorize]").unwrap();
    let (_, after) = rest.split_once("[callback]").unwrap();
    let problems = Manifest::parse(&format!("{before}[callback]{after}")).unwrap_err();
    assert_eq!(problems.0.len(), 1, "{problems}");
    assert_eq!((problems.0[0].line, problems.0[0].what.as_str()), (1, "there is no endpoint"));
    assert!(problems.0[0].hint.contains("[endpoints.token]"));
}

#[test]
fn an_unknown_key_is_named_with_those_that_there_are() {
    check(&[
        ("summary =", "sumary = \"x\"\nsummary =", "sumary", "the manifest has no `sumary`", "summary"),
        ("accepts =", "accept = []\naccepts =", "accept =", "[endpoints.token] has no `accept`", "accepts, basic, browser, captures"),
        ("required = true", "required = true\nsecret = true", "secret =", "[secrets.client-secret] has no `secret`", "name, required"),
        ("default = \"main\"", "defualt = \"main\"", "defualt", "[settings.tenant] has no `defualt`", "default"),
        ("code = 30", "codes = 30", "codes", "[lifetimes] has no `codes`", "code, refresh-token, refresh-window, rotation"),
        ("redirect = ", "uri = ", "uri =", "[callback] has no `uri`", "redirect"),
        ("[guide]", "[oauth]\n[guide]", "[oauth]", "the manifest has no `oauth`", "endpoints"),
    ]);
}

#[test]
fn a_value_of_another_type_is_told_how_it_is_written() {
    check(&[
        ("id = \"acme\"", "id = 7", "id =", "`id` is", "a string in quotes"),
        ("name = \"Acme\"", "name = [\"Acme\"]", "name =", "`name` is", "a string in quotes"),
        ("grants = [\"authorization-code\"]", "grants = \"authorization-code\"", "grants", "`grants` is", "Write a list"),
        ("grants = [\"authorization-code\"]", "grants = [\"authorization-code\", 1]", "grants", "`grants` is", "a string in quotes"),
        ("browser = true", "browser = \"yes\"", "browser", "`endpoints.authorize.browser` is", "true or false"),
        ("required = true", "required = 1", "required", "`secrets.client-secret.required` is", "true or false"),
        ("accepts = [\"client-secret\", \"code\"]", "accepts = \"code\"", "accepts", "`endpoints.token.accepts` is", "Write a list"),
        ("captures = { access-token = \"/access_token\" }", "captures = [\"/access_token\"]", "captures", "captures` is", "as a table"),
        ("code = 30", "code = \"30\"", "code", "`lifetimes.code` is not a whole number", "without quotes"),
        ("code = 30", "code = -30", "code", "`lifetimes.code` is not a whole number", "digits"),
        ("code = 30", "code = 1.5", "code", "`lifetimes.code` is not a whole number", "digits"),
        ("port = 4000", "port = \"4000\"", "port", "`port` is a text", "\"any\", or the number"),
        ("port = 4000", "port = 65536", "port", "there is no such port", "1 to 65535"),
        ("port = 4000", "port = true", "port", "`callback.port` is not a whole number", "digits"),
        (
            "[[scopes]]\nid = \"read\"\nname = \"Read\"",
            "[scopes]\nread = \"Read\"",
            "[scopes]",
            "`scopes` is no list of tables",
            "[[scopes]]",
        ),
    ]);
    let scopes = ACME.replace("[[scopes]]\nid = \"read\"\nname = \"Read\"\n", "").replace("grants =", "scopes = [\"read\"]\ngrants =");
    let problems = Manifest::parse(&scopes).unwrap_err();
    assert_eq!((problems.0.len(), problems.0[0].line), (1, 7), "{problems}");
    assert!(problems.0[0].what.starts_with("`scopes` is"), "{problems}");
}

#[test]
fn a_url_that_is_more_than_a_plain_https_address_is_refused() {
    let url = "url = \"https://acme.com/authorize\"";
    check(&[
        (url, "url = \"http://acme.com/authorize\"", "url", "is not an https URL", "https://"),
        (url, "url = \"acme.com\"", "url", "is not an https URL", "https://"),
        (url, "url = \"https://user:pass@acme.com/\"", "url", "holds user-info", "before the @"),
        (url, "url = \"https://acme.com/?tenant=1\"", "url", "has a query or a fragment", "Leave it out"),
        (url, "url = \"https://acme.com/#top\"", "url", "has a query or a fragment", "Leave it out"),
        (url, "url = \"https://acme.com/a/../b\"", "url", "is read as `https://acme.com/b`", "the way it is read"),
        (url, "url = \"https://ACME.com/\"", "url", "is read as `https://acme.com/`", "the way it is read"),
        (url, "url = \"https://acme.com:443/\"", "url", "is read as", "the way it is read"),
        (url, "url = \"https://{region}.acme.com/\"", "url", "there is no setting `region`", "[settings.region]"),
        (url, "url = \"https://{tenant.acme.com/\"", "url", "without its `}`", "{setting}"),
        (url, "url = \"https://\"", "url", "is not a URL", "https://host/path"),
        ("documentation = \"https://docs", "documentation = \"http://docs", "documentation", "is not an https URL", "https://"),
        ("redirect = \"http://localhost/back\"", "redirect = \"https://acme.com/back\"", "redirect", "on this machine", "http://"),
        ("http://localhost/back", "http://localhost/b%61ck", "redirect", "can be spelled in several ways", "letters, digits"),
        ("http://localhost/back", "http://localhost//back", "redirect", "can be spelled in several ways", "single slashes"),
        ("http://localhost/back", "http://localhost/back;x", "redirect", "can be spelled in several ways", "letters, digits"),
        ("http://localhost/back", "http://localhost/{tenant}", "redirect", "can be spelled in several ways", "letters, digits"),
        ("[callback]", "[callback]\nstate = \"no\"", "state =", "`state` is \"no\"", "required, absent"),
        (
            "redirect = \"http://localhost/back\"",
            "redirect = \"http://localhost:81/back\"",
            "redirect",
            "on this machine",
            "without a port",
        ),
    ]);
}

#[test]
fn a_name_that_does_not_exist_is_told_which_do() {
    check(&[
        ("grants = [\"authorization-code\"]", "grants = [\"implicit\"]", "grants", "there is no grant `implicit`", "device-code"),
        ("accepts = [\"client-secret\", \"code\"]", "accepts = [\"password\"]", "accepts", "there is no secret `password`", "app-key"),
        ("app-key = [\"RS256\"]", "signing-key = [\"RS256\"]", "signing-key", "there is no secret `signing-key`", "private-key"),
        ("app-key = [\"RS256\"]", "app-key = [\"none\"]", "app-key", "there is no algorithm `none`", "EdDSA"),
        ("contract = \"0.1\"", "contract = \"0.2\"", "contract", "this host speaks contract 0.1, not 0.2", "matching"),
        ("rotation = \"single-use\"", "rotation = \"often\"", "rotation", "there is no rotation `often`", "none, replace, single-use"),
        ("grants =", "wasi = \"yes\"\ngrants =", "wasi", "`wasi` is \"yes\"", "wasi = \"stubbed\""),
    ]);
}

#[test]
fn a_text_of_a_wrong_form_is_refused() {
    check(&[
        ("id = \"acme\"", "id = \"Acme Inc\"", "id", "`Acme Inc` can't be an id", "Lower-case"),
        ("id = \"acme\"", "id = \"../acme\"", "id", "can't be an id", "hyphens"),
        ("id = \"acme\"", "id = \"\"", "id", "can't be an id", "at most 40"),
        ("id = \"acme\"", "id = \"-acme\"", "id", "can't be an id", "Lower-case"),
        ("name = \"Acme\"", "name = \"\\u001b[31mAcme\"", "name", "`name` holds characters that can't be seen", "Leave them out"),
        ("name = \"Acme\"", "name = \"Ac\\nme\"", "name", "`name` must be one line", "Shorten"),
        ("name = \"Read\"", "name = \"\"", "name", "`name` must be one line", "Shorten"),
        ("pattern = \"[a-z]+\"", "pattern = \"[a-z\"", "pattern", "the pattern of `tenant`", "regular expression"),
        ("default = \"main\"", "default = \"MAIN\"", "default", "the default of `tenant` doesn't match", "Change one"),
        ("{ access-token = \"/access_token\" }", "{ access-token = \"access_token\" }", "captures", "is not a JSON pointer", "RFC 6901"),
        ("reveals = [\"/team/id\"]", "reveals = [\"team.id\"]", "reveals", "`team.id` is not a JSON pointer", "/outer/inner"),
    ]);
}

#[test]
fn what_would_hand_a_secret_to_the_provider_is_refused() {
    let captures = "captures = { access-token = \"/access_token\" }\nreveals = [\"/team/id\"]";
    check(&[
        (
            captures,
            "captures = { access-token = \"/a\" }\nreveals = [\"/a\"]",
            "[endpoints.token]",
            "captures access-token at `/a` and reveals it",
            "Decide",
        ),
        (
            captures,
            "captures = { access-token = \"/scope\" }",
            "[endpoints.token]",
            "captures access-token at `/scope` and reveals it",
            "Decide",
        ),
        ("reveals = [\"realm\"]", "reveals = [\"code\"]", "reveals", "`code` is never revealed", "Leave it out"),
        ("reveals = [\"realm\"]", "reveals = [\"state\"]", "reveals", "`state` is never revealed", "Leave it out"),
        (
            "headers = [\"X-Own\"]",
            "headers = [\"Set-Cookie\"]",
            "[endpoints.token]",
            "`set-cookie` and `location` are never shown",
            "Leave",
        ),
        ("headers = [\"X-Own\"]", "headers = [\"location\"]", "[endpoints.token]", "never shown", "Leave"),
        (
            "browser = true",
            "browser = true\naccepts = [\"code\"]",
            "[endpoints.authorize]",
            "is a page for a browser",
            "accepts and captures",
        ),
        ("browser = true", "browser = true\ncaptures = {}", "[endpoints.authorize]", "is a page for a browser", "accepts and captures"),
    ]);
}

#[test]
fn what_is_no_toml_is_reported_where_it_stops_being_toml() {
    for (line, instead, at) in [
        ("version = \"1.0.0\"", "version = \"1.0.0", 3),
        ("version = \"1.0.0\"", "version \"1.0.0\"", 3),
        ("[guide]", "[guide", 49),
        ("name = \"Acme\"", "name = \"Acme\"\nname = \"Again\"", 3),
    ] {
        let problems = Manifest::parse(&ACME.replacen(line, instead, 1)).unwrap_err();
        let toml: Vec<_> = problems.0.iter().filter(|problem| problem.hint.contains("https://toml.io")).collect();
        assert!(toml.iter().any(|problem| problem.line == at && !problem.what.is_empty()), "{instead:?}: {problems}");
    }
    for source in ["", "\0", "=", "[[[[", "id", &"[a".repeat(10_000), "\u{feff}"] {
        assert!(Manifest::parse(source).is_err(), "{source:.20}");
    }
}

/// Where nothing but a certificate shows who asks, the answer is as secret as where a secret does.
#[test]
fn an_endpoint_that_is_shown_a_certificate_needs_one_and_is_no_page() {
    let at =
        |endpoint: &str, more: &str| format!("[endpoints.more]\nurl = \"https://acme.com/more\"\n{endpoint}\n{more}\n[endpoints.token]");
    let both = "[secrets.certificate]\nname = \"Certificate\"\n[secrets.private-key]\nname = \"Key\"\n";
    let parse = |text: &str| Manifest::parse(&ACME.replacen("[endpoints.token]", text, 1));
    let shown = parse(&at("client-certificate = true", both)).unwrap().endpoints["more"].clone();
    assert!(shown.client_certificate && shown.captures.is_some_and(|captures| captures.is_empty()));
    let api = parse(&at("client-certificate = true\naccepts = [\"access-token\"]", both)).unwrap().endpoints["more"].clone();
    assert!(api.captures.is_none() && parse(&at("", both)).unwrap().endpoints["more"].captures.is_none());
    let problems =
        |text: &str| parse(text).unwrap_err().0.into_iter().map(|problem| format!("{}: {}", problem.what, problem.hint)).collect();
    let without: Vec<String> = problems(&at("client-certificate = true", ""));
    assert!(without.len() == 2 && without.iter().any(|said| said.contains("no secret `certificate`: Declare it: [secrets.certificate]")));
    let page: Vec<String> = problems(&at("client-certificate = true\nbrowser = true", both));
    assert!(page.len() == 1 && page[0].contains("is a page for a browser"), "{page:?}");
    let text: Vec<String> = problems(&at("client-certificate = \"yes\"", both));
    assert!(text.len() == 1 && text[0].contains("Write true or false"), "{text:?}");
}

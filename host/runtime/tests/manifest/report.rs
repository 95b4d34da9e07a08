//! Many mistakes: all of them are told at once.

use jeton_runtime::{Error, Manifest};

const CARELESS: &str = r#"id = "Acme Inc"
version = "1.0.0"
contract = "0.2"
summary = "One\nTwo"
grants = ["authorization-code", "implicit"]
color = "red"

[settings.tenant]
name = "Tenant"
pattern = "[a-z]+"
default = "7"

[secrets.client-secret]
name = "Client Secret"
required = "yes"

[endpoints.authorize]
url = "http://acme.com/authorize"
browser = true

[endpoints.token]
url = "https://{region}.acme.com/token"
accepts = ["client-secret", "password"]
captures = { access-token = "access_token" }
reveals = ["/error"]
headers = ["set-cookie"]

[callback]
redirect = "https://acme.com/callback"
port = "4000"
reveals = ["code"]

[lifetimes]
rotation = "often"

[[scopes]]
id = "read"
"#;

const REPORT: &str = r#"the manifest has mistakes
  line 1: `Acme Inc` can't be an id
    Lower-case letters, digits and hyphens, at most 40
  line 1: `name` is missing
    Add: name = "Acme"
  line 3: this host speaks contract 0.1, not 0.2
    Use a matching provider or host
  line 4: `summary` must be one line of at most 200 characters
    Shorten it
  line 5: there is no grant `implicit`
    There are: authorization-code, device-code, client-credentials, jwt-bearer, token-exchange
  line 6: the manifest has no `color`
    It has: audiences, callback, component, contract, documentation, endpoints, extras, grants, guide, id, issuer, lifetimes, name, protocol, scopes, secrets, service-account, settings, signs, summary, version, wasi
  line 11: the default of `tenant` doesn't match its pattern
    Change one of them
  line 15: `secrets.client-secret.required` is a string
    Write true or false
  line 18: `http://acme.com/authorize` is not an https URL
    Begin it with https://
  line 21: `set-cookie` and `location` are never shown to a provider
    Leave them out
  line 22: there is no setting `region`
    Declare it: [settings.region] with a name and a pattern
  line 23: there is no secret `password`
    Declare it under [secrets], or use: access-token, assertion, client-secret, code, code-verifier, device-code, dpop-proof, id-token, private-key, refresh-token
  line 24: `access_token` is not a JSON pointer
    Write /name, or /outer/inner (RFC 6901)
  line 29: `https://acme.com/callback` is not a redirect URI on this machine
    Leave it out, or write http://127.0.0.1/path, without a port
  line 30: `port` is a text
    Write "any", or the number
  line 31: `code` is never revealed
    Leave it out
  line 34: there is no rotation `often`
    There are: none, replace, single-use
  line 36: `scopes.name` is missing
    Add: name = "Read files""#;

#[test]
fn all_mistakes_of_a_manifest_are_reported_at_once_in_the_order_of_its_lines() {
    let problems = Manifest::parse(CARELESS).unwrap_err();
    assert_eq!(problems.to_string(), REPORT);
    assert!(problems.0.is_sorted_by_key(|problem| problem.line));
    assert_eq!(Error::from(problems).to_string(), REPORT);
}

#[test]
fn one_mistake_is_not_reported_as_several() {
    let problems = Manifest::parse(&crate::ACME.replace("\"0.1\"", "\"9\"")).unwrap_err();
    assert!(problems.to_string().starts_with("the manifest has a mistake\n  line 4: "), "{problems}");
}

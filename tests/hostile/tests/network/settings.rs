//! Settings that are put into the URL of an endpoint.

use jeton_hostile::{Service, client, component, provider};
use jeton_runtime::{Client, Error};

use crate::{denied, telling, under};

const ENDPOINT: &str = "[endpoints.api]\nurl = \"https://{region}.hostile.example/{tenant}/\"\n";

fn settings(region: &str, tenant: &str) -> Client {
    let given = [("region", region), ("tenant", tenant)];
    Client { settings: given.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), ..client() }
}

/// The patterns let everything through, so it is the template's own rule that holds.
#[tokio::test]
pub(crate) async fn injects_through_a_setting() {
    let any = |name: &str| format!("[settings.{name}]\nname = \"Any\"\npattern = \"(?s).*\"\n");
    let lines = format!("{}{}{ENDPOINT}", any("region"), any("tenant"));
    let service = Service::always(200, &[], "{}");
    let hostile = provider(&service, under(&lines, component!("network", "injects_through_a_setting"))).await;
    for value in [
        "evil.example/",
        "evil.example#",
        "evil.example?",
        "evil.example\\",
        "evil.example:443",
        "user@evil.example",
        "user:password@evil.example",
        "..",
        "../..",
        "a/../b",
        "a/b",
        "a%2fb",
        "%2e%2e",
        ".",
        ".a",
        "a.",
        "a..b",
        "",
        " ",
        "a b",
        "a\tb",
        "a\r\nhost: evil.example",
        "a\0b",
        "{tenant}",
        "{region}",
        "a;b",
        "a&b",
        "a+b",
        "ä",
        "\u{ff0e}\u{ff0e}",
        "a\u{2044}b",
        "\u{202e}a",
    ] {
        for (name, client) in [("region", settings(value, "acme")), ("tenant", settings("eu", value))] {
            let denial = denied(hostile.refresh(&client, &telling(&[])).await.unwrap_err());
            assert_eq!(denial.to_string(), format!("a request to `api`: the setting `{name}` can't stand in a URL"), "{value:?}");
        }
    }
    assert!(service.sent().is_empty(), "{:?}", service.sent());
    let error = hostile.refresh(&settings("eu-1", "a_b.c~d"), &telling(&[])).await.unwrap_err();
    assert_eq!(error.to_string(), "the service refused: status 200");
    assert_eq!(service.only().line, "GET https://eu-1.hostile.example/a_b.c~d/");
}

/// A pattern is for the whole value, whatever it is made of. One that closes a bracket which it didn't open would be for a part alone.
#[tokio::test]
async fn a_pattern_is_for_the_whole_value() {
    let lines = |pattern: &str| {
        let setting = |name: &str| format!("[settings.{name}]\nname = \"Some\"\npattern = '{pattern}'\n");
        under(&format!("{}{}{ENDPOINT}", setting("region"), setting("tenant")), component!("network", "injects_through_a_setting"))
    };
    for pattern in ["[a-z]+)|(?:.*", "[a-z]+)|(.*", "a)(?:b", "(?x)[a-z]+ #"] {
        let outcome = jeton_hostile::runtime(&Service::silent()).load(lines(pattern)).await;
        let Err(Error::Manifest(problems)) = outcome else { panic!("{pattern}: {outcome:?}") };
        assert!(problems.0.iter().all(|problem| problem.what.starts_with("the pattern of `")), "{pattern}: {problems}");
    }
    let hostile = provider(&Service::silent(), lines("(?m)[a-z]+|x")).await;
    for value in ["a\nb", "a\n", "\na", "a.b", "ab1", "xx1"] {
        let error = hostile.refresh(&settings(value, "acme"), &telling(&[])).await.unwrap_err();
        assert_eq!(error.to_string(), "the setting `region` doesn't match ^(?:(?m)[a-z]+|x)$", "{value:?}");
    }
}

//! A manifest is shown to a person before they agree to it, so it holds nothing that a terminal obeys or that can't be seen; and what is said
//! of one that does is shown, too.

use jeton_runtime::Manifest;

use crate::ACME;

/// As TOML writes them: escape sequences, line breaks, what reorders a line, what can't be seen.
const HOSTILE: [&str; 12] = [
    "\\u001b[2J",
    "\\u001b]0;x\\u0007",
    "\\u009b31m",
    "\\b",
    "\\r",
    "\\u007f",
    "\\u202e",
    "\\u2066",
    "\\u200b",
    "\\u00ad",
    "\\ufeff",
    "\\U000E0041",
];

/// A line of [`ACME`], and the same with a place for a hostile text.
const PLACES: [(&str, &str); 18] = [
    ("id = \"acme\"", "id = \"ac{}me\""),
    ("name = \"Acme\"", "name = \"Ac{}me\""),
    ("version = \"1.0.0\"", "version = \"1.0{}.0\""),
    ("summary = \"Anvils", "summary = \"{}Anvils"),
    ("documentation = \"https://docs.acme.com/oauth\"", "documentation = \"https://docs.acme.com/{}oauth\""),
    ("[settings.tenant]", "[settings.\"ten{}ant\"]"),
    ("name = \"Tenant\"", "name = \"Ten{}ant\""),
    ("name = \"Tenant\"", "name = \"Tenant\"\ndescription = \"Ten{}ant\""),
    ("pattern = \"[a-z]+\"", "pattern = \"[a-z]+|{}\""),
    ("[secrets.app-key]", "[secrets.\"app{}key\"]\nname = \"x\"\n\n[secrets.app-key]"),
    ("[endpoints.authorize]", "[endpoints.\"auth{}orize\"]"),
    ("url = \"https://acme.com/authorize\"", "url = \"https://acme.com/{}authorize\""),
    ("captures = { access-token", "captures = { \"acc{}ess\" = \"/a\", access-token"),
    ("reveals = [\"/team/id\"]", "reveals = [\"/team/{}id\"]"),
    ("headers = [\"X-Own\"]", "headers = [\"X-{}Own\"]"),
    ("reveals = [\"realm\"]", "reveals = [\"re{}alm\"]"),
    ("name = \"Read\"", "name = \"Re{}ad\""),
    ("text = \"Enter", "text = \"{}Enter"),
];

#[test]
fn a_manifest_holds_nothing_that_a_terminal_obeys_and_neither_does_what_is_said_of_it() {
    for (line, place) in PLACES {
        for hostile in HOSTILE {
            assert_eq!(ACME.matches(line).count(), 1, "{line}");
            let Err(problems) = Manifest::parse(&ACME.replacen(line, &place.replace("{}", hostile), 1)) else {
                panic!("{place} was accepted with {hostile}");
            };
            for problem in &problems.0 {
                let said = format!("{} {}", problem.what, problem.hint);
                let shown = jeton_runtime::presentable(&said, usize::MAX);
                assert_eq!(said, shown, "{place} with {hostile}");
            }
        }
    }
}

#[test]
fn what_people_write_in_their_own_languages_is_no_reason_to_refuse_a_manifest() {
    for text in ["Zürich & Söhne", "日本語", "فارسی\\u200cها", "👩\\u200d💻", "Ελλάδα"] {
        let manifest = Manifest::parse(&ACME.replacen("Anvils", text, 1));
        assert!(manifest.is_ok(), "{text}: {manifest:?}");
    }
    Manifest::parse(&ACME.replacen("Enter", "1. Open it\\n2. Enter\\t", 1)).unwrap();
}

//! A manifest is read before anybody has agreed to it: what it may cost, and what can't slip past its rules by another spelling.

use jeton_runtime::Manifest;

use crate::ACME;

/// What is said about a manifest, all of it.
fn mistakes(source: &str) -> Vec<String> {
    match Manifest::parse(source) {
        Ok(_) => vec![],
        Err(problems) => problems.0.into_iter().map(|problem| format!("{} ({})", problem.what, problem.hint)).collect(),
    }
}

fn with(line: &str, instead: &str) -> String {
    assert_eq!(ACME.matches(line).count(), 1, "{line:?} must stand in the manifest once");
    ACME.replacen(line, instead, 1)
}

#[test]
fn a_manifest_is_at_most_256_kib_long() {
    let padded = |length: usize| format!("{ACME}#{}", "-".repeat(length - ACME.len() - 1));
    assert_eq!(mistakes(&padded(256 << 10)), Vec::<String>::new());
    assert_eq!(mistakes(&padded((256 << 10) + 1)), ["the manifest is longer than 256 KiB (Shorten it)"]);
}

#[test]
fn a_pattern_that_grows_when_it_is_compiled_is_refused() {
    let said = mistakes(&with("pattern = \"[a-z]+\"", "pattern = \"((a{99}){99}){99}\""));
    assert!(matches!(said.as_slice(), [said] if said.contains("the pattern of `tenant`")), "{said:?}");
}

#[test]
fn a_pattern_can_not_end_the_anchors_around_it() {
    let said = mistakes(&with("pattern = \"[a-z]+\"", "pattern = \"a)|(?:.*\""));
    assert!(matches!(said.as_slice(), [said] if said.contains("the pattern of `tenant`")), "{said:?}");
}

#[test]
fn a_hundred_mistakes_are_told_and_no_more() {
    let strangers: String = (0..5000).map(|n| format!("key-{n} = 1\n")).collect();
    assert_eq!(mistakes(&format!("{strangers}{ACME}")).len(), 100);
}

#[test]
fn deep_nesting_is_a_mistake_and_no_crash() {
    for deep in [format!("x = {}", "[".repeat(100_000)), format!("{}a = 1", "a.".repeat(100_000)), format!("x = {}", "{a=".repeat(80_000))]
    {
        assert!(!mistakes(&format!("{deep}\n{ACME}")).is_empty());
    }
}

#[test]
fn a_tilde_that_escapes_nothing_is_no_second_spelling_of_a_pointer() {
    for pointer in ["/a~", "/a~2", "/~/b"] {
        let said = mistakes(&with("reveals = [\"/team/id\"]", &format!("reveals = [\"{pointer}\"]")));
        assert!(matches!(said.as_slice(), [said] if said.contains("is not a JSON pointer")), "{pointer}: {said:?}");
    }
}

#[test]
fn mistakes_repeat_nothing_that_a_terminal_would_obey() {
    let source = format!("\"\\u001b[2J\" = 1\n{}", with("summary = \"Anvils and rockets\"", "summary = \"\\u001b]0;x\\u0007\\u202e\""));
    let said = mistakes(&source);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(!said.iter().any(|said| said.chars().any(|c| c.is_control() || c == '\u{202e}')), "{said:?}");
}

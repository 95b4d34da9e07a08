//! Manifests that aren't what they seem. A person reads one before anything else of a provider, so there is one, and it reads as it is.

use jeton_hostile::{Service, runtime};
use jeton_runtime::Error;

use crate::{MANIFEST, file, refusal, text};

#[tokio::test]
pub(crate) async fn carries_two_manifests() {
    let attempt = text!("carries_two_manifests");
    assert_eq!(attempt.matches("(@custom").count(), 2);
    let file = wat::parse_str(attempt).unwrap();
    assert_eq!(refusal(file.clone()).await.0, "the file carries several manifests");
    assert_eq!(refusal(file::carrying(MANIFEST, &file)).await.0, "the file carries several manifests");
    let plain = file::exporting("");
    assert_eq!(refusal(file::carrying(MANIFEST, &plain)).await.0, "the file carries several manifests");
    // Nor one behind the other's end, nor the same one twice.
    let twice = file::carrying(MANIFEST, &file::carrying(MANIFEST, &wat::parse_str(text!("lies_about_itself")).unwrap()));
    assert_eq!(refusal(twice).await.0, "the file carries several manifests");
}

/// A line of the manifest, what stands there instead, and what is said of it.
type Lie = (&'static str, &'static str, &'static str);

#[tokio::test]
pub(crate) async fn lies_about_itself() {
    let component = wat::parse_str(text!("lies_about_itself")).unwrap();
    let lies: &[Lie] = &[
        // The contract that it is written for.
        ("contract = \"0.1\"", "contract = \"0.2\"", "this host speaks contract 0.1, not 0.2"),
        ("contract = \"0.1\"", "contract = \"0.1.1\"", "this host speaks contract 0.1, not 0.1.1"),
        // Who it is.
        ("id = \"hostile\"", "id = \"Box\"", "`Box` can't be an id"),
        ("id = \"hostile\"", "id = \"b\u{43e}x\"", "can't be an id"),
        ("id = \"hostile\"", "id = \"box \"", "`box ` can't be an id"),
        ("id = \"hostile\"", "id = \"../box\"", "`../box` can't be an id"),
        ("id = \"hostile\"", "id = \"box\\u0000\"", "holds characters that can't be seen"),
        ("id = \"hostile\"", "id = \"bo\u{200b}x\"", "holds characters that can't be seen"),
        ("name = \"Hostile\"", "name = \"xoB\\u202e\"", "holds characters that can't be seen"),
        ("name = \"Hostile\"", "name = \"Box\\u001b]8;;https://evil.example\\u0007\"", "holds characters that can't be seen"),
        ("summary = \"Says what isn't so\"", "summary = \"Fine\\nEndpoints: none\"", "`summary` must be one line"),
        ("summary = \"Says what isn't so\"", "summary = \"Fine\\r\"", "holds characters that can't be seen"),
        ("version = \"1.0.0\"", "version = \"1\\u009b2J\"", "holds characters that can't be seen"),
        // What stands there twice, or by a name that nobody reads.
        ("id = \"hostile\"", "id = \"harmless\"\nid = \"hostile\"", "duplicate key"),
        ("[endpoints.token]\n", "[endpoints.token]\nurl = \"https://harmless.example/\"\n", "duplicate key"),
        ("[endpoints.device]", "[endpoints.token]", "duplicate key"),
        ("[endpoints.codes]", "[\"endpoints\".\"to\\u006ben\"]", "duplicate key"),
        ("[endpoints.codes]", "[endpoints.codes]\nalso = \"https://evil.example/\"", "[endpoints.codes] has no `also`"),
        ("[endpoints.codes]", "[endpoint.token]\nurl = \"https://evil.example/\"\n[endpoints.codes]", "the manifest has no `endpoint`"),
        ("[endpoints.codes]", "[endpoints.\"codes\\u001b[8m\"]", "can't"),
        ("[endpoints.codes]", "[endpoints.\"codes \"]", "can't"),
        ("[endpoints.codes]", "[endpoints.\"c\u{43e}des\"]", "can't"),
        // Where secrets go, and what is read of them.
        ("[endpoints.codes]\n", "[endpoints.codes]\naccepts = [\"passwords\"]\n", "there is no secret `passwords`"),
        (
            "[endpoints.codes]\n",
            "[endpoints.codes]\nreveals = [\"/device_code\"]\n",
            "captures device-code at `/device_code` and reveals it",
        ),
        ("[endpoints.codes]\n", "[endpoints.codes]\nheaders = [\"SET-COOKIE\"]\n", "`set-cookie` and `location` are never shown"),
        ("[endpoints.codes]\n", "[endpoints.codes]\nheaders = [\"Location\"]\n", "`set-cookie` and `location` are never shown"),
        ("[endpoints.device]\n", "[endpoints.device]\naccepts = [\"access-token\"]\n", "[endpoints.device] is a page for a browser"),
        ("[endpoints.codes]", "[callback]\nreveals = [\"code\"]\n[endpoints.codes]", "`code` is never revealed"),
        ("[endpoints.codes]", "[callback]\nreveals = [\"state\"]\n[endpoints.codes]", "`state` is never revealed"),
        // Where a browser comes back to.
        (
            "[endpoints.codes]",
            "[callback]\nredirect = \"http://evil.example/\"\n[endpoints.codes]",
            "is not a redirect URI on this machine",
        ),
        (
            "[endpoints.codes]",
            "[callback]\nredirect = \"http://localhost@evil.example/\"\n[endpoints.codes]",
            "is not a redirect URI on this machine",
        ),
        ("[endpoints.codes]", "[callback]\nredirect = \"http://localhost.evil.example/\"\n[endpoints.codes]", "is not a redirect URI"),
        // Links that a person may follow.
        ("contract =", "documentation = \"javascript:alert(1)\"\ncontract =", "is not an https URL"),
        ("contract =", "documentation = \"file:///etc/passwd\"\ncontract =", "is not an https URL"),
    ];
    for (line, instead, said) in lies {
        assert_eq!(MANIFEST.matches(line).count(), 1, "{line:?} must stand in the manifest once");
        let file = file::carrying(MANIFEST.replace(line, instead), &component);
        let outcome = runtime(&Service::silent()).load(file).await;
        let Err(Error::Manifest(problems)) = outcome else { panic!("{instead:?}: {outcome:?}") };
        assert!(problems.0.iter().any(|problem| problem.what.contains(said)), "{instead:?}: {problems}");
        // What is told of it lies no more.
        let told = problems.0.iter().flat_map(|problem| [&problem.what, &problem.hint]);
        assert!(told.flat_map(|text| text.chars()).all(|c| !c.is_control() && c != '\u{202e}'), "{problems}");
    }
    // It is the manifest that was wrong: without the lie the component itself is.
    let (what, _) = refusal(file::carrying(MANIFEST, &component)).await;
    assert_eq!(what, "the component doesn't fit the contract: it exports no provider#begin");
}

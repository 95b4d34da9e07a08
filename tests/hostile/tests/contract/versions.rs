//! Versions of the contract: a later patch is welcome as far as this host has what it wants, a newer one isn't.

use jeton_hostile::{client, component, current, runtime};
use jeton_runtime::inspect;

use crate::{MANIFEST, file, generous, refusal, text};

/// A component in which every name of the contract has another version, of the same length.
fn built_against(version: &str) -> Vec<u8> {
    let mut file = component!("contract", "is_built_against_a_later_patch").to_vec();
    let (known, other) = (b"@0.1.0", format!("@{version}"));
    let places: Vec<_> = (0..file.len()).filter(|at| file[*at..].starts_with(known)).collect();
    assert!(places.len() > 2 && other.len() == known.len(), "{places:?}");
    for at in places {
        file[at..at + known.len()].copy_from_slice(other.as_bytes());
    }
    file::carrying(MANIFEST, &file)
}

/// It uses what 0.1.0 has, so it works; both directions of the contract are found by their meaning, not by their number.
#[tokio::test]
pub(crate) async fn is_built_against_a_later_patch() {
    for version in ["0.1.0", "0.1.1", "0.1.9"] {
        let file = built_against(version);
        let imports = inspect(&file, 1 << 20).unwrap().imports;
        assert!(imports.contains(&format!("jeton:provider/http@{version}")), "{imports:?}");
        let provider = runtime(&generous()).load(file).await.unwrap();
        let tokens = provider.refresh(&client(), &current()).await.unwrap();
        assert_eq!(tokens.access.reveal(), b"issued-access", "{version}");
    }
    for version in ["0.2.0", "1.1.0", "9.9.9", "0.0.1"] {
        let (what, hint) = refusal(built_against(version)).await;
        assert!(what.starts_with("the component wants another version of the contract: jeton:provider/"), "{what}");
        assert!(what.contains(&format!("jeton:provider/http@{version}")), "{what}");
        assert_eq!(hint, "This host lends jeton:provider/*@0.1.x");
    }
}

#[tokio::test]
pub(crate) async fn speaks_a_newer_contract() {
    let parsed = |text: &str| file::carrying(MANIFEST, &wat::parse_str(text).unwrap());
    let attempt = text!("speaks_a_newer_contract");
    let (what, hint) = refusal(parsed(attempt)).await;
    assert_eq!(what, "the component wants another version of the contract: jeton:provider/http@0.2.0, jeton:provider/vault@0.2.0");
    assert_eq!(hint, "This host lends jeton:provider/*@0.1.x");
    // Only its export is newer: nothing of what it wants tells.
    let exporting = attempt.lines().filter(|line| !line.contains("import")).collect::<Vec<_>>().join("\n");
    let (what, hint) = refusal(parsed(&exporting)).await;
    assert_eq!(what, "the component doesn't export jeton:provider/provider@0.1.0");
    assert_eq!(hint, "Build it against wit/ of this version");
    // Its manifest says so.
    let newer = file::carrying(MANIFEST.replace("contract = \"0.1\"", "contract = \"0.2\""), &wat::parse_str(attempt).unwrap());
    let error = runtime(&generous()).load(newer).await.unwrap_err();
    assert!(error.to_string().contains("line 4: this host speaks contract 0.1, not 0.2"), "{error}");
}

#[tokio::test]
pub(crate) async fn wants_what_a_later_patch_has() {
    let file = file::carrying(MANIFEST, &wat::parse_str(text!("wants_what_a_later_patch_has")).unwrap());
    let (what, hint) = refusal(file).await;
    assert!(what.starts_with("the component doesn't fit the contract: "), "{what}");
    for said in ["jeton:provider/clock@0.1.7", "zone"] {
        assert!(what.contains(said), "{what}");
    }
    assert_eq!(hint, "Build it against wit/ of this version");
}

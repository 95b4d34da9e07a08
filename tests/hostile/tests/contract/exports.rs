//! What a component must export: every function of the contract, with its type.

use crate::{MANIFEST, file, refusal, text};

const FUNCTIONS: [&str; 7] = ["begin", "resume", "refresh", "revoke", "identify", "authenticate", "judge"];

#[tokio::test]
pub(crate) async fn lacks_an_export() {
    let attempt = text!("lacks_an_export");
    for lacking in FUNCTIONS {
        // The one that the attempt lacks stands where the other one stood.
        let text = attempt.replace(&format!("\"{lacking}\""), "\"judge\"");
        let (what, hint) = refusal(file::carrying(MANIFEST, &wat::parse_str(text).unwrap())).await;
        assert_eq!(what, format!("the component doesn't fit the contract: it exports no provider#{lacking}"));
        assert_eq!(hint, "Build it against wit/ of this version");
    }
    // Something else by the name of the interface, or nothing at all.
    let module = "(core module $x) (export \"jeton:provider/provider@0.1.0\" (core module $x))";
    for text in [module, file::EXPORT] {
        let (what, _) = refusal(file::carrying(MANIFEST, &file::component(text))).await;
        assert_eq!(what, "the component doesn't fit the contract: it exports no provider#begin", "{text}");
    }
    let (what, _) = refusal(file::carrying(MANIFEST, &file::component(""))).await;
    assert_eq!(what, "the component doesn't export jeton:provider/provider@0.1.0");
}

#[tokio::test]
pub(crate) async fn exports_other_signatures() {
    let (what, hint) = refusal(file::carrying(MANIFEST, &wat::parse_str(text!("exports_other_signatures")).unwrap())).await;
    assert!(what.starts_with("the component doesn't fit the contract: "), "{what}");
    assert!(what.contains("type mismatch with parameters: expected 2-tuple, found 0-tuple"), "{what}");
    assert_eq!(hint, "Build it against wit/ of this version");
}

//! What a component may import.

use jeton_runtime::inspect;

use crate::file::{EXPORT, MANIFEST, box_component, box_with, carrying, component, exporting, importing};
use crate::{refusal, runtime};

/// A line of Box's manifest that can make room for another one.
const DOCUMENTATION: &str = "documentation = \"https://developer.box.com/guides/authentication/oauth2\"";

#[tokio::test]
async fn a_component_that_wants_the_operating_system_is_told_how_to_build_without() {
    for (name, listed) in [("wasi:cli/environment@0.2.0", "wasi:cli/environment@0.2.0"), ("wasi:io/poll@0.2.6", "wasi:io/poll@0.2.6")] {
        let (what, hint) = refusal(exporting(&format!("(import \"{name}\" (instance))"))).await;
        assert_eq!(what, format!("the component wants what this host doesn't lend: {listed}"));
        for said in ["wasm32-unknown-unknown", "wasi = \"stubbed\"", "JavaScript", "Python"] {
            assert!(hint.contains(said), "{hint}");
        }
    }
    let (what, _) = refusal(importing("wasi:cli/exit@0.2.0", box_component())).await;
    assert_eq!(what, "the component wants what this host doesn't lend: wasi:cli/exit@0.2.0");
}

#[tokio::test]
async fn anything_else_that_is_foreign_is_named() {
    for import in ["something:else/there", "jeton:provider/http", "jeton:runtime/http@0.1.0", "jeton:providers/http@0.1.0"] {
        let (what, hint) = refusal(exporting(&format!("(import \"{import}\" (instance))"))).await;
        assert_eq!(what, format!("the component wants what this host doesn't lend: {import}"));
        assert_eq!(hint, "A provider imports jeton:provider/* and nothing else");
    }
    let (what, _) = refusal(exporting("(import \"backdoor\" (func))")).await;
    assert!(what.ends_with(": backdoor"), "{what}");
}

#[tokio::test]
async fn all_foreign_imports_are_listed_at_once() {
    let imports = ["wasi:cli/exit@0.2.0", "jeton:provider/clock@0.1.0", "something:else/there@1.0.0", "wasi:random/random@0.2.0"];
    let items: String = imports.iter().map(|import| format!("(import \"{import}\" (instance))")).collect();
    let (what, _) = refusal(exporting(&items)).await;
    let list = "wasi:cli/exit@0.2.0, something:else/there@1.0.0, wasi:random/random@0.2.0";
    assert_eq!(what, format!("the component wants what this host doesn't lend: {list}"));
}

#[tokio::test]
async fn another_version_of_the_contract_is_called_so() {
    for import in ["jeton:provider/http@0.2.0", "jeton:provider/http@1.1.0", "jeton:provider/http@0.10.0", "jeton:provider/dpop@0.1.0"] {
        let (what, hint) = refusal(exporting(&format!("(import \"{import}\" (instance))"))).await;
        assert_eq!(what, format!("the component wants another version of the contract: {import}"));
        assert!(hint.contains("jeton:provider/*@0.1.x"), "{hint}");
    }
}

#[tokio::test]
async fn an_import_of_ours_with_another_shape_does_not_fit() {
    let clock = "(import \"jeton:provider/clock@0.1.0\" (instance (export \"now\" (func (result string)))))";
    let (what, hint) = refusal(exporting(clock)).await;
    assert!(what.starts_with("the component doesn't fit the contract: ") && what.contains("clock"), "{what}");
    assert!(hint.contains("wit/"), "{hint}");
}

#[tokio::test]
async fn stubbed_wasi_lets_a_component_load_that_imports_it() {
    let stubbed = importing("wasi:cli/exit@0.2.0", &box_with(DOCUMENTATION, "wasi = \"stubbed\""));
    let provider = runtime().load(stubbed).await.unwrap();
    assert!(provider.manifest().stub_wasi);
    let (what, hint) = refusal(importing("something:else/there", &box_with(DOCUMENTATION, "wasi = \"stubbed\""))).await;
    assert!(what.ends_with(": something:else/there") && !hint.contains("stubbed"), "{what} {hint}");
}

#[test]
fn inspection_tells_imports_and_digest_without_compiling() {
    let manifest = format!("wasi = \"stubbed\"\n{MANIFEST}");
    let items = format!("(import \"wasi:cli/exit@0.2.0\" (instance)) {EXPORT}");
    let file = carrying(manifest, &component(&items));
    let inspection = inspect(&file, 1 << 20).unwrap();
    assert_eq!((inspection.manifest.id.as_str(), inspection.imports.as_slice()), ("acme", &["wasi:cli/exit@0.2.0".to_owned()][..]));
    assert_ne!(inspection.digest, inspect(&exporting(""), 1 << 20).unwrap().digest);
}

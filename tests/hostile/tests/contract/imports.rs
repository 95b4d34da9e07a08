//! What a component may import: the contract, and nothing else.

use jeton_hostile::{Service, client, component, runtime};
use jeton_runtime::{Error, inspect};

use crate::{MANIFEST, file, refusal, telling, text};

fn parsed(text: &str) -> Vec<u8> {
    file::carrying(MANIFEST, &wat::parse_str(text).unwrap())
}

/// The imports that a text form names.
fn named(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.trim().strip_prefix("(import \"")?.split('"').next()).collect()
}

#[tokio::test]
pub(crate) async fn imports_something_foreign() {
    let attempt = text!("imports_something_foreign");
    let (what, hint) = refusal(parsed(attempt)).await;
    let names = named(attempt);
    assert_eq!(names.len(), 10);
    assert_eq!(what, format!("the component wants what this host doesn't lend: {}", names.join(", ")));
    assert_eq!(hint, "A provider imports jeton:provider/* and nothing else");
}

#[tokio::test]
pub(crate) async fn imports_all_of_wasi() {
    let attempt = text!("imports_all_of_wasi");
    let (what, hint) = refusal(parsed(attempt)).await;
    let names = named(attempt);
    assert_eq!(names.len(), 36);
    assert_eq!(what, format!("the component wants what this host doesn't lend: {}", names.join(", ")));
    for way in ["wasm32-unknown-unknown", "disableFeatures", "--stub-wasi", "wasi = \"stubbed\""] {
        assert!(hint.contains(way), "{hint}");
    }
    // Stubs that the manifest asks for are all that a file may have of it.
    let stubbed = file::carrying(format!("wasi = \"stubbed\"\n{MANIFEST}"), &wat::parse_str(attempt).unwrap());
    assert_eq!(inspect(&stubbed, 1 << 20).unwrap().imports, names);
    let foreign = attempt.replace("wasi:random/random@0.2.0", "wasix:random/random@0.2.0");
    let foreign = file::carrying(format!("wasi = \"stubbed\"\n{MANIFEST}"), &wat::parse_str(foreign).unwrap());
    assert_eq!(refusal(foreign).await.0, "the component wants what this host doesn't lend: wasix:random/random@0.2.0");
}

/// A stub is no lent function: it stops the component and names itself.
#[tokio::test]
pub(crate) async fn calls_stubbed_wasi() {
    let component = component!("contract", "calls_stubbed_wasi");
    let stubbed = file::carrying(format!("wasi = \"stubbed\"\n{MANIFEST}"), component);
    let mut imports = inspect(&stubbed, 1 << 20).unwrap().imports;
    // Of which patch they are is the linker's choice.
    imports.retain(|import| import.starts_with("wasi:"));
    let (what, _) = refusal(file::carrying(MANIFEST, component)).await;
    assert_eq!(what, format!("the component wants what this host doesn't lend: {}", imports.join(", ")));
    let provider = runtime(&Service::silent()).load(stubbed).await.unwrap();
    for (call, interface, name) in [
        ("environment", "wasi:cli/environment@", "get-environment"),
        ("exit", "wasi:cli/exit@", "exit"),
        ("clock", "wasi:clocks/wall-clock@", "now"),
        ("random", "wasi:random/random@", "get-random-u64"),
    ] {
        let function = format!("{}#{name}", imports.iter().find(|import| import.starts_with(interface)).unwrap());
        let error = provider.refresh(&client(), &telling(&[("call", call)])).await.unwrap_err();
        let Error::Limit { limit, .. } = error else { panic!("{call}: {error:?}") };
        assert_eq!(limit, format!("{function} is not lent to providers"));
    }
    let error = provider.refresh(&client(), &telling(&[])).await.unwrap_err();
    assert_eq!(error.to_string(), "the service refused: nothing");
}

//! The Box component as it is bundled.

use jeton_runtime::inspect;

use crate::file::{box_component, box_with};
use crate::runtime;

#[test]
fn the_box_component_imports_the_contract_and_nothing_else() {
    let imports = inspect(box_component(), 1 << 20).unwrap().imports;
    assert!(imports.contains(&"jeton:provider/http@0.1.0".to_owned()), "{imports:?}");
    assert!(imports.iter().all(|import| import.starts_with("jeton:provider/") && import.ends_with("@0.1.0")), "{imports:?}");
}

#[test]
fn the_box_component_has_not_grown_unnoticed() {
    let (size, most) = (box_component().len(), 60_000);
    assert!(size <= most, "the Box component has {size} bytes, which is more than {most}");
}

#[tokio::test]
async fn a_provider_is_known_by_the_sha_256_of_its_file() {
    use sha2::{Digest, Sha256};
    let provider = runtime().load(box_component()).await.unwrap();
    let digest: String = Sha256::digest(box_component()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((provider.digest(), provider.manifest().id.as_str()), (digest.clone(), "box"));
    let changed = runtime().load(box_with("Files, folders", "Folders, files")).await.unwrap();
    assert_ne!(changed.digest(), digest);
    assert_eq!(changed.manifest().summary, "Folders, files, users and events of box.com");
}

#[tokio::test]
async fn two_runtimes_load_the_same_file_beside_each_other() {
    let (one, other) = (runtime(), runtime());
    let (one, other) = tokio::join!(one.load(box_component()), other.load(box_component()));
    assert_eq!(one.unwrap().digest(), other.unwrap().digest());
}

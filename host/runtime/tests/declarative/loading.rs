//! The component and the manifests that come with Jeton.

use std::fs;
use std::path::Path;

use jeton_runtime::{Limits, Manifest, Runtime, inspect};

use crate::{ACME, runtime};

#[test]
fn every_bundled_manifest_is_without_mistakes_and_has_what_a_person_needs() {
    let mut manifests = 0;
    for id in jeton_bundle::ids() {
        let Some(source) = jeton_bundle::manifest(id) else { continue };
        let manifest = Manifest::parse(source).unwrap_or_else(|problems| panic!("{id}: {problems}"));
        assert_eq!(manifest.id, id, "the file is called by its id");
        assert!(manifest.declarative && manifest.documentation.is_some(), "{id}");
        let guide = manifest.guide_for("http://127.0.0.1/callback").unwrap_or_default();
        assert!(guide.contains("1. ") && guide.contains("2. ") && guide.contains(&format!("jeton clients add {id}")), "{id}: {guide}");
        assert!(guide.contains("http://127.0.0.1/callback"), "{id}");
        assert!(manifest.protocol.pairs("advice").len() > 1, "{id} says what to do about no error");
        manifests += 1;
    }
    assert!(manifests >= 24, "{manifests}");
}

#[tokio::test]
async fn every_bundled_provider_starts() {
    let service = crate::Service::silent();
    let runtime = runtime(&service);
    for id in jeton_bundle::ids() {
        let provider = runtime.load(jeton_bundle::find(id).unwrap().component).await.unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(provider.manifest().id, id);
    }
}

#[test]
fn a_manifest_is_put_behind_the_component_and_found_there() {
    for manifest in [ACME.to_owned(), format!("{ACME}# {}", "x".repeat(20_000)), ACME.trim().to_owned()] {
        let file = jeton_bundle::declarative(&manifest);
        assert_eq!(jeton_runtime::code(&file), jeton_bundle::oauth2(), "{} bytes", manifest.len());
        assert_eq!(inspect(&file, 1 << 20).unwrap().source, manifest);
    }
    for other in [jeton_bundle::find("box").unwrap().component, b"nonsense"] {
        assert_eq!(jeton_runtime::code(other), other);
    }
}

/// Names with an extension are wasmtime's notes.
fn compiled(folder: &Path) -> usize {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| if path.is_dir() { compiled(&path) } else { usize::from(path.extension().is_none()) }).sum()
}

#[tokio::test]
async fn all_manifests_together_cost_one_compilation() {
    let home = tempfile::tempdir().unwrap();
    let runtime = Runtime::builder().limits(Limits { calls: 2, ..Limits::default() }).cache(home.path()).build().unwrap();
    for id in ["acme", "bcme", "ccme"] {
        let manifest = ACME.replace("id = \"acme\"", &format!("id = \"{id}\""));
        assert_eq!(runtime.load(jeton_bundle::declarative(&manifest)).await.unwrap().manifest().id, id);
        assert_eq!(compiled(home.path()), 1, "{id}");
    }
}

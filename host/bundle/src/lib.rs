//! The providers that come with Jeton: `build.rs` builds them from `components/`, and here they are.
//!
//! Those in `components/oauth2/services` are manifests alone. The component `oauth2`, which does what they say, is embedded once, and a
//! manifest is put behind it when it is looked for.
//!
//! ```
//! assert!(jeton_bundle::find("box").is_some());
//! assert!(jeton_bundle::ids().any(|id| id == "github"));
//! ```

use std::sync::{LazyLock, OnceLock};

/// A provider's file.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// Its id.
    pub id: &'static str,
    /// The component, with its manifest inside.
    pub component: &'static [u8],
    /// The manifest, where that is all that is the provider's own.
    pub manifest: Option<&'static str>,
}

macro_rules! bundled {
    ($($id:literal),*) => {
        &[$(($id, include_bytes!(concat!(env!("OUT_DIR"), "/", $id, ".wasm")))),*]
    };
}

/// Those with code of their own, by id.
const COMPONENTS: &[(&str, &[u8])] = bundled!["box", "dropbox", "google", "microsoft"];

/// What a manifest alone is for.
const OAUTH2: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/oauth2.wasm"));

/// Where a component carries its manifest.
const SECTION: &str = "jeton:manifest";

/// A provider that is a manifest alone, with its file once it was made.
struct Service {
    id: &'static str,
    manifest: &'static str,
    file: OnceLock<Vec<u8>>,
}

macro_rules! services {
    ($(($id:literal, $path:literal)),*) => {
        vec![$(Service { id: $id, manifest: include_str!($path), file: OnceLock::new() }),*]
    };
}

// One for each file of `components/oauth2/services`, by id.
static SERVICES: LazyLock<Vec<Service>> = LazyLock::new(|| include!(concat!(env!("OUT_DIR"), "/services.rs")));

/// The ids of all of them.
pub fn ids() -> impl Iterator<Item = &'static str> {
    COMPONENTS.iter().map(|(id, _)| *id).chain(SERVICES.iter().map(|service| service.id))
}

/// The one with this id.
pub fn find(id: &str) -> Option<Bundled> {
    if let Some((id, component)) = COMPONENTS.iter().find(|(known, _)| *known == id) {
        return Some(Bundled { id, component, manifest: None });
    }
    let service = SERVICES.iter().find(|service| service.id == id)?;
    let component = service.file.get_or_init(|| declarative(service.manifest));
    Some(Bundled { id: service.id, component, manifest: Some(service.manifest) })
}

/// The manifest of the one with this id, where that is all that is its own. No file is made.
pub fn manifest(id: &str) -> Option<&'static str> {
    SERVICES.iter().find(|service| service.id == id).map(|service| service.manifest)
}

/// Whether there is one with this id. No file is made.
pub fn knows(id: &str) -> bool {
    ids().any(|known| known == id)
}

/// The component `oauth2`, which says nothing of any service.
pub fn oauth2() -> &'static [u8] {
    OAUTH2
}

/// A provider's file of a manifest that says `component = "oauth2"`: the component, with the manifest behind it in a section of its own.
pub fn declarative(manifest: &str) -> Vec<u8> {
    let length = |number: usize| {
        // LEB128, as WebAssembly writes numbers.
        let (mut bytes, mut rest) = (vec![], number);
        while rest > 0x7f {
            bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        bytes.push(rest as u8);
        bytes
    };
    let name = [&length(SECTION.len())[..], SECTION.as_bytes()].concat();
    [OAUTH2, &[0], &length(name.len() + manifest.len()), &name, manifest.as_bytes()].concat()
}

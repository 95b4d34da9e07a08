//! The providers that come with Jeton: `build.rs` builds them from `components/`, and here they are.
//!
//! ```
//! assert!(jeton_bundle::find("box").is_some());
//! ```

/// A provider's file.
#[derive(Clone, Copy, Debug)]
pub struct Bundled {
    /// Its id.
    pub id: &'static str,
    /// The component, with its manifest inside.
    pub component: &'static [u8],
}

macro_rules! bundled {
    ($($id:literal),*) => {
        &[$(Bundled { id: $id, component: include_bytes!(concat!(env!("OUT_DIR"), "/", $id, ".wasm")) }),*]
    };
}

/// All of them, by id.
pub const ALL: &[Bundled] = bundled!["box"];

/// The one with this id.
pub fn find(id: &str) -> Option<&'static Bundled> {
    ALL.iter().find(|bundled| bundled.id == id)
}

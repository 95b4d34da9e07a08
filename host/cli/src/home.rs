//! Where things are: the XDG folders, or everything below `JETON_HOME`.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Result};

/// The folders.
#[derive(Clone, Debug)]
pub struct Home {
    /// The store.
    pub store: PathBuf,
    /// The key file.
    pub key: PathBuf,
    /// Providers that were added.
    pub providers: PathBuf,
    /// Compiled components.
    pub cache: PathBuf,
}

impl Home {
    /// Reads the environment.
    pub fn find() -> Result<Self> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(home) = set("JETON_HOME") {
            return Ok(Self::below(&home, &home, &home.join("cache")));
        }
        let folder = |variable: &str, otherwise: &str| {
            // XDG: a relative path in these variables is invalid and is ignored.
            let xdg = set(variable).filter(|path| path.is_absolute());
            xdg.or_else(|| env::home_dir().map(|home| home.join(otherwise)))
                .ok_or_else(|| Failure::new("this user has no home folder", "Set JETON_HOME to a folder of your own"))
        };
        let config = folder("XDG_CONFIG_HOME", ".config")?.join("jeton");
        let data = folder("XDG_DATA_HOME", ".local/share")?.join("jeton");
        let cache = folder("XDG_CACHE_HOME", ".cache")?.join("jeton");
        Ok(Self::below(&config, &data, &cache))
    }

    /// The key lies apart from the data, so that a copy of the data folder alone tells nobody anything.
    fn below(config: &Path, data: &Path, cache: &Path) -> Self {
        let (store, providers) = (data.join("jeton.db"), data.join("providers"));
        Self { store, key: config.join("key"), providers, cache: cache.join("components") }
    }
}

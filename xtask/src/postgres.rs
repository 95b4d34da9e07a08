//! The PostgreSQL that the tests share: the one at its usual port, else one that is started for them.

pub mod server;

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::{run, setup};
use server::Server;

/// Where tests look for it: an address up to the port. `start` asks for one of our own, whatever else there is.
pub const VARIABLE: &str = "JETON_TEST_POSTGRES";

const USUAL: u16 = 5432;

/// A server that was started for the tests. It ends with this, and its folder goes.
pub struct Started {
    server: Option<Server>,
    folder: PathBuf,
}

impl Started {
    /// Its address, up to the port.
    pub fn address(&self) -> String {
        self.server.as_ref().map(Server::address).unwrap_or_default()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        drop(self.server.take());
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Starts one where it is needed.
pub fn for_tests() -> Result<Option<Started>> {
    match std::env::var(VARIABLE) {
        Ok(address) if address != "start" => return Ok(None),
        Err(_) if server::answers(USUAL) => return Ok(None),
        _ => {}
    }
    setup::postgres()?;
    let folder = folder();
    let mut started = Started { server: None, folder };
    let server = Server::start(&started.folder, &[]).with_context(|| format!("in {}", started.folder.display()))?;
    eprintln!("PostgreSQL for the tests: {}, in {}", server.address(), started.folder.display());
    started.server = Some(server);
    Ok(Some(started))
}

/// Below the target folder, where its user can get there.
fn folder() -> PathBuf {
    let target = run::target();
    let open = |folder: &Path| std::fs::metadata(folder).is_ok_and(|folder| folder.mode() & 0o001 != 0);
    let base = if target.ancestors().all(open) { target } else { std::env::temp_dir() };
    base.join(format!("postgres-{}", std::process::id()))
}

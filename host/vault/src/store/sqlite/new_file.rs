//! A store's file that gets its name when it is whole: a backup.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sqlx::ConnectOptions as _;

use super::session::SqliteSession;
use super::{migrate, options, trouble};
use crate::seal::random_id;
use crate::store::database::Session;
use crate::{Error, Result, private_file};

/// Dropped before it is finished, it leaves nothing behind.
pub(crate) struct NewFile {
    path: PathBuf,
    draft: PathBuf,
    session: Option<SqliteSession>,
    finished: bool,
}

impl NewFile {
    /// Takes the name, which nobody else may have, and makes the tables under another one.
    ///
    /// Not in WAL mode: that would need two more files beside it, and a folder that can be written, only to read it.
    pub(crate) async fn begin(path: &Path) -> Result<Self> {
        match private_file::create(path) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(Error::FileExists(path.display().to_string())),
            Err(error) => return Err(trouble::of_file(path, "can't be made", &error)),
        }
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}", random_id()?));
        let mut new = Self { path: path.to_owned(), draft: draft.into(), session: None, finished: false };
        private_file::create(&new.draft).map_err(|error| trouble::of_file(path, "can't be made", &error))?;
        let trouble = |error: sqlx::Error| trouble::of_sqlite(path, &error);
        let mut connection = options(&new.draft).connect().await.map_err(trouble)?;
        migrate(&mut connection).await.map_err(trouble)?;
        new.session = Some(SqliteSession::on(connection, path, "BEGIN IMMEDIATE").await?);
        Ok(new)
    }

    /// What is to be in it.
    pub(crate) fn session(&mut self) -> Result<&mut dyn Session> {
        match &mut self.session {
            Some(session) => Ok(session),
            None => Err(trouble::of_sqlite(&self.path, &sqlx::Error::WorkerCrashed)),
        }
    }

    /// Puts all of it on disk.
    pub(crate) async fn finish(mut self) -> Result<()> {
        if let Some(session) = self.session.take() {
            session.end().await?;
        }
        // Over the empty file that kept the name, which works on file systems without hard links, too.
        fs::rename(&self.draft, &self.path).map_err(|error| trouble::of_file(&self.path, "can't be made", &error))?;
        self.finished = true;
        private_file::sync_folder_of(&self.path).map_err(|error| trouble::of_file(&self.path, "can't be made", &error))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.finished {
            let mut journal = self.draft.clone().into_os_string();
            journal.push("-journal");
            for path in [&self.draft, &PathBuf::from(journal), &self.path] {
                // What can't be removed is an empty file or a draft, and the error is told already.
                let _ = fs::remove_file(path);
            }
        }
    }
}

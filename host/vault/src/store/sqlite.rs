//! The store in one SQLite file: how it is made, opened and brought up to date.
//!
//! Two connections: one that only reads, so that opening a store and reading a token writes nothing to it, and one that writes, opened
//! when something is to be written. WAL lets them work at once, and `synchronous=FULL` puts every commit on disk before it returns.

mod queries;
mod rows;
mod trouble;

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use crate::seal::{WrappedKey, random_id};
use crate::{Error, Result, private_file};

/// Each brings `user_version` from its index to the next. Never edited once released.
const MIGRATIONS: [&str; 1] = [include_str!("../../migrations/0001_first.sql")];

/// The schema's version that this code works with.
pub(crate) const VERSION: i64 = MIGRATIONS.len() as i64;

/// "Jetn" in SQLite's header tells our files from those of other programs.
pub(crate) const APPLICATION: i64 = 0x4a65_746e;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Pages after which a writer brings the log into the file. Low: a process that is the first to open the store reads the whole log.
const LOG_PAGES: &str = "32";

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

type Locked<'a> = MappedMutexGuard<'a, SqliteConnection>;

/// A store in a file.
pub(crate) struct SqliteStore {
    path: PathBuf,
    reader: Mutex<Option<SqliteConnection>>,
    writer: Mutex<Option<SqliteConnection>>,
}

impl SqliteStore {
    /// Makes a store with this key, unless there is something of this name already: that is left as it is.
    ///
    /// The store is made under another name and gets its own when it is whole, so that no other process sees half of it.
    pub(crate) async fn create(path: &Path, key: &WrappedKey, now: i64) -> Result<()> {
        let unwritable = |error| trouble::of_file(path, "can't be made", &error);
        private_file::make_folder_of(path).map_err(unwritable)?;
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}", random_id()?));
        let draft = PathBuf::from(draft);
        private_file::create(&draft).map_err(unwritable)?;
        let made = fill(&draft, key, now).await.map_err(|error| trouble::of_sqlite(path, &error));
        // A hard link, unlike a rename, fails where the name is taken.
        let linked = made.and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(unwritable(error)),
            _ => Ok(()),
        });
        fs::remove_file(&draft).map_err(unwritable).and(linked)?;
        private_file::sync_folder_of(path).map_err(unwritable)
    }

    /// Opens the store and brings its schema up to date; writes nothing where it is. `NoStore` where there is no file.
    pub(crate) async fn open(path: &Path) -> Result<(Self, WrappedKey)> {
        look_at(path)?;
        let store = Self { path: path.to_owned(), reader: Mutex::default(), writer: Mutex::default() };
        match store.marks_and_key().await {
            Ok(((version, APPLICATION), key)) if version == VERSION => return Ok((store, key)),
            // Perhaps it has no keys because it isn't ours.
            Ok(_) | Err(Error::Store { .. }) => {}
            Err(error) => return Err(error),
        }
        let (version, application) = {
            let mut reader = store.reader().await?;
            marks(&mut reader).await.map_err(|error| store.trouble(&error))?
        };
        if application != APPLICATION {
            let what = "it is an SQLite database of another program".to_owned();
            return Err(Error::NotAStore { path: path.to_owned(), what });
        }
        if version > VERSION {
            return Err(Error::NewerStore { path: path.to_owned(), found: version, known: VERSION });
        }
        if version < VERSION {
            let mut writer = store.writer().await?;
            migrate(&mut writer).await.map_err(|error| store.trouble(&error))?;
        }
        let (_, key) = store.marks_and_key().await?;
        Ok((store, key))
    }

    /// All that opening needs, in one question: it is asked whenever somebody wants a token.
    async fn marks_and_key(&self) -> Result<((i64, i64), WrappedKey)> {
        let mut reader = self.reader().await?;
        let row = sqlx::query(
            "SELECT user_version, application_id, id, master_id, wrapped FROM pragma_user_version, pragma_application_id, keys \
             ORDER BY created_at DESC LIMIT 1",
        )
        .fetch_one(&mut *reader)
        .await
        .map_err(|error| self.trouble(&error))?;
        let read = || -> sqlx::Result<_> {
            let key = WrappedKey { id: row.try_get(2)?, master_id: row.try_get(3)?, wrapped: row.try_get(4)? };
            Ok(((row.try_get(0)?, row.try_get(1)?), key))
        };
        read().map_err(|error| self.trouble(&error))
    }

    async fn reader(&self) -> Result<Locked<'_>> {
        self.connected(&self.reader, options(&self.path).read_only(true)).await
    }

    async fn writer(&self) -> Result<Locked<'_>> {
        let options = options(&self.path).synchronous(SqliteSynchronous::Full).pragma("wal_autocheckpoint", LOG_PAGES);
        self.connected(&self.writer, options).await
    }

    async fn connected<'a>(&'a self, slot: &'a Mutex<Option<SqliteConnection>>, options: SqliteConnectOptions) -> Result<Locked<'a>> {
        let mut slot = slot.lock().await;
        if slot.is_none() {
            *slot = Some(options.connect().await.map_err(|error| self.trouble(&error))?);
        }
        MutexGuard::try_map(slot, Option::as_mut).map_err(|_| self.trouble(&sqlx::Error::WorkerCrashed))
    }

    fn trouble(&self, error: &sqlx::Error) -> Error {
        trouble::of_sqlite(&self.path, error)
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging()
}

/// Refuses what is no store before SQLite touches it.
fn look_at(path: &Path) -> Result<()> {
    let mut magic = [0; MAGIC.len()];
    let not_a_store = |what: &str| Err(Error::NotAStore { path: path.to_owned(), what: what.to_owned() });
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Error::NoStore(path.to_owned())),
        Err(error) => return Err(trouble::of_file(path, "can't be read", &error)),
        // Before it is opened: to open a pipe is to wait for its other end.
        Ok(metadata) if metadata.is_dir() => return not_a_store("it is a folder"),
        Ok(metadata) if !metadata.is_file() => return not_a_store("it is no file"),
        Ok(metadata) if metadata.len() == 0 => return not_a_store("it is empty"),
        Ok(_) => {}
    }
    let mut file = File::open(path).map_err(|error| trouble::of_file(path, "can't be read", &error))?;
    match file.read_exact(&mut magic) {
        Ok(()) if magic == *MAGIC => Ok(()),
        Ok(()) => not_a_store("it is no SQLite database"),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => not_a_store("it is no SQLite database"),
        Err(error) => Err(trouble::of_file(path, "can't be read", &error)),
    }
}

async fn fill(draft: &Path, key: &WrappedKey, now: i64) -> sqlx::Result<()> {
    // The mode is kept in the file: nobody sets it again.
    let options = options(draft).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    migrate(&mut connection).await?;
    sqlx::query("INSERT INTO keys (id, master_id, wrapped, created_at) VALUES ($1, $2, $3, $4)")
        .bind(&key.id)
        .bind(&key.master_id)
        .bind(&key.wrapped)
        .bind(now)
        .execute(&mut connection)
        .await?;
    // Brings the log into the file and removes it.
    connection.close().await
}

async fn migrate(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Under the lock: another process may have been faster.
    let (version, _) = marks(&mut transaction).await?;
    for migration in MIGRATIONS.into_iter().skip(usize::try_from(version).unwrap_or_default()) {
        sqlx::raw_sql(migration).execute(&mut *transaction).await?;
    }
    let marks = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(marks)).execute(&mut *transaction).await?;
    transaction.commit().await
}

/// The schema's version, and whose file it is.
async fn marks(connection: &mut SqliteConnection) -> sqlx::Result<(i64, i64)> {
    let row =
        sqlx::query("SELECT user_version, application_id FROM pragma_user_version, pragma_application_id").fetch_one(connection).await?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

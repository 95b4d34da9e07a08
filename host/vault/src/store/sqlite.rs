//! The store in one SQLite file: how it is made, opened and brought up to date.
//!
//! Two connections: one that only reads, so that opening a store and reading a token writes nothing to it, and one that writes, opened
//! when something is to be written. WAL lets them work at once, and `synchronous=FULL` puts every commit on disk before it returns.

mod network;
mod new_file;
mod session;
mod trouble;

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, TypeInfo as _, ValueRef as _};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use super::database::{Database, Purpose, Session, Step, Watch, Written, contradicts};
use super::queries::first_key;
use super::value::{Row, Value};
use super::{KeyRow, MIGRATIONS, VERSION};
use crate::seal::random_id;
use crate::{Error, Result, private_file};
pub(crate) use new_file::NewFile;
use session::SqliteSession;

/// "Jetn" in SQLite's header tells our files from those of other programs.
pub(crate) const APPLICATION: i64 = 0x4a65_746e;

/// What SQLite has besides the common migration of the same index.
const ALSO: [&str; MIGRATIONS.len()] = ["", include_str!("../../migrations/0002_sqlite.sql"), ""];

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Pages after which a writer brings the log into the file. Low: a process that is the first to open the store reads the whole log.
const LOG_PAGES: &str = "32";

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(10);

/// The first and the longest pause between looks at a row that another process refreshes.
const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(80);

type Locked<'a> = MappedMutexGuard<'a, SqliteConnection>;

/// A store in a file.
pub(crate) struct Sqlite {
    path: PathBuf,
    name: String,
    reader: Mutex<Option<SqliteConnection>>,
    writer: Mutex<Option<SqliteConnection>>,
}

impl Sqlite {
    /// Makes a store with this key, unless there is something of this name already: that is left as it is.
    ///
    /// The store is made under another name and gets its own when it is whole, so that no other process sees half of it.
    pub(crate) async fn create(path: &Path, key: &KeyRow) -> Result<()> {
        let unwritable = |error| trouble::of_file(path, "can't be made", &error);
        private_file::make_folder_of(path).map_err(unwritable)?;
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}", random_id()?));
        let draft = PathBuf::from(draft);
        private_file::create(&draft).map_err(unwritable)?;
        let made = fill(&draft, key).await.map_err(|error| trouble::of_sqlite(path, &error));
        // A hard link, unlike a rename, fails where the name is taken.
        let linked = made.and_then(|()| match fs::hard_link(&draft, path) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(unwritable(error)),
            _ => Ok(()),
        });
        fs::remove_file(&draft).map_err(unwritable).and(linked)?;
        private_file::sync_folder_of(path).map_err(unwritable)
    }

    /// Opens the store and brings its schema up to date; writes nothing where it is. `NoStore` where there is no file.
    pub(crate) async fn open(path: &Path) -> Result<Self> {
        look_at(path)?;
        private_file::repair(path);
        network::warn_of(path);
        let name = path.display().to_string();
        let store = Self { path: path.to_owned(), name, reader: Mutex::default(), writer: Mutex::default() };
        let (version, application) = {
            let mut reader = store.reader().await?;
            marks(&mut reader).await.map_err(|error| store.trouble(&error))?
        };
        if application != APPLICATION {
            let what = "it is an SQLite database of another program".to_owned();
            return Err(Error::NotAStore { store: store.name, what });
        }
        if version > VERSION {
            return Err(Error::NewerStore { store: store.name, found: version, known: VERSION });
        }
        if version < VERSION {
            let mut writer = store.writer().await?;
            migrate(&mut writer).await.map_err(|error| store.trouble(&error))?;
        }
        Ok(store)
    }

    async fn reader(&self) -> Result<Locked<'_>> {
        self.connected(&self.reader, options(&self.path).read_only(true)).await
    }

    async fn writer(&self) -> Result<Locked<'_>> {
        self.connected(&self.writer, writing(&self.path)).await
    }

    async fn connected<'a>(&'a self, slot: &'a Mutex<Option<SqliteConnection>>, options: SqliteConnectOptions) -> Result<Locked<'a>> {
        let mut slot = slot.lock().await;
        if slot.is_none() {
            *slot = Some(options.connect().await.map_err(|error| self.trouble(&error))?);
        }
        MutexGuard::try_map(slot, Option::as_mut).map_err(|_| self.trouble(&sqlx::Error::WorkerCrashed))
    }

    /// A full disk makes SQLite itself undo the transaction, of which `sqlx` isn't told: on that connection it could begin none ever after.
    async fn forget_writer(&self) {
        if let Some(writer) = self.writer.lock().await.take() {
            // It was in trouble already. Closed before another is opened, which would find it locked.
            let _ = writer.close_hard().await;
        }
    }

    fn trouble(&self, error: &sqlx::Error) -> Error {
        trouble::of_sqlite(&self.path, error)
    }
}

impl Database for Sqlite {
    fn name(&self) -> &str {
        &self.name
    }

    fn damaged(&self) -> Error {
        self.trouble(&sqlx::Error::RowNotFound)
    }

    fn read<'a>(&'a self, sql: &'static str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let mut reader = self.reader().await?;
            let rows = bound(sql, values).fetch_all(&mut *reader).await;
            let rows = rows.and_then(|rows| rows.iter().map(row).collect());
            rows.map_err(|error| self.trouble(&error))
        })
    }

    fn write<'a>(&'a self, steps: &'a [Step], _changed: Option<&'a str>) -> BoxFuture<'a, Result<Written>> {
        Box::pin(async move {
            let mut writer = self.writer().await?;
            let error = match write(&mut writer, steps).await {
                Ok(written) => return Ok(written),
                Err(error) if contradicts(&error) => return Ok(Written::Conflict),
                Err(error) => error,
            };
            drop(writer);
            self.forget_writer().await;
            Err(self.trouble(&error))
        })
    }

    fn watch(&self) -> BoxFuture<'_, Box<dyn Watch>> {
        Box::pin(async { Box::new(Pauses { next: SHORTEST }) as Box<dyn Watch> })
    }

    fn session(&self, purpose: Purpose) -> BoxFuture<'_, Result<Box<dyn Session>>> {
        Box::pin(async move { Ok(Box::new(SqliteSession::begin(&self.path, purpose).await?) as Box<dyn Session>) })
    }
}

async fn write(writer: &mut SqliteConnection, steps: &[Step]) -> sqlx::Result<Written> {
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    for step in steps {
        let done = bound(step.sql, &step.values).execute(&mut *transaction).await?;
        if step.needed && done.rows_affected() == 0 {
            transaction.rollback().await?;
            return Ok(Written::Nothing);
        }
    }
    transaction.commit().await?;
    Ok(Written::Done)
}

/// Nobody tells a process of another one's write: it looks again, at first soon.
struct Pauses {
    next: Duration,
}

impl Watch for Pauses {
    fn changed<'a>(&'a mut self, _id: &'a str, longest: Duration) -> BoxFuture<'a, ()> {
        let pause = self.next.min(longest);
        self.next = (self.next * 2).min(LONGEST);
        Box::pin(tokio::time::sleep(pause))
    }
}

fn bound(sql: &'static str, values: &[Value]) -> Query<'static, sqlx::Sqlite, SqliteArguments> {
    values.iter().cloned().fold(sqlx::query(sql), |query, value| match value {
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Integer(value) => query.bind(value),
        Value::Flag(value) => query.bind(value),
    })
}

fn row(row: &SqliteRow) -> sqlx::Result<Row> {
    let value = |index: usize| {
        let raw = row.try_get_raw(index)?;
        let kind = raw.type_info().name().to_owned();
        Ok(match kind.as_str() {
            _ if raw.is_null() => Value::Text(None),
            "TEXT" => match row.try_get_unchecked::<String, _>(index) {
                Ok(text) => Value::Text(Some(text)),
                // Somebody wrote it who isn't Jeton: whoever unseals it finds out.
                Err(_) => Value::Bytes(row.try_get_unchecked(index)?),
            },
            "BLOB" => Value::Bytes(row.try_get_unchecked(index)?),
            _ => Value::Integer(row.try_get_unchecked(index)?),
        })
    };
    (0..row.len()).map(value).collect::<sqlx::Result<_>>().map(Row::new)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).busy_timeout(BUSY).disable_statement_logging()
}

/// A backup that is used as a store isn't in WAL mode yet.
fn writing(path: &Path) -> SqliteConnectOptions {
    let options = options(path).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    options.pragma("wal_autocheckpoint", LOG_PAGES)
}

/// Refuses what is no store before SQLite touches it.
fn look_at(path: &Path) -> Result<()> {
    let mut magic = [0; MAGIC.len()];
    let not_a_store = |what: &str| Err(Error::NotAStore { store: path.display().to_string(), what: what.to_owned() });
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(Error::NoStore(path.display().to_string())),
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

async fn fill(draft: &Path, key: &KeyRow) -> sqlx::Result<()> {
    // The mode is kept in the file: nobody sets it again.
    let options = options(draft).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await?;
    migrate(&mut connection).await?;
    write(&mut connection, &first_key(key)).await?;
    // Brings the log into the file and removes it.
    connection.close().await
}

async fn migrate(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    // Under the lock: another process may have been faster.
    let (version, _) = marks(&mut transaction).await?;
    for (migration, also) in MIGRATIONS.iter().zip(ALSO).skip(usize::try_from(version).unwrap_or_default()) {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        sqlx::raw_sql(also).execute(&mut *transaction).await?;
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

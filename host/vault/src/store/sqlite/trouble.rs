//! What SQLite and the system say, for the person who must act.

use std::io::{self, ErrorKind};
use std::path::Path;

use jeton_runtime::Remedy;

use crate::Error;

/// An error of the system about the store's file.
pub(super) fn of_file(path: &Path, what: &str, error: &io::Error) -> Error {
    let hint = match error.kind() {
        ErrorKind::PermissionDenied => "Check who owns the file and its folder, and as whom Jeton runs",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "Make room on the disk; what was stored is kept",
        ErrorKind::ReadOnlyFilesystem => "Name a place that can be written, with JETON_HOME",
        _ => "Check that the path is right and the file system works",
    };
    store(path, format!("{what}: {error}"), hint, Remedy::Other)
}

/// An error of SQLite. The low byte of its code is the primary one: <https://www.sqlite.org/rescode.html>
pub(super) fn of_sqlite(path: &Path, error: &sqlx::Error) -> Error {
    let code = match error {
        sqlx::Error::Database(error) => error.code().and_then(|code| code.parse::<i32>().ok()),
        _ => None,
    };
    let says = match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    };
    let (what, hint, remedy) = match code.map(|code| code & 0xff) {
        Some(5 | 6) => ("is in use by another process", "Try again; what was stored is kept", Remedy::Retry),
        Some(3 | 23) => ("can't be read", "Check who owns the file and its folder, and as whom Jeton runs", Remedy::Other),
        Some(8) => ("can't be written", "Check who owns the file and its folder; both must be writable", Remedy::Other),
        Some(14) => ("can't be opened", "Check who owns the file and its folder; both must be writable", Remedy::Other),
        Some(13) => ("the disk is full", "Make room on the disk; what was stored is kept", Remedy::Other),
        Some(10) => ("the disk doesn't read or write", "Check the disk, then try again", Remedy::Other),
        Some(1 | 11) => ("is damaged", "Restore a backup; it was left as it is", Remedy::Other),
        Some(26) => {
            let what = "it is no SQLite database, or its beginning is damaged".to_owned();
            return Error::NotAStore { store: path.display().to_string(), what };
        }
        _ if matches!(error, sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. }) => {
            ("is damaged", "Restore a backup; it was left as it is", Remedy::Other)
        }
        _ => ("doesn't work", "Try again; if it stays like this, report it with this message", Remedy::Other),
    };
    store(path, format!("{what} ({says})"), hint, remedy)
}

fn store(path: &Path, what: String, hint: &str, remedy: Remedy) -> Error {
    Error::Store { store: path.display().to_string(), what, hint: hint.to_owned(), remedy }
}

//! What PostgreSQL and the network say, for the person who must act.

use std::io::ErrorKind;
use std::time::Duration;

use jeton_runtime::Remedy;

use crate::Error;

/// The address can't be read. It isn't repeated: there may be a password in it.
pub(super) fn of_url(why: &str) -> Error {
    let hint =
        "Write postgres://USER:PASSWORD@HOST:PORT/DATABASE; characters such as @ : / ? # in the password are written %40 %3A %2F %3F %23";
    store("PostgreSQL", format!("its address can't be read ({why})"), hint, Remedy::Other)
}

/// An error of PostgreSQL or of the way to it. Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>
pub(super) fn of_postgres(name: &str, patience: Duration, error: &sqlx::Error) -> Error {
    let says = match error {
        sqlx::Error::Database(says) => says,
        sqlx::Error::PoolTimedOut => {
            let what = format!("doesn't answer within {} seconds", patience.as_secs_f32());
            return store(name, what, "Check the network and the database, then try again; what was stored is kept", Remedy::Retry);
        }
        other => return without_code(name, other),
    };
    let code = says.code().unwrap_or_default().into_owned();
    let (what, hint, remedy) = match code.as_str() {
        "28P01" | "28000" => ("refuses this user", "Check user and password in the address, and the server's pg_hba.conf", Remedy::Other),
        "3D000" => ("has no such database", "Make it with `createdb`, or name another one", Remedy::Other),
        "42501" => {
            let hint = "Grant CREATE on the database, or let its owner run Jeton once and grant the use of the schema jeton and its tables";
            ("forbids it to this user", hint, Remedy::Other)
        }
        "25006" => ("is read-only", "Name the primary server, not a standby", Remedy::Retry),
        "55P03" | "57014" | "40001" | "40P01" => ("is busy", "Try again; what was stored is kept", Remedy::Retry),
        "53100" => ("has no room on its disk", "Make room on the server's disk; what was stored is kept", Remedy::Retry),
        "53300" => ("has too many connections", "Raise its max_connections, or start fewer servers", Remedy::Retry),
        code if code.starts_with("08") || code.starts_with("57P") => ("is restarting", "Try again in a moment", Remedy::Retry),
        _ => ("doesn't work", "Try again; if it stays like this, report it with this message", Remedy::Other),
    };
    store(name, format!("{what} ({}, {code})", says.message()), hint, remedy)
}

/// What went wrong on the way.
fn without_code(name: &str, error: &sqlx::Error) -> Error {
    let certificate = "Use a server certificate for this host name, name its authority with sslrootcert=FILE, or choose another sslmode";
    let (what, hint, remedy) = match error {
        sqlx::Error::Tls(_) => ("can't be trusted", certificate, Remedy::Other),
        // What `rustls` finds wrong with the other side.
        sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => ("can't be trusted", certificate, Remedy::Other),
        sqlx::Error::Io(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => (
            "needs a file that can't be read",
            "Check the paths in the address: sslrootcert, sslcert, sslkey, or the socket",
            Remedy::Other,
        ),
        sqlx::Error::Io(_) | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            ("can't be reached", "Check that the database runs and the address is right; what was stored is kept", Remedy::Retry)
        }
        sqlx::Error::RowNotFound | sqlx::Error::ColumnDecode { .. } => {
            ("is damaged", "Restore a backup; it was left as it is", Remedy::Other)
        }
        _ => ("doesn't work", "Try again; if it stays like this, report it with this message", Remedy::Other),
    };
    store(name, format!("{what} ({error})"), hint, remedy)
}

fn store(name: &str, what: String, hint: &str, remedy: Remedy) -> Error {
    Error::Store { store: name.to_owned(), what, hint: hint.to_owned(), remedy }
}

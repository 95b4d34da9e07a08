//! What the command's exit code says.

use jeton_runtime::Remedy;

/// Stable: scripts depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It worked.
    Ok = 0,
    /// Something that has no number of its own.
    Other = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A person must sign in again.
    SignIn = 3,
    /// Try again later.
    Retry = 4,
    /// The client registration must be fixed.
    FixClient = 5,
    /// A rule forbids it.
    Denied = 6,
}

impl From<Remedy> for Exit {
    fn from(remedy: Remedy) -> Self {
        match remedy {
            Remedy::SignIn => Self::SignIn,
            Remedy::Retry => Self::Retry,
            Remedy::FixClient => Self::FixClient,
            Remedy::Denied => Self::Denied,
            Remedy::Other => Self::Other,
        }
    }
}

impl Exit {
    /// As JSON output names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Other => "other",
            Self::Usage => "usage",
            Self::SignIn => "sign-in",
            Self::Retry => "retry",
            Self::FixClient => "fix-client",
            Self::Denied => "denied",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_remedy_has_its_documented_code() {
        let code = |remedy: Remedy| Exit::from(remedy) as u8;
        let codes = [Remedy::Other, Remedy::SignIn, Remedy::Retry, Remedy::FixClient, Remedy::Denied].map(code);
        assert_eq!(codes, [1, 3, 4, 5, 6]);
        assert_eq!((Exit::Ok as u8, Exit::Usage as u8), (0, 2));
    }
}

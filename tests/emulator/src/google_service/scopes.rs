//! Google's scopes, as far as rules hang on them.

/// Scopes that tell who the user is and nothing more. The consent page doesn't let the user leave them out, and refresh tokens for them
/// alone outlive a project's testing.
pub(super) fn is_identity(scope: &str) -> bool {
    matches!(
        scope,
        "openid"
            | "email"
            | "profile"
            | "https://www.googleapis.com/auth/userinfo.email"
            | "https://www.googleapis.com/auth/userinfo.profile"
    )
}

/// What the device flow may ask for (`providers.md` 3.6).
pub(super) fn is_for_devices(scope: &str) -> bool {
    let api = scope.strip_prefix("https://www.googleapis.com/auth/");
    matches!(scope, "openid" | "email" | "profile") || matches!(api, Some("drive.appdata" | "drive.file" | "youtube" | "youtube.readonly"))
}

/// Whether there can be such a scope. The emulator knows no list of them.
pub(super) fn is_known(scope: &str) -> bool {
    is_identity(scope) || is_gmail(scope) || scope.strip_prefix("https://www.googleapis.com/auth/").is_some_and(|rest| !rest.is_empty())
}

/// Refresh tokens with these die when the user changes the password.
pub(super) fn is_gmail(scope: &str) -> bool {
    scope == "https://mail.google.com/" || scope.starts_with("https://www.googleapis.com/auth/gmail.")
}

/// Whether a token of these scopes may read about the user's Drive.
pub(super) fn reads_drive(scope: &str) -> bool {
    scope == "https://www.googleapis.com/auth/drive" || scope.starts_with("https://www.googleapis.com/auth/drive.")
}

/// Whether a token of this scope may ask for tokens of service accounts.
pub(super) fn impersonates(scope: &str) -> bool {
    matches!(scope, "https://www.googleapis.com/auth/cloud-platform" | "https://www.googleapis.com/auth/iam")
}

/// What a scope is called for people.
pub(super) fn name(scope: &str) -> &'static str {
    match scope {
        "openid" => "Know who you are",
        "email" | "https://www.googleapis.com/auth/userinfo.email" => "See your e-mail address",
        "profile" | "https://www.googleapis.com/auth/userinfo.profile" => "See your name",
        "https://www.googleapis.com/auth/drive" => "See, edit and delete all your files",
        "https://www.googleapis.com/auth/drive.file" => "See and edit the files that you use with this app",
        "https://www.googleapis.com/auth/drive.readonly" => "See all your files",
        "https://mail.google.com/" => "Read, write and delete your mail",
        _ => "Use",
    }
}

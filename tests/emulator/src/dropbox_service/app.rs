//! Apps, as Dropbox's app console holds them.

/// A client registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropboxApp {
    /// The client id.
    pub app_key: String,
    /// The client secret.
    pub app_secret: String,
    /// The registered redirect URIs; a request must name one of them, port included, or none at all.
    pub redirect_uris: Vec<String>,
    /// The scopes of the permissions tab; a request without `scope` asks for all of them.
    pub scopes: Vec<String>,
    /// What of a Dropbox the app sees.
    pub folder: FolderAccess,
    /// Whether a team's admin links it, and its tokens are the team's.
    pub team: bool,
    /// What a request without `token_access_type` gets.
    pub default_access: TokenAccess,
    /// Whether it still may have tokens that never expire.
    pub legacy_tokens: bool,
}

/// What of a Dropbox an app sees. OAuth messages say nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FolderAccess {
    /// Only `/Apps/<name>`, which is its root.
    AppFolder,
    /// All of it.
    Full,
}

/// `token_access_type`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenAccess {
    /// An access token that ends after four hours.
    Online,
    /// The same, and a refresh token that doesn't end.
    Offline,
    /// One token that doesn't end: no `expires_in`, no `refresh_token`.
    Legacy,
}

impl DropboxApp {
    /// An app that sees all of a Dropbox and may read accounts and file names, with no redirect URI yet.
    pub fn new(app_key: &str, app_secret: &str) -> Self {
        Self {
            app_key: app_key.to_owned(),
            app_secret: app_secret.to_owned(),
            redirect_uris: Vec::new(),
            scopes: ["account_info.read", "files.metadata.read"].map(str::to_owned).to_vec(),
            folder: FolderAccess::Full,
            team: false,
            default_access: TokenAccess::Online,
            legacy_tokens: false,
        }
    }

    /// Registers one more redirect URI.
    #[must_use]
    pub fn redirect_uri(mut self, uri: &str) -> Self {
        self.redirect_uris.push(uri.to_owned());
        self
    }

    /// Replaces the scopes.
    #[must_use]
    pub fn scopes(self, scopes: &[&str]) -> Self {
        Self { scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(), ..self }
    }

    /// Lets it see its own folder only.
    #[must_use]
    pub fn app_folder(self) -> Self {
        Self { folder: FolderAccess::AppFolder, ..self }
    }

    /// Makes it a team app.
    #[must_use]
    pub fn team(self) -> Self {
        Self { team: true, ..self }
    }

    /// Makes it an app from before 2021-09-30, whose tokens don't expire unless it asks for others.
    #[must_use]
    pub fn legacy(self) -> Self {
        Self { legacy_tokens: true, default_access: TokenAccess::Legacy, ..self }
    }
}

/// Whether a scope is about a team (`providers.md` 2.8).
pub(super) fn is_team_scope(scope: &str) -> bool {
    let first = scope.split('.').next().unwrap_or_default();
    matches!(first, "team_info" | "team_data" | "members" | "groups" | "sessions" | "events") || scope.starts_with("files.team_metadata")
}

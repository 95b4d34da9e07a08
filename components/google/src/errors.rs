//! Google's errors: who must act, and where in Google's consoles.

use jeton_provider::*;

/// Seconds that a sign-in lasts while the project is in Testing.
const WEEK: &str = "604800";

/// What Google says of an assertion whose times it doesn't like.
pub const WRONG_TIME: &str = "reasonable timeframe";

/// The tokens of an answer, or its error with what to do.
pub fn tokens(answer: Response) -> Result<Tokens> {
    let (status, subtype) = (answer.status(), answer.text("/error_subtype"));
    answer.into_tokens().map_err(|mut error| {
        if status == 408 {
            error.kind = ErrorKind::TemporarilyUnavailable;
        }
        // Google words both in more than one way, and names them here.
        if matches!(subtype.as_deref(), Some("invalid_rapt" | "rapt_required")) {
            error.code = subtype;
        }
        explain(error)
    })
}

/// The same for the security token service, which calls a token that it doesn't like a grant.
pub fn federated(answer: Response) -> Result<Tokens> {
    answer.into_tokens().map_err(|error| match error.code.as_deref() {
        Some("invalid_grant" | "invalid_request") => advised(
            error,
            ErrorKind::InvalidGrant,
            "Compare the token's issuer, audience and age with the pool's provider: IAM & Admin → Workload Identity Federation",
        ),
        _ => explain(error),
    })
}

/// No device codes for now.
pub fn quota(code: String) -> Error {
    let kind = if code == "rate_limit_exceeded" { ErrorKind::RateLimited } else { ErrorKind::Other };
    Error { code: Some(code), ..Error::new(kind, "Google gives this client no more device codes at the moment") }
}

/// Somebody may not act as a service account.
pub fn refused_account(error: Error) -> Error {
    match error.kind {
        ErrorKind::AccessDenied => advised(
            error,
            ErrorKind::AdminApprovalRequired,
            "Give the identity the role Service Account Token Creator on the account: IAM & Admin → Service Accounts → Permissions",
        ),
        ErrorKind::InsufficientScope => {
            let kind = error.kind;
            advised(error, kind, "The token that is exchanged needs the scope cloud-platform")
        }
        ErrorKind::InvalidToken => Error { kind: ErrorKind::InvalidGrant, ..error },
        _ => error,
    }
}

/// A refresh token that Google doesn't take any more, and why that is to be expected.
pub fn ended(error: Error, lasts: Option<&str>) -> Error {
    if error.code.as_deref() != Some("invalid_grant") {
        return error;
    }
    let kind = error.kind;
    advised(
        error,
        kind,
        match lasts {
            Some(WEEK) => {
                "Google's project is in Testing, where a sign-in lasts seven days: publish the app (Google Auth Platform → Audience → Publish \
             app), then sign in once more"
            }
            Some(_) => "Access was granted for a limited time only",
            None => {
                "It was revoked at myaccount.google.com/connections, left unused for six months, ended by a new password (Gmail), or replaced by \
             a hundred newer ones"
            }
        },
    )
}

/// Who must act, and how.
pub fn explain(error: Error) -> Error {
    use ErrorKind::*;
    let said = error.description.as_deref().unwrap_or_default();
    let (kind, advice) = match error.code.as_deref().unwrap_or_default() {
        "invalid_rapt" | "rapt_required" => (
            InvalidGrant,
            "Your organization wants a new sign-in every few hours. Its administrator can trust the app: admin.google.com → Security → \
             Access and data control → Google Cloud session control",
        ),
        "invalid_grant" if holds(said, "JWT Signature") => (
            InvalidClient,
            "The key is deleted or another account's. Make a new one (IAM & Admin → Service Accounts → Keys) and add the client with its file",
        ),
        "invalid_grant" if holds(said, WRONG_TIME) => (Other, "This machine's clock is wrong: set it, then try again"),
        "invalid_grant" if holds(said, "account not found") => {
            (InvalidClient, "The service account doesn't exist any more: IAM & Admin → Service Accounts")
        }
        "invalid_grant" if holds(said, "Not a valid email") => {
            (InvalidGrant, "The service account acts for users of the domain alone: correct the address after --subject")
        }
        "invalid_client" if holds(said, "client type") => {
            (InvalidClient, "The device flow needs a client of the type TVs and Limited Input devices: Google Auth Platform → Clients")
        }
        "invalid_client" if holds(said, "not found") => (InvalidClient, "Compare the client id: Google Auth Platform → Clients"),
        "invalid_client" => (InvalidClient, "Compare the client secret, or add another one: Google Auth Platform → Clients"),
        "deleted_client" => {
            (InvalidClient, "Restore it within 30 days (Google Auth Platform → Clients → Restore), or create another client")
        }
        "invalid_request" if holds(said, "client_secret") => {
            (InvalidClient, "Add the client again, with its secret: jeton clients add google --id CLIENT_ID --secret-file FILE")
        }
        "redirect_uri_mismatch" => (
            RedirectMismatch,
            "A client of the type Desktop app needs no entry; for a Web application enter the URI with its port, and connect with --port",
        ),
        "unauthorized_client" => (
            AdminApprovalRequired,
            "An administrator must let the service account act for users: admin.google.com → Security → Access and data control → API \
             controls → Domain-wide delegation, with the account's numeric client id and these scopes",
        ),
        "admin_policy_enforced" => (
            AdminApprovalRequired,
            "An administrator must allow the app: admin.google.com → Security → Access and data control → API controls → Manage app access",
        ),
        "org_internal" => (
            AccessDenied,
            "Sign in with an account of the organization that owns the project, or open the app to others: Google Auth Platform → Audience",
        ),
        "access_denied" => {
            (AccessDenied, "While the project is in Testing only its test users get in: Google Auth Platform → Audience → Test users")
        }
        "login_required" | "consent_required" | "interaction_required" => {
            (InvalidGrant, "Google has something to ask: leave out --option prompt=none, which forbids it")
        }
        "invalid_scope" => (
            InsufficientScope,
            "Google doesn't know the scope, or not for this client: devices get openid, email, profile, drive.file, drive.appdata, \
             youtube and youtube.readonly alone",
        ),
        "invalid_dpop_proof" | "use_dpop_nonce" => (InvalidGrant, "The refresh token is bound to a key that this client doesn't have"),
        "internal_failure" => return Error { kind: TemporarilyUnavailable, ..error },
        _ => return error,
    };
    advised(error, kind, advice)
}

/// The service's words, then ours.
pub fn advised(error: Error, kind: ErrorKind, advice: &str) -> Error {
    let said = error.description.as_deref().unwrap_or_default().trim_end_matches('.');
    let description = if said.is_empty() { advice.to_owned() } else { concat(&[said, ". ", advice]) };
    Error { kind, description: Some(description), ..error }
}

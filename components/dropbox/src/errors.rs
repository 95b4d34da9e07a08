//! Dropbox's errors: RFC 6749's codes at the token endpoint, and a tag in what its API answers.

use ErrorKind::*;
use jeton_provider::*;

/// A tag of the API: what it means, and what to do.
const TAGS: [(&str, ErrorKind, &str); 11] = [
    ("expired_access_token", InvalidToken, "The access token has expired"),
    ("invalid_access_token", InvalidGrant, "The access token was revoked, or the app is no longer linked to the account"),
    ("missing_scope", InsufficientScope, "Tick it on the app's Permissions tab, then sign in again. It is"),
    ("invalid_select_user", Other, "as-user is no member of this team: give the id that begins with dbmid:"),
    ("invalid_select_admin", Other, "as-admin is no admin of this team: give the id that begins with dbmid:"),
    ("user_suspended", AccessDenied, "The account is suspended: an admin of its team can change that, on the team's Members page"),
    ("route_access_denied", AccessDenied, "The app may not make this call"),
    ("invalid_account_type", AccessDenied, "Accounts of this type can't do that"),
    ("paper_access_denied", AccessDenied, "This account has no Paper"),
    ("team_access_denied", AdminApprovalRequired, "An admin of the Dropbox team must allow the app: Admin console → Settings → Team apps"),
    ("no_permission", AccessDenied, "The account has no right to that"),
];

/// What an answer of the API says is wrong.
pub fn tag(answer: &Response) -> Option<String> {
    answer.text("/error/.tag").or_else(|| answer.text("/error/reason/.tag"))
}

/// An error of the API, by its tag.
pub fn of_api(answer: &Response, error: Error) -> Error {
    let Some(code) = tag(answer) else { return error };
    let known = TAGS.iter().find(|(tag, _, _)| *tag == code);
    let (kind, advice) = match (known, answer.status()) {
        (Some((_, kind, advice)), _) => (*kind, *advice),
        (None, 422) => (Other, "path-root isn't a namespace of this account: see root_info in users/get_current_account"),
        (None, 429) => (RateLimited, "Too many calls"),
        _ => return Error { code: Some(summary(answer).unwrap_or(code)), ..error },
    };
    let description = match answer.text("/error/required_scope") {
        Some(scope) => concat(&[advice, " ", &scope]),
        None => advice.to_owned(),
    };
    let retry_after = seconds(answer.text("/error/retry_after")).or(error.retry_after);
    Error { kind, code: Some(code), description: Some(description), retry_after }
}

/// All of an endpoint's own tags: `path/not_found`. The dots behind them mean nothing.
fn summary(answer: &Response) -> Option<String> {
    let text = answer.text("/error_summary")?;
    let end = text.bytes().rposition(|byte| byte != b'.' && byte != b'/')?;
    text.get(..=end).map(str::to_owned)
}

/// An error of the token endpoint. A redirect URI that doesn't fit is called an invalid grant there.
pub fn explain(error: Error) -> Error {
    let said = error.description.as_deref().unwrap_or_default();
    let (kind, advice) = match error.code.as_deref() {
        _ if holds(said, "redirect_uri") => (RedirectMismatch, "Enter it on the app's Settings tab under Redirect URIs, with its port"),
        Some("invalid_client") => (InvalidClient, "Compare App key and App secret with the app's Settings tab"),
        Some("invalid_scope") => (InsufficientScope, "Tick it on the app's Permissions tab"),
        _ => return error,
    };
    Error { kind, description: Some(concat(&[said, ". ", advice])), ..error }
}

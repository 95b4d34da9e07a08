//! Google's APIs: whose token it is, and what their answers mean. All have one form of errors (`error.code`, `.status`, `.message`, and
//! a reason in `.errors` or `.details`).

use jeton_provider::*;

use crate::errors::advised;
use crate::{SUBJECT, extra, scopes};

/// Asks whoever answers a token of these scopes.
pub fn account(tokens: &CurrentTokens<'_>) -> Result<Account> {
    let scope = tokens.scope.as_deref().unwrap_or_default();
    let (endpoint, path, id) = if scopes::tell_identity(scope) {
        ("openid", "userinfo", "/sub")
    } else if scopes::tell_drive(scope) {
        ("api", "drive/v3/about", "/user/permissionId")
    } else {
        return Err(Error::unsupported("none of the granted scopes lets it ask whose tokens these are: add the scope openid or email"));
    };
    let mut request = api_request(Method::Get, endpoint, path, tokens)?;
    if endpoint == "api" {
        request = request.query("fields", "user");
    }
    let answer = request.send()?;
    if !matches!(judge(&answer), Verdict::Ok) {
        return Err(error(&answer));
    }
    let some = |pointer: &str| answer.text(pointer).filter(|text| !text.is_empty());
    let login = some("/email").or_else(|| some("/user/emailAddress"));
    let name = some("/name").or_else(|| some("/user/displayName"));
    let id = some(id).or_else(|| login.clone()).or_else(|| name.clone());
    let id = id.ok_or_else(|| Error::other("Google's answer doesn't say whose account it is"))?;
    // OpenID Connect Core 1.0, 5.3.2.
    if endpoint == "openid" && extra(&tokens.extras, SUBJECT).is_some_and(|subject| subject != id) {
        return Err(Error::new(ErrorKind::InvalidGrant, "These tokens are another account's than the one that signed in"));
    }
    // A Workspace account has a domain, and Drive a name of its own for the person.
    let kept = [("hosted-domain", "/hd"), ("permission-id", "/user/permissionId")];
    let extras = kept.into_iter().filter_map(|(name, pointer)| Some((name.to_owned(), some(pointer)?))).collect();
    Ok(Account { id, login, name, extras })
}

/// What Google calls it: the reason where there is one.
fn reason(answer: &Response) -> Option<String> {
    let places = ["/error/details/0/reason", "/error/errors/0/reason", "/error/status"];
    places.iter().find_map(|place| answer.text(place))
}

pub fn judge(answer: &Response) -> Verdict {
    let detailed = answer.text("/error/details/0/reason");
    let listed = answer.text("/error/errors/0/reason");
    match (answer.status(), detailed.as_deref(), listed.as_deref()) {
        (403, Some("ACCESS_TOKEN_SCOPE_INSUFFICIENT"), _) | (403, _, Some("insufficientPermissions")) => Verdict::InsufficientScope,
        (403, Some("RATE_LIMIT_EXCEEDED"), _)
        | (403, _, Some("rateLimitExceeded" | "userRateLimitExceeded" | "dailyLimitExceeded" | "quotaExceeded")) => {
            Verdict::RateLimited(answer.retry_after())
        }
        _ => verdict_by_status(answer),
    }
}

/// An API's answer that isn't a success, for the person.
pub fn error(answer: &Response) -> Error {
    let kind = match (judge(answer), answer.status()) {
        (Verdict::Expired, _) => ErrorKind::InvalidToken,
        (Verdict::InsufficientScope, _) => ErrorKind::InsufficientScope,
        (Verdict::RateLimited(_), _) => ErrorKind::RateLimited,
        (_, 408 | 500..) => ErrorKind::TemporarilyUnavailable,
        (_, 403) => ErrorKind::AccessDenied,
        _ => ErrorKind::Other,
    };
    let description = answer.text("/error/message").unwrap_or_else(|| answer.with_status("Google's API answered with status "));
    let error = Error { kind, code: reason(answer), description: Some(description), retry_after: answer.retry_after() };
    match error.code.as_deref() {
        Some("SERVICE_DISABLED" | "accessNotConfigured") => {
            advised(error, ErrorKind::InvalidClient, "Enable the API in the client's project: APIs & Services → Library")
        }
        _ if kind == ErrorKind::InsufficientScope => {
            advised(error, kind, "Ask for it with --scope; it stands under Google Auth Platform → Data Access")
        }
        _ => error,
    }
}

//! Reading what the authorization server answers: tokens, wherever they stand, and errors, whatever they are called.

use jeton_provider::*;

use crate::dpop;
use crate::knobs::{choice, first, is, number, pointers};

/// What an error means: one of the contract's kinds, or that a person hasn't finished yet.
pub enum Meaning {
    Kind(ErrorKind),
    Pending,
}

/// A status from 200 to 299, what says that all is well, and no error.
pub fn succeeded(answer: &Response, key: &str) -> bool {
    let well = manifest::pairs(key).iter().all(|(pointer, value)| answer.text(pointer).as_deref() == Some(value));
    let proven = !manifest::pairs(key).is_empty();
    (200..300).contains(&answer.status()) && well && (proven || first(answer, "answer.error", "/error").is_none())
}

/// The tokens, or the error.
pub fn tokens(answer: &Response) -> Result<Tokens> {
    if !succeeded(answer, "answer.success") {
        return Err(error(answer));
    }
    let bound = usable(answer)?;
    let secret = |key: &str, usual: &str| pointers(key, usual).iter().find_map(|pointer| answer.secret(pointer));
    let missing = || Error::other("The service answered the token request without an access token");
    let extras = manifest::pairs("extras.pointers").into_iter().filter_map(|(name, pointer)| Some((name, answer.text(&pointer)?)));
    let mut extras: Extras = extras.collect();
    if dpop::wanted() {
        extras.push(dpop::kept(bound));
    }
    Ok(Tokens {
        access: secret("answer.access-token", "/access_token").ok_or_else(missing)?,
        refresh: secret("answer.refresh-token", "/refresh_token"),
        id_token: secret("answer.id-token", "/id_token"),
        expires_in: lifetime(answer).or_else(|| number("answer.default-lifetime")),
        refresh_expires_in: seconds(first(answer, "answer.refresh-expires-in", "/refresh_token_expires_in")),
        scope: scope(answer),
        extras,
    })
}

/// Whether it is a bearer token (RFC 6749, 7.1), or what the manifest says, and for an API (RFC 8693, 2.2.1). True: it is bound to a key, as
/// it was asked for (RFC 9449, 5).
fn usable(answer: &Response) -> Result<bool> {
    let kind = answer.text("/token_type");
    let bound = dpop::wanted() && kind.as_ref().is_some_and(|kind| kind.eq_ignore_ascii_case("dpop"));
    let bearer = |kind: &String| kind.eq_ignore_ascii_case("bearer") || manifest::texts("answer.token-types").contains(kind);
    match kind {
        _ if bound => {}
        Some(kind) if !bearer(&kind) => {
            return Err(Error::other(concat(&["The service answered with an unknown token_type: ", &kind])));
        }
        _ if dpop::wanted() && !is("dpop.bearer", "true") => {
            return Err(Error::other(
                "The service answered with a bearer token, which isn't bound to the client's key (DPoP) and is good for whoever has it. \
                 bearer = true in [protocol.dpop] would take it",
            ));
        }
        _ => {}
    }
    match answer.text("/issued_token_type") {
        Some(kind) if !kind.ends_with(":access_token") && !kind.ends_with(":jwt") => {
            Err(Error::other(concat(&["The service answered with no access token, but with a ", &kind])))
        }
        _ => Ok(bound),
    }
}

/// An ID token must be the issuer's, for this client and this sign-in, or the other tokens may be somebody else's too.
pub fn check_id_token(client: &Client, tokens: &Tokens) -> Result<()> {
    if let (Some(token), Some(issuer)) = (&tokens.id_token, manifest::text("issuer")) {
        crypto::id_token_claims(token, &issuer, &client.id(), None)?;
    }
    Ok(())
}

fn lifetime(answer: &Response) -> Option<u64> {
    let said = first(answer, "answer.expires-in", "/expires_in")?;
    let unit = choice("answer.expires-unit", "seconds");
    if unit == "date-text" {
        return Some(rfc3339(&said)?.saturating_sub(clock::now()).max(1));
    }
    let number = seconds(Some(said))?;
    match unit.as_str() {
        "milliseconds" => Some(number / 1000),
        // What is over already is better refreshed at once than kept for ever.
        "date" => Some(number.saturating_sub(clock::now()).max(1)),
        "date-milliseconds" => Some((number / 1000).saturating_sub(clock::now()).max(1)),
        _ => Some(number),
    }
}

/// What was granted, separated by spaces. A pointer with a `*` in it leads to a list.
fn scope(answer: &Response) -> Option<String> {
    let text = pointers("answer.scope", "/scope").iter().find_map(|pointer| {
        let mut parts = split(pointer, b'*');
        let (list, Some(below)) = (parts.next()?, parts.next()) else { return answer.text(pointer) };
        let items: Vec<_> = (0..100).map_while(|index| answer.text(&concat(&[list, &decimal(index), below]))).collect();
        Some(join(&items, " ")).filter(|_| !items.is_empty())
    })?;
    Some(spaced(&text, &choice("scopes.separator", " "))).filter(|text| !text.is_empty())
}

/// Not less than what was asked for, where the manifest wants all of it.
pub fn complete(asked: &[String], tokens: Tokens) -> Result<Tokens> {
    let Some(granted) = tokens.scope.as_deref().filter(|_| is("scopes.granted", "all")) else { return Ok(tokens) };
    let asked = if asked.is_empty() { manifest::texts("scopes.default") } else { asked.to_vec() };
    let asked = spaced(&join(&asked, " "), &choice("scopes.separator", " "));
    let missing: Vec<_> = split(&asked, b' ').filter(|scope| split(granted, b' ').all(|one| one != *scope)).collect();
    if missing.is_empty() {
        return Ok(tokens);
    }
    Err(Error::new(ErrorKind::InsufficientScope, concat(&["Not granted: ", &join(&missing, ", ")])))
}

/// With spaces between the scopes. Some services ask for one separator and answer with another one: commas are separators too. (Without the
/// standard library's search, which is large.)
fn spaced(text: &str, separator: &str) -> String {
    let (mut told, mut rest) = (String::new(), text);
    loop {
        let behind = if separator.is_empty() { None } else { rest.strip_prefix(separator) };
        if let Some(behind) = behind {
            told.push(' ');
            rest = behind;
            continue;
        }
        let mut letters = rest.chars();
        match letters.next() {
            Some(',') => told.push(' '),
            Some(letter) => told.push(letter),
            None => return told,
        }
        rest = letters.as_str();
    }
}

/// What an answer that is no success means.
pub fn error(answer: &Response) -> Error {
    let code = first(answer, "answer.error", "/error");
    let description = first(answer, "answer.description", "/error_description");
    let kind = match meaning(code.as_deref(), description.as_deref()) {
        Some(Meaning::Kind(kind)) => kind,
        Some(Meaning::Pending) | None => ErrorKind::of_answer(answer.status(), code.as_deref()),
    };
    let description = description.unwrap_or_else(|| answer.with_status("The service answered with status "));
    Error { kind, code, description: Some(description), retry_after: answer.retry_after() }
}

/// The manifest's word for an error that came by the browser.
pub fn explain(error: Error) -> Error {
    match meaning(error.code.as_deref(), error.description.as_deref()) {
        Some(Meaning::Kind(kind)) => Error { kind, ..error },
        Some(Meaning::Pending) | None => error,
    }
}

/// What the manifest says that an error means: by a part of its description, else by its code.
pub fn meaning(code: Option<&str>, description: Option<&str>) -> Option<Meaning> {
    let told = description.and_then(|text| manifest::pairs("descriptions").into_iter().find(|(part, _)| holds(text, part)));
    let told = told.or_else(|| manifest::pairs("errors").into_iter().find(|(known, _)| Some(known.as_str()) == code));
    Some(match told?.1.as_str() {
        "pending" => Meaning::Pending,
        "invalid-grant" => Meaning::Kind(ErrorKind::InvalidGrant),
        "invalid-token" => Meaning::Kind(ErrorKind::InvalidToken),
        "invalid-client" => Meaning::Kind(ErrorKind::InvalidClient),
        "access-denied" => Meaning::Kind(ErrorKind::AccessDenied),
        "admin-approval-required" => Meaning::Kind(ErrorKind::AdminApprovalRequired),
        "redirect-mismatch" => Meaning::Kind(ErrorKind::RedirectMismatch),
        // The host waits for longer, which is what `slow_down` asks for.
        "rate-limited" | "slow-down" => Meaning::Kind(ErrorKind::RateLimited),
        "temporarily-unavailable" => Meaning::Kind(ErrorKind::TemporarilyUnavailable),
        "insufficient-scope" => Meaning::Kind(ErrorKind::InsufficientScope),
        "unsupported" => Meaning::Kind(ErrorKind::Unsupported),
        _ => Meaning::Kind(ErrorKind::Other),
    })
}

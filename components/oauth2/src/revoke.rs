//! Ending a connection at the service: RFC 7009, and what services have in its place.

use jeton_provider::*;

use crate::answer;
use crate::api;
use crate::authentication;
use crate::knobs::{choice, fill, is, keep};
use crate::step::{Part, Step as Fields};

pub fn revoke(client: &Client, tokens: &CurrentTokens<'_>) -> Result<()> {
    if !manifest::has_endpoint("revoke") {
        return Err(Error::unsupported("revoke"));
    }
    let style = choice("revoke.style", "rfc7009");
    if let Some(method) = style.strip_prefix("bearer-") {
        let fields = Fields::new("revoke");
        // Some want it named, besides that it signs the request.
        let fields = if manifest::text("revoke.token").is_some() { fields.secret("token", tokens.access()?) } else { fields };
        let request = || {
            let request = at_path(Request::new(method_of(method), "revoke"), client).header("accept", "application/json");
            with(request, fields.clone().shaped(client, "revoke"))
        };
        return checked(&api::send(client, tokens, "revoke", &request)?);
    }
    let named: Vec<(&Secret, &str)> = match choice("revoke.token", "refresh-token").as_str() {
        "access-token" => vec![(tokens.access()?, "access_token")],
        "both" => {
            let refresh = tokens.refresh.map(|token| (token, "refresh_token"));
            refresh.into_iter().chain(tokens.access.map(|token| (token, "access_token"))).collect()
        }
        // Where there is no refresh token, the access token is all that can be ended.
        _ => match tokens.refresh {
            Some(token) => vec![(token, "refresh_token")],
            None => vec![(tokens.access()?, "access_token")],
        },
    };
    if named.is_empty() {
        tokens.access()?;
    }
    for (token, kind) in named {
        let fields = Fields::new("revoke").secret("token", token);
        let fields = if is("revoke.hint", "true") { fields.text("token_type_hint", kind) } else { fields };
        let how = manifest::text("revoke.authentication").unwrap_or_else(|| authentication::of(client));
        let path = manifest::text("revoke.path").and_then(|path| fill(&path, client, None));
        let method = if style == "delete" { Method::Delete } else { Method::Post };
        checked(&fields.send_to((method, "revoke", path.map(keep)), client, "revoke", &how)?)?;
    }
    Ok(())
}

fn method_of(name: &str) -> Method {
    match name {
        "get" => Method::Get,
        "delete" => Method::Delete,
        _ => Method::Post,
    }
}

fn at_path<'a>(request: Request<'a>, client: &Client) -> Request<'a> {
    match manifest::text("revoke.path").and_then(|path| fill(&path, client, None)) {
        Some(path) => request.path(keep(path)),
        None => request,
    }
}

fn with<'a>(request: Request<'a>, fields: Vec<(&'static str, Part<'a>)>) -> Request<'a> {
    fields.into_iter().fold(request, |request, (name, part)| match part {
        Part::Text(text) => request.query(name, text),
        Part::Secret(secret) => request.secret(name, secret),
        Part::Asserted(_) => request,
    })
}

fn checked(answer: &Response) -> Result<()> {
    if answer::succeeded(answer, "revoke.success") { Ok(()) } else { Err(answer::error(answer)) }
}

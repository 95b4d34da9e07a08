//! The service's API: how requests are signed, whose tokens these are, and what an answer means for the connection.

use jeton_provider::*;

use crate::answer::explain;
use crate::dpop;
use crate::knobs::{choice, fill, first, is, keep, pointers};
use crate::step::{Part, Step as Fields};

/// Sends a request with the access token where this service wants it, and what else every request has.
pub fn send<'a>(client: &Client, tokens: &CurrentTokens<'a>, endpoint: &str, request: &dyn Fn() -> Request<'a>) -> Result<Response> {
    let access = tokens.access()?;
    let signed = || {
        let request = request().token_in_header(keep(choice("api.header", "authorization")), keep(scheme(tokens)), access);
        Ok(headers(client).into_iter().fold(request, |request, (name, value)| request.header(keep(name), value)))
    };
    if dpop::bound(tokens) { dpop::send(client, endpoint, Some(access), &signed) } else { signed()?.send() }
}

/// What the access token stands behind.
fn scheme(tokens: &CurrentTokens<'_>) -> String {
    if dpop::bound(tokens) { "DPoP".to_owned() } else { choice("api.scheme", "Bearer") }
}

fn headers(client: &Client) -> Extras {
    let filled = |(name, value): (String, String)| Some((name, fill(&value, client, None)?));
    manifest::pairs("api.headers").into_iter().filter_map(filled).collect()
}

/// The headers of a request that somebody else sends.
pub fn authenticate(client: &Client, tokens: &CurrentTokens<'_>, options: Extras) -> Result<Vec<Header>> {
    let value = HeaderValue::AccessToken(scheme(tokens));
    let mut all = vec![Header { name: choice("api.header", "authorization"), value }];
    all.extend(headers(client).into_iter().map(|(name, value)| Header::text(&name, value)));
    let known = manifest::pairs("api.options");
    for (option, value) in options {
        let (_, header) = known.iter().find(|(name, _)| *name == option).ok_or_else(|| Error::unsupported(&option))?;
        all.retain(|earlier| !earlier.name.eq_ignore_ascii_case(header));
        all.push(Header::text(header, value));
    }
    Ok(all)
}

/// Whose tokens these are.
pub fn identify(client: &Client, tokens: &CurrentTokens<'_>) -> Result<Account> {
    if is("identify.style", "introspection") {
        return introspect(client, tokens);
    }
    let endpoint = choice("identify.endpoint", "userinfo");
    if !manifest::has_endpoint(&endpoint) {
        return Err(Error::unsupported("identify"));
    }
    let post = choice("identify.method", "get") == "post";
    let request = || {
        let mut request = Request::new(if post { Method::Post } else { Method::Get }, &endpoint).header("accept", "application/json");
        if let Some(path) = manifest::text("identify.path").and_then(|path| fill(&path, client, None)) {
            request = request.path(keep(path));
        }
        for (name, part) in Fields::new("identify").shaped(client, "identify") {
            if let Part::Text(text) = part {
                request = if post { request.form(name, text) } else { request.query(name, text) };
            }
        }
        if is("identify.body", "json") { request.as_json() } else { request }
    };
    let answer = send(client, tokens, &endpoint, &request)?;
    let kind = match judge(&answer) {
        Verdict::Ok => {
            let id = first(&answer, "identify.id", "/sub");
            let id = id.ok_or_else(|| Error::other("The service's answer doesn't say whose account it is"))?;
            let (login, name) = (first(&answer, "identify.login", "/email"), first(&answer, "identify.name", "/name"));
            return Ok(Account { id, login, name, extras: vec![] });
        }
        Verdict::Expired => ErrorKind::InvalidToken,
        Verdict::Revoked => ErrorKind::InvalidGrant,
        Verdict::InsufficientScope => ErrorKind::InsufficientScope,
        Verdict::RateLimited(_) => ErrorKind::RateLimited,
        Verdict::Other => ErrorKind::of_answer(answer.status(), None),
    };
    let description = first(&answer, "judge.description", "/message");
    let description = description.unwrap_or_else(|| answer.with_status("The service's API answered with status "));
    let code = first(&answer, "judge.code", "/error");
    Err(explain(Error { kind, code, description: Some(description), retry_after: answer.retry_after() }))
}

/// The same from the authorization server (RFC 7662), which doesn't say why a token isn't good. A token of nobody's is the client's own.
fn introspect(client: &Client, tokens: &CurrentTokens<'_>) -> Result<Account> {
    let fields = Fields::new("identify").secret("token", tokens.access()?).text("token_type_hint", "access_token");
    let answer = fields.introspect(client)?;
    if first(&answer, "identify.active", "/active").as_deref() != Some("true") {
        return Err(Error::new(ErrorKind::InvalidToken, "The service says that the token isn't active"));
    }
    let (login, name) = (first(&answer, "identify.login", "/username"), first(&answer, "identify.name", "/name"));
    let id = first(&answer, "identify.id", "/sub").or_else(|| login.clone()).unwrap_or_else(|| client.id());
    Ok(Account { id, login, name, extras: vec![] })
}

/// What an answer means: by the service's own codes, then by its statuses, then by what RFC 6750 says.
pub fn judge(answer: &Response) -> Verdict {
    let status = decimal(answer.status().into());
    let success = manifest::pairs("judge.success");
    let proven = success.iter().all(|(pointer, value)| answer.text(pointer).as_deref() == Some(value));
    let well = (200..400).contains(&answer.status()) && proven;
    let codes: Vec<_> = pointers("judge.code", "/error").iter().filter_map(|pointer| answer.text(pointer)).collect();
    let listed = |key: &str, what: &[String]| manifest::texts(key).iter().any(|word| what.contains(word));
    let verdicts = [
        ("judge.revoked", Verdict::Revoked),
        ("judge.expired", Verdict::Expired),
        ("judge.insufficient-scope", Verdict::InsufficientScope),
        ("judge.rate-limited", Verdict::RateLimited(wait(answer))),
    ];
    if well && (success.is_empty() || proven) {
        return Verdict::Ok;
    }
    // The token is good, and no other one would be better.
    if dpop::wanted() && answer.wants_nonce() {
        return Verdict::Other;
    }
    let spent = manifest::text("judge.remaining-header").and_then(|name| answer.header(&name)).as_deref() == Some("0");
    if spent && matches!(answer.status(), 403 | 429) {
        return Verdict::RateLimited(wait(answer));
    }
    for what in [codes, vec![status]] {
        if let Some((_, verdict)) = verdicts.iter().find(|(key, _)| listed(key, &what)) {
            return *verdict;
        }
    }
    match verdict_by_status(answer) {
        Verdict::Ok => Verdict::Other,
        Verdict::RateLimited(_) => Verdict::RateLimited(wait(answer)),
        other => other,
    }
}

/// Seconds to wait, by `Retry-After` or by the date at which the service counts anew.
fn wait(answer: &Response) -> Option<u64> {
    let reset = || seconds(answer.header(&manifest::text("judge.reset-header")?)).map(|date| date.saturating_sub(clock::now()).max(1));
    answer.retry_after().or_else(reset)
}

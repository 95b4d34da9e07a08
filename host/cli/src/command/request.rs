//! `jeton request`: a request of the service's API with the connection's token, refreshed and sent once more where it has expired.

mod said;

use std::io::{Read as _, Write as _};
use std::path::Path;

use jeton_runtime::{ApiAnswer, ApiRequest, Verdict};
use serde_json::json;

use super::clients::pairs;
use super::exchange;
use crate::args::Request;
use crate::context::{Context, connection_name};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::terminal::{BAD, styled};

/// Runs it.
pub async fn run(context: &Context, arguments: Request) -> Result {
    let name = connection_name(&arguments.name)?;
    let vault = context.existing_vault().await?;
    let (_, provider, client) = context.connection(&vault, &name).await?;
    let mut options: Vec<_> = vault.grant(&name).await?.options;
    for (option, value) in [("as-user", &arguments.as_user), ("as-admin", &arguments.as_admin)] {
        if let Some(value) = value {
            // Who was named when it was connected is not who is named now.
            options.retain(|(known, _)| !matches!(known.as_str(), "as-user" | "as-admin"));
            options.push((option.to_owned(), value.clone()));
        }
    }
    options.retain(|(known, _)| known != exchange::OPTION);
    for (option, value) in pairs(&arguments.option, "--option")? {
        options.retain(|(known, _)| *known != option);
        options.push((option, value));
    }
    let request = ApiRequest {
        endpoint: arguments.endpoint.clone(),
        method: arguments.method.clone(),
        path: arguments.path.split('?').next().map(|path| path.trim_start_matches('/').to_owned()).filter(|path| !path.is_empty()),
        query: arguments.path.split_once('?').map(|(_, query)| form(query)).unwrap_or_default(),
        headers: headers(&arguments)?,
        body: arguments.data.as_deref().map(read).transpose()?.unwrap_or_default(),
    };
    let providers = context.providers();
    vault.access_token(&name, arguments.min_valid, &providers).await?;
    let mut tokens = vault.tokens(&name).await?;
    let mut answer = provider.request(&client, &tokens, &options, request.clone()).await?;
    let mut verdict = judge(&provider, &answer, &tokens).await?;
    if verdict == Verdict::Expired {
        vault.refresh(&name, &providers).await?;
        tokens = vault.tokens(&name).await?;
        answer = provider.request(&client, &tokens, &options, request).await?;
        verdict = judge(&provider, &answer, &tokens).await?;
    }
    print(context, &answer)?;
    let again = format!("jeton connect {} --name {name} --replace", provider.manifest().id);
    match verdict {
        Verdict::Ok => Ok(()),
        Verdict::Expired | Verdict::Revoked => Err(refused(&answer, format!("Sign in again: {again}"), Exit::SignIn)),
        Verdict::InsufficientScope => {
            let hint = format!("Add the scope in the service's developer console, then sign in again: {again}");
            Err(refused(&answer, hint, Exit::SignIn))
        }
        Verdict::RateLimited(wait) => {
            let hint = wait.map_or_else(|| "Try again later".to_owned(), |wait| format!("Try again in {} s", wait.as_secs()));
            Err(refused(&answer, hint, Exit::Retry))
        }
        Verdict::Other if answer.status >= 500 => Err(refused(&answer, "Try again later", Exit::Retry)),
        Verdict::Other => Err(refused(&answer, format!("Whether the connection itself works: jeton test {name}"), Exit::Other)),
    }
}

async fn judge(provider: &jeton_runtime::Provider, answer: &ApiAnswer, tokens: &jeton_runtime::CurrentTokens) -> Result<Verdict> {
    let copy =
        ApiAnswer { endpoint: answer.endpoint.clone(), status: answer.status, headers: answer.headers.clone(), body: answer.body.clone() };
    Ok(provider.judge(copy, tokens).await?)
}

fn refused(answer: &ApiAnswer, hint: impl Into<String>, exit: Exit) -> Failure {
    let said = said::said(answer).map(|said| format!(": {said}")).unwrap_or_default();
    Failure::new(format!("the service answered with status {}{said}", answer.status), hint.into()).exit(exit)
}

/// The body goes to stdout as it is, as curl does it; with `--json`, in an object with status and headers.
fn print(context: &Context, answer: &ApiAnswer) -> Result {
    if context.terminal.json {
        let headers: serde_json::Map<_, _> = answer
            .headers
            .iter()
            .filter(|(name, _)| *name != "set-cookie")
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned().into()))
            .collect();
        let body = match serde_json::from_slice::<serde_json::Value>(&answer.body) {
            Ok(json) => json,
            Err(_) => String::from_utf8_lossy(&answer.body).into_owned().into(),
        };
        return context.terminal.value(&json!({ "status": answer.status, "headers": headers, "body": body }));
    }
    if answer.status >= 300 {
        context.terminal.note(format!("{} {}", styled(BAD, "status"), answer.status));
    }
    let mut out = std::io::stdout().lock();
    out.write_all(&answer.body).and_then(|()| out.flush()).map_err(|error| Failure::new(error.to_string(), "Check where stdout goes"))
}

/// What is sent is JSON where nothing else is said: that is what these APIs take.
fn headers(arguments: &Request) -> Result<Vec<(String, String)>> {
    let mut headers = arguments.header.iter().map(|line| header(line)).collect::<Result<Vec<_>>>()?;
    if arguments.data.is_some() && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Ok(headers)
}

fn header(line: &str) -> Result<(String, String)> {
    match line.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err(Failure::new(format!("{line:?} is no header"), "Write --header 'Name: value'").exit(Exit::Usage)),
    }
}

fn form(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let mut body = vec![];
    let done = match file == Path::new("-") {
        true => std::io::stdin().read_to_end(&mut body).map(drop),
        false => std::fs::read(file).map(|bytes| body = bytes),
    };
    done.map_err(|error| Failure::new(format!("can't read {}: {error}", file.display()), "Name a file, or - for stdin").exit(Exit::Usage))?;
    Ok(body)
}

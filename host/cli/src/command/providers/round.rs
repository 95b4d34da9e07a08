//! A provider's whole round against a stand-in for its service, in this process: sign in, ask whose the tokens are, refresh, call, revoke.
//!
//! Its word isn't taken for it: after each step the stand-in says whether the tokens are what the provider says. Nothing reaches a real
//! service, whatever the manifest names.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jeton_emulator::{App, Decision, Emulator, Options};
use jeton_runtime::manifest::Endpoint;
use jeton_runtime::{ApiAnswer, Client, CurrentTokens, Error, ErrorKind, Flow, Grant, GrantKind, Limits, Manifest, Mappings, Provider};
use jeton_runtime::{Https, Incoming, Outgoing, Runtime, Secret, Step, Tokens, Transport, TransportError, Verdict};
use jeton_vault::BoxFuture;
use url::Url;

use super::check::Check;
use super::describe::shown;
use crate::failure::{Failure, Result};
use crate::package::Package;

const ID: &str = "check-client";
/// A call of the API that the stand-in answers.
const CALL: &str = "https://api.box.com/2.0/users/me";
const STEPS: [&str; 9] = ["begin", "sign-in", "resume", "identify", "refresh", "authenticate", "judge", "revoke", "judge again"];

/// Sends to the stand-ins, and to nobody else.
struct OnlyStandIns {
    hosts: BTreeSet<String>,
    inner: Https,
}

impl Transport for OnlyStandIns {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, std::result::Result<Incoming, TransportError>> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        if self.hosts.contains(&host) && request.url.port().is_none() {
            return self.inner.send(request);
        }
        Box::pin(async move { Err(TransportError::Unreachable(format!("there is no stand-in for {host}, so nothing was sent"))) })
    }
}

/// A provider and the service that it meets.
struct Round<'a> {
    emulator: &'a Emulator,
    provider: Provider,
    client: Client,
}

/// Starts the provider, and takes it through the round.
pub async fn run(package: &Package) -> Result<Vec<Check>> {
    let trouble = |error: &dyn std::fmt::Display| Failure::new(format!("the stand-ins don't start: {error}"), "Try again");
    let emulator = Emulator::start(Options { max_lifetime: Duration::from_secs(300), ..Options::default() });
    let emulator = emulator.await.map_err(|error| trouble(&error))?;
    let mappings = emulator.resolve_arguments().iter().filter_map(|mapping| mapping.parse().ok()).collect::<Vec<_>>();
    let inner = Https::new(Mappings::new(mappings), &[emulator.ca_pem().as_bytes().to_vec()])?;
    let hosts: BTreeSet<String> = emulator.hosts().iter().map(|host| (*host).to_owned()).collect();
    let limits = Limits { calls: 4, time: Duration::from_secs(20), ..Limits::default() };
    let runtime = Runtime::builder().limits(limits).transport(Arc::new(OnlyStandIns { hosts: hosts.clone(), inner })).build()?;
    let provider = match runtime.load(package.file.clone()).await {
        Ok(provider) => provider,
        Err(error) => return Ok(ended(vec![Check::error("start", &error)], "it doesn't start")),
    };
    let mut checks = vec![Check::ok("start", "it compiles, fits the contract, and starts")];
    let client = match client(provider.manifest()) {
        Ok(client) => client,
        Err(why) => return Ok(ended(checks, &why)),
    };
    let foreign = foreign(provider.manifest(), &client, &hosts);
    if !foreign.is_empty() {
        checks.push(Check::not_run("stand-ins", format!("there is none for {}; nothing is sent there", foreign.join(", "))));
    }
    if !provider.manifest().grants.contains(&GrantKind::AuthorizationCode) {
        return Ok(ended(checks, "the stand-ins know the grant authorization-code alone"));
    }
    if provider.manifest().endpoints.values().any(|endpoint| endpoint.client_certificate) {
        return Ok(ended(checks, "the stand-ins know no client by its certificate"));
    }
    let pages = addresses(provider.manifest(), &client, |endpoint| endpoint.browser);
    if !pages.iter().any(|url| url.host_str().is_some_and(|host| hosts.contains(host))) {
        return Ok(ended(checks, "there is no stand-in to sign in at"));
    }
    let redirect = provider.manifest().callback.redirect_uri(None);
    let app = App::new(ID, secret(&client)).redirect_uri(&redirect);
    emulator.box_service().register_app(app).map_err(|error| trouble(&error))?;
    if let Err(failed) = (Round { emulator: &emulator, provider, client }).walk(&mut checks).await {
        checks.push(failed);
    }
    Ok(ended(checks, "a step before it failed"))
}

/// Adds the steps that weren't reached.
fn ended(mut checks: Vec<Check>, why: &str) -> Vec<Check> {
    let reached: Vec<_> = checks.iter().map(|check| check.what).collect();
    checks.extend(STEPS.into_iter().filter(|step| !reached.contains(step)).map(|step| Check::not_run(step, why)));
    checks
}

/// A client with whatever the manifest asks for.
fn client(manifest: &Manifest) -> std::result::Result<Client, String> {
    let secrets = manifest.secrets.iter().filter(|(name, field)| field.required || *name == "client-secret");
    let secrets = secrets.map(|(name, _)| (name.clone(), Secret::new(name.as_str(), format!("check-{name}")))).collect();
    let client = Client { id: ID.to_owned(), secrets, ..Client::default() };
    match manifest.settings_of(&client) {
        Ok(_) => Ok(client),
        Err(error) => Err(format!("its settings have no defaults: {error}")),
    }
}

fn secret(client: &Client) -> &str {
    client.secrets.get("client-secret").and_then(Secret::reveal_text).unwrap_or("check-client-secret")
}

fn addresses(manifest: &Manifest, client: &Client, which: impl Fn(&Endpoint) -> bool) -> Vec<Url> {
    let settings = manifest.settings_of(client).unwrap_or_default();
    manifest.endpoints.values().filter(|endpoint| which(endpoint)).filter_map(|endpoint| endpoint.url.fill(&settings).ok()).collect()
}

/// The hosts that nobody stands in for.
fn foreign(manifest: &Manifest, client: &Client, hosts: &BTreeSet<String>) -> Vec<String> {
    let all = addresses(manifest, client, |_| true);
    let all: BTreeSet<_> = all.iter().filter_map(Url::host_str).filter(|host| !hosts.contains(*host)).map(str::to_owned).collect();
    all.into_iter().collect()
}

fn current(tokens: &Tokens) -> CurrentTokens {
    let Tokens { access, refresh, scope, extras, .. } = tokens.clone();
    CurrentTokens { access: Some(access), refresh, scope, extras }
}

impl Round<'_> {
    /// All steps. What the next ones can't do without ends it.
    async fn walk(&self, checks: &mut Vec<Check>) -> std::result::Result<(), Check> {
        let (url, flow) = self.begin().await?;
        checks.push(Check::ok("begin", format!("opens {}", shown(&format!("{}{}", url.origin().ascii_serialization(), url.path())))));
        let back = self.emulator.consent(url.as_str(), Decision::Grant).await;
        let back = back.map_err(|error| {
            Check::failed("sign-in", shown(&error.to_string()), "Compare the query of the visit with the service's documentation")
        })?;
        checks.push(Check::ok("sign-in", "the stand-in accepts the address, and grants access"));
        let tokens = self.resume(&flow, &back).await?;
        checks.push(Check::ok("resume", self.lifetime(&tokens)));
        checks.push(self.identify(&tokens).await);
        let tokens = match self.refresh(&tokens).await {
            Ok(new) => {
                checks.push(Check::ok("refresh", self.lifetime(&new)));
                new
            }
            Err(check) => {
                checks.push(check);
                tokens
            }
        };
        checks.push(self.authenticate(&tokens).await);
        checks.push(self.judge("judge", &tokens).await);
        let revoked = self.revoke(&tokens).await?;
        checks.push(revoked);
        checks.push(self.judge("judge again", &tokens).await);
        Ok(())
    }

    fn lifetime(&self, tokens: &Tokens) -> String {
        let refresh = if tokens.refresh.is_some() { " and a refresh token" } else { ", and no refresh token" };
        match tokens.expires_in {
            Some(life) => format!("an access token for {} minutes{refresh}", life.as_secs() / 60),
            None => format!("an access token that doesn't expire{refresh}"),
        }
    }

    fn live(&self, token: Option<&Secret>) -> bool {
        token.and_then(Secret::reveal_text).is_some_and(|token| self.emulator.box_service().is_live(token))
    }

    async fn begin(&self) -> std::result::Result<(Url, Flow), Check> {
        let grant = Grant::new(GrantKind::AuthorizationCode, vec![]);
        let callback = &self.provider.manifest().callback;
        let redirect = callback.redirect_uri(callback.port.or(Some(47_800)));
        match self.provider.begin(&self.client, &grant, &redirect).await {
            Ok(Step::Visit { url, flow }) => Ok((url, flow)),
            Ok(_) => Err(Check::failed("begin", "it sends nobody to a page", "authorization-code begins with a visit")),
            Err(error) => Err(Check::error("begin", &error)),
        }
    }

    async fn resume(&self, flow: &Flow, back: &Url) -> std::result::Result<Tokens, Check> {
        let returned = flow.returned(back.query().unwrap_or_default()).map_err(|error| Check::error("resume", &error))?;
        match self.provider.resume(&self.client, flow, &returned).await {
            Ok(Step::Done(tokens)) if self.live(Some(&tokens.access)) => Ok(tokens),
            Ok(Step::Done(_)) => {
                Err(Check::failed("resume", "the service doesn't know its access token", "Return what the answer captures"))
            }
            Ok(_) => Err(Check::failed("resume", "it isn't done with the code", "Exchange the code for tokens, and answer done")),
            Err(error) => Err(Check::error("resume", &error)),
        }
    }

    async fn identify(&self, tokens: &Tokens) -> Check {
        let user = self.emulator.box_service().default_user();
        match self.provider.identify(&self.client, &current(tokens)).await {
            Ok(account) if account.id == user.id => Check::ok("identify", format!("{} ({})", user.name, user.id)),
            Ok(account) => {
                let why = format!("it says that the account is {}, and it is {}", shown(&account.id), user.id);
                Check::failed("identify", why, "The id is what the service never changes")
            }
            Err(error) => offered("identify", &error),
        }
    }

    async fn refresh(&self, tokens: &Tokens) -> std::result::Result<Tokens, Check> {
        match self.provider.refresh(&self.client, &current(tokens)).await {
            Ok(new) if !self.live(Some(&new.access)) => {
                Err(Check::failed("refresh", "the service doesn't know its access token", "Return what the answer captures"))
            }
            Ok(new) if !self.live(new.refresh.as_ref()) => {
                let why = "it lost the new refresh token, and the one before is used up";
                Err(Check::failed("refresh", why, "Return the refresh token that the answer captures"))
            }
            Ok(new) => Ok(new),
            Err(error) => Err(offered("refresh", &error)),
        }
    }

    async fn authenticate(&self, tokens: &Tokens) -> Check {
        let access = tokens.access.reveal_text().unwrap_or_default();
        match self.provider.authenticate(&self.client, &current(tokens), &vec![]).await {
            Ok(headers) => match headers.iter().find(|header| header.value.reveal_text().is_some_and(|value| value.contains(access))) {
                Some(header) => Check::ok("authenticate", format!("by the header {}", shown(&header.name))),
                None => Check::failed("authenticate", "no header holds the access token", "Answer a header with access-token in it"),
            },
            Err(error) => offered("authenticate", &error),
        }
    }

    /// What it makes of the API's own answer: with a token that works, and with one that was revoked.
    async fn judge(&self, what: &'static str, tokens: &Tokens) -> Check {
        let endpoints = &self.provider.manifest().endpoints;
        let fits =
            |endpoint: &Endpoint| endpoint.accepts.iter().any(|kind| kind == "access-token") && CALL.starts_with(endpoint.url.as_str());
        let Some((name, _)) = endpoints.iter().find(|(_, endpoint)| fits(endpoint)) else {
            return Check::not_run(what, "the manifest has no endpoint of the API that the stand-in serves");
        };
        let access = tokens.access.reveal_text().unwrap_or_default();
        let answer = match self.emulator.client().get_with_token(CALL, access).await {
            Ok(answer) => answer,
            Err(error) => return Check::failed(what, error.to_string(), "Try again"),
        };
        let status = answer.status().as_u16();
        let (headers, body) = (answer.headers().clone(), answer.into_body().to_vec());
        let judged = self.provider.judge(ApiAnswer { endpoint: name.clone(), status, headers, body }, &current(tokens)).await;
        match judged {
            Ok(verdict) if (verdict == Verdict::Ok) == (status < 400) && verdict != Verdict::Other => {
                Check::ok(what, format!("calls status {status} {}", word(verdict)))
            }
            Ok(verdict) => {
                Check::failed(what, format!("it calls status {status} {}", word(verdict)), "See provider.wit for what verdicts mean")
            }
            Err(error) => Check::error(what, &error),
        }
    }

    async fn revoke(&self, tokens: &Tokens) -> std::result::Result<Check, Check> {
        match self.provider.revoke(&self.client, &current(tokens)).await {
            Ok(()) if self.live(Some(&tokens.access)) || self.live(tokens.refresh.as_ref()) => {
                Err(Check::failed("revoke", "the service still accepts the tokens", "Answer ok only when the service has revoked them"))
            }
            Ok(()) => Ok(Check::ok("revoke", "the service accepts neither token any more")),
            Err(error) => Err(offered("revoke", &error)),
        }
    }
}

/// What a provider needn't do isn't a failure.
fn offered(what: &'static str, error: &Error) -> Check {
    match error {
        Error::Service(service) if service.kind == ErrorKind::Unsupported => Check::not_run(what, "the provider doesn't offer it"),
        error => Check::error(what, error),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Expired => "expired",
        Verdict::Revoked => "revoked",
        Verdict::InsufficientScope => "insufficient-scope",
        Verdict::RateLimited(_) => "rate-limited",
        Verdict::Other => "other",
    }
}

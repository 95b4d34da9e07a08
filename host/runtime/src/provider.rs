//! A loaded provider, as the host calls it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;
use wasmtime::component::Resource;
use zeroize::Zeroizing;

use crate::bindings::exports::jeton::provider::provider as wit;
use crate::call::{Call, Run};
use crate::capability::callback::{Callback, Flow, Returned};
use crate::convert;
use crate::load::Loaded;
use crate::model::{Account, Client, CurrentTokens, Grant, Tokens, Verdict};
use crate::runtime::Capabilities;
use crate::scrub::{echoes, scrub};
use crate::transport::Incoming;
use crate::{Denial, Error, Manifest, Secret, answer, authorization, policy};

/// A provider that is ready for calls. Cheap to clone; calls don't wait for each other.
///
/// Every function runs the component in a store of its own and is cancel-safe as far as the component goes: a dropped call is gone without
/// a trace. What its requests did at the service stays done; whoever must not lose a rotated token lets the call finish.
#[derive(Clone)]
pub struct Provider {
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) lent: Arc<Capabilities>,
}

/// Where a grant stands.
#[derive(Debug)]
pub enum Step {
    /// A person's browser goes to `url`, and what it brings back goes to [`Provider::resume`].
    Visit {
        /// The page.
        url: Url,
        /// The flow that waits. It holds secrets.
        flow: Flow,
    },
    /// A person enters a code on another device, and [`Provider::poll`] asks for the outcome.
    EnterCode(DevicePrompt),
    /// The person hasn't finished: poll again after so long, or as before.
    Pending(Option<Duration>),
    /// Here they are.
    Done(Tokens),
}

/// What a person is shown who signs in on another device.
#[derive(Debug)]
pub struct DevicePrompt {
    /// For [`Provider::poll`].
    pub device_code: Secret,
    /// What the person enters.
    pub user_code: String,
    /// Where.
    pub verification_uri: Url,
    /// The same with the code in it.
    pub verification_uri_complete: Option<Url>,
    /// How long the person has.
    pub expires_in: Duration,
    /// How long to wait between two polls.
    pub interval: Option<Duration>,
}

/// A header of an API request.
#[derive(Clone, Debug)]
pub struct ApiHeader {
    /// Its name.
    pub name: String,
    /// Its value, which may hold the access token.
    pub value: Secret,
}

/// An answer of the service's API, for [`Provider::judge`].
#[derive(Debug)]
pub struct ApiAnswer {
    /// The endpoint of the manifest that was asked.
    pub endpoint: String,
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: http::HeaderMap,
    /// The body; the beginning is enough.
    pub body: Vec<u8>,
}

impl Provider {
    /// What it says that it is.
    pub fn manifest(&self) -> &Manifest {
        &self.loaded.manifest
    }

    /// SHA-256 of the file that it was loaded from, in hexadecimal.
    pub fn digest(&self) -> String {
        self.loaded.digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn run(&self) -> Result<Run, Error> {
        Run::start(Call::new(self.loaded.clone(), self.lent.clone())).await
    }

    /// Begins a grant.
    ///
    /// # Errors
    /// The client doesn't fit the manifest, the provider doesn't know the grant, or the service refuses it.
    pub async fn begin(&self, client: &Client, grant: &Grant, callback: &dyn Callback) -> Result<Step, Error> {
        if !self.loaded.manifest.grants.contains(&grant.kind) {
            return Err(self.unfit_grant(grant));
        }
        let mut call = Call::new(self.loaded.clone(), self.lent.clone());
        call.flow = Some(Flow::reserve(grant.clone(), callback)?.suited_to(&self.loaded.manifest));
        let mut run = Run::start(call).await?;
        let client = run.lend(client)?;
        let grant = convert::grant(&mut run, grant)?;
        let step = run.call(&self.loaded.exports.begin, (client, &grant)).await?;
        self.step(&mut run, step)
    }

    /// Continues a flow with what the browser brought back.
    ///
    /// # Errors
    /// The person declined, the code isn't accepted any more, the client's secret is wrong.
    pub async fn resume(&self, client: &Client, flow: &Flow, returned: &Returned) -> Result<Step, Error> {
        returned.issued_for(&self.loaded.manifest)?;
        let mut call = Call::new(self.loaded.clone(), self.lent.clone());
        call.nonce = flow.expected_nonce();
        let mut run = Run::start(call).await?;
        let client = run.lend(client)?;
        run.fill(|_, extra| returned.said(extra))?;
        let grant = convert::grant(&mut run, &flow.grant)?;
        let code = returned.code.as_ref().map(|code| run.borrow(code)).transpose()?;
        let verifier = run.borrow(&flow.verifier)?;
        let (revealed, live) = (returned.revealed(&self.loaded.manifest.callback.reveals), &run.store.data().live);
        let answer = revealed.into_iter().map(|(name, value)| (name, scrub(&value, live).into_owned())).collect();
        let event = wit::Event::Returned(wit::Returned { code, verifier, redirect_uri: flow.redirect_uri.clone(), answer });
        let step = run.call(&self.loaded.exports.resume, (client, &grant, &event)).await?;
        self.step(&mut run, step)
    }

    /// Asks what came of a device code.
    ///
    /// # Errors
    /// The person declined, or the code's time is over.
    pub async fn poll(&self, client: &Client, grant: &Grant, device_code: &Secret) -> Result<Step, Error> {
        let mut run = self.run().await?;
        let client = run.lend(client)?;
        let grant = convert::grant(&mut run, grant)?;
        let event = wit::Event::Poll(run.borrow(device_code)?);
        let step = run.call(&self.loaded.exports.resume, (client, &grant, &event)).await?;
        self.step(&mut run, step)
    }

    /// Exchanges the refresh token for new tokens.
    ///
    /// # Errors
    /// [`Remedy`](crate::Remedy) says who must act.
    pub async fn refresh(&self, client: &Client, tokens: &CurrentTokens) -> Result<Tokens, Error> {
        let mut run = self.run().await?;
        let client = run.lend(client)?;
        let current = convert::current(&mut run, tokens)?;
        let tokens = run.call(&self.loaded.exports.refresh, (client, &current)).await?;
        run.store.data_mut().tokens(tokens)
    }

    /// Ends the connection at the service.
    ///
    /// # Errors
    /// The service refuses, or can't be reached: the connection then still stands there.
    pub async fn revoke(&self, client: &Client, tokens: &CurrentTokens) -> Result<(), Error> {
        let mut run = self.run().await?;
        let client = run.lend(client)?;
        let current = convert::current(&mut run, tokens)?;
        run.call(&self.loaded.exports.revoke, (client, &current)).await
    }

    /// Asks the service whose tokens these are.
    ///
    /// # Errors
    /// With [`ErrorKind::InvalidToken`](crate::ErrorKind) a refresh may help.
    pub async fn identify(&self, client: &Client, tokens: &CurrentTokens) -> Result<Account, Error> {
        let mut run = self.run().await?;
        let client = run.lend(client)?;
        let current = convert::current(&mut run, tokens)?;
        let account = run.call(&self.loaded.exports.identify, (client, &current)).await?;
        run.store.data_mut().account(account)
    }

    /// The headers of an API request. Options: `as-user`, `as-admin`, and the provider's own.
    ///
    /// Where they show a token of the type `DPoP`, they are worth nothing without a proof of each request, whose key stays here:
    /// [`Provider::request`] sends those.
    ///
    /// # Errors
    /// The provider doesn't know an option.
    pub async fn authenticate(
        &self,
        client: &Client,
        tokens: &CurrentTokens,
        options: &Vec<(String, String)>,
    ) -> Result<Vec<ApiHeader>, Error> {
        let mut run = self.run().await?;
        let client = run.lend(client)?;
        let current = convert::current(&mut run, tokens)?;
        let headers: Vec<wit::Header> = run.call(&self.loaded.exports.authenticate, (client, &current, options)).await?;
        let mut built: Vec<ApiHeader> = vec![];
        for header in headers {
            let call = run.store.data();
            let header = self.api_header(call, header, tokens)?;
            if built.iter().any(|earlier| earlier.name.eq_ignore_ascii_case(&header.name)) {
                return Err(self.breach(&format!("returned two headers `{}`", call.shown(&header.name))));
            }
            built.push(header);
        }
        Ok(built)
    }

    /// Asks the provider what an API answer means for the connection.
    ///
    /// # Errors
    /// The endpoint isn't in the manifest, or the provider breaks off.
    pub async fn judge(&self, answer: ApiAnswer, tokens: &CurrentTokens) -> Result<Verdict, Error> {
        let mut run = self.run().await?;
        let Some(endpoint) = self.loaded.manifest.endpoints.get(&answer.endpoint) else {
            let what = format!("{} has no endpoint `{}`", self.loaded.manifest.name, answer.endpoint);
            return Err(Error::Unfit { what, hint: "Name one of the manifest's [endpoints]".into() });
        };
        let call = run.store.data_mut();
        call.live.extend(tokens.access.iter().chain(&tokens.refresh).cloned());
        let incoming = Incoming { status: answer.status, headers: answer.headers, body: Zeroizing::new(answer.body) };
        let response = answer::Response::new(&answer.endpoint, endpoint, incoming, &mut call.live);
        let held = call.table.push(response).map_err(|error| Error::Host(error.to_string()))?;
        run.invoke(&self.loaded.exports.judge, (Resource::<answer::Response>::new_borrow(held.rep()),)).await.map(convert::verdict)
    }

    fn step(&self, run: &mut Run, step: wit::Step) -> Result<Step, Error> {
        let call = run.store.data_mut();
        match step {
            wit::Step::Visit(visit) => self.visit(call, visit),
            wit::Step::EnterCode(prompt) => Ok(Step::EnterCode(DevicePrompt {
                device_code: call.take(prompt.device_code, "device-code")?,
                user_code: call.shown(&prompt.user_code),
                verification_uri: self.web_page(call, &prompt.verification_uri)?,
                verification_uri_complete: prompt.verification_uri_complete.map(|uri| self.web_page(call, &uri)).transpose()?,
                expires_in: convert::lifetime(prompt.expires_in),
                interval: prompt.interval.map(convert::pause),
            })),
            wit::Step::Pending(wait) => Ok(Step::Pending(wait.map(convert::pause))),
            wit::Step::Done(tokens) => call.tokens(tokens).map(Step::Done),
        }
    }

    /// Builds the address that a browser is sent to. The state and the redirect URI in it are the host's, or there is no visit.
    fn visit(&self, call: &mut Call, visit: wit::Visit) -> Result<Step, Error> {
        let Some(mut flow) = call.flow.take() else { return Err(self.breach("wants a second visit in one flow")) };
        let page = policy::page(&self.loaded.manifest, &call.settings, &visit.endpoint);
        let mut url = page.map_err(|denial| call.scrubbed(denial))?;
        let query: Vec<_> = visit.query.iter().map(|(name, value)| (name.as_str(), Some(value.as_str()))).collect();
        let held = authorization::read(&flow, &query).map_err(|misplaced| {
            let what = format!("a visit to `{}` with a {} `{}`", visit.endpoint, misplaced.how, call.shown(misplaced.name));
            let rule = "state and redirect URI are the host's, and a parameter stands there once";
            Denial::new(what, rule, "Use what callback.reserve answers")
        })?;
        if visit.query.iter().any(|(name, value)| echoes(name, &call.live) || echoes(value, &call.live)) {
            let what = format!("a visit to `{}` with a secret in its query", visit.endpoint);
            return Err(Denial::new(what, "addresses are logged all along the way", "Leave it out: no page needs one").into());
        }
        if !held.state {
            let what = format!("a visit to `{}` without the state", visit.endpoint);
            let rule = "nobody could tell whose browser comes back";
            return Err(Denial::new(what, rule, "Put the state of callback.reserve into the query").into());
        }
        if held.refers && !flow.pushed {
            let what = format!("a visit to `{}` with a reference to a request that wasn't pushed", visit.endpoint);
            let rule = "nobody could tell what is in it";
            return Err(Denial::new(what, rule, "Push it in the same call, with what callback.reserve answers, or leave it out").into());
        }
        let mut query = visit.query;
        if held.openid && !held.nonce && flow.answers_nonce {
            query.push(("nonce".to_owned(), flow.nonce.reveal_text().unwrap_or_default().to_owned()));
            flow.nonced = true;
        }
        flow.nonced |= held.nonce;
        let protocol = &self.loaded.manifest.protocol;
        authorization::write(&mut url, &query, protocol.text("authorize.spaces"), protocol.text("authorize.literal"));
        Ok(Step::Visit { url, flow })
    }

    fn web_page(&self, call: &Call, text: &str) -> Result<Url, Error> {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.username().is_empty() && url.password().is_none());
        let url = url.ok_or_else(|| self.breach("wants to send a person to an address that isn't https"))?;
        policy::known_page(&self.loaded.manifest, &call.settings, &url).map_err(|denial| call.scrubbed(denial))?;
        Ok(url)
    }

    fn api_header(&self, call: &Call, header: wit::Header, tokens: &CurrentTokens) -> Result<ApiHeader, Error> {
        let mut value = Zeroizing::new(Vec::new());
        match &header.value {
            wit::HeaderValue::Text(text) => value.extend_from_slice(text.as_bytes()),
            wit::HeaderValue::AccessToken(scheme) => {
                let Some(access) = &tokens.access else { return Err(self.breach("wants an access token, and there is none")) };
                if !scheme.is_empty() {
                    value.extend_from_slice(scheme.as_bytes());
                    value.push(b' ');
                }
                value.extend_from_slice(access.reveal());
            }
        }
        let name = http::HeaderName::from_bytes(header.name.as_bytes());
        if name.as_ref().is_ok_and(policy::steers) {
            return Err(self.breach(&format!("returned the header `{}`, which steers the connection", call.shown(&header.name))));
        }
        if name.is_err() || http::HeaderValue::from_bytes(&value).is_err() {
            return Err(self.breach("returned a header that can't be sent"));
        }
        Ok(ApiHeader { name: header.name, value: Secret::new("header", value.to_vec()) })
    }

    fn breach(&self, what: &str) -> Error {
        Error::Provider { provider: self.loaded.manifest.id.clone(), what: what.to_owned() }
    }

    fn unfit_grant(&self, grant: &Grant) -> Error {
        let known: Vec<_> = self.loaded.manifest.grants.iter().map(|grant| grant.name()).collect();
        Error::Unfit {
            what: format!("{} doesn't know the grant {}", self.loaded.manifest.name, grant.kind),
            hint: format!("It knows: {}", known.join(", ")),
        }
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("id", &self.loaded.manifest.id).field("digest", &self.digest()).finish_non_exhaustive()
    }
}

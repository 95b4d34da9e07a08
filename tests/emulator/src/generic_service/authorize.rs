//! The authorization endpoint, and pushed requests.

use std::time::Duration;

use axum::response::{Html, IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::{Method, StatusCode, Uri};
use serde_json::json;

use super::answer::{Trouble, trouble};
use super::facts::{Demand, Pkce};
use super::hostile::Misbehaviour;
use super::{Details, GenericService, Incoming, State};
use crate::back::{Back, see};
use crate::form::Form;
use crate::grants::Owner;
use crate::json::json as json_answer;
use crate::page::{error_page, escape, page};
use crate::people::User;
use crate::pkce::Challenge;
use crate::redirect;
use crate::sign_in::{Consent, Outcome};

/// A pushed request is good for this long.
const PUSHED: Duration = Duration::from_secs(60);
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A valid authorization request.
struct Wish {
    client: String,
    scopes: Vec<String>,
    redirect_uri: String,
    state: Option<String>,
    form_post: bool,
    /// A pushed request, which is used up by the decision.
    pushed: Option<String>,
    details: Details,
}

/// Only what is known to go to the client's own redirect URI may go there.
enum Refused {
    Page(Trouble),
    Redirect { redirect_uri: String, state: Option<String>, error: &'static str, description: String },
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        Self::Page(trouble)
    }
}

impl GenericService {
    pub(super) fn authorize(&self, call: &Incoming) -> Response {
        let name = self.0.name;
        if let Some(away) = self.sent_on(&call.uri) {
            return see(name, StatusCode::SEE_OTHER, &away);
        }
        let query = Form::parse(call.uri.query().unwrap_or_default().as_bytes());
        let wish = match self.wish(&query.renamed(&self.0.facts.names)) {
            Ok(wish) => wish,
            Err(Refused::Page(trouble)) => return error_page(name, trouble.error, &trouble.description),
            Err(Refused::Redirect { redirect_uri, state, error, description }) => {
                let issuer = self.named_issuer(&self.0.state.get());
                let mut answer = vec![("error", error), ("error_description", &*description)];
                answer.extend(issuer.iter().map(|issuer| ("iss", &**issuer)));
                return Back { service: name, redirect_uri, state }.with(&answer);
            }
        };
        let scopes = wish.scopes.iter().map(|scope| (scope.as_str(), "Use")).collect();
        let consent = Consent { service: name, app: &wish.client, scopes };
        if call.method == Method::GET {
            return consent.ask(&self.0.people, &call.uri, &call.headers);
        }
        match consent.answer(&self.0.people, &call.uri, &call.headers, &call.form) {
            Outcome::Page(page) => page,
            Outcome::Decided { user, granted } => self.decided(wish, &user, granted),
        }
    }

    /// The issuer as answers name it, errors too (RFC 9207 section 2).
    fn named_issuer(&self, known: &State) -> Option<String> {
        let facts = &self.0.facts;
        let wrong = known.hostile.iter().find_map(|how| match how {
            Misbehaviour::IssWrong(issuer) => Some(issuer.clone()),
            _ => None,
        });
        let issuer = wrong.or_else(|| facts.issuer.clone().filter(|_| facts.authorize.iss));
        issuer.filter(|_| !known.is_hostile(|how| matches!(how, Misbehaviour::IssMissing)))
    }

    /// The mix-up: the same request, to another server, with the client's id there.
    fn sent_on(&self, uri: &Uri) -> Option<String> {
        let known = self.0.state.get();
        let (authorize, client_id, path) = known.hostile.iter().find_map(|how| match how {
            Misbehaviour::SendsOnTo { authorize, client_id, path } => Some((authorize, client_id, path.as_deref())),
            _ => None,
        })?;
        let query = Form::parse(uri.query().unwrap_or_default().as_bytes());
        let elsewhere = |uri: &str, path: &str| {
            let mut url = url::Url::parse(uri).ok()?;
            url.set_path(path);
            Some(url.to_string())
        };
        let pairs = query.parameters().iter().map(|(name, value)| match name.as_str() {
            "client_id" => (name, client_id.clone()),
            "redirect_uri" => (name, path.and_then(|path| elsewhere(value, path)).unwrap_or_else(|| value.clone())),
            _ => (name, value.clone()),
        });
        Some(format!("{authorize}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()))
    }

    fn wish(&self, query: &Form) -> Result<Wish, Refused> {
        if let Some(name) = query.repeated() {
            return Err(trouble("invalid_request", format!("The parameter `{name}` was sent more than once.")).into());
        }
        let Some(request_uri) = query.get("request_uri").map(str::to_owned) else {
            if self.0.facts.par == Demand::Required {
                return Err(trouble("invalid_request", "The request must be pushed first (RFC 9126).").into());
            }
            return self.checked(query, None);
        };
        let invalid = || trouble("invalid_request_uri", "This `request_uri` is unknown, used or too old.");
        let pushed = {
            let name = request_uri.strip_prefix(PREFIX).ok_or_else(invalid)?;
            let mut known = self.0.state.get();
            known.pushed.get(self.now(), name).map_err(|_| invalid())?.clone()
        };
        if pushed.get("client_id") != query.get("client_id") {
            return Err(trouble("invalid_request", "`client_id` isn't the one that pushed the request.").into());
        }
        self.checked(&pushed, Some(request_uri))
    }

    fn checked(&self, query: &Form, pushed: Option<String>) -> Result<Wish, Refused> {
        let facts = &self.0.facts;
        let client = query.get("client_id").and_then(|id| self.0.state.get().clients.get(id).cloned());
        let client = client.ok_or_else(|| trouble("invalid_client", "There is no such client."))?;
        let asked = query.get("redirect_uri");
        let copied = Some(asked.unwrap_or_default()).filter(|asked| facts.authorize.copy_code.iter().any(|uri| uri == asked));
        let redirect_uri = match copied {
            Some(uri) => uri,
            None => redirect::choose(&client.redirect_uris, asked, facts.authorize.redirect)
                .map_err(|error| trouble(error.code(), error.description()))?,
        }
        .to_owned();
        let state = query.get("state").map(str::to_owned);
        let refuse =
            |error, description: String| Refused::Redirect { redirect_uri: redirect_uri.clone(), state: state.clone(), error, description };
        if query.get("response_type") != Some("code") {
            return Err(refuse("unsupported_response_type", "`response_type` must be `code`.".to_owned()));
        }
        for (name, value) in &facts.authorize.required {
            match query.get(name) {
                Some(found) if value.is_empty() || found == value => {}
                _ => return Err(refuse("invalid_request", format!("`{name}` is missing or wrong."))),
            }
        }
        let bad = |text: &str| refuse("invalid_request", text.to_owned());
        let used = query.get("code_challenge").is_some();
        let challenge = match facts.authorize.pkce {
            Pkce::Ignored => None,
            Pkce::Refused if used => return Err(bad("PKCE isn't known here.")),
            Pkce::Required if !used || query.get("code_challenge_method") != Some("S256") => return Err(bad("PKCE with S256 is needed.")),
            _ => Challenge::of(query).map_err(|_| bad("`code_challenge` or its method can't be used."))?,
        };
        let scopes = self.split(query.get("scope").unwrap_or_default());
        if let Some(scope) = scopes.iter().find(|scope| !client.scopes.is_empty() && !client.scopes.contains(scope)) {
            return Err(refuse("invalid_scope", format!("The client may not ask for `{scope}`.")));
        }
        let resource = self.resource(query).map_err(|text| refuse("invalid_target", text))?;
        let form_post = match query.get("response_mode") {
            None | Some("query") => false,
            Some("form_post") => true,
            Some(_) => return Err(bad("`response_mode` must be `query` or `form_post`.")),
        };
        let details = Details {
            redirect_uri: asked.map(str::to_owned),
            challenge,
            nonce: query.get("nonce").map(str::to_owned),
            resource,
            offline: self.is_offline(query, &scopes),
            key: query.get("dpop_jkt").filter(|_| facts.dpop != Demand::Off).map(str::to_owned),
        };
        Ok(Wish { client: client.client_id, scopes, redirect_uri, state, form_post, pushed, details })
    }

    /// Whether the request earns a refresh token.
    fn is_offline(&self, query: &Form, scopes: &[String]) -> bool {
        let refresh = &self.0.facts.refresh;
        let asked =
            refresh.parameter.as_ref().and_then(|pair| pair.split_once('=')).is_none_or(|(name, value)| query.get(name) == Some(value));
        refresh.offered && asked && refresh.scope.as_ref().is_none_or(|scope| scopes.contains(scope))
    }

    fn decided(&self, wish: Wish, user: &User, granted: bool) -> Response {
        let facts = &self.0.facts;
        let mut known = self.0.state.get();
        if let Some(name) = wish.pushed.as_ref().and_then(|uri| uri.strip_prefix(PREFIX)) {
            known.pushed.end(name);
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, value: &str| parameters.push((name.to_owned(), value.to_owned()));
        if granted {
            let owner = Owner { client: wish.client.into(), user: user.id.as_str().into(), scopes: wish.scopes, details: wish.details };
            let code = known.grants.code(self.now(), owner);
            if facts.authorize.copy_code.contains(&wish.redirect_uri) {
                let content = format!("<p>Copy this code into the app:</p>\n<p><code id=\"code\">{}</code></p>", escape(&code));
                return page(StatusCode::OK, self.0.name, "One more step", &content);
            }
            let hostile = known.hostile.iter().find_map(|how| match how {
                Misbehaviour::CodeNamed(name) => Some(name.clone()),
                _ => None,
            });
            add(&hostile.or_else(|| facts.authorize.code.clone()).unwrap_or_else(|| "code".to_owned()), &code);
            facts.authorize.callback.iter().for_each(|(name, value)| add(name, value));
        } else {
            add("error", "access_denied");
            add("error_description", "The user denied the request.");
        }
        if let Some(issuer) = self.named_issuer(&known) {
            add("iss", &issuer);
        }
        let dropped = facts.authorize.drops_state || known.is_hostile(|how| matches!(how, Misbehaviour::StateDropped));
        let state = wish
            .state
            .filter(|_| !dropped)
            .map(|state| if known.is_hostile(|how| matches!(how, Misbehaviour::StateAltered)) { format!("{state}x") } else { state });
        parameters.extend(state.map(|state| ("state".to_owned(), state)));
        if known.is_hostile(|how| matches!(how, Misbehaviour::AnswerDoubled)) {
            parameters.extend(parameters.clone());
        }
        if wish.form_post {
            return form_post(&wish.redirect_uri, &parameters);
        }
        let pairs: Vec<_> = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Back { service: self.0.name, redirect_uri: wish.redirect_uri, state: None }.with(&pairs)
    }

    /// POST of a request that is to be used once (RFC 9126 section 2).
    pub(super) fn push(&self, call: &Incoming) -> Response {
        let form = call.form.renamed(&self.0.facts.names);
        let pushed = || -> Result<String, Trouble> {
            if form.get("request_uri").is_some() || form.repeated().is_some() {
                return Err(trouble("invalid_request", "A pushed request has no `request_uri`, and each parameter once."));
            }
            // RFC 9449 section 10.1.
            let key = self.0.proof(&mut self.0.state.get(), call, None)?;
            let named = form.get("dpop_jkt").map(str::to_owned);
            if key.is_some() && named.is_some() && key != named {
                return Err(trouble("invalid_dpop_proof", "`dpop_jkt` is another key's."));
            }
            let client = self.0.authenticate(&mut self.0.state.get(), call, &form)?;
            let form = Form::of([("client_id", client.client_id.as_str())]).and(&form.without(&["client_id", "client_secret", "dpop_jkt"]));
            let form = key.or(named).iter().fold(form, |form, key| form.and(&Form::of([("dpop_jkt", key.as_str())])));
            self.checked(&form, None).map_err(|refused| match refused {
                Refused::Page(trouble) => trouble,
                Refused::Redirect { error, description, .. } => trouble(error, description),
            })?;
            Ok(self.0.state.get().pushed.put(self.now().saturating_add(PUSHED), form))
        };
        let answer = match pushed() {
            Ok(name) => {
                let body = json!({ "request_uri": format!("{PREFIX}{name}"), "expires_in": PUSHED.as_secs() });
                json_answer(StatusCode::CREATED, &body)
            }
            Err(trouble) => self.refused(&call.headers, &trouble),
        };
        self.0.with_nonce(&self.0.state.get(), call, answer)
    }

    /// The resource that a token is for (RFC 8707 section 2); the reason, if it can't be.
    pub(super) fn resource(&self, form: &Form) -> Result<Option<String>, String> {
        let Some(resource) = form.get("resource") else { return Ok(None) };
        let absolute = url::Url::parse(resource).is_ok_and(|url| url.fragment().is_none());
        if !absolute {
            return Err("`resource` must be an absolute URI without a fragment.".to_owned());
        }
        let known = &self.0.facts.resources;
        if known.is_empty() || known.iter().any(|one| one == resource) {
            Ok(Some(resource.to_owned()))
        } else {
            Err("There are no tokens for this resource.".to_owned())
        }
    }

    /// The scopes of a text.
    pub(super) fn split(&self, text: &str) -> Vec<String> {
        text.split(&*self.0.facts.scope_separator).map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
    }
}

/// OAuth 2.0 Form Post Response Mode. It is sent by a script, or the button.
fn form_post(action: &str, parameters: &[(String, String)]) -> Response {
    let field =
        |(name, value): &(String, String)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">\n", escape(name), escape(value));
    let html = format!(
        "<!doctype html>\n<title>Back to the app</title>\n<form id=\"form-post\" method=\"post\" action=\"{}\">\n{}\
         <button type=\"submit\">Continue</button>\n</form>\n<script>document.forms[0].submit()</script>\n",
        escape(action),
        parameters.iter().map(field).collect::<String>(),
    );
    ([(CACHE_CONTROL, "no-store")], Html(html)).into_response()
}

//! Requests as a provider writes them: an authorization request, a token request, an API request.

use crate::bindings::jeton::provider::http::{self, Basic, Body, Credential, Field, Value};
use crate::*;

/// `grant_type=…` to an endpoint of the manifest, asking for JSON.
pub fn token_request<'a>(endpoint: &'a str, grant_type: &'a str) -> Request<'a> {
    Request::new(Method::Post, endpoint).header("accept", "application/json").form("grant_type", grant_type)
}

/// A request of the service's API, signed with the access token.
pub fn api_request<'a>(method: Method, endpoint: &'a str, path: &'a str, tokens: &CurrentTokens<'a>) -> Result<Request<'a>> {
    let access = tokens.access()?;
    let mut request = Request::new(method, endpoint).header("accept", "application/json");
    request.path = Some(path);
    request.headers.push(("authorization", Held::Credential("Bearer", access)));
    Ok(request)
}

/// A text, or a handle that the request holds or borrows until it is sent.
pub(crate) enum Held<'a> {
    Text(String),
    Secret(&'a Secret),
    Owned(Secret),
    Credential(&'a str, &'a Secret),
    Basic(String, Secret),
}

pub(crate) type Fields<'a> = Vec<(&'a str, Held<'a>)>;

fn fields<'f>(held: &'f Fields<'_>) -> Vec<Field<'f>> {
    let value = |held: &'f Held<'_>| match held {
        Held::Text(text) => Value::Text(text.clone()),
        Held::Secret(secret) => Value::Secret(secret),
        Held::Owned(secret) => Value::Secret(secret),
        Held::Credential(scheme, secret) => Value::Credential(Credential { scheme: (*scheme).to_owned(), secret }),
        Held::Basic(username, password) => Value::Basic(Basic { username: username.clone(), password }),
    };
    held.iter().map(|(name, held)| Field { name: (*name).to_owned(), value: value(held) }).collect()
}

/// A request that is being put together.
#[must_use]
pub struct Request<'a> {
    method: Method,
    endpoint: &'a str,
    path: Option<&'a str>,
    query: Fields<'a>,
    headers: Fields<'a>,
    pub(crate) form: Fields<'a>,
    json: bool,
}

impl<'a> Request<'a> {
    /// A request to an endpoint of the manifest.
    pub fn new(method: Method, endpoint: &'a str) -> Self {
        Self { method, endpoint, path: None, query: vec![], headers: vec![], form: vec![], json: false }
    }

    /// A header.
    pub fn header(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.headers.push((name, Held::Text(value.into())));
        self
    }

    /// What stands below the endpoint's URL.
    pub fn path(mut self, path: &'a str) -> Self {
        self.path = Some(path);
        self
    }

    /// A parameter of the query. Secrets never stand there.
    pub fn query(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.query.push((name, Held::Text(value.into())));
        self
    }

    /// Sends the form's fields as one JSON object.
    pub fn as_json(mut self) -> Self {
        self.json = true;
        self
    }

    /// A token in a header behind the name of a scheme, or alone where there is none.
    pub fn token_in_header(mut self, name: &'a str, scheme: &'a str, token: &'a Secret) -> Self {
        self.headers.push((name, if scheme.is_empty() { Held::Secret(token) } else { Held::Credential(scheme, token) }));
        self
    }

    /// A form field.
    pub fn form(mut self, name: &'a str, value: impl Into<String>) -> Self {
        self.form.push((name, Held::Text(value.into())));
        self
    }

    /// A form field that is a secret. The host refuses it where the endpoint doesn't accept its kind.
    pub fn secret(mut self, name: &'a str, secret: &'a Secret) -> Self {
        self.form.push((name, Held::Secret(secret)));
        self
    }

    /// `scope`, if there is any.
    pub fn scopes(self, scopes: &[String], separator: &str) -> Self {
        if scopes.is_empty() { self } else { self.form("scope", scopes.join(separator)) }
    }

    /// Client authentication `client_secret_post`, or just the id of a client without a secret.
    pub fn client_in_body(mut self, client: &Client) -> Self {
        self = self.form("client_id", client.id());
        if let Some(secret) = client.secret("client-secret") {
            self.form.push(("client_secret", Held::Owned(secret)));
        }
        self
    }

    /// Client authentication `client_secret_basic`, or the id in the form for a client without a secret.
    pub fn client_in_header(mut self, client: &Client) -> Self {
        match client.secret("client-secret") {
            Some(secret) => self.headers.push(("authorization", Held::Basic(client.id(), secret))),
            None => self = self.form("client_id", client.id()),
        }
        self
    }

    /// The authorization code that a browser came back with, and the redirect URI that belongs to it, if there was one.
    pub fn code(self, back: &Returned<'a>) -> Result<Self> {
        let code = back.code.ok_or_else(|| Error::other("The service sent the browser back without a code"))?;
        let request = self.secret("code", code);
        Ok(if back.redirect_uri.is_empty() { request } else { request.form("redirect_uri", back.redirect_uri.as_str()) })
    }

    /// PKCE: the verifier of the flow.
    pub fn verifier(self, back: &Returned<'a>) -> Self {
        self.secret("code_verifier", back.verifier)
    }

    /// Sends it. Every status is an answer.
    pub fn send(self) -> Result<Response> {
        let body = match fields(&self.form) {
            none if none.is_empty() => Body::None,
            fields if self.json => Body::Json(fields),
            fields => Body::Form(fields),
        };
        Ok(http::send(&http::Request {
            method: self.method,
            endpoint: self.endpoint.to_owned(),
            path: self.path.map(str::to_owned),
            query: fields(&self.query),
            headers: fields(&self.headers),
            body,
        })?)
    }

    /// Sends it and reads the tokens, or the error, that a token endpoint answers with (RFC 6749, 5).
    pub fn tokens(self) -> Result<Tokens> {
        self.send()?.into_tokens()
    }

    /// Sends it; anything but success is an error.
    pub fn confirm(self) -> Result<()> {
        let answer = self.send()?;
        if answer.succeeded() { Ok(()) } else { Err(answer.to_error()) }
    }
}

/// An authorization request (RFC 6749, 4.1.1).
#[must_use]
pub struct AuthorizationRequest {
    endpoint: String,
    query: Extras,
    reservation: callback::Reservation,
}

/// Begins an authorization request for a code, with the client's id and the host's redirect URI and state.
pub fn authorization_request(endpoint: &str, client: &Client) -> AuthorizationRequest {
    let reservation = callback::reserve();
    let request = AuthorizationRequest { endpoint: endpoint.to_owned(), query: vec![], reservation };
    let (redirect_uri, state) = (request.reservation.redirect_uri.clone(), request.reservation.state.clone());
    let request = request.text("response_type", "code").text("client_id", client.id());
    // Without one the service shows the code: `[callback] shows-code` in the manifest.
    let request = if redirect_uri.is_empty() { request } else { request.text("redirect_uri", redirect_uri) };
    request.text("state", state)
}

impl AuthorizationRequest {
    /// A parameter.
    pub fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// `scope`, if there is any.
    pub fn scopes(self, scopes: &[String], separator: &str) -> Self {
        if scopes.is_empty() { self } else { self.text("scope", scopes.join(separator)) }
    }

    /// PKCE with S256 (RFC 7636).
    pub fn pkce(self) -> Self {
        let challenge = self.reservation.code_challenge.clone();
        self.text("code_challenge", challenge).text("code_challenge_method", "S256")
    }

    /// Sends the person's browser there.
    pub fn visit(self) -> Result<Step> {
        Ok(Step::Visit(Visit { endpoint: self.endpoint, query: self.query }))
    }
}

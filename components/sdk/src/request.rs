//! Requests as a provider writes them: an authorization request, a token request, an API request.

use crate::bindings::jeton::provider::http::{self, Basic, Body, Credential, Field, Value};
use crate::crypto::DpopTarget;
use crate::*;

/// `grant_type=…` to an endpoint of the manifest, asking for JSON.
pub fn token_request<'a>(endpoint: &str, grant_type: &str) -> Request<'a> {
    Request::new(Method::Post, endpoint).header("accept", "application/json").form("grant_type", grant_type)
}

/// A request of the service's API, signed with the access token.
pub fn api_request<'a>(method: Method, endpoint: &str, path: &str, tokens: &CurrentTokens<'a>) -> Result<Request<'a>> {
    let access = tokens.access()?;
    let request = Request::new(method, endpoint).header("accept", "application/json").path(path);
    Ok(request.token_in_header("authorization", "Bearer", access))
}

/// A request that is being put together.
// A pointer, since it is handed on with every word of it, and each time all of it would be copied.
#[must_use]
pub struct Request<'a>(Box<Parts<'a>>);

struct Parts<'a> {
    request: http::Request<'a>,
    form: Vec<Field<'a>>,
    json: bool,
}

/// For as long as the instance lives, which is no longer than the call: so a request can hold it beside what it borrows.
fn lent(secret: Secret) -> &'static Secret {
    Box::leak(Box::new(secret))
}

impl<'a> Request<'a> {
    /// A request to an endpoint of the manifest.
    pub fn new(method: Method, endpoint: &str) -> Self {
        let endpoint = endpoint.to_owned();
        let request = http::Request { method, endpoint, path: None, query: vec![], headers: vec![], body: Body::None };
        Self(Box::new(Parts { request, form: vec![], json: false }))
    }

    fn header_of(mut self, name: &str, value: Value<'a>) -> Self {
        self.0.request.headers.push(Field { name: name.to_owned(), value });
        self
    }

    fn form_of(mut self, name: &str, value: Value<'a>) -> Self {
        self.0.form.push(Field { name: name.to_owned(), value });
        self
    }

    /// A header.
    pub fn header(self, name: &str, value: impl Into<String>) -> Self {
        self.header_of(name, Value::Text(value.into()))
    }

    /// What stands below the endpoint's URL.
    pub fn path(mut self, path: &str) -> Self {
        self.0.request.path = Some(path.to_owned());
        self
    }

    /// A parameter of the query. Secrets never stand there.
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.request.query.push(Field { name: name.to_owned(), value: Value::Text(value.into()) });
        self
    }

    /// Sends the form's fields as one JSON object.
    pub fn as_json(mut self) -> Self {
        self.0.json = true;
        self
    }

    /// A token in a header behind the name of a scheme, or alone where there is none.
    pub fn token_in_header(self, name: &str, scheme: &str, token: &'a Secret) -> Self {
        let value = if scheme.is_empty() {
            Value::Secret(token)
        } else {
            Value::Credential(Credential { scheme: scheme.to_owned(), secret: token })
        };
        self.header_of(name, value)
    }

    /// A header that is a secret made for this request: a proof.
    pub(crate) fn made_in_header(self, name: &str, secret: Secret) -> Self {
        self.token_in_header(name, "", lent(secret))
    }

    /// The request, and what a proof with this nonce has to be for.
    pub(crate) fn target(self, nonce: Option<String>) -> (Self, DpopTarget) {
        let http::Request { method, endpoint, path, .. } = &self.0.request;
        let target = DpopTarget { method: *method, endpoint: endpoint.clone(), path: path.clone(), nonce };
        (self, target)
    }

    /// A form field.
    pub fn form(self, name: &str, value: impl Into<String>) -> Self {
        self.form_of(name, Value::Text(value.into()))
    }

    /// A form field that is a secret. The host refuses it where the endpoint doesn't accept its kind.
    pub fn secret(self, name: &str, secret: &'a Secret) -> Self {
        self.form_of(name, Value::Secret(secret))
    }

    /// A form field that holds a secret made for this request, such as an assertion.
    pub fn made(self, name: &str, secret: Secret) -> Self {
        self.secret(name, lent(secret))
    }

    /// `scope`, if there is any.
    pub fn scopes(self, scopes: &[String], separator: &str) -> Self {
        if scopes.is_empty() { self } else { self.form("scope", join(scopes, separator)) }
    }

    /// Client authentication `client_secret_post`, or just the id of a client without a secret.
    pub fn client_in_body(self, client: &Client) -> Self {
        let request = self.form("client_id", client.id());
        match client.secret("client-secret") {
            Some(secret) => request.made("client_secret", secret),
            None => request,
        }
    }

    /// Client authentication `client_secret_basic`, or the id in the form for a client without a secret.
    pub fn client_in_header(self, client: &Client) -> Self {
        let username = client.id();
        match client.secret("client-secret") {
            Some(secret) => self.header_of("authorization", Value::Basic(Basic { username, password: lent(secret) })),
            None => self.form("client_id", username),
        }
    }

    /// Client authentication by an assertion (RFC 7523, 2.2).
    pub fn client_assertion(self, client: &Client, assertion: Secret) -> Self {
        self.form("client_id", client.id())
            .form("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .made("client_assertion", assertion)
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
        let Parts { mut request, form, json } = *self.0;
        request.body = match json {
            _ if form.is_empty() => Body::None,
            true => Body::Json(form),
            false => Body::Form(form),
        };
        Ok(http::send(&request)?)
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
// A pointer, as for a request.
#[must_use]
pub struct AuthorizationRequest(Box<Asked>);

struct Asked {
    visit: Visit,
    reservation: callback::Reservation,
}

/// Begins an authorization request for a code, with the client's id and the host's redirect URI and state.
pub fn authorization_request(endpoint: &str, client: &Client) -> AuthorizationRequest {
    let reservation = callback::reserve();
    let (redirect_uri, state) = (reservation.redirect_uri.clone(), reservation.state.clone());
    let visit = Visit { endpoint: endpoint.to_owned(), query: vec![] };
    let request = AuthorizationRequest(Box::new(Asked { visit, reservation }));
    let request = request.text("response_type", "code").text("client_id", client.id());
    // Without one the service shows the code: `[callback] shows-code` in the manifest.
    let request = if redirect_uri.is_empty() { request } else { request.text("redirect_uri", redirect_uri) };
    request.text("state", state)
}

impl AuthorizationRequest {
    /// A parameter.
    pub fn text(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.visit.query.push((name.to_owned(), value.into()));
        self
    }

    /// `scope`, if there is any.
    pub fn scopes(self, scopes: &[String], separator: &str) -> Self {
        if scopes.is_empty() { self } else { self.text("scope", join(scopes, separator)) }
    }

    /// PKCE with S256 (RFC 7636).
    pub fn pkce(self) -> Self {
        let challenge = self.0.reservation.code_challenge.clone();
        self.text("code_challenge", challenge).text("code_challenge_method", "S256")
    }

    /// Sends the person's browser there.
    pub fn visit(self) -> Result<Step> {
        Ok(Step::Visit(self.0.visit))
    }
}

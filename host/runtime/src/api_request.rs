//! A request of the service's API in a connection's name: what whoever holds a connection wants to do with it.
//!
//! The provider says which headers make it the connection's; the host builds the address from the manifest, puts the token in, and sends it
//! as it sends everything: nowhere else than where the manifest says that access tokens go. One that is bound to a key goes with a proof
//! ([`proven`]).

mod proven;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::model::{Client, CurrentTokens};
use crate::policy;
use crate::transport::Outgoing;
use crate::{ApiAnswer, Denial, Error, Identity, Provider};

/// What is to be sent.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// An endpoint of the manifest that accepts access tokens: usually `api`.
    pub endpoint: String,
    /// How.
    pub method: Method,
    /// Below the endpoint's URL.
    pub path: Option<String>,
    /// What stands behind the `?`.
    pub query: Vec<(String, String)>,
    /// Headers besides those of the connection.
    pub headers: Vec<(String, String)>,
    /// The body; empty is none.
    pub body: Vec<u8>,
}

impl Provider {
    /// Sends a request of the service's API. Every status is an answer; [`Provider::judge`] says what it means for the connection.
    ///
    /// Options as for [`Provider::authenticate`]: `as-user`, `as-admin`, and the provider's own.
    ///
    /// # Errors
    /// [`Error::Denied`] where the manifest doesn't send access tokens there, [`Error::Unreachable`] where there is no answer.
    pub async fn request(
        &self,
        client: &Client,
        tokens: &CurrentTokens,
        options: &Vec<(String, String)>,
        request: ApiRequest,
    ) -> Result<ApiAnswer, Error> {
        let manifest = &self.loaded.manifest;
        let settings = manifest.settings_of(client)?;
        let name = request.endpoint.as_str();
        if manifest.endpoints.get(name).is_some_and(|endpoint| !endpoint.is_api()) {
            // A token endpoint, say, whose answers are no business of the one who asks.
            let rule = "it isn't an API: it accepts other secrets than an access token";
            return Err(Denial::new(format!("a request to `{name}`"), rule, "Name an endpoint that accepts access tokens alone").into());
        }
        let mut url = policy::target(manifest, &settings, name, request.path.as_deref())?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let name = HeaderName::from_bytes(name.as_bytes())
                .ok()
                .filter(|name| (*name == header::CONTENT_TYPE || !policy::steers(name)) && *name != header::AUTHORIZATION);
            let (Some(name), Ok(value)) = (name, HeaderValue::from_str(value)) else {
                let hint = "Leave out Authorization, Host and what steers the connection; values are one line".to_owned();
                return Err(Error::Unfit { what: "a header can't be sent".to_owned(), hint });
            };
            headers.append(name, value);
        }
        for made in self.authenticate(client, tokens, options).await? {
            let (name, value) = (HeaderName::from_bytes(made.name.as_bytes()), HeaderValue::from_bytes(made.value.reveal()));
            let (Ok(name), Ok(mut value)) = (name, value) else { continue };
            value.set_sensitive(true);
            // The connection's own come before those of the one who asks.
            headers.insert(name, value);
        }
        let shown = manifest.endpoints.get(name).is_some_and(|endpoint| endpoint.client_certificate);
        let identity = if shown { Identity::of(manifest, client)? } else { None };
        let (body, limits) = (Bytes::from(request.body), &self.lent.limits);
        let outgoing = Outgoing { method: request.method, url, headers, body, identity, time: limits.request, largest: limits.answer };
        let incoming = match proven::shows_bound(&outgoing.headers) {
            true => self.send_proven(client, tokens, name, outgoing).await?,
            false => self.lent.transport.send(outgoing).await?,
        };
        Ok(ApiAnswer { endpoint: request.endpoint, status: incoming.status, headers: incoming.headers, body: incoming.body.to_vec() })
    }
}

//! A refresh as a program without Jeton does it: the `oauth2` crate, and reqwest set up as the runtime's own transport sets it up.

use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::future::BoxFuture;
use oauth2::basic::BasicClient;
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, RefreshToken, TokenResponse,
    TokenUrl,
};

use crate::server::{CLIENT_ID, CLIENT_SECRET, Introduction};

type Client = BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// See the module.
pub struct Native {
    client: Client,
    http: Http,
}

/// reqwest 0.13, which the `oauth2` crate doesn't know yet.
struct Http(reqwest::Client);

impl Native {
    /// Over TLS where the server has a certificate.
    pub fn new(server: &Introduction) -> Result<Self> {
        let url = match server.certificate {
            Some(_) => "https://api.box.com/oauth2/token".to_owned(),
            None => format!("http://{}/oauth2/token", server.addr),
        };
        let client = BasicClient::new(ClientId::new(CLIENT_ID.to_owned()))
            .set_client_secret(ClientSecret::new(CLIENT_SECRET.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::new(url)?);
        Ok(Self { client, http: Http(reqwest_client(server)?) })
    }

    /// One refresh; the next refresh token comes back.
    pub async fn refresh(&self, refresh_token: &str) -> Result<String> {
        let token = RefreshToken::new(refresh_token.to_owned());
        let tokens = self.client.exchange_refresh_token(&token).request_async(&self.http).await?;
        Ok(tokens.refresh_token().context("no refresh token came back")?.secret().clone())
    }
}

/// As `jeton_runtime::Https` builds its own.
pub fn reqwest_client(server: &Introduction) -> Result<reqwest::Client> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .user_agent("jeton-bench")
        .connect_timeout(Duration::from_secs(10))
        .timeout(Duration::from_secs(30))
        .resolve("api.box.com", server.addr);
    let builder = match &server.certificate {
        Some(pem) => builder.https_only(true).tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem.as_bytes())?),
        None => builder,
    };
    Ok(builder.build()?)
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = BoxFuture<'c, Result<HttpResponse, reqwest::Error>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut answer = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
            let mut response = HttpResponse::new(answer.bytes().await?.into());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}

//! The documents from which clients learn a tenant's addresses and keys, with their oddities (`providers.md` 4.1): the issuer of
//! `common` is a template, and PKCE isn't mentioned although it works.

use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::Site;
use super::tenant::Authority;
use crate::json::json as answer;

/// GET `/{tenant}/v2.0/.well-known/openid-configuration`
pub(super) async fn configuration(State(site): State<Site>, Path(segment): Path<String>, headers: HeaderMap) -> Response {
    let authority = Authority::parse(&segment, site.cloud, &site.service.0.state.get().tenants);
    let authority = match authority {
        Ok(authority) => authority,
        Err(refusal) => return site.refuse(&refusal, &headers),
    };
    let base = format!("https://{}/{segment}", site.host);
    let graph = site.cloud.graph();
    let document = json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("https://{}/{}/v2.0", site.host, authority.issuer_tenant()),
        "request_uri_parameter_supported": false,
        "userinfo_endpoint": format!("{graph}/oidc/userinfo"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "msgraph_host": graph.trim_start_matches("https://"),
    });
    answer(StatusCode::OK, &document)
}

/// GET `/{tenant}/discovery/v2.0/keys`
pub(super) async fn keys(State(site): State<Site>) -> Response {
    answer(StatusCode::OK, &site.service.0.signer.key_set())
}

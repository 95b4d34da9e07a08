//! What bundled services say when they refuse, in the words of their documentation, and what it means.

use jeton_runtime::{ApiAnswer, ErrorKind, Provider, Verdict};

use crate::service::{Service, answer};
use crate::{client, current, refused, runtime};

pub(crate) async fn bundled(id: &str, service: &std::sync::Arc<Service>) -> Provider {
    let component = jeton_bundle::find(id).unwrap_or_else(|| panic!("no provider {id}")).component;
    runtime(service).load(component).await.unwrap_or_else(|error| panic!("{id}: {error}"))
}

#[tokio::test]
async fn a_refused_refresh_is_told_from_a_wrong_client_and_from_trouble_that_passes() {
    use ErrorKind::*;
    for (id, status, body, kind) in [
        ("asana", 400, r#"{"error":"invalid_grant","error_description":"The refresh token is invalid."}"#, InvalidGrant),
        ("atlassian", 403, r#"{"error":"invalid_grant","error_description":"Unknown or invalid refresh token."}"#, InvalidGrant),
        ("atlassian", 403, r#"{"error":"unauthorized_client","error_description":"refresh_token is invalid"}"#, InvalidGrant),
        ("atlassian", 401, r#"{"error":"access_denied","error_description":"Unauthorized"}"#, InvalidClient),
        ("bitbucket", 400, r#"{"error":"invalid_grant","error_description":"The specified refresh_token is invalid"}"#, InvalidGrant),
        (
            "digitalocean",
            401,
            r#"{"error":"invalid_grant","error_description":"The provided authorization grant is invalid"}"#,
            InvalidGrant,
        ),
        ("discord", 400, r#"{"error":"invalid_grant"}"#, InvalidGrant),
        ("discord", 401, r#"{"error":"invalid_client"}"#, InvalidClient),
        ("gitlab", 400, r#"{"error":"invalid_grant","error_description":"The provided authorization grant is invalid"}"#, InvalidGrant),
        ("hubspot", 400, r#"{"status":"BAD_REFRESH_TOKEN","message":"missing or invalid refresh token"}"#, InvalidGrant),
        ("hubspot", 400, r#"{"category":"VALIDATION_ERROR","message":"Invalid input"}"#, Other),
        ("linear", 400, r#"{"error":"invalid_grant","error_description":"Token has been expired or revoked."}"#, InvalidGrant),
        ("salesforce", 400, r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#, InvalidGrant),
        ("salesforce", 400, r#"{"error":"invalid_client_id","error_description":"client identifier invalid"}"#, InvalidClient),
        ("salesforce", 400, r#"{"error":"inactive_user","error_description":"user is inactive"}"#, AccessDenied),
        ("slack", 200, r#"{"ok":false,"error":"invalid_refresh_token"}"#, InvalidGrant),
        ("slack", 200, r#"{"ok":false,"error":"bad_client_secret"}"#, InvalidClient),
        ("slack", 200, r#"{"ok":false,"error":"internal_error"}"#, TemporarilyUnavailable),
        ("spotify", 400, r#"{"error":"invalid_grant","error_description":"Refresh token revoked"}"#, InvalidGrant),
        ("todoist", 400, r#"{"error":"incorrect_application_credentials"}"#, InvalidClient),
        ("zoom", 401, r#"{"reason":"Invalid Token!","error":"invalid_grant"}"#, InvalidGrant),
        ("zoom", 401, r#"{"reason":"Invalid client_id or client_secret","error":"invalid_client"}"#, InvalidClient),
    ] {
        let provider = bundled(id, &Service::always(status, &[], body)).await;
        assert_eq!(refused(provider.refresh(&client(), &current()).await).kind, kind, "{id}: {status} {body}");
    }
}

#[tokio::test]
async fn an_api_that_refuses_a_token_is_told_from_one_that_wants_more_scopes_or_a_pause() {
    use Verdict::*;
    let silent = Service::silent();
    for (id, status, body, verdict) in [
        ("atlassian", 401, r#"{"code":401,"message":"Unauthorized"}"#, Expired),
        ("atlassian", 401, r#"{"code":401,"message":"Unauthorized; scope does not match"}"#, InsufficientScope),
        ("digitalocean", 401, r#"{"id":"unauthorized","message":"Unable to authenticate you"}"#, Expired),
        ("digitalocean", 429, r#"{"id":"too_many_requests","message":"API rate limit exceeded"}"#, RateLimited(None)),
        ("discord", 401, r#"{"message":"401: Unauthorized","code":0}"#, Expired),
        ("figma", 403, r#"{"status":403,"err":"Token expired"}"#, Expired),
        ("figma", 403, r#"{"status":403,"err":"Invalid scope(s)"}"#, Other),
        ("gitlab", 401, r#"{"error":"invalid_token","error_description":"Token is expired."}"#, Expired),
        (
            "gitlab",
            403,
            r#"{"error":"insufficient_scope","error_description":"The request requires higher privileges"}"#,
            InsufficientScope,
        ),
        ("hubspot", 401, r#"{"status":"error","category":"EXPIRED_AUTHENTICATION"}"#, Expired),
        ("hubspot", 403, r#"{"status":"error","category":"MISSING_SCOPES"}"#, InsufficientScope),
        ("hubspot", 429, r#"{"status":"error","errorType":"RATE_LIMIT","category":"RATE_LIMITS"}"#, RateLimited(None)),
        ("linear", 401, r#"{"errors":[{"message":"Authentication required","extensions":{"code":"AUTHENTICATION_ERROR"}}]}"#, Expired),
        ("linear", 400, r#"{"errors":[{"message":"Rate limit exceeded","extensions":{"code":"RATELIMITED"}}]}"#, RateLimited(None)),
        ("linear", 200, r#"{"data":{"viewer":{"id":"u1"}}}"#, Ok),
        ("salesforce", 401, r#"[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]"#, Expired),
        ("salesforce", 403, r#"[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]"#, RateLimited(None)),
        ("salesforce", 403, r#"[{"message":"no access","errorCode":"INSUFFICIENT_ACCESS_OR_READONLY"}]"#, Other),
        ("slack", 200, r#"{"ok":true}"#, Ok),
        ("slack", 200, r#"{"ok":false,"error":"token_expired"}"#, Expired),
        ("slack", 200, r#"{"ok":false,"error":"token_revoked"}"#, Revoked),
        ("slack", 200, r#"{"ok":false,"error":"missing_scope","needed":"chat:write"}"#, InsufficientScope),
        ("slack", 429, r#"{"ok":false,"error":"ratelimited"}"#, RateLimited(None)),
        ("spotify", 401, r#"{"error":{"status":401,"message":"The access token expired"}}"#, Expired),
        ("zoom", 401, r#"{"code":124,"message":"Access token is expired."}"#, Expired),
        ("zoom", 400, r#"{"code":4711,"message":"Invalid access token, does not contain scopes:[user:read:user]."}"#, InsufficientScope),
    ] {
        let incoming = answer(status, &[], body);
        let asked = ApiAnswer { endpoint: "api".to_owned(), status, headers: incoming.headers, body: incoming.body.to_vec() };
        assert_eq!(bundled(id, &silent).await.judge(asked, &current()).await.unwrap(), verdict, "{id}: {status} {body}");
    }
}

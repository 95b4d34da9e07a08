//! Box's errors: RFC 6749's codes, with a description that tells who must act.

use ErrorKind::*;
use jeton_provider::*;

/// Part of a description or of a code: what it means, and what to do.
const MEANINGS: [(&str, ErrorKind, &str); 17] = [
    (
        "not authorized by the enterprise admin",
        AdminApprovalRequired,
        "Your Box admin must authorise the app, and again after its scopes changed: Admin Console → Integrations → Platform Apps Manager",
    ),
    (
        "enterprise configuration for your app",
        AdminApprovalRequired,
        "Choose App + Enterprise Access on the app's Configuration page, then have your Box admin authorise it again",
    ),
    ("grant type is unauthorized", InvalidClient, "Box's console made the app for another kind of authentication: make one for this kind"),
    ("No public key", InvalidClient, "Add one: the app's Configuration → Add and Manage Public Keys"),
    ("'iss'", InvalidClient, "The key belongs to another client id"),
    (
        "'sub'",
        InvalidClient,
        "Compare the id. Users need App + Enterprise Access and Generate user access tokens, and your Box admin must have authorised the app",
    ),
    (
        "'aud'",
        InvalidClient,
        "Box wants an assertion for another address than https://api.box.com/oauth2/token: see that the app was made at app.box.com, else report it",
    ),
    ("'exp'", Other, "Set this machine's clock"),
    ("'jti'", Other, "Set this machine's clock"),
    ("OpenSSL", InvalidClient, "The private key isn't the one of public-key-id: generate a new keypair on the app's Configuration page"),
    (
        "Grant credentials are invalid",
        InvalidClient,
        "Compare client id, secret and subject. Your Box admin must have authorised the app; users need Generate user access tokens",
    ),
    ("client credentials are", InvalidClient, "Compare both with the app's Configuration page"),
    ("authorization code has expired", InvalidGrant, "Box takes a code for 30 seconds: finish sooner, above all with --paste"),
    ("_scope", InsufficientScope, "Tick it under Application Scopes on the app's Configuration page"),
    (
        "access_denied_insufficient_permissions",
        AccessDenied,
        "As another user: the app needs Make API calls as users, and an admin's token",
    ),
    ("access_from_location_blocked", AccessDenied, "Your Box admin has blocked this network"),
    ("forbidden_by_policy", AccessDenied, "A policy of your Box admin forbids it"),
];

/// Who must act.
pub fn explain(error: Error) -> Error {
    let description = error.description.as_deref().unwrap_or_default();
    let said = |part: &str| holds(description, part) || error.code.as_deref().is_some_and(|code| holds(code, part));
    match MEANINGS.iter().find(|(part, _, _)| said(part)) {
        Some((_, kind, advice)) => Error { kind: *kind, description: Some(concat(&[description, ". ", advice])), ..error },
        None => error,
    }
}

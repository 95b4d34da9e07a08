//! Microsoft's errors: `error` follows OAuth, and the description begins with a number that says more.
//! <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>

use jeton_provider::*;

use crate::{claims, cloud};

/// So much of Microsoft's own text is told, so that there is room for what to do.
const LONGEST: usize = 180;

/// What numbers mean where `error` doesn't say it, and what to do. Without advice: what the kind says.
const TABLE: &[(ErrorKind, &[u32], &str)] = &[
    (ErrorKind::InvalidGrant, &[70000, 70008, 70043, 50089, 50132, 50133, 50173, 50058, 16000, 50013, 54005, 501_481, 700_005], ""),
    (ErrorKind::InvalidGrant, &[700_082], "It wasn't used for 90 days: `jeton refresh` by a timer keeps a connection"),
    (ErrorKind::InvalidGrant, &[700_084], SINGLE_PAGE),
    (ErrorKind::InvalidGrant, &[50072, 50074, 50076, 50078, 50079], "Sign in again, with the second factor that Microsoft asks for"),
    (ErrorKind::InvalidGrant, &[70018, 70019, 70020, 90120, 50134], "Run the command again for a new code"),
    (ErrorKind::InvalidGrant, &[500_131], "The token must be for this client: ask for it with a scope of the client's own API"),
    (
        ErrorKind::AccessDenied,
        &[50131, 53000, 53001, 53003],
        "Your organization's Conditional Access forbids it: sign in from a device and a place that it allows, or ask its administrator",
    ),
    (ErrorKind::AccessDenied, &[65004], ""),
    (ErrorKind::AccessDenied, &[50020], "Sign in with an account that the client's tenant has, or add the client with another tenant"),
    (ErrorKind::AdminApprovalRequired, &[65001, 65005, 90094, 650_056], CONSENT),
    (ErrorKind::AdminApprovalRequired, &[90095], "Your request was sent: sign in again when the administrator has allowed the app"),
    (
        ErrorKind::AdminApprovalRequired,
        &[50105],
        "An administrator assigns you to the app: Entra admin center → Enterprise applications → the app → Users and groups",
    ),
    (
        ErrorKind::RedirectMismatch,
        &[50011, 500_112, 900_971],
        "In the Entra admin center, App registrations → the app → Authentication, add http://localhost/",
    ),
    (ErrorKind::InvalidClient, &[9_002_326, 9_002_327], SINGLE_PAGE),
    (ErrorKind::InvalidClient, &[70002, 7_000_215], "Copy the secret's Value, not its Secret ID, from Certificates & secrets"),
    (ErrorKind::InvalidClient, &[7_000_222], "Make a new secret in Certificates & secrets, and keep it: jeton clients secret"),
    (
        ErrorKind::InvalidClient,
        &[50012, 50048, 700_027, 700_030],
        "The app's Certificates & secrets must have the client's certificate, and the private key must be its own",
    ),
    (ErrorKind::InvalidClient, &[700_024], "Set this machine's clock"),
    (
        ErrorKind::InvalidClient,
        &[70021, 700_211, 700_212, 700_213],
        "Compare issuer, audience and subject of the token with the app's Certificates & secrets → Federated credentials",
    ),
    (
        ErrorKind::InvalidClient,
        &[700_025],
        "Add the client without secret and certificate; or, for an app with a secret, put the redirect URI under the platform Web",
    ),
    (
        ErrorKind::InvalidClient,
        &[7_000_218],
        "Add the client with its secret; or, for an app without one, put the redirect URI under Mobile and desktop applications and set \
         Allow public client flows, in Authentication",
    ),
    (ErrorKind::InvalidClient, &[700_011, 700_016], "Compare the client id and the setting tenant with the app's Overview"),
    (ErrorKind::InvalidClient, &[70001, 7_000_112], "The app is switched off: Enterprise applications → the app → Properties"),
    (ErrorKind::InvalidClient, &[50194, 9_001_023], "Add the client with --set tenant= and the organization's id or domain"),
    (ErrorKind::InvalidClient, &[9_002_332], "Add the client with --set tenant=organizations"),
    (ErrorKind::InvalidClient, &[9_002_331], "Add the client with --set tenant=consumers"),
    (ErrorKind::InvalidClient, &[90002, 50059, 90019], "Compare the client's setting tenant with the app's Overview"),
    (ErrorKind::InvalidClient, &[90038], "Add the client with that cloud's hosts: --set login-host=… --set graph-host=…"),
    (ErrorKind::InvalidClient, &[50001, 500_011, 650_057], "Add the resource under the app's API permissions"),
    (ErrorKind::InsufficientScope, &[1_002_012], "Ask for one scope, which ends in /.default"),
    (ErrorKind::InsufficientScope, &[28000, 28002, 28003, 70011, 700_022, 700_023], "Ask for scopes of one resource"),
    (ErrorKind::TemporarilyUnavailable, &[50033, 70012, 90006, 90024, 90033, 90090], ""),
    (ErrorKind::RateLimited, &[50196, 90055], ""),
];

/// The address comes behind it.
const CONSENT: &str = "An administrator of the organization allows the app at ";
const SINGLE_PAGE: &str =
    "Put the redirect URI under Mobile and desktop applications or under Web: as one of a single page app it doesn't last";

/// An error of Microsoft's, as what it means, with number, advice and correlation id.
pub(crate) fn explain(client: &Client, error: Error) -> Error {
    explained(client, error, Told::default())
}

/// The error of a token endpoint's answer.
pub(crate) fn explain_answer(client: &Client, answer: &Response) -> Error {
    let [suberror, claims, listed] = ["/suberror", "/claims", "/error_codes/0"].map(|pointer| answer.text(pointer));
    let told = Told { suberror, claims, listed };
    explained(client, answer.to_error(), told)
}

/// What an answer says besides `error` and its description.
#[derive(Default)]
struct Told {
    suberror: Option<String>,
    claims: Option<String>,
    /// The first of `error_codes`, for a description that has no number.
    listed: Option<String>,
}

fn explained(client: &Client, error: Error, Told { suberror, claims: wanted, listed }: Told) -> Error {
    let said = error.description.as_deref().unwrap_or_default();
    let number = said.strip_prefix("AADSTS").or(listed.as_deref()).map(number);
    let row = number.and_then(|number| TABLE.iter().find(|(_, numbers, _)| numbers.contains(&number)));
    // A word that isn't known leaves it to the one that is less exact.
    let words = [suberror.as_deref(), error.code.as_deref()];
    let kind = match row {
        Some((kind, ..)) => *kind,
        None => words.into_iter().flatten().find_map(meaning).unwrap_or(error.kind),
    };
    // The envelope: the text, then ids and a time, each on a line.
    let text = match find(said, "Trace ID:") {
        Some(end) => said.get(..end).unwrap_or(said).trim_end(),
        None => said,
    };
    let mut description: String = text.chars().take(LONGEST).collect();
    let mut add = |text: &str| {
        description.push_str(if description.ends_with('.') || description.is_empty() { " " } else { ". " });
        description.push_str(text);
    };
    match (wanted, row) {
        (Some(wanted), _) => add(&claims::advice(&claims::encoded(&wanted))),
        (None, Some((_, _, CONSENT))) => add(&concat(&[CONSENT, &consent_page(client)])),
        (None, None) if matches!(kind, ErrorKind::AdminApprovalRequired) => add(&concat(&[CONSENT, &consent_page(client)])),
        (None, Some((_, _, advice))) if !advice.is_empty() => add(advice),
        (None, _) => suberror.as_deref().and_then(advice).into_iter().for_each(add),
    }
    if let Some(id) = correlation(said) {
        description.push_str(&concat(&[" [correlation id ", id, "]"]));
    }
    Error { kind, description: Some(description), ..error }
}

/// What a `suberror` or an `error` means that OAuth itself doesn't have.
fn meaning(word: &str) -> Option<ErrorKind> {
    Some(match word {
        "consent_required" => ErrorKind::AdminApprovalRequired,
        "interaction_required" | "login_required" | "basic_action" | "additional_action" => ErrorKind::InvalidGrant,
        "expired_token" | "bad_verification_code" => ErrorKind::InvalidGrant,
        "authorization_declined" => ErrorKind::AccessDenied,
        "invalid_resource" => ErrorKind::InvalidClient,
        _ => return None,
    })
}

/// What to do about a `suberror` where its number doesn't say it. Those that Microsoft's own libraries keep to themselves have no advice.
fn advice(suberror: &str) -> Option<&'static str> {
    Some(match suberror {
        "user_password_expired" => "Change the account's password, then sign in again",
        "additional_action" => "What it asks for is done outside of the sign-in; then sign in again",
        "message_only" => "The sign-in page says why: nothing here can change it",
        _ => return None,
    })
}

/// Where an administrator allows an app for the organization.
/// <https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent>
fn consent_page(client: &Client) -> String {
    let tenant = client.setting("tenant").filter(|tenant| tenant != "common").unwrap_or_else(|| "organizations".to_owned());
    let authority = cloud::authority(client, &tenant).unwrap_or_default();
    concat(&[&authority, "/adminconsent?client_id=", &client.id()])
}

/// The number that a text begins with.
fn number(text: &str) -> u32 {
    let digits = text.bytes().take_while(u8::is_ascii_digit).take(9);
    digits.fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
}

fn correlation(said: &str) -> Option<&str> {
    const LABEL: &str = "Correlation ID: ";
    let rest = said.get(find(said, LABEL)?.checked_add(LABEL.len())?..)?;
    rest.get(..rest.bytes().take_while(|byte| byte.is_ascii_hexdigit() || *byte == b'-').count())
}

fn find(text: &str, part: &str) -> Option<usize> {
    text.as_bytes().windows(part.len()).position(|window| window == part.as_bytes())
}

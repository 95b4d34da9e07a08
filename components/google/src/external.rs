//! Identities that aren't Google's, and service accounts that somebody acts as.
//!
//! | client id | `--subject` | what happens to the token that is given |
//! |---|---|---|
//! | `//iam.googleapis.com/…`, a provider of a workload or workforce identity pool | | it is exchanged at the security token service (RFC 8693) |
//! | the same | a service account | the same, and what comes out acts as the account |
//! | any other | a service account | it is an access token of Google's, and acts as the account |

use jeton_provider::*;

use crate::{api, errors, scopes};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// What may ask for tokens of service accounts.
const CLOUD: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Seconds; an hour is the most without a policy of the organization's.
const LIFETIME: u64 = 3600;

pub fn tokens(client: &Client, grant: &Grant<'_>) -> Result<Tokens> {
    let missing = || Error::new(ErrorKind::InvalidGrant, "There is no token to exchange: name its source with --exchange");
    let given = grant.subject_token.ok_or_else(missing)?;
    let wanted = scopes::asked_for_nobody(&grant.scopes);
    let pool = client.id().starts_with("//iam.googleapis.com/");
    match &grant.subject {
        Some(account) if pool => act_as(&federate(client, given, CLOUD)?.access, account, &wanted, grant),
        Some(account) => act_as(given, account, &wanted, grant),
        None if pool => federate(client, given, &join(&wanted, " ")),
        None => Err(Error::new(
            ErrorKind::InvalidClient,
            "Name the service account to act as with --subject, or add a client whose id is the full name of an identity pool's \
             provider: //iam.googleapis.com/projects/…",
        )),
    }
}

fn federate(client: &Client, given: &Secret, scope: &str) -> Result<Tokens> {
    let request = token_request("sts", GRANT)
        .form("audience", client.id())
        .form("scope", scope)
        .form("requested_token_type", ACCESS_TOKEN)
        .form("subject_token_type", client.needed("subject-token-type")?)
        .secret("subject_token", given);
    let answer = request.send()?;
    // RFC 8693, 2.2.1.
    let other = answer.succeeded() && answer.text("/issued_token_type").is_some_and(|kind| kind != ACCESS_TOKEN);
    if other {
        return Err(Error::other("Google answered the exchange with something else than an access token"));
    }
    let mut tokens = errors::federated(answer)?;
    tokens.scope = tokens.scope.or_else(|| Some(scope.to_owned()));
    Ok(tokens)
}

/// `generateAccessToken` of the IAM Credentials API. Option `delegates`: accounts in between, with commas.
fn act_as(token: &Secret, account: &str, scopes: &[String], grant: &Grant<'_>) -> Result<Tokens> {
    let path = concat(&[account, ":generateAccessToken"]);
    let mut request = Request::new(Method::Post, "iam").path(&path).token_in_header("authorization", "Bearer", token).as_json();
    for scope in scopes {
        request = request.form("scope[]", scope.as_str());
    }
    for (_, delegates) in grant.options.iter().filter(|(name, _)| name == "delegates") {
        for delegate in split(delegates, b',') {
            request = request.form("delegates[]", concat(&["projects/-/serviceAccounts/", delegate.trim()]));
        }
    }
    let answer = request.form("lifetime", concat(&[&decimal(LIFETIME), "s"])).send()?;
    match answer.secret("/accessToken") {
        Some(access) => Ok(Tokens {
            access,
            refresh: None,
            id_token: None,
            expires_in: Some(LIFETIME),
            refresh_expires_in: None,
            scope: Some(join(scopes, " ")),
            extras: vec![],
        }),
        None => Err(errors::refused_account(api::error(&answer))),
    }
}

//! `jeton clients add --register`: the service makes the registration itself (RFC 7591), at the endpoint `register` of the manifest.
//!
//! The host does this; a provider has no part in it. What the service answers counts, not what was asked for: it is kept where the manifest
//! has a place for it, and where it can't be kept to, that is said. A client that signs has its key made here, and the service is told the
//! public half alone.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, Method, header};
use jeton_runtime::{Client, GrantKind, Incoming, Manifest, Outgoing, Secret, presentable};
use jeton_vault::ClientName;
use serde_json::{Value, json};
use zeroize::{Zeroize as _, Zeroizing};

use super::{keep, pairs};
use crate::args::AddClient;
use crate::command::connect::PASTE_PORT;
use crate::context::Context;
use crate::discovery::METHODS;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::show_time::rfc3339;
use crate::terminal::{BAD, read_secret, styled};

/// The setting that says how a client authenticates, where that differs between clients.
const AUTHENTICATION: &str = "client-authentication";
const PRIVATE_KEY: &str = "private-key";
pub(super) const LARGEST: usize = 64 << 10;
/// The year 10000, in seconds since 1970.
const END_OF_TIME: u64 = 253_402_300_800;
pub(super) const TIME: Duration = Duration::from_secs(30);

/// Registers a client and keeps it.
pub async fn run(context: &Context, manifest: &Manifest, name: &ClientName, arguments: &AddClient) -> Result {
    let endpoint = manifest.endpoints.get("register").filter(|endpoint| !endpoint.browser).ok_or_else(|| {
        let hint = format!("Register one by hand: jeton providers show {} --guide", manifest.id);
        Failure::new(format!("{} has no address to register clients at", manifest.name), hint).exit(Exit::Usage)
    })?;
    let mut client = Client { settings: pairs(&arguments.set, "--set")?, ..Client::default() };
    let settings = settled(manifest, &client)?;
    let url = endpoint.url.fill(&settings).map_err(|error| Failure::new(error.what, error.hint).exit(Exit::Usage))?;
    let token = arguments.initial_access_token_file.as_deref();
    let token = token.map(|file| read_secret("initial-access-token", "Initial Access Token", Some(file))).transpose()?;
    // What was registered and can't be kept would be lost.
    context.vault().await?;
    let mut asked = wanted(manifest, &client, arguments.port);
    if signs(manifest, &client) {
        let algorithm = manifest.protocol.text("client.algorithm").unwrap_or("RS256");
        let (key, public) = jeton_runtime::new_pair(algorithm)?;
        client.secrets.insert(PRIVATE_KEY.to_owned(), key);
        if let Some(members) = asked.as_object_mut() {
            members.insert("jwks".to_owned(), json!({ "keys": [public] }));
            members.insert("token_endpoint_auth_signing_alg".to_owned(), algorithm.into());
        }
    }
    let body = asked.to_string().into();
    let request =
        Outgoing { method: Method::POST, url, headers: headers(token.as_ref())?, body, identity: None, time: TIME, largest: LARGEST };
    let mut given = answer(&context.send(request).await?, token.is_some())?;
    let remarks = take(manifest, &asked, &mut given, &mut client)?;
    keep(context, manifest, name, &client).await?;
    for remark in remarks {
        context.terminal.note(format!("{} {remark}", styled(BAD.bold(), "!")));
    }
    Ok(())
}

/// Whether the client proves itself by a key of its own, which is made here.
fn signs(manifest: &Manifest, client: &Client) -> bool {
    manifest.declarative && chosen(manifest, client) == "private-key-jwt" && manifest.secrets.contains_key(PRIVATE_KEY)
}

/// The settings, if nothing but what the service will give, or what is made here, is missing.
fn settled(manifest: &Manifest, client: &Client) -> Result<BTreeMap<String, String>> {
    let mut complete = client.clone();
    if manifest.declarative && chosen(manifest, client) == "tls" {
        let what = format!("a client of {} shows a certificate, which no service gives", manifest.name);
        let hint = "Register by hand, and use --id with --secret certificate=FILE --secret private-key=FILE";
        return Err(Failure::new(what, hint).exit(Exit::Usage));
    }
    for (name, field) in manifest.secrets.iter().filter(|(_, field)| field.required && !field.generated) {
        if name != "client-secret" && !(name == PRIVATE_KEY && signs(manifest, client)) {
            let what = format!("a client of {} needs a {}, which no service gives", manifest.name, field.name);
            return Err(Failure::new(what, "Register by hand, and use --id with --secret NAME=FILE").exit(Exit::Usage));
        }
        complete.secrets.insert(name.clone(), Secret::new(name.clone(), ""));
    }
    manifest.settings_of(&complete).map_err(|error| Failure::from(error).exit(Exit::Usage))
}

/// The client that is asked for (RFC 7591, 2). `native` is what OpenID Connect wants of one whose redirect URIs are on the own machine.
fn wanted(manifest: &Manifest, client: &Client, port: Option<u16>) -> Value {
    let callback = &manifest.callback;
    let uris = match port.or(callback.port) {
        Some(port) => vec![callback.redirect_uri(Some(port))],
        None => vec![callback.redirect_uri(None), callback.redirect_uri(Some(PASTE_PORT))],
    };
    let grants = manifest.grants.iter().map(|grant| match grant {
        GrantKind::AuthorizationCode => "authorization_code",
        GrantKind::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        GrantKind::ClientCredentials => "client_credentials",
        GrantKind::JwtBearer => "urn:ietf:params:oauth:grant-type:jwt-bearer",
        GrantKind::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
    });
    let grants: Vec<_> = grants.chain(["refresh_token"]).collect();
    let how = chosen(manifest, client);
    let method = METHODS.iter().find(|(_, known)| *known == how).map(|(method, _)| *method);
    let interactive = manifest.grants.contains(&GrantKind::AuthorizationCode);
    json!({
        "client_name": "Jeton",
        "application_type": "native",
        "redirect_uris": if interactive { uris } else { vec![] },
        "response_types": if interactive { vec!["code"] } else { vec![] },
        "grant_types": grants,
        "token_endpoint_auth_method": method,
    })
}

/// How this client is to authenticate.
fn chosen<'a>(manifest: &'a Manifest, client: &'a Client) -> &'a str {
    client.settings.get(AUTHENTICATION).map_or_else(|| usual(manifest), String::as_str)
}

/// How the manifest's clients authenticate.
fn usual(manifest: &Manifest) -> &str {
    let setting = manifest.settings.get(AUTHENTICATION).and_then(|setting| setting.default.as_deref());
    setting.or(manifest.protocol.text("client.authentication")).unwrap_or("post")
}

fn headers(token: Option<&Secret>) -> Result<HeaderMap> {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::from_iter([(header::ACCEPT, json.clone()), (header::CONTENT_TYPE, json)]);
    if let Some(token) = token {
        let line = Zeroizing::new([b"Bearer ", token.reveal()].concat());
        let mut value = HeaderValue::from_bytes(&line)
            .map_err(|_| Failure::new("the initial access token can't be sent", "Name a file that holds it alone").exit(Exit::Usage))?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}

/// The registration, or why there is none.
fn answer(answer: &Incoming, had_token: bool) -> Result<Value> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    if matches!(answer.status, 200 | 201) && text("client_id").is_some_and(|id| !id.is_empty()) {
        return Ok(body);
    }
    let code = text("error").map(|code| presentable(code, 80));
    let said = match (text("error_description").map(|text| presentable(text, 300)), &code) {
        (Some(text), Some(code)) => format!("{text} ({code})"),
        (Some(text), None) => text,
        (None, Some(code)) => code.clone(),
        (None, None) => format!("it answers with status {}", answer.status),
    };
    let hint = match (code.as_deref(), answer.status) {
        (Some("invalid_redirect_uri"), _) => {
            "It takes no redirect URI like http://127.0.0.1/callback. If it wants a port: --port. Otherwise register by hand"
        }
        (Some("invalid_client_metadata"), _) => "It takes no client like this one. Try --set, or register by hand and use --id",
        (Some("invalid_software_statement" | "unapproved_software_statement"), _) => "It takes software it knows alone. Register by hand",
        (_, 401 | 403) if had_token => "Get a new token from the service: that one isn't accepted",
        (_, 401 | 403) => "It lets somebody register who has a token for it: --initial-access-token-file FILE",
        (_, 429 | 500..) => "Try again later; nothing was kept",
        _ => "Register by hand, in the service's console, and use --id",
    };
    let exit = if answer.status >= 500 || answer.status == 429 { Exit::Retry } else { Exit::FixClient };
    Err(Failure::new(format!("the service registers no client: {said}"), hint).exit(exit))
}

/// Puts what was given into the client, and says what is to be known of it.
fn take(manifest: &Manifest, asked: &Value, given: &mut Value, client: &mut Client) -> Result<Vec<String>> {
    let mut remarks = secrets(manifest, given, client)?;
    let text = |name: &str| given.get(name).and_then(Value::as_str).filter(|text| text.chars().all(|c| c == ' ' || c.is_ascii_graphic()));
    let id = text("client_id").ok_or_else(|| Failure::new("the service gave a client id that can't be one", "Register by hand"))?;
    client.id = id.to_owned();
    let kept = manifest.settings.get("registration-client-uri");
    if let Some(uri) = text("registration_client_uri").filter(|uri| kept.is_some_and(|setting| setting.pattern.is_match(uri))) {
        client.settings.insert("registration-client-uri".to_owned(), uri.to_owned());
    }
    authentication(manifest, text("token_endpoint_auth_method"), client)?;
    let texts = |value: &Value, name: &str| -> Option<Vec<String>> {
        let texts = value.get(name)?.as_array()?;
        Some(texts.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    };
    for (member, what) in [("redirect_uris", "redirect URI"), ("grant_types", "grant")] {
        let given = texts(given, member);
        let missing = |one: &String| given.as_ref().is_some_and(|given| !given.contains(one));
        for one in texts(asked, member).unwrap_or_default().iter().filter(|one| missing(one)) {
            remarks.push(format!("The registration lacks the {what} {one}, which was asked for."));
        }
    }
    if let Some(end) = given.get("client_secret_expires_at").and_then(Value::as_u64).filter(|end| (1..END_OF_TIME).contains(end)) {
        let end = UNIX_EPOCH.checked_add(Duration::from_secs(end)).map(rfc3339).unwrap_or_default();
        remarks.push(format!("The client secret ends at {end}: register anew before."));
    }
    Ok(remarks)
}

/// Moves the secrets out of what was given, and makes those that are the host's to make.
fn secrets(manifest: &Manifest, given: &mut Value, client: &mut Client) -> Result<Vec<String>> {
    let mut remarks = vec![];
    for (kind, member) in [("client-secret", "client_secret"), ("registration-access-token", "registration_access_token")] {
        let Some(Value::String(secret)) = given.get_mut(member).filter(|secret| **secret != "") else { continue };
        if manifest.secrets.contains_key(kind) {
            client.secrets.insert(kind.to_owned(), Secret::new(kind, secret.as_str()));
        } else {
            remarks.push(format!("The service gave a {member}, and the manifest has no [secrets.{kind}] to keep it."));
        }
        secret.zeroize();
    }
    for (name, _) in manifest.secrets.iter().filter(|(_, field)| field.generated) {
        client.secrets.insert(name.clone(), Secret::new(name.clone(), jeton_runtime::new_key()?.reveal()));
    }
    Ok(remarks)
}

/// The way that the service registered counts. Where the manifest knows no other than its own, the client would be refused later.
fn authentication(manifest: &Manifest, given: Option<&str>, client: &mut Client) -> Result {
    let Some(given) = given else { return Ok(()) };
    let how = METHODS.iter().find(|(method, _)| *method == given).map(|(_, how)| *how);
    let chosen = chosen(manifest, client);
    // A component of its own does as it does.
    if !manifest.declarative || how == Some(chosen) {
        return Ok(());
    }
    let setting = manifest.settings.get(AUTHENTICATION);
    match how.filter(|how| setting.is_some_and(|setting| setting.pattern.is_match(how))) {
        Some(how) => {
            client.settings.insert(AUTHENTICATION.to_owned(), how.to_owned());
            Ok(())
        }
        None => {
            let given = presentable(given, 80);
            let what = format!("the service registered a client that authenticates by {given}, and the manifest knows {chosen} alone");
            let hint = "Nothing was kept. Correct [protocol.client] authentication in the manifest, or register by hand";
            Err(Failure::new(what, hint).exit(Exit::FixClient))
        }
    }
}

//! `jeton providers add https://…`: an authorization server describes itself (OpenID Connect Discovery 1.0, RFC 8414), and what it says
//! becomes a manifest that a person reads and agrees to like any other.
//!
//! Nothing of the document is believed because it says so. It must name the issuer that was asked, byte for byte, or somebody else could
//! answer in its place; its addresses are https and are shown one by one; redirects are followed within the issuer's origin alone. What it
//! says later changes nothing: the manifest is pinned, and asking the issuer again is an update, whose difference is shown.

mod authentication;
mod issuer;
mod metadata;
mod written;

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, header};
use jeton_runtime::{Incoming, Outgoing, presentable};
use url::Url;

pub use self::authentication::METHODS;
pub use self::issuer::Issuer;
use self::metadata::Metadata;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Real ones have some 5 KiB.
const LARGEST: usize = 256 << 10;
const TIME: Duration = Duration::from_secs(30);
/// Redirects within the origin.
const HOPS: usize = 3;

/// What came of it.
pub struct Discovered {
    /// `provider.toml`
    pub manifest: String,
    /// What the person should know besides.
    pub remarks: Vec<String>,
}

/// Asks the issuer for its metadata and writes a manifest of it, under this id or one that is made of the issuer's name.
pub async fn discover(context: &Context, issuer: &Issuer, id: Option<&str>) -> Result<Discovered> {
    let id = match id {
        Some(id) => id.to_owned(),
        None => issuer.id()?,
    };
    let metadata = Metadata::read(&document(context, issuer).await?, issuer)?;
    Ok(Discovered { manifest: written::manifest(&id, issuer, &metadata), remarks: metadata.remarks(issuer) })
}

/// The document: where OpenID Connect has it, or else where RFC 8414 has it.
async fn document(context: &Context, issuer: &Issuer) -> Result<Vec<u8>> {
    let (first, second) = (issuer.openid_configuration(), issuer.oauth_metadata());
    for url in [&first, &second] {
        let answer = fetch(context, issuer, url.clone()).await?;
        match answer.status {
            200 => return Ok(answer.body.to_vec()),
            404 => {}
            status => {
                let what = format!("{url} answers with status {status}");
                return Err(Failure::new(what, "Ask the service whether it describes itself (RFC 8414), or write a provider.toml"));
            }
        }
    }
    let what = format!("{issuer} doesn't describe itself: there is neither {first} nor {second}");
    Err(Failure::new(what, "Is it the issuer, as the service's documentation has it? Otherwise write a provider.toml"))
}

async fn fetch(context: &Context, issuer: &Issuer, mut url: Url) -> Result<Incoming> {
    for _ in 0..=HOPS {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("application/json"))]);
        let request =
            Outgoing { method: Method::GET, url: url.clone(), headers, body: "".into(), identity: None, time: TIME, largest: LARGEST };
        let answer = context.send(request).await?;
        if !(300..400).contains(&answer.status) {
            return Ok(answer);
        }
        let location = answer.headers.get(header::LOCATION).and_then(|location| location.to_str().ok()).unwrap_or_default();
        let to = url.join(location).ok().filter(|to| to.origin() == url.origin() && to.username().is_empty());
        url = to.ok_or_else(|| {
            let what = format!("{url} sends elsewhere, to `{}`", presentable(location, 200));
            Failure::new(what, format!("An issuer speaks for itself. If that is the service, ask that one instead of {issuer}"))
                .exit(Exit::Denied)
        })?;
    }
    Err(Failure::new(format!("{issuer} sends from one address to the next"), "Tell the service; or write a provider.toml"))
}

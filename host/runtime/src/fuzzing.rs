//! What fuzz targets reach of this crate's inside; behind the feature `fuzzing`, and of no use to anybody else.
//!
//! Each function is a door to the real one and adds nothing, so that what `fuzz/` finds is true of the host.

use http::HeaderMap;
use zeroize::Zeroizing;

use crate::answer::Response;
use crate::manifest::Endpoint;
use crate::{Denial, Incoming, Returned, Secret};

/// An answer as a component sees it, and the secrets of the call that it belongs to.
pub struct Answer {
    response: Response,
    live: Vec<Secret>,
}

impl Answer {
    /// Takes an endpoint's answer apart, in a call in which `live` is secret.
    pub fn new(endpoint: &Endpoint, headers: HeaderMap, body: &[u8], mut live: Vec<Secret>) -> Self {
        let incoming = Incoming { status: 200, headers, body: Zeroizing::new(body.to_vec()) };
        Self { response: Response::new("token", endpoint, incoming, &mut live), live }
    }

    /// `response.text`.
    pub fn text(&self, pointer: &str) -> Option<String> {
        self.response.text(pointer, &self.live)
    }

    /// `response.header`.
    pub fn header(&self, name: &str) -> Option<String> {
        self.response.header(name, &self.live)
    }

    /// `response.secret`.
    pub fn secret(&self, pointer: &str) -> Option<&Secret> {
        self.response.secret(pointer)
    }

    /// What the trace says of a text, a secret or a header that isn't given: all three, for one name.
    pub fn withheld(&self, endpoint: &Endpoint, name: &str) -> Vec<Denial> {
        let denials =
            [self.response.withheld_text(name), self.response.withheld_secret(endpoint, name), self.response.withheld_header(name)];
        denials.into_iter().flatten().collect()
    }

    /// What is secret by now.
    pub fn live(&self) -> &[Secret] {
        &self.live
    }
}

/// The code that a browser brought.
pub fn code(returned: &Returned) -> Option<&Secret> {
    returned.code.as_ref()
}

/// What a provider may read of what a browser brought.
pub fn revealed(returned: &Returned, reveals: &[String]) -> Vec<(String, String)> {
    returned.revealed(reveals)
}

/// A text without its live secrets.
pub fn scrub(text: &str, live: &[Secret]) -> String {
    crate::scrub::scrub(text, live).into_owned()
}

/// A flow of this state, for what a browser or a person brings back.
pub fn flow(redirect_uri: &str, state: &str) -> Result<crate::Flow, crate::Error> {
    let grant = crate::Grant::new(crate::GrantKind::AuthorizationCode, vec![]);
    let mut flow = crate::Flow::reserve(grant, &redirect_uri.to_owned())?;
    flow.state = Secret::new("state", state);
    Ok(flow)
}

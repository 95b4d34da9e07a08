//! `manifest`: what `[protocol]` says. All of it was checked when the manifest was read.
//!
//! Beside the keys of the manifest there are a few that the host makes of the rest of it: `issuer`, `token-url` (with the settings of this
//! call), `origin.NAME` (of an endpoint's URL, likewise), `extras.parameters` and `extras.pointers` (which value of `[extras]` stands where);
//! and of this call's client: `dpop.thumbprint`, where `[protocol.dpop]` names its key.

use url::Url;
use wasmtime::Result;

use super::crypto;
use crate::bindings::jeton::provider::manifest::Host;
use crate::call::Call;

impl Host for Call {
    fn text(&mut self, key: String) -> Result<Option<String>> {
        let manifest = &self.loaded.manifest;
        Ok(match key.as_str() {
            "issuer" => manifest.issuer.clone(),
            "token-url" => self.url("token").map(String::from),
            "dpop.thumbprint" => {
                let key = manifest.protocol.text("dpop.key").and_then(|name| self.live.iter().find(|secret| secret.kind() == name));
                key.and_then(crypto::key_thumbprint)
            }
            key => match key.strip_prefix("origin.") {
                Some(endpoint) => self.url(endpoint).map(|url| url.origin().ascii_serialization()),
                None => manifest.protocol.text(key).map(str::to_owned),
            },
        })
    }

    fn texts(&mut self, key: String) -> Result<Vec<String>> {
        Ok(self.loaded.manifest.protocol.texts(&key).to_vec())
    }

    fn pairs(&mut self, key: String) -> Result<Vec<(String, String)>> {
        let manifest = &self.loaded.manifest;
        Ok(match key.as_str() {
            "extras.parameters" => {
                manifest.extras.iter().filter_map(|(name, extra)| Some((name.clone(), extra.parameter.clone()?))).collect()
            }
            "extras.pointers" => manifest.extras.iter().filter_map(|(name, extra)| Some((name.clone(), extra.pointer.clone()?))).collect(),
            key => manifest.protocol.pairs(key).to_vec(),
        })
    }

    fn has_endpoint(&mut self, name: String) -> Result<bool> {
        Ok(self.loaded.manifest.endpoints.contains_key(&name))
    }
}

impl Call {
    fn url(&self, endpoint: &str) -> Option<Url> {
        self.loaded.manifest.endpoints.get(endpoint)?.url.fill(&self.settings).ok()
    }
}

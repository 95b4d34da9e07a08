//! A provider at the emulator, with all secrets that took part so far.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jeton_emulator::{Decision, Emulator, Entry, Fault, Matcher};
use jeton_memory::{Search, Spy};
use jeton_runtime::{
    Account, Client, CurrentTokens, Grant, GrantKind, Https, Mappings, MemoryStorage, Provider, Runtime, Secret, Step, Tokens,
};

use crate::watch::Watched;

/// Parameters of requests that nobody but the service may read.
const SECRET_PARAMETERS: [&str; 10] = [
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "refresh_token",
    "subject_token",
    "token",
];

pub struct Scene {
    pub emulator: Emulator,
    pub client: Client,
    provider: Provider,
    spy: Spy,
    /// Kind → secrets.
    secrets: BTreeMap<String, Vec<Vec<u8>>>,
    /// What isn't secret, and went through the component.
    open: Vec<String>,
}

/// A client with these secrets and settings.
pub fn client(id: &str, secrets: &[(&'static str, &str)], settings: &[(&str, &str)]) -> Client {
    Client {
        id: id.to_owned(),
        secrets: secrets.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*name, *value))).collect(),
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

/// A grant of these scopes.
pub fn grant(kind: GrantKind, scopes: &[&str]) -> Grant {
    Grant::new(kind, scopes.iter().map(|scope| (*scope).to_owned()).collect())
}

/// What is kept of tokens.
pub fn current(tokens: &Tokens) -> CurrentTokens {
    let Tokens { access, refresh, scope, extras, .. } = tokens.clone();
    CurrentTokens { access: Some(access), refresh, scope, extras }
}

impl Scene {
    /// A bundled provider.
    pub async fn of(id: &str, emulator: Emulator, client: Client) -> Self {
        Self::with(jeton_bundle::find(id).unwrap().component, emulator, client).await
    }

    /// A provider's file.
    pub async fn with(file: &[u8], emulator: Emulator, client: Client) -> Self {
        let spy = Spy::default();
        let mappings = Mappings::new(emulator.resolve_arguments().iter().map(|mapping| mapping.parse().unwrap()));
        let https = Https::new(mappings, &[emulator.ca_pem().into()]).unwrap();
        let runtime = Runtime::builder()
            .host_memory(Arc::new(spy.clone()))
            .transport(Arc::new(Watched { inner: https, spy: spy.clone() }))
            .storage(Arc::new(Watched { inner: MemoryStorage::default(), spy: spy.clone() }))
            .cache(concat!(env!("CARGO_TARGET_TMPDIR"), "/components"))
            .build()
            .unwrap();
        let provider = runtime.load(file).await.unwrap();
        let mut scene = Self { emulator, client, provider, spy, secrets: BTreeMap::new(), open: vec![] };
        for secret in scene.client.secrets.clone().values() {
            scene.keep(secret);
        }
        scene
    }

    /// Looks for this secret at the end.
    pub fn keep(&mut self, secret: &Secret) {
        self.secrets.entry(secret.kind().to_owned()).or_default().push(secret.reveal().to_vec());
    }

    fn keep_tokens(&mut self, tokens: Tokens) -> Tokens {
        for secret in [Some(&tokens.access), tokens.refresh.as_ref(), tokens.id_token.as_ref()].into_iter().flatten() {
            self.keep(secret);
        }
        tokens
    }

    /// A person signs in, in a browser that comes back to this redirect URI; without one, by a code to copy.
    pub async fn sign_in(&mut self, grant: &Grant, redirect_uri: &str) -> Tokens {
        let begun = self.provider.begin(&self.client, grant, &redirect_uri.to_owned()).await.unwrap();
        let Step::Visit { url, flow } = begun else { panic!("{begun:?}") };
        let back = self.emulator.consent(url.as_str(), Decision::Grant).await.unwrap();
        let copied = back.query_pairs().find(|(name, _)| back.scheme() == "copied" && name == "code");
        let returned = match copied {
            Some((_, code)) => flow.pasted(&code).unwrap(),
            None => flow.returned(back.query().unwrap()).unwrap(),
        };
        self.keep(&flow.verifier);
        // The provider reads the state: it stands in the address.
        self.open.push(flow.state.reveal_text().unwrap().to_owned());
        let done = self.provider.resume(&self.client, &flow, &returned).await.unwrap();
        let Step::Done(tokens) = done else { panic!("{done:?}") };
        // The code was used up.
        self.provider.resume(&self.client, &flow, &returned).await.unwrap_err();
        self.keep_tokens(tokens)
    }

    /// A person signs in on another device.
    pub async fn sign_in_elsewhere(&mut self, grant: &Grant) -> Tokens {
        let begun = self.provider.begin(&self.client, grant, &String::new()).await.unwrap();
        let Step::EnterCode(prompt) = begun else { panic!("{begun:?}") };
        self.keep(&prompt.device_code);
        self.open.push(prompt.user_code.clone());
        let early = self.provider.poll(&self.client, grant, &prompt.device_code).await.unwrap();
        assert!(matches!(early, Step::Pending(_)), "{early:?}");
        let page = format!("{}?user_code={}", prompt.verification_uri, prompt.user_code);
        self.emulator.consent(&page, Decision::Grant).await.unwrap();
        self.emulator.clock().advance(Duration::from_secs(5));
        let done = self.provider.poll(&self.client, grant, &prompt.device_code).await.unwrap();
        let Step::Done(tokens) = done else { panic!("{done:?}") };
        self.provider.poll(&self.client, grant, &prompt.device_code).await.unwrap_err();
        self.keep_tokens(tokens)
    }

    /// A grant in one step.
    pub async fn obtain(&mut self, grant: &Grant) -> Tokens {
        let done = self.provider.begin(&self.client, grant, &String::new()).await.unwrap();
        let Step::Done(tokens) = done else { panic!("{done:?}") };
        self.keep_tokens(tokens)
    }

    /// The same, where the service refuses what it was sent.
    pub async fn refused(&mut self, grant: &Grant) {
        let before = self.emulator.journal().entries().len();
        self.provider.begin(&self.client, grant, &String::new()).await.unwrap_err();
        assert!(self.emulator.journal().entries().len() > before, "it wasn't sent");
    }

    pub async fn refresh(&mut self, tokens: &Tokens) -> Tokens {
        let fresh = self.provider.refresh(&self.client, &current(tokens)).await.unwrap();
        assert_ne!(fresh.access.reveal(), tokens.access.reveal());
        self.keep_tokens(fresh)
    }

    /// The service refuses, in words that hold all that it was sent and more.
    pub async fn refresh_is_refused(&mut self, tokens: &Tokens) {
        let all = self.client.secrets.values().chain([&tokens.access]).chain(&tokens.refresh);
        let words = all.map(|secret| secret.reveal_text().unwrap()).collect::<Vec<_>>().join(" ");
        // For these texts Rust's quotes are JSON's.
        let body = format!(r#"{{"error":"invalid_grant","error_description":{:?}}}"#, format!("I don't like {words}"));
        let refusal = Fault::Body { status: 400, content_type: "application/json".into(), bytes: body.into() };
        self.emulator.faults().inject(refusal, Matcher::any(), 1);
        self.provider.refresh(&self.client, &current(tokens)).await.unwrap_err();
        self.open.push("I don't like ".to_owned());
    }

    /// Who it is, and the headers of a call with these options.
    pub async fn identify(&mut self, tokens: &Tokens, options: &[(String, String)]) -> Account {
        let account = self.provider.identify(&self.client, &current(tokens)).await.unwrap();
        self.provider.authenticate(&self.client, &current(tokens), &options.to_vec()).await.unwrap();
        self.open.push(account.id.clone());
        account
    }

    pub async fn revoke(&mut self, tokens: &CurrentTokens) {
        self.provider.revoke(&self.client, tokens).await.unwrap();
    }

    /// Ends it: secrets of these kinds took part, and none of them is anywhere; what isn't secret is.
    #[track_caller]
    pub fn nowhere(mut self, kinds: &[&str], open: &[&str]) {
        self.keep_what_was_sent();
        let missing: Vec<_> = kinds.iter().filter(|kind| !self.secrets.contains_key(**kind)).collect();
        assert!(missing.is_empty(), "{missing:?} had no part in it, {:?} had", self.secrets.keys());

        let (left, looked) = (self.spy.left(), self.spy.looked());
        assert!(left.len() >= 2 && looked.len() >= 2, "{} instances, looked at {} times", left.len(), looked.len());
        let mut search = Search::default();
        for (kind, secrets) in &self.secrets {
            secrets.iter().for_each(|secret| search.secret(kind, secret));
        }
        for (index, memory) in left.iter().chain(&looked).enumerate() {
            let found = search.find(memory);
            assert!(
                found.is_empty(),
                "{found:?} is in memory {index} of {}, from {} on at host calls",
                left.len() + looked.len(),
                left.len()
            );
        }
        for text in self.open.iter().map(String::as_str).chain(open.iter().copied().chain([&*self.client.id])) {
            let mut search = Search::default();
            search.text(text);
            assert!(left.iter().any(|memory| !search.find(memory).is_empty()), "{text} isn't found at the end");
        }
        let mut search = Search::default();
        search.text(&self.client.id);
        assert!(looked.iter().any(|memory| !search.find(memory).is_empty()), "{} isn't found at host calls", self.client.id);
    }

    /// Secrets that only the service saw: assertions and proofs, and whatever stood in a parameter or header for secrets.
    fn keep_what_was_sent(&mut self) {
        for Entry { form, json, headers, authorization, .. } in self.emulator.journal().entries() {
            let json = json.as_ref().and_then(|json| json.as_object()).into_iter().flatten();
            let json = json.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
            for (name, value) in form.into_iter().chain(json).filter(|(name, _)| SECRET_PARAMETERS.contains(&name.as_str())) {
                self.keep(&Secret::new(name.replace('_', "-"), value));
            }
            let proofs = headers.into_iter().filter(|(name, _)| name == "dpop").map(|(_, proof)| ("dpop-proof", proof));
            let credentials = authorization.and_then(|header| Some(("credentials", header.split_once(' ')?.1.to_owned())));
            for (kind, value) in proofs.chain(credentials) {
                self.keep(&Secret::new(kind, value));
            }
        }
    }
}

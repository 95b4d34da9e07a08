//! Whether `[protocol]` fits the rest of the manifest: what the component will send must be accepted, what it will read must be shown. A
//! provider that would be denied at its first use is told so when it is written.

use std::collections::BTreeMap;

use super::Read;
use crate::GrantKind;
use crate::manifest::reader::Reader;
use crate::manifest::{Endpoint, SecretField, Setting};

/// Looks at all of it.
pub(in crate::manifest) fn agree(
    reader: &mut Reader<'_>,
    read: &Read,
    grants: &[GrantKind],
    secrets: &BTreeMap<String, SecretField>,
    signs: &BTreeMap<String, Vec<String>>,
    settings: &BTreeMap<String, Setting>,
    endpoints: &BTreeMap<String, Endpoint>,
) {
    // Where there are mistakes in the parts, the whole can't be judged.
    if reader.mistakes() > 0 {
        return;
    }
    let mut it = Agreement { reader, read, endpoints };
    let interactive = grants.contains(&GrantKind::AuthorizationCode);
    if interactive {
        it.page("authorize");
    }
    it.needed("token");
    if grants.contains(&GrantKind::DeviceCode) {
        it.needed("device");
        let pages = endpoints.values().any(|endpoint| endpoint.browser && (!interactive || endpoints.len() > 3));
        if !pages {
            it.mistake(
                "device",
                "nobody can be sent anywhere to enter a device's code",
                "Add [endpoints.verification] with its url and browser = true",
            );
        }
        it.captured("device", "device-code", "device.device-code", &["/device_code"]);
        it.revealed("device", "device.user-code", &["/user_code"]);
        it.revealed("device", "device.verification-uri", &["/verification_uri"]);
        it.accepted("token", "device-code");
    }
    if interactive {
        it.accepted("token", "code");
        if read.said.text("authorize.pkce") != Some("off") {
            it.accepted("token", "code-verifier");
        }
    }
    if grants.contains(&GrantKind::JwtBearer) {
        it.accepted("token", "assertion");
        it.signed(signs, "private-key", "jwt-bearer.algorithm", "RS256");
    }
    let authentication = read.said.text("client.authentication").unwrap_or("post");
    let requests = ["token", "refresh", "device", "par"].into_iter().filter(|name| endpoints.contains_key(*name));
    match authentication {
        "post" | "basic" if secrets.contains_key("client-secret") => requests.for_each(|name| it.accepted(name, "client-secret")),
        "private-key-jwt" => {
            requests.for_each(|name| it.accepted(name, "assertion"));
            it.signed(signs, "private-key", "client.algorithm", "RS256");
        }
        "client-secret-jwt" => {
            requests.for_each(|name| it.accepted(name, "assertion"));
            it.signed(signs, "client-secret", "client.algorithm", "HS256");
        }
        "tls" => requests.for_each(|name| it.certified(name, "client.authentication")),
        "basic" => it.mistake("client.authentication", "HTTP Basic needs a secret", "Declare it: [secrets.client-secret] with a name"),
        _ => {}
    }
    for answering in ["token", "refresh"].into_iter().filter(|name| endpoints.contains_key(*name)) {
        it.captured(answering, "access-token", "answer.access-token", &["/access_token"]);
        it.captured(answering, "refresh-token", "answer.refresh-token", &[]);
        it.captured(answering, "id-token", "answer.id-token", &[]);
        for key in ["answer.expires-in", "answer.refresh-expires-in", "answer.scope", "answer.error", "answer.description"] {
            it.revealed(answering, key, &[]);
        }
        it.proven(answering, "answer.success");
    }
    if endpoints.get("token").is_some_and(|token| token.captured().any(|(kind, _)| kind == "refresh-token")) {
        it.accepted(if endpoints.contains_key("refresh") { "refresh" } else { "token" }, "refresh-token");
    }
    it.renamed(settings);
    if read.has("dpop") {
        it.dpop(secrets, signs);
    }
    it.identify(secrets);
    if endpoints.contains_key("revoke") {
        it.revoke(secrets);
    }
}

struct Agreement<'r, 't, 'a> {
    reader: &'r mut Reader<'t>,
    read: &'a Read,
    endpoints: &'a BTreeMap<String, Endpoint>,
}

impl Agreement<'_, '_, '_> {
    fn mistake(&mut self, key: &str, what: impl Into<String>, hint: impl Into<String>) {
        self.reader.problem(self.read.span(key), what, hint);
    }

    fn pointers(&self, key: &str, otherwise: &[&str]) -> Vec<String> {
        match self.read.said.texts(key) {
            [] => otherwise.iter().map(|text| (*text).to_owned()).collect(),
            said => said.to_vec(),
        }
    }

    fn needed(&mut self, name: &str) {
        match self.endpoints.get(name) {
            Some(endpoint) if !endpoint.browser => {}
            _ => self.mistake(
                "",
                format!("the component oauth2 needs the endpoint `{name}`"),
                format!("Add: [endpoints.{name}] with its url"),
            ),
        }
    }

    fn page(&mut self, name: &str) {
        if !self.endpoints.get(name).is_some_and(|endpoint| endpoint.browser) {
            let hint = format!("Add: [endpoints.{name}] with its url and browser = true");
            self.mistake("", format!("the component oauth2 needs the page `{name}`"), hint);
        }
    }

    fn accepted(&mut self, name: &str, kind: &str) {
        if let Some(endpoint) = self.endpoints.get(name).filter(|endpoint| !endpoint.accepts.iter().any(|known| known == kind)) {
            let all: Vec<_> = endpoint.accepts.iter().map(String::as_str).chain([kind]).map(|kind| format!("\"{kind}\"")).collect();
            let hint = format!("accepts = [{}] in [endpoints.{name}]", all.join(", "));
            self.mistake("", format!("[endpoints.{name}] doesn't accept the {kind} that is to be sent there"), hint);
        }
    }

    /// RFC 8705: the connection shows who the client is.
    fn certified(&mut self, name: &str, key: &str) {
        if self.endpoints.get(name).is_some_and(|endpoint| !endpoint.client_certificate) {
            let hint = format!("client-certificate = true in [endpoints.{name}]");
            self.mistake(key, format!("[endpoints.{name}] isn't shown the certificate by which the client authenticates"), hint);
        }
    }

    fn captured(&mut self, name: &str, kind: &str, key: &str, otherwise: &[&str]) {
        for pointer in self.pointers(key, otherwise) {
            let taken = |endpoint: &&Endpoint| !endpoint.captured().any(|(known, at)| known == kind && at == pointer);
            if self.endpoints.get(name).filter(taken).is_some() {
                let hint = format!("captures = {{ {kind} = \"{pointer}\" }} in [endpoints.{name}]; several as a list");
                self.mistake(key, format!("[endpoints.{name}] doesn't capture the {kind} at `{pointer}`"), hint);
            }
        }
    }

    fn revealed(&mut self, name: &str, key: &str, otherwise: &[&str]) {
        for pointer in self.pointers(key, otherwise) {
            self.shown(name, key, &pointer);
        }
    }

    fn proven(&mut self, name: &str, key: &str) {
        for (pointer, _) in self.read.said.pairs(key) {
            self.shown(name, key, pointer);
        }
    }

    fn shown(&mut self, name: &str, key: &str, pointer: &str) {
        if self.endpoints.get(name).is_some_and(|endpoint| !endpoint.reveals(pointer)) {
            let hint = format!("Add it to reveals in [endpoints.{name}]");
            self.mistake(key, format!("[endpoints.{name}] doesn't reveal `{pointer}`"), hint);
        }
    }

    /// What a setting puts into a parameter's name must be one of a list: another text could be another parameter.
    fn renamed(&mut self, settings: &BTreeMap<String, Setting>) {
        let read = self.read;
        for (key, name) in read.said.renames() {
            let mut holes = name.split('{').skip(1).filter_map(|part| part.split_once('}'));
            if let Some((setting, _)) = holes.find(|(setting, _)| settings.get(*setting).is_none_or(|it| it.values.is_empty())) {
                let what = format!("`{{{setting}}}` can't stand in a parameter's name: what it is, is left open");
                self.mistake(key, what, format!("Say what it may be: values = {{ … }} in [settings.{setting}]"));
            }
        }
    }

    fn signed(&mut self, signs: &BTreeMap<String, Vec<String>>, key: &str, at: &str, otherwise: &str) {
        let algorithm = self.read.said.text(at).unwrap_or(otherwise);
        if !signs.get(key).is_some_and(|allowed| allowed.iter().any(|allowed| allowed == algorithm)) {
            let hint = format!("Add: [signs] {key} = [\"{algorithm}\"]");
            self.mistake(at, format!("the {key} may not sign by {algorithm}"), hint);
        }
    }

    /// RFC 9449: a key of the host's, and a proof wherever tokens are asked for or shown.
    fn dpop(&mut self, secrets: &BTreeMap<String, SecretField>, signs: &BTreeMap<String, Vec<String>>) {
        let Some(key) = self.read.said.text("dpop.key") else {
            let hint = "Add: key = \"dpop-key\", a secret of [secrets] with generated = true";
            return self.mistake("dpop", "[protocol.dpop] doesn't say which key tokens are bound to", hint);
        };
        if !secrets.get(key).is_some_and(|secret| secret.generated) {
            let hint = format!("Declare it: [secrets.{}] with a name and generated = true", crate::presentable(key, 40));
            return self.mistake("dpop.key", format!("`{key}` is no key that Jeton makes for each client"), hint);
        }
        self.signed(signs, key, "dpop", "ES256");
        for key in ["api.header", "api.scheme"].into_iter().filter(|key| self.read.has(key)) {
            self.mistake(key, "a bound token stands in Authorization, behind `DPoP`", "Leave it out (RFC 9449, 7.1)");
        }
        ["token", "refresh", "par"].into_iter().for_each(|name| self.accepted(name, "dpop-proof"));
        let shown = |endpoint: &Endpoint| endpoint.accepts == ["access-token"];
        let apis: Vec<_> = self.endpoints.iter().filter(|(_, endpoint)| shown(endpoint)).map(|(name, _)| name.as_str()).collect();
        apis.into_iter().for_each(|name| self.accepted(name, "dpop-proof"));
        if self.read.said.text("revoke.style").is_some_and(|style| style.starts_with("bearer")) {
            self.accepted("revoke", "dpop-proof");
        }
    }

    fn identify(&mut self, secrets: &BTreeMap<String, SecretField>) {
        let named = self.read.said.text("identify.endpoint");
        if self.read.said.text("identify.style") == Some("introspection") {
            return self.introspect(named.unwrap_or("introspect"), secrets);
        }
        let name = named.unwrap_or("userinfo");
        match self.endpoints.get(name) {
            Some(endpoint) => {
                let (folder, path) = (endpoint.url.is_folder(), self.read.said.text("identify.path"));
                if path.is_some() && !folder {
                    self.mistake(
                        "identify.path",
                        format!("[endpoints.{name}] has no paths: its URL doesn't end in `/`"),
                        "Leave out the path",
                    );
                }
                self.accepted(name, "access-token");
                self.revealed(name, "identify.id", &["/sub"]);
                self.revealed(name, "identify.login", &[]);
                self.revealed(name, "identify.name", &[]);
                self.proven(name, "judge.success");
            }
            None if named.is_some() => {
                self.mistake("identify.endpoint", format!("there is no endpoint `{name}`"), "Name one of [endpoints]");
            }
            None => {}
        }
    }

    /// RFC 7662: the client shows who it is, and the token is what is asked about.
    fn introspect(&mut self, name: &str, secrets: &BTreeMap<String, SecretField>) {
        if !self.endpoints.contains_key(name) {
            let hint = format!("Add: [endpoints.{name}] with its url, accepts and reveals");
            return self.mistake("identify.style", format!("there is no endpoint `{name}` to ask"), hint);
        }
        self.accepted(name, "access-token");
        match self.read.said.text("client.authentication").unwrap_or("post") {
            "post" | "basic" if secrets.contains_key("client-secret") => self.accepted(name, "client-secret"),
            "private-key-jwt" | "client-secret-jwt" => self.accepted(name, "assertion"),
            "tls" => self.certified(name, "identify.style"),
            _ => {}
        }
        self.revealed(name, "identify.active", &["/active"]);
        for (key, usual) in [("identify.id", "/sub"), ("identify.login", "/username")] {
            self.revealed(name, key, &[usual]);
        }
        self.revealed(name, "identify.name", &[]);
    }

    fn revoke(&mut self, secrets: &BTreeMap<String, SecretField>) {
        let style = self.read.said.text("revoke.style").unwrap_or("rfc7009");
        if style.starts_with("bearer") {
            return self.accepted("revoke", "access-token");
        }
        match self.read.said.text("revoke.token").unwrap_or("refresh-token") {
            "both" => ["refresh-token", "access-token"].into_iter().for_each(|kind| self.accepted("revoke", kind)),
            kind => self.accepted("revoke", kind),
        }
        let said = |key| self.read.said.text(key);
        match said("revoke.authentication").or(said("client.authentication")).unwrap_or("post") {
            "post" | "basic" if secrets.contains_key("client-secret") => self.accepted("revoke", "client-secret"),
            "private-key-jwt" | "client-secret-jwt" => self.accepted("revoke", "assertion"),
            "tls" => self.certified("revoke", "revoke.authentication"),
            _ => {}
        }
        self.proven("revoke", "revoke.success");
    }
}

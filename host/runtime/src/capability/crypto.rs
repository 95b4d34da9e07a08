//! `crypto`: signatures by keys that stay here. What may sign, and how, is in the manifest's `signs`.

mod dpop;
mod id_token;
mod new_pair;
mod thumbprint;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

pub use dpop::new_key;
pub(crate) use dpop::{Target, key_thumbprint, proof};
use jsonwebtoken::{Algorithm as Alg, EncodingKey, Header};
pub use new_pair::new_pair;
use serde_json::{Map, Value};
use url::Url;
use wasmtime::Result as Trapped;
use wasmtime::component::Resource;

use crate::bindings::jeton::provider::crypto::{Algorithm, Claim, ClaimValue, Digest, DpopTarget, Error, Host};
use crate::bindings::jeton::provider::http::Method;
use crate::call::Call;
use crate::manifest::{Endpoint, Manifest};
use crate::scrub::presentable;
use crate::{Allow, Denial, Secret};

/// Bytes of a JWT. The host keeps each to the end of the call.
const LONGEST: usize = 64 << 10;

impl Host for Call {
    fn sign_jwt(
        &mut self,
        key: Resource<Secret>,
        algorithm: Algorithm,
        header: Vec<Claim>,
        claims: Vec<Claim>,
    ) -> Trapped<Result<Resource<Secret>, Error>> {
        let key = self.table.get(&key)?.clone();
        let name = name(algorithm);
        let allowed = self.loaded.manifest.signs.get(key.kind()).map(Vec::as_slice).unwrap_or_default();
        if !allowed.iter().any(|allowed| allowed == name) {
            let denial = denied(key.kind(), name, allowed);
            let shown = denial.to_string();
            // As with a request: a provider can't hide it.
            self.trouble = Some(denial.into());
            return Ok(Err(Error::Denied(shown)));
        }
        let claims = object(claims);
        if let Err(denial) = addressed(&self.loaded.manifest, &self.settings, &claims) {
            let shown = denial.to_string();
            self.trouble = Some(denial.into());
            return Ok(Err(Error::Denied(shown)));
        }
        match sign(&key, algorithm, header, claims) {
            Ok(token) if token.len() > LONGEST => Ok(Err(Error::Other(format!("the JWT is longer than {} KiB", LONGEST >> 10)))),
            Ok(token) => Ok(Ok(self.hand_out(Secret::new("assertion", token))?)),
            Err(error) => Ok(Err(error)),
        }
    }

    fn certificate_thumbprint(&mut self, certificate: Resource<Secret>, digest: Digest) -> Trapped<Result<String, Error>> {
        let certificate = self.table.get(&certificate)?;
        // Of anything else it would be a hash of a secret that it could be searched for with.
        if certificate.kind() != "certificate" {
            return Ok(Err(Error::BadKey(format!("the {} is no certificate", certificate.kind()))));
        }
        Ok(thumbprint::thumbprint(certificate, digest))
    }

    fn dpop_proof(
        &mut self,
        key: Resource<Secret>,
        target: DpopTarget,
        access_token: Option<Resource<Secret>>,
    ) -> Trapped<Result<Resource<Secret>, Error>> {
        let access_token = access_token.map(|token| self.table.get(&token).cloned()).transpose()?;
        self.proof(&key, &target, access_token.as_ref(), None)
    }

    fn dpop_proof_for_code(
        &mut self,
        key: Resource<Secret>,
        target: DpopTarget,
        code: Resource<Secret>,
    ) -> Trapped<Result<Resource<Secret>, Error>> {
        let code = self.table.get(&code)?.clone();
        // Of anything else it would be a hash of a secret that it could be searched for with.
        if code.kind() != "code" {
            return Ok(Err(Error::Other(format!("the {} is no code", code.kind()))));
        }
        self.proof(&key, &target, None, Some(&code))
    }

    fn id_token_claims(
        &mut self,
        token: Resource<Secret>,
        issuer: String,
        audience: String,
        nonce: Option<String>,
    ) -> Trapped<Result<Vec<Claim>, Error>> {
        let token = self.table.get(&token)?;
        if token.kind() != "id-token" {
            return Ok(Err(Error::Other(format!("the {} is no ID token", token.kind()))));
        }
        let now = i64::try_from(now()).unwrap_or(i64::MAX);
        // That of the flow goes before what the component says.
        let of_flow = self.nonce.as_ref().and_then(Secret::reveal_text);
        let expected = id_token::Expected { issuer: &issuer, audience: &audience, nonce: of_flow.or(nonce.as_deref()), now };
        Ok(id_token::claims(token, &expected))
    }
}

impl Call {
    fn proof(
        &mut self,
        key: &Resource<Secret>,
        target: &DpopTarget,
        access_token: Option<&Secret>,
        code: Option<&Secret>,
    ) -> Trapped<Result<Resource<Secret>, Error>> {
        let key = self.table.get(key)?.clone();
        let allowed = self.loaded.manifest.signs.get(key.kind()).map(Vec::as_slice).unwrap_or_default();
        if !allowed.iter().any(|allowed| allowed == "ES256") {
            let denial = denied(key.kind(), "ES256", allowed);
            let shown = denial.to_string();
            self.trouble = Some(denial.into());
            return Ok(Err(Error::Denied(shown)));
        }
        let url = match crate::policy::target(&self.loaded.manifest, &self.settings, &target.endpoint, target.path.as_deref()) {
            Ok(url) => url,
            Err(denial) => {
                let shown = denial.to_string();
                self.trouble = Some(denial.into());
                return Ok(Err(Error::Denied(shown)));
            }
        };
        let (method, nonce) = (method(target.method), target.nonce.as_deref());
        match dpop::proof(&key, dpop::Target { method, url, nonce, access_token, code, now: now() }) {
            Ok(proof) => Ok(Ok(self.hand_out(Secret::new("dpop-proof", proof))?)),
            Err(error) => Ok(Err(error)),
        }
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Post => "POST",
        Method::Put => "PUT",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    }
}

fn denied(kind: &str, name: &str, allowed: &[String]) -> Denial {
    let names = allowed.iter().map(String::as_str).chain([name]).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let rule = format!("the manifest doesn't let {kind} sign with {name}");
    Denial::unless(format!("signing with the {kind} by {name}"), rule, "signs", &format!("{kind} = [{names}]"))
}

/// Whether whoever an assertion is for (RFC 7519, 4.1.3) is one that the manifest lets it be sent to: a signature that is good elsewhere would
/// be a key to elsewhere.
fn addressed(manifest: &Manifest, settings: &BTreeMap<String, String>, claims: &Map<String, Value>) -> Result<(), Denial> {
    let audiences: Vec<_> = match claims.get("aud") {
        None => vec![""],
        Some(Value::Array(several)) => several.iter().map(|one| one.as_str().unwrap_or_default()).collect(),
        Some(one) => vec![one.as_str().unwrap_or_default()],
    };
    let accept = |endpoint: &&Endpoint| endpoint.accepts.iter().any(|kind| kind == "assertion");
    let hosts: Vec<_> = manifest.endpoints.values().filter(accept).filter_map(|endpoint| endpoint.url.fill(settings).ok()).collect();
    let known = |audience: &str| {
        let url = Url::parse(audience).ok().filter(|url| url.scheme() == "https");
        let host = url.as_ref().map_or(Some(audience), Url::host_str);
        hosts.iter().any(|known| known.host_str() == host) || manifest.audiences.iter().any(|named| named == audience)
    };
    // An empty list says as little as none.
    match audiences.iter().find(|audience| !known(audience)).or(audiences.is_empty().then_some(&"").filter(|none| !known(none))) {
        None => Ok(()),
        Some(audience) => {
            let named = manifest.audiences.iter().map(String::as_str).chain([*audience]);
            let named = named.map(|text| Value::from(text).to_string()).collect::<Vec<_>>().join(", ");
            let what = match *audience {
                "" => "signing an assertion for nobody in particular".to_owned(),
                audience => format!("signing an assertion for `{}`", presentable(audience, 80)),
            };
            let (rule, line) = ("no endpoint there accepts one", format!("audiences = [{named}]"));
            let hint = format!("{} would allow it", presentable(&line, 200));
            Err(Denial { allow: Some(Allow::Manifest(format!("{line}\n"))), ..Denial::new(what, rule, hint) })
        }
    }
}

fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Hs256 => "HS256",
        Algorithm::Hs384 => "HS384",
        Algorithm::Hs512 => "HS512",
        Algorithm::Rs256 => "RS256",
        Algorithm::Rs384 => "RS384",
        Algorithm::Rs512 => "RS512",
        Algorithm::Ps256 => "PS256",
        Algorithm::Ps384 => "PS384",
        Algorithm::Ps512 => "PS512",
        Algorithm::Es256 => "ES256",
        Algorithm::Es384 => "ES384",
        Algorithm::EdDsa => "EdDSA",
    }
}

fn sign(key: &Secret, algorithm: Algorithm, header: Vec<Claim>, claims: Map<String, Value>) -> Result<String, Error> {
    let alg: Alg = name(algorithm).parse().map_err(|_| Error::Other("unknown algorithm".into()))?;
    let mut fields = object(header);
    fields.insert("alg".into(), name(algorithm).into());
    fields.entry("typ").or_insert_with(|| "JWT".into());
    let header: Header =
        serde_json::from_value(Value::Object(fields)).map_err(|error| Error::Other(format!("not a JWS header: {error}")))?;
    // jsonwebtoken's errors may quote what they couldn't read, so theirs are not passed on.
    let bad_key = |what: &str| Error::BadKey(format!("the {} {what}", key.kind()));
    let encoding = match alg {
        Alg::HS256 | Alg::HS384 | Alg::HS512 => Ok(EncodingKey::from_secret(key.reveal())),
        Alg::ES256 | Alg::ES384 => EncodingKey::from_ec_pem(key.reveal()),
        Alg::EdDSA => EncodingKey::from_ed_pem(key.reveal()),
        _ => EncodingKey::from_rsa_pem(key.reveal()),
    }
    .map_err(|_| bad_key("is not a PEM key for this algorithm"))?;
    jsonwebtoken::encode(&header, &claims, &encoding).map_err(|_| bad_key("doesn't sign with this algorithm"))
}

fn object(claims: Vec<Claim>) -> Map<String, Value> {
    let value = |value| match value {
        ClaimValue::Text(text) => text.into(),
        ClaimValue::Number(number) => number.into(),
        ClaimValue::Boolean(boolean) => boolean.into(),
        ClaimValue::Texts(texts) => texts.into(),
    };
    claims.into_iter().map(|claim| (claim.name, value(claim.value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_kind_is_refused_without_being_quoted() {
        let error = sign(&Secret::new("private-key", "-----BEGIN nonsense"), Algorithm::Rs256, vec![], Map::new()).unwrap_err();
        assert!(matches!(error, Error::BadKey(text) if !text.contains("nonsense")));
    }

    #[test]
    fn the_host_sets_alg_whatever_the_provider_says() {
        let none = Claim { name: "alg".into(), value: ClaimValue::Text("none".into()) };
        let kid = Claim { name: "kid".into(), value: ClaimValue::Text("k1".into()) };
        let token = sign(&Secret::new("client-secret", "0123456789abcdef"), Algorithm::Hs256, vec![none, kid], Map::new()).unwrap();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!((header.alg, header.kid.as_deref(), header.typ.as_deref()), (Alg::HS256, Some("k1"), Some("JWT")));
    }

    #[test]
    fn a_denied_signature_names_the_line_that_allows_it_and_keeps_what_was_allowed() {
        const ACME: &str = "id = \"acme\"\nname = \"Acme\"\nversion = \"1\"\ncontract = \"0.1\"\nsummary = \"Anvils\"\ngrants = [\"jwt-bearer\"]\n\
            [endpoints.token]\nurl = \"https://acme.com/token\"\n[secrets.private-key]\nname = \"Key\"\n";
        for allowed in [&[][..], &["RS256".to_owned()]] {
            let denial = denied("private-key", "ES256", allowed);
            let Some(crate::Allow::Manifest(lines)) = denial.allow else { panic!("{denial:?}") };
            let manifest = crate::Manifest::parse(&format!("{ACME}{lines}")).unwrap();
            let signs = &manifest.signs["private-key"];
            assert!(signs.contains(&"ES256".to_owned()) && signs.len() == allowed.len() + 1, "{signs:?}");
        }
    }
}

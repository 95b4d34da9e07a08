//! `crypto`: signatures by keys that stay here. What may sign, and how, is in the manifest's `signs`.

use jsonwebtoken::{Algorithm as Alg, EncodingKey, Header};
use serde_json::{Map, Value};
use wasmtime::Result as Trapped;
use wasmtime::component::Resource;

use crate::Secret;
use crate::bindings::jeton::provider::crypto::{Algorithm, Claim, ClaimValue, Error, Host};
use crate::call::Call;

impl Host for Call {
    async fn sign_jwt(
        &mut self,
        key: Resource<Secret>,
        algorithm: Algorithm,
        header: Vec<Claim>,
        claims: Vec<Claim>,
    ) -> Trapped<Result<Resource<Secret>, Error>> {
        let key = self.table.get(&key)?.clone();
        let name = name(algorithm);
        if !self.loaded.manifest.signs.get(key.kind()).is_some_and(|allowed| allowed.iter().any(|allowed| allowed == name)) {
            let denied = format!("the manifest doesn't let {} sign with {name}; it would with [signs] {0} = [\"{name}\"]", key.kind());
            return Ok(Err(Error::Denied(denied)));
        }
        match sign(&key, algorithm, header, claims) {
            Ok(token) => Ok(Ok(self.hand_out(Secret::new("assertion", token))?)),
            Err(error) => Ok(Err(error)),
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

fn sign(key: &Secret, algorithm: Algorithm, header: Vec<Claim>, claims: Vec<Claim>) -> Result<String, Error> {
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
    jsonwebtoken::encode(&header, &object(claims), &encoding).map_err(|_| bad_key("doesn't sign with this algorithm"))
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
        let error = sign(&Secret::new("private-key", "-----BEGIN nonsense"), Algorithm::Rs256, vec![], vec![]).unwrap_err();
        assert!(matches!(error, Error::BadKey(text) if !text.contains("nonsense")));
    }

    #[test]
    fn the_host_sets_alg_whatever_the_provider_says() {
        let none = Claim { name: "alg".into(), value: ClaimValue::Text("none".into()) };
        let kid = Claim { name: "kid".into(), value: ClaimValue::Text("k1".into()) };
        let token = sign(&Secret::new("client-secret", "0123456789abcdef"), Algorithm::Hs256, vec![none, kid], vec![]).unwrap();
        let header = jsonwebtoken::decode_header(&token).unwrap();
        assert_eq!((header.alg, header.kid.as_deref(), header.typ.as_deref()), (Alg::HS256, Some("k1"), Some("JWT")));
    }
}

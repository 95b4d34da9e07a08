//! A key pair for a client that signs, where the client is registered by Jeton (RFC 7591): the service is told the public half.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm as Alg, EncodingKey};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{Error, Secret};

/// A new key for signatures by this algorithm of JWS (`ES256`), in PEM (PKCS#8), and the public one as a JWK.
///
/// # Errors
/// No private key signs by it, or the system has no random bytes.
pub fn new_pair(algorithm: &str) -> Result<(Secret, Value), Error> {
    let made = |_: Unspecified| Error::Host("the system has no random bytes for a key".into());
    let unfit = || Error::Unfit {
        what: format!("no key can be made for {}", crate::presentable(algorithm, 20)),
        hint: "Keys are made for RS256 to RS512, PS256 to PS512, ES256, ES384 and EdDSA".to_owned(),
    };
    let alg: Alg = algorithm.parse().map_err(|_| unfit())?;
    let der = match alg {
        Alg::ES256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(made)?,
        Alg::ES384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING).map_err(made)?,
        Alg::EdDSA => own(&Ed25519KeyPair::generate().and_then(|pair| pair.as_der()).map_err(made)?),
        Alg::RS256 | Alg::RS384 | Alg::RS512 | Alg::PS256 | Alg::PS384 | Alg::PS512 => {
            own(&rsa::KeyPair::generate(KeySize::Rsa2048).and_then(|pair| pair.as_der()).map_err(made)?)
        }
        Alg::HS256 | Alg::HS384 | Alg::HS512 => return Err(unfit()),
        #[allow(unreachable_patterns, reason = "jsonwebtoken may know more later")]
        _ => return Err(unfit()),
    };
    let body = Zeroizing::new(STANDARD.encode(&*der));
    let pem = Zeroizing::new(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", body.as_str()));
    let key = match alg {
        Alg::ES256 | Alg::ES384 => EncodingKey::from_ec_pem(pem.as_bytes()),
        Alg::EdDSA => EncodingKey::from_ed_pem(pem.as_bytes()),
        _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
    };
    let public = key.and_then(|key| Jwk::from_encoding_key(&key, alg)).ok().and_then(|jwk| serde_json::to_value(jwk).ok());
    let mut public = public.ok_or_else(|| Error::Host("a new key can't be read".into()))?;
    if let Some(members) = public.as_object_mut() {
        members.insert("use".to_owned(), "sig".into());
    }
    Ok((Secret::new("private-key", pem.as_bytes()), public))
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    Ok(Zeroizing::new(EcdsaKeyPair::generate(algorithm)?.to_pkcs8v1()?.as_ref().to_vec()))
}

fn own(der: &Pkcs8V1Der<'static>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(der.as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Header, Validation};
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_new_key_signs_verifies_with_the_public_one_which_holds_nothing_private() {
        for algorithm in ["ES256", "ES384", "RS256", "PS384", "EdDSA"] {
            let (key, public) = new_pair(algorithm).unwrap();
            let alg: Alg = algorithm.parse().unwrap();
            let signer = match &algorithm[..2] {
                "ES" => EncodingKey::from_ec_pem(key.reveal()),
                "Ed" => EncodingKey::from_ed_pem(key.reveal()),
                _ => EncodingKey::from_rsa_pem(key.reveal()),
            };
            let token = jsonwebtoken::encode(&Header::new(alg), &json!({ "a": 1 }), &signer.unwrap()).unwrap();
            let mut rules = Validation::new(alg);
            rules.required_spec_claims.clear();
            rules.validate_exp = false;
            let jwk: Jwk = serde_json::from_value(public.clone()).unwrap();
            let verified = jsonwebtoken::decode::<Value>(&token, &DecodingKey::from_jwk(&jwk).unwrap(), &rules).unwrap();
            assert_eq!((&verified.claims["a"], &public["alg"], &public["use"]), (&json!(1), &json!(algorithm), &json!("sig")));
            let private = ["d", "p", "q", "dp", "dq", "qi", "k"];
            assert!(public.as_object().unwrap().keys().all(|name| !private.contains(&name.as_str())), "{public}");
            assert_ne!(new_pair(algorithm).unwrap().1, public);
        }
        for algorithm in ["HS256", "none", "", "x\u{1b}"] {
            assert!(new_pair(algorithm).unwrap_err().hint().unwrap().contains("ES256"), "{algorithm}");
        }
    }
}

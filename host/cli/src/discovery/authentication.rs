//! How the client is to show who it is, of what the service takes (RFC 7591, 2; RFC 8414, 2).

use jeton_runtime::presentable;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// What the manifest says of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Authentication {
    /// `[protocol.client] authentication`
    pub how: &'static str,
    /// Where the client signs.
    pub algorithm: Option<&'static str>,
    /// Whether a client may be public, and have no secret.
    pub public: bool,
    /// Others that work with the same secret, or without it: a client may be registered for one of them.
    pub also: Vec<&'static str>,
}

/// The metadata's word and the manifest's. What asks least of the person comes first.
pub const METHODS: [(&str, &str); 7] = [
    ("client_secret_basic", "basic"),
    ("client_secret_post", "post"),
    ("none", "none"),
    ("private_key_jwt", "private-key-jwt"),
    ("client_secret_jwt", "client-secret-jwt"),
    // Whether somebody vouches for the certificate makes no difference to the client.
    ("tls_client_auth", "tls"),
    ("self_signed_tls_client_auth", "tls"),
];

/// Of those that a key of this kind signs by, in the order in which one is taken.
const BY_PRIVATE_KEY: [&str; 9] = ["RS256", "ES256", "PS256", "ES384", "RS384", "RS512", "PS384", "PS512", "EdDSA"];
const BY_SECRET: [&str; 3] = ["HS256", "HS384", "HS512"];

impl Authentication {
    /// From `token_endpoint_auth_methods_supported` and `token_endpoint_auth_signing_alg_values_supported`.
    pub fn of(methods: Option<&[String]>, algorithms: Option<&[String]>) -> Result<Self> {
        let usual = ["client_secret_basic".to_owned()];
        let methods = methods.unwrap_or(&usual);
        let taken: Vec<_> = METHODS.iter().filter(|(name, _)| methods.iter().any(|method| method == name)).map(|(_, how)| *how).collect();
        let public = taken.contains(&"none");
        // A public client isn't what a service means that has others.
        let Some(how) = taken.iter().copied().find(|how| *how != "none").or(public.then_some("none")) else {
            let listed = presentable(&methods.join(", "), 200);
            let what = format!("the service takes no client authentication that Jeton knows; it takes: {listed}");
            let known: Vec<_> = METHODS.iter().map(|(name, _)| *name).collect();
            return Err(Failure::new(what, format!("Jeton knows: {}. Ask the service for one of them", known.join(", "))).exit(Exit::Other));
        };
        let algorithm = match how {
            "private-key-jwt" => Some(algorithm(&BY_PRIVATE_KEY, algorithms)?),
            "client-secret-jwt" => Some(algorithm(&BY_SECRET, algorithms)?),
            _ => None,
        };
        let also = taken.into_iter().filter(|other| algorithm.is_none() && *other != how && ["basic", "post", "none"].contains(other));
        Ok(Self { how, algorithm, public, also: also.collect() })
    }

    /// The secrets that the client has for it, and what people call them.
    pub fn secrets(&self) -> &'static [(&'static str, &'static str)] {
        match self.how {
            "none" => &[],
            "private-key-jwt" => &[("private-key", "Private Key")],
            "tls" => &[("certificate", "Certificate (PEM)"), ("private-key", "Private Key of the Certificate (PEM)")],
            _ => &[("client-secret", "Client Secret")],
        }
    }

    /// What is sent of it.
    pub fn sent(&self) -> Option<&'static str> {
        match (self.algorithm, self.how) {
            (Some(_), _) => Some("assertion"),
            (None, "none" | "tls") => None,
            (None, _) => Some("client-secret"),
        }
    }

    /// Whether the connection shows it (RFC 8705).
    pub fn by_certificate(&self) -> bool {
        self.how == "tls"
    }
}

fn algorithm(known: &[&'static str], said: Option<&[String]>) -> Result<&'static str> {
    let fits = |name: &&&str| said.is_none_or(|said| said.iter().any(|said| said == *name));
    known.iter().find(fits).copied().ok_or_else(|| {
        let said = presentable(&said.unwrap_or_default().join(", "), 200);
        let what = format!("the service takes no signature of a client that Jeton knows; it takes: {said}");
        Failure::new(what, format!("Jeton signs by: {}", known.join(", ")))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn of(methods: &[&str], algorithms: &[&str]) -> Result<Authentication> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let (methods, algorithms) = (owned(methods), owned(algorithms));
        Authentication::of(Some(&methods), Some(algorithms.as_slice()).filter(|all| !all.is_empty()))
    }

    #[test]
    fn a_secret_is_preferred_to_a_key_a_key_to_a_certificate_and_anything_to_nothing() {
        for (methods, how, public) in [
            (&["client_secret_post", "client_secret_basic"][..], "basic", false),
            (&["none", "client_secret_post"], "post", true),
            (&["none", "private_key_jwt"], "private-key-jwt", true),
            (&["tls_client_auth", "client_secret_jwt"], "client-secret-jwt", false),
            (&["tls_client_auth"], "tls", false),
            (&["none", "self_signed_tls_client_auth", "tls_client_auth"], "tls", true),
            (&["none"], "none", true),
        ] {
            let chosen = of(methods, &[]).unwrap();
            assert_eq!((chosen.how, chosen.public), (how, public), "{methods:?}");
        }
        assert_eq!(Authentication::of(None, None).unwrap().how, "basic");
    }

    #[test]
    fn a_key_signs_by_what_the_service_takes() {
        assert_eq!(of(&["private_key_jwt"], &[]).unwrap().algorithm, Some("RS256"));
        assert_eq!(of(&["private_key_jwt"], &["HS256", "PS256"]).unwrap().algorithm, Some("PS256"));
        assert!(of(&["private_key_jwt"], &["HS256"]).is_err());
    }

    #[test]
    fn a_service_that_takes_unknown_ways_alone_is_told_so() {
        for methods in [&["attest_jwt_client_auth"][..], &[]] {
            assert!(of(methods, &[]).unwrap_err().hint.unwrap().contains("client_secret_basic"));
        }
    }
}

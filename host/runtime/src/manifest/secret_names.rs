//! The names under which services hand out secrets. What stands under one of them is a secret, whatever a manifest says about it: a
//! manifest that calls a token endpoint an API, or reveals what it should capture, gets nothing by it.

/// Ends of names, without hyphens and underscores: `access_token`, `pageAccessToken`.
const ENDS: [&str; 14] = [
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "oauthtoken",
    "tokensecret",
    "devicecode",
    "authcode",
    "authorizationcode",
    "codeverifier",
    "clientsecret",
    "clientassertion",
    "privatekey",
    "password",
];

/// Names that are too short to be ends: a `next_page_token` is no secret.
const WHOLE: [&str; 5] = ["token", "secret", "assertion", "jwt", "authorization"];

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether a field or a header of this name holds a secret.
pub(crate) fn names_a_secret(name: &str) -> bool {
    let name = plain(name);
    WHOLE.contains(&name.as_str()) || ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a JSON pointer leads to, or into, a field that holds a secret. A `token` may hold other things than its bytes.
pub(crate) fn points_at_a_secret(pointer: &str) -> bool {
    let mut last = pointer.rsplit('/').filter(|segment| !segment.bytes().all(|byte| byte.is_ascii_digit()));
    last.next().is_some_and(names_a_secret) || pointer.split('/').any(|segment| ENDS.iter().any(|end| plain(segment).ends_with(end)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_services_call_their_secrets_is_known_in_every_spelling() {
        for name in ["access_token", "accessToken", "Access-Token", "page_access_token", "id_token", "device_code", "token", "X-Auth-Token"]
        {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["token_type", "expires_in", "refresh_token_expires_in", "next_page_token", "code", "scope", "user_code", "login", ""] {
            assert!(!names_a_secret(name), "{name}");
        }
    }

    #[test]
    fn a_pointer_leads_to_a_secret_by_its_last_name_or_through_one() {
        for pointer in ["/access_token", "/data/0/accessToken", "/access_token/0", "/access_token/value", "/a/token", "/token/0"] {
            assert!(points_at_a_secret(pointer), "{pointer}");
        }
        for pointer in ["/token/expires_at", "/scope", "", "/", "/0", "/restricted_to/0/name"] {
            assert!(!points_at_a_secret(pointer), "{pointer}");
        }
    }
}

//! What an authorization request may hold, whether a browser brings it or it is pushed before (RFC 9126): state, redirect URI and nonce are
//! the host's, in every spelling that a service may read.

use url::Url;

use crate::capability::callback::Flow;
use crate::policy::{Asked, Body, Value};
use crate::{Denial, GrantKind};

/// What a request holds of the flow's own.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) state: bool,
    pub(crate) redirect_uri: bool,
    pub(crate) nonce: bool,
    /// Whether it asks for OpenID Connect, which answers the nonce in an ID token.
    pub(crate) openid: bool,
    /// Whether the request itself is elsewhere: behind `request_uri`, or within `request` (RFC 9101).
    pub(crate) refers: bool,
}

/// A parameter that may not be there.
pub(crate) struct Misplaced<'q> {
    /// `foreign`, or `second`.
    pub(crate) how: &'static str,
    pub(crate) name: &'q str,
}

/// Looks at each parameter; one without a text is a secret.
pub(crate) fn read<'q>(flow: &Flow, query: &[(&'q str, Option<&'q str>)]) -> Result<Held, Misplaced<'q>> {
    let state = flow.state.reveal_text();
    let mut held = Held::default();
    for (index, (name, value)) in query.iter().enumerate() {
        let plain = plain(name);
        let again = query.iter().take(index).any(|(earlier, _)| earlier == name || self::plain(earlier) == plain);
        let own = match plain.as_str() {
            "redirecturi" => Some(Some(flow.redirect_uri.as_str())),
            "state" => Some(state),
            "nonce" => Some(flow.nonce.reveal_text()),
            _ => None,
        };
        if own.is_some_and(|own| *value != own) {
            return Err(Misplaced { how: "foreign", name });
        }
        if again && *name != "resource" {
            return Err(Misplaced { how: "second", name });
        }
        // Under whatever name the service knows them.
        held.state |= *value == state;
        held.redirect_uri |= *value == Some(flow.redirect_uri.as_str());
        held.nonce |= plain == "nonce";
        held.refers |= matches!(plain.as_str(), "requesturi" | "request");
        held.openid |= plain == "scope" && value.is_some_and(|value| value.split([' ', ',', '+']).any(|scope| scope == "openid"));
    }
    Ok(held)
}

/// Whether a request that is sent while a flow is begun pushes it, checked as the address of a visit is.
pub(crate) fn pushed(flow: &Flow, asked: &Asked) -> Result<Option<Held>, Denial> {
    if flow.grant.kind != GrantKind::AuthorizationCode {
        return Ok(None);
    }
    let body = match &asked.body {
        Body::None => &[][..],
        Body::Form(fields) | Body::Json(fields) => fields.as_slice(),
    };
    let fields = asked.query.iter().chain(body).map(|(name, value)| match value {
        Value::Text(text) => (name.as_str(), Some(text.as_str())),
        _ => (name.as_str(), None),
    });
    let what = |how: &str| format!("a request to `{}` {how}", crate::presentable(&asked.endpoint, 40));
    let held = read(flow, &fields.collect::<Vec<_>>()).map_err(|misplaced| {
        let what = what(&format!("with a {} `{}`", misplaced.how, crate::presentable(misplaced.name, 40)));
        let rule = "what is pushed is the flow's: state, redirect URI and nonce are the host's, and a parameter stands there once";
        Denial::new(what, rule, "Use what callback.reserve and callback.nonce answer")
    })?;
    if held.refers {
        return Err(Denial::new(what("with a request within it"), "nobody could tell what is in it", "Push its parameters one by one"));
    }
    if !held.state {
        return Ok(None);
    }
    let complete = held.redirect_uri || flow.redirect_uri.is_empty();
    if !complete {
        let rule = "nobody could tell where the browser comes back to";
        return Err(Denial::new(what("with the state and without the redirect URI"), rule, "Push what callback.reserve answers"));
    }
    if held.openid && !held.nonce && flow.answers_nonce {
        let rule = "nobody could tell whether the ID token belongs to this sign-in";
        return Err(Denial::new(what("that pushes `openid` without a nonce"), rule, "Push what callback.nonce answers as `nonce`"));
    }
    Ok(Some(held))
}

/// Puts the query into an address: form-encoded, or with `%20` for a space, or with some punctuation as it is, where a service reads no
/// other.
pub(crate) fn write(url: &mut Url, query: &[(String, String)], spaces: Option<&str>, literal: Option<&str>) {
    if spaces.is_none() && literal.is_none() {
        url.query_pairs_mut().extend_pairs(query);
        return;
    }
    let encoded = |text: &str| {
        text.bytes().fold(String::new(), |mut encoded, byte| {
            match char::from(byte) {
                c if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~') || literal.is_some_and(|plain| plain.contains(c)) => {
                    encoded.push(c);
                }
                ' ' if spaces != Some("percent") => encoded.push('+'),
                _ => encoded.push_str(&format!("%{byte:02X}")),
            }
            encoded
        })
    };
    let pairs: Vec<_> = query.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    url.set_query(Some(&pairs.join("&")));
}

/// A parameter's name as the most forgiving server reads it: some ignore case, and PHP takes `redirect.uri[0]` for `redirect_uri`.
fn plain(name: &str) -> String {
    let name = name.split('[').next().unwrap_or(name);
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;
    use crate::{Grant, Secret};

    const REDIRECT: &str = "http://127.0.0.1:4000/callback";

    fn flow() -> Flow {
        let grant = Grant::new(GrantKind::AuthorizationCode, vec![]);
        let mut flow = Flow::reserve(grant, &REDIRECT.to_owned()).unwrap();
        flow.state = Secret::new("state", "s");
        flow.nonce = Secret::new("nonce", "n");
        flow
    }

    fn asked(fields: &[(&str, &str)]) -> Asked {
        let text = |(name, value): &(&str, &str)| ((*name).to_owned(), Value::Text((*value).to_owned()));
        let body = Body::Form(fields.iter().map(text).collect());
        Asked { method: Method::POST, endpoint: "par".to_owned(), path: None, query: vec![], headers: vec![], body }
    }

    fn push(fields: &[(&str, &str)]) -> Result<Option<Held>, Denial> {
        pushed(&flow(), &asked(fields))
    }

    #[test]
    fn a_push_has_the_flows_own_state_and_redirect_uri() {
        let held = push(&[("client_id", "a"), ("redirect_uri", REDIRECT), ("state", "s")]).unwrap().unwrap();
        assert!(held.state && held.redirect_uri && !held.nonce);
        // Under the names of a service of its own.
        assert!(push(&[("return_to", REDIRECT), ("echo", "s")]).unwrap().is_some());
        for fields in [
            &[("redirect_uri", "https://evil.example/"), ("state", "s")][..],
            &[("redirect_uri", REDIRECT), ("state", "mine")],
            &[("redirect_uri", REDIRECT), ("state", "s"), ("State", "mine")],
            &[("redirect_uri", REDIRECT), ("state", "s"), ("state", "s")],
            &[("redirect_uri", REDIRECT), ("state", "s"), ("redirect_uri[]", "https://evil.example/")],
            &[("redirect_uri", REDIRECT), ("state", "s"), ("nonce", "mine")],
            &[("redirect_uri", REDIRECT), ("state", "s"), ("request", "e30.e30.")],
            &[("redirect_uri", REDIRECT), ("state", "s"), ("request_uri", "urn:x")],
            &[("state", "s")],
            &[("redirectUri", "https://evil.example/")],
        ] {
            assert!(push(fields).is_err(), "{fields:?}");
        }
    }

    #[test]
    fn a_push_that_asks_for_openid_has_the_flows_nonce() {
        let with = |more: &[(&str, &str)]| push(&[&[("redirect_uri", REDIRECT), ("state", "s")], more].concat());
        for scope in ["openid", "email openid", "email,openid", "openid+email"] {
            assert!(with(&[("scope", scope)]).is_err(), "{scope}");
            assert!(with(&[("scope", scope), ("nonce", "n")]).unwrap().unwrap().nonce, "{scope}");
        }
        assert!(with(&[("scope", "email openid2")]).is_ok());
    }

    #[test]
    fn a_secret_stands_for_none_of_the_hosts_own() {
        let mut hidden = asked(&[("redirect_uri", REDIRECT), ("state", "s")]);
        let Body::Form(fields) = &mut hidden.body else { panic!() };
        fields.push(("State".to_owned(), Value::Secret(Secret::new("code", "mine"))));
        assert!(pushed(&flow(), &hidden).is_err());
    }

    #[test]
    fn whatever_the_encoding_the_query_says_the_same() {
        let query = [("scope", "a b,c/d:e"), ("x&y", "\u{e4} +%#='\"")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        for (spaces, literal, written) in [
            (None, None, "scope=a+b%2Cc%2Fd%3Ae&x%26y=%C3%A4+%2B%25%23%3D%27%22"),
            (Some("plus"), None, "scope=a+b%2Cc%2Fd%3Ae&x%26y=%C3%A4+%2B%25%23%3D%27%22"),
            (Some("percent"), None, "scope=a%20b%2Cc%2Fd%3Ae&x%26y=%C3%A4%20%2B%25%23%3D%27%22"),
            (Some("percent"), Some(",:/"), "scope=a%20b,c/d:e&x%26y=%C3%A4%20%2B%25%23%3D%27%22"),
        ] {
            let mut url = Url::parse("https://acme.com/authorize").unwrap();
            write(&mut url, &query, spaces, literal);
            assert_eq!(url.query(), Some(written));
            let read: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            assert_eq!(read, query);
        }
    }

    #[test]
    fn other_grants_push_nothing() {
        let mut flow = flow();
        flow.grant.kind = GrantKind::ClientCredentials;
        assert!(pushed(&flow, &asked(&[("state", "mine")])).unwrap().is_none());
    }
}

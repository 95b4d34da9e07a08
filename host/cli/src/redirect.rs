//! A redirect path of its own for each provider that a person added (RFC 8252, 8.10; RFC 9700, 4.4).
//!
//! The author of a provider can send the browser on to an honest service, and wait for that one's code. The honest service sends it to a
//! redirect URI that is registered there. As long as no provider but its own waits at that path, the code reaches nobody.
//!
//! - `/jeton/ID/…` is the provider's whose id that is. Nobody else's path is there, installed or not.
//! - Any other path must not begin with that of another provider: there are services that take whatever is below the registered address, as
//!   GitHub does, or whatever begins with it.
//! - The port and the host say nothing: all of them are this machine, and services leave the port free.
//!
//! Those that come with Jeton have the paths that people registered, and share some: their authors are Jeton's.

use jeton_runtime::Manifest;
use jeton_runtime::manifest::Callback;

use crate::exit::Exit;
use crate::failure::Failure;

/// Below it each provider has a place of its own.
const OWN: &str = "/jeton/";

/// Refuses a provider whose path is another's.
pub fn is_its_own(manifest: &Manifest, others: impl IntoIterator<Item = Manifest>) -> Result<(), Failure> {
    let Some(whose) = taken(&manifest.id, &manifest.callback.path, others) else { return Ok(()) };
    let Callback { host, path, .. } = &manifest.callback;
    Err(Failure {
        what: format!("the browser would come back to {path}, which is {whose}: an answer that is meant for the one could reach the other"),
        hint: None,
        allow: Some(format!("[callback]\nredirect = \"http://{host}{}\"", Callback::own_path(&manifest.id))),
        exit: Exit::Denied,
    })
}

/// Whose this path is, if it isn't the provider's own. Paths are of plain characters: only case and a slash at the end can differ.
fn taken(id: &str, path: &str, others: impl IntoIterator<Item = Manifest>) -> Option<String> {
    let path = path.to_ascii_lowercase();
    if path.starts_with(&format!("{OWN}{id}/")) {
        return None;
    }
    let among_them = path.starts_with(OWN.trim_end_matches('/')) || (path != "/" && OWN.starts_with(&path));
    if among_them {
        return Some("among those that belong to other providers".to_owned());
    }
    let begins = |other: &Manifest| {
        let theirs = other.callback.path.to_ascii_lowercase();
        match theirs.trim_end_matches('/') {
            // Everything begins with it.
            "" => path == "/",
            theirs => path.starts_with(theirs),
        }
    };
    let other = others.into_iter().find(|other| other.id != id && begins(other))?;
    Some(format!("the path of {} or begins with it", other.id))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn manifest(id: &str, callback: &str) -> Manifest {
        let source = format!(
            "id = \"{id}\"\nname = \"N\"\nversion = \"1\"\ncontract = \"0.1\"\nsummary = \"S\"\ngrants = [\"authorization-code\"]\n\
             [endpoints.authorize]\nurl = \"https://a.example/\"\nbrowser = true\n[callback]\n{callback}\n"
        );
        Manifest::parse(&source).unwrap()
    }

    fn at(id: &str, host: &str, path: &str) -> Manifest {
        manifest(id, &format!("redirect = \"http://{host}{path}\""))
    }

    fn others() -> [Manifest; 5] {
        [
            at("box", "127.0.0.1", "/callback"),
            at("dropbox", "localhost", "/"),
            at("ending", "localhost", "/Ending/"),
            manifest("acme", ""),
            at("evil", "127.0.0.1", "/evil"),
        ]
    }

    #[test]
    fn a_path_that_is_anothers_or_begins_with_it_is_refused_however_it_is_spelled() {
        for path in [
            "/callback",
            "/callback/",
            "/Callback",
            "/CALLBACK/evil",
            "/callbacks",
            "/callback-evil",
            "/./callback",
            "/x/../callback",
            "/x/%2e%2E/callback",
            "/",
            "/ending",
            "/ending/",
            "/endings",
            "/jeton/acme/callback",
            "/jeton/acme",
            "/jeton",
            "/jeton/",
            "/Jeton/acme/callback",
            "/jeton/nobody-yet/callback",
            "/jeton/evil",
            "/jeton/evil-2/x",
            "/jet",
            "/j",
            "/jetons",
        ] {
            for host in ["127.0.0.1", "127.0.0.2", "localhost", "[::1]"] {
                let failure = is_its_own(&at("evil", host, path), others()).unwrap_err();
                assert_eq!(failure.exit, Exit::Denied);
                let allowed = failure.allow.unwrap();
                assert_eq!(allowed, format!("[callback]\nredirect = \"http://{host}/jeton/evil/callback\""));
                assert!(is_its_own(&manifest("evil", allowed.strip_prefix("[callback]\n").unwrap()), others()).is_ok());
            }
        }
    }

    #[test]
    fn a_path_of_its_own_is_taken_and_so_is_none() {
        for path in ["/jeton/evil/callback", "/jeton/evil/", "/JETON/evil/x", "/evil", "/evil/callback", "/oauth2/callback", "/call", "/e"]
        {
            assert!(is_its_own(&at("evil", "127.0.0.1", path), others()).is_ok(), "{path}");
        }
        assert!(is_its_own(&manifest("evil", ""), others()).is_ok());
        assert!(is_its_own(&manifest("callback", ""), others()).is_ok());
    }

    /// Otherwise a provider could take the place of one that is added later.
    #[test]
    fn nobody_can_take_the_path_that_a_provider_has_without_saying_so() {
        for id in ["a", "acme", "acme-2", "jeton", "callback"] {
            let own = manifest(id, "");
            assert_eq!(own.callback.path, format!("/jeton/{id}/callback"));
            assert!(is_its_own(&own, others()).is_ok());
            assert!(is_its_own(&at("evil", "127.0.0.1", &own.callback.path), []).is_err());
        }
    }
}

//! Manifests that would let a secret be read: refused before anybody is asked.

use jeton_runtime::Manifest;

const MANIFEST: &str = include_str!("../../attempts/secrets/secrets.toml");

fn refused(from: &str, to: &str) -> String {
    assert!(MANIFEST.contains(from), "{from}");
    Manifest::parse(&MANIFEST.replace(from, to)).unwrap_err().to_string()
}

#[test]
fn what_has_the_name_of_a_secret_is_not_revealed() {
    const REVEALS: &str = "reveals = [\"/user_code\"]";
    for pointer in ["/access_token", "/data/0/accessToken", "/refresh_token/value", "/id_token", "/client-secret", "/token"] {
        let problems = refused(REVEALS, &format!("reveals = [\"{pointer}\"]"));
        assert!(problems.contains(&format!("[endpoints.device] reveals `{pointer}`, which is a secret")), "{problems}");
    }
    for header in ["x-access-token", "Authorization", "X-Auth-Token"] {
        let problems = refused(REVEALS, &format!("headers = [\"{header}\"]"));
        assert!(problems.contains(&format!("shows the header `{}`, which is a secret", header.to_ascii_lowercase())), "{problems}");
    }
    for parameter in ["code", "state", "access_token", "id_token"] {
        let problems = refused("reveals = [\"hint\"]", &format!("reveals = [\"{parameter}\"]"));
        assert!(problems.contains(&format!("`{parameter}` is never revealed")), "{problems}");
    }
}

#[test]
fn a_captured_secret_is_called_what_it_is() {
    for (from, to, named) in [
        ("refresh-token = \"/refresh_token\"", "cursor = \"/refresh_token\"", "`/refresh_token` is captured as cursor"),
        ("device-code = \"/device_code\"", "access-token = \"/device_code\"", "`/device_code` is captured as access-token"),
    ] {
        let problems = refused(from, to);
        assert!(problems.contains(named), "{problems}");
    }
}

#[test]
fn only_secrets_of_the_client_are_keys() {
    for kind in ["refresh-token", "access-token", "code", "code-verifier", "assertion", "device-code"] {
        let problems = refused("private-key = [\"HS256\"]", &format!("{kind} = [\"HS256\"]"));
        assert!(problems.contains(&format!("the {kind} is no key")), "{problems}");
    }
}

//! Headers of an API call: whom a team's token acts for, and where the paths of the call begin.

use jeton_provider::*;

/// Whether an option says whom a call is made for.
pub fn chooses(option: &str) -> bool {
    matches!(option, "as-user" | "as-admin")
}

/// Whether an option says how the account is seen: whom it acts for, and from which root.
pub fn acts(option: &str) -> bool {
    chooses(option) || option == "path-root"
}

/// The header that an option is. `header:NAME` is any other.
pub fn of(option: &str, value: &str) -> Result<Header> {
    if let Some((name, value)) = acting(option, value)? {
        return Ok(Header::text(name, value));
    }
    match option.strip_prefix("header:") {
        Some(name) => Ok(Header::text(name, value)),
        None => {
            let known = ": there are as-user, as-admin, path-root, header:NAME, token-access-type, include-granted-scopes, force-reapprove, \
                force-reauthentication, disable-signup, require-role, locale";
            Err(Error::unsupported(&concat(&["the option ", option, known])))
        }
    }
}

/// The header of an option that says how the account is seen.
pub fn acting(option: &str, value: &str) -> Result<Option<(&'static str, String)>> {
    Ok(match option {
        "as-user" => Some(("Dropbox-API-Select-User", value.to_owned())),
        "as-admin" => Some(("Dropbox-API-Select-Admin", value.to_owned())),
        "path-root" => Some(("Dropbox-API-Path-Root", path_root(value)?)),
        _ => None,
    })
}

/// `home`, `root:ID`, `namespace:ID`, an id alone, or Dropbox's own JSON.
fn path_root(value: &str) -> Result<String> {
    let (tag, id) = match value.split_once(':') {
        _ if value.starts_with('{') => return Ok(value.to_owned()),
        None if value == "home" => return Ok("{\".tag\":\"home\"}".to_owned()),
        Some(("root", id)) => ("root", id),
        Some(("namespace", id)) => ("namespace_id", id),
        _ => ("namespace_id", value),
    };
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
        return Err(Error::other("path-root is home, root:ID or namespace:ID"));
    }
    Ok(concat(&["{\".tag\":\"", tag, "\",\"", tag, "\":\"", id, "\"}"]))
}

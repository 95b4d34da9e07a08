//! Options of the authorization request. Dropbox shows a page of its own for a value that it doesn't know, and the person who signs in can't
//! do anything there: so it is told before.

use jeton_provider::*;

/// An option, the parameter that it is, and its values; none: any.
const OPTIONS: [(&str, &str, &str); 7] = [
    ("token-access-type", "token_access_type", "offline online legacy"),
    ("include-granted-scopes", "include_granted_scopes", "user team"),
    ("force-reapprove", "force_reapprove", "true false"),
    ("force-reauthentication", "force_reauthentication", "true false"),
    ("disable-signup", "disable_signup", "true false"),
    ("require-role", "require_role", "personal work"),
    ("locale", "locale", ""),
];

/// The parameter of the authorization request that an option is, if it is one.
pub fn parameter(option: &str) -> Option<&'static str> {
    OPTIONS.iter().find(|(name, ..)| *name == option).map(|(_, parameter, _)| *parameter)
}

/// Whether Dropbox would take a value.
pub fn check(grant: &Grant<'_>) -> Result<()> {
    for (option, value) in &grant.options {
        let values = OPTIONS.iter().find(|(name, ..)| name == option).map_or("", |(.., values)| *values);
        if !values.is_empty() && !split(values, b' ').any(|known| known == value) {
            return Err(Error::unsupported(&concat(&[option, "=", value, ": it is one of ", values])));
        }
        if option == "include-granted-scopes" && grant.scopes.is_empty() {
            return Err(Error::unsupported(
                "include-granted-scopes without --scope: it adds to those that are asked for what was granted before",
            ));
        }
    }
    Ok(())
}

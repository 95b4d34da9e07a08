//! What a provider says of an account besides its id, login and name: a drive's id. Kept beside them, for whoever works with the connection,
//! and apart from the extras of the tokens: these stand in URLs, and only a sign-in or a refresh brings them.

use std::collections::BTreeMap;

/// As it is kept: `new` over what was kept `before`. `None` where there is nothing.
pub(crate) fn merged(before: Option<&str>, new: &[(String, String)]) -> Option<String> {
    let mut all: BTreeMap<_, _> = read(before).into_iter().collect();
    all.extend(new.iter().cloned());
    if all.is_empty() { None } else { serde_json::to_string(&all).ok() }
}

/// What was kept, by name.
pub(crate) fn read(kept: Option<&str>) -> Vec<(String, String)> {
    let all: BTreeMap<String, String> = kept.and_then(|kept| serde_json::from_str(kept).ok()).unwrap_or_default();
    all.into_iter().collect()
}

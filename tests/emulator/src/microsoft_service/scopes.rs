//! Microsoft's scopes: each belongs to a resource, and a token is for one.

use super::refusal::Refusal;
use super::tenant::Cloud;

/// The resource of a scope; `None` for those that are the sign-in's own.
pub(super) fn resource(scope: &str, cloud: Cloud) -> Option<String> {
    if matches!(scope, "openid" | "profile" | "email" | "offline_access") {
        return None;
    }
    match scope.contains("://").then(|| scope.rsplit_once('/')).flatten() {
        Some((resource, _)) => Some(resource.trim_end_matches('/').to_owned()),
        None => Some(cloud.graph().to_owned()),
    }
}

/// A scope without its resource: `https://graph.microsoft.com/Files.Read` is `Files.Read`.
pub(super) fn short(scope: &str) -> &str {
    if scope.contains("://") { scope.rsplit_once('/').map_or(scope, |(_, name)| name) } else { scope }
}

/// Whether two spellings mean the same.
pub(super) fn same(one: &str, other: &str, cloud: Cloud) -> bool {
    resource(one, cloud) == resource(other, cloud) && short(one).eq_ignore_ascii_case(short(other))
}

/// The one resource of these scopes, `None` if they name none.
pub(super) fn only_resource(scopes: &[String], cloud: Cloud) -> Result<Option<String>, Refusal> {
    let mut resources: Vec<String> = scopes.iter().filter_map(|scope| resource(scope, cloud)).collect();
    resources.dedup();
    match resources.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only.clone())),
        _ => Err(Refusal::aadsts(700_022)),
    }
}

/// What a scope is called for people.
pub(super) fn name(scope: &str) -> &'static str {
    match short(scope) {
        "openid" => "Sign you in",
        "profile" => "See your basic profile",
        "email" => "See your e-mail address",
        "offline_access" => "Keep the access that you have given it",
        "User.Read" => "Sign in and read your profile",
        "Files.Read" | "Files.Read.All" => "Read your files",
        "Files.ReadWrite" | "Files.ReadWrite.All" => "Have full access to your files",
        "Sites.Read.All" => "Read items in all site collections",
        _ => "Use",
    }
}

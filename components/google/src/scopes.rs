//! Google's scopes are URLs; a person may write the end of one (`drive.file`).

use jeton_provider::{concat, join, split};

/// What most scopes begin with.
const API: &str = "https://www.googleapis.com/auth/";

/// Who the person is, and the files that this app makes: neither needs Google's review, and devices may ask for both.
const USUAL: [&str; 3] = ["openid", "email", "https://www.googleapis.com/auth/drive.file"];

/// What goes over the wire. Google takes no request without a scope.
pub fn asked(scopes: &[String]) -> Vec<String> {
    match scopes {
        [] => USUAL.map(str::to_owned).to_vec(),
        some => some.iter().map(|scope| sent(scope)).collect(),
    }
}

/// The same for an account that isn't a person's.
pub fn asked_for_nobody(scopes: &[String]) -> Vec<String> {
    match scopes {
        [] => USUAL.iter().rev().take(1).map(|scope| (*scope).to_owned()).collect(),
        some => asked(some),
    }
}

fn sent(scope: &str) -> String {
    if matches!(scope, "openid" | "email" | "profile") || scope.contains(':') { scope.to_owned() } else { concat(&[API, scope]) }
}

/// What Google answers for it.
fn granted(scope: &str) -> String {
    match scope {
        "email" | "profile" => concat(&[API, "userinfo.", scope]),
        other => sent(other),
    }
}

/// What was granted, each in the spelling in which it was asked for, so that what is missing can be seen.
pub fn as_asked(scope: &str, asked: &[String]) -> String {
    let spelled = |one: &str| match asked.iter().find(|asked| granted(asked) == one) {
        Some(asked) => asked.clone(),
        None => one.to_owned(),
    };
    join(&split(scope, b' ').map(spelled).collect::<Vec<_>>(), " ")
}

/// Whether a token of these scopes may ask who the person is.
pub fn tell_identity(scope: &str) -> bool {
    let identity = ["openid".to_owned(), granted("email"), granted("profile")];
    split(scope, b' ').any(|one| identity.contains(&granted(one)))
}

/// Whether it may ask about the person's Drive.
pub fn tell_drive(scope: &str) -> bool {
    let drive = |name: &str| name == "drive" || name.starts_with("drive.");
    split(scope, b' ').any(|one| granted(one).strip_prefix(API).is_some_and(drive))
}

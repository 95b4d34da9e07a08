//! Downscoping (RFC 8693): a token of fewer rights, for one file or folder if `resource` or `shared-link` names it.

use jeton_provider::*;

const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

/// The exchange. A token that is no narrower than asked for is not taken.
pub fn downscoped(client: &Client, grant: &Grant<'_>) -> Result<Tokens> {
    let subject = grant
        .subject_token
        .ok_or_else(|| Error::new(ErrorKind::InvalidGrant, "The connection whose token it came of must be named again: --exchange"))?;
    let mut request = token_request("token", "urn:ietf:params:oauth:grant-type:token-exchange")
        .client_in_body(client)
        .secret("subject_token", subject)
        .form("subject_token_type", ACCESS_TOKEN)
        .scopes(&grant.scopes, " ");
    let mut one = false;
    for (name, value) in &grant.options {
        let name = match name.as_str() {
            "resource" => "resource",
            "shared-link" => "box_shared_link",
            _ => continue,
        };
        request = request.form(name, value.as_str());
        one = true;
    }
    let answer = request.send()?;
    let (scope, object) = (answer.text("/restricted_to/0/scope"), answer.text("/restricted_to/0/object/type"));
    let id = answer.text("/restricted_to/0/object/id").or_else(|| answer.text("/restricted_to/0/object/url"));
    let mut tokens = answer.into_tokens()?;
    if scope.is_none() || (one && object.is_none()) {
        return Err(Error::other("Box answered with a token that isn't restricted as it was asked for"));
    }
    if let (Some(object), Some(id)) = (object, id) {
        tokens.extras.push(("restricted-to".to_owned(), object + ":" + &id));
    }
    Ok(tokens)
}

//! Claims challenges: Graph, or the token endpoint, wants a token that was got under other conditions, and says under which.
//! <https://learn.microsoft.com/entra/identity-platform/claims-challenge>

use jeton_provider::*;

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The longest that is kept with a connection.
const LONGEST: usize = 500;

/// The option `claims` of a sign-in: JSON, or the same in base64, as a challenge has it and a shell leaves it alone.
pub(crate) fn wanted(options: &Extras) -> Result<Option<String>> {
    let Some((_, given)) = options.iter().find(|(name, _)| name == "claims") else { return Ok(None) };
    let claims = if given.starts_with('{') { Some(given.clone()) } else { decoded(given) };
    match claims.filter(|claims| claims.starts_with('{') && claims.len() <= LONGEST) {
        Some(claims) => Ok(Some(claims)),
        None => Err(Error::other("The option claims is neither JSON nor base64 of it. Copy it from the error that asked for it")),
    }
}

/// Adds them to a token request.
pub(crate) fn add<'a>(request: Request<'a>, claims: Option<&str>) -> Request<'a> {
    match claims {
        Some(claims) => request.form("claims", claims),
        None => request,
    }
}

/// The claims of a challenge in `WWW-Authenticate`, in base64.
pub(crate) fn challenge(answer: &Response) -> Option<String> {
    let header = answer.header("www-authenticate").filter(|header| holds(header, "insufficient_claims"))?;
    let claims = split(&header, b',').find_map(|part| part.trim_start().strip_prefix("claims=\""))?;
    let claims = split(claims, b'"').next()?;
    // It will stand in a command that a person copies.
    claims.bytes().all(|byte| digit(byte).is_some() || byte == b'=').then(|| claims.to_owned())
}

/// What a person does about it.
pub(crate) fn advice(claims: &str) -> String {
    concat(&["Sign in again with what it asks for: jeton connect microsoft --replace --option claims=", claims])
}

/// In base64, of either alphabet.
fn digit(byte: u8) -> Option<u32> {
    let byte = match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    STANDARD.iter().position(|known| *known == byte).and_then(|at| u32::try_from(at).ok())
}

fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut held, mut bits) = (vec![], 0_u32, 0_u32);
    for byte in text.trim_end_matches('=').bytes() {
        held = (held << 6) | digit(byte)?;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits).to_be_bytes()[3]);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Base64 of a text, as [`wanted`] takes it.
pub(crate) fn encoded(text: &str) -> String {
    let mut out = String::new();
    for three in text.as_bytes().chunks(3) {
        let whole = (0..3).fold(0_u32, |whole, at| (whole << 8) | u32::from(three.get(at).copied().unwrap_or(0)));
        for at in 0..=three.len() {
            let digit = (whole >> (18 - 6 * at)) & 63;
            out.extend(STANDARD.get(digit as usize).map(|byte| char::from(*byte)));
        }
    }
    out
}

//! The keys of `[protocol]`, and what may stand at each.

/// What may stand at a key.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// true or false
    Flag,
    /// Seconds
    Number,
    /// One of these words
    Choice(&'static [&'static str]),
    /// One line, with placeholders
    Text,
    /// Any text
    Plain,
    /// A header's name
    Header,
    /// What stands behind an endpoint's URL, with placeholders
    Path,
    /// A text, or a list of them
    Words,
    /// Absolute URIs
    Urls,
    /// A JSON pointer, or a list of them, the first of which that leads somewhere counts
    Pointers,
    /// Names of parameters
    Names,
    /// Names of standard parameters
    Dropped,
    /// Parameter → value, with placeholders
    Parameters,
    /// Standard parameter → the service's own
    Renames,
    /// Header → value, with placeholders
    Headers,
    /// Option → header
    Options,
    /// JSON pointer → what stands there when all is well
    Success,
    /// Punctuation that may stand in a query as it is
    Punctuation,
}

/// Parameters of the RFCs, under their own names.
pub(super) const STANDARD: &[&str] = &[
    "state",
    "assertion",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "device_code",
    "dpop_jkt",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "resource",
    "response_type",
    "scope",
    "subject_token",
    "subject_token_type",
    "token",
    "token_type_hint",
];

/// What means nothing in a query, and so may stand there unencoded (RFC 3986, 3.4).
pub(super) const HARMLESS: &str = ":/,;@!$()*?";

/// What a manifest can't set, because it belongs to a flow.
pub(super) const RESERVED: &[&str] = &["state", "redirect_uri", "code", "code_challenge", "nonce"];

/// The kinds of errors, as `[protocol.errors]` writes them.
pub(super) const ERRORS: &[&str] = &[
    "invalid-grant",
    "invalid-token",
    "invalid-client",
    "access-denied",
    "admin-approval-required",
    "redirect-mismatch",
    "rate-limited",
    "temporarily-unavailable",
    "insufficient-scope",
    "unsupported",
    "other",
    "pending",
    "slow-down",
];

const ALGORITHMS: Kind =
    Kind::Choice(&["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]);
const AUTHENTICATION: Kind = Kind::Choice(&["none", "post", "basic", "private-key-jwt", "client-secret-jwt", "tls"]);
const BODY: Kind = Kind::Choice(&["form", "json", "query"]);

type Keys = &'static [(&'static str, Kind)];

/// What every request has.
const STEP: Keys = &[("parameters", Kind::Parameters), ("rename", Kind::Renames), ("drop", Kind::Dropped), ("options", Kind::Names)];
const NOTHING: Keys = &[];

/// Table → its keys. Besides these there are `errors`, `descriptions` and `advice`, whose keys are the service's own words.
pub(super) const TABLES: &[(&str, [Keys; 2])] = &[
    ("", [NOTHING, &[("resources", Kind::Urls)]]),
    (
        "client",
        [
            NOTHING,
            &[
                ("authentication", AUTHENTICATION),
                ("audience", Kind::Choice(&["issuer", "token-url"])),
                ("type", Kind::Plain),
                ("issuer", Kind::Text),
                ("algorithm", ALGORITHMS),
                ("key-id", Kind::Text),
                ("lifetime", Kind::Number),
            ],
        ],
    ),
    ("request", [STEP, &[("method", Kind::Choice(&["post", "get"])), ("body", BODY), ("headers", Kind::Headers)]]),
    (
        "authorize",
        [
            STEP,
            &[
                ("pkce", Kind::Choice(&["S256", "plain", "off"])),
                ("nonce", Kind::Choice(&["on", "off"])),
                ("spaces", Kind::Choice(&["plus", "percent"])),
                ("literal", Kind::Punctuation),
            ],
        ],
    ),
    ("token", [STEP, NOTHING]),
    ("refresh", [STEP, NOTHING]),
    (
        "device",
        [
            STEP,
            &[
                ("device-code", Kind::Pointers),
                ("user-code", Kind::Pointers),
                ("verification-uri", Kind::Pointers),
                ("verification-uri-complete", Kind::Pointers),
                ("expires-in", Kind::Pointers),
                ("interval", Kind::Pointers),
            ],
        ],
    ),
    ("poll", [STEP, NOTHING]),
    ("client-credentials", [STEP, NOTHING]),
    (
        "jwt-bearer",
        [
            STEP,
            &[
                ("algorithm", ALGORITHMS),
                ("key-id", Kind::Text),
                ("issuer", Kind::Text),
                ("subject", Kind::Text),
                ("audience", Kind::Text),
                ("claims", Kind::Parameters),
                ("scope-claim", Kind::Flag),
                ("lifetime", Kind::Number),
            ],
        ],
    ),
    ("exchange", [STEP, NOTHING]),
    ("dpop", [NOTHING, &[("key", Kind::Plain), ("bearer", Kind::Flag)]]),
    (
        "scopes",
        [
            NOTHING,
            &[
                ("separator", Kind::Plain),
                ("default", Kind::Words),
                ("offline", Kind::Plain),
                ("omit-when-empty", Kind::Flag),
                ("granted", Kind::Choice(&["any", "all"])),
            ],
        ],
    ),
    (
        "answer",
        [
            NOTHING,
            &[
                ("access-token", Kind::Pointers),
                ("refresh-token", Kind::Pointers),
                ("id-token", Kind::Pointers),
                ("expires-in", Kind::Pointers),
                ("expires-unit", Kind::Choice(&["seconds", "milliseconds", "date", "date-milliseconds", "date-text"])),
                ("default-lifetime", Kind::Number),
                ("refresh-expires-in", Kind::Pointers),
                ("scope", Kind::Pointers),
                ("token-types", Kind::Words),
                ("success", Kind::Success),
                ("error", Kind::Pointers),
                ("description", Kind::Pointers),
            ],
        ],
    ),
    (
        "revoke",
        [
            STEP,
            &[
                ("style", Kind::Choice(&["rfc7009", "bearer-post", "bearer-get", "bearer-delete", "delete"])),
                ("token", Kind::Choice(&["refresh-token", "access-token", "both"])),
                ("hint", Kind::Flag),
                ("path", Kind::Path),
                ("authentication", AUTHENTICATION),
                ("body", BODY),
                ("headers", Kind::Headers),
                ("success", Kind::Success),
            ],
        ],
    ),
    (
        "identify",
        [
            STEP,
            &[
                ("style", Kind::Choice(&["api", "introspection"])),
                ("endpoint", Kind::Plain),
                ("method", Kind::Choice(&["get", "post"])),
                ("body", Kind::Choice(&["form", "json"])),
                ("path", Kind::Path),
                ("active", Kind::Pointers),
                ("id", Kind::Pointers),
                ("login", Kind::Pointers),
                ("name", Kind::Pointers),
            ],
        ],
    ),
    ("api", [NOTHING, &[("scheme", Kind::Plain), ("header", Kind::Header), ("headers", Kind::Headers), ("options", Kind::Options)]]),
    (
        "judge",
        [
            NOTHING,
            &[
                ("success", Kind::Success),
                ("code", Kind::Pointers),
                ("description", Kind::Pointers),
                ("expired", Kind::Words),
                ("revoked", Kind::Words),
                ("insufficient-scope", Kind::Words),
                ("rate-limited", Kind::Words),
                ("remaining-header", Kind::Header),
                ("reset-header", Kind::Header),
            ],
        ],
    ),
];

//! The ways in which clients show who they are.

use serde::Deserialize;

/// The ways of RFC 6749 section 2.3, OpenID Connect Core section 9, RFC 8705 section 2, and none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// The secret in a `Basic` header.
    ClientSecretBasic,
    /// The secret in the body.
    ClientSecretPost,
    /// An assertion that is signed with the secret.
    ClientSecretJwt,
    /// An assertion that is signed with the client's private key.
    PrivateKeyJwt,
    /// The certificate of the connection, for which somebody vouches (RFC 8705, 2.1).
    TlsClientAuth,
    /// The certificate of the connection, which was registered (RFC 8705, 2.2).
    SelfSignedTlsClientAuth,
    /// The client id alone.
    None,
}

impl ClientAuth {
    /// Its name in metadata (RFC 7591 section 2).
    pub fn name(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::None => "none",
        }
    }

    pub(super) fn signs(self) -> bool {
        self == Self::PrivateKeyJwt
    }

    pub(super) fn has_secret(self) -> bool {
        !matches!(self, Self::PrivateKeyJwt | Self::TlsClientAuth | Self::SelfSignedTlsClientAuth | Self::None)
    }
}

//! The certificate authority of one run, and the one server certificate that it signs for every host name of every service. A client may
//! show a certificate, whoever made it: what it stands for is the services' business (RFC 8705).

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme, SupportedProtocolVersion};
use time::OffsetDateTime;

use crate::Error;

pub(crate) struct Authority {
    pub(crate) pem: String,
    pub(crate) der: CertificateDer<'static>,
    pub(crate) server: Arc<ServerConfig>,
}

impl Authority {
    /// Makes the authority and a certificate for `hosts`. Both keys are forgotten with the process.
    pub(crate) fn generate(hosts: &[&str]) -> Result<Self, Error> {
        Self::speaking(rustls::DEFAULT_VERSIONS, hosts)
    }

    /// The same with these versions of TLS alone.
    pub(crate) fn speaking(versions: &[&'static SupportedProtocolVersion], hosts: &[&str]) -> Result<Self, Error> {
        let mut params = dated(CertificateParams::default());
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "Jeton emulator (for tests only)");
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let issuer = Issuer::new(params, key);

        let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = dated(CertificateParams::new(names)?);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.distinguished_name.push(DnType::CommonName, "Jeton emulator");
        let key = KeyPair::generate()?;
        let leaf = params.signed_by(&key, &issuer)?;

        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)?
            .with_client_cert_verifier(Arc::new(Anybody(provider)))
            .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { pem: certificate.pem(), der: certificate.der().clone(), server: Arc::new(server) })
    }
}

/// Valid from yesterday for a month: browsers distrust certificates that live for centuries.
fn dated(mut params: CertificateParams) -> CertificateParams {
    let now = OffsetDateTime::now_utc();
    params.not_before = now - time::Duration::days(1);
    params.not_after = now + time::Duration::days(30);
    params
}

/// Takes any certificate of whoever has its private key, as a service does where self-signed ones are registered, and none as well.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ClientCertVerifier for Anybody {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

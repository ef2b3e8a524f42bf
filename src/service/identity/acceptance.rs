//! TLS of a server: a configuration for each connection, so that it can be asked why that client was refused.
//!
//! What the client is told stays as `rustls` has it: the alert follows from the error, and a message of our own would make it a vaguer one.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, NamedGroup, RootCertStore, ServerConfig,
    SignatureScheme,
};

use super::error::IdentityError;
use super::exchange::KeyExchange;
use super::held::{HasSigned, HeldTlsKey};
use super::unusable;
use super::verifier::{Untrusted, untrusted};
use crate::service::held_key::SigningError;

/// Makes the configuration of each connection. That it can be made was tried.
pub(crate) struct Acceptance {
    exchange: KeyExchange,
    provider: Arc<CryptoProvider>,
    certified: Arc<CertifiedKey>,
    /// The key, where it is held elsewhere.
    held: Option<HeldTlsKey>,
    verifier: Arc<dyn ClientCertVerifier>,
    authorities: Arc<[CertificateDer<'static>]>,
}

/// TLS of one connection.
pub(crate) struct Connection {
    /// What it is accepted with.
    pub config: Arc<ServerConfig>,
    /// In which ways keys are agreed on.
    pub exchange: KeyExchange,
    /// Why its client is refused, if it is.
    pub refusal: Refusal,
    /// Where the key is held elsewhere: whether it has signed for this connection, which it does once.
    pub has_signed: Option<HasSigned>,
}

/// Why a client's certificate leads to none of our authorities, once a connection has found that out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Refusal(Arc<OnceLock<Untrusted>>);

impl Refusal {
    /// None where it does, or was refused for something else.
    pub(crate) fn why(&self) -> Option<&Untrusted> {
        self.0.get()
    }
}

impl Acceptance {
    pub(super) fn new(
        certified: &Arc<CertifiedKey>,
        held: Option<HeldTlsKey>,
        roots: &Arc<RootCertStore>,
        authorities: &[CertificateDer<'static>],
        revoked: &[CertificateRevocationListDer<'static>],
        exchange: KeyExchange,
    ) -> Result<Self, IdentityError> {
        let provider = exchange.provider();
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&provider));
        // An authority of which there is no list has revoked nothing.
        let verifier = verifier.with_crls(revoked.iter().cloned()).allow_unknown_revocation_status().build();
        let verifier = verifier.map_err(|error| unusable(&error))?;
        let certified = Arc::clone(certified);
        let acceptance = Self { exchange, provider, certified, held, verifier, authorities: authorities.into() };
        acceptance.connection().map_err(|error| unusable(&error))?;
        Ok(acceptance)
    }

    /// The key, where it is held elsewhere.
    pub(super) fn held(&self) -> Option<HeldTlsKey> {
        self.held.clone()
    }

    /// Whether its key can sign now: one that is held elsewhere is asked to, which may take a while.
    ///
    /// # Errors
    ///
    /// [`SigningError`] where it cannot.
    pub(crate) fn check_key(&self) -> Result<(), SigningError> {
        self.held.as_ref().map_or(Ok(()), HeldTlsKey::check)
    }

    /// Whether a connection that was taken is still taken at this time: the chain that was shown, and how its keys were agreed on.
    pub(crate) fn takes(&self, chain: &[CertificateDer<'_>], group: Option<NamedGroup>, now: UnixTime) -> bool {
        let Some((own, rest)) = chain.split_first() else { return false };
        self.exchange.takes(group) && self.verifier.verify_client_cert(own, rest, now).is_ok()
    }

    /// For one connection of a server that insists on a certificate.
    ///
    /// # Errors
    ///
    /// As `rustls`; not where [`Acceptance::new`] succeeded.
    pub(crate) fn connection(&self) -> Result<Connection, Error> {
        let refusal = Refusal::default();
        let verifier = Verifier {
            inner: Arc::clone(&self.verifier),
            authorities: Arc::clone(&self.authorities),
            refusal: refusal.clone(),
        };
        let config = ServerConfig::builder_with_provider(Arc::clone(&self.provider));
        let config =
            config.with_protocol_versions(self.exchange.versions())?.with_client_cert_verifier(Arc::new(verifier));
        let (certified, has_signed) = match &self.held {
            Some(held) => {
                let (key, has_signed) = held.watched();
                (Arc::new(CertifiedKey { key, ..CertifiedKey::clone(&self.certified) }), Some(has_signed))
            }
            None => (Arc::clone(&self.certified), None),
        };
        let mut config = config.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session would outlive the certificate that it began with.
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Connection { config: Arc::new(config), exchange: self.exchange, refusal, has_signed })
    }
}

/// Verifies as [`WebPkiClientVerifier`] does, and notes more of whom it refuses.
#[derive(Debug)]
struct Verifier {
    inner: Arc<dyn ClientCertVerifier>,
    authorities: Arc<[CertificateDer<'static>]>,
    refusal: Refusal,
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.inner.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        own: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.inner.verify_client_cert(own, rest, now).inspect_err(|error| {
            use CertificateError::{BadSignature, UnknownIssuer};
            if let Error::InvalidCertificate(UnknownIssuer | BadSignature) = error
                && let Some(why) = untrusted(own, rest, &self.authorities)
            {
                // One certificate a connection.
                drop(self.refusal.0.set(why));
            }
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

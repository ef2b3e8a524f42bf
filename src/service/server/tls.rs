//! Mutual TLS: both sides show a certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;

/// A certificate with its key, and the authority whose certificates are accepted from the other side.
pub struct Identity {
    /// The chain, the own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
    /// Authorities.
    pub authorities: Vec<CertificateDer<'static>>,
}

/// Why an identity cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not PEM, or without what is needed.
    #[error("{file}: no {expected} in PEM; 'cotejo certificates' makes them for trials")]
    Pem {
        /// Where.
        file: String,
        /// What is missing.
        expected: &'static str,
    },
    /// They do not fit together.
    #[error("certificate, key and authority cannot be used: {0}; make them anew")]
    Unusable(String),
}

impl Identity {
    /// Reads an identity from PEM texts; the names are for errors.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Pem`] names the one that is not what it should be.
    pub fn from_pem(
        chain: (&Path, &[u8]),
        key: (&Path, &[u8]),
        authorities: (&Path, &[u8]),
    ) -> Result<Self, IdentityError> {
        let missing = |file: &Path, expected| IdentityError::Pem { file: file.display().to_string(), expected };
        let certificates = |(file, pem): (&Path, &[u8])| {
            let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            all.ok().filter(|all| !all.is_empty()).ok_or_else(|| missing(file, "certificate"))
        };
        Ok(Self {
            chain: certificates(chain)?,
            authorities: certificates(authorities)?,
            key: PrivateKeyDer::from_pem_slice(key.1).map_err(|_| missing(key.0, "private key"))?,
        })
    }

    /// For a server that insists on a certificate.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unusable`].
    pub fn server_config(self) -> Result<Arc<rustls::ServerConfig>, IdentityError> {
        let unusable = |error: &dyn std::fmt::Display| IdentityError::Unusable(error.to_string());
        let mut roots = rustls::RootCertStore::empty();
        for authority in self.authorities {
            roots.add(authority).map_err(|error| unusable(&error))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let verifier = verifier.map_err(|error| unusable(&error))?;
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| unusable(&error))?.with_client_cert_verifier(verifier);
        let mut config = config.with_single_cert(self.chain, self.key).map_err(|error| unusable(&error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session would outlive the certificate that it began with.
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

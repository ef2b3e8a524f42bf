//! Mutual TLS: both sides show a certificate.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::remedy::Remedy;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{InconsistentKeys, RootCertStore};

/// A certificate with its key, and the authority whose certificates are accepted from the other side. TLS takes them: that was tried.
pub struct Identity {
    /// The chain, the own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
    /// Authorities whose certificates are accepted from the other side.
    pub authorities: Vec<CertificateDer<'static>>,
    certified: Arc<CertifiedKey>,
    roots: Arc<RootCertStore>,
}

/// A file in PEM, as it was read.
#[derive(Clone, Copy)]
pub struct PemFile<'a> {
    /// Where it is, for errors.
    pub path: &'a Path,
    /// What stands in it.
    pub content: &'a [u8],
}

/// Why an identity cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// Not PEM, or without what is needed.
    #[error("{file}: no {expected} in PEM")]
    Pem {
        /// The file that was read.
        file: String,
        /// What is missing.
        expected: &'static str,
    },
    /// A certificate that TLS does not take.
    #[error("{file}: a certificate {why}")]
    Certificate {
        /// The certificate's file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// A private key that TLS does not take.
    #[error("{file}: a private key that cannot be used: RSA of 2048 to 4096 bits, P-256, P-384 and Ed25519 can")]
    Key {
        /// The key's file.
        file: String,
    },
    /// They do not belong together.
    #[error("{key}: not the private key of the certificate in {certificate}")]
    Mismatch {
        /// File of the certificate.
        certificate: String,
        /// File of the key.
        key: String,
    },
    /// An authority that nothing can be checked with.
    #[error("{file}: an authority's certificate {why}")]
    Authority {
        /// The authority's file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// TLS itself refused.
    #[error("TLS cannot be set up: {0}")]
    Unusable(String),
}

impl Remedy for IdentityError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Pem { .. } => "'cotejo certificates' makes them for trials",
            Self::Certificate { .. } => "have another one issued (for trials: cotejo certificates issue)",
            Self::Key { .. } => "have a certificate issued for such a key (for trials: cotejo certificates issue)",
            Self::Mismatch { .. } => {
                "name the key that this certificate was issued for, or have another one issued (for trials: cotejo certificates issue)"
            }
            Self::Authority { .. } => "get it again from whoever issues certificates",
            Self::Unusable(..) => "have certificates issued anew (for trials: cotejo certificates issue)",
        };
        Some(remedy.into())
    }
}

impl Identity {
    /// Reads an identity from files in PEM, and tries it.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] names the one that is not what it should be.
    pub fn from_pem(chain: PemFile<'_>, key: PemFile<'_>, authorities: PemFile<'_>) -> Result<Self, IdentityError> {
        let files = [chain.path, key.path, authorities.path].map(|path| path.display().to_string());
        let [chain_file, key_file, authority_file] = &files;
        let missing = |file: &String, expected| IdentityError::Pem { file: file.clone(), expected };
        let certificates = |file, pem: &[u8]| {
            let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            all.ok().filter(|all| !all.is_empty()).ok_or_else(|| missing(file, "certificate"))
        };
        let chain = certificates(chain_file, chain.content)?;
        let authorities = certificates(authority_file, authorities.content)?;
        let key = PrivateKeyDer::from_pem_slice(key.content).map_err(|_| missing(key_file, "private key"))?;
        let certified = Arc::new(certified(chain.clone(), &key, chain_file, key_file)?);
        let roots = Arc::new(roots(&authorities, authority_file)?);
        Ok(Self { chain, key, authorities, certified, roots })
    }

    /// For a server that insists on a certificate.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unusable`].
    pub(crate) fn server_config(&self) -> Result<Arc<rustls::ServerConfig>, IdentityError> {
        let unusable = |error: &dyn std::fmt::Display| IdentityError::Unusable(error.to_string());
        let (provider, roots) = (provider(), Arc::clone(&self.roots));
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider)).build();
        let verifier = verifier.map_err(|error| unusable(&error))?;
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|error| unusable(&error))?.with_client_cert_verifier(verifier);
        let mut config = config.with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&self.certified))));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // A resumed session would outlive the certificate that it began with.
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// As TLS does when it is set up, on either side: so that what it would refuse is refused here, by the name of its file.
fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: &PrivateKeyDer<'static>,
    chain_file: &str,
    key_file: &str,
) -> Result<CertifiedKey, IdentityError> {
    let refused = |error: &rustls::Error| IdentityError::Certificate { file: chain_file.to_owned(), why: why(error) };
    for certificate in &chain {
        ParsedCertificate::try_from(certificate).map_err(|error| refused(&error))?;
    }
    let signing = provider().key_provider.load_private_key(key.clone_key());
    let signing = signing.map_err(|_| IdentityError::Key { file: key_file.to_owned() })?;
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        // A key that does not tell its public half is taken at its word, as TLS does.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(IdentityError::Mismatch { certificate: chain_file.to_owned(), key: key_file.to_owned() })
        }
        Err(error) => Err(refused(&error)),
    }
}

fn roots(authorities: &[CertificateDer<'static>], file: &str) -> Result<RootCertStore, IdentityError> {
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        let added = roots.add(authority.clone());
        added.map_err(|error| IdentityError::Authority { file: file.to_owned(), why: why(&error) })?;
    }
    Ok(roots)
}

/// What is wrong with a certificate, in words.
fn why(error: &rustls::Error) -> String {
    let text = error.to_string();
    // The verifier's own words.
    for (sign, words) in [
        ("UnsupportedCertVersion", "that is not of X.509 version 3"),
        ("UnsupportedCriticalExtension", "with a critical extension that is not understood here"),
        ("UnhandledCriticalExtension", "with a critical extension that is not understood here"),
    ] {
        if text.contains(sign) {
            return words.to_owned();
        }
    }
    "that is damaged, or not written as X.509 has it".to_owned()
}

//! Mutual TLS: both sides show a certificate.
//!
//! All that TLS will need is built when the files are read, so that what it would refuse is refused by the name of its file.

mod acceptance;
mod content;
mod error;
mod exchange;
mod fingerprint;
mod held;
mod pem;
mod revocation;
mod side;
mod standing;
mod verifier;

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};
use rustls::{ClientConfig, InconsistentKeys, RootCertStore, SignatureScheme};

pub(crate) use acceptance::{Acceptance, Connection};
pub use content::{Content, Needed};
pub use error::IdentityError;
pub(crate) use exchange::ClassicalPeer;
pub use exchange::KeyExchange;
pub(crate) use fingerprint::fingerprint;
use held::HeldTlsKey;
pub(crate) use held::signing_error;
use pem::certificates;
pub(crate) use pem::own_certificate;
pub(crate) use revocation::ends;
pub use side::Side;
pub(crate) use verifier::Untrusted;
use verifier::Verifier;

use crate::service::time::Time;

/// A private key of TLS: here, or held elsewhere.
pub enum TlsKey<'a> {
    /// In PEM.
    Pem(PemFile<'a>),
    /// Held elsewhere: it tells its public half, signs from any thread, and may block, but not for ever. An error of its own is told as
    /// [`rustls::OtherError`] of a [`crate::service::held_key::SigningError`].
    Held {
        /// Names it in errors.
        name: String,
        /// Signs.
        key: Arc<dyn SigningKey>,
    },
}

/// A certificate with its key, and the authority whose certificates are accepted from the other side. TLS takes them: that was tried.
pub struct Identity {
    /// The chain, the own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its private key; none where it is held elsewhere.
    pub key: Option<PrivateKeyDer<'static>>,
    /// Authorities whose certificates are accepted from the other side.
    pub authorities: Vec<CertificateDer<'static>>,
    /// Where the chain is, for errors.
    file: String,
    roots: Arc<RootCertStore>,
    certified: Arc<CertifiedKey>,
    /// Those that are not let in.
    revoked: Vec<CertificateRevocationListDer<'static>>,
    /// When the first list of revoked certificates is to be replaced by another, and where it is.
    lists_until: Option<(Time, String)>,
    exchange: KeyExchange,
    server: Arc<Acceptance>,
    client: Arc<ClientConfig>,
}

/// A file in PEM, as it was read.
#[derive(Clone, Copy)]
pub struct PemFile<'a> {
    /// Where it is, for errors.
    pub path: &'a Path,
    /// What stands in it.
    pub content: &'a [u8],
}

impl Identity {
    /// Reads an identity from files in PEM, and builds TLS of it for either side.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] names the one that is not what it should be.
    pub fn from_pem(chain: PemFile<'_>, key: PemFile<'_>, authorities: PemFile<'_>) -> Result<Self, IdentityError> {
        Self::new(chain, TlsKey::Pem(key), authorities)
    }

    /// Reads an identity whose private key may be held elsewhere.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] names what is not what it should be.
    pub fn new(chain: PemFile<'_>, key: TlsKey<'_>, authorities: PemFile<'_>) -> Result<Self, IdentityError> {
        let files = [chain.path, authorities.path].map(|path| path.display().to_string());
        let [chain_file, authority_file] = &files;
        let chain = certificates(chain)?;
        let authorities = certificates(authorities)?;
        let exchange = KeyExchange::default();
        let (key_file, key, signing, held) = match key {
            TlsKey::Pem(file) => {
                let (name, key) = (file.path.display().to_string(), pem::private_key(file)?);
                let signing = exchange.provider().key_provider.load_private_key(key.clone_key()).ok();
                let signing = signing.filter(|signing| is_taken_everywhere(signing.as_ref()));
                (name.clone(), Some(key), signing.ok_or(IdentityError::Key { file: name })?, None)
            }
            TlsKey::Held { name, key } => (name.clone(), None, Arc::clone(&key), Some(HeldTlsKey { name, key })),
        };
        let certified = Arc::new(certified(chain.clone(), signing, chain_file, &key_file)?);
        let roots = Arc::new(roots(&authorities, authority_file)?);
        let server = Arc::new(Acceptance::new(&certified, held, &roots, &authorities, &[], exchange)?);
        let client = client_config(&certified, &roots, &authorities, &[], exchange)?;
        let (file, revoked, lists_until) = (chain_file.clone(), Vec::new(), None);
        Ok(Self { chain, key, authorities, file, roots, certified, revoked, lists_until, exchange, server, client })
    }

    /// The same identity, which agrees on keys in these ways alone.
    ///
    /// # Errors
    ///
    /// [`IdentityError::Unusable`], which is not expected.
    pub fn exchanging(mut self, exchange: KeyExchange) -> Result<Self, IdentityError> {
        self.exchange = exchange;
        self.rebuilt()
    }

    /// TLS of what it holds.
    fn rebuilt(mut self) -> Result<Self, IdentityError> {
        let (certified, roots, authorities) = (&self.certified, &self.roots, &self.authorities);
        let (revoked, held) = (&self.revoked, self.server.held());
        self.server = Arc::new(Acceptance::new(certified, held, roots, authorities, revoked, self.exchange)?);
        self.client = client_config(certified, roots, authorities, revoked, self.exchange)?;
        Ok(self)
    }

    /// In which ways it agrees on keys.
    pub(crate) fn exchange(&self) -> KeyExchange {
        self.exchange
    }

    /// For a server that insists on a certificate.
    pub(crate) fn acceptance(&self) -> Arc<Acceptance> {
        Arc::clone(&self.server)
    }

    /// For a client that shows one.
    pub(crate) fn client_config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.client)
    }
}

/// Parties of version 0.1 verify nothing that P-521 signs.
fn is_taken_everywhere(key: &dyn SigningKey) -> bool {
    key.choose_scheme(&[SignatureScheme::ECDSA_NISTP521_SHA512]).is_none()
}

fn unusable(error: &dyn std::fmt::Display) -> IdentityError {
    IdentityError::Unusable(error.to_string())
}

fn client_config(
    certified: &Arc<CertifiedKey>,
    roots: &Arc<RootCertStore>,
    authorities: &[CertificateDer<'static>],
    revoked: &[CertificateRevocationListDer<'static>],
    exchange: KeyExchange,
) -> Result<Arc<ClientConfig>, IdentityError> {
    let provider = exchange.provider();
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&provider));
    let verifier = verifier.with_crls(revoked.iter().cloned()).allow_unknown_revocation_status().build();
    let verifier = Verifier::new(verifier.map_err(|error| unusable(&error))?, authorities.to_vec());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(exchange.versions());
    // Not dangerous: the verifier is that of `rustls`, with more to say of whom it refuses.
    let config =
        config.map_err(|error| unusable(&error))?.dangerous().with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(certified))));
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

/// As TLS does when it is set up, on either side.
fn certified(
    chain: Vec<CertificateDer<'static>>,
    signing: Arc<dyn SigningKey>,
    chain_file: &str,
    key_file: &str,
) -> Result<CertifiedKey, IdentityError> {
    let refused =
        |error: &rustls::Error| IdentityError::Certificate { file: chain_file.to_owned(), why: error::why(error) };
    for certificate in &chain {
        ParsedCertificate::try_from(certificate).map_err(|error| refused(&error))?;
    }
    let is_of = |certificate: &CertificateDer<'static>| {
        CertifiedKey::new(vec![certificate.clone()], Arc::clone(&signing)).keys_match().is_ok()
    };
    let is_of_a_later_one = chain.iter().skip(1).any(is_of);
    let certified = CertifiedKey::new(chain, signing);
    match certified.keys_match() {
        // A key that does not tell its public half is taken at its word, as TLS does.
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(rustls::Error::InconsistentKeys(_)) if is_of_a_later_one => {
            Err(IdentityError::Order { file: chain_file.to_owned() })
        }
        Err(rustls::Error::InconsistentKeys(_)) => {
            Err(IdentityError::Mismatch { certificate: chain_file.to_owned(), key: key_file.to_owned() })
        }
        Err(error) => Err(refused(&error)),
    }
}

fn roots(authorities: &[CertificateDer<'static>], file: &str) -> Result<RootCertStore, IdentityError> {
    let refused = |why| IdentityError::Authority { file: file.to_owned(), why };
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots.add(authority.clone()).map_err(|error| refused(error::why(&error)))?;
        if standing::is_a_partys(authority) {
            return Err(refused("that is a party's own: it has issued no other".to_owned()));
        }
    }
    Ok(roots)
}

//! A key of TLS that is held elsewhere: whether it can sign now, and whether it has.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use rustls::{Error, SignatureAlgorithm, SignatureScheme};

use crate::service::held_key::SigningError;

/// What it is tried with: no text that TLS signs begins so (RFC 8446, section 4.4.3; RFC 5246, section 7.4.3).
const TRIED: &[u8] = b"cotejo trial of a key v1\0";

/// All that a key may sign with.
const SCHEMES: [SignatureScheme; 5] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::ECDSA_NISTP384_SHA384,
    SignatureScheme::ED25519,
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PKCS1_SHA256,
];

/// A key of TLS that is held elsewhere.
#[derive(Clone)]
pub(super) struct HeldTlsKey {
    pub name: String,
    pub key: Arc<dyn SigningKey>,
}

impl HeldTlsKey {
    /// Has it sign.
    pub(super) fn check(&self) -> Result<(), SigningError> {
        let Some(signer) = self.key.choose_scheme(&SCHEMES) else { return Ok(()) };
        signer.sign(TRIED).map(drop).map_err(|error| {
            signing_error(&error).cloned().unwrap_or_else(|| SigningError::Unavailable {
                key: self.name.clone(),
                why: error.to_string(),
                remedy: "see to the key, and start again".to_owned(),
            })
        })
    }
}

impl HeldTlsKey {
    /// The key as one connection has it.
    pub(super) fn watched(&self) -> (Arc<dyn SigningKey>, HasSigned) {
        let has_signed = HasSigned::default();
        (Arc::new(Watched { of: Arc::clone(&self.key), has_signed: has_signed.clone() }), has_signed)
    }
}

/// Whether a key has signed, or was asked to and could not.
#[derive(Clone, Debug, Default)]
pub(crate) struct HasSigned(Arc<AtomicBool>);

impl HasSigned {
    /// Whether it has.
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Notes that it signs.
#[derive(Debug)]
struct Watched<T> {
    of: T,
    has_signed: HasSigned,
}

impl SigningKey for Watched<Arc<dyn SigningKey>> {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        let of = self.of.choose_scheme(offered)?;
        Some(Box::new(Watched { of, has_signed: self.has_signed.clone() }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        self.of.public_key()
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.of.algorithm()
    }
}

impl Signer for Watched<Box<dyn Signer>> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signed = self.of.sign(message);
        self.has_signed.0.store(true, Ordering::Relaxed);
        signed
    }

    fn scheme(&self) -> SignatureScheme {
        self.of.scheme()
    }
}

/// What a key that is held elsewhere says, where that is why TLS failed.
pub(crate) fn signing_error(error: &Error) -> Option<&SigningError> {
    match error {
        Error::Other(other) => other.0.downcast_ref(),
        _ => None,
    }
}

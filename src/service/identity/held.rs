//! A key of TLS that is held elsewhere: whether it can sign now.

use std::sync::Arc;

use rustls::sign::SigningKey;
use rustls::{Error, SignatureScheme};

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

/// What a key that is held elsewhere says, where that is why TLS failed.
pub(crate) fn signing_error(error: &Error) -> Option<&SigningError> {
    match error {
        Error::Other(other) => other.0.downcast_ref(),
        _ => None,
    }
}

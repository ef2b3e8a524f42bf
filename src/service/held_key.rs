//! Keys that are held elsewhere than in this process, in a token say, and sign there.
//!
//! How such a key is reached is whoever's who makes one: this library opens no device and loads no module.

use std::borrow::Cow;

use crate::remedy::Remedy;

/// An Ed25519 key (RFC 8032) that is held elsewhere.
pub trait HeldKey: Send + Sync {
    /// Its public half, as it is encoded there.
    fn public(&self) -> [u8; 32];

    /// Signs a message, of any length: Ed25519 itself, neither of a context nor of a hash. From any thread; it may block, but not for ever.
    ///
    /// # Errors
    ///
    /// [`SigningError::Unavailable`] where the key cannot be asked. Whether what comes back is a signature is checked by whoever asked.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SigningError>;
}

/// Why a key that is held elsewhere has not signed. Nothing that it should have signed has left.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// It cannot be asked now.
    #[error("{key}: cannot sign: {why}")]
    Unavailable {
        /// Names the key; no secret.
        key: String,
        /// What whoever holds it says.
        why: String,
        /// What to do.
        remedy: String,
    },
    /// It gave something else than a signature of this message with this key.
    #[error("key {0} has signed wrongly: what came back is not its signature")]
    Wrong(String),
    /// It gives another signature of the same message each time.
    #[error("key {0} does not sign as RFC 8032 has it: the same message twice, and the signatures differ")]
    Varying(String),
}

impl Remedy for SigningError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Unavailable { remedy, .. } => return Some(remedy.clone().into()),
            Self::Wrong(_) => "have whoever holds it look at the token: nothing it signs can be used",
            Self::Varying(_) => "hold the key where Ed25519 is deterministic, or in a file",
        };
        Some(remedy.into())
    }
}

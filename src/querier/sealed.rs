//! Verdicts that are kept: encrypted under the querier's key, for one request.

use std::borrow::Cow;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use rand::CryptoRng;
use zeroize::Zeroizing;

use super::Querier;
use super::derive::{Purpose, Underivable};
use crate::agreement::Code;
use crate::remedy::Remedy;
use crate::scheme::Holder;

/// Why verdicts cannot be kept, or read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// Kept by another version.
    #[error("kept verdicts of another version")]
    Version,
    /// Under another key, of another request or agreement, or altered.
    #[error("these verdicts were not kept under this key for this request")]
    Foreign,
    /// More than the cipher takes, 256 GiB.
    #[error("too long to be kept")]
    TooLong,
    /// The key of kept verdicts could not be derived.
    #[error(transparent)]
    Underivable(#[from] Underivable),
}

impl Remedy for SealError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Underivable(error) => return error.remedy(),
            Self::Version => "use the version of cotejo that kept them",
            Self::Foreign => "use the keys that the query was made with ('keys' of the configuration)",
            _ => return None,
        };
        Some(remedy.into())
    }
}

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

impl<S: Holder> Querier<S> {
    /// Encrypts what is kept of a request's verdicts: version, nonce, XChaCha20-Poly1305. Request number and agreement are bound to it.
    ///
    /// # Errors
    ///
    /// [`SealError::TooLong`].
    pub fn seal(&self, number: &Code, content: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_BYTES];
        rng.fill_bytes(&mut nonce);
        let bound = self.bound(number);
        let payload = Payload { msg: content, aad: &bound };
        let sealed = self.cipher()?.encrypt(XNonce::from_slice(&nonce), payload).map_err(|_| SealError::TooLong)?;
        Ok([&[VERSION], nonce.as_slice(), &sealed].concat())
    }

    /// Reads [`Querier::seal`] back.
    ///
    /// # Errors
    ///
    /// [`SealError`] for anything else.
    pub fn unseal(&self, number: &Code, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let rest = match sealed.split_first() {
            Some((&VERSION, rest)) => rest,
            _ => return Err(SealError::Version),
        };
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Foreign)?;
        let bound = self.bound(number);
        let payload = Payload { msg: sealed, aad: &bound };
        let content = self.cipher()?.decrypt(XNonce::from_slice(nonce), payload);
        content.map(Zeroizing::new).map_err(|_| SealError::Foreign)
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305, SealError> {
        let key = self.key.derive(Purpose::Verdicts, &[&self.agreement.digest().0])?;
        Ok(XChaCha20Poly1305::new((&*key).into()))
    }

    /// What is authenticated beside the content.
    fn bound(&self, number: &Code) -> Vec<u8> {
        [b"cotejo verdicts v1\0", self.agreement.digest().0.as_slice(), number.as_str().as_bytes()].concat()
    }
}

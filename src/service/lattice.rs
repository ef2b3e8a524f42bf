//! A second signature on what outlasts Ed25519: ML-DSA-65 (FIPS 204), beside the first and never instead of it.
//!
//! Its key follows from the signing key's secret, so that nothing else has to be kept; its public half is told to the other party apart
//! (`cotejo keys ml-dsa`), which from then on takes no statement without it. What is signed names the Ed25519 key as well: a second signature
//! stands beside that key's first one and nowhere else.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{KeyPair as _, ML_DSA_65, ML_DSA_65_SIGNING, PqdsaKeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::held_key::SigningError;

/// Bytes of a public key (FIPS 204, table 2).
const KEY_BYTES: usize = 1952;
/// Bytes of a signature.
const SIGNATURE_BYTES: usize = 3309;
/// As text, in bytes: Base64.
pub(crate) const SIGNATURE_TEXT_BYTES: usize = SIGNATURE_BYTES.div_ceil(3) * 4;

/// What a public key's text begins with.
const LABEL: &str = "ml-dsa-65:";

macro_rules! base64_text {
    ($(#[$doc:meta])* $name:ident, $bytes:expr, $label:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(Arc<[u8]>);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $label, STANDARD.encode(&self.0))
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl std::str::FromStr for $name {
            type Err = LatticeTextError;

            fn from_str(text: &str) -> Result<Self, LatticeTextError> {
                let bytes = text.strip_prefix($label).and_then(|text| STANDARD.decode(text).ok());
                // One text for one value.
                let value = bytes.filter(|bytes| bytes.len() == $bytes).map(|bytes| Self(bytes.into()));
                value.filter(|value| value.to_string() == text).ok_or(LatticeTextError)
            }
        }

        impl TryFrom<String> for $name {
            type Error = LatticeTextError;

            fn try_from(text: String) -> Result<Self, LatticeTextError> {
                text.parse()
            }
        }
    };
}

/// Not the text of such a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not 'ml-dsa-65:' and 2604 characters of Base64")]
pub struct LatticeTextError;

base64_text!(
    /// What a second signature is checked with: 1,952 bytes.
    LatticeKey,
    KEY_BYTES,
    LABEL
);
base64_text!(
    /// A second signature: 3,309 bytes.
    LatticeSignature,
    SIGNATURE_BYTES,
    ""
);

impl fmt::Debug for LatticeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LatticeKey({})", hex::encode(self.digest()))
    }
}

impl fmt::Debug for LatticeSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LatticeSignature")
    }
}

impl LatticeKey {
    /// Names the key for people: SHA-256.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }

    /// Whether this key has signed that beside an Ed25519 key.
    pub(super) fn verifies(&self, beside: &[u8; 32], message: &[u8], signature: &LatticeSignature) -> bool {
        UnparsedPublicKey::new(&ML_DSA_65, &self.0).verify(&signed(beside, message), &signature.0).is_ok()
    }
}

/// The secret half. AWS-LC holds it, and wipes it when it is freed. Does not print.
pub(super) struct LatticeSecret(PqdsaKeyPair);

impl LatticeSecret {
    /// Of a seed of 32 bytes (FIPS 204, algorithm 6).
    pub(super) fn from_seed(seed: &[u8; 32]) -> Result<Self, SigningError> {
        PqdsaKeyPair::from_seed(&ML_DSA_65_SIGNING, seed).map(Self).map_err(|_| failed())
    }

    /// The other half.
    pub(super) fn public(&self) -> LatticeKey {
        LatticeKey(self.0.public_key().as_ref().into())
    }

    /// Signs beside an Ed25519 key. Hedged with randomness of the system's: no two signatures are the same.
    pub(super) fn sign(&self, beside: &[u8; 32], message: &[u8]) -> Result<LatticeSignature, SigningError> {
        let mut signature = vec![0; SIGNATURE_BYTES];
        let written = self.0.sign(&signed(beside, message), &mut signature).map_err(|_| failed())?;
        signature.truncate(written);
        Ok(LatticeSignature(signature.into()))
    }
}

fn failed() -> SigningError {
    SigningError::Unavailable {
        key: "ml-dsa-65".to_owned(),
        why: "the second signature could not be made".to_owned(),
        remedy: "report this as a fault of cotejo".to_owned(),
    }
}

/// What is signed: `message` is that of the first signature, which names its kind.
fn signed(beside: &[u8; 32], message: &[u8]) -> Vec<u8> {
    [b"cotejo ml-dsa-65 v1\0".as_slice(), beside, message].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_follows_from_its_seed_and_a_signature_is_of_one_text_beside_one_key() {
        let (secret, again) =
            (LatticeSecret::from_seed(&[7; 32]).unwrap(), LatticeSecret::from_seed(&[7; 32]).unwrap());
        let (beside, key) = ([1; 32], secret.public());
        assert_eq!(key, again.public());
        assert_ne!(key, LatticeSecret::from_seed(&[8; 32]).unwrap().public());
        let signature = secret.sign(&beside, b"text").unwrap();
        assert!(key.verifies(&beside, b"text", &signature));
        assert!(!key.verifies(&[2; 32], b"text", &signature));
        assert!(!key.verifies(&beside, b"texts", &signature));
        let mut altered = signature.0.to_vec();
        altered[100] ^= 1;
        assert!(!key.verifies(&beside, b"text", &LatticeSignature(altered.into())));
    }

    #[test]
    fn keys_and_signatures_have_one_text() {
        let secret = LatticeSecret::from_seed(&[7; 32]).unwrap();
        let (key, signature) = (secret.public(), secret.sign(&[1; 32], b"").unwrap());
        assert_eq!((key.0.len(), signature.0.len()), (KEY_BYTES, SIGNATURE_BYTES));
        assert_eq!(signature.to_string().len(), SIGNATURE_TEXT_BYTES);
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        assert_eq!(signature.to_string().parse(), Ok(signature.clone()));
        let text = key.to_string();
        for other in [&text[1..], &text[..text.len() - 4], &format!("{text} "), ""] {
            assert_eq!(other.parse::<LatticeKey>(), Err(LatticeTextError));
        }
    }
}

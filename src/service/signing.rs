//! Ed25519 keys, and statements that are signed with them (RFC 8032).
//!
//! What a partner may have to prove years later (requests, receipts, replies, standings) is signed a second time, with ML-DSA-65: see
//! [`lattice`](super::lattice).
//!
//! A statement crosses as the text that was signed, beside the signature: nobody has to agree on how JSON is written to check it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

pub use crate::hexadecimal::HexError;
use crate::hexadecimal::hexadecimal;
use crate::remedy::Remedy;
use crate::service::held_key::{HeldKey, SigningError};
use crate::service::lattice::{LatticeKey, LatticeSecret, LatticeSignature, SIGNATURE_TEXT_BYTES};
use ed25519_dalek::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{Signer, Verifier};
use rand::CryptoRng;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, Zeroizing};

/// What one party signs with: a seed, or a key that is held elsewhere. Does not print, copy or serialise by accident.
pub struct SigningKey {
    held: Held,
    /// What it signs with a second time, once that was needed.
    lattice: OnceLock<LatticeSecret>,
}

enum Held {
    /// Here: wiped on drop. It stands at one place in memory: moving it leaves no copy behind.
    Seed(Box<ed25519_dalek::SigningKey>),
    /// Elsewhere; beside it the secret that others are derived from, as from a seed.
    Elsewhere { key: Arc<dyn HeldKey>, public: PublicKey, root: Zeroizing<Vec<u8>> },
}

/// What a key that is held elsewhere signs to begin with, and whenever it is asked whether it can: no statement and no log entry.
const ROOT: &[u8] = b"cotejo derived secrets v1\0";
const TRIED: &[u8] = b"cotejo trial of a key v1\0";
/// What the second key is derived for.
const LATTICE: &[u8] = b"cotejo ml-dsa-65 key v1\0";

impl SigningKey {
    /// A fresh key.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        Self::of(Held::Seed(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed))))
    }

    fn of(held: Held) -> Self {
        Self { held, lattice: OnceLock::new() }
    }

    /// Reads PKCS #8 in PEM; `None` for anything else.
    pub fn from_pem(text: &str) -> Option<Self> {
        without_traces(|| {
            ed25519_dalek::SigningKey::from_pkcs8_pem(text).ok().map(|key| Self::of(Held::Seed(Box::new(key))))
        })
    }

    /// One that is held elsewhere. What is derived from a seed else is derived from a signature of a fixed text: Ed25519 gives the same
    /// one each time, and nobody else can make it. That it does is tried.
    ///
    /// # Errors
    ///
    /// [`SigningError`] where it cannot be asked, or does not sign as Ed25519 does.
    pub fn held_elsewhere(key: Arc<dyn HeldKey>) -> Result<Self, SigningError> {
        let public = PublicKey(key.public());
        let (root, again) = (Zeroizing::new(key.sign(ROOT)?), Zeroizing::new(key.sign(ROOT)?));
        if !public.verifies(ROOT, &Signature(*root)) {
            return Err(SigningError::Wrong(public.to_string()));
        }
        match *root == *again {
            true => Ok(Self::of(Held::Elsewhere { key, public, root: Zeroizing::new(root.to_vec()) })),
            false => Err(SigningError::Varying(public.to_string())),
        }
    }

    /// As PKCS #8 in PEM, version 1: OpenSSL 3.0 does not read version 2, which has the public half beside it. None where it is held
    /// elsewhere.
    pub(crate) fn to_pem(&self) -> Option<Zeroizing<String>> {
        let Held::Seed(key) = &self.held else { return None };
        let mut pair = KeypairBytes { secret_key: *key.as_bytes(), public_key: None };
        let pem = pair.to_pkcs8_pem(Default::default());
        pair.secret_key.zeroize();
        Some(Zeroizing::new(pem.ok()?.to_string()))
    }

    /// The other half.
    pub fn public(&self) -> PublicKey {
        match &self.held {
            Held::Seed(key) => PublicKey(key.verifying_key().to_bytes()),
            Held::Elsewhere { public, .. } => *public,
        }
    }

    /// What finds out whether it can sign now: apart from the key, for it may take a while.
    pub(super) fn trial(&self) -> Trial {
        match &self.held {
            Held::Seed(_) => Trial(None),
            Held::Elsewhere { key, public, .. } => Trial(Some((Arc::clone(key), *public))),
        }
    }

    /// A secret for another use than signing, from which the key cannot be told (HKDF-SHA256, RFC 5869).
    pub(super) fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        let mut secret = Zeroizing::new([0; 32]);
        let root: &[u8] = match &self.held {
            Held::Seed(key) => key.as_bytes(),
            Held::Elsewhere { root, .. } => root,
        };
        // Only of lengths beyond 8160 bytes it says no.
        without_traces(|| hkdf::Hkdf::<Sha256>::new(None, root).expand(purpose, secret.as_mut())).unwrap_or_default();
        secret
    }

    /// Signs; what comes from elsewhere is checked, so that no wrong signature spoils a log.
    ///
    /// # Errors
    ///
    /// [`SigningError`] where it is held elsewhere, and cannot be asked or signs wrongly.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Signature, SigningError> {
        match &self.held {
            Held::Seed(key) => Ok(without_traces(|| Signature(key.sign(message).to_bytes()))),
            Held::Elsewhere { key, public, .. } => signed_elsewhere(key.as_ref(), public, message),
        }
    }
}

impl SigningKey {
    /// What its second signatures are checked with.
    ///
    /// # Errors
    ///
    /// [`SigningError`], which is not expected.
    pub fn lattice_key(&self) -> Result<LatticeKey, SigningError> {
        self.lattice().map(LatticeSecret::public)
    }

    fn lattice(&self) -> Result<&LatticeSecret, SigningError> {
        if let Some(made) = self.lattice.get() {
            return Ok(made);
        }
        let made = LatticeSecret::from_seed(&self.derive(LATTICE))?;
        Ok(self.lattice.get_or_init(|| made))
    }
}

/// A signature that is not taken on anybody's word.
fn signed_elsewhere(key: &dyn HeldKey, public: &PublicKey, message: &[u8]) -> Result<Signature, SigningError> {
    let signature = Signature(key.sign(message)?);
    let is_right = public.verifies(message, &signature);
    is_right.then_some(signature).ok_or_else(|| SigningError::Wrong(public.to_string()))
}

/// Finds out whether a signing key can sign.
pub(crate) struct Trial(Option<(Arc<dyn HeldKey>, PublicKey)>);

impl Trial {
    /// One that is held elsewhere is asked to.
    ///
    /// # Errors
    ///
    /// [`SigningError`] where it cannot.
    pub(crate) fn check(&self) -> Result<(), SigningError> {
        self.0.as_ref().map_or(Ok(()), |(key, public)| signed_elsewhere(key.as_ref(), public, TRIED).map(drop))
    }
}

/// Does some work with a secret, and wipes what that has left on the stack.
fn without_traces<T>(work: impl FnOnce() -> T) -> T {
    #[inline(never)]
    fn apart<T>(work: impl FnOnce() -> T) -> T {
        work()
    }
    #[inline(never)]
    fn wipe() {
        // Where the frames of that work were, and deeper than it went.
        let mut below = [0_u8; 1 << 15];
        below.zeroize();
        std::hint::black_box(&below);
    }
    let done = apart(work);
    wipe();
    done
}

hexadecimal!(
    /// What one party's signatures are checked with: an Ed25519 point, 32 bytes.
    PublicKey,
    32
);
hexadecimal!(
    /// An Ed25519 signature, 64 bytes.
    Signature,
    64
);
hexadecimal!(
    /// A SHA-256, of what its field says.
    Hash,
    32
);
hexadecimal!(
    /// Sixteen bytes that name something: a key, a query, a job.
    Name,
    16
);

impl Hash {
    /// Of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo in PEM, as OpenSSL writes it; `None` for anything else.
    pub(crate) fn from_pem(text: &str) -> Option<Self> {
        let key = ed25519_dalek::VerifyingKey::from_public_key_pem(text).ok()?;
        Some(Self(key.to_bytes()))
    }

    pub(super) fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        // Strict: neither keys of small order nor a second signature of the same statement.
        ed25519_dalek::VerifyingKey::from_bytes(&self.0).is_ok_and(|key| {
            !key.is_weak() && key.verify(message, &signature).is_ok() && key.verify_strict(message, &signature).is_ok()
        })
    }
}

/// What can be signed: its kind is signed with it, so that no statement passes for one of another kind.
pub trait Statement: Serialize + DeserializeOwned {
    /// Names the kind in what is signed, and in messages.
    const KIND: &'static str;
    /// Whether it is signed a second time, with ML-DSA-65.
    const IS_SIGNED_TWICE: bool = false;

    /// Whether others have signed with its signer what takes more than one signature.
    ///
    /// # Errors
    ///
    /// [`StatementError`] where they have not.
    fn is_joint(&self, _signer: &PublicKey) -> Result<(), StatementError> {
        Ok(())
    }
}

/// A statement with its signature: the text that was signed, the key, the signature.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed<T> {
    statement: String,
    signer: PublicKey,
    signature: Signature,
    /// Of the same text. None in those of before version 0.2, and where its signer keeps it himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ml_dsa: Option<LatticeSignature>,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signed(by {})", self.signer)
    }
}

/// Why a signed statement is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// By another key than expected.
    #[error("signed with key {actual}, not with key {expected}")]
    Signer {
        /// The key that is registered for its party.
        expected: PublicKey,
        /// The key beside the statement.
        actual: PublicKey,
    },
    /// Altered, or signed as something else.
    #[error("the signature is not valid")]
    Signature,
    /// Not the one text of such a statement.
    #[error("not a statement of the expected kind, as this program writes it")]
    Form,
    /// Longer than any.
    #[error("longer than {} bytes", LIMIT_BYTES)]
    TooLong,
    /// Of a new key that has signed nothing of the kind: anybody can name it.
    #[error("the key that it introduces has not signed that it follows this one")]
    NotAccepted,
    /// Without what its signer signs with a second time, as was registered.
    #[error("the ML-DSA signature is missing that its signer's key is registered with")]
    Once,
    /// Signed a second time with another key, or as something else.
    #[error("the ML-DSA signature is not one of the key that is registered")]
    Second,
    /// It could not be signed.
    #[error(transparent)]
    Unsigned(#[from] SigningError),
}

impl Remedy for StatementError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Signer { .. } => "register the key that signs, with what introduces it ('succession')",
            Self::Once | Self::Second => {
                "have its signer use this version, and register what its 'cotejo keys ml-dsa' prints (ml_dsa_key); keep the line of before"
            }
            Self::Unsigned(error) => return error.remedy(),
            _ => return None,
        };
        Some(remedy.into())
    }
}

/// Longest statement, in bytes.
pub(crate) const LIMIT_BYTES: usize = 8192;
/// Longest signed statement in JSON, in bytes: quotes within a statement are escaped.
pub(crate) const SIGNED_LIMIT_BYTES: usize = 2 * LIMIT_BYTES + 512 + SIGNATURE_TEXT_BYTES;

impl<T: Statement> Signed<T> {
    /// Signs a statement.
    ///
    /// # Errors
    ///
    /// [`StatementError`] for one that is too long, or that the key could not sign.
    pub fn new(statement: &T, key: &SigningKey) -> Result<Self, StatementError> {
        let statement = serde_json::to_string(statement).map_err(|_| StatementError::Form)?;
        if statement.len() > LIMIT_BYTES {
            return Err(StatementError::TooLong);
        }
        let (message, signer) = (message::<T>(&statement), key.public());
        let signature = key.sign(&message)?;
        let ml_dsa = T::IS_SIGNED_TWICE.then(|| key.lattice()?.sign(&signer.0, &message)).transpose()?;
        Ok(Self { statement, signer, signature, ml_dsa, of: PhantomData })
    }

    /// Without the second signature: as its signer keeps it, who can make another one.
    pub(crate) fn once(&self) -> Self {
        let (statement, signer, signature) = (self.statement.clone(), self.signer, self.signature);
        Self { statement, signer, signature, ml_dsa: None, of: PhantomData }
    }

    /// What stands beside the first signature; none for kinds that are signed once.
    pub(crate) fn second(&self) -> Option<Second> {
        let of =
            || Second { beside: self.signer, message: message::<T>(&self.statement), signature: self.ml_dsa.clone() };
        T::IS_SIGNED_TWICE.then(of)
    }

    /// The statement, once its signature is found right; `signer` is who must have signed it, where that is known.
    ///
    /// # Errors
    ///
    /// [`StatementError`] for anything but a statement of this kind, in its one form, signed by that key.
    pub fn verify(&self, signer: Option<&PublicKey>) -> Result<T, StatementError> {
        if let Some(&expected) = signer.filter(|expected| **expected != self.signer) {
            return Err(StatementError::Signer { expected, actual: self.signer });
        }
        if self.statement.len() > LIMIT_BYTES {
            return Err(StatementError::TooLong);
        }
        if !self.signer.verifies(&message::<T>(&self.statement), &self.signature) {
            return Err(StatementError::Signature);
        }
        let statement: T = serde_json::from_str(&self.statement).map_err(|_| StatementError::Form)?;
        match serde_json::to_string(&statement) {
            Ok(text) if text == self.statement => statement.is_joint(&self.signer).map(|()| statement),
            _ => Err(StatementError::Form),
        }
    }

    /// Names the statement, whoever signs it: SHA-256 of what is signed.
    pub fn digest(&self) -> Hash {
        Hash::of(&message::<T>(&self.statement))
    }

    /// Who has signed.
    pub(crate) fn signer(&self) -> PublicKey {
        self.signer
    }

    /// As it crosses: JSON.
    pub fn to_json(&self) -> String {
        // Three texts: nothing that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads [`Signed::to_json`] back, and nothing else. Not yet verified.
    ///
    /// # Errors
    ///
    /// [`StatementError`] for another text.
    pub fn from_json(text: &str) -> Result<Self, StatementError> {
        if text.len() > SIGNED_LIMIT_BYTES {
            return Err(StatementError::TooLong);
        }
        let signed: Self = serde_json::from_str(text).map_err(|_| StatementError::Form)?;
        if signed.to_json() == text { Ok(signed) } else { Err(StatementError::Form) }
    }

    /// What a statement says that was verified when it was kept, out of its [`Signed::to_json`]: for counting many of them. No signature is
    /// tried, nor read: whoever has changed what was kept has it say anything, so nothing is to be decided by it.
    ///
    /// # Errors
    ///
    /// [`StatementError`] for what says nothing of this kind.
    pub(crate) fn read_verified_before(kept: &str) -> Result<T, StatementError> {
        // It comes first. What is behind it is longer than all else.
        let first = kept.strip_prefix("{\"statement\":").ok_or(StatementError::Form)?;
        let statement = serde_json::Deserializer::from_str(first).into_iter::<String>().next();
        let statement = statement.and_then(Result::ok).filter(|statement| statement.len() <= LIMIT_BYTES);
        serde_json::from_str(&statement.ok_or(StatementError::Form)?).map_err(|_| StatementError::Form)
    }
}

/// The second signature of a statement, not yet verified.
pub(crate) struct Second {
    beside: PublicKey,
    message: Vec<u8>,
    signature: Option<LatticeSignature>,
}

impl Second {
    /// Whether one of these keys has made it; where there are none, nothing is asked for.
    ///
    /// # Errors
    ///
    /// [`StatementError::Once`] and [`StatementError::Second`].
    pub(crate) fn verify(&self, keys: &[LatticeKey]) -> Result<(), StatementError> {
        match &self.signature {
            _ if keys.is_empty() => Ok(()),
            None => Err(StatementError::Once),
            Some(signature) => match keys.iter().any(|key| key.verifies(&self.beside.0, &self.message, signature)) {
                true => Ok(()),
                false => Err(StatementError::Second),
            },
        }
    }
}

/// [`Signed::digest`] of the one text of a statement.
pub fn digest_of<T: Statement>(statement: &T) -> Option<Hash> {
    Some(Hash::of(&message::<T>(&serde_json::to_string(statement).ok()?)))
}

/// What is signed.
fn message<T: Statement>(statement: &str) -> Vec<u8> {
    [b"cotejo statement v1\0", T::KIND.as_bytes(), b"\0", statement.as_bytes()].concat()
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;

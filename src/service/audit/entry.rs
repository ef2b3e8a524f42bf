//! One entry of a log: its bytes, its place in the chain, its signature.

use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Event;
use crate::service::held_key::SigningError;
use crate::service::signing::{Hash, Name, PublicKey, Signature, SigningKey};
use crate::service::time::Time;

/// What an entry tells. Its digest cannot be guessed for the salt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Random: without it the digest of an erased content cannot be guessed.
    pub salt: Name,
    /// What happened.
    pub event: Event,
}

/// The end of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of the last entry; 0 before the first.
    pub number: u64,
    /// Its hash; zero before the first.
    pub hash: Hash,
    /// Time of the last entry; zero before the first.
    pub time: Time,
}

impl Head {
    /// Before the first entry.
    pub const NONE: Self = Self { number: 0, hash: Hash([0; 32]), time: Time::ZERO };
}

/// One entry, as it is kept and exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Counted from 1.
    pub number: u64,
    /// When; never before the entry before it.
    pub time: Time,
    /// What happened, as [`Content`] in JSON; none where it was erased.
    pub content: Option<String>,
    /// Stays when the content goes.
    pub content_digest: Hash,
    /// Of the above and of the entry before.
    pub hash: Hash,
    /// Of the hash.
    pub signature: Signature,
}

/// Longest content, in bytes: a statement, its quotes escaped twice, its second signature, and what stands around it.
pub const CONTENT_LIMIT_BYTES: usize = 5 * crate::service::signing::LIMIT_BYTES;

/// Why an entry's content cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not what was written.
    #[error("the content is not that of the entry")]
    Digest,
    /// Written by another version, or not by this program.
    #[error("the content is not one that this program writes")]
    Form,
}

impl Entry {
    /// The entry that follows `head`. Its time is no earlier than the head's.
    ///
    /// # Errors
    ///
    /// [`SigningError`] where the key could not sign it.
    pub fn new(
        event: Event,
        time: Time,
        head: &Head,
        key: &SigningKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, SigningError> {
        let mut salt = Name([0; 16]);
        rng.fill_bytes(&mut salt.0);
        // Texts, numbers and signed statements: nothing that could fail to be written.
        let content = serde_json::to_string(&Content { salt, event }).unwrap_or_default();
        let (number, time) = (head.number + 1, time.max(head.time));
        let content_digest = digest(&content);
        let hash = chained(number, time, &content_digest, &head.hash);
        let signature = key.sign(&signed(&hash))?;
        Ok(Self { number, time, content: Some(content), content_digest, hash, signature })
    }

    /// The chain's end, if this is the last.
    pub fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash, time: self.time }
    }

    /// Whether its hash follows from itself and the hash before it.
    pub(crate) fn follows(&self, previous: &Hash) -> bool {
        chained(self.number, self.time, &self.content_digest, previous) == self.hash
    }

    /// Whether it is signed with that key.
    pub(crate) fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(&signed(&self.hash), &self.signature)
    }

    /// What it tells; none where that was erased.
    ///
    /// # Errors
    ///
    /// [`EntryError`] for a content that is not the one that was logged.
    pub fn event(&self) -> Result<Option<Event>, EntryError> {
        let Some(text) = &self.content else { return Ok(None) };
        if text.len() > CONTENT_LIMIT_BYTES || digest(text) != self.content_digest {
            return Err(EntryError::Digest);
        }
        let content: Content = serde_json::from_str(text).map_err(|_| EntryError::Form)?;
        match serde_json::to_string(&content) {
            Ok(again) if again == *text => Ok(Some(content.event)),
            _ => Err(EntryError::Form),
        }
    }
}

fn digest(content: &str) -> Hash {
    Hash(Sha256::new().chain_update(b"cotejo log content v1\0").chain_update(content).finalize().into())
}

fn chained(number: u64, time: Time, content_digest: &Hash, previous: &Hash) -> Hash {
    let hash = Sha256::new()
        .chain_update(b"cotejo log entry v1\0")
        .chain_update(number.to_le_bytes())
        .chain_update(time.millis().to_le_bytes())
        .chain_update(content_digest.0)
        .chain_update(previous.0);
    Hash(hash.finalize().into())
}

fn signed(hash: &Hash) -> Vec<u8> {
    [b"cotejo log v1\0".as_slice(), &hash.0].concat()
}

//! Persons, as the database knows them: by marks that tell nothing without the signing key.

use std::collections::BTreeSet;

use chacha20poly1305::aead::Aead as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::custodian::{Damage, Gallery, of_id};
use crate::service::signing::{Hash, SigningKey};
use crate::service::store::logged::LoggedStep;
use crate::service::store::{StoreError, schema};
use crate::template::SubjectId;

/// What marks of persons are made with: a secret of the signing key's, which is not in the database.
#[derive(Clone)]
pub struct PersonKey(Zeroizing<[u8; 32]>);

/// Under this name a database keeps it, once another signing key has followed the first: encrypted under a secret of the one of now.
const KEPT: &str = "person key";
const NONCE_BYTES: usize = 24;
/// Digits of a mark.
pub(super) const MARK_DIGITS: usize = 16;

impl PersonKey {
    /// That of a database: derived from its first signing key, and handed on from each to the next, so that marks stay what they are.
    pub(super) fn of(step: &mut LoggedStep<'_, '_>) -> Result<Self, StoreError> {
        let Some(kept) = schema::about(step, KEPT)? else {
            return Ok(Self(step.owner.key.derive(b"cotejo persons v1")));
        };
        let damaged = || StoreError::Damaged("person key");
        let kept = hex::decode(kept).map_err(|_| damaged())?;
        let (nonce, sealed) = kept.split_first_chunk::<NONCE_BYTES>().ok_or_else(damaged)?;
        let key = cipher(&step.owner.key).decrypt(XNonce::from_slice(nonce), sealed).map(Zeroizing::new);
        let key = key.ok().and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok()).ok_or_else(damaged)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Keeps it for a signing key that follows.
    pub(super) fn hand_on(&self, step: &mut LoggedStep<'_, '_>, successor: &SigningKey) -> Result<(), StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        step.rng.fill_bytes(&mut nonce);
        let sealed = cipher(successor).encrypt(XNonce::from_slice(&nonce), self.0.as_slice());
        let sealed = sealed.map_err(|_| StoreError::Damaged("person key"))?;
        schema::set_about(step, KEPT, &hex::encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Marks of everybody in a gallery: of each person's id and references.
    ///
    /// # Errors
    ///
    /// [`Damage`] where a reference is not what was written.
    pub(crate) fn of_gallery(&self, gallery: &Gallery) -> Result<Vec<Vec<u64>>, Damage> {
        gallery.marks(&self.0)
    }

    /// The digest of a list of ids.
    pub(super) fn of_list(&self, list: &BTreeSet<SubjectId>) -> Hash {
        let ids = list.iter().map(SubjectId::as_str);
        let hash = Sha256::new().chain_update(*self.0).chain_update(b"list\0");
        let digest = ids.fold(hash, |hash, id| hash.chain_update((id.len() as u64).to_le_bytes()).chain_update(id));
        Hash(digest.finalize().into())
    }

    /// The mark of an id as one of a list: another than that of the person, so that nobody tells by it who of those asked about is on one.
    pub(super) fn of_listed(&self, id: &SubjectId) -> String {
        let hash = Sha256::new().chain_update(*self.0).chain_update(b"listed\0").chain_update(id.as_str());
        let mut mark = hex::encode(hash.finalize());
        mark.truncate(MARK_DIGITS);
        mark
    }

    /// The mark of an id, whether anybody of that name is enrolled or not.
    pub(super) fn of_id(&self, id: &SubjectId) -> String {
        format!("{:016x}", of_id(&self.0, id.as_str()))
    }
}

/// What a signing key keeps secrets under.
fn cipher(key: &SigningKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&*key.derive(b"cotejo kept secrets v1")).into())
}

//! Persons, as the database knows them: by marks that tell nothing without the signing key.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::custodian::{Damage, Gallery, of_id};
use crate::service::signing::{Hash, SigningKey};
use crate::template::SubjectId;

/// What marks of persons are made with: derived from the signing key, which is not in the database.
pub struct PersonKey(Zeroizing<[u8; 32]>);

impl PersonKey {
    pub(super) fn of(key: &SigningKey) -> Self {
        Self(key.derive(b"cotejo persons v1"))
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

    /// The mark of an id, whether anybody of that name is enrolled or not.
    pub(super) fn of_id(&self, id: &SubjectId) -> String {
        format!("{:016x}", of_id(&self.0, id.as_str()))
    }
}

//! Which persons two galleries have in common, without keeping either: eight bytes for each id, and for each reference.

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::{Damage, Gallery};

/// The mark of an id.
pub(crate) fn of_id(key: &[u8; 32], id: &str) -> u64 {
    mark(key, b"id", id.as_bytes())
}

fn mark(key: &[u8; 32], kind: &[u8], content: &[u8]) -> u64 {
    let digest = Sha256::new().chain_update(key).chain_update(kind).chain_update([0]).chain_update(content).finalize();
    u64::from_le_bytes(digest.first_chunk().copied().unwrap_or_default())
}

impl Gallery {
    /// Marks of each person: of its id, and of each of its references. Under the same key two persons share a mark where they share an id
    /// or a reference; else with a chance of 2^-64 for each pair of marks. Reads every reference, on all cores.
    ///
    /// # Errors
    ///
    /// [`Damage`] where a reference is not what was written.
    ///
    /// # Security
    ///
    /// Without the key marks tell nothing but how many there are. With it, whoever can guess an id finds out whether it is among them.
    pub(crate) fn marks(&self, key: &[u8; 32]) -> Result<Vec<Vec<u64>>, Damage> {
        let of = |position: usize| {
            let number = self.file.number(position).ok_or(self.file.inadmissible())?;
            let id = self.file.id_of(number).ok_or(self.file.inadmissible())?;
            let references = self.file.records(number).map(|stored| Ok(mark(key, b"reference", stored?.1)));
            std::iter::once(Ok(of_id(key, id))).chain(references).collect()
        };
        (0..self.len()).into_par_iter().map(of).collect()
    }
}

//! Marks of persons, as a custodian's database keeps them: by the version of the gallery in which each was first.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::StoreError;
use super::values::Row;
use crate::service::signing::Hash;

/// Of rows with a version and its marks.
pub(super) fn marks(rows: Vec<Row>) -> Result<BTreeMap<u64, Vec<u8>>, StoreError> {
    rows.into_iter().map(|mut row| Ok((row.count()?, row.bytes()?))).collect()
}

/// Names all of them, so that the log can tell which they were: marks are of no use without the key that they are made with.
pub(super) fn digest(marks: &BTreeMap<u64, Vec<u8>>) -> Hash {
    let hash = Sha256::new().chain_update(b"cotejo kept marks v1\0");
    let digest = marks.iter().fold(hash, |hash, (version, marks)| {
        let length = (marks.len() as u64).to_le_bytes();
        hash.chain_update(version.to_le_bytes()).chain_update(length).chain_update(marks)
    });
    Hash(digest.finalize().into())
}

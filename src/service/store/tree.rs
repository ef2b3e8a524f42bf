//! The Merkle tree over the log, beside it: every hash of a complete subtree, so that heads and proofs are read, not computed anew.

use std::cell::RefCell;
use std::collections::HashMap;

use tlog_tiles::tlog;

use super::StoreError;
use super::connection::Step;
use super::values::Value;
use crate::service::signing::Hash;
use crate::service::tree::{TreeHead, leaf};

/// Reads stored hashes within a step.
struct Stored<'s, 'a> {
    step: RefCell<&'s mut Step<'a>>,
    failed: RefCell<Option<StoreError>>,
}

impl tlog::HashReader for Stored<'_, '_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        read(&mut self.step.borrow_mut(), indexes).map_err(|error| {
            *self.failed.borrow_mut() = Some(error);
            tlog::Error::IndexesNotInTree
        })
    }
}

/// In one statement: a database may be far away.
fn read(step: &mut Step<'_>, positions: &[u64]) -> Result<Vec<tlog::Hash>, StoreError> {
    if positions.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = (1..=positions.len()).map(|number| format!("?{number}")).collect();
    let sql = format!("SELECT position, hash FROM tree WHERE position IN ({})", names.join(", "));
    let values: Vec<Value> = positions.iter().map(|&position| position.into()).collect();
    let mut found = HashMap::with_capacity(positions.len());
    for mut row in step.query(&sql, &values)? {
        found.insert(row.count()?, tlog::Hash(row.parsed::<Hash>()?.0));
    }
    let hashes = positions.iter().map(|position| found.get(position).copied());
    hashes.collect::<Option<_>>().ok_or(StoreError::Damaged("tree"))
}

/// Works on the stored hashes.
fn stored<'a, T>(
    step: &mut Step<'a>,
    work: impl FnOnce(&Stored<'_, 'a>) -> Result<T, tlog::Error>,
) -> Result<T, StoreError> {
    let stored = Stored { step: RefCell::new(step), failed: RefCell::new(None) };
    let done = work(&stored);
    done.map_err(|_| stored.failed.into_inner().unwrap_or(StoreError::Damaged("tree")))
}

/// Adds the entry with this number and hash, the next one.
pub(super) fn append(step: &mut Step<'_>, number: u64, entry: &Hash) -> Result<(), StoreError> {
    let place = number.saturating_sub(1);
    let hash = tlog::Hash(leaf(entry).0);
    let added = stored(step, |stored| tlog::stored_hashes_for_record_hash(place, hash, stored))?;
    for (position, hash) in (tlog::stored_hash_index(0, place)..).zip(added) {
        let hash = Hash(hash.0);
        step.execute("INSERT INTO tree (position, hash) VALUES (?1, ?2)", &[position.into(), (&hash).into()])?;
    }
    Ok(())
}

/// The head when the log had so many entries; it has as many.
pub(super) fn head(step: &mut Step<'_>, size: u64) -> Result<TreeHead, StoreError> {
    let root = stored(step, |stored| tlog::tree_hash(size, stored))?;
    Ok(TreeHead { size, root: Hash(root.0) })
}

/// The proof that the head of the later size holds that of the earlier, which is at least 1. The log has as many entries.
pub(super) fn proof(step: &mut Step<'_>, earlier: u64, later: u64) -> Result<Vec<Hash>, StoreError> {
    let proof = stored(step, |stored| tlog::prove_tree(later, earlier, stored))?;
    Ok(proof.into_iter().map(|hash| Hash(hash.0)).collect())
}

//! A log as a Merkle tree (RFC 6962, section 2.1): its head says all that is in it, and one head can be shown to hold all of another.
//!
//! Leaves are the hashes of entries. What a custodian has once shown a requester, a head that it signed, it cannot take back: every later
//! head must be proven to hold it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tlog_tiles::tlog;

use super::signing::Hash;

/// How many entries a log has, and the root of the tree over them. Written `1204:9a11...`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TreeHead {
    /// Entries.
    pub size: u64,
    /// The root; that of no entry is the hash of nothing.
    pub root: Hash,
}

/// Not a number, a colon and 64 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number, a colon and 64 hexadecimal digits in lower case")]
pub struct TreeHeadError;

impl TreeHead {
    /// Before the first entry.
    pub const EMPTY: Self = Self { size: 0, root: Hash(tlog::EMPTY_HASH.0) };
}

impl fmt::Display for TreeHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.size, self.root)
    }
}

impl FromStr for TreeHead {
    type Err = TreeHeadError;

    fn from_str(text: &str) -> Result<Self, TreeHeadError> {
        let (size, root) = text.split_once(':').ok_or(TreeHeadError)?;
        let parsed = size.parse().ok().zip(root.parse().ok());
        let head = parsed.map(|(size, root)| Self { size, root }).ok_or(TreeHeadError)?;
        // One head, one text.
        if head.to_string() == text { Ok(head) } else { Err(TreeHeadError) }
    }
}

impl TryFrom<String> for TreeHead {
    type Error = TreeHeadError;

    fn try_from(text: String) -> Result<Self, TreeHeadError> {
        text.parse()
    }
}

impl From<TreeHead> for String {
    fn from(head: TreeHead) -> Self {
        head.to_string()
    }
}

/// The leaf of an entry with this hash.
pub(crate) fn leaf(entry: &Hash) -> Hash {
    Hash(tlog::record_hash(&entry.0).0)
}

fn node(left: Hash, right: Hash) -> Hash {
    Hash(tlog::node_hash(tlog::Hash(left.0), tlog::Hash(right.0)).0)
}

/// A tree that grows, of which as much is kept as its head needs: the roots of its complete subtrees.
#[derive(Clone, Debug, Default)]
pub(crate) struct Growing {
    size: u64,
    /// The largest first.
    complete: Vec<Hash>,
}

impl Growing {
    /// Adds the entry with this hash.
    pub(crate) fn push(&mut self, entry: &Hash) {
        let mut hash = leaf(entry);
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.complete.pop() {
                hash = node(left, hash);
            }
        }
        self.complete.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// How many entries it holds.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// What it holds.
    pub(crate) fn head(&self) -> TreeHead {
        let root = self.complete.iter().rev().copied().reduce(|right, left| node(left, right));
        root.map_or(TreeHead::EMPTY, |root| TreeHead { size: self.size, root })
    }
}

/// Longest proof, in hashes: one a level of the tree.
pub(crate) const PROOF_LIMIT: usize = 64;

/// Whether a proof (RFC 6962, section 2.1.2) shows that the later tree begins with the earlier.
pub fn is_consistent(earlier: &TreeHead, later: &TreeHead, proof: &[Hash]) -> bool {
    if earlier.size == 0 {
        return *earlier == TreeHead::EMPTY && proof.is_empty();
    }
    let proof = proof.iter().map(|hash| tlog::Hash(hash.0)).collect::<Vec<_>>();
    let (earlier_root, later_root) = (tlog::Hash(earlier.root.0), tlog::Hash(later.root.0));
    proof.len() <= PROOF_LIMIT && tlog::check_tree(&proof, later.size, later_root, earlier.size, earlier_root).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64) -> Hash {
        Hash::of(&number.to_le_bytes())
    }

    /// Every hash of the tree, as it is stored.
    struct Stored(Vec<tlog::Hash>);

    impl tlog::HashReader for Stored {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
            Ok(indexes.iter().map(|&index| self.0[index as usize]).collect())
        }
    }

    #[test]
    fn a_growing_tree_has_the_heads_of_rfc_6962_and_each_holds_those_before() {
        let (mut growing, mut stored, mut heads) = (Growing::default(), Stored(Vec::new()), vec![TreeHead::EMPTY]);
        assert_eq!(growing.head(), TreeHead::EMPTY);
        for number in 0..40 {
            growing.push(&entry(number));
            let added = tlog::stored_hashes(number, &entry(number).0, &stored).unwrap();
            stored.0.extend(added);
            let root = tlog::tree_hash(number + 1, &stored).unwrap();
            assert_eq!(growing.head(), TreeHead { size: number + 1, root: Hash(root.0) });
            heads.push(growing.head());
        }
        for later in &heads[1..] {
            for earlier in &heads[1..=later.size as usize] {
                let proof = tlog::prove_tree(later.size, earlier.size, &stored).unwrap();
                let mut proof: Vec<Hash> = proof.into_iter().map(|hash| Hash(hash.0)).collect();
                assert!(is_consistent(earlier, later, &proof));
                let other = TreeHead { root: entry(99), ..*earlier };
                assert!(!is_consistent(&other, later, &proof));
                proof.push(entry(98));
                assert!(!is_consistent(earlier, later, &proof));
            }
            assert!(is_consistent(&TreeHead::EMPTY, later, &[]));
        }
        assert!(!is_consistent(&heads[9], &heads[8], &[]));
        let longest = TreeHead { size: u64::MAX, root: entry(1) };
        assert!(
            !is_consistent(&heads[3], &longest, &[entry(1); 64])
                && !is_consistent(&heads[3], &longest, &[entry(1); 65])
        );
    }

    #[test]
    fn a_head_has_one_text() {
        let head = TreeHead { size: 12, root: entry(1) };
        assert_eq!(head.to_string().parse(), Ok(head));
        for text in
            [format!("+{head}"), format!("0{head}"), head.to_string().to_uppercase(), "12".to_owned(), "1:2".to_owned()]
        {
            assert_eq!(text.parse::<TreeHead>(), Err(TreeHeadError), "{text}");
        }
    }
}

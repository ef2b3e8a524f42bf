//! What is hashed in the tree: SHA-256 of a label, a zero byte, and parts of known length, of which at most the last is of any.
//!
//! | what | of |
//! |---|---|
//! | `cotejo reference` | eye (0, 1 left, 2 right), stored reference |
//! | `cotejo references` | nonce, hashes of the person's references, ascending |
//! | `cotejo handle` | nonce, the person's handle of 32 bytes, zeros at its end |
//! | `cotejo references and handle` | nonce, the person's handle hidden, hashes of the person's references, ascending |
//! | `cotejo person` | nonce, the person's references, id |
//! | `cotejo digit` | nonce, which byte of the index, its value |
//! | `cotejo leaf` | the sixteen digits, the person |
//! | `cotejo empty` | nonce |
//! | `cotejo node` | left, right |
//! | `cotejo gallery root` | digest of the agreement's foundation, public key of indices, top of the tree |
//!
//! Nonces are hashes of a secret: what they hide nobody can find by guessing.

use sha2::{Digest as _, Sha256};

use super::{Bytes, Root};
use crate::template::{Eye, Handle};

/// Where an id belongs in the tree: the first bits decide at the root.
pub(super) type Index = u128;

/// Bytes of an index.
pub(super) const DIGITS: usize = 16;

pub(super) fn hash(label: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let hash = Sha256::new().chain_update(label).chain_update([0]);
    parts.iter().fold(hash, |hash, part| hash.chain_update(part)).finalize().into()
}

/// Names a reference: the integers that queries are compared with, under one agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept(pub Bytes);

/// Names a reference as it is stored (`Reference::to_bytes`).
pub fn of_reference(eye: Option<Eye>, stored: &[u8]) -> Kept {
    let eye = match eye {
        None => 0,
        Some(Eye::Left) => 1,
        Some(Eye::Right) => 2,
    };
    Kept(Bytes(hash(b"cotejo reference", &[&[eye], stored])))
}

/// A person's handle.
pub(super) fn handle(nonce: &Bytes, handle: &Handle) -> Bytes {
    Bytes(hash(b"cotejo handle", &[&nonce.0, handle.padded()]))
}

/// A person's references, in ascending order, and the handle, where there is one, hidden.
pub(super) fn references(nonce: &Bytes, handle: Option<&Bytes>, references: &[Kept]) -> Bytes {
    let hash = match handle {
        None => Sha256::new().chain_update(b"cotejo references\0").chain_update(nonce.0),
        Some(handle) => {
            let hash = Sha256::new().chain_update(b"cotejo references and handle\0");
            hash.chain_update(nonce.0).chain_update(handle.0)
        }
    };
    Bytes(references.iter().fold(hash, |hash, Kept(kept)| hash.chain_update(kept.0)).finalize().into())
}

pub(super) fn person(nonce: &Bytes, references: &Bytes, id: &str) -> Bytes {
    Bytes(hash(b"cotejo person", &[&nonce.0, &references.0, id.as_bytes()]))
}

/// A byte of an index.
pub(super) fn digit(nonce: &Bytes, place: u8, value: u8) -> Bytes {
    Bytes(hash(b"cotejo digit", &[&nonce.0, &[place, value]]))
}

/// The nonces of an index's digits follow from one.
fn nonce_of_digit(digits: &Bytes, place: u8) -> Bytes {
    Bytes(hash(b"cotejo nonce", &[&digits.0, &[place]]))
}

/// All digits of an index, and what hides each.
pub(super) fn digits(digits: &Bytes, index: Index) -> [(Bytes, Bytes); DIGITS] {
    let mut place = 0;
    index.to_be_bytes().map(|value| {
        let nonce = nonce_of_digit(digits, place);
        let hidden = digit(&nonce, place, value);
        place += 1;
        (hidden, nonce)
    })
}

pub(super) fn leaf<'a>(digits: impl IntoIterator<Item = &'a Bytes>, person: &Bytes) -> Bytes {
    let hash = Sha256::new().chain_update(b"cotejo leaf\0");
    let hash = digits.into_iter().fold(hash, |hash, digit| hash.chain_update(digit.0));
    Bytes(hash.chain_update(person.0).finalize().into())
}

pub(super) fn empty(nonce: &Bytes) -> Bytes {
    Bytes(hash(b"cotejo empty", &[&nonce.0]))
}

pub(super) fn node(left: &Bytes, right: &Bytes) -> Bytes {
    Bytes(hash(b"cotejo node", &[&left.0, &right.0]))
}

pub(super) fn root(foundation: &[u8; 32], key: &Bytes, top: &Bytes) -> Root {
    Root(hash(b"cotejo gallery root", &[foundation, &key.0, &top.0]))
}

/// Whether an index goes to the right at a depth below 128, the root's being 0.
pub(super) fn goes_right(index: Index, depth: u32) -> bool {
    index << depth >> (Index::BITS - 1) == 1
}

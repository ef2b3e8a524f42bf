//! The tree over all persons of a gallery.
//!
//! A binary tree by the bits of indices: a node with two or more persons below it has two children, one with a single person is that
//! person's leaf, one with nobody is empty. So its shape follows from the indices, and the order of enrolment leaves no trace in it.

use rayon::prelude::*;
use zeroize::Zeroizing;

use super::index::IndexKey;
use super::node::{self, DIGITS, Index, Kept, goes_right, hash};
use super::proof::{Another, End, Enrolled, Proof, Proofs};
use super::{Bytes, Root};
use crate::agreement::Digest;
use crate::scheme::{Progress, Stopped};
use crate::template::{Handle, SubjectId};

/// Everybody in a version of a gallery.
pub trait Persons: Sync {
    /// Why somebody cannot be read.
    type Error: Send;

    /// How many there are.
    fn count(&self) -> usize;

    /// Who is at a place below that, and the names of their references.
    ///
    /// # Errors
    ///
    /// Where the gallery is not what was written.
    fn person(&self, place: usize) -> Result<(&str, Vec<Kept>), Self::Error>;

    /// The handle of who is at a place, where there is one.
    fn handle(&self, _place: usize) -> Option<Handle> {
        None
    }
}

/// Why there is no root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError<E> {
    /// The gallery itself.
    #[error(transparent)]
    Unreadable(E),
    /// Two ids have one index: by chance that does not happen (2^-82 for ten million).
    #[error("two ids belong to one place of the tree")]
    Alike,
    /// Told to stop.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// What hides everybody in the tree, and says where they belong. It follows from the gallery's salt and agreement. Wiped on drop.
pub struct Secret {
    foundation: Digest,
    index: IndexKey,
    nonces: Zeroizing<[u8; 32]>,
}

/// The salt has 96 bits. Hashing it so often makes trying all of them 2^17 times as dear: 7 ms here.
const STRETCHED: usize = 1 << 17;
/// Persons whose indices are computed together.
const TOGETHER: usize = 512;
/// Below so many persons a subtree is not worth a thread.
const ALONE: usize = 1 << 12;

impl Secret {
    /// Of a gallery's salt, which is random, and the digest of the agreement's foundation.
    pub fn new(salt: &[u8; 12], foundation: Digest) -> Self {
        let first = hash(b"cotejo gallery secret v1", &[salt, &foundation.0]);
        let mut seed = Zeroizing::new(first);
        for _ in 0..STRETCHED {
            *seed = hash(b"cotejo stretched", &[seed.as_ref()]);
        }
        let index = IndexKey::new(&Zeroizing::new(hash(b"cotejo index secret", &[seed.as_ref()])));
        Self { foundation, index, nonces: Zeroizing::new(hash(b"cotejo nonces", &[seed.as_ref()])) }
    }

    fn of_empty(&self, depth: u32, prefix: Index) -> Bytes {
        Bytes(hash(b"cotejo nonce of empty", &[self.nonces.as_ref(), &depth.to_be_bytes(), &prefix.to_be_bytes()]))
    }

    fn of_person(&self, index: Index) -> Nonces {
        let own = Zeroizing::new(hash(b"cotejo nonce of person", &[self.nonces.as_ref(), &index.to_be_bytes()]));
        let [digits, person, references, handle] =
            [0, 1, 2, 3].map(|kind| Bytes(hash(b"cotejo nonces", &[own.as_ref(), &[kind]])));
        Nonces { digits, person, references, handle }
    }
}

/// What hides one person.
struct Nonces {
    digits: Bytes,
    person: Bytes,
    references: Bytes,
    handle: Bytes,
}

/// A person in the tree. 64 bytes.
#[derive(Clone, Copy, Default)]
struct Leaf {
    index: Index,
    hash: Bytes,
    place: u32,
}

/// A person's leaf, with all that it is made of.
struct Opened {
    nonces: Nonces,
    digits: [(Bytes, Bytes); DIGITS],
    kept: Vec<Kept>,
    /// Hidden.
    handle: Option<Bytes>,
    references: Bytes,
    person: Bytes,
    hash: Bytes,
}

fn opened(secret: &Secret, index: Index, id: &str, mut kept: Vec<Kept>, handle: Option<&Handle>) -> Opened {
    kept.sort_unstable();
    let nonces = secret.of_person(index);
    let digits = node::digits(&nonces.digits, index);
    let handle = handle.map(|handle| node::handle(&nonces.handle, handle));
    let references = node::references(&nonces.references, handle.as_ref(), &kept);
    let person = node::person(&nonces.person, &references, id);
    let hash = node::leaf(digits.iter().map(|(hidden, _)| hidden), &person);
    Opened { nonces, digits, kept, handle, references, person, hash }
}

/// Commits to everybody. Reads each person once, on all cores; `progress` counts persons.
///
/// Memory: 64 bytes a person.
///
/// # Errors
///
/// [`CommitError`].
pub fn root<P: Persons>(secret: &Secret, persons: &P, progress: &dyn Progress) -> Result<Root, CommitError<P::Error>> {
    let tree = Tree { secret, leaves: leaves(secret, persons, progress)? };
    tree.root(&mut [])
}

/// Whether each of these ids is in it, with proofs: one pass over all persons, however many ids. `open` says whether the names of a
/// person's references are shown too.
///
/// # Errors
///
/// [`CommitError`].
pub fn prove<P: Persons>(
    secret: &Secret,
    persons: &P,
    ids: &[SubjectId],
    open: bool,
    progress: &dyn Progress,
) -> Result<Proofs, CommitError<P::Error>> {
    let tree = Tree { secret, leaves: leaves(secret, persons, progress)? };
    let ask = |(number, id): (usize, &SubjectId)| {
        let (index, proof) = secret.index.prove(id.as_str());
        (Asked { number, index, siblings: Vec::new(), end: Ended::Empty(Bytes::default()) }, proof)
    };
    let (mut asked, indices): (Vec<Asked>, Vec<_>) = ids.iter().enumerate().map(ask).unzip();
    asked.sort_unstable_by_key(|asked| asked.index);
    let root = tree.root(&mut asked)?;
    asked.sort_unstable_by_key(|asked| asked.number);
    let proofs = asked.into_iter().zip(ids).zip(indices).map(|((mut asked, id), index)| {
        asked.siblings.reverse();
        let end = match asked.end {
            Ended::Empty(nonce) => End::Empty { nonce },
            Ended::At(leaf) => {
                end_at(secret, persons, &leaf, (asked.index, id), open).map_err(CommitError::Unreadable)?
            }
        };
        Ok(Proof {
            id: id.clone(),
            point: index.point,
            challenge: index.challenge,
            response: index.response,
            siblings: asked.siblings,
            end,
        })
    });
    let proofs: Result<_, CommitError<P::Error>> = proofs.collect();
    Ok(Proofs { agreement: Bytes(secret.foundation.0), key: secret.index.public(), root, proofs: proofs? })
}

/// What is shown of the leaf where a path ends: all of it, where it is the one of the id; else a byte in which its index is another.
fn end_at<P: Persons>(
    secret: &Secret,
    persons: &P,
    leaf: &Leaf,
    (index, id): (Index, &SubjectId),
    open: bool,
) -> Result<End, P::Error> {
    let (whose, kept) = persons.person(leaf.place as usize)?;
    let own_handle = persons.handle(leaf.place as usize);
    let Opened { nonces, digits, kept, handle, references, person, .. } =
        opened(secret, leaf.index, whose, kept, own_handle.as_ref());
    if whose == id.as_str() {
        let opened = open.then(|| (nonces.references, kept.into_iter().map(|Kept(kept)| kept).collect()));
        let (opened_nonce, kept) = opened.unzip();
        return Ok(End::Enrolled(Enrolled {
            digits: nonces.digits,
            nonce: nonces.person,
            references,
            opened: opened_nonce,
            kept,
            handle: handle.filter(|_| open),
        }));
    }
    let different = (leaf.index ^ index).leading_zeros() / 8;
    let value = leaf.index.to_be_bytes().get(different as usize).copied().unwrap_or_default();
    let nonce = digits.get(different as usize).map(|(_, nonce)| *nonce).unwrap_or_default();
    let digits = digits.iter().map(|(hidden, _)| *hidden).collect();
    Ok(End::Another(Another { place: different as u8, value, nonce, digits, person }))
}

/// Everybody's leaf, by index.
fn leaves<P: Persons>(
    secret: &Secret,
    persons: &P,
    progress: &dyn Progress,
) -> Result<Vec<Leaf>, CommitError<P::Error>> {
    let mut leaves = vec![Leaf::default(); persons.count()];
    let fill = |(chunk, leaves): (usize, &mut [Leaf])| -> Result<(), CommitError<P::Error>> {
        let first = chunk * TOGETHER;
        let read = (first..first + leaves.len()).map(|place| persons.person(place));
        let read: Vec<_> = read.collect::<Result<_, _>>().map_err(CommitError::Unreadable)?;
        let ids: Vec<&str> = read.iter().map(|(id, _)| *id).collect();
        let indices = secret.index.indices(&ids);
        for (number, ((leaf, (id, kept)), index)) in leaves.iter_mut().zip(read).zip(indices).enumerate() {
            let handle = persons.handle(first + number);
            let hash = opened(secret, index, id, kept, handle.as_ref()).hash;
            // An agreement admits ten million references.
            *leaf = Leaf { index, hash, place: (first + number) as u32 };
        }
        progress.advance(leaves.len() as u64);
        if progress.stop() { Err(Stopped.into()) } else { Ok(()) }
    };
    leaves.par_chunks_mut(TOGETHER).enumerate().try_for_each(fill)?;
    leaves.par_sort_unstable_by_key(|leaf| leaf.index);
    Ok(leaves)
}

/// An id whose path is wanted.
struct Asked {
    number: usize,
    index: Index,
    /// The deepest first.
    siblings: Vec<Bytes>,
    end: Ended,
}

/// Where a path ends.
enum Ended {
    /// Nobody is there.
    Empty(Bytes),
    /// Somebody's leaf.
    At(Leaf),
}

struct Tree<'a> {
    secret: &'a Secret,
    /// By index.
    leaves: Vec<Leaf>,
}

/// Two persons have one index.
struct Alike;

impl Tree<'_> {
    /// The root; each of `asked`, by index, gets its path.
    fn root<E>(&self, asked: &mut [Asked]) -> Result<Root, CommitError<E>> {
        let top = self.node(&self.leaves, 0, 0, asked).map_err(|Alike| CommitError::Alike)?;
        Ok(node::root(&self.secret.foundation.0, &self.secret.index.public(), &top))
    }

    /// The node over these leaves, whose indices begin with `depth` bits of `prefix`; the rest of that is zero.
    fn node(&self, leaves: &[Leaf], depth: u32, prefix: Index, asked: &mut [Asked]) -> Result<Bytes, Alike> {
        match leaves {
            [] => {
                let nonce = self.secret.of_empty(depth, prefix);
                asked.iter_mut().for_each(|asked| asked.end = Ended::Empty(nonce));
                return Ok(node::empty(&nonce));
            }
            [leaf] => {
                asked.iter_mut().for_each(|asked| asked.end = Ended::At(*leaf));
                return Ok(leaf.hash);
            }
            _ if depth == Index::BITS => return Err(Alike),
            _ => {}
        }
        let (left, right) = leaves.split_at(leaves.partition_point(|leaf| !goes_right(leaf.index, depth)));
        let middle = asked.partition_point(|asked| !goes_right(asked.index, depth));
        let (asked_left, asked_right) = asked.split_at_mut(middle);
        let right_prefix = prefix | 1 << (Index::BITS - 1 - depth);
        let mut of_left = || self.node(left, depth + 1, prefix, asked_left);
        let mut of_right = || self.node(right, depth + 1, right_prefix, asked_right);
        let (left, right) =
            if leaves.len() < ALONE { (of_left(), of_right()) } else { rayon::join(&mut of_left, &mut of_right) };
        let (left, right) = (left?, right?);
        asked_left.iter_mut().for_each(|asked| asked.siblings.push(right));
        asked_right.iter_mut().for_each(|asked| asked.siblings.push(left));
        Ok(node::node(&left, &right))
    }
}

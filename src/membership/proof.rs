//! Proofs as a file, and their checking: with public data alone.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::index::IndexProof;
use super::node::{self, DIGITS, Index, Kept, goes_right};
use super::{Bytes, Root};
use crate::remedy::Remedy;
use crate::template::SubjectId;

/// Longest file of proofs, in bytes: some ten thousand of them.
pub const LIMIT_BYTES: usize = 1 << 25;

/// Proofs about one version of one gallery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    /// Digest of the foundation of the agreement: what a gallery is bound to.
    pub agreement: Bytes,
    /// What indices are checked with.
    pub key: Bytes,
    /// The version that they are about.
    pub root: Root,
    /// An id each.
    pub proofs: Vec<Proof>,
}

/// Whether an id is enrolled, and why one should believe it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// Whose.
    pub id: SubjectId,
    /// From which its index follows, and what shows that this is the id's.
    pub point: Bytes,
    /// See [`Proof::point`].
    pub challenge: Bytes,
    /// See [`Proof::point`].
    pub response: Bytes,
    /// Beside the path from the root to where the id belongs; at most 128.
    pub siblings: Vec<Bytes>,
    /// What is there.
    pub end: End,
}

/// Where the path of an id ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum End {
    /// The person's own leaf.
    Enrolled(Enrolled),
    /// Nobody: what the empty node was made of.
    Empty {
        /// What hides that it is empty.
        nonce: Bytes,
    },
    /// Somebody else's leaf, of which nothing is shown but that it is.
    Another(Another),
}

/// What the leaf of an enrolled person is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// What hides the digits of the index.
    pub digits: Bytes,
    /// What hides the person.
    pub nonce: Bytes,
    /// The person's references, hidden.
    pub references: Bytes,
    /// What hides them, where they are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<Bytes>,
    /// Their names, where they are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Vec<Bytes>>,
    /// The person's handle, hidden: where there is one, and the references are shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Bytes>,
}

/// A byte of somebody else's index, in which it is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Another {
    /// Which byte, from 0.
    pub place: u8,
    /// What it is.
    pub value: u8,
    /// What hides it.
    pub nonce: Bytes,
    /// All sixteen, hidden.
    pub digits: Vec<Bytes>,
    /// The person, hidden.
    pub person: Bytes,
}

/// What a proof shows of an id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Whose.
    pub id: SubjectId,
    /// Whether they are enrolled.
    pub standing: Standing,
}

/// Whether somebody is enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// They are; with these references, where the proof shows them.
    Enrolled(Option<Vec<Kept>>),
    /// They are not.
    NotEnrolled,
}

/// Why a proof proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Cut short, or not a proof at all.
    #[error("not a proof: {0}")]
    Form(String),
    /// Longer than any.
    #[error("longer than {LIMIT_BYTES} bytes, as no file of proofs is")]
    TooLong,
    /// There is no proof in it.
    #[error("there is no proof in it")]
    Nothing,
    /// About somebody else.
    #[error("it proves nothing about '{}'", .0.shown())]
    Missing(SubjectId),
    /// About somebody else as well.
    #[error("it is about '{}', who was not asked about", .0.shown())]
    Unasked(SubjectId),
    /// About another version, or another gallery.
    #[error(
        "a proof about root {actual}, not about {expected}: of another version of the gallery, or of another gallery"
    )]
    OtherRoot {
        /// The root that was asked about.
        expected: Root,
        /// The root that it says it is about.
        actual: Root,
    },
    /// Its place is not shown to be the id's.
    #[error("'{}': the place in the tree is not shown to be that of this id: the proof was forged or altered", .0.shown())]
    Index(SubjectId),
    /// What is at the end of its path is not shown to be what it says.
    #[error("'{}': what stands at its place is not shown: the proof was forged or altered", .0.shown())]
    End(SubjectId),
    /// The path does not lead to the root.
    #[error("'{}': the path does not lead to the root: the proof was forged or altered, or is of another version", .0.shown())]
    Path(SubjectId),
}

impl Remedy for ProofError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::OtherRoot { .. } => "ask for a proof about this version; compare the root with what you hold",
            Self::Missing(_) | Self::Unasked(_) => {
                "ask for a proof about those alone whom you mean, by the ids that you gave"
            }
            Self::Form(_) | Self::TooLong | Self::Nothing => "have it sent again, whole",
            Self::Index(_) | Self::End(_) | Self::Path(_) => "do not rely on it; ask the custodian for another",
        };
        Some(remedy.into())
    }
}

impl Proofs {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`ProofError`] for anything but proofs.
    pub fn read(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > LIMIT_BYTES {
            return Err(ProofError::TooLong);
        }
        let read: Self = serde_json::from_slice(bytes).map_err(|error| ProofError::Form(error.to_string()))?;
        if read.proofs.is_empty() { Err(ProofError::Nothing) } else { Ok(read) }
    }

    /// As a file.
    pub fn to_json(&self) -> String {
        // Texts and numbers: nothing that could fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What they show about the version with this root: whoever believes the root believes this.
    ///
    /// # Errors
    ///
    /// [`ProofError`] where one of them shows nothing.
    pub fn verify(&self, root: &Root) -> Result<Vec<Proven>, ProofError> {
        if self.root != *root {
            return Err(ProofError::OtherRoot { expected: *root, actual: self.root });
        }
        self.proofs.iter().map(|proof| self.one(proof)).collect()
    }

    /// Whether they are about all of these persons, and about nobody else.
    ///
    /// # Errors
    ///
    /// [`ProofError::Missing`] and [`ProofError::Unasked`].
    pub fn are_about(&self, persons: &BTreeSet<SubjectId>) -> Result<(), ProofError> {
        let about: BTreeSet<&SubjectId> = self.proofs.iter().map(|proof| &proof.id).collect();
        if let Some(unasked) = about.iter().find(|id| !persons.contains(**id)) {
            return Err(ProofError::Unasked((**unasked).clone()));
        }
        match persons.iter().find(|id| !about.contains(id)) {
            Some(missing) => Err(ProofError::Missing(missing.clone())),
            None => Ok(()),
        }
    }

    fn one(&self, proof: &Proof) -> Result<Proven, ProofError> {
        let id = || proof.id.clone();
        let shown = IndexProof { point: proof.point, challenge: proof.challenge, response: proof.response };
        let index = shown.verify(&self.key, proof.id.as_str()).ok_or_else(|| ProofError::Index(id()))?;
        let (end, standing) = proof.end.shown(index, &proof.id).ok_or_else(|| ProofError::End(id()))?;
        let depth = u32::try_from(proof.siblings.len()).ok().filter(|depth| *depth <= Index::BITS);
        let depth = depth.ok_or_else(|| ProofError::Path(id()))?;
        let upwards = proof.siblings.iter().rev().zip((0..depth).rev());
        let top = upwards.fold(end, |node, (sibling, depth)| match goes_right(index, depth) {
            true => node::node(sibling, &node),
            false => node::node(&node, sibling),
        });
        if node::root(&self.agreement.0, &self.key, &top) != self.root {
            return Err(ProofError::Path(id()));
        }
        Ok(Proven { id: id(), standing })
    }
}

impl End {
    /// The hash of what is there, and what that means for an id with this index; none where it is not shown.
    fn shown(&self, index: Index, id: &SubjectId) -> Option<(Bytes, Standing)> {
        match self {
            Self::Empty { nonce } => Some((node::empty(nonce), Standing::NotEnrolled)),
            Self::Enrolled(Enrolled { digits, nonce, references, opened, kept, handle }) => {
                let kept: Option<Vec<Kept>> = kept.as_ref().map(|kept| kept.iter().copied().map(Kept).collect());
                let shown = match (opened, &kept) {
                    (None, None) => handle.is_none(),
                    (Some(nonce), Some(kept)) => {
                        node::references(nonce, handle.as_ref(), kept) == *references && kept.is_sorted()
                    }
                    _ => false,
                };
                let person = node::person(nonce, references, id.as_str());
                let digits = node::digits(digits, index);
                let leaf = node::leaf(digits.iter().map(|(hidden, _)| hidden), &person);
                shown.then_some((leaf, Standing::Enrolled(kept)))
            }
            Self::Another(Another { place, value, nonce, digits, person }) => {
                let own = index.to_be_bytes().get(usize::from(*place)).copied()?;
                let shown = own != *value
                    && digits.len() == DIGITS
                    && digits.get(usize::from(*place)) == Some(&node::digit(nonce, *place, *value));
                shown.then(|| (node::leaf(digits, person), Standing::NotEnrolled))
            }
        }
    }
}

//! The parts of an answer, each with a digest of what it leaves before parts are put together: so that an auditor need not compute all of an
//! answer to see that it is honest work.
//!
//! A part is what is computed at once: a block (of a probe, or of a bundle, under `bgv`, of pairs under `hybrid`), a wave of a probe's subjects under `tfhe`.
//! What it leaves follows from key, query, gallery and randomness alone, and nobody has it without computing it.

use sha2::{Digest as _, Sha256};

use super::randomness::Randomness;

/// SHA-256 of what a part leaves.
pub type PartDigest = [u8; 32];

/// Most parts whose digests are kept: 2 MB.
pub(crate) const MOST_PARTS: usize = 1 << 16;

/// Digests of the parts of one answer, by their numbers; none of them where there are more than are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    digests: Vec<PartDigest>,
    too_many: bool,
}

impl Parts {
    /// Notes what part number `number` has left.
    pub(in crate::scheme) fn note(&mut self, number: usize, digest: impl FnOnce() -> PartDigest) {
        if number >= MOST_PARTS {
            *self = Self { digests: Vec::new(), too_many: true };
        }
        if self.too_many {
            return;
        }
        if self.digests.len() <= number {
            self.digests.resize(number + 1, PartDigest::default());
        }
        if let Some(part) = self.digests.get_mut(number) {
            *part = digest();
        }
    }

    /// As they may be told: see [`Randomness::blinded`].
    pub(crate) fn blinded(self, randomness: &Randomness) -> Self {
        let blinded = self.digests.iter().enumerate().map(|(number, part)| randomness.blinded(number, part));
        Self { digests: blinded.collect(), ..self }
    }

    /// All of them, one after the other.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.digests.into_flattened()
    }
}

/// The digest of numbers: of how many, and of each in turn.
pub(in crate::scheme) fn digest_of<'a, T: Copy + Into<u64> + 'a>(rows: impl Iterator<Item = &'a [T]>) -> PartDigest {
    let mut digest = Sha256::new_with_prefix(b"cotejo part of an answer\0");
    let mut bytes = Vec::with_capacity(8 * 1024);
    for row in rows {
        digest.update((row.len() as u64).to_le_bytes());
        for numbers in row.chunks(1024) {
            bytes.clear();
            for &number in numbers {
                let number: u64 = number.into();
                bytes.extend_from_slice(number.to_le_bytes().get(..size_of::<T>()).unwrap_or_default());
            }
            digest.update(&bytes);
        }
    }
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_tells_numbers_and_rows_apart() {
        let of = |rows: &[&[u32]]| digest_of(rows.iter().copied());
        let all = [of(&[]), of(&[&[]]), of(&[&[1, 2]]), of(&[&[1], &[2]]), of(&[&[2, 1]])];
        for (index, digest) in all.iter().enumerate() {
            assert!(!all[..index].contains(digest), "{index}");
        }
        assert_ne!(digest_of([&[1u64][..]].into_iter()), of(&[&[1]]));
    }

    #[test]
    fn more_parts_than_are_kept_are_not() {
        let mut parts = Parts::default();
        // In any order, as probes are grouped.
        for number in [MOST_PARTS - 1, 0] {
            parts.note(number, || [7; 32]);
        }
        assert_eq!(parts.clone().into_bytes().len(), 32 * MOST_PARTS);
        parts.note(MOST_PARTS, || [7; 32]);
        parts.note(0, || [7; 32]);
        assert!(parts.into_bytes().is_empty());
    }
}

//! Labelled hits: the handles of the subjects that match a probe, as many as are agreed, in one ring element whatever the gallery.
//!
//! Let b_i be 1 for a subject that hits and 0 for another, C = sum_i b_i, and H the hits that the agreement admits. What leaves are sums over all
//! subjects, linear in b with coefficients in the clear, each one number modulo t ([`Layout`] says which):
//!
//! > location k: sum_i b_i a_i^k;  label w, k: sum_i b_i l_(i,w) a_i^k;  key v, j: r_(v,j) (C - v) + K_j
//!
//! over F_t\[o\], o^2 = 3 ([`Pair`]). a_i is a place that the subject has for this probe alone, l_i its handle ([`Label`]), r uniform, K a key of eight
//! numbers. Of C <= H hits the numbers r (C - v) + K say K where v = C, and are uniform elsewhere; the other sums are padded by what follows from K, so
//! of more hits than H nothing can be read but that there are more. C places solve C equations, and the labels follow
//! (docs/protocol.md, section 8). All of it is locked besides ([`super::lock`]): of a probe that is no template nothing leaves.
//!
//! [`folding`] is the custodian's part, [`reading`] the querier's.

pub(in crate::scheme) mod folding;
mod pair;
pub(in crate::scheme) mod reading;
#[cfg(test)]
mod tests;

use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::answer::KEY_NUMBERS;
use super::lock::seed_of;
use super::sampling::{any_residue, generator};
use crate::template::Handle;
use pair::Pair;

/// Numbers of a label: a handle's bytes by two, its length, a checksum.
const WORDS: usize = Handle::MOST_BYTES / 2 + 2;

/// The same in pairs.
const PAIRS: usize = WORDS / 2;

/// Numbers that are 0 once the lock is off: whoever has the wrong key sees others, but for a chance of 2^-32.
const LOCK_CHECKS: usize = 2;

/// Numbers that are 0 once pads are off: with another key they are others, but for a chance of 2^-64.
const KEY_CHECKS: usize = 4;

/// What precedes a key where the pads of sums are drawn from it.
const DOMAIN: &[u8] = b"cotejo bgv labelled";

/// Which sums leave for a probe, by number: [`LOCK_CHECKS`] zeros; of each count from 0 on a key; then what the key is for: [`KEY_CHECKS`] zeros,
/// locations, labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) struct Layout {
    /// H.
    hits: usize,
}

/// One of the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    /// 0.
    Check,
    /// A number of the key, where so many hit.
    Key { count: usize, number: usize },
    /// 0 under the key.
    KeyCheck,
    /// A component of a power of the place, from the first on.
    Location { power: usize, component: usize },
    /// A component of a pair of the label times a power of the place.
    Label { pair: usize, power: usize, component: usize },
}

impl Layout {
    pub(in crate::scheme) fn new(hits: usize) -> Self {
        Self { hits: hits.max(1) }
    }

    fn keys(self) -> usize {
        KEY_NUMBERS * (self.hits + 1)
    }

    /// Powers of places that are added up: as many as there are hits, and one that nobody's hits have by accident.
    fn powers(self) -> usize {
        self.hits + 1
    }

    fn locations(self) -> usize {
        2 * self.powers()
    }

    /// The first sum that is padded.
    fn first_padded(self) -> usize {
        LOCK_CHECKS + self.keys()
    }

    /// Sums that are padded.
    fn padded(self) -> usize {
        KEY_CHECKS + self.locations() + WORDS * self.hits
    }

    /// Sums in all.
    fn numbers(self) -> usize {
        self.first_padded() + self.padded()
    }

    /// m: sum number f stands in the slots whose column is f modulo this, in shares; a power of two.
    pub(in crate::scheme) fn classes(self) -> usize {
        self.numbers().next_power_of_two()
    }

    /// Which sum a class is; none of a class that is not used.
    fn number(self, class: usize) -> Option<Number> {
        let Some(rest) = class.checked_sub(LOCK_CHECKS) else { return Some(Number::Check) };
        let Some(rest) = rest.checked_sub(self.keys()) else {
            return Some(Number::Key { count: rest / KEY_NUMBERS, number: rest % KEY_NUMBERS });
        };
        let Some(rest) = rest.checked_sub(KEY_CHECKS) else { return Some(Number::KeyCheck) };
        let Some(rest) = rest.checked_sub(self.locations()) else {
            return Some(Number::Location { power: rest / 2 + 1, component: rest % 2 });
        };
        let (power, rest) = (rest / WORDS, rest % WORDS);
        (power < self.hits).then_some(Number::Label { pair: rest / 2, power, component: rest % 2 })
    }
}

/// The pads of the sums that a key is for.
fn key_pads(key: &[u32], layout: Layout) -> Zeroizing<Vec<u32>> {
    let mut pads = generator(&mut ChaCha20Rng::from_seed(*seed_of(DOMAIN, key)));
    Zeroizing::new(any_residue(layout.padded(), &mut pads))
}

/// A handle as numbers modulo t: its bytes by two, its length, a checksum. All zeros are the label of nobody: of a subject without a handle the length
/// is 0 and the checksum is not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::scheme) struct Label([Pair; PAIRS]);

impl Label {
    /// Of a subject, which need not have a handle.
    pub(in crate::scheme) fn of(handle: Option<&Handle>) -> Self {
        const NONE: [u8; Handle::MOST_BYTES] = [0; Handle::MOST_BYTES];
        let (length, padded) = handle.map_or((0, &NONE), |handle| (handle.as_bytes().len(), handle.padded()));
        let (words, _) = padded.as_chunks::<2>();
        let words = words.iter().map(|&word| u16::from_le_bytes(word).into());
        let mut numbers = words.chain([length as u32, checksum(length, padded).into()]);
        let mut next = || numbers.next().unwrap_or_default();
        Self([(); PAIRS].map(|()| Pair([next(), next()])))
    }

    /// The handle; none of a subject without one.
    ///
    /// # Errors
    ///
    /// [`NoLabel`] for what [`Label::of`] does not make.
    fn handle(self) -> Result<Option<Handle>, NoLabel> {
        let mut bytes = [0; Handle::MOST_BYTES];
        let numbers = self.0.map(|Pair(numbers)| numbers);
        for (word, &number) in bytes.chunks_exact_mut(2).zip(numbers.as_flattened()) {
            word.copy_from_slice(&u16::try_from(number).map_err(|_| NoLabel)?.to_le_bytes());
        }
        let [.., Pair([length, _])] = self.0;
        let text = bytes.get(..length as usize).ok_or(NoLabel)?;
        let handle = (!text.is_empty()).then(|| Handle::from_bytes(text)).transpose().map_err(|_| NoLabel)?;
        match Self::of(handle.as_ref()) == self {
            true => Ok(handle),
            false => Err(NoLabel),
        }
    }
}

/// Numbers that are no label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NoLabel;

fn checksum(length: usize, padded: &[u8; Handle::MOST_BYTES]) -> u16 {
    let digest = Sha256::new_with_prefix(b"cotejo handle").chain_update((length as u64).to_le_bytes());
    let digest: [u8; 32] = digest.chain_update(padded).finalize().into();
    let [first, second, ..] = digest;
    u16::from_le_bytes([first, second])
}

//! What an answer is drawn from: two seeds, so that whoever is given them makes the same answer again.
//!
//! Every random number of an answer comes from a generator of its own purpose (a probe, a block, a probe's share of a block): which numbers
//! an answer has follows from the seeds, and not from how many threads compute it, how much memory it may take, or what was answered before.

use rand::CryptoRng;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Bytes of a seed.
pub(crate) const SEED_BYTES: usize = 32;

/// A secret from which random numbers are drawn; wiped on drop.
pub(crate) type RandomSeed = Zeroizing<[u8; SEED_BYTES]>;

/// The randomness of one answer. SECRET of the custodian: with it the querier takes the flooding off its answer, and sees noise that tells of
/// the gallery. Does not print, and is wiped on drop.
pub struct Randomness {
    /// Of this answer alone.
    answer: RandomSeed,
    /// What the order of subjects in slots is drawn from, the same for all answers of a custodian.
    order: RandomSeed,
}

/// What a generator is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) enum Drawn {
    /// What is drawn once for a probe.
    Probe(usize),
    /// What is drawn once for a block, whatever stands in it.
    Block(usize),
    /// What is drawn for a probe in a block.
    ProbeInBlock { probe: usize, block: usize },
    /// One of the random projections that a probe is tested with.
    Projection { probe: usize, number: usize },
    /// What is drawn once for a query.
    Query,
    /// Where the projections of a query's probes stand in a block of tests.
    Tests(usize),
}

impl Drawn {
    /// A number for each purpose, and what tells one of its kind from another.
    fn numbers(self) -> [u64; 3] {
        match self {
            Self::Probe(probe) => [0, probe as u64, 0],
            Self::Block(block) => [1, block as u64, 0],
            Self::ProbeInBlock { probe, block } => [2, probe as u64, block as u64],
            Self::Projection { probe, number } => [3, probe as u64, number as u64],
            Self::Query => [4, 0, 0],
            Self::Tests(block) => [5, block as u64, 0],
        }
    }
}

/// A fresh seed.
pub(crate) fn random_seed(rng: &mut dyn CryptoRng) -> RandomSeed {
    let mut seed = Zeroizing::new([0; SEED_BYTES]);
    rng.fill_bytes(seed.as_mut());
    seed
}

/// SHA-256 over a label, a seed and what follows from it: of inputs that all begin alike and have one length for each label.
fn derived(label: &[u8], seed: &RandomSeed, rest: &[&[u8]]) -> RandomSeed {
    let mut digest = Sha256::new_with_prefix(label);
    digest.update(seed.as_slice());
    rest.iter().for_each(|part| digest.update(part));
    Zeroizing::new(digest.finalize().into())
}

impl Randomness {
    /// Of these seeds.
    pub(crate) fn new(answer: RandomSeed, order: RandomSeed) -> Self {
        Self { answer, order }
    }

    /// Of a fresh seed, and an order by number.
    #[cfg(test)]
    pub(crate) fn drawn(order: u8, rng: &mut dyn CryptoRng) -> Self {
        Self::new(random_seed(rng), Zeroizing::new([order; SEED_BYTES]))
    }

    /// The same for what is searched: a version of a gallery, less certain positions, for a query. Subjects stand in an order of each version; and a
    /// job that is computed again after gallery or exempt persons have changed is drawn anew, so that two answers from one seed, should both
    /// ever leave, have nothing in common that could be taken off.
    pub(crate) fn of_search(&self, version: &[u8; 8], exempt: &[usize], query: &[u8; 16]) -> Self {
        let exempt =
            exempt.iter().fold(Sha256::new(), |digest, &position| digest.chain_update((position as u64).to_le_bytes()));
        let about: [&[u8]; 3] = [version, query, &exempt.finalize()];
        Self {
            answer: derived(b"cotejo randomness of a search\0", &self.answer, &about),
            order: derived(b"cotejo order of a gallery\0", &self.order, &[version]),
        }
    }

    /// The same for what computes: another program, or another processor where that matters, draws anew, so that what it computes otherwise is
    /// not masked alike.
    pub(crate) fn on(&self, machine: &str) -> Self {
        let answer = derived(b"cotejo randomness on a machine\0", &self.answer, &[machine.as_bytes()]);
        Self { answer, order: self.order.clone() }
    }

    /// A promise to draw from these seeds and no others, which tells nothing of them: about what it is given in 32 bytes.
    pub(crate) fn commitment(&self, about: &[u8; 32]) -> [u8; 32] {
        *derived(b"cotejo randomness of an answer\0", &self.answer, &[self.order.as_slice(), about])
    }

    /// The digest of a part as it may be told: what a part leaves may follow from query, key and gallery alone, so that whoever guesses a
    /// reference could test the guess against a digest of it. Against this one nobody can who lacks the seed.
    pub(crate) fn blinded(&self, number: usize, part: &[u8; 32]) -> [u8; 32] {
        *derived(b"cotejo part as told\0", &self.answer, &[&(number as u64).to_le_bytes(), part])
    }

    /// What a generator for this purpose begins with.
    pub(in crate::scheme) fn seed(&self, drawn: Drawn) -> RandomSeed {
        let numbers = drawn.numbers().map(u64::to_le_bytes);
        derived(b"cotejo generator\0", &self.answer, &[numbers.as_flattened()])
    }

    /// What the order of subjects in slots follows from, under one querier's keys.
    pub(in crate::scheme) fn order(&self, key: &[u8; 32]) -> [u8; SEED_BYTES] {
        *derived(b"cotejo order of slots\0", &self.order, &[key])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn randomness(answer: u8, order: u8) -> Randomness {
        Randomness::new(Zeroizing::new([answer; 32]), Zeroizing::new([order; 32]))
    }

    #[test]
    fn each_purpose_has_a_generator_of_its_own() {
        let all = [
            Drawn::Probe(0),
            Drawn::Probe(1),
            Drawn::Block(0),
            Drawn::Block(1),
            Drawn::ProbeInBlock { probe: 0, block: 0 },
            Drawn::ProbeInBlock { probe: 0, block: 1 },
            Drawn::ProbeInBlock { probe: 1, block: 0 },
            Drawn::Projection { probe: 0, number: 0 },
            Drawn::Projection { probe: 0, number: 1 },
            Drawn::Projection { probe: 1, number: 0 },
            Drawn::Query,
            Drawn::Tests(0),
            Drawn::Tests(1),
        ];
        for (index, &drawn) in all.iter().enumerate() {
            let seed = randomness(1, 1).seed(drawn);
            assert!(all[..index].iter().all(|&other| randomness(1, 1).seed(other) != seed), "{drawn:?}");
            assert_eq!(seed, randomness(1, 2).seed(drawn), "the order of slots is another matter");
            assert_ne!(seed, randomness(2, 1).seed(drawn));
        }
    }

    #[test]
    fn an_order_is_another_for_each_key_and_each_gallery() {
        let searched = |randomness: Randomness, gallery: u8| randomness.of_search(&[gallery; 8], &[], &[0; 16]);
        let order = |order, gallery: u8, key: u8| searched(randomness(1, order), gallery).order(&[key; 32]);
        assert_eq!(order(1, 1, 1), searched(randomness(9, 1), 1).order(&[1; 32]));
        assert!(![order(2, 1, 1), order(1, 2, 1), order(1, 1, 2)].contains(&order(1, 1, 1)));
    }

    #[test]
    fn what_is_searched_otherwise_is_drawn_anew() {
        let seed = |version: u8, exempt: &[usize], query: u8| {
            randomness(1, 1).of_search(&[version; 8], exempt, &[query; 16]).seed(Drawn::Probe(0))
        };
        let all = [seed(1, &[], 1), seed(2, &[], 1), seed(1, &[3], 1), seed(1, &[3, 4], 1), seed(1, &[], 2)];
        for (index, seed) in all.iter().enumerate() {
            assert!(!all[..index].contains(seed), "{index}");
        }
        assert_eq!(all[2], seed(1, &[3], 1));
        let on = |machine: &str| randomness(1, 1).on(machine).seed(Drawn::Probe(0));
        assert!(on("a") == on("a") && on("a") != on("b"));
    }

    #[test]
    fn a_commitment_is_opened_by_its_own_seeds_alone() {
        let commitment = randomness(1, 2).commitment(&[3; 32]);
        assert_eq!(commitment, randomness(1, 2).commitment(&[3; 32]));
        for other in [randomness(1, 3).commitment(&[3; 32]), randomness(2, 2).commitment(&[3; 32])] {
            assert_ne!(commitment, other);
        }
        assert_ne!(commitment, randomness(1, 2).commitment(&[4; 32]));
    }
}

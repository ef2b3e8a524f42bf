//! Whether probes are as long as templates can be, folded into what leaves: of a longer one nothing is told, whatever the gallery.
//!
//! A probe is a vector u of the torus, the phases of its coordinates. Of random integers rho, fresh for each of [`PROJECTIONS`] projections,
//! x = <rho, u> is encrypted and switched like any score (`tfhe::validity`), and stands as w = 2 floor(x) + 1 in a slot of a *block of tests*. There
//!
//! > T(w) = prod over odd j in [1, 2 W + 1] of (w^2 - j^2)
//!
//! is 0 iff -W - 1 <= x < W + 1, in steps of t and modulo t, and anything else but 0. To each number that leaves for a probe
//!
//! > v = sum over the probe's projections of r T(w),   r uniform, fresh for each number and projection
//!
//! is added: 0 of a template, and uniform, as t is prime, if any projection is out of range. Which vectors that are is in [`super::soundness`].
//! Under `each`, where ring elements leave that probes share, these are padded, and v of all probes is in the key to the pads ([`Lock`]).
//!
//! T's degree is less than a threshold's, so a block of tests starts over fewer primes. Nor do tests depend on the gallery: one block is enough for 128
//! probes against anybody, and of four or fewer its linear stage takes few diagonals.

use std::ops::Range;

use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha20Rng;

use super::bridge::switched;
use super::keys::PreparedKey;
use super::soundness::{PROJECTIONS, Projections, WANTED_COINS};
use crate::functional::Functional;
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::parameters::hybrid::HybridSet;
use crate::scheme::bgv::aggregate::Summed;
use crate::scheme::bgv::arithmetic::{Arithmetic, Cost, Ledger, blinded};
use crate::scheme::bgv::chain::{Chain, SLACKS_LOG2};
use crate::scheme::bgv::distance::{Block, Steps, ledger_entry_over};
use crate::scheme::bgv::engine::{Ciphertext, Engine, Plaintext};
use crate::scheme::bgv::lock::Lock;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::noise::{MARGIN_BITS, Noise, State};
use crate::scheme::bgv::residues::{divide_mod_t, residue};
use crate::scheme::bgv::sampling::{Generator, any_residue};
use crate::scheme::bgv::threshold::Polynomial;
use crate::scheme::tfhe::distance::{EncryptedTemplate, Scratch};
use crate::scheme::tfhe::validity::{integers, projection};
use crate::scheme::{Drawn, Progress, Randomness, Stopped};

/// What passes is no more of the torus than an eighth: W and the tail of the noise, in steps.
const MOST_WITHIN: i64 = PLAINTEXT_MODULUS as i64 / 16 - 64;

/// What tests leave is noisier than the rounding of a division by no more: together no more than two blocks
/// ([`crate::scheme::bgv::circuit::TESTS_AS_BLOCKS`]).
const MOST_EXCESS_LOG2: f64 = 0.25;

/// Numbers of primes that are tried, the fewest first.
const GUESSES: usize = 3;

/// How the probes of a comparison are tested.
#[derive(Clone, Debug)]
pub(super) struct Tests {
    pub(super) projections: Projections,
    polynomial: Polynomial,
    pub(super) steps: Steps,
    /// When primes are divided away.
    slack_log2: f64,
    /// Primes over which a block of tests starts.
    pub(super) limbs: usize,
    /// Of a block, before it is multiplied by random numbers.
    pub(super) cost: Cost,
}

impl Tests {
    /// Of a comparison's probes: with as many coins as are wanted, or with fewer where T would not fit the set. None where none does, as of codes of a
    /// few bits: their probes are not tested. By the agreement alone.
    pub(super) fn of(set: &HybridSet, functional: &Functional) -> Option<Self> {
        let fewer = (1..WANTED_COINS).rev().map(Some);
        let mut choices = std::iter::once(None).chain(fewer).map(|coins| Projections::of(set, functional, coins));
        choices.find_map(|projections| Self::weigh(set, projections))
    }

    /// The cheapest way to judge these projections, where the set has room for any.
    fn weigh(set: &HybridSet, projections: Projections) -> Option<Self> {
        if projections.within > MOST_WITHIN {
            return None;
        }
        let ring = set.ring();
        let steps = Steps::new(&ring, set.query().lwe_dimension())?;
        let polynomial = Polynomial::roots(4 * projections.within + 3);
        let babies = polynomial.candidates();
        let ways = SLACKS_LOG2.into_iter().flat_map(|slack| babies.iter().map(move |&babies| (slack, babies)));
        let weighed = ways.filter_map(|(slack_log2, babies)| {
            let polynomial = polynomial.clone().with_baby_powers(babies);
            let tests = Self { projections, polynomial, steps, slack_log2, limbs: ring.limbs, cost: Cost::default() };
            tests.over_fewest(set)
        });
        let weight = |tests: &Self| tests.cost.transforms + tests.cost.products / 8.0;
        weighed.min_by(|a, b| weight(a).total_cmp(&weight(b)))
    }

    /// Over as few primes as they need; none where the set has too few.
    fn over_fewest(self, set: &HybridSet) -> Option<Self> {
        let public = set.ring().public_limbs();
        let (state, ..) = self.weighed(set, self.limbs)?;
        let spare = state.limbs.saturating_sub(public);
        // It depends on the number of primes by little: the first guess is right, or one or two more.
        (0..=spare).rev().take(GUESSES).find_map(|spare| {
            let limbs = self.limbs - spare;
            let (state, ledger) = self.weighed(set, limbs)?;
            let chain = ledger.chain();
            let end = ledger.divide(state, state.limbs.saturating_sub(public));
            ledger.admit(blinded(chain, end));
            let quiet = end.noise <= Noise::of(&chain.set).rounding() + MOST_EXCESS_LOG2;
            let fits = quiet && end.limbs == public && ledger.is_coherent() && ledger.margin() >= MARGIN_BITS;
            fits.then(|| Self { limbs, cost: ledger.cost(), ..self.clone() })
        })
    }

    /// T on a ledger, from so many primes on.
    fn weighed(&self, set: &HybridSet, limbs: usize) -> Option<(State, Ledger)> {
        let chain = self.chain(set);
        let ledger = Ledger::new(chain);
        let score = ledger_entry_over(&ledger, chain, self.steps, limbs);
        let state = self.polynomial.evaluate(&ledger, &score, &[], 1).pop()?;
        Some((state, ledger))
    }

    fn chain(&self, set: &HybridSet) -> Chain {
        Chain::of(&set.ring()).with_slack(self.slack_log2)
    }

    /// Ready to be run.
    pub(super) fn with_coefficients(mut self) -> Self {
        self.polynomial.compute();
        self
    }

    /// T of what stands in a block, over the primes of the public key.
    pub(super) fn judged(&self, key: &PreparedKey, block: &Block, packing: Packing) -> Option<Ciphertext> {
        let PreparedKey { set, ring, rotations, .. } = key;
        let engine = Engine { ring: &ring.ring, relinearisation: &ring.relinearisation, chain: self.chain(set) };
        let score = match packing {
            Packing::Full => block.scores_over(ring, self.limbs, &[rotations], 0).pop(),
            Packing::Few(_) => block.scores_of_few(ring, self.limbs, rotations),
        }?;
        let value = self.polynomial.evaluate(&engine, &score, &[], 1).pop()?;
        let dropped = value.state.limbs.saturating_sub(set.ring().public_limbs());
        Some(engine.divide(value, dropped))
    }

    /// Blocks that the tests of so many probes take.
    pub(super) fn blocks(set: &HybridSet, probes: usize) -> usize {
        rows(probes).div_ceil(set.block_size())
    }

    /// How those of so many probes stand in them.
    fn packing(&self, set: &HybridSet, probes: usize) -> Packing {
        match rows(probes) <= self.steps.few(set.block_size()) {
            true => Packing::Few(self.steps),
            false => Packing::Full,
        }
    }

    /// Diagonals of each block of so many probes, and what it costs.
    pub(super) fn diagonals_and_cost(&self, set: &HybridSet, probes: usize) -> (usize, Cost) {
        let Steps { period, babies } = self.steps;
        match self.packing(set, probes) {
            Packing::Full => (period, self.cost),
            Packing::Few(_) => {
                let spared = (2 * (period - babies) * self.limbs) as f64;
                (babies, self.cost - Cost { transforms: 0.0, products: spared })
            }
        }
    }
}

/// Where projections stand in a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Packing {
    /// One in each slot.
    Full,
    /// So few that the linear stage is done with fewer diagonals ([`Block::scores_of_few`]): of four probes or fewer, where N = 32768.
    Few(Steps),
}

impl Packing {
    /// Places of a block of n slots.
    fn places(self, n: usize) -> usize {
        match self {
            Self::Full => n,
            Self::Few(steps) => steps.few(n),
        }
    }

    /// The slot of a place, of n.
    pub(super) fn slot(self, n: usize, place: usize) -> usize {
        match self {
            Self::Full => place,
            Self::Few(steps) => steps.place_of_few(n, place),
        }
    }
}

/// F: what is F times as long as a template can be, or longer, passes its tests with a probability of 2^-16 at most, whatever it is. None where
/// probes are not tested.
pub(crate) fn seen_factor(set: &HybridSet, functional: &Functional) -> Option<f64> {
    Tests::of(set, functional).map(|tests| tests.projections.seen_factor())
}

/// Slots that the tests of so many probes take, and steps of progress.
pub(super) fn rows(probes: usize) -> usize {
    probes.saturating_mul(PROJECTIONS)
}

/// The probes of one query, to be tested.
pub(super) struct Examination<'a> {
    pub(super) key: &'a PreparedKey,
    pub(super) tests: &'a Tests,
    /// Of each probe its samples.
    pub(super) templates: &'a [Vec<EncryptedTemplate>],
    pub(super) randomness: &'a Randomness,
}

impl Examination<'_> {
    pub(super) fn blocks(&self) -> usize {
        Tests::blocks(&self.key.set, self.templates.len())
    }

    /// How projections stand in blocks.
    fn packing(&self) -> Packing {
        self.tests.packing(&self.key.set, self.templates.len())
    }

    /// The place of each projection of a block: secret, so that a key whose s is another one in some slots does not know which of them tests read.
    fn places(&self, block: usize) -> Vec<usize> {
        let rng = &mut Generator::of(&self.randomness.seed(Drawn::Tests(block)));
        let mut places: Vec<usize> = (0..self.packing().places(self.key.set.block_size())).collect();
        places.shuffle(rng);
        places.truncate(self.rows(block).len());
        places
    }

    /// The slot of each projection of each block.
    pub(super) fn slots(&self) -> Vec<Vec<usize>> {
        let (packing, n) = (self.packing(), self.key.set.block_size());
        let of_block = |block| self.places(block).into_iter().map(|place| packing.slot(n, place)).collect();
        (0..self.blocks()).map(of_block).collect()
    }

    /// The projections that stand in a block, counted probe by probe.
    fn rows(&self, block: usize) -> Range<usize> {
        let (n, all) = (self.key.set.block_size(), rows(self.templates.len()));
        (block * n).min(all)..((block + 1) * n).min(all)
    }

    /// T of each projection of a block, over the primes of the public key.
    ///
    /// # Errors
    ///
    /// [`Stopped`] where `progress` says so.
    pub(super) fn block(&self, block: usize, progress: &dyn Progress) -> Result<Option<Ciphertext>, Stopped> {
        let (key, tests) = (self.key, self.tests);
        if progress.stop() {
            return Err(Stopped);
        }
        let (rows, packing) = (self.rows(block), self.packing());
        let places = packing.places(key.set.block_size());
        let mut standing = vec![None; places];
        for (row, place) in rows.clone().zip(self.places(block)) {
            if let Some(standing) = standing.get_mut(place) {
                *standing = Some(row);
            }
        }
        let mut scores = Block::new(tests.steps, places, residue(MASK_SCALE), NOBODY);
        let scratch = || Scratch::new(&key.set.query(), &key.transform);
        let row_at = |place: usize| standing.get(place).copied().flatten();
        scores.fill_with(scratch, |scratch, place, mask| self.row(row_at(place)?, scratch, mask));
        let value = tests.judged(key, &scores, packing);
        progress.advance(rows.len() as u64);
        Ok(value)
    }

    /// One projection, switched: writes its mask, and returns what is added.
    fn row(&self, row: usize, scratch: &mut Scratch, mask: &mut [i16]) -> Option<i64> {
        let (probe, number) = (row / PROJECTIONS, row % PROJECTIONS);
        let Projections { coordinates, coins, .. } = self.tests.projections;
        let rng = &mut integers(self.randomness, probe, number);
        let mut sum = vec![0u64; mask.len() + 1];
        for sample in self.templates.get(probe)? {
            let score = sample.score(&projection(coordinates, coins, rng), 1, &self.key.transform, scratch);
            sum.iter_mut().zip(score.sample()).for_each(|(sum, &number)| *sum = sum.wrapping_add(number));
        }
        Some(2 * switched(&sum, mask) + 1)
    }
}

/// Masks are subtracted, and w = 2 v + 1.
pub(super) const MASK_SCALE: i64 = -2;

/// w of a slot without a projection: 0 by T.
const NOBODY: i64 = 1;

/// T of every projection of a query's probes.
pub(super) struct Examined {
    blocks: Vec<Ciphertext>,
    /// Of each block the slots of its projections.
    slots: Vec<Vec<usize>>,
}

impl Examined {
    pub(super) fn new(blocks: Vec<Ciphertext>, slots: Vec<Vec<usize>>) -> Self {
        Self { blocks, slots }
    }

    /// v of some probes, together: 0 of templates, uniform where one is none, and another each time.
    ///
    /// # Errors
    ///
    /// [`Misfit::Unlike`] where there is no test of them: nothing may leave then.
    pub(super) fn test(
        &self,
        key: &PreparedKey,
        probes: Range<usize>,
        rng: &mut ChaCha20Rng,
    ) -> Result<Ciphertext, Misfit> {
        let ring = &*key.ring.ring;
        let rows = rows(probes.start)..rows(probes.end);
        if rows.is_empty() || rows.end > self.blocks.len() * ring.n {
            return Err(Misfit::Unlike);
        }
        let mut sum: Option<Ciphertext> = None;
        for (block, (value, standing)) in self.blocks.iter().zip(&self.slots).enumerate() {
            let first = block * ring.n;
            let of_block = rows.start.max(first)..rows.end.min(first + ring.n);
            if of_block.is_empty() {
                continue;
            }
            let mut slots = vec![0; ring.n];
            let numbers = any_residue(of_block.len(), rng);
            for (row, number) in of_block.zip(numbers) {
                let slot = standing.get(row - first).and_then(|&slot| slots.get_mut(slot)).ok_or(Misfit::Unlike)?;
                *slot = number;
            }
            let product = value.masked(ring, &Plaintext::of_slots(ring, slots, value.state.limbs));
            sum = Some(match sum {
                None => product,
                Some(mut sum) => {
                    sum.add_masked(ring, &product);
                    sum
                }
            });
        }
        sum.ok_or(Misfit::Unlike)
    }

    /// The key of a lock as it leaves: each of its numbers with a test of some probes. What is padded can be read if all of them are templates, and
    /// by nobody if one is none.
    ///
    /// # Errors
    ///
    /// As [`Examined::test`].
    pub(super) fn locked(
        &self,
        key: &PreparedKey,
        lock: Lock,
        probes: Range<usize>,
        rng: &mut ChaCha20Rng,
    ) -> Result<Summed, Misfit> {
        let ring = &*key.ring.ring;
        let mut summed = Summed::default();
        for &number in lock.into_key().iter() {
            let test = self.test(key, probes.clone(), rng)?;
            // What it is once all primes but the first are gone.
            let left = ring.chain.factor_after_drop(test.state.factor, 1, test.state.limbs);
            summed.push(&key.ring, test.plus(ring, divide_mod_t(number, left)), rng);
        }
        Ok(summed)
    }
}

//! How fast a machine is: the time of each unit of work, in which a search is counted (`estimate`).
//!
//! A machine is timed by doing some of each unit with random keys. Nothing of it has a name outside the scheme.

use std::time::Duration;

use rand::CryptoRng;
use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use crate::agreement::Disclosure;
use crate::functional::Functional;
use crate::parameters::bgv::BgvSet;
use crate::scheme::Holder;
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::aggregate::squares;
use crate::scheme::bgv::arithmetic::{Cost, Ledger};
use crate::scheme::bgv::circuit::{Circuit, Comparison, Sharing};
use crate::scheme::bgv::distance::{Block, Steps};
use crate::scheme::bgv::engine::Ciphertext;
use crate::scheme::bgv::keys::PreparedKey;
use crate::scheme::bgv::lock::Lock;
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::modulus::{Sum, two_sums_of_products};
use crate::scheme::bgv::noise::{Noise, State};
use crate::scheme::bgv::pool::Poly;
use crate::scheme::bgv::sampling::generator;
use crate::scheme::bgv::sanitise::sanitised;
use crate::scheme::bgv::shape::Shape;

/// Time of each unit of work under one parameter set, with all threads busy: wall time, divided by how many were done in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// A number-theoretic transform of N residues.
    pub transform: Duration,
    /// N products added up, operands from memory.
    pub product: Duration,
    /// A diagonal of a block's weights, encoded and transformed over all primes.
    pub encoding: Duration,
    /// A ring element of an answer, blinded where that is called for, and sanitised.
    pub output: Duration,
}

impl Pace {
    /// The other two units as multiples of these, as they are on the reference machine.
    pub(crate) fn of_units(set: &BgvSet, transform: Duration, product: Duration) -> Self {
        let encoding = transform.mul_f64(set.limbs as f64 + ENCODING_TRANSFORMS);
        // All of a block's elements at once keep all threads busy; a single one is drawn by one.
        let drawing = if set.one_squaring { 1.0 } else { 2.0 };
        let output = transform.mul_f64(8.0 * set.public_limbs() as f64 + drawing * DRAWING_TRANSFORMS);
        Self { transform, product, encoding, output }
    }

    /// The reference machine (docs/performance.md), two threads. Both parties must choose alike, so it is part of the program, not measured.
    pub(crate) fn reference(set: &BgvSet) -> Self {
        let n = set.ring_size() as f64 / 32_768.0;
        let transform = REFERENCE_TRANSFORM.mul_f64(n * f64::from(set.ring_log2) / 15.0);
        Self::of_units(set, transform, REFERENCE_PRODUCT.mul_f64(n))
    }

    pub(in crate::scheme) fn seconds(&self, cost: Cost) -> f64 {
        cost.transforms * self.transform.as_secs_f64() + cost.products * self.product.as_secs_f64()
    }
}

/// N = 32768, one of two threads counting half.
const REFERENCE_TRANSFORM: Duration = Duration::from_nanos(50_000);
const REFERENCE_PRODUCT: Duration = Duration::from_nanos(10_000);
/// Gathering a diagonal and encoding it, in transforms.
const ENCODING_TRANSFORMS: f64 = 4.0;
/// Drawing what blinds and floods a ring element, in transforms.
const DRAWING_TRANSFORMS: f64 = 20.0;

/// The circuit of a block of subjects with one reference each, or one of each eye.
pub(super) fn circuit(
    set: &BgvSet,
    functional: &Functional,
    (disclosure, sharing): (Disclosure, Sharing),
    blocks: usize,
) -> Result<(Circuit, Shape), Misfit> {
    let shape = Shape::of_functional(functional, 1);
    let comparison = Comparison { sharing, ..Comparison::of(functional, disclosure) };
    let circuit = Circuit::weigh(set, &comparison, &shape, blocks)?;
    Ok((circuit, shape))
}

/// Keys that encrypt nothing of anybody, and what the units of one comparison's work need to run.
pub struct Units {
    key: PreparedKey,
    circuit: Circuit,
    ciphertext: Ciphertext,
    block: Block,
    /// Of the block, which has no more diagonals than time allows.
    steps: Steps,
}

impl Units {
    /// Fresh keys: a second or so.
    ///
    /// # Errors
    ///
    /// [`Misfit`] where the set does not admit the comparison.
    pub fn new(
        set: &BgvSet,
        functional: &Functional,
        disclosure: Disclosure,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Misfit> {
        Self::of(set, &Comparison::of(functional, disclosure), &Shape::of_functional(functional, 1), rng)
    }

    /// As [`Units::new`], for what a circuit judges.
    ///
    /// # Errors
    ///
    /// As [`Units::new`].
    pub(in crate::scheme) fn of(
        set: &BgvSet,
        comparison: &Comparison,
        shape: &Shape,
        rng: &mut dyn CryptoRng,
    ) -> Result<Self, Misfit> {
        let circuit = Circuit::weigh(set, comparison, shape, 1)?;
        let (_, key) = Bgv::generate(set, rng);
        let key = key.expand();
        // Part of a key is as random as a ciphertext.
        let length = set.limbs * key.ring.n;
        let part = |part: usize| {
            let digit = key.relinearisation.digits.first().and_then(|digit| digit.get(part));
            Poly::from(digit.map(|part| part.iter().copied().take(length).collect::<Vec<_>>()).unwrap_or_default())
        };
        let state = State { limbs: set.limbs, factor: 1, noise: Noise::of(set).fresh() };
        let ciphertext = Ciphertext { state, parts: [part(0), part(1)] };
        let steps = Steps { period: circuit.steps.period.min(circuit.steps.babies), ..circuit.steps };
        let mut block = Block::new(steps, set.ring_size(), 1, -1);
        block.fill(|row, weights| {
            weights.iter_mut().zip(row..).for_each(|(weight, number)| *weight = (number % 127) as i16 - 63);
            Some(row as i64 % 101)
        });
        Ok(Self { key, circuit, ciphertext, block, steps })
    }

    /// Times each unit for a fraction of a second. `clock` tells the time since any fixed moment.
    ///
    /// Transforms and products are timed as such, for their ratio, and as a rotation, whose time they must add up to.
    pub fn pace(&self, rng: &mut dyn CryptoRng, clock: &dyn Fn() -> Duration) -> Pace {
        let mut rng = generator(rng);
        // The first turn of each is not timed: threads, caches and tables warm up.
        let mut timed = |work: &mut dyn FnMut(&mut ChaCha20Rng) -> usize| {
            work(&mut rng);
            let (start, mut done, mut turns) = (clock(), 0, 0);
            while turns < 2 || clock().saturating_sub(start) < TIMED {
                done += work(&mut rng);
                turns += 1;
            }
            clock().saturating_sub(start).div_f64(done.max(1) as f64)
        };
        let transform = timed(&mut |_| self.transforms());
        let product = timed(&mut |_| self.products());
        let rotation = timed(&mut |_| self.rotations());
        let encoding = timed(&mut |_| self.encodings());
        let output = timed(&mut |rng| self.outputs(rng));
        let ledger = Ledger::new(self.key.ring.chain);
        ledger.charge_keyswitch(self.key.ring.set.limbs, 0);
        let ideal = Pace { transform, product, encoding, output };
        let scale = rotation.as_secs_f64() / ideal.seconds(ledger.cost()).max(1e-9);
        Pace { transform: transform.mul_f64(scale), product: product.mul_f64(scale), ..ideal }
    }

    /// Transforms of a ciphertext's residues. As all of these: works on all cores, and returns how many were done.
    fn transforms(&self) -> usize {
        let ring = &*self.key.ring;
        let mut parts = self.ciphertext.parts.clone();
        for _ in 0..REPEATED {
            for part in &mut parts {
                let limbs = part.par_chunks_exact_mut(ring.n).zip(&ring.limbs);
                limbs.for_each(|(limb, prime)| prime.forward(limb));
            }
        }
        REPEATED * parts.len() * ring.set.limbs
    }

    /// Two rotation keys' products with a third key, as a keyswitch sums them.
    fn products(&self) -> usize {
        let ring = &*self.key.ring;
        let length = ring.limbs.len() * ring.n;
        let mut sums = [Poly::unset(length), Poly::unset(length)];
        let [first, second] = &mut sums;
        let primes = first.par_chunks_exact_mut(ring.n).zip(second.par_chunks_exact_mut(ring.n)).zip(&ring.limbs);
        primes.enumerate().for_each(|(index, ((first, second), prime))| {
            let key = &self.key;
            let [shared, by_one, by_more] = [&key.relinearisation, &key.rotate_by_one, &key.rotate_by_baby_steps]
                .map(|key| key.digits.iter().map(|[_, mask]| ring.limb(mask, index)).collect::<Vec<_>>());
            two_sums_of_products(prime.modulus, Sum::Replaced, [first, second], &shared, [&by_one, &by_more]);
        });
        2 * ring.set.digits() * ring.limbs.len()
    }

    fn rotations(&self) -> usize {
        let ring = &*self.key.ring;
        let rotation = ring.rotation(1);
        let rotated = |ciphertext: Ciphertext| ciphertext.rotated(ring, &rotation, &self.key.rotate_by_one);
        let last = (0..REPEATED).fold(self.ciphertext.clone(), |ciphertext, _| rotated(ciphertext));
        if last.parts.is_empty() { 0 } else { REPEATED }
    }

    fn encodings(&self) -> usize {
        // Without a probe nothing is multiplied.
        let scores = self.block.scores(&self.key, &[], 0);
        if scores.is_empty() { self.steps.period } else { 0 }
    }

    fn outputs(&self, rng: &mut ChaCha20Rng) -> usize {
        let ring = &*self.key.ring;
        let verdict = self.ciphertext.truncated(ring, self.circuit.end.limbs);
        match ring.set.one_squaring {
            true => squares(&self.key, &self.circuit, &verdict, &mut Lock::draw(rng), rng).len(),
            false => (0..REPEATED).map(|_| sanitised(&self.key, verdict.clone(), rng)).count(),
        }
    }
}

/// Each unit is timed for so long at least.
const TIMED: Duration = Duration::from_millis(250);
/// Small work is done so often in one turn.
const REPEATED: usize = 4;

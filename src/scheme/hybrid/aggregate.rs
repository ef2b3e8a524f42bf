//! Stage 6 for blocks that probes share: what each probe is told under `any` and `count`.
//!
//! A block's verdicts, 1 or 0 in every slot, times a plaintext that is 0 outside a probe's slots: the products of all blocks are added, and
//! N times the constant coefficient is the sum over the probe's slots. Under `any` the plaintext holds one random number other than 0, the
//! same in every slot and block, where the sum of a probe's hits cannot reach t; else any random numbers, four times over, so that all four sums
//! are 0 for a miss, and for a hit with probability 2^-64. The probe's tests are added to each sum in the end ([`super::validity`]).

use super::keys::PreparedKey;
use super::pairs::Pairs;
use super::validity::Examined;
use crate::agreement::Disclosure;
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::scheme::bgv::aggregate::Summed;
use crate::scheme::bgv::answer::MANY_SAMPLES;
use crate::scheme::bgv::arithmetic::Arithmetic as _;
use crate::scheme::bgv::engine::{Ciphertext, Engine, Plaintext};
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::residues::divide_mod_t;
use crate::scheme::bgv::sampling::{Generator, any_residue, non_zero};
use crate::scheme::{Drawn, Randomness};

/// How many numbers a probe is told, and how they are masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Masking {
    /// The number of hits.
    Count,
    /// One number, 0 iff nothing hits.
    One,
    /// Several, all 0 iff nothing hits.
    Many,
}

impl Masking {
    /// For an answer on so many hits of a probe at most.
    pub(super) fn of(disclosure: Disclosure, most_hits: u64) -> Self {
        match disclosure {
            Disclosure::Count => Self::Count,
            _ if most_hits < PLAINTEXT_MODULUS.into() => Self::One,
            _ => Self::Many,
        }
    }

    /// Numbers that a probe is told.
    pub(super) fn samples(self) -> usize {
        match self {
            Self::Count | Self::One => 1,
            Self::Many => MANY_SAMPLES,
        }
    }
}

/// What one probe is told, over the blocks so far. Its generator draws what masks it.
pub(super) struct Sums {
    masking: Masking,
    /// The number of [`Masking::One`].
    constant: u32,
    rng: Generator,
    /// One for each number; none before the first block.
    values: Vec<Ciphertext>,
}

impl Sums {
    pub(super) fn new(masking: Masking, randomness: &Randomness, probe: usize) -> Self {
        let mut rng = Generator::of(&randomness.seed(Drawn::Probe(probe)));
        let constant = non_zero(1, &mut rng).first().copied().unwrap_or(1);
        Self { masking, constant, rng, values: Vec::new() }
    }

    /// Adds a block: its verdicts, over the primes of the public key.
    ///
    /// # Errors
    ///
    /// [`Misfit::Unlike`] for a block over other primes, which no circuit leaves.
    pub(super) fn add(
        &mut self,
        engine: &Engine<'_>,
        verdicts: &Ciphertext,
        pairs: &Pairs<'_>,
        probe: usize,
    ) -> Result<(), Misfit> {
        let (ring, limbs) = (engine.ring, verdicts.state.limbs);
        let numbers: Vec<Vec<u32>> = match self.masking {
            Masking::Count => {
                // The count must come out with factor 1 when all but the first prime are gone, and is N times a coefficient.
                let left = ring.chain.factor_after_drop(verdicts.state.factor, 1, limbs);
                let number = divide_mod_t(ring.n as u32 % PLAINTEXT_MODULUS, left);
                vec![pairs.of_probe(probe, || number)]
            }
            Masking::One => vec![pairs.of_probe(probe, || self.constant)],
            Masking::Many => (0..MANY_SAMPLES)
                .map(|_| {
                    let mut drawn = any_residue(ring.n, &mut self.rng).into_iter();
                    pairs.of_probe(probe, || drawn.next().unwrap_or_default())
                })
                .collect(),
        };
        let masked = numbers.into_iter().map(|slots| engine.blind(verdicts, &Plaintext::of_slots(ring, slots, limbs)));
        if self.values.is_empty() {
            self.values = masked.collect();
            return Ok(());
        }
        for (sum, value) in self.values.iter_mut().zip(masked) {
            if sum.state.limbs != limbs {
                return Err(Misfit::Unlike);
            }
            // Factors differ between circuits: a count's numbers make up for them, and what is masked otherwise is uniform, or 0, with any.
            sum.add_masked(ring, &value);
        }
        Ok(())
    }

    /// The probe's tests added, where there are any, and sanitised.
    ///
    /// # Errors
    ///
    /// As [`Examined::test`].
    pub(super) fn finish(
        mut self,
        key: &PreparedKey,
        examined: Option<&Examined>,
        probe: usize,
    ) -> Result<Summed, Misfit> {
        let mut summed = Summed::default();
        for mut sum in self.values {
            if let Some(examined) = examined {
                // 0, or uniform, by any factor.
                sum.add_masked(&key.ring.ring, &examined.test(key, probe..probe + 1, &mut self.rng)?);
            }
            summed.push(&key.ring, sum, &mut self.rng);
        }
        Ok(summed)
    }
}

//! Stage 6 for blocks that probes share: what each probe is told under `any` and `count`.
//!
//! A block's verdicts, 1 or 0 in every slot, times a plaintext that is 0 outside a probe's slots: the products of all blocks are added, and
//! N times the constant coefficient is the sum over the probe's slots. Under `any` the plaintext holds one random number other than 0, the
//! same in every slot and block, where the sum of a probe's hits cannot reach t; else any random numbers, four times over, so that all four sums
//! are 0 for a miss, and for a hit with probability 2^-64 ([`Masking`]). The probe's tests are added to each sum in the end ([`super::validity`]).

use super::keys::PreparedKey;
use super::pairs::Pairs;
use super::validity::Examined;
use crate::scheme::bgv::aggregate::{Masking, Summed};
use crate::scheme::bgv::arithmetic::Arithmetic as _;
use crate::scheme::bgv::engine::{Ciphertext, Engine};
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::sampling::Generator;
use crate::scheme::{Drawn, Randomness};

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
        let constant = Masking::constant(&mut rng);
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
        let place = |number: &mut dyn FnMut() -> u32| pairs.of_probe(probe, number);
        let plaintexts = self.masking.plaintexts(ring, verdicts.state, self.constant, &mut self.rng, place);
        let masked = plaintexts.into_iter().map(|plaintext| engine.blind(verdicts, &plaintext));
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

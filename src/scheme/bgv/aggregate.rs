//! Stage 6: verdicts of many blocks to what is disclosed.
//!
//! `any` and `count` add all slots of all blocks: N times the constant coefficient of the plaintext, extracted as one LWE sample, so that
//! no rotation is spent and nothing else leaves. A count stays below t by agreement. Under `any` a sum that
//! cannot reach t is multiplied by one random non-zero number. A larger gallery's sum could be a multiple of t although somebody hits; there every
//! slot of every block was multiplied by a random number, four times over, so that the four sums are 0 for a miss, and for a hit uniform
//! whatever its number and place: 0 all four with probability 2^-64, and otherwise one bit.
//!
//! Where probes share a block, its verdicts are 1 or 0 in every slot, and of each probe the products with plaintexts that are 0 outside its slots are
//! added: one random number other than 0, the same in all of its slots, or four times any random numbers ([`Masking`]).

use rand_chacha::ChaCha20Rng;
use rayon::prelude::*;

use super::answer::MANY_SAMPLES;
use super::circuit::{Circuit, Masks};
use super::engine::{Ciphertext, Plaintext};
use super::keys::PreparedKey;
use super::lock::Lock;
use super::misfit::Misfit;
use super::modulus::add_assign;
use super::noise::State;
use super::residues::{divide_mod_t, multiply_mod_t};
use super::ring::Ring;
use super::sampling::{Generator, any_residue, generator, non_zero, shuffled};
use super::sanitise::{Sanitised, constant_coefficient, sanitised};
use super::segments::Segments;
use super::validity::Validity;
use crate::agreement::Disclosure;
use crate::parameters::bgv::PLAINTEXT_MODULUS;

/// Sums of one probe's verdicts over the blocks so far: one for each mask, or one.
pub(in crate::scheme) struct Sums {
    masks: Masks,
    /// Primes of the answer.
    limbs: usize,
    values: Vec<Ciphertext>,
}

/// One probe's sums as they cross.
#[derive(Default)]
pub(in crate::scheme) struct Summed {
    /// LWE samples: mask then body.
    pub(in crate::scheme) samples: Vec<Vec<u32>>,
    /// Statistical distance of them all from samples that depend on the verdict alone.
    pub(in crate::scheme) leakage: f64,
}

impl Summed {
    /// Sanitises one more sum.
    pub(in crate::scheme) fn push(&mut self, key: &PreparedKey, sum: Ciphertext, rng: &mut ChaCha20Rng) {
        let sanitised = sanitised(key, sum, rng);
        self.leakage += sanitised.leakage;
        self.samples.push(constant_coefficient(&key.ring, &sanitised.ciphertext));
    }

    /// One more sum, with a test of what it is about.
    fn push_tested(&mut self, key: &PreparedKey, sum: Ciphertext, probe: &Validity<'_>, rng: &mut ChaCha20Rng) {
        let test = probe.test(key, sum.state.limbs.min(key.ring.set.public_limbs()), 0, rng);
        let sum = test.into_iter().fold(sum, |mut sum, test| {
            sum.add_masked(&key.ring, &test);
            sum
        });
        self.push(key, sum, rng);
    }
}

/// How many numbers a probe is told of blocks that probes share, and how they are masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scheme) enum Masking {
    /// The number of hits.
    Count,
    /// One number, 0 iff nothing hits.
    One,
    /// Several, all 0 iff nothing hits.
    Many,
}

impl Masking {
    /// For an answer on so many hits of a probe at most.
    pub(in crate::scheme) fn of(disclosure: Disclosure, most_hits: u64) -> Self {
        match disclosure {
            Disclosure::Count => Self::Count,
            _ if most_hits < PLAINTEXT_MODULUS.into() => Self::One,
            _ => Self::Many,
        }
    }

    /// Numbers that a probe is told.
    pub(in crate::scheme) fn samples(self) -> usize {
        match self {
            Self::Count | Self::One => 1,
            Self::Many => MANY_SAMPLES,
        }
    }

    /// What is drawn once for a probe: the number of [`Masking::One`].
    pub(in crate::scheme) fn constant(rng: &mut ChaCha20Rng) -> u32 {
        non_zero(1, rng).first().copied().unwrap_or(1)
    }

    /// What verdicts in such a state are multiplied by for one probe, once for each number that it is told: `place` puts numbers into its slots, one after
    /// the other, and 0 into all others.
    pub(in crate::scheme) fn plaintexts(
        self,
        ring: &Ring,
        verdicts: State,
        constant: u32,
        rng: &mut ChaCha20Rng,
        place: impl Fn(&mut dyn FnMut() -> u32) -> Vec<u32>,
    ) -> Vec<Plaintext> {
        let numbers: Vec<Vec<u32>> = match self {
            Self::Count => {
                // The count must come out with factor 1 when all but the first prime are gone, and is N times a coefficient.
                let left = ring.chain.factor_after_drop(verdicts.factor, 1, verdicts.limbs);
                let number = divide_mod_t(ring.n as u32 % PLAINTEXT_MODULUS, left);
                vec![place(&mut || number)]
            }
            Self::One => vec![place(&mut || constant)],
            Self::Many => (0..MANY_SAMPLES)
                .map(|_| {
                    let mut drawn = any_residue(ring.n, rng).into_iter();
                    place(&mut || drawn.next().unwrap_or_default())
                })
                .collect(),
        };
        numbers.into_iter().map(|slots| Plaintext::of_slots(ring, slots, verdicts.limbs)).collect()
    }
}

/// What one of the probes of a bundle is told of its one block: of verdicts over the primes of the public key.
pub(in crate::scheme) fn told_of_segment(
    key: &PreparedKey,
    verdicts: &Ciphertext,
    (segments, probe): (Segments, usize),
    masking: Masking,
    validity: &Validity<'_>,
    rng: &mut ChaCha20Rng,
) -> Summed {
    let ring = &*key.ring;
    let place = |number: &mut dyn FnMut() -> u32| {
        let mut slots = vec![0; ring.n];
        let of_probe = slots.get_mut(segments.places_of(probe)).unwrap_or_default();
        of_probe.iter_mut().for_each(|slot| *slot = number());
        slots
    };
    let constant = Masking::constant(rng);
    let mut summed = Summed::default();
    for plaintext in masking.plaintexts(ring, verdicts.state, constant, rng, place) {
        summed.push_tested(key, verdicts.masked(ring, &plaintext), validity, rng);
    }
    summed
}

impl Sums {
    /// Of blocks that are masked so, for an answer over so many primes at most.
    pub(in crate::scheme) fn new(masks: Masks, limbs: usize) -> Self {
        Self { masks, limbs, values: Vec::new() }
    }

    /// Adds a block. Blocks of different shapes end over other primes; their circuits give them the factor of the answer's. A block that ended
    /// over fewer primes still would have another factor: what is not masked is brought to the fewer primes and to their factor.
    ///
    /// # Errors
    ///
    /// [`Misfit::Unlike`], which that rules out.
    pub(in crate::scheme) fn add(&mut self, ring: &Ring, block: Vec<Ciphertext>) -> Result<(), Misfit> {
        let block = block.into_iter().map(|value| value.truncated(ring, self.limbs));
        if self.values.is_empty() {
            self.values = block.collect();
            return Ok(());
        }
        let masks = self.masks;
        let added = std::mem::take(&mut self.values).into_iter().zip(block).map(|(mut sum, value)| {
            if let Masks::Any(_) = masks {
                sum.add_masked(ring, &value);
                return Ok(sum);
            }
            let shorter = if value.state.limbs < sum.state.limbs { value.state } else { sum.state };
            let [mut sum, value] = [sum, value].map(|part| part.brought_to(ring, shorter.limbs, shorter.factor));
            sum.add(ring, &value)?;
            Ok(sum)
        });
        self.values = added.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Masked where they are not yet, the probe's tests added, and sanitised.
    pub(in crate::scheme) fn finish(self, key: &PreparedKey, probe: &Validity<'_>, rng: &mut ChaCha20Rng) -> Summed {
        let ring = &*key.ring;
        let mut summed = Summed::default();
        for sum in self.values {
            let sum = match self.masks {
                Masks::Constant => sum.scaled(ring, non_zero(1, rng).first().copied().unwrap_or(1)),
                // A count, which must come out with factor 1 when all but the first prime are gone: as circuits end, but for one over other primes.
                Masks::None => match ring.chain.factor_after_drop(sum.state.factor, 1, sum.state.limbs) {
                    1 => sum,
                    left => sum.scaled(ring, divide_mod_t(1, left)),
                },
                // Masked already.
                Masks::NonZero | Masks::Any(_) => sum,
            };
            summed.push_tested(key, sum, probe, rng);
        }
        summed
    }
}

/// The key of a lock as it leaves: each of its numbers with a test of the probe.
pub(in crate::scheme) fn tested_key(
    key: &PreparedKey,
    lock: Lock,
    probe: &Validity<'_>,
    rng: &mut ChaCha20Rng,
) -> Summed {
    let mut summed = Summed::default();
    for &number in lock.into_key().iter() {
        if let Some(tested) = probe.test(key, key.ring.set.public_limbs(), number, rng) {
            summed.push(key, tested, rng);
        }
    }
    summed
}

/// The one-squaring variant's outputs for a block: r_i (z - root_i) for each squared root, in an order of its own in each slot. Exactly
/// one is 0 where a reference hits; all others are uniform non-zero numbers. Each is locked.
pub(in crate::scheme) fn squares(
    key: &PreparedKey,
    circuit: &Circuit,
    square: &Ciphertext,
    lock: &mut Lock,
    rng: &mut ChaCha20Rng,
) -> Vec<Sanitised> {
    let ring = &*key.ring;
    let orders: Vec<Vec<u32>> = (0..ring.n).map(|_| shuffled(circuit.squared_roots.clone(), rng)).collect();
    let drawn: Vec<Generator> = circuit.squared_roots.iter().map(|_| generator(rng)).collect();
    let output = |(number, mut rng): (usize, Generator)| {
        let masks = non_zero(ring.n, &mut rng);
        let roots = masks.iter().zip(&orders).map(|(&mask, order)| {
            let root = order.get(number).copied().unwrap_or_default();
            let product = multiply_mod_t(multiply_mod_t(mask, root), square.state.factor);
            (PLAINTEXT_MODULUS - product) % PLAINTEXT_MODULUS
        });
        let roots = ring.lift_all(&ring.encode(roots), square.state.limbs);
        let mut value = square.masked(ring, &Plaintext::of_slots(ring, masks, square.state.limbs));
        for ((part, root), prime) in
            value.parts[0].chunks_exact_mut(ring.n).zip(roots.chunks_exact(ring.n)).zip(&ring.limbs)
        {
            add_assign(prime.modulus, part, root);
        }
        sanitised(key, value, &mut rng)
    };
    let mut outputs: Vec<Sanitised> = drawn.into_par_iter().enumerate().map(output).collect();
    outputs.iter_mut().for_each(|output| lock.put_on(ring, &mut output.ciphertext));
    outputs
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::super::arithmetic::Arithmetic as _;
    use super::super::laboratory::Parties;
    use super::super::residues::residue;
    use super::*;
    use crate::parameters::bgv::INSECURE_BGV;

    /// Blocks that end over other primes and with other factors, in any order: their counts add up.
    #[test]
    fn counts_of_blocks_that_are_not_alike_add_up() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let parties = Parties::new(&INSECURE_BGV, &mut rng);
        let (ring, engine) = (&*parties.ring, parties.engine());
        let mut block = |ones: usize, limbs: usize, factor: u32| {
            let slots: Vec<u32> = (0..ring.n).map(|slot| u32::from(slot < ones)).collect();
            let fresh = parties.encrypted(&slots, &mut rng).expand(0).unwrap();
            let value = engine.combine(&[(&fresh, 1)], 0, factor);
            engine.divide(value.clone(), value.state.limbs - limbs)
        };
        let blocks = [block(5, 20, 1), block(70, 3, 9), block(600, 4, 1234), block(1, 3, 1), block(2000, 3, 7)];
        assert!(blocks[0].clone().add(ring, &blocks[1]) == Err(Misfit::Unlike));
        for start in 0..blocks.len() {
            let mut sums = Sums::new(Masks::None, 4);
            for index in 0..blocks.len() {
                sums.add(ring, vec![blocks[(start + index) % blocks.len()].clone()]).unwrap();
            }
            let samples =
                sums.finish(&parties.key, &Validity::of_nothing(), &mut ChaCha20Rng::seed_from_u64(2)).samples;
            // A circuit's count is of N in each slot.
            let count = multiply_mod_t(residue(parties.secret.lwe_phase(&samples[0])), ring.n as u32);
            assert_eq!(count, 2676, "from {start}");
        }
    }
}

//! Ciphertexts and what the custodian does with them: products, relinearisation, rotations, divisions. Public keys alone.

use rayon::prelude::*;

use super::arithmetic::{Arithmetic, Combination, Multiplied, alike, blinded, combined, multiplied};
use super::chain::Chain;
use super::misfit::Misfit;
use super::modulus::{Modulus, Sum, scale, sum_of_products, two_sums_of_products, weighted_sum, weighted_sums};
use super::noise::{Noise, State, log2, sum};
use super::pool::Poly;
use super::residues::{centred, divide_mod_t, multiply_mod_t};
use super::ring::{Conversion, Limb, Ring, Rotation};
use crate::scheme::PartDigest;
use crate::scheme::parts::digest_of;

/// A ciphertext (c_0, c_1): c_0 + c_1 s is the phase. Never leaves the scheme.
#[derive(Clone)]
pub(in crate::scheme) struct Ciphertext {
    pub(in crate::scheme) state: State,
    pub(in crate::scheme) parts: [Poly; 2],
}

/// The digest of what a block leaves.
pub(in crate::scheme) fn digest(values: &[Ciphertext]) -> PartDigest {
    digest_of(values.iter().flat_map(|value| &value.parts).map(|part| &**part))
}

/// A keyswitch key: for each digit j an encryption (b_j, a_j) of P times the old secret on the primes of that digit, under the new one, over all
/// primes of the ring (Han, Ki, "Better bootstrapping for approximate homomorphic encryption", 2020, section 3).
pub(in crate::scheme) struct SwitchKey {
    pub(in crate::scheme) digits: Vec<[Vec<u32>; 2]>,
}

/// Multiplies, by a relinearisation key.
pub(in crate::scheme) struct Engine<'a> {
    pub(in crate::scheme) ring: &'a Ring,
    pub(in crate::scheme) relinearisation: &'a SwitchKey,
    /// When primes are divided away: as the circuit was weighed with.
    pub(in crate::scheme) chain: Chain,
}

/// Both parts before the special primes are divided away.
pub(in crate::scheme) struct Raised {
    parts: [Poly; 2],
}

/// A plaintext polynomial over as many limbs as anybody will multiply it with.
pub(in crate::scheme) struct Plaintext(pub(super) Vec<u32>);

impl Plaintext {
    /// The numbers in the slots, over the first `limbs` primes.
    pub(in crate::scheme) fn of_slots(ring: &Ring, slots: Vec<u32>, limbs: usize) -> Self {
        Self(ring.lift_all(&ring.encode(slots.into_iter()), limbs))
    }
}

/// The same to both parts, on two threads: near the end of a circuit there are fewer primes than threads like to share.
fn both(parts: [Poly; 2], map: impl Fn(Poly) -> Poly + Sync) -> [Poly; 2] {
    let [first, second] = parts;
    let (first, second) = rayon::join(|| map(first), || map(second));
    [first, second]
}

impl Ring {
    /// c times the old secret, under the new one, times P: over the limbs of c and the special primes.
    pub(in crate::scheme) fn switch(&self, c: &[u32], key: &SwitchKey) -> Raised {
        let (n, limbs, digit_limbs) = (self.n, c.len() / self.n, self.set.digit);
        let primes: Vec<&Limb> = self.limbs.iter().take(limbs).collect();
        let digits: Vec<Conversion<'_>> =
            primes.chunks(digit_limbs).map(|digit| Conversion::new(n, digit, 1)).collect();
        let mut residues = Poly::copy_of(c);
        let prepared = residues.par_chunks_mut(digit_limbs * n).zip(&digits).map(|(residues, digit)| {
            digit.prepare(residues);
            digit.overflows(residues)
        });
        let overflows: Vec<Poly> = prepared.collect();
        let targets: Vec<(usize, &Limb)> =
            (0..limbs).chain(self.set.limbs..self.limbs.len()).zip(self.extended(limbs)).collect();
        let mut parts = [Poly::unset(targets.len() * n), Poly::unset(targets.len() * n)];
        let [b, a] = &mut parts;
        b.par_chunks_exact_mut(n).zip(a.par_chunks_exact_mut(n)).zip(targets).for_each_init(
            || Poly::unset(digits.len() * n),
            |buffers, ((b, a), (index, prime))| {
                let digits = digits.iter().zip(residues.chunks(digit_limbs * n)).zip(&overflows).enumerate();
                let converted = digits.zip(buffers.chunks_exact_mut(n)).map(
                    |((number, ((digit, residues), overflows)), buffer)| {
                        // The prime belongs to the digit: its residue is the digit's.
                        if index / digit_limbs == number && index < self.set.limbs {
                            return self.limb(c, index);
                        }
                        digit.convert(residues, overflows, prime.modulus, buffer);
                        prime.forward(buffer);
                        buffer
                    },
                );
                let buffers: Vec<&[u32]> = converted.collect();
                let keys = |part: usize| -> Vec<&[u32]> {
                    let digits = key.digits.iter().take(buffers.len());
                    digits.map(|digit| self.limb(if part == 0 { &digit[0] } else { &digit[1] }, index)).collect()
                };
                two_sums_of_products(prime.modulus, Sum::Replaced, [b, a], &buffers, [&keys(0), &keys(1)]);
            },
        );
        Raised { parts }
    }

    /// P modulo each of the first primes, stored.
    pub(in crate::scheme) fn special_product(&self, modulus: Modulus) -> u32 {
        self.limbs
            .iter()
            .skip(self.set.limbs)
            .fold(modulus.store(1), |product, q| modulus.multiply(product, modulus.store(q.modulus.value().into())))
    }

    /// Adds P c to a raised part.
    fn add_raised(&self, raised: &mut [u32], c: &[u32]) {
        raised.par_chunks_exact_mut(self.n).zip(c.par_chunks_exact(self.n)).zip(&self.limbs).for_each(
            |((raised, c), prime)| {
                let modulus = prime.modulus;
                let p = self.special_product(modulus);
                for (raised, &c) in raised.iter_mut().zip(c) {
                    *raised = modulus.add(*raised, modulus.multiply(c, p));
                }
            },
        );
    }

    /// Divides the special primes and the last `dropped` ones away.
    fn lower(&self, raised: Raised, limbs: usize, dropped: usize) -> [Poly; 2] {
        let primes = self.extended(limbs);
        let (kept, dropped) = primes.split_at(limbs - dropped.min(limbs));
        both(raised.parts, |part| self.divide_and_round(&part, kept, dropped))
    }
}

impl Ciphertext {
    /// Rotates the slots of both rows.
    pub(in crate::scheme) fn rotated(&self, ring: &Ring, rotation: &Rotation, key: &SwitchKey) -> Self {
        let [c0, c1] = self.parts.each_ref().map(|part| rotation.applied(part));
        let mut raised = ring.switch(&c1, key);
        ring.add_raised(&mut raised.parts[0], &c0);
        let noise = Noise::of(&ring.set);
        let state = State { noise: rotated_noise(noise, self.state), ..self.state };
        Self { state, parts: ring.lower(raised, self.state.limbs, 0) }
    }

    /// Multiplies by a plaintext, slot by slot.
    pub(in crate::scheme) fn masked(&self, ring: &Ring, mask: &Plaintext) -> Self {
        let parts = self.parts.each_ref().map(|part| {
            let mut out = Poly::unset(part.len());
            let limbs = out.par_chunks_exact_mut(ring.n).zip(part.par_chunks_exact(ring.n));
            limbs.zip(mask.0.par_chunks_exact(ring.n)).zip(&ring.limbs).for_each(|(((out, part), mask), prime)| {
                sum_of_products(prime.modulus, Sum::Replaced, out, &[(part, mask)]);
            });
            out
        });
        Self { state: blinded(ring.chain, self.state), parts }
    }

    /// The same plaintext over fewer primes and under another factor, by which its phase is multiplied.
    pub(in crate::scheme) fn brought_to(self, ring: &Ring, limbs: usize, factor: u32) -> Self {
        if (limbs, factor) == (self.state.limbs, self.state.factor) {
            return self;
        }
        let truncated = self.truncated(ring, limbs);
        if factor == self.state.factor {
            return truncated;
        }
        let scaled = truncated.scaled(ring, divide_mod_t(factor, self.state.factor));
        Self { state: State { factor, ..scaled.state }, ..scaled }
    }

    /// The same ciphertext over fewer primes; its phase does not change.
    pub(in crate::scheme) fn truncated(&self, ring: &Ring, limbs: usize) -> Self {
        let limbs = limbs.min(self.state.limbs);
        let parts = self.parts.each_ref().map(|part| Poly::copy_of(part.get(..limbs * ring.n).unwrap_or(part)));
        Self { state: State { limbs, ..self.state }, parts }
    }

    /// `self += other`, over the same primes and of the same factor.
    ///
    /// # Errors
    ///
    /// [`Misfit::Unlike`] for anything else: the sum would be of nothing.
    pub(in crate::scheme) fn add(&mut self, ring: &Ring, other: &Self) -> Result<(), Misfit> {
        let like = |state: State| (state.limbs, state.factor);
        if like(self.state) != like(other.state) {
            return Err(Misfit::Unlike);
        }
        self.add_masked(ring, other);
        Ok(())
    }

    /// As [`Arithmetic::add_masked`].
    pub(in crate::scheme) fn add_masked(&mut self, ring: &Ring, other: &Self) {
        let limbs = self.state.limbs.min(other.state.limbs);
        for (mine, theirs) in self.parts.iter_mut().zip(&other.parts) {
            mine.truncate(limbs * ring.n);
            mine.par_chunks_exact_mut(ring.n)
                .zip(theirs.par_chunks_exact(ring.n))
                .zip(&ring.limbs)
                .for_each(|((mine, theirs), prime)| super::modulus::add_assign(prime.modulus, mine, theirs));
        }
        self.state = State { limbs, noise: sum([self.state.noise, other.state.noise]), ..self.state };
    }
}

/// What a sum multiplies values with, and adds: centred residues of t.
struct Weights {
    state: State,
    coefficients: Vec<i64>,
    constant: i64,
}

impl Weights {
    /// The coefficients modulo a prime, stored.
    fn stored(&self, modulus: Modulus) -> impl Iterator<Item = u32> {
        self.coefficients.iter().map(move |&c| modulus.store(c))
    }

    /// The same number in every slot is one coefficient, which all evaluations have in common; of the first part.
    fn add_constant(&self, modulus: Modulus, part: usize, out: &mut [u32]) {
        if part == 0 && self.constant != 0 {
            let constant = modulus.store(self.constant);
            out.iter_mut().for_each(|c| *c = modulus.add(*c, constant));
        }
    }
}

impl Engine<'_> {
    /// For the first values, as many as there are coefficients.
    fn weights(&self, values: &[&Ciphertext], sum: &Combination) -> Weights {
        let states: Vec<State> = values.iter().zip(&sum.coefficients).map(|(value, _)| value.state).collect();
        let coefficients = states.iter().zip(&sum.coefficients);
        let coefficients = coefficients
            .map(|(state, c)| centred(multiply_mod_t(*c, divide_mod_t(sum.factor, state.factor))))
            .collect();
        let constant = centred(multiply_mod_t(sum.constant, sum.factor));
        Weights { state: combined(self.chain, &states, sum.factor), coefficients, constant }
    }
}

/// Noise after a rotation, special primes divided away.
pub(in crate::scheme) fn rotated_noise(noise: Noise, state: State) -> f64 {
    sum([state.noise, noise.keyswitch(state.limbs), noise.rounding()])
}

impl Arithmetic for Engine<'_> {
    type Value = Ciphertext;
    type Mask = Plaintext;

    fn chain(&self) -> Chain {
        self.chain
    }

    fn state(&self, value: &Ciphertext) -> State {
        value.state
    }

    fn inner_product(&self, pairs: &[(&Ciphertext, &Ciphertext)], addend: Option<&Ciphertext>) -> Ciphertext {
        let ring = self.ring;
        let states: Vec<_> = pairs.iter().map(|(a, b)| (a.state, b.state)).collect();
        debug_assert!(alike(&states, addend.map(|addend| addend.state)), "the ledger refuses such a circuit");
        let Multiplied { state, dropped, .. } = multiplied(self.chain, &states, addend.map(|addend| addend.state));
        let limbs = state.limbs + dropped;
        let mut sums = [(); 3].map(|()| Poly::unset(limbs * ring.n));
        let [constant, linear, square] = &mut sums;
        let outs = constant.par_chunks_exact_mut(ring.n).zip(linear.par_chunks_exact_mut(ring.n));
        let outs = outs.zip(square.par_chunks_exact_mut(ring.n)).zip(&ring.limbs).enumerate();
        outs.for_each(|(index, (((constant, linear), square), prime))| {
            let products = |out: &mut [u32], choices: &[(usize, usize)]| {
                let factors = pairs.iter().flat_map(|(a, b)| {
                    choices.iter().map(move |&(i, j)| (ring.limb(a.part(i), index), ring.limb(b.part(j), index)))
                });
                sum_of_products(prime.modulus, Sum::Replaced, out, &factors.collect::<Vec<_>>());
            };
            products(constant, &[(0, 0)]);
            products(linear, &[(0, 1), (1, 0)]);
            products(square, &[(1, 1)]);
            if let Some(addend) = addend {
                super::modulus::add_assign(prime.modulus, constant, ring.limb(addend.part(0), index));
                super::modulus::add_assign(prime.modulus, linear, ring.limb(addend.part(1), index));
            }
        });
        let [constant, linear, square] = sums;
        let mut raised = ring.switch(&square, self.relinearisation);
        let [b, a] = &mut raised.parts;
        ring.add_raised(b, &constant);
        ring.add_raised(a, &linear);
        Ciphertext { state, parts: ring.lower(raised, limbs, dropped) }
    }

    fn combine(&self, terms: &[(&Ciphertext, u32)], constant: u32, factor: u32) -> Ciphertext {
        let ring = self.ring;
        let (values, coefficients): (Vec<&Ciphertext>, Vec<u32>) = terms.iter().copied().unzip();
        let weights = self.weights(&values, &Combination { coefficients, constant, factor });
        let part = |part: usize| {
            let mut out = Poly::unset(weights.state.limbs * ring.n);
            out.par_chunks_exact_mut(ring.n).zip(&ring.limbs).enumerate().for_each(|(index, (out, prime))| {
                let limbs = values.iter().map(|value| ring.limb(value.part(part), index));
                weighted_sum(prime.modulus, out, &limbs.zip(weights.stored(prime.modulus)).collect::<Vec<_>>());
                weights.add_constant(prime.modulus, part, out);
            });
            out
        };
        Ciphertext { state: weights.state, parts: [part(0), part(1)] }
    }

    fn combine_each(&self, values: &[&Ciphertext], sums: &[Combination]) -> Vec<Ciphertext> {
        let ring = self.ring;
        let weights: Vec<Weights> = sums.iter().map(|sum| self.weights(values, sum)).collect();
        let part = |part: usize| {
            let mut sums: Vec<Poly> = weights.iter().map(|sum| Poly::unset(sum.state.limbs * ring.n)).collect();
            // Prime by prime, what is there of each sum.
            let mut limbs: Vec<Vec<(&Weights, &mut [u32])>> = ring.limbs.iter().map(|_| Vec::new()).collect();
            for (weights, sum) in weights.iter().zip(&mut sums) {
                for (limb, out) in limbs.iter_mut().zip(sum.chunks_exact_mut(ring.n)) {
                    limb.push((weights, out));
                }
            }
            limbs.into_par_iter().zip(&ring.limbs).enumerate().for_each(|(index, (limb, prime))| {
                // A sum ends over no more primes than any of its values has.
                let count = limb.iter().map(|(weights, _)| weights.coefficients.len()).max().unwrap_or(0);
                let values = values.iter().take(count).map(|value| ring.limb(value.part(part), index));
                let (weights, outs): (Vec<_>, Vec<_>) = limb.into_iter().unzip();
                let stored = weights.iter().map(|weights| weights.stored(prime.modulus).collect());
                let mut outs: Vec<(&mut [u32], Vec<u32>)> = outs.into_iter().zip(stored).collect();
                weighted_sums(prime.modulus, &values.collect::<Vec<_>>(), &mut outs);
                for (weights, (out, _)) in weights.iter().zip(outs) {
                    weights.add_constant(prime.modulus, part, out);
                }
            });
            sums
        };
        let (constant, linear) = rayon::join(|| part(0), || part(1));
        let parts = constant.into_iter().zip(linear).map(|(constant, linear)| [constant, linear]);
        weights.iter().zip(parts).map(|(weights, parts)| Ciphertext { state: weights.state, parts }).collect()
    }

    fn blind(&self, value: &Ciphertext, mask: &Plaintext) -> Ciphertext {
        value.masked(self.ring, mask)
    }

    fn add(&self, a: Ciphertext, b: &Ciphertext) -> Ciphertext {
        debug_assert!(a.state.factor == b.state.factor, "the ledger refuses such a circuit");
        self.add_masked(a, b)
    }

    fn add_masked(&self, mut a: Ciphertext, b: &Ciphertext) -> Ciphertext {
        a.add_masked(self.ring, b);
        a
    }

    fn each<T: Send, R: Send>(&self, items: Vec<T>, map: impl Fn(&Self, T) -> R + Sync) -> Vec<R> {
        items.into_par_iter().map(|item| map(self, item)).collect()
    }

    fn divide(&self, value: Ciphertext, dropped: usize) -> Ciphertext {
        value.divided(self.ring, dropped)
    }
}

impl Ciphertext {
    /// The last `dropped` primes divided away.
    pub(in crate::scheme) fn divided(self, ring: &Ring, dropped: usize) -> Self {
        if dropped == 0 {
            return self;
        }
        let primes: Vec<&Limb> = ring.limbs.iter().take(self.state.limbs).collect();
        let (kept, gone) = primes.split_at(self.state.limbs - dropped.min(self.state.limbs));
        let parts = both(self.parts, |part| ring.divide_and_round(&part, kept, gone));
        Self { state: self.state.divided(ring.chain, dropped), parts }
    }

    pub(in crate::scheme) fn part(&self, part: usize) -> &[u32] {
        let [c0, c1] = &self.parts;
        if part == 0 { c0 } else { c1 }
    }

    /// With a number added in every slot.
    pub(in crate::scheme) fn plus(mut self, ring: &Ring, number: u32) -> Self {
        let number = centred(multiply_mod_t(number, self.state.factor));
        let [body, _] = &mut self.parts;
        body.par_chunks_exact_mut(ring.n).zip(&ring.limbs).for_each(|(limb, prime)| {
            let number = prime.modulus.store(number);
            limb.iter_mut().for_each(|c| *c = prime.modulus.add(*c, number));
        });
        self.state.noise = sum([self.state.noise, Noise::of(&ring.set).plaintext()]);
        self
    }

    /// Multiplies by a constant modulo t, without changing the factor: the plaintext is multiplied.
    pub(in crate::scheme) fn scaled(mut self, ring: &Ring, constant: u32) -> Self {
        let constant = centred(constant);
        for part in &mut self.parts {
            part.par_chunks_exact_mut(ring.n).zip(&ring.limbs).for_each(|(limb, prime)| {
                scale(prime.modulus, limb, prime.modulus.store(constant));
            });
        }
        self.state.noise += log2(f64::from(crate::parameters::bgv::PLAINTEXT_MODULUS / 2));
        self
    }
}

//! The ring Z_Q[X]/(X^N+1) by residues: Q is a product of primes below 2^30, each with its number-theoretic transform from `tfhe-ntt`.
//!
//! A polynomial is one array, limb after limb, in the transformed domain and in Montgomery form ([`super::modulus`]). Limbs are in the
//! order of the ring's primes, so a ciphertext of fewer limbs is a prefix; the special primes of the keyswitch come last.

use std::sync::{Arc, PoisonError, RwLock};

use rayon::prelude::*;
use tfhe_ntt::prime32::Plan;

use super::chain::Chain;
use super::modulus::{Modulus, scale, subtract_from_and_scale, weighted_sum};
use super::pool::Poly;
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};

/// The plaintext modulus t = 2^16 + 1 splits X^N+1 into N linear factors, the slots, for every N up to 2^15.
pub(in crate::scheme) const T: Modulus = Modulus::new(PLAINTEXT_MODULUS);

/// Steps by three walk through half the slots: the columns of a row. The other row is reached by the exponent -1.
const GENERATOR: usize = 3;

/// With so many rings known, the oldest that nobody holds makes room for another: more than a process asks for in turn, but for one that
/// tries sets.
const MOST_KEPT: usize = 8;

/// One prime with its transform.
pub(in crate::scheme) struct Limb {
    pub(in crate::scheme) modulus: Modulus,
    plan: Plan,
}

impl Limb {
    fn new(n: usize, p: u32) -> Option<Self> {
        Some(Self { modulus: Modulus::new(p), plan: Plan::try_new(n, p)? })
    }

    /// Coefficients to evaluations, in place.
    pub(in crate::scheme) fn forward(&self, polynomial: &mut [u32]) {
        self.plan.fwd(polynomial);
    }

    /// Evaluations to coefficients **times N**, in place; callers fold 1/N into a constant that they multiply by anyway.
    pub(in crate::scheme) fn backward_times_n(&self, polynomial: &mut [u32]) {
        self.plan.inv(polynomial);
    }
}

/// The tables of one parameter set.
pub(in crate::scheme) struct Ring {
    pub(in crate::scheme) set: BgvSet,
    pub(in crate::scheme) chain: Chain,
    /// N.
    pub(in crate::scheme) n: usize,
    /// The primes of a ciphertext, then the special primes.
    pub(in crate::scheme) limbs: Vec<Limb>,
    plaintext: Limb,
    /// Where in a transformed polynomial its value at psi^e stands, by (e-1)/2.
    places: Vec<u32>,
    /// Where each slot stands in a transformed polynomial: row 0 from left to right, then row 1.
    slots: Vec<u32>,
}

impl Ring {
    /// The tables of a set, made when they are first asked for: one ring for all sets of the same dimensions.
    ///
    /// Whoever only weighs a set needs none of it: see [`Chain`]. A ring is known as long as somebody holds it; of those that nobody
    /// holds, few are kept for whoever asks next ([`MOST_KEPT`]).
    pub(in crate::scheme) fn of(set: &BgvSet) -> Arc<Self> {
        static RINGS: RwLock<Vec<Arc<Ring>>> = RwLock::new(Vec::new());
        let known = |rings: &[Arc<Self>]| rings.iter().find(|ring| ring.set == *set).cloned();
        if let Some(ring) = known(&RINGS.read().unwrap_or_else(PoisonError::into_inner)) {
            return ring;
        }
        let mut rings = RINGS.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been faster.
        known(&rings).unwrap_or_else(|| {
            let ring = Arc::new(Self::new(set));
            while rings.len() >= MOST_KEPT {
                let Some(unheld) = rings.iter().position(|ring| Arc::strong_count(ring) == 1) else { break };
                rings.remove(unheld);
            }
            rings.push(ring.clone());
            ring
        })
    }

    fn new(set: &BgvSet) -> Self {
        let (n, chain) = (set.ring_size(), Chain::of(set));
        let limbs = chain.primes.iter().filter_map(|&p| Limb::new(n, p)).collect();
        let plaintext = Limb { modulus: T, plan: plan_of_plaintexts(n) };
        let places = places(&plaintext, n);
        let exponents = |sign: bool| {
            let mut exponent = 1;
            (0..n / 2).map(move |_| {
                let this = if sign { 2 * n - exponent } else { exponent };
                exponent = exponent * GENERATOR % (2 * n);
                this
            })
        };
        let slots = exponents(false).chain(exponents(true)).filter_map(|e| places.get(e / 2).copied()).collect();
        Self { set: *set, chain, n, limbs, plaintext, places, slots }
    }

    /// The primes of ciphertexts, without the special ones.
    pub(in crate::scheme) fn ciphertext_limbs(&self) -> &[Limb] {
        self.limbs.get(..self.set.limbs).unwrap_or(&self.limbs)
    }

    fn special_limbs(&self) -> &[Limb] {
        self.limbs.get(self.set.limbs..).unwrap_or(&[])
    }

    /// The first `limbs` primes, then the special ones: where a keyswitch works.
    pub(in crate::scheme) fn extended(&self, limbs: usize) -> Vec<&Limb> {
        self.limbs.iter().take(limbs).chain(self.special_limbs()).collect()
    }

    /// One limb of a polynomial.
    #[expect(clippy::indexing_slicing, reason = "limb numbers come from the ring that made the polynomial")]
    pub(in crate::scheme) fn limb<'a>(&self, polynomial: &'a [u32], index: usize) -> &'a [u32] {
        &polynomial[index * self.n..][..self.n]
    }

    /// The table of the automorphism X -> X^(3^steps), which rotates both rows of slots to the left by `steps`.
    pub(in crate::scheme) fn rotation(&self, steps: usize) -> Rotation {
        let exponent = (0..steps).fold(1, |exponent, _| exponent * GENERATOR % (2 * self.n));
        let mut sources = vec![0; self.n];
        for (half, &place) in self.places.iter().enumerate() {
            let source = (2 * half + 1) * exponent % (2 * self.n);
            if let (Some(slot), Some(&source)) = (sources.get_mut(place as usize), self.places.get(source / 2)) {
                *slot = source;
            }
        }
        Rotation { sources }
    }

    /// The plaintext polynomial whose slots hold these residues of t (absent ones 0): N coefficients in [0, t).
    pub(in crate::scheme) fn encode(&self, slots: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut values = vec![0; self.n];
        for (value, &place) in slots.zip(&self.slots) {
            if let Some(slot) = values.get_mut(place as usize) {
                *slot = value;
            }
        }
        self.plaintext.backward_times_n(&mut values);
        self.plaintext.plan.normalize(&mut values);
        values
    }

    /// Where each slot stands in a transformed polynomial: row 0 from left to right, then row 1.
    pub(in crate::scheme) fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// As [`Ring::encode`], in place, of numbers that stand where [`Ring::slots`] says, each times a factor: N coefficients in [0, t).
    pub(in crate::scheme) fn encode_scaled(&self, values: &mut [u32], factor: u32) {
        self.plaintext.backward_times_n(values);
        let n_inverse = T.invert(T.store(self.n as i64));
        scale(T, values, T.multiply(n_inverse, T.store(factor.into())));
    }

    /// The slots of a plaintext polynomial, as residues of t.
    pub(in crate::scheme) fn decode(&self, mut coefficients: Vec<u32>) -> Vec<u32> {
        self.plaintext.forward(&mut coefficients);
        self.slots.iter().filter_map(|&place| coefficients.get(place as usize).copied()).collect()
    }

    /// A plaintext polynomial in one limb, centred: stored and transformed.
    pub(in crate::scheme) fn lift(prime: &Limb, coefficients: &[u32], out: &mut [u32]) {
        let (t, p) = (PLAINTEXT_MODULUS, prime.modulus.value());
        for (out, &c) in out.iter_mut().zip(coefficients) {
            *out = prime.modulus.store_residue(if c > t / 2 { c + (p - t) } else { c });
        }
        prime.forward(out);
    }

    /// As [`Ring::lift`], but numbers, not stored: for a product with what is stored twice over.
    pub(in crate::scheme) fn lift_numbers(prime: &Limb, coefficients: &[u32], out: &mut [u32]) {
        let (t, p) = (PLAINTEXT_MODULUS, prime.modulus.value());
        for (out, &c) in out.iter_mut().zip(coefficients) {
            *out = if c > t / 2 { c + (p - t) } else { c };
        }
        prime.forward(out);
    }

    /// A plaintext polynomial in the first `limbs` limbs.
    pub(in crate::scheme) fn lift_all(&self, coefficients: &[u32], limbs: usize) -> Vec<u32> {
        let mut out = vec![0; limbs * self.n];
        let primes = out.par_chunks_exact_mut(self.n).zip(&self.limbs);
        primes.for_each(|(out, prime)| Self::lift(prime, coefficients, out));
        out
    }

    /// Small integers in the first `limbs` limbs, stored and transformed.
    pub(in crate::scheme) fn lift_small(&self, coefficients: &[i64], limbs: usize) -> Vec<u32> {
        let mut out = vec![0; limbs * self.n];
        out.par_chunks_exact_mut(self.n).zip(&self.limbs).for_each(|(out, prime)| {
            let primed = out.iter_mut().zip(coefficients);
            primed.for_each(|(out, &c)| *out = prime.modulus.store(c));
            prime.forward(out);
        });
        out
    }

    /// Divides a polynomial over the primes `kept` then `dropped` by the product D of the latter and rounds, so that the result is
    /// congruent modulo t to the polynomial divided by D: (c - delta)/D with delta = c mod D, delta = 0 mod t, |delta| <= t D/2
    /// (Gentry, Halevi, Smart, "Homomorphic evaluation of the AES circuit", 2012, appendix D).
    pub(in crate::scheme) fn divide_and_round(&self, polynomial: &[u32], kept: &[&Limb], dropped: &[&Limb]) -> Poly {
        let (quotient, residues) = polynomial.split_at((kept.len() * self.n).min(polynomial.len()));
        let mut residues = Poly::copy_of(residues);
        let conversion = Conversion::new(self.n, dropped, PLAINTEXT_MODULUS);
        conversion.prepare(&mut residues);
        let overflows = conversion.overflows(&residues);
        // No larger than it must be: what a circuit keeps is long kept.
        let mut out = Poly::unset(quotient.len());
        let limbs = out.par_chunks_exact_mut(self.n).zip(quotient.par_chunks_exact(self.n)).zip(kept);
        limbs.for_each(|((out, limb), prime)| {
            conversion.convert(&residues, &overflows, prime.modulus, out);
            prime.forward(out);
            subtract_from_and_scale(prime.modulus, out, limb, conversion.inverse_of_product(prime.modulus));
        });
        out
    }
}

/// A permutation of a transformed polynomial.
pub(in crate::scheme) struct Rotation {
    sources: Vec<u32>,
}

impl Rotation {
    pub(in crate::scheme) fn apply(&self, polynomial: &[u32]) -> Vec<u32> {
        let mut out = vec![0; polynomial.len()];
        self.permute(polynomial, &mut out);
        out
    }

    /// As [`Rotation::apply`], for what is not secret.
    pub(in crate::scheme) fn applied(&self, polynomial: &[u32]) -> Poly {
        let mut out = Poly::unset(polynomial.len());
        self.permute(polynomial, &mut out);
        out
    }

    fn permute(&self, polynomial: &[u32], out: &mut [u32]) {
        let n = self.sources.len();
        out.par_chunks_exact_mut(n).zip(polynomial.par_chunks_exact(n)).for_each(|(out, limb)| {
            for (out, &source) in out.iter_mut().zip(&self.sources) {
                *out = limb.get(source as usize).copied().unwrap_or_default();
            }
        });
    }
}

/// From residues modulo a few source primes with product D to residues of the centred representative modulo another prime,
/// exactly but for ties (Halevi, Polyakov, Shoup, "An improved RNS variant of the BFV scheme", 2019, section 2.2).
///
/// With a multiplier m (1, or t), converts m times the centred representative of c/m.
pub(in crate::scheme) struct Conversion<'a> {
    n: usize,
    sources: Vec<&'a Limb>,
    multiplier: u32,
}

impl<'a> Conversion<'a> {
    pub(in crate::scheme) fn new(n: usize, sources: &[&'a Limb], multiplier: u32) -> Self {
        Self { n, sources: sources.to_vec(), multiplier }
    }

    /// The source limbs, transformed, to y_i = c / (N m D/q_i) mod q_i, as numbers.
    pub(in crate::scheme) fn prepare(&self, residues: &mut [u32]) {
        residues.par_chunks_exact_mut(self.n).zip(&self.sources).enumerate().for_each(|(index, (limb, prime))| {
            let modulus = prime.modulus;
            prime.backward_times_n(limb);
            let cofactor = self.cofactor(index, modulus);
            let divisor = modulus.multiply(cofactor, modulus.store(self.n as i64 * i64::from(self.multiplier)));
            // A number, not a stored residue: the product is then a number too.
            scale(modulus, limb, modulus.load(modulus.invert(divisor)));
        });
    }

    /// D/q_i modulo a prime, stored.
    fn cofactor(&self, index: usize, modulus: Modulus) -> u32 {
        let others = self.sources.iter().enumerate().filter(|&(other, _)| other != index);
        others.fold(modulus.store(1), |product, (_, q)| {
            modulus.multiply(product, modulus.store(q.modulus.value().into()))
        })
    }

    fn product(&self, modulus: Modulus) -> u32 {
        self.cofactor(usize::MAX, modulus)
    }

    pub(in crate::scheme) fn inverse_of_product(&self, modulus: Modulus) -> u32 {
        modulus.invert(self.product(modulus))
    }

    /// How often D is contained in sum_i y_i D/q_i, rounded, for each coefficient.
    pub(in crate::scheme) fn overflows(&self, residues: &[u32]) -> Poly {
        let limbs: Vec<&[u32]> = residues.chunks_exact(self.n).collect();
        let reciprocals: Vec<f32> = self.sources.iter().map(|q| 1.0 / q.modulus.value() as f32).collect();
        let mut out = Poly::unset(self.n);
        out.par_chunks_mut(4096).enumerate().for_each(|(part, out)| {
            let mut sums = vec![0.5f32; out.len()];
            for (limb, &reciprocal) in limbs.iter().zip(&reciprocals) {
                let values = limb.iter().skip(part * 4096);
                for (sum, &y) in sums.iter_mut().zip(values) {
                    // Below 2^30, so that the signed conversion, the fast one, is right.
                    *sum += (y as i32) as f32 * reciprocal;
                }
            }
            for (out, &sum) in out.iter_mut().zip(&sums) {
                *out = (sum as i32) as u32;
            }
        });
        out
    }

    /// Residues modulo one more prime: coefficients, stored.
    pub(in crate::scheme) fn convert(&self, residues: &[u32], overflows: &[u32], modulus: Modulus, out: &mut [u32]) {
        // Weights w 2^64 turn numbers into stored residues.
        let weight =
            |stored: u32| modulus.store_residue(modulus.multiply(stored, modulus.store(self.multiplier.into())));
        let negated = modulus.subtract(0, self.product(modulus));
        let mut terms: Vec<(&[u32], u32)> = residues
            .chunks_exact(self.n)
            .enumerate()
            .map(|(index, limb)| (limb, weight(self.cofactor(index, modulus))))
            .collect();
        terms.push((overflows, weight(negated)));
        weighted_sum(modulus, out, &terms);
    }
}

/// t = 2^16 + 1 is prime, and 2N divides t - 1, so there is always a plan.
#[expect(
    clippy::expect_used,
    reason = "holds for every N = 2^5 ... 2^15, which is all that parameter sets have; tested for each"
)]
fn plan_of_plaintexts(n: usize) -> Plan {
    Plan::try_new(n, PLAINTEXT_MODULUS).expect("a transform of the plaintext modulus")
}

/// The place of each odd exponent e in a transformed polynomial, by e/2; the first place has exponent 1, by choice of the root.
///
/// All primes of one size share it (`tests::all_primes_order_their_evaluations_alike`).
fn places(limb: &Limb, n: usize) -> Vec<u32> {
    let mut x = vec![0; n];
    if let Some(coefficient) = x.get_mut(1) {
        *coefficient = 1;
    }
    limb.forward(&mut x);
    let place_of: std::collections::HashMap<u32, u32> = x.iter().copied().zip(0..).collect();
    let p = u64::from(limb.modulus.value());
    let root = u64::from(x.first().copied().unwrap_or_default());
    let square = root * root % p;
    let mut power = root;
    let mut next = || {
        let this = power;
        power = power * square % p;
        place_of.get(&(this as u32)).copied().unwrap_or_default()
    };
    (0..n).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::bgv::INSECURE_BGV;
    use proptest::prelude::*;
    use rand::{Rng, SeedableRng};

    #[test]
    fn all_primes_order_their_evaluations_alike() {
        for set in BgvSet::ALL {
            let ring = Ring::of(set);
            assert_eq!(ring.limbs.len(), set.limbs + set.special);
            for limb in &ring.limbs {
                assert_eq!(places(limb, ring.n), ring.places, "{set:?} {}", limb.modulus.value());
                assert!(f64::from(limb.modulus.value()).log2() > 29.9);
            }
        }
    }

    #[test]
    fn equal_sets_share_one_ring_and_others_have_their_own() {
        let set = BgvSet { ring_log2: 9, ..INSECURE_BGV };
        let ring = Ring::of(&set);
        assert!(Arc::ptr_eq(&ring, &Ring::of(&set.clone())));
        let smaller = Ring::of(&BgvSet { limbs: 3, ..set });
        assert!(!Arc::ptr_eq(&ring, &smaller));
        assert_eq!(smaller.limbs.len(), 3 + set.special);
    }

    #[test]
    fn a_process_that_tries_many_sets_keeps_few_rings() {
        let of = |limbs: usize| Ring::of(&BgvSet { ring_log2: 8, limbs, ..INSECURE_BGV });
        let first = Arc::downgrade(&of(1));
        let held = of(2);
        for limbs in 3..=2 + 2 * MOST_KEPT {
            of(limbs);
        }
        assert!(first.upgrade().is_none());
        assert!(Arc::ptr_eq(&held, &of(2)), "a ring that somebody holds is not made again");
    }

    #[test]
    fn slots_come_back_and_rotate() {
        let set = &INSECURE_BGV;
        let ring = Ring::of(set);
        let values: Vec<u32> = (0..ring.n as u32).map(|i| i * 61 % PLAINTEXT_MODULUS).collect();
        let coefficients = ring.encode(values.iter().copied());
        assert_eq!(ring.decode(coefficients.clone()), values);
        // Rotating the transformed polynomial rotates the slots of both rows to the left.
        let mut transformed = coefficients;
        ring.plaintext.forward(&mut transformed);
        let rotated = ring.rotation(3).apply(&transformed);
        let slots: Vec<u32> = ring.slots.iter().map(|&place| rotated[place as usize]).collect();
        let half = ring.n / 2;
        for (slot, &value) in slots.iter().enumerate() {
            assert_eq!(value, values[slot / half * half + (slot % half + 3) % half]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        /// Dividing by the last primes is exact up to a rounding that is 0 modulo t.
        #[test]
        fn division_rounds_by_a_multiple_of_t(seed: u64, kept in 1usize..5, dropped in 1usize..5) {
            let set = &INSECURE_BGV;
            let ring = Ring::of(set);
            let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(seed);
            // c = D v + e with a small e that is a multiple of t: the quotient is v, or beside it by a rounding that t divides.
            let v: Vec<i64> = (0..ring.n).map(|_| rng.random_range(-1000..1000)).collect();
            let primes: Vec<&Limb> = ring.limbs.iter().take(kept + dropped).collect();
            let (keep, drop) = primes.split_at(kept);
            let product = |m: Modulus| drop.iter().fold(m.store(1), |d, q| m.multiply(d, m.store(q.modulus.value().into())));
            let mut c = ring.lift_small(&v, kept + dropped);
            for (limb, prime) in c.chunks_exact_mut(ring.n).zip(&primes) {
                scale(prime.modulus, limb, product(prime.modulus));
            }
            let e: Vec<i64> = (0..ring.n).map(|_| i64::from(PLAINTEXT_MODULUS) * rng.random_range(-1000..1000)).collect();
            for ((limb, e), prime) in c.chunks_exact_mut(ring.n).zip(ring.lift_small(&e, kept + dropped).chunks_exact(ring.n)).zip(&primes) {
                super::super::modulus::add_assign(prime.modulus, limb, e);
            }
            let quotient = ring.divide_and_round(&c, keep, drop);
            let mut first = ring.limb(&quotient, 0).to_vec();
            let prime = &ring.limbs[0];
            prime.backward_times_n(&mut first);
            let n_inverse = prime.modulus.invert(prime.modulus.store(ring.n as i64));
            for (c, &v) in first.iter().zip(&v) {
                let c = i64::from(prime.modulus.load(prime.modulus.multiply(*c, n_inverse)));
                prop_assert_eq!(c, v.rem_euclid(i64::from(prime.modulus.value())));
            }
        }
    }
}

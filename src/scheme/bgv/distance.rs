//! Stage 4: phi of a whole block of references at once, one in each slot.
//!
//! The probe's coordinates x stand in the slots again and again, with period d (a power of two). Reference r owns slot r; its weights y_r
//! make d *diagonals*, and (Halevi, Shoup, "Algorithms in HElib", 2014, section 4.3; baby and giant steps)
//!
//! > phi = sum_g rot_(g b) ( sum_(i < b) D_(g,i) * rot_i(x) ),   D_(g,i)\[s\] = y_(s - g b)\[(s + i) mod d\]
//!
//! with slots counted within their row. Babies rot_i(x) are made once a query, by a key that rotates by one slot, applied in turn; giants by
//! a key that rotates by b slots, in Horner's manner. Diagonals are transformed when they are needed, or kept transformed while a budget lasts.

use rayon::prelude::*;

use super::arithmetic::{Cost, Ledger};
use super::chain::Chain;
use super::ciphertexts::EncryptedProbes;
use super::engine::{Ciphertext, rotated_noise};
use super::keys::PreparedKey;
use super::modulus::{add_assign, two_sums_of_products};
use super::noise::{Noise, State, sum};
use super::residues::{multiply_mod_t, residue};
use super::ring::{Limb, Ring};
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};

/// Diagonals that are transformed together before they are multiplied: they stay in cache.
const TOGETHER: usize = 8;

/// Where the rotations of a linear stage go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::scheme) struct Steps {
    /// d: coordinates, rounded up to a power of two.
    pub period: usize,
    /// b.
    pub babies: usize,
}

impl Steps {
    /// For so many coordinates; `None` where they do not fit a row of slots.
    pub(in crate::scheme) fn new(set: &BgvSet, coordinates: usize) -> Option<Self> {
        let period = coordinates.next_power_of_two();
        (period <= set.ring_size() / 2).then_some(Self { period, babies: set.baby_steps.min(period) })
    }

    fn giants(self) -> usize {
        self.period / self.babies
    }
}

/// A probe's rotations: what every block is multiplied with.
pub(in crate::scheme) struct Babies(Vec<Ciphertext>);

impl Babies {
    pub(in crate::scheme) fn new(key: &PreparedKey, probe: Ciphertext, steps: Steps) -> Self {
        let rotation = key.ring.rotation(1);
        let next = |previous: &Ciphertext| Some(previous.rotated(&key.ring, &rotation, &key.rotate_by_one));
        Self(std::iter::successors(Some(probe), next).take(steps.babies).collect())
    }

    /// Bytes in memory of one probe's babies.
    pub(in crate::scheme) fn bytes(set: &BgvSet, steps: Steps) -> usize {
        steps.babies * 2 * set.limbs * set.ring_size() * 4
    }

    /// Of no sample: nothing comes of it.
    pub(in crate::scheme) fn none() -> Self {
        Self(Vec::new())
    }

    pub(in crate::scheme) fn of_sample(
        key: &PreparedKey,
        probes: &EncryptedProbes,
        sample: usize,
        steps: Steps,
    ) -> Option<Self> {
        probes.expand(sample).map(|probe| Self::new(key, probe, steps))
    }
}

/// The weights of one decision for up to N references, in the clear.
pub(in crate::scheme) struct Block {
    steps: Steps,
    /// Row r: the weights of reference r, `period` of them.
    weights: Vec<i16>,
    /// What every weight is multiplied by, modulo t.
    scale: u32,
    /// Added to each slot.
    bias: Vec<i64>,
    /// Added to the slots that no reference owns.
    absent: i64,
}

impl Block {
    /// A block in which `rows` references will be set; others get the bias `absent`.
    pub(in crate::scheme) fn new(steps: Steps, rows: usize, scale: u32, absent: i64) -> Self {
        Self { steps, weights: vec![0; rows * steps.period], scale, bias: vec![absent; rows], absent }
    }

    /// Sets the references in parallel: `fill` gets the row's number, writes its weights, and returns its bias, or nothing for a reference that is
    /// not there.
    pub(in crate::scheme) fn fill(&mut self, fill: impl Fn(usize, &mut [i16]) -> Option<i64> + Sync) {
        self.fill_with(|| (), |(), row, weights| fill(row, weights));
    }

    /// As [`Block::fill`], with room to work in for each thread.
    pub(in crate::scheme) fn fill_with<T>(
        &mut self,
        init: impl Fn() -> T + Sync + Send,
        fill: impl Fn(&mut T, usize, &mut [i16]) -> Option<i64> + Sync,
    ) {
        let rows = self.weights.par_chunks_exact_mut(self.steps.period).zip(&mut self.bias).enumerate();
        rows.for_each_init(init, |room, (row, (weights, bias))| {
            if let Some(value) = fill(room, row, weights) {
                *bias = value;
            }
        });
    }

    /// The diagonal of a giant and a baby step: a plaintext polynomial.
    fn diagonal(&self, ring: &Ring, giant: usize, baby: usize) -> Vec<u32> {
        let Steps { period, babies } = self.steps;
        let (half, shift) = (ring.n / 2, giant * babies);
        let slot = |slot: usize| {
            let (row, column) = (slot / half, slot % half);
            let reference = row * half + (column + half - shift % half) % half;
            let weight = self.weights.get(reference * period + (column + baby) % period).copied().unwrap_or_default();
            let weight = residue(weight.into());
            if self.scale == 1 { weight } else { multiply_mod_t(weight, self.scale) }
        };
        ring.encode((0..ring.n).map(slot))
    }

    /// The diagonals of one giant step.
    fn diagonals(&self, ring: &Ring, giant: usize) -> Vec<Vec<u32>> {
        (0..self.steps.babies).into_par_iter().map(|baby| self.diagonal(ring, giant, baby)).collect()
    }

    /// All diagonals, transformed over all primes of a ciphertext.
    pub(in crate::scheme) fn transformed(&self, ring: &Ring) -> Transformed {
        let diagonals: Vec<Vec<Vec<u32>>> = (0..self.steps.giants()).map(|giant| self.diagonals(ring, giant)).collect();
        let limb = |prime: &Limb| {
            let mut limb = vec![0; self.steps.period * ring.n];
            for (out, diagonal) in limb.chunks_exact_mut(ring.n).zip(diagonals.iter().flatten()) {
                Ring::lift(prime, diagonal, out);
            }
            limb
        };
        let limbs = ring.ciphertext_limbs().par_iter().map(limb).collect();
        Transformed { limbs, bias: self.biases(ring, 0), steps: self.steps }
    }

    /// The bias of every slot, less the centre of the threshold.
    fn biases(&self, ring: &Ring, centre: i64) -> Vec<u32> {
        let slots = self.bias.iter().copied().chain(std::iter::repeat(self.absent));
        ring.encode(slots.map(|bias| residue(bias - centre)).take(ring.n))
    }

    /// phi - centre in every slot, for each probe.
    pub(in crate::scheme) fn scores(&self, key: &PreparedKey, probes: &[&Babies], centre: i64) -> Vec<Ciphertext> {
        let ring = &*key.ring;
        let giants = (0..self.steps.giants()).map(|giant| {
            let diagonals = self.diagonals(ring, giant);
            by_limb(ring, probes, 1, |prime, sums, index| {
                let mut buffers = vec![vec![0; ring.n]; TOGETHER.min(self.steps.babies)];
                for (number, diagonals) in diagonals.chunks(buffers.len()).enumerate() {
                    for (buffer, diagonal) in buffers.iter_mut().zip(diagonals) {
                        Ring::lift(prime, diagonal, buffer);
                    }
                    let diagonals: Vec<&[u32]> = buffers.iter().map(Vec::as_slice).collect();
                    for (sums, probe) in sums.iter_mut().zip(probes) {
                        probe.add_products(ring, prime, index, number * TOGETHER, &diagonals, sums.first_mut());
                    }
                }
            })
        });
        let giants: Vec<_> = giants.flatten().collect();
        horner(key, self.steps, self.biases(ring, centre), giants)
    }
}

/// A block's diagonals kept transformed.
pub(in crate::scheme) struct Transformed {
    steps: Steps,
    /// Of each prime all diagonals: giant after giant, baby after baby.
    limbs: Vec<Vec<u32>>,
    bias: Vec<u32>,
}

impl Transformed {
    /// Bytes in memory.
    pub(in crate::scheme) fn bytes(set: &BgvSet, steps: Steps) -> usize {
        4 * set.ring_size() * (steps.period * set.limbs + 1)
    }

    /// As [`Block::scores`].
    pub(in crate::scheme) fn scores(&self, key: &PreparedKey, probes: &[&Babies], centre: i64) -> Vec<Ciphertext> {
        let ring = &*key.ring;
        // One prime after the other: the babies' limbs stay in cache for all giants.
        let giants = by_limb(ring, probes, self.steps.giants(), |prime, sums, index| {
            let diagonals: Vec<&[u32]> =
                self.limbs.get(index).map(|limb| limb.chunks_exact(ring.n).collect()).unwrap_or_default();
            for (giant, diagonals) in diagonals.chunks(self.steps.babies).enumerate() {
                for (sums, probe) in sums.iter_mut().zip(probes) {
                    probe.add_products(ring, prime, index, 0, diagonals, sums.get_mut(giant));
                }
            }
        });
        let mut bias = self.bias.clone();
        // The same number in every slot is a constant polynomial.
        if let Some(constant) = bias.first_mut() {
            *constant = (*constant + PLAINTEXT_MODULUS - residue(centre)) % PLAINTEXT_MODULUS;
        }
        horner(key, self.steps, bias, giants)
    }
}

/// Both parts of a sum over one prime.
type LimbSum = [Vec<u32>; 2];

impl Babies {
    /// Adds to both parts of a sum, over one prime, the products of diagonals with the babies from `first` on.
    fn add_products(
        &self,
        ring: &Ring,
        prime: &Limb,
        index: usize,
        first: usize,
        diagonals: &[&[u32]],
        sum: Option<&mut LimbSum>,
    ) {
        let Some([constant, linear]) = sum else { return };
        let babies = |part: usize| -> Vec<&[u32]> {
            self.0.iter().skip(first).map(|baby| ring.limb(baby.part(part), index)).take(diagonals.len()).collect()
        };
        two_sums_of_products(prime.modulus, [constant, linear], diagonals, [&babies(0), &babies(1)]);
    }
}

/// For each of some giant steps and each probe both parts of its sum: computed prime by prime, then put together.
fn by_limb(
    ring: &Ring,
    probes: &[&Babies],
    giants: usize,
    compute: impl Fn(&Limb, &mut [Vec<LimbSum>], usize) + Sync,
) -> Vec<Vec<[Vec<u32>; 2]>> {
    let limbs: Vec<Vec<Vec<LimbSum>>> = ring
        .ciphertext_limbs()
        .par_iter()
        .enumerate()
        .map(|(index, prime)| {
            let zero = || [vec![0; ring.n], vec![0; ring.n]];
            let mut sums: Vec<Vec<LimbSum>> = probes.iter().map(|_| (0..giants).map(|_| zero()).collect()).collect();
            compute(prime, &mut sums, index);
            sums
        })
        .collect();
    let mut whole: Vec<Vec<[Vec<u32>; 2]>> =
        (0..giants).map(|_| probes.iter().map(|_| [Vec::new(), Vec::new()]).collect()).collect();
    for probes in limbs {
        for (probe, giants) in probes.into_iter().enumerate() {
            for (whole, limb) in whole.iter_mut().zip(giants) {
                if let Some(parts) = whole.get_mut(probe) {
                    parts.iter_mut().zip(limb).for_each(|(part, limb)| part.extend(limb));
                }
            }
        }
    }
    whole
}

/// sum_g rot_(g b) (inner sum g) + bias, noise divided down to its floor.
fn horner(key: &PreparedKey, steps: Steps, bias: Vec<u32>, giants: Vec<Vec<[Vec<u32>; 2]>>) -> Vec<Ciphertext> {
    let ring = &*key.ring;
    let rotation = ring.rotation(steps.babies);
    let state = state_of_sums(&ring.set, steps);
    let mut sums: Vec<Ciphertext> = Vec::new();
    for inner in giants.into_iter().rev() {
        if sums.is_empty() {
            sums = inner.into_iter().map(|parts| Ciphertext { state, parts }).collect();
            continue;
        }
        for (sum, inner) in sums.iter_mut().zip(inner) {
            *sum = sum.rotated(ring, &rotation, &key.rotate_by_baby_steps);
            for (part, inner) in sum.parts.iter_mut().zip(&inner) {
                let limbs = part.par_chunks_exact_mut(ring.n).zip(inner.par_chunks_exact(ring.n)).zip(&ring.limbs);
                limbs.for_each(|((part, inner), prime)| add_assign(prime.modulus, part, inner));
            }
        }
    }
    let bias = ring.lift_all(&bias, ring.set.limbs);
    let dropped = ring.chain.primes_to_drop(state.noise, state.limbs, 0);
    sums.into_iter()
        .map(|mut sum| {
            let limbs = sum.parts[0].par_chunks_exact_mut(ring.n).zip(bias.par_chunks_exact(ring.n)).zip(&ring.limbs);
            limbs.for_each(|((part, bias), prime)| add_assign(prime.modulus, part, bias));
            Ciphertext { state, parts: sum.parts }.divided(ring, dropped)
        })
        .collect()
}

/// What is known of a sum before it is divided.
fn state_of_sums(set: &BgvSet, steps: Steps) -> State {
    let noise = Noise::of(set);
    let fresh = State { limbs: set.limbs, factor: 1, noise: noise.fresh() };
    // Every rotation adds its own noise to that of the one before.
    let one = rotated_noise(noise, State { noise: f64::NEG_INFINITY, ..fresh });
    let rotations = |count: usize| one + (count as f64).log2() / 2.0;
    let last_baby = sum([fresh.noise, rotations(steps.babies - 1)]);
    let products = noise.plaintext_product(last_baby) + (steps.period as f64).log2() / 2.0;
    State { noise: sum([products, rotations(steps.giants() - 1), noise.plaintext()]), ..fresh }
}

/// The state of a score, and what it costs a block; and what the babies cost a probe.
pub(in crate::scheme) fn ledger_entry(ledger: &Ledger, chain: Chain, steps: Steps) -> State {
    // Divided alike whatever the circuit that follows.
    let chain = Chain::of(&chain.set);
    let before = state_of_sums(&chain.set, steps);
    ledger.admit(before);
    for _ in 1..steps.giants() {
        ledger.charge_keyswitch(before.limbs, 0);
    }
    ledger.charge(Cost { transforms: before.limbs as f64, products: (2 * steps.period * before.limbs) as f64 });
    let dropped = chain.primes_to_drop(before.noise, before.limbs, 0);
    ledger.charge_division(2, before.limbs - dropped, dropped);
    ledger.admit(before.divided(chain, dropped))
}

/// What a probe's babies cost.
pub(in crate::scheme) fn babies_cost(chain: Chain, steps: Steps) -> Cost {
    let ledger = Ledger::new(chain);
    (1..steps.babies).for_each(|_| ledger.charge_keyswitch(chain.set.limbs, 0));
    ledger.cost()
}

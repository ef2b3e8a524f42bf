//! Stage 4: phi of a whole block of references at once, one in each slot.
//!
//! The probe's coordinates x stand in the slots again and again, with period d (a power of two). Reference r owns slot r; its weights y_r
//! make d *diagonals*, and (Halevi, Shoup, "Algorithms in HElib", 2014, section 4.3; baby and giant steps)
//!
//! > phi = sum_g rot_(g b) ( sum_(i < b) D_(g,i) * rot_i(x) ),   D_(g,i)\[s\] = y_(s - g b)\[(s + i) mod d\]
//!
//! with slots counted within their row. Babies rot_i(x) are made once a query, by a key that rotates by one slot, applied in turn; giants by
//! a key that rotates by b slots, in Horner's manner. Diagonals are transformed when they are needed, or kept transformed while a budget lasts.

use std::ops::Range;

use rayon::prelude::*;

use super::arithmetic::{Cost, Ledger};
use super::chain::Chain;
use super::ciphertexts::EncryptedProbes;
use super::engine::{Ciphertext, rotated_noise};
use super::keys::PreparedKey;
use super::modulus::{Piece, Sum, add_assign, two_sums_of_pieces};
use super::noise::{Noise, State, log2, sum};
use super::pieces::{Giants, lift_in_pieces, place, several};
use super::pool::Poly;
use super::residues::{residue, small_residue};
use super::ring::{Limb, Ring, Rotation};
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};

/// Diagonals that are transformed together before they are multiplied: they stay in cache.
const TOGETHER: usize = 8;

/// Baby steps whose diagonals are gathered from a reference's weights at once: half a line of the cache.
const GATHERED: usize = 16;

/// Giant steps whose inner sums are made together, so that babies are read once for all of them: of diagonals that are transformed when they are
/// needed, which are many megabytes, and of those that are kept.
pub(in crate::scheme) const GIANTS: usize = 4;
const KEPT_GIANTS: usize = 8;

/// Pieces of a limb that one thread takes at once, at least.
const LEAST_PIECES: usize = 8;

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

    /// References of [`Block::scores_of_few`].
    pub(in crate::scheme) fn few(self, n: usize) -> usize {
        n / self.period * self.babies
    }

    /// The slot of one of them, of n.
    pub(in crate::scheme) fn place_of_few(self, n: usize, number: usize) -> usize {
        let (period, of_row) = (number / self.babies, (n / 2 / self.period).max(1));
        period / of_row * (n / 2) + period % of_row * self.period + number % self.babies
    }

    fn giants(self) -> usize {
        self.period / self.babies
    }

    /// Giant steps, so many at a time, the last ones first.
    fn grouped(self, together: usize) -> impl Iterator<Item = Range<usize>> {
        (0..self.giants()).step_by(together).rev().map(move |first| first..(first + together).min(self.giants()))
    }
}

/// A probe's rotations: what every block is multiplied with.
pub(in crate::scheme) struct Babies {
    /// Of each prime both parts: piece after piece ([`super::modulus::PIECE`]), of each piece baby after baby. Stored twice over, as x 2^64, so that
    /// a product with a diagonal, which is made of numbers, is a stored residue.
    limbs: Vec<[Poly; 2]>,
}

impl Babies {
    pub(in crate::scheme) fn new(key: &PreparedKey, probe: Ciphertext, steps: Steps) -> Self {
        let rotation = key.ring.rotation(1);
        let next = |previous: &Ciphertext| Some(previous.rotated(&key.ring, &rotation, &key.rotate_by_one));
        let length = steps.babies * key.ring.n;
        let mut limbs: Vec<[Poly; 2]> =
            key.ring.ciphertext_limbs().iter().map(|_| [Poly::unset(length), Poly::unset(length)]).collect();
        for (number, baby) in std::iter::successors(Some(probe), next).take(steps.babies).enumerate() {
            limbs.par_iter_mut().enumerate().for_each(|(index, limb)| {
                for (part, limb) in limb.iter_mut().enumerate() {
                    let Some(prime) = key.ring.limbs.get(index) else { continue };
                    let numbers = key.ring.limb(baby.part(part), index);
                    place(limb, numbers, number, steps.babies, |x| prime.modulus.store_residue(x));
                }
            });
        }
        Self { limbs }
    }

    /// Over one prime the same piece of every baby, of both parts.
    fn piece(&self, index: usize, piece: usize, babies: usize) -> [&[Piece]; 2] {
        match self.limbs.get(index) {
            Some(parts) => parts.each_ref().map(|part| several(part, piece, babies)),
            None => [&[], &[]],
        }
    }

    /// Bytes in memory of one probe's babies.
    pub(in crate::scheme) fn bytes(set: &BgvSet, steps: Steps) -> usize {
        steps.babies * 2 * set.limbs * set.ring_size() * 4
    }

    /// Of no sample: nothing comes of it.
    pub(in crate::scheme) fn none() -> Self {
        Self { limbs: Vec::new() }
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

    /// The diagonals of one giant step: plaintext polynomials.
    fn diagonals(&self, ring: &Ring, giant: usize) -> Vec<Poly> {
        let firsts: Vec<usize> = (0..self.steps.babies).step_by(GATHERED).collect();
        firsts.into_par_iter().flat_map_iter(|first| self.some_diagonals(ring, giant, first)).collect()
    }

    /// The diagonals of a giant step and of [`GATHERED`] baby steps from `first` on: a reference's weights for them stand side by side.
    fn some_diagonals(&self, ring: &Ring, giant: usize, first: usize) -> Vec<Poly> {
        let (half, shift) = (ring.n / 2, giant * self.steps.babies % (ring.n / 2));
        self.gathered(ring, first, |row, column| row * half + (column + half - shift) % half)
    }

    /// As [`Block::some_diagonals`], where a slot's reference follows from its row and column.
    fn gathered(&self, ring: &Ring, first: usize, reference: impl Fn(usize, usize) -> usize) -> Vec<Poly> {
        let Steps { period, babies } = self.steps;
        let half = ring.n / 2;
        let count = GATHERED.min(babies - first);
        let mut diagonals: Vec<Poly> = (0..count).map(|_| Poly::zeros(ring.n)).collect();
        for (slot, &place) in ring.slots().iter().enumerate() {
            let (row, column) = (slot / half, slot % half);
            let reference = reference(row, column);
            let Some(weights) = self.weights.get(reference * period..(reference + 1) * period) else { continue };
            // The period is a power of two: where the last weight is passed, the first ones follow.
            let (before, from) = weights.split_at((column + first) % period);
            for (diagonal, &weight) in diagonals.iter_mut().zip(from.iter().chain(before)) {
                if let Some(out) = diagonal.get_mut(place as usize) {
                    *out = small_residue(weight);
                }
            }
        }
        diagonals.iter_mut().for_each(|diagonal| ring.encode_scaled(diagonal, self.scale));
        diagonals
    }

    /// All diagonals, transformed over all primes of a ciphertext.
    pub(in crate::scheme) fn transformed(&self, ring: &Ring) -> Transformed {
        let diagonals: Vec<Poly> = (0..self.steps.giants()).flat_map(|giant| self.diagonals(ring, giant)).collect();
        let limb = |prime: &Limb| {
            let mut limb = vec![0; self.steps.period * ring.n];
            lift_in_pieces(prime, &diagonals, &mut limb);
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
        self.scores_over(key, key.ring.set.limbs, probes, centre)
    }

    /// As [`Block::scores_over`], of a block of few references, for one probe: d/b times fewer diagonals. A reference's weights stand in slots that
    /// are b apart, b of them to a slot, so that every giant step adds the same inner sum. Its phi is in its place by [`Steps::place_of_few`]; in other
    /// slots anything.
    pub(in crate::scheme) fn scores_of_few(
        &self,
        key: &PreparedKey,
        limbs: usize,
        probe: &Babies,
    ) -> Option<Ciphertext> {
        let (ring, Steps { period, babies }) = (&*key.ring, self.steps);
        let limbs = limbs.min(ring.set.limbs);
        let of_row = ring.n / 2 / period;
        let of_slot = |row, column| (row * of_row + column / period) * babies + column % babies;
        let firsts: Vec<usize> = (0..babies).step_by(GATHERED).collect();
        let diagonals: Vec<Poly> =
            firsts.into_par_iter().flat_map_iter(|first| self.gathered(ring, first, of_slot)).collect();
        let inner = Giants::computed(ring, limbs, (1, 1), |prime, index, sums| {
            let mut lifted = Poly::unset(babies * ring.n);
            lift_in_pieces(prime, &diagonals, &mut lifted);
            for (piece, sums) in sums.iter_mut().enumerate() {
                let (diagonals, probe) = (several(&lifted, piece, babies), probe.piece(index, piece, babies));
                two_sums_of_pieces(prime.modulus, Sum::Replaced, sums.each_mut(), diagonals, probe);
            }
        });
        let mut horner = Horner::new(key, self.steps, limbs);
        (0..self.steps.giants()).for_each(|_| horner.add(&inner));
        let mut bias = vec![self.absent; ring.n];
        for (number, &of_reference) in self.bias.iter().enumerate() {
            if let Some(bias) = bias.get_mut(self.steps.place_of_few(ring.n, number)) {
                *bias = of_reference;
            }
        }
        horner.finish(ring.encode(bias.into_iter().map(residue))).pop()
    }

    /// As [`Block::scores`], over the first so many primes: for what needs no more room.
    pub(in crate::scheme) fn scores_over(
        &self,
        key: &PreparedKey,
        limbs: usize,
        probes: &[&Babies],
        centre: i64,
    ) -> Vec<Ciphertext> {
        let ring = &*key.ring;
        let limbs = limbs.min(ring.set.limbs);
        let mut horner = Horner::new(key, self.steps, limbs);
        for giants in self.steps.grouped(GIANTS) {
            let diagonals: Vec<Vec<Poly>> = giants.map(|giant| self.diagonals(ring, giant)).collect();
            horner.add(&Giants::computed(ring, limbs, (diagonals.len(), probes.len()), |prime, index, sums| {
                let together = TOGETHER.min(self.steps.babies);
                let mut lifted = Poly::unset(diagonals.len() * together * ring.n);
                for first in (0..self.steps.babies).step_by(together) {
                    let sum = if first == 0 { Sum::Replaced } else { Sum::Added };
                    for (lifted, diagonals) in lifted.chunks_exact_mut(together * ring.n).zip(&diagonals) {
                        lift_in_pieces(prime, diagonals.get(first..first + together).unwrap_or_default(), lifted);
                    }
                    for (piece, sums) in sums.chunks_exact_mut((diagonals.len() * probes.len()).max(1)).enumerate() {
                        let lifted =
                            lifted.chunks_exact(together * ring.n).map(|lifted| several(lifted, piece, together));
                        for (diagonals, sums) in lifted.zip(sums.chunks_exact_mut(probes.len().max(1))) {
                            for (sums, probe) in sums.iter_mut().zip(probes) {
                                let babies = probe.piece(index, piece, self.steps.babies);
                                let babies = babies.map(|babies| babies.get(first..).unwrap_or_default());
                                two_sums_of_pieces(prime.modulus, sum, sums.each_mut(), diagonals, babies);
                            }
                        }
                    }
                }
            }));
        }
        horner.finish(self.biases(ring, centre))
    }
}

/// A block's diagonals kept transformed.
pub(in crate::scheme) struct Transformed {
    steps: Steps,
    /// Of each prime all diagonals: piece after piece ([`super::modulus::PIECE`]), of each piece giant after giant, baby after baby.
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
        let Steps { period, babies } = self.steps;
        let mut horner = Horner::new(key, self.steps, ring.set.limbs);
        for group in self.steps.grouped(KEPT_GIANTS) {
            horner.add(&Giants::computed(ring, ring.set.limbs, (group.len(), probes.len()), |prime, index, sums| {
                let Some(limb) = self.limbs.get(index) else { return };
                let of_piece = (group.len() * probes.len()).max(1);
                sums.par_chunks_exact_mut(of_piece).enumerate().with_min_len(LEAST_PIECES).for_each(|(piece, sums)| {
                    // One piece after the other: the babies' numbers there stay in cache for all giants, a giant's for all probes.
                    let diagonals = several(limb, piece, period).chunks_exact(babies).skip(group.start);
                    for (diagonals, sums) in diagonals.zip(sums.chunks_exact_mut(probes.len().max(1))) {
                        for (sums, probe) in sums.iter_mut().zip(probes) {
                            let babies = probe.piece(index, piece, babies);
                            two_sums_of_pieces(prime.modulus, Sum::Replaced, sums.each_mut(), diagonals, babies);
                        }
                    }
                });
            }));
        }
        let mut bias = self.bias.clone();
        // The same number in every slot is a constant polynomial.
        if let Some(constant) = bias.first_mut() {
            *constant = (*constant + PLAINTEXT_MODULUS - residue(centre)) % PLAINTEXT_MODULUS;
        }
        horner.finish(bias)
    }
}

/// For each probe sum_g rot_(g b) (inner sum g) + bias, from the last giant step to the first.
struct Horner<'a> {
    key: &'a PreparedKey,
    rotation: Rotation,
    state: State,
    /// None before the first.
    sums: Vec<Ciphertext>,
}

impl<'a> Horner<'a> {
    fn new(key: &'a PreparedKey, steps: Steps, limbs: usize) -> Self {
        let rotation = key.ring.rotation(steps.babies);
        Self { key, rotation, state: state_of_sums(&key.ring.set, steps, limbs), sums: Vec::new() }
    }

    /// The giant steps before those that came so far.
    fn add(&mut self, giants: &Giants) {
        let ring = &*self.key.ring;
        for giant in (0..giants.giants).rev() {
            for probe in 0..giants.probes {
                match self.sums.get_mut(probe) {
                    Some(sum) => {
                        *sum = sum.rotated(ring, &self.rotation, &self.key.rotate_by_baby_steps);
                        giants.add_to(ring, Sum::Added, giant, probe, sum);
                    }
                    None => {
                        let parts = [(); 2].map(|()| Poly::unset(self.state.limbs * ring.n));
                        let mut sum = Ciphertext { state: self.state, parts };
                        giants.add_to(ring, Sum::Replaced, giant, probe, &mut sum);
                        self.sums.push(sum);
                    }
                }
            }
        }
    }

    /// With the bias, noise divided down to its floor.
    fn finish(self, bias: Vec<u32>) -> Vec<Ciphertext> {
        let (ring, state) = (&*self.key.ring, self.state);
        let bias = ring.lift_all(&bias, state.limbs);
        let dropped = ring.chain.primes_to_drop(state.noise, state.limbs, 0);
        let finished = self.sums.into_iter().map(|mut sum| {
            let limbs = sum.parts[0].par_chunks_exact_mut(ring.n).zip(bias.par_chunks_exact(ring.n)).zip(&ring.limbs);
            limbs.for_each(|((part, bias), prime)| add_assign(prime.modulus, part, bias));
            Ciphertext { state, parts: sum.parts }.divided(ring, dropped)
        });
        finished.collect()
    }
}

/// What is known of a sum over so many primes before it is divided: of babies over all of them, whose noise is no less.
fn state_of_sums(set: &BgvSet, steps: Steps, limbs: usize) -> State {
    let noise = Noise::of(set);
    let fresh = State { limbs: set.limbs, factor: 1, noise: noise.fresh() };
    // Every rotation adds its own noise to that of the one before.
    let one = rotated_noise(noise, State { noise: f64::NEG_INFINITY, ..fresh });
    let rotations = |count: usize| one + log2(count as f64) / 2.0;
    let last_baby = sum([fresh.noise, rotations(steps.babies - 1)]);
    let products = noise.plaintext_product(last_baby) + log2(steps.period as f64) / 2.0;
    State { limbs, noise: sum([products, rotations(steps.giants() - 1), noise.plaintext()]), ..fresh }
}

/// The state of a score, and what it costs a block; and what the babies cost a probe.
pub(in crate::scheme) fn ledger_entry(ledger: &Ledger, chain: Chain, steps: Steps) -> State {
    ledger_entry_over(ledger, chain, steps, chain.set.limbs)
}

/// As [`ledger_entry`], of [`Block::scores_over`].
pub(in crate::scheme) fn ledger_entry_over(ledger: &Ledger, chain: Chain, steps: Steps, limbs: usize) -> State {
    // Divided alike whatever the circuit that follows.
    let chain = Chain::of(&chain.set);
    let before = state_of_sums(&chain.set, steps, limbs);
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

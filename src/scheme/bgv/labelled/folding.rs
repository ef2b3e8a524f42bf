//! The custodian's part: every verdict of every block into one ring element.
//!
//! Sum f has a class of columns, those that are f modulo m. With slots counted within their row,
//!
//! > z = sum_(i < m) Q_i * rot_i(x),   Q_i\[s\] = q_(s mod m)(s + i)
//!
//! where q_f(s) is the coefficient of the subject in slot s in sum f: of z the slots of class f add up, over both rows, to sum f, for i and s run once
//! through every slot. The shares of a sum tell nothing but their sum once numbers are added that are uniform among those that add up to 0.

use rayon::prelude::*;
use zeroize::Zeroizing;

use super::super::answer::KEY_NUMBERS;
use super::super::arithmetic::{Cost, Ledger, blinded};
use super::super::chain::Chain;
use super::super::engine::{Ciphertext, Plaintext, rotated_noise};
use super::super::keys::PreparedKey;
use super::super::lock::Lock;
use super::super::modulus::add_assign;
use super::super::noise::{Noise, State, log2, sum};
use super::super::residues::{divide_mod_t, multiply_mod_t};
use super::super::ring::Ring;
use super::super::sampling::{Generator, any_residue, shuffled};
use super::super::sanitise::{Sanitised, sanitised};
use super::{Label, Layout, Number, Pair, key_pads};
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};
use crate::scheme::{Progress, Stopped};

/// What is drawn for a probe, and the sums over the blocks so far. SECRET of the custodian.
pub(in crate::scheme) struct Folding {
    layout: Layout,
    /// K.
    key: Zeroizing<Vec<u32>>,
    /// r, count after count.
    masks: Zeroizing<Vec<u32>>,
    /// Of each subject, by its number, its place.
    places: Zeroizing<Vec<u32>>,
    pub(super) sums: Option<Ciphertext>,
}

/// A subject that a verdict is on.
#[derive(Clone, Copy)]
pub(in crate::scheme) struct Member {
    /// Where in the block the verdict stands.
    pub(in crate::scheme) slot: usize,
    /// Which of the gallery's subjects it is: no other has this number, in any block.
    pub(in crate::scheme) number: usize,
    pub(in crate::scheme) label: Label,
}

impl Member {
    /// Subjects without handles in every slot of a block: the work is the same for anybody.
    pub(in crate::scheme) fn strangers(n: usize) -> Vec<Self> {
        (0..n).map(|slot| Self { slot, number: slot, label: Label::of(None) }).collect()
    }
}

impl Folding {
    /// For a gallery of so many places, at least one for each number that a subject has.
    pub(in crate::scheme) fn draw(layout: Layout, places: usize, rng: &mut Generator) -> Self {
        let key = Zeroizing::new(any_residue(KEY_NUMBERS, rng));
        let masks = Zeroizing::new(any_residue(layout.keys(), rng));
        let places = Zeroizing::new(shuffled((0..places as u32).collect(), rng));
        Self { layout, key, masks, places, sums: None }
    }

    /// The coefficients of a block's subjects in every sum, times a factor.
    fn coefficients(&self, members: &[Member], n: usize, scale: u32) -> Coefficients {
        let layout = self.layout;
        let mut of_slots = vec![NOBODY; n];
        for (index, member) in members.iter().enumerate() {
            if let Some(of_slot) = of_slots.get_mut(member.slot) {
                *of_slot = index as u32;
            }
        }
        let mut numbers = Zeroizing::new(vec![0; members.len() * layout.classes()]);
        let of_members = numbers.par_chunks_exact_mut(layout.classes()).zip(members);
        of_members.for_each(|(out, Member { number, label: Label(pairs), .. })| {
            let place = self.places.get(*number).map_or(Pair::ZERO, |&place| Pair::of_place(place));
            let powers: Vec<Pair> = place.powers().take(layout.powers() + 1).collect();
            let power = |number: usize| powers.get(number).copied().unwrap_or(Pair::ZERO);
            for (class, out) in out.iter_mut().enumerate() {
                let coefficient = match layout.number(class) {
                    None | Some(Number::Check | Number::KeyCheck) => 0,
                    Some(Number::Key { count, number }) => self.mask(count, number),
                    Some(Number::Location { power: exponent, component }) => power(exponent).number(component),
                    Some(Number::Label { pair, power: exponent, component }) => {
                        let pair = pairs.get(pair).copied().unwrap_or(Pair::ZERO);
                        (pair * power(exponent)).number(component)
                    }
                };
                *out = multiply_mod_t(coefficient, scale);
            }
        });
        Coefficients { of_slots, numbers, classes: layout.classes() }
    }

    /// r_(v,j).
    fn mask(&self, count: usize, number: usize) -> u32 {
        self.masks.get(count * KEY_NUMBERS + number).copied().unwrap_or_default()
    }

    /// What is added to each sum: K_j - r v to a number of the key, its pad to what the key is for.
    fn constants(&self) -> Zeroizing<Vec<u32>> {
        let pads = key_pads(&self.key, self.layout);
        let constant = |class: usize| match self.layout.number(class) {
            None | Some(Number::Check) => 0,
            Some(Number::Key { count, number }) => {
                let key = self.key.get(number).copied().unwrap_or_default();
                let taken = multiply_mod_t(self.mask(count, number), count as u32);
                (key + PLAINTEXT_MODULUS - taken) % PLAINTEXT_MODULUS
            }
            Some(_) => pads.get(class - self.layout.first_padded()).copied().unwrap_or_default(),
        };
        Zeroizing::new((0..self.layout.classes()).map(constant).collect())
    }

    /// The sums as they leave: in shares, sanitised, locked. None of no block.
    pub(in crate::scheme) fn finish(
        mut self,
        key: &PreparedKey,
        lock: &mut Lock,
        rng: &mut Generator,
    ) -> Option<Sanitised> {
        let ring = &*key.ring;
        let sums = self.sums.take()?;
        let dropped = sums.state.limbs.saturating_sub(ring.set.public_limbs());
        let sums = sums.divided(ring, dropped);
        let (classes, half) = (self.layout.classes(), ring.n / 2);
        // Uniform numbers, but for the first share of each sum, which makes them add up to its constant.
        let mut shares = Zeroizing::new(any_residue(ring.n, rng));
        let mut left = self.constants();
        for (slot, &share) in shares.iter().enumerate() {
            if let Some(left) = left.get_mut(slot % half % classes).filter(|_| slot >= classes) {
                *left = (*left + PLAINTEXT_MODULUS - share) % PLAINTEXT_MODULUS;
            }
        }
        shares.iter_mut().zip(left.iter()).for_each(|(share, &left)| *share = left);
        let mut output = sanitised(key, with_shares(ring, sums, &shares), rng);
        lock.put_on(ring, &mut output.ciphertext);
        Some(output)
    }
}

/// The coefficients of a block's subjects. SECRET of the custodian.
struct Coefficients {
    /// Of each slot whose coefficients are its own.
    of_slots: Vec<u32>,
    /// Of each subject its coefficient in every sum.
    numbers: Zeroizing<Vec<u32>>,
    classes: usize,
}

/// Beyond every subject of a block.
const NOBODY: u32 = u32::MAX;

impl Coefficients {
    /// Q_i, what verdicts are multiplied with once they are rotated by i.
    fn plaintext(&self, ring: &Ring, rotated_by: usize, limbs: usize) -> Plaintext {
        let half = ring.n / 2;
        let slots = (0..ring.n).map(|slot| {
            let (row, column) = (slot / half, slot % half);
            let of_slot = self.of_slots.get(row * half + (column + rotated_by) % half).copied().unwrap_or(NOBODY);
            let number = of_slot as usize * self.classes + column % self.classes;
            self.numbers.get(number).copied().unwrap_or_default()
        });
        Plaintext::of_slots(ring, slots.collect(), limbs)
    }
}

/// Adds the verdicts of a block, 1 or 0 in each slot, over at most so many primes, to the sums of each of some probes: of the subjects that the
/// verdicts in their slots are on, for that probe. They are rotated once for all of them.
///
/// # Errors
///
/// [`Stopped`] when `progress` asks to stop.
pub(in crate::scheme) fn fold(
    key: &PreparedKey,
    verdict: &Ciphertext,
    probes: &mut [(&mut Folding, &[Member])],
    limbs: usize,
    progress: &dyn Progress,
) -> Result<(), Stopped> {
    let ring = &*key.ring;
    let mut rotated = verdict.clone().divided(ring, verdict.state.limbs.saturating_sub(limbs));
    // What leaves is to have factor 1 when all primes but the first are gone.
    let state = rotated.state;
    let scale = divide_mod_t(1, ring.chain.factor_after_drop(state.factor, 1, state.limbs));
    let mut folded: Vec<(Coefficients, Option<Ciphertext>)> =
        probes.iter().map(|(folding, members)| (folding.coefficients(members, ring.n, scale), None)).collect();
    let (rotation, classes) = (ring.rotation(1), folded.iter().map(|(coefficients, _)| coefficients.classes).max());
    for step in 0..classes.unwrap_or(0) {
        if progress.stop() {
            return Err(Stopped);
        }
        if step > 0 {
            rotated = rotated.rotated(ring, &rotation, &key.rotate_by_one);
        }
        folded.par_iter_mut().for_each(|(coefficients, folded)| {
            let product = rotated.masked(ring, &coefficients.plaintext(ring, step, state.limbs));
            match folded {
                Some(folded) => folded.add_masked(ring, &product),
                None => *folded = Some(product),
            }
        });
    }
    for ((folding, _), (_, folded)) in probes.iter_mut().zip(folded) {
        let sums = folding.sums.take();
        folding.sums = match (sums, folded) {
            (Some(sums), Some(folded)) => Some(together(key, sums, folded)),
            (sums, folded) => sums.or(folded),
        };
    }
    Ok(())
}

/// Sums over the primes of an answer, with a share that is added in every slot once all primes but the first are gone.
fn with_shares(ring: &Ring, mut sums: Ciphertext, shares: &[u32]) -> Ciphertext {
    let limbs = sums.state.limbs;
    let loss = divide_mod_t(1, ring.chain.factor_after_drop(1, 1, limbs));
    let shares = ring.encode(shares.iter().map(|&share| multiply_mod_t(share, loss)));
    let shares = ring.lift_all(&shares, limbs);
    let [constant, _] = &mut sums.parts;
    for ((part, share), prime) in constant.chunks_exact_mut(ring.n).zip(shares.chunks_exact(ring.n)).zip(&ring.limbs) {
        add_assign(prime.modulus, part, share);
    }
    sums.state = with_shares_state(&ring.set, sums.state);
    sums
}

/// What is known of sums with shares.
fn with_shares_state(set: &BgvSet, sums: State) -> State {
    State { noise: sum([sums.noise, Noise::of(set).plaintext()]), ..sums }
}

/// Two sums that end alike when all primes but the first are gone: the one of more primes loses them first.
fn together(key: &PreparedKey, a: Ciphertext, b: Ciphertext) -> Ciphertext {
    let ring = &*key.ring;
    let limbs = a.state.limbs.min(b.state.limbs);
    let [mut a, b] = [a, b].map(|sums| {
        let dropped = sums.state.limbs - limbs;
        sums.divided(ring, dropped)
    });
    a.add_masked(ring, &b);
    a
}

/// Primes over which verdicts are folded: one beyond those of an answer, where a verdict has it.
pub(in crate::scheme) fn limbs(set: &BgvSet, verdict: State) -> usize {
    verdict.limbs.min(set.public_limbs() + 1)
}

/// What is known of the sums over so many blocks, their shares included; on a ledger, which is charged for one block.
pub(in crate::scheme) fn weighed(
    ledger: &Ledger,
    chain: Chain,
    verdict: State,
    layout: Layout,
    blocks: usize,
) -> State {
    let noise = Noise::of(&chain.set);
    let limbs = limbs(&chain.set, verdict);
    let (classes, verdict) = (layout.classes(), verdict.divided(chain, verdict.limbs.saturating_sub(limbs)));
    // Every rotation adds its own noise to that of the one before.
    let one = rotated_noise(noise, State { noise: f64::NEG_INFINITY, ..verdict });
    let rotated = State { noise: sum([verdict.noise, one + log2(classes as f64) / 2.0]), ..verdict };
    let product = blinded(chain, ledger.admit(rotated));
    let terms = (classes * blocks.max(1)) as f64;
    let folded = ledger.admit(State { noise: product.noise + log2(terms) / 2.0, ..product });
    ledger.charge(rotations_cost(chain, layout, limbs));
    ledger.charge(products_cost(layout, limbs));
    let divided = folded.divided(chain, limbs.saturating_sub(chain.set.public_limbs()));
    ledger.admit(with_shares_state(&chain.set, divided))
}

/// What rotating a block's verdicts costs.
pub(in crate::scheme) fn rotations_cost(chain: Chain, layout: Layout, limbs: usize) -> Cost {
    let ledger = Ledger::new(chain);
    (1..layout.classes()).for_each(|_| ledger.charge_keyswitch(limbs, 0));
    ledger.cost()
}

/// What adding them to a probe's sums costs beside.
pub(in crate::scheme) fn products_cost(layout: Layout, limbs: usize) -> Cost {
    let encoded = DRAWING_TRANSFORMS + limbs as f64;
    Cost { transforms: encoded, products: 2.0 * limbs as f64 }.times(layout.classes() as f64)
}

/// Bytes that a search of so many places holds for each of the probes that go over a block together, and once beside them.
pub(in crate::scheme) fn bytes(set: &BgvSet, layout: Layout, places: usize) -> [usize; 2] {
    let sums = 8 * set.ring_size() * limbs(set, State { limbs: set.limbs, factor: 1, noise: 0.0 });
    [4 * places + sums, 4 * set.ring_size() * layout.classes() + 4 * sums]
}

/// Gathering a plaintext's numbers and encoding them, in transforms.
const DRAWING_TRANSFORMS: f64 = 3.0;

//! Whether a probe is an encrypted template, folded into what leaves: nothing of the gallery is told of one that is not.
//!
//! What leaves under `any` and `count`, and the key to what leaves under `each` and `labelled` ([`super::lock`]), is a sum over all slots, so a test need not
//! stand in the slot that it protects. Of a probe's slots x
//!
//! > v = sum_k r_k R_k(x) + sum_s w_s x_s
//!
//! is added to each number that leaves, with fresh random r and w: r uniform for each relation R_k of the template's coordinates
//! ([`Functional::relations`]), which are read in the first repetition; w uniform among those that add up to 0 over the repetitions of every
//! coordinate, and uniform where the period is filled up. Where probes share a ciphertext ([`super::segments`]), that holds of each of them in its
//! segment, and w is uniform in the slots of none: v is always 0 if all of them are templates and nothing else stands
//! there. Of an encrypted template v is 0; of any other slots v is uniform, exactly, for t is prime (docs/protocol.md, section 8). One squaring and no rotation: a linear term is a plaintext's product wherever its coordinate stands,
//! in either row, or in the ciphertext of its witness.

use rand_chacha::ChaCha20Rng;

use super::arithmetic::{Arithmetic, Cost, Ledger};
use super::chain::Chain;
use super::distance::Steps;
use super::engine::{Ciphertext, Engine, Plaintext};
use super::keys::PreparedKey;
use super::noise::{Noise, State};
use super::residues::{add_mod_t, divide_mod_t, multiply_mod_t, negate_mod_t, residue};
use super::ring::Ring;
use super::sampling::any_residue;
use super::segments::Standing;
use crate::functional::{Functional, Relation};
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS};

/// Primes beyond those of an answer over which masks are multiplied: what they add is divided away again.
const SPARE_LIMBS: usize = 2;

/// What the slots of encrypted templates obey, and those of their witness.
pub(in crate::scheme) struct Rules {
    relations: Vec<Relation>,
    coordinates: usize,
    /// Of one probe: they stand one probe's after the other's.
    witness_bits: usize,
    period: usize,
    standing: Standing,
}

/// One test: what the squares of each ciphertext and its slots are multiplied by, and a constant.
struct Masks {
    parts: Vec<[Vec<u32>; 2]>,
    constant: u32,
}

/// The ciphertext and the slot where a bit of a witness stands, the probe's own ciphertext being the first one.
fn bit_place(bit: usize, n: usize) -> (usize, usize) {
    (1 + bit / n, bit % n)
}

impl Rules {
    /// Of a comparison's templates that stand so.
    pub(in crate::scheme) fn of(functional: &Functional, steps: Steps, standing: Standing) -> Self {
        Self {
            relations: functional.relations(PLAINTEXT_MODULUS),
            coordinates: functional.coordinates(),
            witness_bits: functional.witness_bits(PLAINTEXT_MODULUS),
            period: steps.period,
            standing,
        }
    }

    /// Where a coordinate or a bit of a probe's witness is tested: coordinates in the first repetition.
    fn place(&self, probe: usize, of: usize, n: usize) -> (usize, usize) {
        match of.checked_sub(self.coordinates) {
            None => (0, self.standing.slots_of(probe, n).start + of),
            Some(bit) => bit_place(probe * self.witness_bits + bit, n),
        }
    }

    /// A test.
    fn draw(&self, n: usize, rng: &mut ChaCha20Rng) -> Masks {
        let mut parts = vec![[vec![0; n], self.repetitions(n, rng)]];
        let probes = self.standing.probes();
        parts.extend((0..(probes * self.witness_bits).div_ceil(n)).map(|_| [vec![0; n], vec![0; n]]));
        let mut constant = 0;
        for probe in 0..probes {
            let mut add = |of: usize, kind: usize, value: u32| {
                let (part, slot) = self.place(probe, of, n);
                let mask = parts.get_mut(part).and_then(|part| part.get_mut(kind));
                if let Some(mask) = mask.and_then(|slots| slots.get_mut(slot)) {
                    *mask = add_mod_t(*mask, value);
                }
            };
            for (relation, mask) in self.relations.iter().zip(any_residue(self.relations.len(), rng)) {
                let times = multiply_mod_t(mask, residue(relation.times));
                relation.squares.clone().for_each(|of| add(of, SQUARES, times));
                for &(of, factor) in &relation.linear {
                    add(of, SLOTS, negate_mod_t(multiply_mod_t(mask, residue(factor))));
                }
                constant = add_mod_t(constant, negate_mod_t(multiply_mod_t(mask, residue(relation.constant))));
            }
        }
        Masks { parts, constant }
    }

    /// What is uniform among all that is 0 on any coordinates that stand in a probe's slots again and again, filled up with zeros, with zeros in the
    /// slots of no probe.
    fn repetitions(&self, n: usize, rng: &mut ChaCha20Rng) -> Vec<u32> {
        let mut slots = any_residue(n, rng);
        for probe in 0..self.standing.probes() {
            let Some(slots) = slots.get_mut(self.standing.slots_of(probe, n)) else { continue };
            let mut sums = vec![0; self.coordinates];
            for period in slots.chunks(self.period) {
                sums.iter_mut().zip(period).for_each(|(sum, &slot)| *sum = add_mod_t(*sum, slot));
            }
            let first = slots.chunks_mut(self.period).next().unwrap_or_default();
            first.iter_mut().zip(sums).for_each(|(slot, sum)| *slot = add_mod_t(*slot, negate_mod_t(sum)));
        }
        slots
    }
}

/// The kinds of a part's masks: of squares, of slots.
const SQUARES: usize = 0;
const SLOTS: usize = 1;

/// The square of a ciphertext and itself, over few primes: congruent to what the search multiplies.
fn prepared<A: Arithmetic>(arithmetic: &A, part: &A::Value) -> [A::Value; 2] {
    let limbs = arithmetic.chain().set.public_limbs() + SPARE_LIMBS;
    [arithmetic.multiply(part, part), part.clone()].map(|value| {
        let dropped = arithmetic.state(&value).limbs.saturating_sub(limbs);
        arithmetic.divide(value, dropped)
    })
}

/// v of prepared values, over so many primes; what multiplies it does not matter, as it is 0 or uniform.
fn masked<A: Arithmetic>(
    arithmetic: &A,
    values: &[(&A::Value, A::Mask)],
    constant: u32,
    limbs: usize,
) -> Option<A::Value> {
    let products = values.iter().map(|(value, mask)| arithmetic.blind(value, mask));
    let sum = products.reduce(|sum, product| arithmetic.add_masked(sum, &product))?;
    let state = arithmetic.state(&sum);
    let sum = arithmetic.combine(&[(&sum, 1)], constant, state.factor);
    Some(arithmetic.divide(sum, state.limbs.saturating_sub(limbs)))
}

/// What is done once for a sample of so many ciphertexts, its witness included.
fn prepared_states(ledger: &Ledger, set: &BgvSet, ciphertexts: usize) -> Vec<[State; 2]> {
    let limbs = std::iter::once(set.limbs).chain(std::iter::repeat(set.witness_limbs()));
    let fresh = limbs.map(|limbs| State { limbs, factor: 1, noise: Noise::of(set).fresh() });
    fresh.take(ciphertexts).map(|fresh| prepared(ledger, &fresh)).collect()
}

/// What one sample's test adds to an answer over so many primes, and the ledger of it: all that is done once, and one test.
pub(in crate::scheme) fn weighed(set: &BgvSet, limbs: usize, ciphertexts: usize) -> (State, Ledger) {
    let ledger = Ledger::new(Chain::of(set));
    let states = prepared_states(&ledger, set, ciphertexts.max(1));
    let values: Vec<(&State, ())> = states.iter().flatten().map(|state| (state, ())).collect();
    let fallback = State { limbs, factor: 1, noise: f64::INFINITY };
    (masked(&ledger, &values, 0, limbs).unwrap_or(fallback), ledger)
}

/// What a sample of so many ciphertexts costs that so many numbers are tested with.
pub(in crate::scheme) fn cost(set: &BgvSet, limbs: usize, ciphertexts: usize, numbers: usize) -> Cost {
    let once = Ledger::new(Chain::of(set));
    prepared_states(&once, set, ciphertexts);
    let (_, all) = weighed(set, limbs, ciphertexts);
    // Two plaintexts of each ciphertext are drawn, encoded and transformed.
    let transforms = 2.0 * ciphertexts as f64 * (DRAWING_TRANSFORMS + (limbs + SPARE_LIMBS) as f64);
    once.cost() + (all.cost() - once.cost() + Cost { transforms, products: 0.0 }).times(numbers as f64)
}

/// Drawing a plaintext's numbers and encoding them, in transforms.
const DRAWING_TRANSFORMS: f64 = 10.0;

impl BgvSet {
    /// Primes of a witness's ciphertext: those of a test, and one that its square is divided by.
    pub(in crate::scheme) fn witness_limbs(&self) -> usize {
        (self.public_limbs() + SPARE_LIMBS + 1).min(self.limbs)
    }

    /// Ciphertexts of the witness of so many of a comparison's templates, all bits in as few as hold them.
    pub(in crate::scheme) fn witness_ciphertexts(&self, functional: &Functional, templates: usize) -> usize {
        (functional.witness_bits(PLAINTEXT_MODULUS) * templates).div_ceil(self.ring_size())
    }
}

/// One sample of a probe, ready to be tested: of its ciphertext and of those of its witness the square and itself.
pub(in crate::scheme) struct Examined(Vec<[Ciphertext; 2]>);

impl Examined {
    pub(in crate::scheme) fn new(key: &PreparedKey, sample: &Ciphertext, witness: &[Ciphertext]) -> Self {
        Self(std::iter::once(sample).chain(witness).map(|part| prepared(&engine(key), part)).collect())
    }

    /// Bytes in memory, of so many ciphertexts.
    pub(in crate::scheme) fn bytes(set: &BgvSet, ciphertexts: usize) -> usize {
        2 * ciphertexts * 8 * set.ring_size() * (set.public_limbs() + SPARE_LIMBS).min(set.limbs)
    }

    /// A test, with a number beside it.
    fn test(
        &self,
        key: &PreparedKey,
        rules: &Rules,
        (limbs, beside): (usize, u32),
        rng: &mut ChaCha20Rng,
    ) -> Option<Ciphertext> {
        let ring: &Ring = &key.ring;
        let masks = rules.draw(ring.n, rng);
        let factor = self.0.first()?.first()?.state.factor;
        let values = self.0.iter().flatten();
        let masked_by = values.clone().zip(masks.parts.into_iter().flatten()).map(|(value, mut mask)| {
            // Of one factor with the first.
            let ratio = divide_mod_t(factor, value.state.factor);
            mask.iter_mut().for_each(|mask| *mask = multiply_mod_t(*mask, ratio));
            (value, Plaintext::of_slots(ring, mask, value.state.limbs))
        });
        let masked_by: Vec<_> = masked_by.collect();
        // The constant coefficient is the sum over all slots divided by N, and that alone leaves.
        let constant = divide_mod_t(masks.constant, residue(ring.n as i64));
        // What it is once all primes but the first are gone.
        let least = values.map(|value| value.state.limbs).min()?;
        let beside = divide_mod_t(beside, ring.chain.factor_after_drop(factor, 1, least));
        masked(&engine(key), &masked_by, add_mod_t(constant, beside), limbs)
    }
}

fn engine(key: &PreparedKey) -> Engine<'_> {
    Engine { ring: &key.ring, relinearisation: &key.relinearisation, chain: key.ring.chain }
}

/// A probe, or those that share its ciphertexts, as they are tested: all of their samples.
pub(in crate::scheme) struct Validity<'a> {
    rules: &'a Rules,
    samples: &'a [Examined],
}

impl<'a> Validity<'a> {
    pub(in crate::scheme) fn new(rules: &'a Rules, samples: &'a [Examined]) -> Self {
        Self { rules, samples }
    }

    /// Where there is no probe, and nothing to test.
    pub(in crate::scheme) fn of_nothing() -> Self {
        const NONE: &Rules =
            &Rules { relations: Vec::new(), coordinates: 0, witness_bits: 0, period: 1, standing: Standing::Alone };
        Self { rules: NONE, samples: &[] }
    }

    /// A number in the constant coefficient, over so many primes: of probes that are all one the number `beside` once all primes but the first are
    /// gone, else a uniform one, and another each time. None of no sample.
    pub(in crate::scheme) fn test(
        &self,
        key: &PreparedKey,
        limbs: usize,
        beside: u32,
        rng: &mut ChaCha20Rng,
    ) -> Option<Ciphertext> {
        let besides = std::iter::once(beside).chain(std::iter::repeat(0));
        let tests = self.samples.iter().zip(besides);
        let tests = tests.filter_map(|(sample, beside)| sample.test(key, self.rules, (limbs, beside), rng));
        tests.reduce(|mut sum, test| {
            sum.add_masked(&key.ring, &test);
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{Rng as _, SeedableRng as _};

    use super::super::laboratory::{agreed, faces, keys, templates};
    use super::super::ring::Ring;
    use super::super::sanitise::{constant_coefficient, sanitised};
    use super::super::segments::Segments;
    use super::*;
    use crate::functional::ProbeSample;
    use crate::parameters::bgv::INSECURE_BGV;

    /// The slots of a template's encryption and of its witness.
    fn parts(functional: &Functional, sample: &ProbeSample, n: usize) -> Vec<Vec<u32>> {
        let mut coordinates = functional.probe_coordinates(sample);
        coordinates.resize(coordinates.len().next_power_of_two(), 0);
        let slots = coordinates.iter().map(|&x| residue(x)).cycle().take(n).collect();
        let witness: Vec<u32> = functional.witness(sample, PLAINTEXT_MODULUS).into_iter().map(residue).collect();
        std::iter::once(slots).chain(witness.chunks(n).map(<[u32]>::to_vec)).collect()
    }

    /// The same of templates that stand together.
    fn parts_together(functional: &Functional, samples: &[ProbeSample], standing: Standing, n: usize) -> Vec<Vec<u32>> {
        let (mut slots, mut witness) = (vec![0; n], Vec::new());
        for (probe, sample) in samples.iter().enumerate() {
            let parts = parts(functional, sample, n);
            let range = standing.slots_of(probe, n);
            let length = range.len();
            slots[range].copy_from_slice(&parts[0][..length]);
            witness.extend(parts[1..].concat());
        }
        std::iter::once(slots).chain(witness.chunks(n).map(<[u32]>::to_vec)).collect()
    }

    /// A test in the clear.
    fn tested(rules: &Rules, parts: &[Vec<u32>], rng: &mut ChaCha20Rng) -> u32 {
        let masks = rules.draw(parts[0].len(), rng);
        let parts = parts.iter().zip(masks.parts);
        let terms = parts.flat_map(|(part, [squares, slots])| part.iter().zip(squares).zip(slots));
        terms.fold(masks.constant, |sum, ((&x, square), slot)| {
            add_mod_t(sum, add_mod_t(multiply_mod_t(multiply_mod_t(x, x), square), multiply_mod_t(x, slot)))
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Templates of every metric pass every test; with one slot changed they fail it, but by chance.
        #[test]
        fn templates_alone_pass(seed: u64) {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            for agreement in agreed() {
                let functional = agreement.functional();
                let steps = Steps::new(&INSECURE_BGV, functional.coordinates()).unwrap();
                let rules = Rules::of(functional, steps, Standing::Alone);
                let sample = templates(functional, &mut rng);
                let mut parts = parts(functional, &sample, 512);
                prop_assert_eq!(tested(&rules, &parts, &mut rng), 0);
                let part = rng.random_range(0..parts.len());
                let place = rng.random_range(0..parts[part].len());
                parts[part][place] = add_mod_t(parts[part][place], rng.random_range(1..PLAINTEXT_MODULUS));
                let passed = (0..3).filter(|_| tested(&rules, &parts, &mut rng) == 0).count();
                prop_assert!(passed < 3, "{} at {place} of {part}", functional.coordinates());
            }
        }
    }

    /// What one more in a slot adds to a test, of three tests: not 0 in all of them, in any slot of a segment, between segments and beyond them, and of
    /// any bit of a witness. A test is a sum over slots.
    #[test]
    fn no_slot_of_probes_that_stand_together_is_left_out() {
        let mut rng = ChaCha20Rng::seed_from_u64(62);
        let n = INSECURE_BGV.ring_size();
        for agreement in agreed() {
            let functional = agreement.functional();
            let steps = Steps::new(&INSECURE_BGV, functional.coordinates()).unwrap();
            let segments = Segments::new(&INSECURE_BGV, functional.coordinates(), 3).unwrap();
            for probes in [segments.probes(), segments.probes() - 1] {
                let standing = Standing::Together(segments, probes);
                let rules = Rules::of(functional, steps, standing);
                let samples: Vec<ProbeSample> = (0..probes).map(|_| templates(functional, &mut rng)).collect();
                let parts = parts_together(functional, &samples, standing, n);
                let bits = probes * functional.witness_bits(PLAINTEXT_MODULUS);
                let draws: Vec<Masks> = (0..3).map(|_| rules.draw(n, &mut rng)).collect();
                for (part, slots) in parts.iter().enumerate() {
                    let tested = if part == 0 { n } else { (bits - (part - 1) * n).min(n) };
                    for (slot, &x) in slots.iter().enumerate().take(tested) {
                        let adds = |masks: &Masks| {
                            let [squares, linear] = masks.parts[part].each_ref().map(|numbers| numbers[slot]);
                            // (x + 1)^2 - x^2.
                            add_mod_t(multiply_mod_t(add_mod_t(x, add_mod_t(x, 1)), squares), linear)
                        };
                        let left_out = draws.iter().all(|masks| adds(masks) == 0);
                        assert!(!left_out, "{} coordinates, part {part}, slot {slot}", functional.coordinates());
                    }
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20))]

        /// As many templates as fit, or fewer, pass together; with any slot changed, of a segment, between them or beyond them, they do not.
        #[test]
        fn templates_that_stand_together_pass_if_all_of_them_are(seed: u64) {
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let n = INSECURE_BGV.ring_size();
            for agreement in agreed() {
                let functional = agreement.functional();
                let steps = Steps::new(&INSECURE_BGV, functional.coordinates()).unwrap();
                let references = rng.random_range(1..=1025 - steps.period);
                let segments = Segments::new(&INSECURE_BGV, functional.coordinates(), references).unwrap();
                let probes = rng.random_range(1..=segments.probes());
                let standing = Standing::Together(segments, probes);
                let rules = Rules::of(functional, steps, standing);
                let samples: Vec<ProbeSample> = (0..probes).map(|_| templates(functional, &mut rng)).collect();
                let mut parts = parts_together(functional, &samples, standing, n);
                prop_assert_eq!(tested(&rules, &parts, &mut rng), 0);
                let part = rng.random_range(0..parts.len());
                let place = rng.random_range(0..parts[part].len());
                parts[part][place] = add_mod_t(parts[part][place], rng.random_range(1..PLAINTEXT_MODULUS));
                let passed = (0..3).filter(|_| tested(&rules, &parts, &mut rng) == 0).count();
                prop_assert!(passed < 3, "{} at {place} of {part}", functional.coordinates());
            }
        }
    }

    /// 48 coordinates within the range of a vector no longer than 38, whose squares add up to 65537 more than they may: none of 45 may be so long.
    #[test]
    fn a_vector_whose_square_wraps_does_not_pass() {
        let agreement = faces(512, 38);
        let functional = agreement.functional();
        let rules =
            Rules::of(functional, Steps::new(&INSECURE_BGV, functional.coordinates()).unwrap(), Standing::Alone);
        let mut rng = ChaCha20Rng::seed_from_u64(61);
        let mut x = vec![38; 46];
        x.extend([22, 5]);
        x.resize(512, 0);
        let square: i32 = x.iter().map(|x| x * x).sum();
        assert!((38 * 38 * 961 / 1000..=38 * 38).contains(&(square - 65_537)), "{square}");
        let long = parts(functional, &ProbeSample::Integers(x), 2048);
        assert!((0..3).any(|_| tested(&rules, &long, &mut rng) != 0));
        let honest = parts(functional, &templates(functional, &mut rng), 2048);
        assert!(honest.len() == 3 && (0..3).all(|_| tested(&rules, &honest, &mut rng) == 0));
    }

    /// What is added for a probe that is none is uniform: no bucket of many holds more or fewer than chance says.
    #[test]
    fn what_is_added_is_zero_or_uniform() {
        let (secret, key) = keys();
        let ring = Ring::of(&INSECURE_BGV);
        let mut rng = ChaCha20Rng::seed_from_u64(60);
        for agreement in agreed() {
            let functional = agreement.functional();
            let rules =
                Rules::of(functional, Steps::new(&INSECURE_BGV, functional.coordinates()).unwrap(), Standing::Alone);
            let mut parts = parts(functional, &templates(functional, &mut rng), ring.n);
            for honest in [true, false] {
                if !honest {
                    let last = parts.last_mut().unwrap();
                    let place = last.len() - 1;
                    last[place] = add_mod_t(last[place], 2);
                }
                let encrypted: Vec<Ciphertext> = parts
                    .iter()
                    .map(|slots| secret.encrypt_slots(slots.iter().copied(), &mut rng).expand(0).unwrap())
                    .collect();
                let examined = [Examined::new(key, &encrypted[0], &encrypted[1..])];
                let mut buckets = [0usize; 16];
                let tests = if honest { 20 } else { 1600 };
                for _ in 0..tests {
                    let test = Validity::new(&rules, &examined).test(key, 4, 0, &mut rng).unwrap();
                    let sample = constant_coefficient(&ring, &sanitised(key, test, &mut rng).ciphertext);
                    let number = residue(secret.lwe_phase(&sample));
                    assert!(!honest || number == 0);
                    buckets[number as usize * 16 / PLAINTEXT_MODULUS as usize] += 1;
                }
                // Five deviations of a binomial count around 100.
                assert!(honest || buckets.iter().all(|count| count.abs_diff(100) < 49), "{buckets:?}");
            }
        }
    }
}

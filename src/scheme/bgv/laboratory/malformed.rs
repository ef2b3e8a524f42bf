//! Queries that no honest querier makes, and what their answers tell.

use std::borrow::Cow;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;

use super::exactness::{N, Subject, agreement, bits_at, keys, rng};
use crate::agreement::{Disclosure, Terms};
use crate::functional::{Reference, SampleLayout};
use crate::parameters::bgv::{INSECURE_BGV, PLAINTEXT_MODULUS};
use crate::scheme::bgv::ciphertexts::{EncryptedProbes, EncryptedSample, EncryptedVerdicts, ProbeVerdicts, Seeded};
use crate::scheme::bgv::kept::PreparedGallery;
use crate::scheme::bgv::keys::PreparedKey;
use crate::scheme::bgv::ring::Ring;
use crate::scheme::bgv::sampling::seed;
use crate::scheme::bgv::threshold::Polynomial;
use crate::scheme::bgv::{Bgv, residues};
use crate::scheme::{Evaluator as _, Opened, Parts, Randomness, Scheme as _, SubjectReferences, Subjects, Task};
use crate::template::Bits;

/// An encryption of any slots, with something more in the phase.
pub(super) fn query(slots: impl Iterator<Item = u32>, beside: i64, rng: &mut ChaCha20Rng) -> EncryptedProbes {
    let ring = Ring::of(&INSECURE_BGV);
    let seed = seed(rng);
    let mut body = keys().0.encrypt_plaintext(&ring.encode(slots), seed, rng);
    for (limb, prime) in body.chunks_exact_mut(ring.n).zip(&ring.limbs) {
        let constant = prime.modulus.store(beside);
        limb.iter_mut().for_each(|value| *value = prime.modulus.add(*value, constant));
    }
    EncryptedProbes::new(&INSECURE_BGV, vec![EncryptedSample { template: Seeded { seed, body }, witness: Vec::new() }])
}

/// One subject, enrolled or not.
struct One {
    references: Subject,
    may_match: bool,
}

impl Subjects for One {
    fn len(&self) -> usize {
        1
    }

    fn references(&self, _: usize) -> Cow<'_, SubjectReferences> {
        Cow::Borrowed(&self.references)
    }

    fn may_match(&self, _: usize) -> bool {
        self.may_match
    }
}

pub(super) fn answer(
    agreement: &Opened,
    subjects: (&dyn Subjects, bool),
    query: &EncryptedProbes,
    gallery: &PreparedGallery,
    randomness: &Randomness,
) -> EncryptedVerdicts {
    answer_under(&keys().1, agreement, subjects, query, gallery, randomness)
}

/// Under any public keys.
pub(super) fn answer_under(
    key: &PreparedKey,
    agreement: &Opened,
    (subjects, one_subject): (&dyn Subjects, bool),
    query: &EncryptedProbes,
    gallery: &PreparedGallery,
    randomness: &Randomness,
) -> EncryptedVerdicts {
    let agreed = agreement.terms().disclosure;
    let task = Task {
        functional: agreement.functional(),
        disclosure: if one_subject { Bgv::of_one_subject(agreed) } else { agreed },
        layouts: &[SampleLayout::Single],
        subjects,
        one_subject,
        references_per_subject: agreement.terms().limits.references_per_subject,
    };
    Bgv::answer(key, gallery, &task, query, randomness, &mut Parts::default(), &()).unwrap()
}

pub(super) fn nothing_kept(agreement: &Opened) -> PreparedGallery {
    Bgv::prepare_gallery(&INSECURE_BGV, agreement.functional(), 0)
}

/// The phase of every number that leaves, centred.
pub(super) fn phases(answer: &EncryptedVerdicts) -> Vec<i64> {
    let secret = &keys().0;
    let of_probe = |probe: &ProbeVerdicts| match probe {
        ProbeVerdicts::Slots { elements, .. } => elements.iter().flat_map(|[c0, c1]| secret.phase([c0, c1])).collect(),
        ProbeVerdicts::Samples(samples) => samples.iter().map(|sample| secret.lwe_phase(sample)).collect::<Vec<_>>(),
    };
    answer.probes.iter().flat_map(of_probe).collect()
}

/// Five probes of random coordinates about one reference of 12 bits, under `count`: the number that comes back must not be that of any
/// candidate.
#[test]
fn a_count_of_one_subject_does_not_say_a_polynomial_of_phi() {
    const BITS: usize = 12;
    const THRESHOLD: i64 = 2;
    let agreement = agreement(Terms::hamming(BITS, THRESHOLD as u32), Disclosure::Count);
    let code = |word: u32| Bits::new((0..BITS).map(|i| word >> i & 1 == 1)).unwrap();
    let truth = 0xa5c;
    let subject = One { references: vec![(None, Reference::Bits(code(truth)))], may_match: true };
    let bias = 2 * THRESHOLD + 1 - BITS as i64;
    let mut indicator = Polynomial::indicator(2 * BITS as i64 - 2 * THRESHOLD - 1);
    indicator.compute();
    let mut rng = rng(30);
    let (mut by_number, mut by_bit): (Vec<u32>, Vec<u32>) = ((0..1 << BITS).collect(), (0..1 << BITS).collect());
    for _ in 0..5 {
        let coordinates: Vec<i64> = (0..BITS).map(|_| rng.random_range(0..i64::from(PLAINTEXT_MODULUS))).collect();
        let slots = (0..N).map(|slot| coordinates.get(slot % 16).map_or(0, |&x| residues::residue(x)));
        let query = query(slots, 0, &mut rng);
        let randomness = Randomness::drawn(1, &mut rng);
        let answer = answer(&agreement, (&subject, true), &query, &nothing_kept(&agreement), &randomness);
        let number = residues::residue(phases(&answer)[0]);
        let predicted = |candidate: u32| {
            let terms = coordinates.iter().enumerate();
            let phi = terms.map(|(i, &x)| if candidate >> i & 1 == 1 { -x } else { x }).sum::<i64>() + bias;
            indicator.at(phi)
        };
        by_number.retain(|&candidate| predicted(candidate) == number);
        by_bit.retain(|&candidate| (predicted(candidate) == 0) == (number == 0));
    }
    println!("candidates left by number {by_number:x?}, by bit {} of {}", by_bit.len(), 1 << BITS);
    assert!(!by_number.contains(&truth), "five queries name the reference among {by_number:x?}");
    assert!(by_bit.len() > 4_000, "{}", by_bit.len());
}

/// log2 of the deviation of phases.
fn deviation(phases: &[i64]) -> f64 {
    (phases.iter().map(|&v| (v as f64).powi(2)).sum::<f64>() / phases.len() as f64).log2() / 2.0
}

/// An honest query with t 2^k added to its phase: where weights multiply it, noise grows beyond what any honest query leaves. The noise of
/// the answer must not say whether there are weights.
#[test]
fn noise_of_a_dishonest_query_does_not_tell_ordinary_from_exempt_persons() {
    const BITS: usize = 32;
    let bits = Bits::new((0..BITS).map(|i| i % 3 == 0)).unwrap();
    let reference = bits_at(&bits, 20, &mut rng(31));
    let of = |references: &[Reference], may_match| One {
        references: references.iter().map(|reference| (None, reference.clone())).collect(),
        may_match,
    };
    let classes = [
        ("ordinary", of(std::slice::from_ref(&reference), true)),
        ("not there", of(&[], true)),
        ("exempt", of(std::slice::from_ref(&reference), false)),
    ];
    // Every coefficient of one answer, or the number of each of some.
    for (disclosure, answers, k, tolerance) in [
        (Disclosure::Each, 1, 0, 0.1),
        (Disclosure::Each, 1, 25, 0.2),
        (Disclosure::Each, 1, 40, 0.2),
        (Disclosure::Any, 8, 40, 1.5),
    ] {
        let agreement = agreement(Terms::hamming(BITS, 8), disclosure);
        {
            let deviations = classes.each_ref().map(|(name, subject)| {
                let mut rng = ChaCha20Rng::seed_from_u64(k);
                let slots = bits.iter().map(|bit| residues::residue(if bit { -1 } else { 1 })).collect::<Vec<_>>();
                let beside = if k == 0 { 0 } else { i64::from(PLAINTEXT_MODULUS) << k };
                let mut all = Vec::new();
                for _ in 0..answers {
                    let query = query(slots.iter().copied().cycle().take(N), beside, &mut rng);
                    let gallery = nothing_kept(&agreement);
                    let randomness = Randomness::drawn(1, &mut rng);
                    all.extend(phases(&answer(&agreement, (subject, true), &query, &gallery, &randomness)));
                }
                println!("{disclosure}, t 2^{k}, {name}: 2^{:.2}", deviation(&all));
                deviation(&all)
            });
            let [ordinary, others @ ..] = deviations;
            for other in others {
                assert!((ordinary - other).abs() < tolerance, "{disclosure}, t 2^{k}: {deviations:.1?}");
            }
        }
    }
}

/// Where among the slots of a block the one match seems to stand: first which row, then by halves, with probes that are negated outside a window.
fn narrowed(
    agreement: &Opened,
    (subjects, bits): (&[Subject], &Bits),
    gallery: &PreparedGallery,
    order: u8,
    rng: &mut ChaCha20Rng,
) -> std::ops::RangeInclusive<usize> {
    let mut hits = |window: std::ops::RangeInclusive<usize>| {
        let sign = |slot: usize| if bits.iter().nth(slot % 16) == Some(true) { -1 } else { 1 };
        let slots = (0..N).map(|slot| if window.contains(&slot) { sign(slot) } else { -sign(slot) });
        let query = query(slots.map(residues::residue), 0, rng);
        let answer = answer(agreement, (&subjects, false), &query, gallery, &Randomness::drawn(order, rng));
        phases(&answer).into_iter().any(|phase| residues::residue(phase) != 0)
    };
    let (mut low, mut high) = if hits(0..=N / 2 - 1) { (0, N / 2 - 1) } else { (N / 2, N - 1) };
    let end = high;
    for _ in 0..8 {
        let middle = (low + high) / 2;
        // Fourteen coordinates of sixteen are enough for a hit.
        match hits(low..=(middle + 13).min(end)) {
            true => (low, high) = (low.saturating_sub(2), middle),
            false => low = middle + 1,
        }
    }
    low..=high
}

/// Nine queries once found the slots of a match. They are answered alike now whether there is one, and find the first slots.
#[test]
fn a_probe_that_is_not_periodic_finds_no_slot() {
    let agreement = agreement(Terms::hamming(16, 2), Disclosure::Any);
    let bits = Bits::new((0..16).map(|i| i % 3 == 0)).unwrap();
    // A miss that agrees in every other bit is one within any window.
    let differing = Bits::new(bits.iter().enumerate().map(|(i, bit)| bit ^ (i % 2 == 0))).unwrap();
    let (hit, miss) = (Reference::Bits(bits.clone()), Reference::Bits(differing));
    let mut rng = rng(32);
    for place in [Some(345), None] {
        let subject = |i| vec![(None, if Some(i) == place { hit.clone() } else { miss.clone() })];
        let subjects: Vec<Subject> = (0..600).map(subject).collect();
        let gallery = Bgv::prepare_gallery(&INSECURE_BGV, agreement.functional(), 1 << 30);
        let found = narrowed(&agreement, (&subjects, &bits), &gallery, 1, &mut rng);
        println!("the match is subject {place:?}; found in slots {found:?}");
        assert_eq!(*found.start(), 0, "a window without the match was answered by a miss");
    }
}

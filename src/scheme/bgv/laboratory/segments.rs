//! Many probes in one ciphertext: every verdict against the clear oracle, and what one probe that is no template does to those beside it.

use rand::Rng as _;
use rand_chacha::ChaCha20Rng;

use super::estimate::{SearchEstimate, SearchSize};
use super::exactness::{
    N, Question, SHAPE, Subject, admitting, bits_at, iris_at, keys, of_eyes, probe, random_template, rng,
};
use super::malformed::{phases, query};
use super::mixed::Exempting;
use super::pace::Pace;
use crate::agreement::{ComparisonTerms, Disclosure, EyeRule, SchemeChoice, TemplateTerms, Terms};
use crate::functional::{Probe, SampleLayout, oracle};
use crate::parameters::bgv::{BGV_32768_780, INSECURE_BGV};
use crate::planning;
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::answer::{KEY_NUMBERS, MANY_SAMPLES};
use crate::scheme::bgv::ciphertexts::{EncryptedProbes, EncryptedVerdicts, ProbeVerdicts};
use crate::scheme::bgv::misfit::Misfit;
use crate::scheme::bgv::residues::residue;
use crate::scheme::bgv::segments::{Bundling, Segments};
use crate::scheme::{
    Crossing as _, CrossingError, Disclosed, Evaluator as _, Extent, Holder as _, Opened, Parts, Randomness, Subjects,
    Task, Unanswered,
};
use crate::template::{Bits, Eye, IrisCode, Template};

const BITS: usize = 30;
const THRESHOLD: usize = 4;
/// With a period of 32 segments have 352 slots: two in a row, and 320 slots beside them.
const REFERENCES: usize = 300;
const TOGETHER: usize = 4;

fn codes(disclosure: Disclosure) -> Opened {
    let agreement = admitting(Terms::hamming(BITS, THRESHOLD as u32), disclosure, REFERENCES);
    assert_eq!(agreement.functional().probes_together(), TOGETHER, "{disclosure}");
    agreement
}

fn code(rng: &mut ChaCha20Rng) -> Bits {
    Bits::new((0..BITS).map(|_| rng.random())).unwrap()
}

fn probes_of(agreement: &Opened, codes: &[Bits]) -> Vec<Probe> {
    codes.iter().map(|bits| probe(agreement.functional(), Template::Bits(bits.clone()))).collect()
}

fn at(bits: &Bits, distance: usize, rng: &mut ChaCha20Rng) -> Subject {
    vec![(None, bits_at(bits, distance, rng))]
}

/// Misses by one bit of every probe, again and again; in some places a hit by none, of the probe of that number.
fn beside(codes: &[Bits], len: usize, hits: &[(usize, usize)], rng: &mut ChaCha20Rng) -> Vec<Subject> {
    let mut subjects: Vec<Subject> =
        (0..len).map(|place| at(&codes[place % codes.len()], THRESHOLD + 1, rng)).collect();
    for &(place, number) in hits {
        subjects[place] = at(&codes[number], THRESHOLD, rng);
    }
    subjects
}

#[test]
fn every_probe_of_a_bundle_is_right_at_the_threshold_and_beside_it() {
    let mut rng = rng(80);
    let codes_of: Vec<Bits> = (0..2 * TOGETHER + 1).map(|_| code(&mut rng)).collect();
    for disclosure in [Disclosure::Each, Disclosure::Any, Disclosure::Count] {
        let agreement = codes(disclosure);
        for (number, times) in [(1, 1), (TOGETHER - 1, 1), (TOGETHER, 2), (TOGETHER + 1, 1), (2 * TOGETHER + 1, 1)] {
            // The first and the last place, and as many subjects as are agreed, or fewer.
            let len = if number == TOGETHER { REFERENCES } else { 70 };
            let hits = [(0, 1), (len - 1, number - 1), (33, 7), (34, 1)].map(|(place, hit)| (place, hit % number));
            let subjects = beside(&codes_of[..number], len, &hits, &mut rng);
            let probes = probes_of(&agreement, &codes_of[..number]);
            let question = Question { agreement: &agreement, subjects: &subjects, probes: &probes, one_subject: false };
            question.hold(times, &format!("{disclosure}, {number} probes"));
        }
    }
}

#[test]
fn exempt_persons_second_references_empty_galleries_and_single_subjects_are_answered_as_they_are_alone() {
    let mut rng = rng(81);
    let codes_of: Vec<Bits> = (0..3).map(|_| code(&mut rng)).collect();
    for disclosure in [Disclosure::Each, Disclosure::Any, Disclosure::Count] {
        let mut terms = Terms::hamming(BITS, THRESHOLD as u32);
        terms.limits.references_per_subject = 2;
        let agreement = admitting(terms, disclosure, REFERENCES);
        assert_eq!(agreement.functional().probes_together(), TOGETHER);
        let probes = probes_of(&agreement, &codes_of);
        let mut subjects = beside(&codes_of, 12, &[(3, 0), (5, 1)], &mut rng);
        // The second reference decides.
        subjects[7].extend(at(&codes_of[2], THRESHOLD, &mut rng));
        subjects[8].extend(at(&codes_of[2], THRESHOLD + 1, &mut rng));
        for exempt in [&[][..], &[3, 7]] {
            let subjects = Exempting { subjects: &subjects, exempt };
            let question = Question { agreement: &agreement, subjects: &subjects, probes: &probes, one_subject: false };
            question.hold(1, &format!("{disclosure}, exempt {exempt:?}"));
        }
        for (place, exempt) in [(5, false), (5, true), (8, false)] {
            let exempt: &[usize] = if exempt { &[0] } else { &[] };
            let subjects = Exempting { subjects: &subjects[place..=place], exempt };
            let question = Question { agreement: &agreement, subjects: &subjects, probes: &probes, one_subject: true };
            question.hold(1, &format!("{disclosure}, subject {place}"));
        }
        if disclosure != Disclosure::Each {
            let nobody: Vec<Subject> = Vec::new();
            let question = Question { agreement: &agreement, subjects: &nobody, probes: &probes, one_subject: false };
            question.hold(1, &format!("{disclosure}, nobody"));
        }
    }
}

/// Where so many references of a person may hit that they could add up to the plaintext modulus four numbers are told.
#[test]
fn probes_are_told_by_four_numbers_where_hits_could_add_up_to_nothing() {
    let mut rng = rng(82);
    let mut terms = Terms::hamming(BITS, THRESHOLD as u32);
    terms.limits.references_per_subject = 100;
    // 929 slots a segment.
    let agreement = admitting(terms, Disclosure::Any, 900);
    assert_eq!(agreement.functional().probes_together(), 2);
    let codes_of: Vec<Bits> = (0..2).map(|_| code(&mut rng)).collect();
    let subjects = beside(&codes_of, 5, &[(2, 1)], &mut rng);
    let probes = probes_of(&agreement, &codes_of);
    let question = Question { agreement: &agreement, subjects: &subjects, probes: &probes, one_subject: false };
    question.hold(1, "four numbers");
    assert_eq!(question.repeated(1)[0].1, 2 * MANY_SAMPLES * INSECURE_BGV.answer_sample_bytes());
}

/// Also of a last bundle that is not full.
#[test]
fn a_plan_says_how_long_the_answer_on_bundles_is() {
    for disclosure in [Disclosure::Each, Disclosure::Any, Disclosure::Count] {
        let agreement = codes(disclosure);
        for probes in [2, TOGETHER - 1, TOGETHER, TOGETHER + 1, 2 * TOGETHER + 1] {
            let size = SearchSize {
                functional: agreement.functional(),
                disclosure,
                references: 70,
                references_per_subject: 1,
                probes,
                budget_bytes: 0,
            };
            let estimate = SearchEstimate::of(&INSECURE_BGV, &size, &Pace::reference(&INSECURE_BGV)).unwrap();
            let number = INSECURE_BGV.answer_sample_bytes();
            let expected = match disclosure {
                Disclosure::Each => {
                    probes.div_ceil(TOGETHER) * (INSECURE_BGV.answer_block_bytes() + KEY_NUMBERS * number)
                }
                _ => probes * number,
            };
            assert_eq!(estimate.answer_bytes, expected as u64, "{disclosure}, {probes} probes");
        }
    }
}

#[test]
fn vectors_share_a_ciphertext_and_that_of_their_witness() {
    let mut rng = rng(83);
    let vectors = [
        Terms { template: TemplateTerms::Vector { dimension: 40 }, ..Terms::face(40) },
        Terms::squared_euclidean(40, "1.0".parse().unwrap(), "0.5".parse().unwrap()),
    ];
    for (terms, disclosure) in vectors.into_iter().zip([Disclosure::Each, Disclosure::Any]) {
        let agreement = admitting(terms, disclosure, REFERENCES);
        let functional = agreement.functional();
        assert_eq!(functional.probes_together(), TOGETHER);
        let (samples, bits) = (TOGETHER - 1, functional.witness_bits(crate::parameters::bgv::PLAINTEXT_MODULUS));
        assert!(bits > 0 && samples * bits < N && INSECURE_BGV.witness_ciphertexts(functional, samples) == 1);
        let templates: Vec<Template> = (0..samples).map(|_| random_template(functional, &mut rng)).collect();
        let subjects: Vec<Subject> = (0..20)
            .map(|place| {
                let template = match place {
                    4 | 9 => templates[place % samples].clone(),
                    _ => random_template(functional, &mut rng),
                };
                vec![(None, functional.reference(&template).unwrap())]
            })
            .collect();
        let probes: Vec<Probe> = templates.into_iter().map(|template| probe(functional, template)).collect();
        let question = Question { agreement: &agreement, subjects: &subjects, probes: &probes, one_subject: false };
        question.hold(1, &format!("{} {disclosure}", agreement.terms().comparison.metric()));
    }
}

/// Two samples a probe: a ciphertext for each eye. Where probes may have one eye or both, each has its own.
#[test]
fn both_eyes_of_many_probes_are_two_ciphertexts() {
    let mut rng = rng(84);
    for (rule, disclosure) in [(EyeRule::All, Disclosure::Each), (EyeRule::All, Disclosure::Count)] {
        let agreement = irises(rule, disclosure);
        let functional = agreement.functional();
        assert_eq!(functional.probes_together(), TOGETHER);
        let eyes: Vec<[IrisCode; 2]> = (0..3).map(|_| [(); 2].map(|()| iris(&mut rng))).collect();
        let (left, right) = (Some(Eye::Left), Some(Eye::Right));
        // Just within a third, and just beyond it.
        let mut subject = |number: usize, hits: [bool; 2]| -> Subject {
            let sides = eyes[number].iter().zip(hits).zip([left, right]);
            let reference = |((iris, hit), eye)| {
                let (pairs, differing) = if hit { (14, 9) } else { (15, 10) };
                (eye, iris_at(iris, pairs, differing, &mut rng))
            };
            sides.map(reference).collect()
        };
        let subjects: Vec<Subject> = [(0, [true, true]), (1, [true, false]), (2, [false, true]), (2, [true, true])]
            .map(|(number, hits)| subject(number, hits))
            .into();
        let of = |[l, r]: &[IrisCode; 2]| {
            of_eyes(functional, [(left, Template::Iris(l.clone())), (right, Template::Iris(r.clone()))])
        };
        let probes: Vec<Probe> = eyes.iter().map(of).collect();
        let encrypted = Bgv::encrypt(&keys().0, functional, &probes, &mut rng).encode().unwrap();
        assert_eq!(encrypted.len(), 2 * INSECURE_BGV.encrypted_template_bytes());
        let question = Question { agreement: &agreement, subjects: &subjects, probes: &probes, one_subject: false };
        question.hold(1, &format!("{disclosure}, both eyes"));
    }
    assert_eq!(irises(EyeRule::Any, Disclosure::Each).functional().probes_together(), 1);
}

/// Irises at a third of 64 bits, which fill a period of 128 with their mask.
fn irises(rule: EyeRule, disclosure: Disclosure) -> Opened {
    let mut terms = Terms::iris(SHAPE);
    if let ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, eyes, .. } =
        &mut terms.comparison
    {
        (*threshold, *minimum_common_bits) = ("0.333333333".parse().unwrap(), 20);
        (*rotations, *eyes) = (0, rule);
    }
    admitting(terms, disclosure, 200)
}

fn iris(rng: &mut ChaCha20Rng) -> IrisCode {
    let code = Bits::new((0..SHAPE.bits()).map(|_| rng.random())).unwrap();
    let mask = (0..SHAPE.mask_bits()).flat_map(|pair| [pair % 8 != 0; 2]);
    IrisCode::new(SHAPE, code, Bits::new(mask).unwrap()).unwrap()
}

fn task<'a>(agreement: &'a Opened, layouts: &'a [SampleLayout], subjects: &'a dyn Subjects) -> Task<'a> {
    Task {
        functional: agreement.functional(),
        disclosure: agreement.terms().disclosure,
        layouts,
        subjects,
        one_subject: false,
        references_per_subject: agreement.terms().limits.references_per_subject,
    }
}

fn extent<'a>(task: &Task<'a>) -> Extent<'a> {
    let probes = task.layouts.len();
    let (functional, disclosure) = (task.functional, task.disclosure);
    Extent { functional, disclosure, probes, samples: probes, verdicts_per_probe: task.verdicts_per_probe() }
}

fn answer(task: &Task<'_>, query: &EncryptedProbes, rng: &mut ChaCha20Rng) -> EncryptedVerdicts {
    let gallery = Bgv::prepare_gallery(&INSECURE_BGV, task.functional, 0);
    Bgv::answer(&keys().1, &gallery, task, query, &Randomness::drawn(1, rng), &mut Parts::default(), &()).unwrap()
}

/// The slots of codes that stand together.
fn slots(codes: &[Bits]) -> Vec<i64> {
    let segments = Segments::new(&INSECURE_BGV, BITS, REFERENCES).unwrap();
    let mut slots = vec![0; N];
    for (number, bits) in codes.iter().enumerate() {
        for repetition in slots[segments.slots_of(number)].chunks_mut(32) {
            repetition.iter_mut().zip(bits.iter()).for_each(|(slot, bit)| *slot = if bit { -1 } else { 1 });
        }
    }
    slots
}

/// One probe of a bundle is none: of none of them is anything told, of any gallery. So it is where something stands in the slots of no probe.
#[test]
fn a_bundle_with_one_probe_that_is_no_template_tells_nothing_of_anybody() {
    let mut rng = rng(85);
    let codes_of: Vec<Bits> = (0..TOGETHER - 1).map(|_| code(&mut rng)).collect();
    let segments = Segments::new(&INSECURE_BGV, BITS, REFERENCES).unwrap();
    let honest = slots(&codes_of);
    let with = |change: &dyn Fn(&mut [i64])| {
        let mut slots = honest.clone();
        change(&mut slots);
        slots
    };
    let negated = |slots: &mut [i64], from: usize| slots[from..from + 32].iter_mut().for_each(|x| *x = -*x);
    let attacks = [
        ("a probe scaled by 2", with(&|slots| slots[segments.slots_of(1)].iter_mut().for_each(|x| *x *= 2))),
        ("another probe in the second repetition", with(&|slots| negated(slots, segments.slots_of(1).start + 32))),
        ("another probe in the last repetition", with(&|slots| negated(slots, segments.slots_of(2).end - 32))),
        (
            "a coordinate more",
            with(&|slots| slots[segments.slots_of(0)].iter_mut().skip(31).step_by(32).for_each(|x| *x = 1)),
        ),
        ("something between the segments", with(&|slots| slots[segments.slots_of(1).end + 5] = 1)),
        ("something in the last slot", with(&|slots| slots[N - 1] = 7)),
        (
            "a template in the segment of no probe",
            with(&|slots| {
                let template = slots[segments.slots_of(0)].to_vec();
                slots[segments.slots_of(3)].copy_from_slice(&template);
            }),
        ),
        ("no probe in the second segment", with(&|slots| slots[segments.slots_of(1)].fill(0))),
    ];
    let galleries = [beside(&codes_of, 30, &[], &mut rng), beside(&codes_of, 30, &[(1, 0), (2, 1), (3, 2)], &mut rng)];
    let layouts = vec![SampleLayout::Single; TOGETHER - 1];
    for disclosure in [Disclosure::Any, Disclosure::Count, Disclosure::Each] {
        let agreement = codes(disclosure);
        // Without a hit and with one of each.
        for (hits, subjects) in galleries.iter().enumerate() {
            let task = task(&agreement, &layouts, subjects);
            let mut told = |slots: &[i64]| -> Vec<u32> {
                let query = query(slots.iter().map(|&x| residue(x)), 0, &mut rng);
                let answer = answer(&task, &query, &mut rng);
                match disclosure {
                    Disclosure::Each => {
                        let disclosed = Bgv::decrypt(&keys().0, &extent(&task), &answer);
                        let hits = |told: &Disclosed| match told {
                            Disclosed::Bits(bits) => bits.iter().filter(|&&bit| bit).count() as u32,
                            _ => panic!("{told:?}"),
                        };
                        disclosed.iter().map(hits).collect()
                    }
                    _ => phases(&answer).into_iter().map(residue).collect(),
                }
            };
            let expected = if hits == 0 { 0 } else { 1 };
            let read = told(&honest);
            assert!(read.len() == 3 && read.iter().all(|&n| (n != 0) == (hits != 0)), "{disclosure}: {read:?}");
            assert!(disclosure == Disclosure::Any || read == [expected; 3], "{disclosure}: {read:?}");
            // What is tested does not depend on the gallery, nor on what is told.
            let tried = match (hits, disclosure) {
                (0, _) => 0,
                (_, Disclosure::Any) => 3,
                _ => attacks.len(),
            };
            for (name, slots) in attacks.iter().take(tried) {
                let read = told(slots);
                let nothing = |&number: &u32| match disclosure {
                    Disclosure::Each => number == 0,
                    _ => number > 30,
                };
                assert!(read.len() == 3 && read.iter().all(nothing), "{disclosure}, {name}: {read:?}");
            }
        }
    }
}

/// A threshold that a probe of zeros would pass: nobody stands in the segment of no probe, and what its slots hold is as for nobody.
#[test]
fn the_segment_of_no_probe_says_nothing_under_each() {
    let mut rng = rng(86);
    let agreement = admitting(Terms::hamming(BITS, 20), Disclosure::Each, REFERENCES);
    assert_eq!(agreement.functional().probes_together(), TOGETHER);
    let codes_of: Vec<Bits> = (0..2).map(|_| code(&mut rng)).collect();
    let subjects: Vec<Subject> = (0..REFERENCES).map(|_| at(&codes_of[0], 3, &mut rng)).collect();
    let layouts = [SampleLayout::Single; 2];
    let task = task(&agreement, &layouts, &subjects);
    let query = Bgv::encrypt(&keys().0, task.functional, &probes_of(&agreement, &codes_of), &mut rng);
    let answer = answer(&task, &query, &mut rng);
    let [ProbeVerdicts::Slots { key, elements }] = &answer.probes[..] else { panic!("one answer for both") };
    assert_eq!((key.len(), elements.len()), (KEY_NUMBERS, 1));
    let key: Vec<u32> = key.iter().map(|sample| residue(keys().0.lwe_phase(sample))).collect();
    let zeros = keys().0.zeros(elements, &mut crate::scheme::bgv::lock::Pads::of(&key), 1);
    let segments = Segments::new(&INSECURE_BGV, BITS, REFERENCES).unwrap();
    for number in 0..TOGETHER {
        let hits = zeros[segments.slots_of(number)].iter().filter(|&&zero| zero).count();
        let expected = subjects.iter().filter(|subject| {
            number < 2 && oracle::subject_verdict(task.functional, &probes_of(&agreement, &codes_of)[number], subject)
        });
        assert_eq!(hits, expected.count(), "segment {number}");
    }
    assert_eq!(zeros.iter().filter(|&&zero| zero).count(), zeros[..704].iter().filter(|&&zero| zero).count());
}

/// On other threads and with diagonals kept; and each part by itself.
#[test]
fn the_answer_on_bundles_is_made_again_bit_for_bit() {
    let mut rng = rng(87);
    let codes_of: Vec<Bits> = (0..TOGETHER + 2).map(|_| code(&mut rng)).collect();
    let subjects = beside(&codes_of, 40, &[(1, 0), (2, 5)], &mut rng);
    let layouts = vec![SampleLayout::Single; codes_of.len()];
    for disclosure in [Disclosure::Any, Disclosure::Each] {
        let agreement = codes(disclosure);
        let task = task(&agreement, &layouts, &subjects);
        let query = Bgv::encrypt(&keys().0, task.functional, &probes_of(&agreement, &codes_of), &mut rng);
        let randomness = Randomness::drawn(1, &mut rng);
        let made = |threads: usize, budget: u64, times: usize| {
            let gallery = Bgv::prepare_gallery(&INSECURE_BGV, task.functional, budget);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let answered = || {
                let mut parts = Parts::default();
                let answer = Bgv::answer(&keys().1, &gallery, &task, &query, &randomness, &mut parts, &()).unwrap();
                (answer.encode().unwrap(), parts.into_bytes())
            };
            pool.install(|| (0..times).map(|_| answered()).next_back().unwrap())
        };
        let first = made(1, 0, 1);
        assert!(made(2, 1 << 30, 2) == first, "{disclosure}");
        let parts = first.1.as_chunks::<32>().0;
        assert_eq!((parts.len(), Bgv::parts(&INSECURE_BGV, &task)), (2, 2));
        for (number, expected) in parts.iter().enumerate() {
            let part = Bgv::part(&keys().1, &task, &query, &randomness, number, &()).unwrap();
            assert_eq!(part.as_ref(), Some(expected), "{disclosure}, part {number}");
        }
        assert_eq!(Bgv::part(&keys().1, &task, &query, &randomness, 2, &()).unwrap(), None);
    }
}

#[test]
fn altered_bytes_of_bundles_are_refused() {
    let mut rng = rng(88);
    let codes_of: Vec<Bits> = (0..TOGETHER + 1).map(|_| code(&mut rng)).collect();
    let subjects = beside(&codes_of, 9, &[], &mut rng);
    let layouts = vec![SampleLayout::Single; codes_of.len()];
    let dimensions = |what| Some(CrossingError::Dimensions(what));
    let agreement = codes(Disclosure::Each);
    let task = task(&agreement, &layouts, &subjects);
    let extent = extent(&task);
    let encrypted = Bgv::encrypt(&keys().0, task.functional, &probes_of(&agreement, &codes_of), &mut rng);
    let bytes = encrypted.encode().unwrap();
    assert_eq!(bytes.len(), 2 * INSECURE_BGV.encrypted_template_bytes());
    assert!(bytes.len() as u64 <= EncryptedProbes::limit_bytes(&INSECURE_BGV, &extent));
    let read = |bytes: &[u8], extent: Extent<'_>| EncryptedProbes::decode(bytes, &INSECURE_BGV, &extent).err();
    assert_eq!(read(&bytes, extent), None);
    let one_more = Extent { samples: 6, ..extent };
    let alone = Extent { probes: 1, samples: 1, ..extent };
    for (bytes, extent) in [
        (&bytes[1..], extent),
        (&bytes[..bytes.len() / 2], extent),
        (&[&bytes[..], &[0]].concat(), extent),
        (&bytes, one_more),
        (&bytes, alone),
        (&bytes, Extent { probes: TOGETHER, samples: TOGETHER, ..extent }),
    ] {
        assert_eq!(read(bytes, extent), dimensions("templates"));
    }
    let bytes = answer(&task, &encrypted, &mut rng).encode().unwrap();
    let read = |bytes: &[u8], extent: Extent<'_>| EncryptedVerdicts::decode(bytes, &INSECURE_BGV, &extent).err();
    let bundle = KEY_NUMBERS * INSECURE_BGV.answer_sample_bytes() + INSECURE_BGV.answer_block_bytes();
    assert_eq!((bytes.len(), read(&bytes, extent)), (2 * bundle, None));
    assert!(bytes.len() as u64 <= EncryptedVerdicts::limit_bytes(&INSECURE_BGV, &extent));
    for (bytes, extent) in [
        (&bytes[1..], extent),
        (&bytes[..bundle], extent),
        // Without its key, as an answer on one probe may be.
        (&bytes[..2 * INSECURE_BGV.answer_block_bytes()], extent),
        (&bytes, Extent { probes: TOGETHER, ..extent }),
        // More verdicts than a segment has slots for.
        (&bytes, Extent { verdicts_per_probe: 322, ..extent }),
    ] {
        assert_eq!(read(bytes, extent), dimensions("verdicts"));
    }
    assert_eq!(read(&[0].repeat(2 * bundle), extent), Some(CrossingError::Trivial));
}

/// No custodian has such a gallery.
#[test]
fn more_subjects_than_a_segment_has_slots_for_are_not_searched() {
    let mut rng = rng(89);
    let codes_of: Vec<Bits> = (0..2).map(|_| code(&mut rng)).collect();
    let agreement = codes(Disclosure::Any);
    let subjects = beside(&codes_of, 322, &[], &mut rng);
    let layouts = [SampleLayout::Single; 2];
    let task = task(&agreement, &layouts, &subjects);
    let query = Bgv::encrypt(&keys().0, task.functional, &probes_of(&agreement, &codes_of), &mut rng);
    let gallery = Bgv::prepare_gallery(&INSECURE_BGV, task.functional, 0);
    let randomness = Randomness::drawn(1, &mut rng);
    let refused: Unanswered = Misfit::Segments { subjects: 322, places: 321 }.into();
    let answered = Bgv::answer(&keys().1, &gallery, &task, &query, &randomness, &mut Parts::default(), &());
    assert_eq!(answered.err(), Some(refused.clone()));
    assert_eq!(Bgv::part(&keys().1, &task, &query, &randomness, 0, &()).err(), Some(refused));
}

fn together(terms: Terms, set: &str, disclosure: Disclosure, references: usize) -> usize {
    let mut terms = Terms { disclosure, ..terms.with_scheme(SchemeChoice::Bgv) };
    terms.encryption.parameter_set = set.to_owned();
    terms.limits.references = references;
    terms.limits.hits_per_probe = (disclosure == Disclosure::Labelled).then_some(1);
    planning::open(terms).unwrap().functional().probes_together()
}

#[test]
fn which_agreements_bundle_probes() {
    let codes = || Terms::hamming(512, 180);
    assert_eq!(together(codes(), "bgv-32768-780", Disclosure::Any, 1_000), 20);
    assert_eq!(together(codes(), "bgv-32768-780", Disclosure::Each, 1_000), 20);
    assert_eq!(together(codes(), "bgv-32768-780", Disclosure::Count, 15_000), 2);
    assert_eq!(together(codes(), "bgv-32768-780", Disclosure::Any, 100_000), 1);
    assert_eq!(together(Terms::hamming(128, 40), "bgv-8192-210", Disclosure::Each, 100), 1);
    assert_eq!(together(Terms::hamming(128, 40), "bgv-32768-780", Disclosure::Labelled, 100), 1);
}

/// Twenty probes against a thousand, by an agreement that bundles them and by one that admits too large a gallery for that.
#[test]
#[ignore = "a production set: minutes"]
fn what_twenty_probes_cost_together_and_alone() {
    for disclosure in [Disclosure::Any, Disclosure::Each] {
        for references in [1_000, 100_000] {
            let mut terms = Terms { disclosure, ..Terms::hamming(512, 180).with_scheme(SchemeChoice::Bgv) };
            terms.encryption.parameter_set = "bgv-32768-780".to_owned();
            terms.limits.references = references;
            let agreement = planning::open(terms).unwrap();
            let (set, functional) = (BGV_32768_780, agreement.functional());
            let mut rng = rng(90);
            let (secret, public) = Bgv::generate(&set, &mut rng);
            let key = Bgv::prepare_key(public, &set);
            let bits = |rng: &mut ChaCha20Rng| Bits::new((0..512).map(|_| rng.random())).unwrap();
            let codes_of: Vec<Bits> = (0..20).map(|_| bits(&mut rng)).collect();
            // One hit of every second probe, at the threshold, and misses of one bit.
            let distance = |place: usize| 180 + usize::from(place >= 20 || place % 2 == 1);
            let subjects: Vec<Subject> =
                (0..1_000).map(|place| at(&codes_of[place % 20], distance(place), &mut rng)).collect();
            let layouts = [SampleLayout::Single; 20];
            let task = task(&agreement, &layouts, &subjects);
            let start = std::time::Instant::now();
            let query = Bgv::encrypt(&secret, functional, &probes_of(&agreement, &codes_of), &mut rng);
            let (encrypting, query_bytes) = (start.elapsed(), query.encode().unwrap().len());
            let gallery = Bgv::prepare_gallery(&set, functional, 2 << 30);
            let randomness = Randomness::drawn(1, &mut rng);
            let start = std::time::Instant::now();
            let answer = Bgv::answer(&key, &gallery, &task, &query, &randomness, &mut Parts::default(), &()).unwrap();
            let answering = start.elapsed();
            let extent = extent(&task);
            println!(
                "{disclosure}, {} together: encrypted in {encrypting:.2?}, {query_bytes} bytes; answered in \
                 {answering:.2?}, {} bytes",
                functional.probes_together(),
                answer.encode().unwrap().len()
            );
            let hits = |told: &Disclosed| match told {
                Disclosed::Bits(bits) => bits.iter().filter(|&&bit| bit).count(),
                _ => panic!("{told:?}"),
            };
            let disclosed: Vec<usize> = Bgv::decrypt(&secret, &extent, &answer).iter().map(hits).collect();
            let expected: Vec<usize> = (0..20).map(|number| usize::from(number % 2 == 0)).collect();
            assert_eq!(disclosed, expected);
        }
    }
}

#[test]
fn segments_keep_to_themselves() {
    for set in [INSECURE_BGV, BGV_32768_780] {
        let n = set.ring_size();
        for coordinates in [1, 30, 32, 33, 512, n / 2] {
            for references in [1, 2, 31, 300, 1_000, n / 4, n / 2, n] {
                let period = coordinates.next_power_of_two();
                let Some(segments) = Segments::new(&set, coordinates, references) else {
                    assert!(references + period - 1 > n / 2, "{coordinates} {references}");
                    continue;
                };
                let mut taken = vec![false; n];
                for number in 0..segments.probes() {
                    let (slots, places) = (segments.slots_of(number), segments.places_of(number));
                    assert!(slots.start.is_multiple_of(period) && slots.len().is_multiple_of(period));
                    // Of one row, and of the last place all that its score reads.
                    assert_eq!(slots.start / (n / 2), (slots.end - 1) / (n / 2));
                    assert!(places.start == slots.start && places.end - 1 + period == slots.end);
                    assert!(places.len() >= references && segments.probes() > 1);
                    taken[slots].iter_mut().for_each(|taken| assert!(!std::mem::replace(taken, true)));
                }
            }
        }
    }
    let twenty = Segments::new(&BGV_32768_780, 512, 1_000).unwrap();
    assert_eq!((twenty.probes(), twenty.places()), (20, 1_025));
    let agreement = codes(Disclosure::Any);
    let functional = agreement.functional();
    let bundling = |probes| Bundling::of(&INSECURE_BGV, functional, probes);
    assert!(bundling(1).segments().is_none() && bundling(0).bundles() == 0);
    assert_eq!(bundling(9).all().collect::<Vec<_>>(), [0..4, 4..8, 8..9]);
    assert_eq!(bundling(9).ciphertexts(functional, 9).unwrap().collect::<Vec<_>>(), [4, 4, 1]);
    assert!(bundling(9).ciphertexts(functional, 10).is_none());
}

//! Vectors that are none: too long, too short, out of range; with the witness that they would have, and with none.

use std::time::Instant;

use super::exactness::{N, agreed, faces, keys, rng, templates};
use super::malformed::phases;
use crate::agreement::{Disclosure, SchemeChoice, Terms};
use crate::functional::{Functional, ProbeSample, Reference, SampleLayout};
use crate::parameters::bgv::INSECURE_BGV;
use crate::planning;
use crate::scheme::bgv::Bgv;
use crate::scheme::bgv::answer::KEY_NUMBERS;
use crate::scheme::bgv::ciphertexts::{EncryptedProbes, EncryptedSample};
use crate::scheme::bgv::distance::Steps;
use crate::scheme::bgv::residues::residue;
use crate::scheme::bgv::segments::Standing;
use crate::scheme::bgv::validity::{Examined, Rules, Validity};
use crate::scheme::repeated::Repeated;
use crate::scheme::{Crossing as _, Disclosed, Evaluator as _, Extent, Holder as _, Parts, Randomness, Task};

/// As many subjects as a block has slots.
fn alike(y: &[i32]) -> Repeated {
    Repeated::new(Reference::Integers(y.iter().map(|&y| y as i16).collect()), N)
}

/// The numbers of an answer as they are read: those that leave, or under `each` how many hit.
fn numbers(functional: &Functional, disclosure: Disclosure, gallery: &Repeated, sample: EncryptedSample) -> Vec<u32> {
    let mut rng = rng(71);
    let task = Task {
        functional,
        disclosure,
        layouts: &[SampleLayout::Single],
        subjects: gallery,
        one_subject: false,
        references_per_subject: 1,
    };
    let verdicts_per_probe = task.verdicts_per_probe();
    let extent = Extent { functional, disclosure, probes: 1, samples: 1, verdicts_per_probe };
    let query = EncryptedProbes::new(&INSECURE_BGV, vec![sample]);
    let kept = Bgv::prepare_gallery(&INSECURE_BGV, functional, 0);
    let answer =
        Bgv::answer(&keys().1, &kept, &task, &query, &Randomness::drawn(1, &mut rng), &mut Parts::default(), &())
            .unwrap();
    match Bgv::decrypt(&keys().0, &extent, &answer).remove(0) {
        Disclosed::Bits(bits) if disclosure == Disclosure::Each => vec![bits.iter().filter(|&&bit| bit).count() as u32],
        _ => phases(&answer).into_iter().map(residue).collect(),
    }
}

fn phi(functional: &Functional, x: &[i32], gallery: &Repeated) -> i64 {
    let coordinates = functional.probe_coordinates(&ProbeSample::Integers(x.to_vec()));
    functional.form(gallery.reference(), 0).evaluate(&coordinates)
}

/// A vector of another length than agreed, or out of its range, told hit or miss by a threshold or a coordinate of its choice.
#[test]
fn a_vector_that_is_none_is_answered_by_numbers_that_say_nothing() {
    let cosines = faces(40, 16);
    let mut rng = rng(70);
    let functional = cosines.functional();
    let ProbeSample::Integers(x) = templates(functional, &mut rng) else { panic!() };
    let ProbeSample::Integers(y) = templates(functional, &mut rng) else { panic!() };
    let times = |x: &[i32], factor: i32| x.iter().map(|x| x * factor).collect::<Vec<_>>();
    // The sign of one coordinate of everybody.
    let place = y.iter().position(|y| y.abs() > 2).unwrap();
    let mut one = vec![0; 40];
    one[place] = 150;
    let mut mirrored = y.clone();
    mirrored[place] *= -1;
    let attacks = [
        ("eight times as long", times(&y, 8), [alike(&times(&y, 1)), alike(&times(&y, -1))]),
        ("one coordinate of everybody", one, [alike(&y), alike(&mirrored)]),
        ("half as long", x.iter().map(|x| x / 2).collect(), [alike(&x), alike(&times(&x, -1))]),
        ("nothing", vec![0; 40], [alike(&x), alike(&y)]),
        ("scores that wrap", times(&x, 999), [alike(&x), alike(&y)]),
    ];
    for disclosure in [Disclosure::Any, Disclosure::Count, Disclosure::Each] {
        let honest = keys().0.encrypt_sample(functional, &ProbeSample::Integers(x.clone()), &mut rng);
        let expected = if disclosure == Disclosure::Any { None } else { Some(N as u32) };
        let numbers_of = |gallery: &Repeated, sample| numbers(functional, disclosure, gallery, sample);
        let read = numbers_of(&alike(&x), honest);
        assert!(read[0] != 0 && expected.is_none_or(|expected| read == [expected]), "{disclosure}: {read:?}");
        for (name, x, galleries) in &attacks {
            for gallery in galleries {
                let mut sample = keys().0.encrypt_sample(functional, &ProbeSample::Integers(x.clone()), &mut rng);
                let with = numbers_of(gallery, sample);
                sample = keys().0.encrypt_sample(functional, &ProbeSample::Integers(x.clone()), &mut rng);
                sample.witness.clear();
                let without = numbers_of(gallery, sample);
                println!(
                    "{disclosure}, {name}: phi {} before, {with:?} and {without:?} now",
                    phi(functional, x, gallery)
                );
                for read in [with, without] {
                    match disclosure {
                        Disclosure::Each => assert!(read[0] <= 1, "{name}: {read:?}"),
                        _ => assert!(read[0] != 0 && read[0] != N as u32, "{name}: {read:?}"),
                    }
                }
            }
        }
    }
    let told = |attack: &(&str, Vec<i32>, [Repeated; 2])| {
        let [a, b] = attack.2.each_ref().map(|gallery| phi(functional, &attack.1, gallery) > 0);
        a != b
    };
    assert!(attacks[..2].iter().all(told), "these told two galleries apart");
}

/// The square of a squared Euclidean distance is tied to its vector.
#[test]
fn a_square_that_is_not_its_vectors_is_answered_by_numbers_that_say_nothing() {
    let agreement = agreed().pop().unwrap();
    let functional = agreement.functional();
    let mut rng = rng(72);
    let sample = templates(functional, &mut rng);
    let ProbeSample::Integers(x) = &sample else { panic!() };
    for (less, any) in [(0, 0), (30, 0)] {
        // Far from everybody, and as near as a square is taken too small.
        let gallery = alike(&x.iter().map(|x| -x).collect::<Vec<_>>());
        let mut coordinates = functional.probe_coordinates(&sample);
        *coordinates.last_mut().unwrap() -= less;
        coordinates.resize(coordinates.len().next_power_of_two(), 0);
        let slots: Vec<u32> = coordinates.into_iter().cycle().take(N).map(residue).collect();
        let mut encrypted = keys().0.encrypt_sample(functional, &sample, &mut rng);
        encrypted.template = keys().0.encrypt_seeded(INSECURE_BGV.limbs, slots.into_iter(), &mut rng);
        let read = numbers(functional, Disclosure::Any, &gallery, encrypted);
        assert_eq!(read.iter().any(|&number| number != any), less > 0, "{less}: {read:?}");
    }
}

/// The figures of docs/performance.md: time and bytes of tests beside an answer of one block.
#[test]
#[ignore = "figures, in minutes: run it alone, optimised"]
fn what_tests_cost_beside_an_answer_of_one_block() {
    let codes = || Terms::hamming(512, 180);
    for (name, terms, disclosure) in [
        ("codes of 512 bits", codes(), Disclosure::Any),
        ("codes of 512 bits", codes(), Disclosure::Each),
        ("faces of 512 coordinates", Terms::face(512), Disclosure::Any),
        ("faces of 512 coordinates", Terms::face(512), Disclosure::Each),
    ] {
        let mut terms = Terms { disclosure, ..terms.with_scheme(SchemeChoice::Bgv) };
        terms.limits.references = 32_768;
        let agreement = planning::open(terms).unwrap();
        let (set, functional) = (agreement.parameters().bgv().unwrap(), agreement.functional());
        let mut rng = rng(73);
        let (secret, public) = Bgv::generate(&set, &mut rng);
        let key = Bgv::prepare_key(public, &set);
        let sample = templates(functional, &mut rng);
        let gallery = Repeated::new(functional.stand_in().clone(), set.ring_size());
        let task = Task {
            functional,
            disclosure,
            layouts: &[SampleLayout::Single],
            subjects: &gallery,
            one_subject: false,
            references_per_subject: 1,
        };
        let probes = EncryptedProbes::new(&set, vec![secret.encrypt_sample(functional, &sample, &mut rng)]);
        let kept = Bgv::prepare_gallery(&set, functional, 0);
        let start = Instant::now();
        let answer =
            Bgv::answer(&key, &kept, &task, &probes, &Randomness::drawn(1, &mut rng), &mut Parts::default(), &())
                .unwrap();
        let whole = start.elapsed();
        let start = Instant::now();
        let examined = [Examined::new(&key, &probes.expand(0).unwrap(), &probes.witness(0))];
        let once = start.elapsed();
        let rules = Rules::of(functional, Steps::new(&set, functional.coordinates()).unwrap(), Standing::Alone);
        let bytes = answer.encode().unwrap().len();
        let numbers = if disclosure == Disclosure::Each { KEY_NUMBERS } else { bytes / set.answer_sample_bytes() };
        let start = Instant::now();
        let probe = Validity::new(&rules, &examined);
        let tests = (0..numbers).filter_map(|_| probe.test(&key, 4, 0, &mut rng)).count();
        let each = start.elapsed();
        println!(
            "{name}, {disclosure}, {}: answer {whole:.2?}, of which tests {once:.3?} once and {each:.3?} for {tests} numbers; \
             query {} bytes, of which {} a witness; answer {} bytes, of which {} a key",
            agreement.terms().encryption.parameter_set,
            set.encrypted_sample_bytes(functional, 1),
            set.encrypted_sample_bytes(functional, 1) - set.encrypted_template_bytes(),
            bytes,
            if disclosure == Disclosure::Each { KEY_NUMBERS * set.answer_sample_bytes() } else { 0 },
        );
    }
}

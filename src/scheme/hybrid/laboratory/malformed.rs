//! What a querier gains that encrypts what is no template, or another s, where its probes are not tested: as much as is charged, and no more. What
//! tests leave of it is in `invalid`.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::exactness::parties;
use crate::agreement::{Disclosure, Terms};
use crate::functional::SampleLayout;
use crate::parameters::hybrid::INSECURE_HYBRID;
use crate::planning;
use crate::scheme::bgv::residues::residue;
use crate::scheme::hybrid::Hybrid;
use crate::scheme::hybrid::ciphertexts::{EncryptedProbes, EncryptedVerdicts};
use crate::scheme::hybrid::evaluator::Search;
use crate::scheme::hybrid::keys::PreparedKey;
use crate::scheme::malformed::{ALONE, BITS, EXEMPT, Gallery, handle};
use crate::scheme::{Disclosed, Evaluator, Extent, Holder, Opened, Parts, Randomness, Scheme, Task, bits_of_handles};

const PEOPLE: usize = 9;

fn agreement(disclosure: Disclosure) -> Opened {
    let mut terms = Terms { disclosure, ..Terms::hamming(BITS, 8) };
    terms.encryption.parameter_set = "insecure-hybrid-test".to_owned();
    terms.encryption.scheme = Hybrid::ID.into();
    terms.limits.references = 1_000;
    terms.limits.hits_per_probe = (disclosure == Disclosure::Labelled).then_some(PEOPLE);
    planning::open(terms).unwrap()
}

/// The answer on one probe of these coordinates, which is not tested, under a prepared key.
fn answer(
    agreement: &Opened,
    key: &PreparedKey,
    gallery: &Gallery,
    coordinates: &[i64],
    rng: &mut ChaCha20Rng,
) -> EncryptedVerdicts {
    let functional = agreement.functional();
    let step = INSECURE_HYBRID.step(functional);
    let mut plain: Vec<u64> = coordinates.iter().map(|&t| (t as u64).wrapping_mul(step)).collect();
    plain.resize(INSECURE_HYBRID.query().bodies(BITS), 0);
    let probes = EncryptedProbes { encrypted: parties().secret.probe.encrypt(&plain, rng) };
    let task = Task {
        functional,
        disclosure: agreement.terms().disclosure,
        layouts: &[SampleLayout::Single],
        subjects: gallery,
        one_subject: false,
        references_per_subject: 1,
    };
    let randomness = Randomness::drawn(1, rng);
    Search::new(key, &task, &probes, &randomness, &()).answer(&mut Parts::default()).unwrap()
}

/// What it decrypts to.
fn read(agreement: &Opened, answer: &EncryptedVerdicts) -> Disclosed {
    let disclosure = agreement.terms().disclosure;
    // Of everybody there may be a handle.
    let verdicts_per_probe = if disclosure == Disclosure::Any { 1 } else { PEOPLE };
    let extent = Extent { functional: agreement.functional(), disclosure, probes: 1, samples: 1, verdicts_per_probe };
    Hybrid::decrypt(&parties().secret, &extent, answer).remove(0)
}

/// The numbers that left, as residues of t.
fn numbers(answer: &EncryptedVerdicts) -> Vec<u32> {
    let EncryptedVerdicts::Samples(probes) = answer else { panic!("samples") };
    probes.iter().flatten().map(|sample| residue(parties().secret.ring.lwe_phase(sample))).collect()
}

#[test]
fn a_probe_of_one_coordinate_reads_that_bit_of_references_as_disclosed_and_charged() {
    let mut rng = ChaCha20Rng::seed_from_u64(13);
    for disclosure in [Disclosure::Each, Disclosure::Any, Disclosure::Count, Disclosure::Labelled] {
        let agreement = agreement(disclosure);
        let gallery = Gallery::random(PEOPLE, &agreement, &mut rng);
        let chosen = 37;
        let hits: Vec<bool> =
            (0..PEOPLE).map(|person| person != EXEMPT && !gallery.references[person][chosen]).collect();
        let mut probe = [0; BITS];
        probe[chosen] = ALONE;
        let told = read(&agreement, &answer(&agreement, &parties().key, &gallery, &probe, &mut rng));
        let count = hits.iter().filter(|&&hit| hit).count();
        let (expected, charged) = match disclosure {
            Disclosure::Each => (Disclosed::Bits(hits), PEOPLE as u64),
            Disclosure::Any => (Disclosed::Bits(vec![count > 0]), 1),
            Disclosure::Count => (Disclosed::Count(count), 17),
            Disclosure::Labelled => {
                let who = hits.iter().enumerate().filter(|(_, hit)| **hit);
                let handles = who.map(|(person, _)| Some(handle(person))).collect();
                (Disclosed::Handles(handles), bits_of_handles(PEOPLE as u64))
            }
        };
        assert_eq!(told, expected, "{disclosure}");
        assert_eq!(Hybrid::most_bits(disclosure, PEOPLE as u64, PEOPLE as u64, PEOPLE as u64), charged);
    }
}

/// Scores out of range are judged by a polynomial that is neither 0 nor 1 there. Under `any` a number that is not 0 is drawn anew in each answer;
/// under `count` it is the sum of what the polynomial is, the same in each: that is what is charged.
#[test]
fn scores_out_of_range_leave_one_bit_under_any_a_number_under_count_and_no_handle() {
    let mut rng = ChaCha20Rng::seed_from_u64(14);
    let far: Vec<i64> = (0..BITS).map(|_| rng.random_range(-400..400)).collect();
    for disclosure in [Disclosure::Any, Disclosure::Count] {
        let agreement = agreement(disclosure);
        let gallery = Gallery::random(PEOPLE, &agreement, &mut rng);
        let told: Vec<Vec<u32>> =
            (0..3).map(|_| numbers(&answer(&agreement, &parties().key, &gallery, &far, &mut rng))).collect();
        assert!(told.iter().all(|numbers| numbers.len() == 1 && numbers[0] != 0), "{told:?}");
        let mut different = told.clone();
        different.dedup();
        // The noise of each encryption moves a score by some steps, and the polynomial to anything else.
        assert_eq!(different.len(), 3, "{disclosure} {told:?}");
    }
    // No handle is told where they do not add up to a number of hits that is agreed: by chance they do ten times in 65,537.
    let labelled = self::agreement(Disclosure::Labelled);
    let gallery = Gallery::random(PEOPLE, &labelled, &mut rng);
    for _ in 0..3 {
        assert_eq!(read(&labelled, &answer(&labelled, &parties().key, &gallery, &far, &mut rng)), Disclosed::MoreHits);
    }
    // A count of what is in range is a count.
    let agreement = agreement(Disclosure::Count);
    let gallery = Gallery::random(PEOPLE, &agreement, &mut rng);
    assert_eq!(numbers(&answer(&agreement, &parties().key, &gallery, &[0; BITS], &mut rng)), [0]);
}

/// A key whose s is that of nobody in half of its slots: whoever stands there is asked something else, and stands there by chance.
#[test]
fn a_key_with_another_secret_in_half_the_slots_asks_about_slots_that_name_nobody() {
    let mut rng = ChaCha20Rng::seed_from_u64(15);
    let agreement = agreement(Disclosure::Count);
    let secret = &parties().secret;
    let n = INSECURE_HYBRID.query().lwe_dimension();
    let slots = INSECURE_HYBRID.block_size();
    let bits = secret.probe.bits();
    // In the second row of slots every bit of s is the other one.
    let other = (0..slots).map(|slot| if slot < slots / 2 { bits[slot % n] as u32 } else { 1 - bits[slot % n] as u32 });
    let mut public = secret.public(&mut rng);
    public.secret = secret.ring.encrypt_slots(other, &mut rng);
    let key = Hybrid::prepare_key(public, &INSECURE_HYBRID);
    // Everybody but who is exempt hits: equal references, and the probe is one of them.
    let person: Vec<bool> = (0..BITS).map(|_| rng.random()).collect();
    let gallery = Gallery { references: vec![person.clone(); PEOPLE], functional: agreement.functional().clone() };
    let probe: Vec<i64> = person.iter().map(|&bit| if bit { -1 } else { 1 }).collect();
    let counts: Vec<u32> = (0..4).map(|_| numbers(&answer(&agreement, &key, &gallery, &probe, &mut rng))[0]).collect();
    // Equal persons, equal probe: another order of slots in each answer, and another number.
    assert!(counts.iter().any(|count| *count != counts[0]), "{counts:?}");
    let honest = numbers(&answer(&agreement, &parties().key, &gallery, &probe, &mut rng));
    assert_eq!(honest, [PEOPLE as u32 - 1]);
}

//! Bad faith: a payload that no honest program writes, in an envelope with the right checksum.

use bincode::Options;
use cotejo::agreement::{ComparisonTerms, Disclosure, EyeRule, Terms};
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::functional::SampleLayout;
use cotejo::parameters::tfhe::INSECURE_TEST;
use cotejo::planning;
use cotejo::querier::{Pending, Querier, SecretKey};
use cotejo::scheme::CrossingError;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::template::{IrisShape, MaskSharing};
use cotejo::wire::{Answer, Envelope, EvaluationKey, GalleryVersion, Kind, Query, QueryId, Target, WireError};
use proptest::prelude::*;
use rayon::prelude::*;
use serde::Serialize;

use crate::fixture::{DIMENSION, KINDS, PROBES, agreement, files, id, read, record, rng};

const ID: QueryId = QueryId([3; 16]);

fn encoded(value: &impl Serialize) -> Vec<u8> {
    bincode::DefaultOptions::new().with_fixint_encoding().serialize(value).unwrap()
}

/// A payload of two parts: one in the clear with its length in front, and a ciphertext.
pub fn joined(clear: &impl Serialize, ciphertext: &[u8]) -> Vec<u8> {
    let clear = encoded(clear);
    [&(clear.len() as u32).to_le_bytes(), clear.as_slice(), ciphertext].concat()
}

/// The ciphertext of a query or an answer.
fn ciphertext(kind: Kind) -> &'static [u8] {
    let payload = files().payload(kind);
    let clear = u32::from_le_bytes(*payload.first_chunk().unwrap()) as usize;
    &payload[4 + clear..]
}

fn refused(kind: Kind, payload: Vec<u8>) -> WireError {
    files().read_payload(kind, payload).expect_err("an altered payload")
}

/// Where a number stands in a payload, little-endian in eight bytes.
fn place_of(number: usize, payload: &[u8]) -> usize {
    payload.windows(8).position(|window| window == number.to_le_bytes()).unwrap()
}

fn with_number(payload: &[u8], place: usize, number: u64) -> Vec<u8> {
    let mut altered = payload.to_vec();
    altered[place..place + 8].copy_from_slice(&number.to_le_bytes());
    altered
}

fn set_id(name: &str) -> u16 {
    cotejo::parameters::ParameterSet::by_name(name).unwrap().id()
}

/// The last field of every ciphertext and key is the id of its parameter set.
fn of_another_set(payload: &[u8]) -> Vec<u8> {
    let (rest, set) = payload.split_last_chunk::<2>().unwrap();
    assert_eq!(u16::from_le_bytes(*set), set_id("insecure-test"));
    [rest, &set_id("tfhe-896-2048").to_le_bytes()].concat()
}

fn malformed(error: &WireError) -> bool {
    matches!(error, WireError::Payload(CrossingError::Encoding))
}

const NOT_CANONICAL: WireError = WireError::Payload(CrossingError::NotCanonical);
const WRONG_TEMPLATES: WireError = WireError::Payload(CrossingError::Dimensions("templates"));
const WRONG_VERDICTS: WireError = WireError::Payload(CrossingError::Dimensions("verdicts"));
const WRONG_KEYS: WireError = WireError::Payload(CrossingError::Dimensions("keys"));

fn query(target: Target, layouts: &[SampleLayout]) -> Vec<u8> {
    joined(&(ID, target, layouts), ciphertext(Kind::Query))
}

#[test]
fn a_query_as_it_should_be_is_read() {
    let two = [SampleLayout::Single; 2];
    assert_eq!(files().read_payload(Kind::Query, query(Target::Gallery, &two)), Ok(()));
    assert_eq!(files().read_payload(Kind::Query, query(Target::Subject(id("a")), &two)), Ok(()));
}

#[test]
fn a_query_names_a_subject_in_the_one_form_of_an_id() {
    let two = [SampleLayout::Single; 2];
    let about = |subject: &str| {
        let payload = joined(&(ID, 1u32, subject, &two[..]), ciphertext(Kind::Query));
        files().read_payload(Kind::Query, payload)
    };
    assert_eq!(about("Jos\u{e9}"), Ok(()));
    for other in ["Jose\u{301}", " a", "a\n"] {
        assert!(about(other).is_err(), "{other:?}");
    }
}

#[test]
fn a_query_with_a_wrong_number_of_probes_is_refused() {
    for probes in [0, PROBES + 1, 100] {
        let payload = query(Target::Gallery, &vec![SampleLayout::Single; probes]);
        assert_eq!(refused(Kind::Query, payload), WireError::Field("number of probes"), "{probes}");
    }
    // Fewer and more than there are ciphertexts.
    let one = refused(Kind::Query, query(Target::Gallery, &[SampleLayout::Single]));
    assert!(matches!(one, WireError::Payload(CrossingError::TooLarge { .. })), "{one:?}");
    assert_eq!(refused(Kind::Query, query(Target::Gallery, &[SampleLayout::Single; 3])), WRONG_TEMPLATES);
}

#[test]
fn a_query_with_the_wrong_eyes_is_refused() {
    use SampleLayout::{Both, Left, Right, Single};
    let read_eyes = |rule, layout: SampleLayout| {
        let mut terms = Terms::iris(IrisShape { rows: 1, columns: 8, channels: 2, mask: MaskSharing::ByPair });
        if let ComparisonTerms::FractionalHamming { eyes, .. } = &mut terms.comparison {
            *eyes = rule;
        }
        let agreement = agreement(terms);
        let payload = joined(&(ID, Target::Gallery, vec![layout]), ciphertext(Kind::Query));
        let file = Envelope::new(Kind::Query, &agreement, Some(files().key), payload).to_bytes();
        read(Kind::Query, file.as_slice(), &agreement)
    };
    for (rule, suits) in
        [(EyeRule::Ignored, &[Single][..]), (EyeRule::Any, &[Left, Right, Both]), (EyeRule::All, &[Both])]
    {
        for layout in [Single, Left, Right, Both] {
            let wrong_eyes = read_eyes(rule, layout) == Err(WireError::Field("choice of eyes"));
            assert_eq!(wrong_eyes, !suits.contains(&layout), "{rule:?} {layout:?}");
        }
    }
}

#[test]
fn a_clear_part_that_no_program_writes_is_refused() {
    for (kind, clear) in [
        (Kind::Query, encoded(&(ID, Target::Gallery, vec![SampleLayout::Single; 2]))),
        (Kind::Answer, encoded(&(ID, Disclosure::Any, 2u32, 1u32))),
    ] {
        let with_length = |length: usize| {
            let length = (length as u32).to_le_bytes();
            refused(kind, [&length, clear.as_slice(), ciphertext(kind)].concat())
        };
        assert_eq!(with_length(clear.len() - 1), WireError::Field("clear part"), "{kind}");
        assert_eq!(with_length(clear.len() + 1), WireError::Field("clear part"), "{kind}");
        assert_eq!(with_length(0), WireError::Field("clear part"), "{kind}");
        assert_eq!(with_length(1 << 20), WireError::Field("length"), "{kind}");
        assert_eq!(with_length(u32::MAX as usize), WireError::Field("length"), "{kind}");
        for length in 0..4 {
            assert_eq!(refused(kind, vec![0; length]), WireError::Field("length"), "{kind}");
        }
    }
    // Target 7; a subject without a name; one of a control character; 2^60 layouts.
    let clear_parts = [
        encoded(&(ID, 7u32, 0u64)),
        encoded(&(ID, 1u32, "", 0u64)),
        encoded(&(ID, 1u32, "\n", 0u64)),
        encoded(&(ID, 1u32, "x".repeat(257), 0u64)),
        encoded(&(ID, 0u32, 1u64 << 60)),
        encoded(&(ID, 0u32, 1u64, 4u32)),
    ];
    for clear in clear_parts {
        let payload = [&(clear.len() as u32).to_le_bytes(), clear.as_slice(), ciphertext(Kind::Query)].concat();
        assert_eq!(refused(Kind::Query, payload), WireError::Field("clear part"));
    }
}

#[test]
fn a_query_with_an_altered_ciphertext_is_refused() {
    let payload = files().payload(Kind::Query);
    let bodies = 2 * INSECURE_TEST.encrypted_template_bytes(DIMENSION) / 8;
    let place = place_of(bodies, payload);
    assert_eq!(refused(Kind::Query, of_another_set(payload)), WRONG_TEMPLATES);
    assert_eq!(refused(Kind::Query, [payload, &[0]].concat()), NOT_CANONICAL);
    for claim in [0, bodies as u64 - 1, bodies as u64 + 1, 1 << 32, 1 << 60, u64::MAX] {
        let error = refused(Kind::Query, with_number(payload, place, claim));
        assert!(malformed(&error) || [NOT_CANONICAL, WRONG_TEMPLATES].contains(&error), "{claim}: {error:?}");
    }
    // The header of the ciphertext, up to the seed of its masks.
    for position in payload.len() - ciphertext(Kind::Query).len()..place - 16 {
        for bit in 0..8 {
            let mut altered = payload.to_vec();
            altered[position] ^= 1 << bit;
            let error = refused(Kind::Query, altered);
            assert!(malformed(&error) || error == NOT_CANONICAL, "byte {position}, bit {bit}: {error:?}");
        }
    }
    assert!(malformed(&refused(Kind::Query, payload[..payload.len() - 1].to_vec())));
    let clear = &payload[..payload.len() - ciphertext(Kind::Query).len()];
    assert!(malformed(&refused(Kind::Query, clear.to_vec())));
    assert!(malformed(&refused(Kind::Query, [clear, ciphertext(Kind::Answer)].concat())));
}

fn answer(probes: u32, verdicts_per_probe: u32) -> Vec<u8> {
    joined(&(ID, GalleryVersion([7; 8]), Disclosure::Any, probes, verdicts_per_probe), ciphertext(Kind::Answer))
}

#[test]
fn an_answer_that_discloses_more_than_agreed_is_refused() {
    for disclosure in [Disclosure::Each, Disclosure::Count, Disclosure::Labelled] {
        let payload = joined(&(ID, GalleryVersion([7; 8]), disclosure, 2u32, 1u32), ciphertext(Kind::Answer));
        assert_eq!(refused(Kind::Answer, payload), WireError::Field("disclosure"), "{disclosure}");
    }
    let unknown = joined(&(ID, GalleryVersion([7; 8]), 4u32, 2u32, 1u32), ciphertext(Kind::Answer));
    assert_eq!(refused(Kind::Answer, unknown), WireError::Field("clear part"));
}

#[test]
fn an_answer_with_a_wrong_number_of_verdicts_is_refused() {
    assert_eq!(files().read_payload(Kind::Answer, answer(2, 1)), Ok(()));
    for (probes, verdicts) in
        [(0, 1), (0, 0), (2, 0), (1, 2), (PROBES as u32 + 1, 1), (2, u32::MAX), (u32::MAX, 1), (u32::MAX, u32::MAX)]
    {
        let error = refused(Kind::Answer, answer(probes, verdicts));
        assert_eq!(error, WireError::Field("number of verdicts"), "{probes} probes, {verdicts} verdicts");
    }
    // Fewer and more than there are ciphertexts.
    for probes in [1, 3, 4] {
        assert_eq!(refused(Kind::Answer, answer(probes, 1)), WRONG_VERDICTS, "{probes}");
    }
}

/// Where the first verdict's packed numbers are, and how many words they fill.
fn packed_verdict(payload: &[u8]) -> (usize, usize) {
    let words = INSECURE_TEST.encrypted_verdict_words();
    (place_of(2 * words, payload) + 8, words)
}

#[test]
fn a_verdict_without_a_mask_is_refused() {
    let mut payload = files().payload(Kind::Answer).to_vec();
    let (start, words) = packed_verdict(&payload);
    payload[start..start + 8 * words].fill(0);
    assert_eq!(refused(Kind::Answer, payload.clone()), WireError::Payload(CrossingError::Trivial));
    // The body alone is not a mask.
    let body = INSECURE_TEST.lwe_dimension() * INSECURE_TEST.answer_modulus_log2;
    payload[start + body / 8] = 1 << (body % 8);
    assert_eq!(refused(Kind::Answer, payload), WireError::Payload(CrossingError::Trivial));
}

#[test]
fn a_verdict_has_one_encoding() {
    let payload = files().payload(Kind::Answer);
    let (start, words) = packed_verdict(payload);
    let used = (INSECURE_TEST.lwe_dimension() + 1) * INSECURE_TEST.answer_modulus_log2;
    assert!(used < 64 * words);
    for bit in used..64 * words {
        let mut altered = payload.to_vec();
        altered[start + bit / 8] ^= 1 << (bit % 8);
        assert_eq!(refused(Kind::Answer, altered), NOT_CANONICAL, "bit {bit} of {used}");
    }
}

#[test]
fn an_answer_with_an_altered_ciphertext_is_refused() {
    let payload = files().payload(Kind::Answer);
    assert_eq!(refused(Kind::Answer, of_another_set(payload)), WRONG_VERDICTS);
    assert_eq!(refused(Kind::Answer, [payload, &[0]].concat()), NOT_CANONICAL);
    // Everything but the names of query and gallery and the numbers themselves: shape, moduli, dimensions.
    let (start, words) = packed_verdict(payload);
    let structure = (0..4).chain(28..start).chain(start + 2 * 8 * words..payload.len());
    for position in structure {
        for bit in 0..8 {
            let mut altered = payload.to_vec();
            altered[position] ^= 1 << bit;
            let read = files().read_payload(Kind::Answer, altered);
            assert!(read.is_err(), "byte {position} of {}, bit {bit}", payload.len());
        }
    }
}

#[test]
fn keys_of_another_parameter_set_are_refused() {
    let (key, secret) = (files().payload(Kind::EvaluationKey), files().payload(Kind::SecretKey));
    assert_eq!(refused(Kind::EvaluationKey, of_another_set(key)), WRONG_KEYS);
    let production = planning::open(Terms::hamming(DIMENSION, 20)).unwrap();
    let wrapped = |kind, payload: &[u8]| {
        let key = files().wrap(kind, payload.to_vec()).header.key;
        let file = Envelope::new(kind, &production, key, payload.to_vec()).to_bytes();
        read(kind, file.as_slice(), &production).unwrap_err()
    };
    assert_eq!(wrapped(Kind::EvaluationKey, key), WRONG_KEYS);
    let renamed = [&key[..key.len() - 2], &set_id("tfhe-896-2048").to_le_bytes()].concat();
    assert_eq!(wrapped(Kind::EvaluationKey, &renamed), WRONG_KEYS);
    assert_eq!(wrapped(Kind::SecretKey, secret), WireError::Field("key"));
    let (_, public) = SecretKey::<Tfhe>::generate(&production, &mut rng(5)).unwrap();
    let larger = public.to_bytes(&production)[72..].to_vec();
    assert!(matches!(refused(Kind::EvaluationKey, larger), WireError::TooLarge { .. }));
}

#[test]
fn an_evaluation_key_with_an_altered_structure_is_refused() {
    let payload = files().payload(Kind::EvaluationKey);
    assert_eq!(refused(Kind::EvaluationKey, [payload, &[0]].concat()), NOT_CANONICAL);
    assert!(malformed(&refused(Kind::EvaluationKey, payload[..payload.len() - 1].to_vec())));
    let set = &INSECURE_TEST;
    let bootstrap = set.lwe_dimension() * set.bootstrap_levels * (set.glwe_dimension + 1) * set.polynomial_size;
    let keyswitch = set.bootstrapped_dimension() * set.keyswitch_levels;
    let mut numbers = Vec::new();
    let mut from = 0;
    // The three containers follow each other; between them stand seeds, dimensions and moduli.
    for length in [bootstrap, keyswitch, set.polynomial_size] {
        let place = from + place_of(length, &payload[from..]);
        numbers.push(place);
        from = place + 8 + 8 * length;
    }
    for (&place, length) in numbers.iter().zip([bootstrap, keyswitch, set.polynomial_size]) {
        let mut altered = payload.to_vec();
        altered[place + 8..][..8 * length].fill(0);
        let trivial = WireError::Payload(CrossingError::Trivial);
        assert_eq!(refused(Kind::EvaluationKey, altered), trivial, "the bodies at {place}");
    }
    numbers.par_iter().for_each(|&place| {
        for claim in [0, 1, 1 << 32, 1 << 60, u64::MAX] {
            let error = refused(Kind::EvaluationKey, with_number(payload, place, claim));
            assert!(malformed(&error) || [NOT_CANONICAL, WRONG_KEYS].contains(&error), "{claim}: {error:?}");
        }
    });
}

#[test]
fn a_secret_key_of_another_length_is_refused() {
    let payload = files().payload(Kind::SecretKey);
    for altered in [vec![], payload[1..].to_vec(), [payload, &[0]].concat(), vec![0; 1000]] {
        assert_eq!(refused(Kind::SecretKey, altered), WireError::Field("key"));
    }
    let longest = vec![0; (1 << 20) + 1];
    assert!(matches!(refused(Kind::SecretKey, longest), WireError::TooLarge { .. }));
}

#[test]
fn a_pending_query_that_asking_would_not_make_is_refused() {
    let subjects = |count: usize| (0..count).map(|number| id(&number.to_string())).collect::<Vec<_>>();
    assert_eq!(files().read_payload(Kind::Pending, encoded(&(ID, Target::Gallery, subjects(2)))), Ok(()));
    for count in [0, PROBES + 1, 100] {
        let error = refused(Kind::Pending, encoded(&(ID, Target::Gallery, subjects(count))));
        assert_eq!(error, WireError::Field("number of probes"), "{count}");
    }
    let payload = files().payload(Kind::Pending);
    assert_eq!(refused(Kind::Pending, [payload, &[0]].concat()), WireError::Field("clear part"));
    assert_eq!(refused(Kind::Pending, payload[1..].to_vec()), WireError::Field("clear part"));
    assert_eq!(refused(Kind::Pending, vec![]), WireError::Field("clear part"));
    assert_eq!(refused(Kind::Pending, with_number(payload, 20, 1 << 60)), WireError::Field("clear part"));
}

/// Reads a payload as its kind and, where it is accepted, does with it what its reader would.
fn use_payload(kind: Kind, payload: Vec<u8>) {
    let files = files();
    let file = files.wrap(kind, payload).to_bytes();
    let ours = |kind| files.of(kind);
    match kind {
        Kind::Query => {
            let Ok(query) = Query::<Tfhe>::read(file.as_slice(), &files.agreement, None) else { return };
            let gallery = Gallery::open(ours(Kind::Gallery), &files.agreement).unwrap();
            let _ = Custodian::new(&files.agreement, &gallery, 0).unwrap().answer(
                &files.admitted,
                &query,
                &mut rng(3),
                &(),
            );
        }
        Kind::Answer => {
            let Ok(answer) = Answer::<Tfhe>::read(file.as_slice(), &files.agreement, None) else { return };
            let key = SecretKey::read(ours(Kind::SecretKey), &files.agreement).unwrap();
            let pending = Pending::from_reader(ours(Kind::Pending), &files.agreement).unwrap();
            let _ = pending.read(&Querier::new(&files.agreement, key), &answer);
        }
        Kind::EvaluationKey => {
            let Ok(key) = EvaluationKey::<Tfhe>::read(file.as_slice(), &files.agreement) else { return };
            AdmittedKey::new(key);
        }
        Kind::SecretKey => {
            let Ok(key) = SecretKey::<Tfhe>::read(file.as_slice(), &files.agreement) else { return };
            let querier = Querier::new(&files.agreement, key);
            let _ = querier.ask(vec![record("a", &mut rng(4))], Target::Gallery, &mut rng(4));
        }
        _ => drop(read(kind, file.as_slice(), &files.agreement)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_payload_is_too_odd_to_be_refused_or_used_in_order(
        noise in proptest::collection::vec(any::<u8>(), 0..400),
        at in any::<prop::sample::Index>(),
        keep in any::<bool>(),
    ) {
        for kind in KINDS {
            use_payload(kind, noise.clone());
            // The noise in place of a part of a payload that is as it should be.
            let mut altered = files().payload(kind).to_vec();
            let at = at.index(altered.len());
            let end = (at + noise.len()).min(altered.len());
            altered.splice(at..end, noise.iter().copied().take(end - at));
            if !keep {
                altered.truncate(end);
            }
            use_payload(kind, altered);
        }
    }
}

//! Files of scheme `hybrid`: accidents, other keys and sets, and bad faith in an envelope with the right checksum.
//!
//! A query is a seed and words, every one of which stands for a number; the key is that of a ring and, behind it, one ciphertext more.

use std::sync::OnceLock;

use cotejo::agreement::{Disclosure, SchemeChoice, Terms};
use cotejo::custodian::{AnswerError, Custodian};
use cotejo::parameters::hybrid::{HybridSet, INSECURE_HYBRID};
use cotejo::planning;
use cotejo::querier::{AskError, Querier, SecretKey};
use cotejo::scheme::CrossingError;
use cotejo::scheme::bgv::Bgv;
use cotejo::scheme::hybrid::Hybrid;
use cotejo::wire::{Kind, Target, WireError};
use proptest::prelude::*;
use rand::Rng;

use crate::blocks::{Files, GROUP_BYTES, exchanged, fill_with_residues, payload_of};
use crate::fixture::{DIMENSION, PROBES, record, rng};

const SET: &HybridSet = &INSECURE_HYBRID;
const SET_NAME: &str = "insecure-hybrid-test";

/// In front of a query's words.
const SEED_BYTES: usize = 16;
/// In front of each ciphertext of the ring.
const RING_SEED_BYTES: usize = 32;

/// A query with two probes about a gallery of three, under `each`: its answer is the key to the pads, and one ring element, of all six pairs.
fn files() -> &'static Files<Hybrid> {
    static FILES: OnceLock<Files<Hybrid>> = OnceLock::new();
    FILES.get_or_init(|| exchanged(SET_NAME, Disclosure::Each))
}

/// The same under `any`: its answer has a number for each probe.
fn files_of_any() -> &'static Files<Hybrid> {
    static FILES: OnceLock<Files<Hybrid>> = OnceLock::new();
    FILES.get_or_init(|| exchanged(SET_NAME, Disclosure::Any))
}

/// Bytes of an encrypted template: a polynomial of words.
fn template_bytes() -> usize {
    8 * DIMENSION.next_multiple_of(SET.probe_polynomial_size)
}

#[test]
fn files_are_read_as_they_were_written() {
    files().are_read_as_they_were_written();
    files_of_any().are_read_as_they_were_written();
}

#[test]
fn a_file_cut_short_anywhere_is_truncated_and_a_byte_more_is_trailing() {
    files().cut_short_are_truncated_and_longer_ones_trail();
}

#[test]
fn a_flipped_bit_is_found() {
    files().with_a_flipped_bit_are_refused();
}

#[test]
fn a_claim_of_too_many_bytes_is_refused_at_the_header() {
    let ring = SET.ring();
    files().that_claim_too_many_bytes_are_refused_at_the_header(|kind| match kind {
        Kind::EvaluationKey => ring.evaluation_key_bytes() + ring.encrypted_template_bytes(),
        // A probe may have two eyes.
        Kind::Query => SEED_BYTES + 2 * PROBES * template_bytes() + (1 << 16),
        Kind::Answer => PROBES * ring.answer_block_bytes().max(4 * ring.answer_sample_bytes()) + (1 << 16),
        _ => 1 << 24,
    });
}

#[test]
fn a_file_of_another_agreement_scheme_set_or_key_is_refused() {
    files().of_another_agreement_scheme_set_or_key_are_refused::<Bgv>("hybrid-1024-2600", "bgv-32768-690");
}

/// A query and keys made under another set of scheme `hybrid`, in envelopes that claim ours.
///
/// A query does not say how long the key was that it was encrypted under: it is read, and decided on by whoever has another key.
#[test]
fn payloads_of_another_set_are_refused() {
    let mut terms = Terms::hamming(DIMENSION, 20).with_scheme(SchemeChoice::Hybrid);
    terms.encryption.parameter_set = "hybrid-1024-1600".to_owned();
    terms.disclosure = Disclosure::Each;
    terms.limits.probes_per_query = PROBES;
    let theirs = planning::open(terms).unwrap();
    let (secret, public) = SecretKey::<Hybrid>::generate(&theirs, &mut rng(3)).unwrap();
    let public = public.to_bytes(&theirs);
    let refused = files().read_payload(Kind::EvaluationKey, payload_of(&public).to_vec()).unwrap_err();
    assert!(matches!(refused, WireError::TooLarge { .. }), "{refused:?}");
    let of_our_length = payload_of(&public)[..files().payload(Kind::EvaluationKey).len() - 1].to_vec();
    let refused = files().read_payload(Kind::EvaluationKey, of_our_length);
    assert_eq!(refused, Err(WireError::Payload(CrossingError::Dimensions("keys"))));
    let refused = files().read_payload(Kind::SecretKey, payload_of(&secret.to_secret_bytes(&theirs)).to_vec());
    assert_eq!(refused, Err(WireError::Field("key")));
    // And values, where they never were files.
    let ours = Querier::new(&files().agreement, secret);
    let asked = ours.ask(vec![record("a", &mut rng(4))], Target::Gallery, &mut rng(4));
    assert!(matches!(asked, Err(AskError::OtherParameters { .. })));
    let (secret, _) = SecretKey::<Hybrid>::generate(&theirs, &mut rng(3)).unwrap();
    let probes = vec![record("a", &mut rng(4)), record("b", &mut rng(5))];
    let (query, _) = Querier::new(&theirs, secret).ask(probes, Target::Gallery, &mut rng(4)).unwrap();
    let custodian = Custodian::<Hybrid>::new(&files().agreement, &files().gallery, 0).unwrap();
    let answer = custodian.answer(&files().admitted, &query, &mut rng(5), &());
    assert!(matches!(answer, Err(AnswerError::OtherKey { .. } | AnswerError::OtherTerms)));
}

/// In the ring's key, in the ciphertext of the probe key behind it, and in answers.
#[test]
fn a_residue_that_is_not_below_its_prime_is_refused() {
    let ring = SET.ring();
    let (n, keys) = (ring.ring_size(), ring.evaluation_key_bytes());
    let limb_bytes = n / 4 * GROUP_BYTES;
    let key = files().payload(Kind::EvaluationKey).len();
    assert_eq!(key - keys, RING_SEED_BYTES + SET.primes * limb_bytes);
    for (files, kind, part) in [
        (files(), Kind::EvaluationKey, RING_SEED_BYTES..keys),
        (files(), Kind::EvaluationKey, keys + RING_SEED_BYTES..key),
        (files(), Kind::Answer, files().ciphertexts(Kind::Answer)..files().payload(Kind::Answer).len()),
        (
            files_of_any(),
            Kind::Answer,
            files_of_any().ciphertexts(Kind::Answer)..files_of_any().payload(Kind::Answer).len(),
        ),
    ] {
        let limbs = (part.len() / limb_bytes).max(1);
        let mut rng = rng(6);
        let places = (0..limbs).step_by(limbs.div_ceil(12)).map(|limb| (limb, rng.random_range(0..n)));
        let places: Vec<(usize, usize)> = places.chain([(0, 0), (0, n - 1)]).collect();
        for (limb, place) in places {
            files.with_a_residue_that_is_none_are_refused(kind, part.start + limb * limb_bytes, place);
        }
    }
}

#[test]
fn a_key_with_its_last_ciphertext_cut_doubled_or_left_out_is_refused() {
    let payload = files().payload(Kind::EvaluationKey);
    let last = SET.ring().evaluation_key_bytes();
    for length in [last, last + RING_SEED_BYTES, last + (payload.len() - last) / 2, payload.len() - GROUP_BYTES] {
        let refused = files().read_payload(Kind::EvaluationKey, payload[..length].to_vec());
        assert_eq!(refused, Err(WireError::Payload(CrossingError::Dimensions("keys"))), "{length} bytes");
    }
    let doubled = [payload, &payload[last..]].concat();
    let refused = files().read_payload(Kind::EvaluationKey, doubled).unwrap_err();
    assert!(matches!(refused, WireError::TooLarge { .. }), "{refused:?}");
}

#[test]
fn a_filling_that_is_not_zero_is_refused() {
    files_of_any().with_a_filling_that_is_not_zero_are_refused(&SET.ring());
}

#[test]
fn a_wrong_number_of_ciphertexts_is_refused() {
    for files in [files(), files_of_any()] {
        files.with_a_wrong_number_of_ciphertexts_are_refused();
        files.announced_as_another_number_of_probes_are_refused();
    }
}

#[test]
fn an_answer_without_a_mask_is_refused() {
    files().without_a_mask_are_refused(&SET.ring(), 1, (8, 1));
    files_of_any().without_a_mask_are_refused(&SET.ring(), 2, (1, 0));
}

#[test]
fn a_public_key_that_encrypts_nothing_is_refused() {
    files().with_a_public_key_that_encrypts_nothing_are_refused(&SET.ring());
}

/// In front of the ring's key stands the one that probes are encrypted with, a bit a coefficient: any bits are one.
#[test]
fn a_secret_key_that_is_not_ternary_or_of_another_length_is_refused() {
    let bits = SET.probe_glwe_dimension * SET.probe_polynomial_size;
    files().with_a_secret_key_that_is_not_ternary_or_of_another_length_are_refused(bits / 8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn whatever_decodes_is_the_one_encoding_of_its_value(
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
        mask in any::<u8>(),
        probes in 0usize..4,
    ) {
        files().decode_to_themselves(probes, &noise, mask, |length| at.index(length));
        files_of_any().decode_to_themselves(probes, &noise, mask, |length| at.index(length));
    }

    /// Residues below every prime of the set: what decodes is used, and nothing panics.
    #[test]
    fn no_answer_is_too_odd_to_be_read(seed in any::<u64>()) {
        files().of_any_residues_have_verdicts(seed);
        files_of_any().of_any_residues_have_verdicts(seed);
    }
}

/// A key of random residues and a query of random words, as they could be sent in bad faith, are computed with in order.
#[test]
fn random_keys_and_a_random_query_are_answered() {
    let mut rng = rng(8);
    let mut key = files().payload(Kind::EvaluationKey).to_vec();
    let (ring, last) = key.split_at_mut(SET.ring().evaluation_key_bytes());
    for ciphertexts in [ring, last] {
        let (seed, residues) = ciphertexts.split_at_mut(RING_SEED_BYTES);
        rng.fill(seed);
        fill_with_residues(residues, &mut rng);
    }
    let mut query = files().payload(Kind::Query).to_vec();
    rng.fill(&mut query[files().ciphertexts(Kind::Query)..]);
    files().made_in_bad_faith_are_answered(key, query);
}

//! Files of scheme `bgv`: accidents, other keys and sets, and bad faith in an envelope with the right checksum.

use std::sync::OnceLock;

use cotejo::agreement::{Disclosure, SchemeChoice, Terms};
use cotejo::custodian::{AnswerError, Custodian};
use cotejo::parameters::bgv::{BgvSet, INSECURE_BGV};
use cotejo::planning;
use cotejo::querier::{AskError, Querier, SecretKey};
use cotejo::scheme::CrossingError;
use cotejo::scheme::bgv::Bgv;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::wire::{Kind, Target, WireError};
use proptest::prelude::*;
use rand::Rng;

use crate::blocks::{Files, GROUP_BYTES, exchanged, exchanged_alone, fill_with_residues, payload_of};
use crate::fixture::{DIMENSION, PROBES, record, rng};

const SET: &BgvSet = &INSECURE_BGV;
const SET_NAME: &str = "insecure-bgv-test";

/// A query with two probes about a gallery of three, under `each`.
fn files() -> &'static Files<Bgv> {
    static FILES: OnceLock<Files<Bgv>> = OnceLock::new();
    FILES.get_or_init(|| exchanged_alone(SET_NAME, Disclosure::Each))
}

/// The same under `any`: its answer has numbers, not ring elements.
fn files_of_any() -> &'static Files<Bgv> {
    static FILES: OnceLock<Files<Bgv>> = OnceLock::new();
    FILES.get_or_init(|| exchanged_alone(SET_NAME, Disclosure::Any))
}

/// Under `each`, by an agreement on so few references that probes share a ciphertext.
fn files_of_a_bundle() -> &'static Files<Bgv> {
    static FILES: OnceLock<Files<Bgv>> = OnceLock::new();
    FILES.get_or_init(|| exchanged(SET_NAME, Disclosure::Each))
}

#[test]
fn files_about_a_bundle_are_as_strict_as_others() {
    let files = files_of_a_bundle();
    let ciphertexts = |kind: Kind| files.payload(kind).len() - files.ciphertexts(kind);
    assert_eq!(ciphertexts(Kind::Query), SET.encrypted_template_bytes());
    assert_eq!(ciphertexts(Kind::Answer), 8 * SET.answer_sample_bytes() + SET.answer_block_bytes());
    files.are_read_as_they_were_written();
    files.that_claim_too_many_bytes_are_refused_at_the_header(|kind| match kind {
        Kind::EvaluationKey => SET.evaluation_key_bytes(),
        // A single probe may have two eyes.
        Kind::Query => 2 * SET.encrypted_template_bytes() + (1 << 16),
        Kind::Answer => SET.answer_block_bytes() + 8 * SET.answer_sample_bytes() + (1 << 16),
        _ => 1 << 24,
    });
    files.with_a_wrong_number_of_ciphertexts_are_refused();
    files.without_a_mask_are_refused(SET, 1, (8, 1));
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
    files().that_claim_too_many_bytes_are_refused_at_the_header(|kind| match kind {
        Kind::EvaluationKey => SET.evaluation_key_bytes(),
        // A probe may have two eyes.
        Kind::Query => 2 * PROBES * SET.encrypted_template_bytes() + (1 << 16),
        Kind::Answer => PROBES * (SET.answer_block_bytes() + 8 * SET.answer_sample_bytes()) + (1 << 16),
        _ => 1 << 24,
    });
}

#[test]
fn a_file_of_another_agreement_scheme_set_or_key_is_refused() {
    files().of_another_agreement_scheme_set_or_key_are_refused::<Tfhe>("bgv-32768-690", "tfhe-896-2048");
}

/// A query and keys made under another set of scheme `bgv`, in envelopes that claim ours.
#[test]
fn payloads_of_another_set_are_refused_by_their_size() {
    let mut terms = Terms::hamming(DIMENSION, 20).with_scheme(SchemeChoice::Bgv);
    terms.encryption.parameter_set = "bgv-8192-210".to_owned();
    terms.disclosure = Disclosure::Each;
    terms.limits.probes_per_query = PROBES;
    let theirs = planning::open(terms).unwrap();
    let (secret, public) = SecretKey::<Bgv>::generate(&theirs, &mut rng(3)).unwrap();
    let querier = Querier::new(&theirs, secret);
    let probes = vec![record("a", &mut rng(4)), record("b", &mut rng(5))];
    let (query, _) = querier.ask(probes, Target::Gallery, &mut rng(4)).unwrap();
    let payload = |file: &[u8]| payload_of(file).to_vec();
    let refused = files().read_payload(Kind::Query, payload(&query.to_bytes(&theirs).unwrap()));
    assert_eq!(refused, Err(WireError::Payload(CrossingError::Dimensions("templates"))));
    let refused = files().read_payload(Kind::EvaluationKey, payload(&public.to_bytes(&theirs)));
    assert_eq!(refused, Err(WireError::Payload(CrossingError::Dimensions("keys"))));
    let (secret, _) = SecretKey::<Bgv>::generate(&theirs, &mut rng(3)).unwrap();
    let refused = files().read_payload(Kind::SecretKey, payload(&secret.to_secret_bytes(&theirs)));
    assert_eq!(refused, Err(WireError::Field("key")));
    // And values, where they never were files.
    let custodian = Custodian::<Bgv>::new(&files().agreement, &files().gallery, 0).unwrap();
    let answer = custodian.answer(&files().admitted, &query, &mut rng(5), &());
    assert!(matches!(answer, Err(AnswerError::OtherKey { .. } | AnswerError::OtherTerms)));
    let (secret, _) = SecretKey::<Bgv>::generate(&theirs, &mut rng(3)).unwrap();
    let asked =
        Querier::new(&files().agreement, secret).ask(vec![record("a", &mut rng(4))], Target::Gallery, &mut rng(4));
    assert!(matches!(asked, Err(AskError::OtherParameters { .. })));
}

/// Every place where a residue stands gets one that is not below its prime.
#[test]
fn a_residue_that_is_not_below_its_prime_is_refused() {
    let n = SET.ring_size();
    let limb_bytes = n / 4 * GROUP_BYTES;
    for (files, kind, before) in [
        (files(), Kind::Query, 32),
        (files(), Kind::EvaluationKey, 32),
        (files(), Kind::Answer, 0),
        (files_of_any(), Kind::Answer, 0),
    ] {
        let start = files.ciphertexts(kind) + before;
        let limbs = ((files.payload(kind).len() - start) / limb_bytes).max(1);
        let mut rng = rng(6);
        let places: Vec<(usize, usize)> = (0..limbs)
            .step_by(limbs.div_ceil(12))
            .map(|limb| (limb, rng.random_range(0..n)))
            .chain([(0, 0), (0, n - 1)])
            .collect();
        for (limb, place) in places {
            // A query's second sample has a seed in front of it.
            let sample = if kind == Kind::Query { limb / SET.limbs * 32 } else { 0 };
            files.with_a_residue_that_is_none_are_refused(kind, start + sample + limb * limb_bytes, place);
        }
    }
}

#[test]
fn a_filling_that_is_not_zero_is_refused() {
    files_of_any().with_a_filling_that_is_not_zero_are_refused(SET);
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
    files().without_a_mask_are_refused(SET, 2, (8, 1));
    files_of_any().without_a_mask_are_refused(SET, 2, (1, 0));
}

#[test]
fn a_public_key_that_encrypts_nothing_is_refused() {
    files().with_a_public_key_that_encrypts_nothing_are_refused(SET);
}

#[test]
fn a_secret_key_that_is_not_ternary_or_of_another_length_is_refused() {
    files().with_a_secret_key_that_is_not_ternary_or_of_another_length_are_refused(0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_decodes_is_the_one_encoding_of_its_value(
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
        mask in any::<u8>(),
        probes in 0usize..4,
    ) {
        files().decode_to_themselves(probes, &noise, mask, |length| at.index(length));
        files_of_any().decode_to_themselves(probes, &noise, mask, |length| at.index(length));
        files_of_a_bundle().decode_to_themselves(probes, &noise, mask, |length| at.index(length));
    }

    /// Residues below every prime of the set: what decodes is used, and nothing panics.
    #[test]
    fn no_answer_is_too_odd_to_be_read(seed in any::<u64>()) {
        files().of_any_residues_have_verdicts(seed);
        files_of_any().of_any_residues_have_verdicts(seed);
        files_of_a_bundle().of_any_residues_have_verdicts(seed);
    }
}

/// Random keys and a random query, as they could be sent in bad faith, are computed with in order.
#[test]
fn keys_and_a_query_of_random_residues_are_answered() {
    let random = |kind: Kind| {
        let mut rng = rng(8);
        let start = files().ciphertexts(kind);
        let mut payload = files().payload(kind).to_vec();
        // A seed, any bytes, in front of every sample of a query, and of a key.
        let seeds = if kind == Kind::Query { 2 } else { 1 };
        let each = (payload.len() - start) / seeds;
        for sample in payload[start..].chunks_exact_mut(each) {
            rng.fill(&mut sample[..32]);
            fill_with_residues(&mut sample[32..], &mut rng);
        }
        payload
    };
    files().made_in_bad_faith_are_answered(random(Kind::EvaluationKey), random(Kind::Query));
}

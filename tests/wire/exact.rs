//! Files of scheme `bgv`: accidents, other keys and sets, and bad faith in an envelope with the right checksum.

use std::io::Read;
use std::sync::OnceLock;

use cotejo::agreement::{Disclosure, SchemeChoice, SchemeId, Terms};
use cotejo::custodian::{AdmittedKey, AnswerError, Custodian, Gallery};
use cotejo::functional::SampleLayout;
use cotejo::parameters::bgv::{BgvSet, INSECURE_BGV};
use cotejo::parameters::{ParameterSet, SetMark};
use cotejo::planning;
use cotejo::querier::{AskError, Pending, Querier, SecretKey, Verdict};
use cotejo::scheme::bgv::Bgv;
use cotejo::scheme::bgv::ciphertexts::{EncryptedProbes, EncryptedVerdicts};
use cotejo::scheme::bgv::keys::EvaluationKey as PublicKeys;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::scheme::{Crossing, CrossingError, Extent, Opened, OtherScheme};
use cotejo::wire::{Answer, Envelope, EvaluationKey, Expected, KeyId, Kind, Query, QueryId, Target, WireError};
use proptest::prelude::*;
use rand::Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::altered::joined;
use crate::fixture::{CHECKSUM_BYTES, DIMENSION, HEADER_BYTES, KINDS, PROBES, record, rng};

const SET: &BgvSet = &INSECURE_BGV;
const SET_NAME: &str = "insecure-bgv-test";

/// Four residues of 30 bits, packed.
const GROUP_BYTES: usize = 15;

/// One exchange, its files by kind.
struct Files {
    agreement: Opened,
    gallery: Gallery,
    key: KeyId,
    admitted: AdmittedKey<Bgv>,
    files: Vec<Vec<u8>>,
}

fn agreement(disclosure: Disclosure, threshold: u32) -> Opened {
    let mut terms = Terms::hamming(DIMENSION, threshold).with_scheme(SchemeChoice::Bgv);
    terms.encryption.parameter_set = SET_NAME.to_owned();
    terms.disclosure = disclosure;
    terms.limits.probes_per_query = PROBES;
    terms.limits.references = 8;
    planning::open(terms).unwrap()
}

fn exchanged(disclosure: Disclosure) -> Files {
    let agreement = agreement(disclosure, 20);
    let mut rng = rng(1);
    let references = ["a", "b", "c"].map(|subject| record(subject, &mut rng));
    let gallery = Gallery::enrol(&agreement, references.to_vec()).gallery.unwrap();
    let (secret, public) = SecretKey::<Bgv>::generate(&agreement, &mut rng).unwrap();
    let key = public.id();
    let (secret_file, public_file) =
        (secret.to_secret_bytes(&agreement).to_vec(), public.to_bytes(&agreement).to_vec());
    let querier = Querier::new(&agreement, secret);
    let probes = vec![references[1].clone(), record("stranger", &mut rng)];
    let (query, pending) = querier.ask(probes, Target::Gallery, &mut rng).unwrap();
    let admitted = AdmittedKey::new(public);
    let answer = Custodian::new(&agreement, &gallery, 0).unwrap().answer(&admitted, &query, &mut rng, &()).unwrap();
    let files = vec![
        secret_file,
        public_file,
        query.to_bytes(&agreement).unwrap().to_vec(),
        answer.to_bytes(&agreement).unwrap().to_vec(),
        Vec::new(),
        pending.to_bytes(&agreement).unwrap().to_vec(),
    ];
    Files { agreement, gallery, key, admitted, files }
}

/// A query with two probes about a gallery of three, under `each`.
fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| exchanged(Disclosure::Each))
}

/// The same under `any`: its answer has numbers, not ring elements.
fn files_of_any() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| exchanged(Disclosure::Any))
}

impl Files {
    fn of(&self, kind: Kind) -> &[u8] {
        &self.files[kind as usize - 1]
    }

    fn payload(&self, kind: Kind) -> &[u8] {
        let file = self.of(kind);
        &file[HEADER_BYTES..file.len() - CHECKSUM_BYTES]
    }

    /// In an envelope that is as it should be: an evaluation key goes by its own name.
    fn wrap(&self, kind: Kind, payload: Vec<u8>) -> Vec<u8> {
        let key = match kind {
            Kind::EvaluationKey => Sha256::digest(&payload).first_chunk().copied().map(KeyId),
            _ => Some(self.key),
        };
        Envelope::new(kind, &self.agreement, key, payload).to_bytes().to_vec()
    }

    fn read_payload(&self, kind: Kind, payload: Vec<u8>) -> Result<(), WireError> {
        read(kind, self.wrap(kind, payload).as_slice(), &self.agreement)
    }

    fn with_header(&self, kind: Kind, change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
        let expected = Expected { kind, agreement: &self.agreement, key: None, limit_bytes: 1 << 30 };
        let mut envelope = Envelope::read(self.of(kind), &expected).unwrap();
        change(&mut envelope);
        envelope.to_bytes().to_vec()
    }

    /// Where the ciphertexts of a payload begin: behind its part in the clear.
    fn ciphertexts(&self, kind: Kind) -> usize {
        match kind {
            Kind::Query | Kind::Answer => 4 + u32::from_le_bytes(*self.payload(kind).first_chunk().unwrap()) as usize,
            _ => 0,
        }
    }
}

fn read(kind: Kind, file: impl Read, agreement: &Opened) -> Result<(), WireError> {
    match kind {
        Kind::SecretKey => SecretKey::<Bgv>::read(file, agreement).map(drop),
        Kind::EvaluationKey => EvaluationKey::<Bgv>::read(file, agreement).map(drop),
        Kind::Query => Query::<Bgv>::read(file, agreement, None).map(drop),
        Kind::Answer => Answer::<Bgv>::read(file, agreement, None).map(drop),
        Kind::Gallery => panic!("a gallery is no envelope"),
        Kind::Pending => Pending::from_reader(file, agreement).map(drop),
    }
}

const NOT_CANONICAL: WireError = WireError::Payload(CrossingError::NotCanonical);

/// Those in front, those at the end, and some between.
fn positions(length: usize) -> Vec<usize> {
    let (front, end) = (160.min(length), length.saturating_sub(48));
    let mut rng = rng(2);
    let between: Vec<usize> = (0..16).map(|_| rng.random_range(0..length)).collect();
    (0..front).chain(between).chain(end..length).collect()
}

#[test]
fn files_are_read_as_they_were_written() {
    for files in [files(), files_of_any()] {
        for kind in KINDS {
            assert_eq!(read(kind, files.of(kind), &files.agreement), Ok(()), "{kind}");
        }
        let querier = Querier::new(
            &files.agreement,
            SecretKey::<Bgv>::read(files.of(Kind::SecretKey), &files.agreement).unwrap(),
        );
        let answer = Answer::<Bgv>::read(files.of(Kind::Answer), &files.agreement, Some(files.key)).unwrap();
        let pending = Pending::from_reader(files.of(Kind::Pending), &files.agreement).unwrap();
        let verdicts = pending.read(&querier, &answer).unwrap();
        assert_eq!(verdicts.iter().map(|(_, verdict)| verdict.hit()).collect::<Vec<_>>(), [true, false]);
        if files.agreement.terms().disclosure == Disclosure::Each {
            assert_eq!(verdicts[0].1, Verdict::Each(vec![false, true, false]));
        }
    }
}

#[test]
fn a_file_cut_short_anywhere_is_truncated_and_a_byte_more_is_trailing() {
    for kind in KINDS {
        let file = files().of(kind);
        positions(file.len()).into_par_iter().for_each(|length| {
            let refused = read(kind, &file[..length], &files().agreement);
            assert_eq!(refused, Err(WireError::Truncated), "{kind}, {length} bytes");
        });
        let longer = [file, &[0]].concat();
        assert_eq!(read(kind, longer.as_slice(), &files().agreement), Err(WireError::Trailing), "{kind}");
    }
}

#[test]
fn a_flipped_bit_is_found() {
    for kind in KINDS {
        let file = files().of(kind);
        positions(file.len()).into_par_iter().for_each(|position| {
            let mut flipped = file.to_vec();
            flipped[position] ^= 1 << (position % 8);
            let error = read(kind, flipped.as_slice(), &files().agreement).expect_err("a flipped bit");
            assert!(position < HEADER_BYTES || error == WireError::Checksum, "{kind}, byte {position}: {error:?}");
        });
    }
}

/// Fails when it is read further than a header.
struct HeaderAlone<'a>(&'a [u8]);

impl Read for HeaderAlone<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        assert!(!self.0.is_empty(), "read beyond the header");
        self.0.read(buffer)
    }
}

#[test]
fn a_claim_of_too_many_bytes_is_refused_at_the_header() {
    for kind in KINDS {
        let payload = files().payload(kind).len() as u64;
        let most = match kind {
            Kind::EvaluationKey => SET.evaluation_key_bytes() as u64,
            // A probe may have two eyes.
            Kind::Query => (2 * PROBES * SET.encrypted_template_bytes()) as u64 + (1 << 16),
            Kind::Answer => (PROBES * SET.answer_block_bytes().max(4 * SET.answer_sample_bytes())) as u64 + (1 << 16),
            _ => 1 << 24,
        };
        for actual in [1 << 60, u64::MAX, most + 1] {
            let file = files().with_header(kind, |envelope| envelope.header.payload_bytes = actual);
            let refused = read(kind, HeaderAlone(&file[..HEADER_BYTES]), &files().agreement).unwrap_err();
            let WireError::TooLarge { limit, actual: claimed } = refused else { panic!("{kind}: {refused:?}") };
            assert_eq!(claimed, actual);
            assert!((payload..=most).contains(&limit), "{kind}: {payload} bytes within a limit of {limit}");
        }
    }
}

#[test]
fn a_file_of_another_agreement_scheme_set_or_key_is_refused() {
    let ours = &files().agreement;
    let theirs = agreement(Disclosure::Each, 19);
    for kind in KINDS {
        let error = WireError::Agreement { expected: theirs.digest(), actual: ours.digest() };
        assert_eq!(read(kind, files().of(kind), &theirs), Err(error), "{kind}");

        let file = files().with_header(kind, |envelope| {
            envelope.header.parameters = ParameterSet::by_name("bgv-32768-690").map(SetMark::of);
        });
        let error = WireError::Parameters { expected: SET_NAME, actual: "bgv-32768-690" };
        assert_eq!(read(kind, HeaderAlone(&file[..HEADER_BYTES]), ours), Err(error), "{kind}");

        let file = files().with_header(kind, |envelope| {
            envelope.header.scheme = Some(SchemeId::Tfhe);
            envelope.header.parameters = ParameterSet::by_name("tfhe-896-2048").map(SetMark::of);
        });
        let error = OtherScheme { expected: SchemeId::Bgv, actual: SchemeId::Tfhe };
        assert_eq!(read(kind, HeaderAlone(&file[..HEADER_BYTES]), ours), Err(error.into()), "{kind}");
    }
    let theirs = KeyId([7; 16]);
    let error = Some(WireError::Key { expected: theirs, actual: files().key });
    assert_eq!(Query::<Bgv>::read(files().of(Kind::Query), ours, Some(theirs)).err(), error);
    assert_eq!(Answer::<Bgv>::read(files().of(Kind::Answer), ours, Some(theirs)).err(), error);
    let renamed = files().with_header(Kind::EvaluationKey, |envelope| envelope.header.key = Some(theirs));
    assert_eq!(read(Kind::EvaluationKey, renamed.as_slice(), ours), Err(WireError::Header("key")));
    // A reader of the other scheme does not get as far as the file.
    let other = OtherScheme { expected: SchemeId::Bgv, actual: SchemeId::Tfhe };
    let refused = Query::<Tfhe>::read(HeaderAlone(&[]), ours, None).err();
    assert_eq!(refused, Some(WireError::Scheme(other)));
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
    let payload = |file: &[u8]| file[HEADER_BYTES..file.len() - CHECKSUM_BYTES].to_vec();
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
        let payload = files.payload(kind);
        let start = files.ciphertexts(kind) + before;
        let limbs = ((payload.len() - start) / limb_bytes).max(1);
        let mut rng = rng(6);
        let places: Vec<(usize, usize)> = (0..limbs)
            .step_by(limbs.div_ceil(12))
            .map(|limb| (limb, rng.random_range(0..n)))
            .chain([(0, 0), (0, n - 1)])
            .collect();
        for (limb, place) in places {
            // A query's second sample has a seed in front of it.
            let sample = if kind == Kind::Query { limb / SET.limbs * 32 } else { 0 };
            let bit = 8 * (start + sample + limb * limb_bytes) + 30 * place;
            let mut altered = payload.to_vec();
            (bit..bit + 30).for_each(|bit| altered[bit / 8] |= 1 << (bit % 8));
            assert_eq!(files.read_payload(kind, altered), Err(NOT_CANONICAL), "{kind}, limb {limb}, residue {place}");
        }
    }
}

/// A number of an answer fills its last group with zeros.
#[test]
fn a_filling_that_is_not_zero_is_refused() {
    let files = files_of_any();
    let payload = files.payload(Kind::Answer);
    let used = 30 * (SET.ring_size() + 1);
    let start = files.ciphertexts(Kind::Answer);
    assert_eq!(payload.len() - start, 2 * SET.answer_sample_bytes());
    for bit in used..8 * SET.answer_sample_bytes() {
        let mut altered = payload.to_vec();
        altered[start + bit / 8] ^= 1 << (bit % 8);
        assert_eq!(files.read_payload(Kind::Answer, altered), Err(NOT_CANONICAL), "bit {bit}");
    }
}

#[test]
fn a_wrong_number_of_ciphertexts_is_refused() {
    for (files, kind, name) in [
        (files(), Kind::Query, "templates"),
        (files(), Kind::EvaluationKey, "keys"),
        (files(), Kind::Answer, "verdicts"),
        (files_of_any(), Kind::Answer, "verdicts"),
    ] {
        let payload = files.payload(kind);
        let start = files.ciphertexts(kind);
        let half = start + (payload.len() - start) / 2;
        let shorter = [payload.len() - 1, payload.len() - GROUP_BYTES, half, start];
        for length in shorter {
            let refused = files.read_payload(kind, payload[..length].to_vec());
            assert_eq!(refused, Err(WireError::Payload(CrossingError::Dimensions(name))), "{kind}, {length} bytes");
        }
        for more in [1, GROUP_BYTES, (payload.len() - start) / 2] {
            let refused = files.read_payload(kind, [payload, &vec![0; more]].concat()).unwrap_err();
            let too_large =
                matches!(refused, WireError::TooLarge { .. } | WireError::Payload(CrossingError::TooLarge { .. }));
            assert!(
                too_large || refused == WireError::Payload(CrossingError::Dimensions(name)),
                "{kind}, {more} bytes more: {refused:?}"
            );
        }
    }
    // As many as there are, but announced as fewer or more probes.
    let ciphertext = &files().payload(Kind::Query)[files().ciphertexts(Kind::Query)..];
    for probes in [1, 3, PROBES] {
        let payload = joined(&(QueryId([3; 16]), Target::Gallery, vec![SampleLayout::Single; probes]), ciphertext);
        let refused = files().read_payload(Kind::Query, payload).unwrap_err();
        assert!(matches!(refused, WireError::Payload(_)), "{probes}: {refused:?}");
    }
}

#[test]
fn an_answer_without_a_mask_is_refused() {
    for files in [files(), files_of_any()] {
        let (payload, start) = (files.payload(Kind::Answer), files.ciphertexts(Kind::Answer));
        let element = (payload.len() - start) / 2;
        for number in 0..2 {
            let mut altered = payload.to_vec();
            altered[start + number * element..start + (number + 1) * element].fill(0);
            // The body alone is not a mask: it stands first in a ring element, last in a number.
            let body = if element == SET.answer_block_bytes() { 0 } else { element - GROUP_BYTES };
            altered[start + number * element + body] = 1;
            let refused = files.read_payload(Kind::Answer, altered);
            assert_eq!(refused, Err(WireError::Payload(CrossingError::Trivial)), "element {number}");
        }
    }
}

#[test]
fn a_secret_key_that_is_not_ternary_or_of_another_length_is_refused() {
    let payload = files().payload(Kind::SecretKey);
    let mut altered = payload.to_vec();
    altered[7] = 3;
    for altered in [altered, vec![], payload[1..].to_vec(), [payload, &[0]].concat()] {
        assert_eq!(files().read_payload(Kind::SecretKey, altered), Err(WireError::Field("key")));
    }
}

/// Decoding and encoding again is the identity, or a typed error.
fn decodes_to_itself<T: Crossing<Set = BgvSet>>(bytes: &[u8], extent: &Extent<'_>) {
    if let Ok(value) = T::decode(bytes, SET, extent) {
        assert!(value.encode().unwrap() == bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_decodes_is_the_one_encoding_of_its_value(
        noise in proptest::collection::vec(any::<u8>(), 0..300),
        at in any::<prop::sample::Index>(),
        mask in any::<u8>(),
        length in any::<prop::sample::Index>(),
        probes in 0usize..4,
    ) {
        for files in [files(), files_of_any()] {
            let functional = files.agreement.functional();
            let disclosure = files.agreement.terms().disclosure;
            let verdicts_per_probe = if disclosure == Disclosure::Any { 1 } else { 3 };
            let extent = Extent { functional, disclosure, probes, samples: probes, verdicts_per_probe };
            let as_it_is = Extent { probes: 2, samples: 2, ..extent };
            for kind in [Kind::Query, Kind::Answer, Kind::EvaluationKey] {
                let good = &files.payload(kind)[files.ciphertexts(kind)..];
                // The whole again, with the noise laid over it, every byte masked or not.
                let mut altered = good.to_vec();
                let at = at.index(altered.len());
                altered[at..].iter_mut().zip(&noise).for_each(|(byte, noise)| *byte ^= noise & mask);
                let cut = &good[..length.index(good.len() + 1)];
                for (bytes, extent) in [(noise.as_slice(), &extent), (&altered, &as_it_is), (cut, &extent)] {
                    match kind {
                        Kind::Query => decodes_to_itself::<EncryptedProbes>(bytes, extent),
                        Kind::Answer => decodes_to_itself::<EncryptedVerdicts>(bytes, extent),
                        _ => decodes_to_itself::<PublicKeys>(bytes, extent),
                    }
                }
            }
        }
    }

    /// Residues below every prime of the set: what decodes is used, and nothing panics.
    #[test]
    fn no_answer_is_too_odd_to_be_read(seed in any::<u64>()) {
        for files in [files(), files_of_any()] {
            let start = files.ciphertexts(Kind::Answer);
            let mut payload = files.payload(Kind::Answer).to_vec();
            let mut rng = rng(seed);
            let groups = payload[start..].chunks_exact_mut(GROUP_BYTES);
            groups.for_each(|group| {
                let word = (0..4).fold(0u128, |word, _| word << 30 | rng.random_range(0..1u128 << 29));
                group.copy_from_slice(&word.to_le_bytes()[..GROUP_BYTES]);
            });
            let file = files.wrap(Kind::Answer, payload);
            let Ok(answer) = Answer::<Bgv>::read(file.as_slice(), &files.agreement, None) else { continue };
            let key = SecretKey::<Bgv>::read(files.of(Kind::SecretKey), &files.agreement).unwrap();
            let pending = Pending::from_reader(files.of(Kind::Pending), &files.agreement).unwrap();
            prop_assert_eq!(pending.read(&Querier::new(&files.agreement, key), &answer).unwrap().len(), 2);
        }
    }
}

/// Random keys and a random query, as they could be sent in bad faith, are computed with in order.
#[test]
fn keys_and_a_query_of_random_residues_are_answered() {
    let files = files();
    let random = |kind: Kind| {
        let mut rng = rng(8);
        let start = files.ciphertexts(kind);
        let mut payload = files.payload(kind).to_vec();
        // Seeds are any bytes; residues stay below 2^29 where the fourth of a group is cleared of its highest bit, and so on.
        let seeds = if kind == Kind::Query { 2 } else { 1 };
        let each = (payload.len() - start) / seeds;
        for sample in payload[start..].chunks_exact_mut(each) {
            rng.fill(&mut sample[..32]);
            sample[32..].chunks_exact_mut(GROUP_BYTES).for_each(|group| {
                let word = (0..4).fold(0u128, |word, _| word << 30 | rng.random_range(0..1u128 << 29));
                group.copy_from_slice(&word.to_le_bytes()[..GROUP_BYTES]);
            });
        }
        files.wrap(kind, payload)
    };
    let key = EvaluationKey::<Bgv>::read(random(Kind::EvaluationKey).as_slice(), &files.agreement).unwrap();
    let admitted = AdmittedKey::new(key);
    let payload = &random(Kind::Query)[HEADER_BYTES..];
    let payload = payload[..payload.len() - CHECKSUM_BYTES].to_vec();
    let file = Envelope::new(Kind::Query, &files.agreement, Some(admitted.id()), payload).to_bytes();
    let query = Query::<Bgv>::read(file.as_slice(), &files.agreement, Some(admitted.id())).unwrap();
    let custodian = Custodian::<Bgv>::new(&files.agreement, &files.gallery, 0).unwrap();
    assert!(custodian.answer(&admitted, &query, &mut rng(9), &()).is_ok());
}

//! One exchange under a scheme of blocks, a file of every kind, and what holds of such files under either of them.

use std::io::Read;

use cotejo::agreement::{Disclosure, Terms};
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::functional::SampleLayout;
use cotejo::parameters::bgv::BgvSet;
use cotejo::parameters::{ParameterSet, SetMark};
use cotejo::planning;
use cotejo::querier::{Pending, Querier, SecretKey, Verdict};
use cotejo::scheme::{Crossing, CrossingError, Evaluator, Extent, Holder, Opened, OtherScheme};
use cotejo::wire::{Answer, Envelope, EvaluationKey, Expected, KeyId, Kind, Query, QueryId, Target, WireError};
use rand::Rng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::altered::joined;
use crate::fixture::{CHECKSUM_BYTES, DIMENSION, HEADER_BYTES, KINDS, PROBES, record, rng};

/// Four residues of 30 bits, packed.
pub const GROUP_BYTES: usize = 15;

pub const NOT_CANONICAL: WireError = WireError::Payload(CrossingError::NotCanonical);

/// One exchange, its files by kind.
pub struct Files<S: Holder + Evaluator> {
    pub agreement: Opened,
    pub gallery: Gallery,
    pub key: KeyId,
    pub admitted: AdmittedKey<S>,
    files: Vec<Vec<u8>>,
}

pub fn agreement(set: &str, disclosure: Disclosure, threshold: u32) -> Opened {
    admitting(set, disclosure, threshold, 8)
}

/// On galleries of so many references at most.
fn admitting(set: &str, disclosure: Disclosure, threshold: u32, references: usize) -> Opened {
    let scheme = ParameterSet::by_name(set).unwrap().scheme();
    let mut terms = Terms::hamming(DIMENSION, threshold).with_scheme(scheme.into());
    terms.encryption.parameter_set = set.to_owned();
    terms.disclosure = disclosure;
    terms.limits.probes_per_query = PROBES;
    terms.limits.references = references;
    planning::open(terms).unwrap()
}

/// A query with two probes about a gallery of three.
pub fn exchanged<S: Holder + Evaluator>(set: &str, disclosure: Disclosure) -> Files<S> {
    exchanged_under(agreement(set, disclosure, 20))
}

/// The same under an agreement that admits so many references that each probe has a ciphertext of its own.
pub fn exchanged_alone<S: Holder + Evaluator>(set: &str, disclosure: Disclosure) -> Files<S> {
    exchanged_under(admitting(set, disclosure, 20, 2_000))
}

fn exchanged_under<S: Holder + Evaluator>(agreement: Opened) -> Files<S> {
    let mut rng = rng(1);
    let references = ["a", "b", "c"].map(|subject| record(subject, &mut rng));
    let gallery = Gallery::enrol(&agreement, references.to_vec()).gallery.unwrap();
    let (secret, public) = SecretKey::<S>::generate(&agreement, &mut rng).unwrap();
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

pub fn read<S: Holder + Evaluator>(kind: Kind, file: impl Read, agreement: &Opened) -> Result<(), WireError> {
    match kind {
        Kind::SecretKey => SecretKey::<S>::read(file, agreement).map(drop),
        Kind::EvaluationKey => EvaluationKey::<S>::read(file, agreement).map(drop),
        Kind::Query => Query::<S>::read(file, agreement, None).map(drop),
        Kind::Answer => Answer::<S>::read(file, agreement, None).map(drop),
        Kind::Gallery => panic!("a gallery is no envelope"),
        Kind::Pending => Pending::from_reader(file, agreement).map(drop),
    }
}

/// What lies between header and checksum.
pub fn payload_of(file: &[u8]) -> &[u8] {
    &file[HEADER_BYTES..file.len() - CHECKSUM_BYTES]
}

/// Groups of residues below 2^29: below every prime of a set.
pub fn fill_with_residues(groups: &mut [u8], rng: &mut impl Rng) {
    groups.chunks_exact_mut(GROUP_BYTES).for_each(|group| {
        let word = (0..4).fold(0u128, |word, _| word << 30 | rng.random_range(0..1u128 << 29));
        group.copy_from_slice(&word.to_le_bytes()[..GROUP_BYTES]);
    });
}

/// Fails when it is read further than a header.
pub struct HeaderAlone<'a>(pub &'a [u8]);

impl Read for HeaderAlone<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        assert!(!self.0.is_empty(), "read beyond the header");
        self.0.read(buffer)
    }
}

/// Those in front, those at the end, and some between.
fn positions(length: usize) -> Vec<usize> {
    let (front, end) = (160.min(length), length.saturating_sub(48));
    let mut rng = rng(2);
    let between: Vec<usize> = (0..16).map(|_| rng.random_range(0..length)).collect();
    (0..front).chain(between).chain(end..length).collect()
}

impl<S: Holder + Evaluator> Files<S> {
    pub fn of(&self, kind: Kind) -> &[u8] {
        &self.files[kind as usize - 1]
    }

    pub fn payload(&self, kind: Kind) -> &[u8] {
        payload_of(self.of(kind))
    }

    /// In an envelope that is as it should be: an evaluation key goes by its own name.
    pub fn wrap(&self, kind: Kind, payload: Vec<u8>) -> Vec<u8> {
        let key = match kind {
            Kind::EvaluationKey => Sha256::digest(&payload).first_chunk().copied().map(KeyId),
            _ => Some(self.key),
        };
        Envelope::new(kind, &self.agreement, key, payload).to_bytes().to_vec()
    }

    pub fn read_payload(&self, kind: Kind, payload: Vec<u8>) -> Result<(), WireError> {
        self.read(kind, self.wrap(kind, payload).as_slice())
    }

    fn read(&self, kind: Kind, file: impl Read) -> Result<(), WireError> {
        read::<S>(kind, file, &self.agreement)
    }

    fn set(&self) -> S::Set {
        S::agreed_set(&self.agreement).unwrap()
    }

    fn with_header(&self, kind: Kind, change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
        let expected = Expected { kind, agreement: &self.agreement, key: None, limit_bytes: 1 << 30 };
        let mut envelope = Envelope::read(self.of(kind), &expected).unwrap();
        change(&mut envelope);
        envelope.to_bytes().to_vec()
    }

    /// Where the ciphertexts of a payload begin: behind its part in the clear.
    pub fn ciphertexts(&self, kind: Kind) -> usize {
        match kind {
            Kind::Query | Kind::Answer => 4 + u32::from_le_bytes(*self.payload(kind).first_chunk().unwrap()) as usize,
            _ => 0,
        }
    }

    pub fn are_read_as_they_were_written(&self) {
        for kind in KINDS {
            assert_eq!(self.read(kind, self.of(kind)), Ok(()), "{kind}");
        }
        let querier = Querier::new(&self.agreement, self.secret());
        let answer = Answer::<S>::read(self.of(Kind::Answer), &self.agreement, Some(self.key)).unwrap();
        let pending = Pending::from_reader(self.of(Kind::Pending), &self.agreement).unwrap();
        let verdicts = pending.read(&querier, &answer).unwrap();
        assert_eq!(verdicts.iter().map(|(_, verdict)| verdict.hit()).collect::<Vec<_>>(), [true, false]);
        if self.agreement.terms().disclosure == Disclosure::Each {
            assert_eq!(verdicts[0].1, Verdict::Each(vec![false, true, false]));
        }
    }

    pub fn secret(&self) -> SecretKey<S> {
        SecretKey::<S>::read(self.of(Kind::SecretKey), &self.agreement).unwrap()
    }

    pub fn cut_short_are_truncated_and_longer_ones_trail(&self) {
        for kind in KINDS {
            let file = self.of(kind);
            positions(file.len()).into_par_iter().for_each(|length| {
                let refused = self.read(kind, &file[..length]);
                assert_eq!(refused, Err(WireError::Truncated), "{kind}, {length} bytes");
            });
            let longer = [file, &[0]].concat();
            assert_eq!(self.read(kind, longer.as_slice()), Err(WireError::Trailing), "{kind}");
        }
    }

    pub fn with_a_flipped_bit_are_refused(&self) {
        for kind in KINDS {
            let file = self.of(kind);
            positions(file.len()).into_par_iter().for_each(|position| {
                let mut flipped = file.to_vec();
                flipped[position] ^= 1 << (position % 8);
                let error = self.read(kind, flipped.as_slice()).expect_err("a flipped bit");
                assert!(position < HEADER_BYTES || error == WireError::Checksum, "{kind}, byte {position}: {error:?}");
            });
        }
    }

    /// `most` is what a limit may be at most.
    pub fn that_claim_too_many_bytes_are_refused_at_the_header(&self, most: impl Fn(Kind) -> usize) {
        for kind in KINDS {
            let (payload, most) = (self.payload(kind).len() as u64, most(kind) as u64);
            for actual in [1 << 60, u64::MAX, most + 1] {
                let file = self.with_header(kind, |envelope| envelope.header.payload_bytes = actual);
                let refused = self.read(kind, HeaderAlone(&file[..HEADER_BYTES])).unwrap_err();
                let WireError::TooLarge { limit, actual: claimed } = refused else { panic!("{kind}: {refused:?}") };
                assert_eq!(claimed, actual);
                assert!((payload..=most).contains(&limit), "{kind}: {payload} bytes within a limit of {limit}");
            }
        }
    }

    /// `other_set` is another set of the same scheme, `O` another scheme and `set_of_other` a set of it.
    pub fn of_another_agreement_scheme_set_or_key_are_refused<O: Holder + Evaluator>(
        &self,
        other_set: &'static str,
        set_of_other: &str,
    ) {
        let (ours, set) = (&self.agreement, self.agreement.parameters().name());
        let named = |name: &str| ParameterSet::by_name(name).map(SetMark::of);
        let theirs = agreement(set, Disclosure::Each, 19);
        for kind in KINDS {
            let error = WireError::Agreement { expected: theirs.digest(), actual: ours.digest() };
            assert_eq!(read::<S>(kind, self.of(kind), &theirs), Err(error), "{kind}");

            let file = self.with_header(kind, |envelope| envelope.header.parameters = named(other_set));
            let refused = self.read(kind, HeaderAlone(&file[..HEADER_BYTES])).unwrap_err();
            let WireError::Parameters { expected, actual } = refused else { panic!("{kind}: {refused:?}") };
            assert_eq!((expected, actual), (set, other_set), "{kind}");

            let file = self.with_header(kind, |envelope| {
                envelope.header.scheme = Some(O::ID);
                envelope.header.parameters = named(set_of_other);
            });
            let error = OtherScheme { expected: S::ID, actual: O::ID };
            assert_eq!(self.read(kind, HeaderAlone(&file[..HEADER_BYTES])), Err(error.into()), "{kind}");
        }
        let theirs = KeyId([7; 16]);
        let error = Some(WireError::Key { expected: theirs, actual: self.key });
        assert_eq!(Query::<S>::read(self.of(Kind::Query), ours, Some(theirs)).err(), error);
        assert_eq!(Answer::<S>::read(self.of(Kind::Answer), ours, Some(theirs)).err(), error);
        let renamed = self.with_header(Kind::EvaluationKey, |envelope| envelope.header.key = Some(theirs));
        assert_eq!(self.read(Kind::EvaluationKey, renamed.as_slice()), Err(WireError::Header("key")));
        // A reader of another scheme does not get as far as the file.
        let other = OtherScheme { expected: S::ID, actual: O::ID };
        let refused = Query::<O>::read(HeaderAlone(&[]), ours, None).err();
        assert_eq!(refused, Some(WireError::Scheme(other)));
    }

    /// A polynomial's residues begin at `byte` of the payload; the one at `place` is made as large as its 30 bits can be.
    pub fn with_a_residue_that_is_none_are_refused(&self, kind: Kind, byte: usize, place: usize) {
        let bit = 8 * byte + 30 * place;
        let mut altered = self.payload(kind).to_vec();
        (bit..bit + 30).for_each(|bit| altered[bit / 8] |= 1 << (bit % 8));
        assert_eq!(self.read_payload(kind, altered), Err(NOT_CANONICAL), "{kind}, byte {byte}, residue {place}");
    }

    /// A number of an answer fills its last group with zeros; the ring is that of the answer.
    pub fn with_a_filling_that_is_not_zero_are_refused(&self, ring: &BgvSet) {
        let payload = self.payload(Kind::Answer);
        let used = 30 * (ring.ring_size() + 1);
        let start = self.ciphertexts(Kind::Answer);
        assert_eq!(payload.len() - start, 2 * ring.answer_sample_bytes());
        for bit in used..8 * ring.answer_sample_bytes() {
            let mut altered = payload.to_vec();
            altered[start + bit / 8] ^= 1 << (bit % 8);
            assert_eq!(self.read_payload(Kind::Answer, altered), Err(NOT_CANONICAL), "bit {bit}");
        }
    }

    pub fn with_a_wrong_number_of_ciphertexts_are_refused(&self) {
        for (kind, name) in [(Kind::Query, "templates"), (Kind::EvaluationKey, "keys"), (Kind::Answer, "verdicts")] {
            let payload = self.payload(kind);
            let start = self.ciphertexts(kind);
            let half = start + (payload.len() - start) / 2;
            for length in [payload.len() - 1, payload.len() - GROUP_BYTES, half, start] {
                let refused = self.read_payload(kind, payload[..length].to_vec());
                assert_eq!(refused, Err(WireError::Payload(CrossingError::Dimensions(name))), "{kind}, {length} bytes");
            }
            for more in [1, GROUP_BYTES, (payload.len() - start) / 2] {
                let refused = self.read_payload(kind, [payload, &vec![0; more]].concat()).unwrap_err();
                let too_large =
                    matches!(refused, WireError::TooLarge { .. } | WireError::Payload(CrossingError::TooLarge { .. }));
                assert!(
                    too_large || refused == WireError::Payload(CrossingError::Dimensions(name)),
                    "{kind}, {more} bytes more: {refused:?}"
                );
            }
        }
    }

    /// As many as there are, but announced as fewer or more probes, each of which has its own.
    pub fn announced_as_another_number_of_probes_are_refused(&self) {
        let ciphertext = &self.payload(Kind::Query)[self.ciphertexts(Kind::Query)..];
        for probes in [1, 3, PROBES] {
            let payload = joined(&(QueryId([3; 16]), Target::Gallery, vec![SampleLayout::Single; probes]), ciphertext);
            let refused = self.read_payload(Kind::Query, payload).unwrap_err();
            assert!(matches!(refused, WireError::Payload(_)), "{probes}: {refused:?}");
        }
    }

    /// The answer is of so many probes, each so many numbers, then so many ring elements; the ring is theirs.
    pub fn without_a_mask_are_refused(&self, ring: &BgvSet, probes: usize, (numbers, elements): (usize, usize)) {
        let (payload, mut start) = (self.payload(Kind::Answer), self.ciphertexts(Kind::Answer));
        let of_probe = [vec![ring.answer_sample_bytes(); numbers], vec![ring.answer_block_bytes(); elements]].concat();
        for (number, length) in of_probe.repeat(probes).into_iter().enumerate() {
            let mut altered = payload.to_vec();
            altered[start..start + length].fill(0);
            // The body alone is not a mask: it stands first in a ring element, last in a number.
            let body = if length == ring.answer_block_bytes() { 0 } else { length - GROUP_BYTES };
            altered[start + body] = 1;
            start += length;
            let refused = self.read_payload(Kind::Answer, altered);
            assert_eq!(refused, Err(WireError::Payload(CrossingError::Trivial)), "element {number}");
        }
        assert_eq!(start, payload.len());
    }

    /// Of the ring's public keys, which stand behind a seed of 32 bytes, the first polynomial, one in between, and the last.
    pub fn with_a_public_key_that_encrypts_nothing_are_refused(&self, ring: &BgvSet) {
        let payload = self.payload(Kind::EvaluationKey);
        let bytes = (1 << ring.ring_log2) / 4 * GROUP_BYTES;
        let all = (ring.evaluation_key_bytes() - 32) / bytes;
        for polynomial in [0, all / 2, all - 1] {
            let mut altered = payload.to_vec();
            altered[32 + polynomial * bytes..][..bytes].fill(0);
            let refused = self.read_payload(Kind::EvaluationKey, altered);
            assert_eq!(refused, Err(WireError::Payload(CrossingError::Trivial)), "polynomial {polynomial} of {all}");
        }
    }

    /// Each coefficient of the ring's key is a byte, of which the first stands at `ring`.
    pub fn with_a_secret_key_that_is_not_ternary_or_of_another_length_are_refused(&self, ring: usize) {
        let payload = self.payload(Kind::SecretKey);
        let mut altered = payload.to_vec();
        altered[ring + 7] = 3;
        for altered in [altered, vec![], payload[1..].to_vec(), [payload, &[0]].concat()] {
            assert_eq!(self.read_payload(Kind::SecretKey, altered), Err(WireError::Field("key")));
        }
    }

    /// Decoding and encoding again is the identity, or a typed error: of noise, of a payload that it is laid over, and of one cut short.
    pub fn decode_to_themselves(&self, probes: usize, noise: &[u8], mask: u8, at: impl Fn(usize) -> usize) {
        let disclosure = self.agreement.terms().disclosure;
        let verdicts_per_probe = if disclosure == Disclosure::Any { 1 } else { 3 };
        let functional = self.agreement.functional();
        let extent = Extent { functional, disclosure, probes, samples: probes, verdicts_per_probe };
        let as_it_is = Extent { probes: 2, samples: 2, ..extent };
        let set = self.set();
        for kind in [Kind::Query, Kind::Answer, Kind::EvaluationKey] {
            let good = &self.payload(kind)[self.ciphertexts(kind)..];
            // The whole again, with the noise laid over it, every byte masked or not.
            let mut altered = good.to_vec();
            let place = at(altered.len());
            altered[place..].iter_mut().zip(noise).for_each(|(byte, noise)| *byte ^= noise & mask);
            let cut = &good[..place];
            for (bytes, extent) in [(noise, &extent), (&altered, &as_it_is), (cut, &extent)] {
                match kind {
                    Kind::Query => decodes_to_itself::<S::EncryptedProbes>(bytes, &set, extent),
                    Kind::Answer => decodes_to_itself::<S::EncryptedVerdicts>(bytes, &set, extent),
                    _ => decodes_to_itself::<S::EvaluationKey>(bytes, &set, extent),
                }
            }
        }
    }

    /// An answer of any residues is read in order: of each of the two probes something.
    pub fn of_any_residues_have_verdicts(&self, seed: u64) {
        let start = self.ciphertexts(Kind::Answer);
        let mut payload = self.payload(Kind::Answer).to_vec();
        fill_with_residues(&mut payload[start..], &mut rng(seed));
        let file = self.wrap(Kind::Answer, payload);
        // Where a number's filling is not zero it is none.
        let Ok(answer) = Answer::<S>::read(file.as_slice(), &self.agreement, None) else { return };
        let pending = Pending::from_reader(self.of(Kind::Pending), &self.agreement).unwrap();
        assert_eq!(pending.read(&Querier::new(&self.agreement, self.secret()), &answer).unwrap().len(), 2);
    }

    /// A key and a query's ciphertexts, as they could be sent in bad faith, are computed with in order.
    pub fn made_in_bad_faith_are_answered(&self, key: Vec<u8>, query: Vec<u8>) {
        let key = self.wrap(Kind::EvaluationKey, key);
        let key = EvaluationKey::<S>::read(key.as_slice(), &self.agreement).unwrap();
        let admitted = AdmittedKey::new(key);
        let file = Envelope::new(Kind::Query, &self.agreement, Some(admitted.id()), query).to_bytes();
        let query = Query::<S>::read(file.as_slice(), &self.agreement, Some(admitted.id())).unwrap();
        let custodian = Custodian::<S>::new(&self.agreement, &self.gallery, 0).unwrap();
        assert!(custodian.answer(&admitted, &query, &mut rng(9), &()).is_ok());
    }
}

fn decodes_to_itself<T: Crossing>(bytes: &[u8], set: &T::Set, extent: &Extent<'_>) {
    if let Ok(value) = T::decode(bytes, set, extent) {
        assert!(value.encode().unwrap() == bytes);
    }
}

//! Agreements of every scheme under their insecure sets, and envelopes around any payload.

use std::sync::LazyLock;

use cotejo::agreement::{ComparisonTerms, Disclosure, EyeRule, SchemeId, ServiceTerms, Terms};
use cotejo::parameters::ParameterSet;
use cotejo::planning;
use cotejo::querier::{Pending, SecretKey};
use cotejo::scheme::bgv::Bgv;
use cotejo::scheme::hybrid::Hybrid;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::scheme::{Holder, Opened};
use cotejo::template::{IrisShape, MaskSharing};
use cotejo::wire::{Answer, Envelope, EvaluationKey, KeyId, Kind, Query, WireError};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};

/// What is an envelope; a gallery grows, and is not.
pub const KINDS: [Kind; 5] = [Kind::SecretKey, Kind::EvaluationKey, Kind::Query, Kind::Answer, Kind::Pending];

/// An iris code of 512 bits, with room for rotations.
pub const IRIS: IrisShape = IrisShape { rows: 4, columns: 32, channels: 4, mask: MaskSharing::ByPair };

/// One agreement for each way to decode: every scheme, every disclosure, one template a probe or one for each eye.
pub static AGREEMENTS: LazyLock<[Opened; 9]> = LazyLock::new(|| {
    let mut iris = Terms::iris(IRIS);
    if let ComparisonTerms::FractionalHamming { rotations, eyes, minimum_common_bits, .. } = &mut iris.comparison {
        (*rotations, *eyes, *minimum_common_bits) = (1, EyeRule::Any, 128);
    }
    [
        small(Terms::face(16), "insecure-test", Disclosure::Any),
        small(iris, "insecure-test", Disclosure::Each),
        small(Terms::hamming(32, 6), "insecure-bgv-test", Disclosure::Any),
        small(Terms::hamming(32, 6), "insecure-bgv-test", Disclosure::Each),
        small(Terms::hamming(32, 6), "insecure-bgv-test", Disclosure::Count),
        small(Terms::hamming(32, 6), "insecure-hybrid-test", Disclosure::Any),
        small(Terms::hamming(32, 6), "insecure-hybrid-test", Disclosure::Each),
        small(Terms::hamming(32, 6), "insecure-bgv-test", Disclosure::Labelled),
        small(Terms::hamming(32, 6), "insecure-hybrid-test", Disclosure::Labelled),
    ]
});

fn small(terms: Terms, set: &str, disclosure: Disclosure) -> Opened {
    let scheme = ParameterSet::by_name(set).expect("a named set").scheme();
    let mut terms = terms.with_scheme(scheme.into());
    terms.encryption.parameter_set = set.to_owned();
    terms.disclosure = disclosure;
    terms.limits.references = 8;
    terms.limits.hits_per_probe = (disclosure == Disclosure::Labelled).then_some(2);
    terms.limits.references_per_subject = 2;
    terms.limits.probes_per_query = 2;
    terms.service = Some(ServiceTerms::default());
    planning::open(terms).expect("terms that fit together")
}

/// The payload of a real evaluation key under the first agreement of each scheme: some megabytes, too long to be mutated at speed.
pub static EVALUATION_KEYS: [(usize, LazyLock<Vec<u8>>); 3] = [
    (0, LazyLock::new(|| evaluation_key::<Tfhe>(0))),
    (2, LazyLock::new(|| evaluation_key::<Bgv>(2))),
    (5, LazyLock::new(|| evaluation_key::<Hybrid>(5))),
];

fn evaluation_key<S: Holder>(agreement: usize) -> Vec<u8> {
    let agreement = &AGREEMENTS[agreement];
    let (_, key) = SecretKey::<S>::generate(agreement, &mut ChaCha20Rng::seed_from_u64(1)).expect("keys");
    payload_of(&key.to_bytes(agreement)).to_vec()
}

/// What lies between header and checksum.
pub fn payload_of(file: &[u8]) -> &[u8] {
    &file[72..file.len() - 32]
}

/// A long value as an edit makes it: three bytes say where, two how much is taken away there, and the others are put in its place.
pub fn edited(original: &[u8], edit: &[u8]) -> Option<Vec<u8>> {
    let (&[a, b, c, d, e], inserted) = edit.split_first_chunk()?;
    let begin = u32::from_le_bytes([a, b, c, 0]) as usize % (original.len() + 1);
    let end = original.len().min(begin + usize::from(u16::from_le_bytes([d, e])));
    Some([&original[..begin], inserted, &original[end..]].concat())
}

/// A payload in an envelope that is as it should be.
///
/// An evaluation key goes by the name that follows from its payload, and anything else by that of some key.
pub fn wrapped(kind: Kind, agreement: &Opened, payload: &[u8]) -> Vec<u8> {
    let key = match kind {
        Kind::EvaluationKey => Sha256::digest(payload).first_chunk().copied().map(KeyId),
        _ => Some(KeyId([7; 16])),
    };
    Envelope::new(kind, agreement, key, payload.to_vec()).to_bytes().to_vec()
}

/// Reads a file as its kind is read, and writes it again.
///
/// # Errors
///
/// [`WireError`] as the reader gives it.
pub fn rewritten(kind: Kind, agreement: &Opened, file: &[u8]) -> Result<Vec<u8>, WireError> {
    match agreement.scheme() {
        SchemeId::Tfhe => rewritten_by::<Tfhe>(kind, agreement, file),
        SchemeId::Bgv => rewritten_by::<Bgv>(kind, agreement, file),
        SchemeId::Hybrid => rewritten_by::<Hybrid>(kind, agreement, file),
    }
}

fn rewritten_by<S: Holder>(kind: Kind, agreement: &Opened, file: &[u8]) -> Result<Vec<u8>, WireError> {
    let bytes = match kind {
        Kind::SecretKey => SecretKey::<S>::read(file, agreement)?.to_secret_bytes(agreement),
        Kind::EvaluationKey => EvaluationKey::<S>::read(file, agreement)?.to_bytes(agreement),
        Kind::Query => Query::<S>::read(file, agreement, None)?.to_bytes(agreement)?,
        Kind::Answer => Answer::<S>::read(file, agreement, None)?.to_bytes(agreement)?,
        Kind::Pending => Pending::from_reader(file, agreement)?.to_bytes(agreement)?,
        Kind::Gallery => unreachable!("a gallery is no envelope"),
    };
    Ok(bytes.to_vec())
}

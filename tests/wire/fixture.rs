//! One exchange under the insecure set: a file of every kind, and its reader.

use std::sync::OnceLock;

use cotejo::agreement::Terms;
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::planning;
use cotejo::querier::{Pending, Querier, SecretKey};
use cotejo::scheme::Opened;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::template::{Bits, Record, SubjectId, Template};
use cotejo::wire::{Answer, Envelope, EvaluationKey, Expected, KeyId, Kind, Query, Target, WireError};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;
use sha2::{Digest, Sha256};

/// What is an envelope; a gallery grows, and is not: see `src/custodian/gallery/tests.rs`.
pub const KINDS: [Kind; 5] = [Kind::SecretKey, Kind::EvaluationKey, Kind::Query, Kind::Answer, Kind::Pending];

/// Bytes before the payload, and after it.
pub const HEADER_BYTES: usize = 72;
pub const CHECKSUM_BYTES: usize = 32;

/// Bits of a template; four bits of the last byte are padding.
pub const DIMENSION: usize = 60;
/// Most probes of a query.
pub const PROBES: usize = 4;

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub fn agreement(mut terms: Terms) -> Opened {
    terms.encryption.parameter_set = "insecure-test".to_owned();
    terms.limits.probes_per_query = PROBES;
    terms.limits.references = 8;
    terms.limits.references_per_subject = 2;
    planning::open(terms).unwrap()
}

pub fn id(text: &str) -> SubjectId {
    SubjectId::try_from(text.to_owned()).unwrap()
}

pub fn record(subject: &str, rng: &mut ChaCha20Rng) -> Record {
    let bits = Bits::new((0..DIMENSION).map(|_| rng.random())).unwrap();
    Record { subject: id(subject), eye: None, template: Template::Bits(bits) }
}

pub struct Files {
    pub agreement: Opened,
    pub key: KeyId,
    pub admitted: AdmittedKey<Tfhe>,
    files: Vec<Vec<u8>>,
}

/// A query with two probes about a gallery of three, and everything around it.
pub fn files() -> &'static Files {
    static FILES: OnceLock<Files> = OnceLock::new();
    FILES.get_or_init(|| {
        let agreement = agreement(Terms::hamming(DIMENSION, 20));
        let mut rng = rng(1);
        let references = ["a", "b", "c"].map(|subject| record(subject, &mut rng));
        let gallery = Gallery::enrol(&agreement, references.to_vec()).gallery.unwrap();
        let (secret, public) = SecretKey::<Tfhe>::generate(&agreement, &mut rng).unwrap();
        let key = public.id();
        let secret_file = secret.to_secret_bytes(&agreement).to_vec();
        let public_file = public.to_bytes(&agreement).to_vec();
        let querier = Querier::new(&agreement, secret);
        let probes = vec![references[1].clone(), record("stranger", &mut rng)];
        let (query, pending) = querier.ask(probes, Target::Gallery, &mut rng).unwrap();
        let custodian = Custodian::new(&agreement, &gallery, 0).unwrap();
        let admitted = AdmittedKey::new(public);
        let answer = custodian.answer(&admitted, &query, &mut rng, &()).unwrap();
        let files = vec![
            secret_file,
            public_file,
            query.to_bytes(&agreement).unwrap().to_vec(),
            answer.to_bytes(&agreement).unwrap().to_vec(),
            gallery.as_bytes().to_vec(),
            pending.to_bytes(&agreement).unwrap().to_vec(),
        ];
        Files { agreement, key, admitted, files }
    })
}

impl Files {
    /// The whole file of a kind.
    pub fn of(&self, kind: Kind) -> &[u8] {
        &self.files[kind as usize - 1]
    }

    /// What lies between header and checksum.
    pub fn payload(&self, kind: Kind) -> &[u8] {
        let file = self.of(kind);
        &file[HEADER_BYTES..file.len() - CHECKSUM_BYTES]
    }

    /// A payload in an envelope that is as it should be: an evaluation key goes by its own name.
    pub fn wrap(&self, kind: Kind, payload: Vec<u8>) -> Envelope {
        let key = match kind {
            Kind::EvaluationKey => Sha256::digest(&payload).first_chunk().copied().map(KeyId),
            _ => Some(self.key),
        };
        Envelope::new(kind, &self.agreement, key, payload)
    }

    /// Reads a payload in such an envelope.
    pub fn read_payload(&self, kind: Kind, payload: Vec<u8>) -> Result<(), WireError> {
        read(kind, self.wrap(kind, payload).to_bytes().as_slice(), &self.agreement)
    }

    /// The envelope of a file that is as it should be.
    pub fn envelope(&self, kind: Kind) -> Envelope {
        let expected = Expected { kind, agreement: &self.agreement, key: None, limit_bytes: 1 << 30 };
        Envelope::read(self.of(kind), &expected).unwrap()
    }
}

/// Reads a file as its kind is read, under any key.
pub fn read(kind: Kind, file: impl std::io::Read, agreement: &Opened) -> Result<(), WireError> {
    match kind {
        Kind::SecretKey => SecretKey::<Tfhe>::read(file, agreement).map(drop),
        Kind::EvaluationKey => EvaluationKey::<Tfhe>::read(file, agreement).map(drop),
        Kind::Query => Query::<Tfhe>::read(file, agreement, None).map(drop),
        Kind::Answer => Answer::<Tfhe>::read(file, agreement, None).map(drop),
        Kind::Gallery => panic!("a gallery is no envelope"),
        Kind::Pending => Pending::from_reader(file, agreement).map(drop),
    }
}

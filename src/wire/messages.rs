//! Evaluation key, query, answer.

use std::io::Read;

use bincode::Options;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Envelope, Expected, Kind, WireError};
use crate::agreement::{Agreement, Digest, Disclosure};
use crate::functional::SampleLayout;
use crate::parameters::ParameterSet;
use crate::scheme::{Crossing, CrossingError, Extent, Scheme};
use crate::template::SubjectId;

/// Names one querier's keys: the first 16 bytes of the SHA-256 of the evaluation key's payload.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 16]);

/// Names one query; random.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QueryId(pub [u8; 16]);

macro_rules! hexadecimal {
    ($($id:ty),*) => {$(
        impl std::fmt::Display for $id {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl std::fmt::Debug for $id {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($id), "({})"), self)
            }
        }
    )*};
}
hexadecimal!(KeyId, QueryId);

/// Whom a query is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Anybody in the gallery (1:N).
    Gallery,
    /// One enrolled subject (1:1). Names it to the custodian.
    Subject(SubjectId),
}

/// One querier's public keys. Crosses once, from querier to custodian.
pub struct EvaluationKey<S: Scheme> {
    key: S::EvaluationKey,
    parameters: &'static ParameterSet,
    id: KeyId,
    payload: Vec<u8>,
}

impl<S: Scheme> EvaluationKey<S> {
    const EXTENT: Extent = Extent { count: 1, coordinates: 0 };

    /// Names the keys.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if they cannot be serialised.
    pub fn new(key: S::EvaluationKey, parameters: &'static ParameterSet) -> Result<Self, WireError> {
        let payload = key.encode()?;
        Ok(Self { key, parameters, id: fingerprint(&payload), payload })
    }

    /// The keys and the parameter set they are of.
    pub fn into_parts(self) -> (S::EvaluationKey, &'static ParameterSet) {
        (self.key, self.parameters)
    }

    /// Names these keys in every file made with them.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The file.
    pub fn to_bytes(&self, agreement: &Agreement) -> Zeroizing<Vec<u8>> {
        Envelope::new(Kind::EvaluationKey, agreement, Some(self.id), self.payload.clone()).to_bytes()
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but an evaluation key of the agreement's parameter set, unaltered.
    pub fn read(reader: impl Read, agreement: &Agreement) -> Result<Self, WireError> {
        let set = agreement.parameters();
        let limit_bytes = S::EvaluationKey::limit_bytes(set, Self::EXTENT);
        let expected = Expected { kind: Kind::EvaluationKey, agreement, key: None, limit_bytes };
        let envelope = Envelope::read(reader, &expected)?;
        let id = fingerprint(&envelope.payload);
        if envelope.header.key != Some(id) {
            return Err(WireError::Header("key"));
        }
        let key = S::EvaluationKey::decode(&envelope.payload, set, Self::EXTENT)?;
        Ok(Self { key, parameters: set, id, payload: envelope.payload.to_vec() })
    }
}

fn fingerprint(payload: &[u8]) -> KeyId {
    let digest: [u8; 32] = Sha256::digest(payload).into();
    let mut id = [0; 16];
    id.iter_mut().zip(digest).for_each(|(id, byte)| *id = byte);
    KeyId(id)
}

/// Encrypted probes. Crosses from querier to custodian.
pub struct Query<S: Scheme> {
    /// Names the query.
    pub id: QueryId,
    /// The querier's keys.
    pub key: KeyId,
    /// The agreement it was asked under.
    pub agreement: Digest,
    /// Whom it is about.
    pub target: Target,
    /// Which samples each probe has.
    pub layouts: Vec<SampleLayout>,
    /// The samples, encrypted.
    pub ciphertext: S::EncryptedProbes,
}

/// The part of a query that is in the clear.
#[derive(Serialize, Deserialize)]
struct QueryClear {
    id: QueryId,
    target: Target,
    layouts: Vec<SampleLayout>,
}

impl<S: Scheme> Query<S> {
    /// The file.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if it cannot be serialised.
    pub fn to_bytes(&self, agreement: &Agreement) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let clear = QueryClear { id: self.id, target: self.target.clone(), layouts: self.layouts.clone() };
        let payload = join(&clear, &self.ciphertext)?;
        Ok(Envelope::new(Kind::Query, agreement, Some(self.key), payload).to_bytes())
    }

    /// Reads the file; `key` is the querier's, where it must be a certain one.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a query under this agreement and key, within the agreement's limits.
    pub fn read(reader: impl Read, agreement: &Agreement, key: Option<KeyId>) -> Result<Self, WireError> {
        let set = agreement.parameters();
        let coordinates = agreement.functional().coordinates();
        let most = agreement.terms().limits.probes_per_query;
        let limit = S::EncryptedProbes::limit_bytes(set, Extent { count: 2 * most, coordinates });
        let limit_clear = 1024 + 8 * most as u64;
        let expected = Expected { kind: Kind::Query, agreement, key, limit_bytes: limit + limit_clear };
        let envelope = Envelope::read(reader, &expected)?;
        let (clear, ciphertext): (QueryClear, _) = split(&envelope.payload, limit_clear)?;
        let QueryClear { id, target, layouts } = clear;
        if layouts.is_empty() || layouts.len() > most {
            return Err(WireError::Field("number of probes"));
        }
        if !layouts.iter().all(|layout| layout.suits(agreement.functional().eyes())) {
            return Err(WireError::Field("choice of eyes"));
        }
        let count = layouts.iter().map(|layout| layout.eyes().len()).sum();
        let ciphertext = S::EncryptedProbes::decode(ciphertext, set, Extent { count, coordinates })?;
        let key = envelope.header.key.ok_or(WireError::Header("key"))?;
        Ok(Self { id, key, agreement: agreement.digest(), target, layouts, ciphertext })
    }
}

/// Encrypted verdicts. Crosses from custodian to querier.
pub struct Answer<S: Scheme> {
    /// The query that is answered.
    pub query: QueryId,
    /// The querier's keys.
    pub key: KeyId,
    /// Probes of the query.
    pub probes: usize,
    /// Bits for each probe: 1 for `any`, one an enrolled subject for `each` and `count`.
    pub verdicts_per_probe: usize,
    /// The bits, encrypted and sanitised.
    pub ciphertext: S::EncryptedVerdicts,
}

/// The part of an answer that is in the clear.
#[derive(Serialize, Deserialize)]
struct AnswerClear {
    query: QueryId,
    probes: u32,
    verdicts_per_probe: u32,
}

impl<S: Scheme> Answer<S> {
    /// The file.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if it cannot be serialised.
    pub fn to_bytes(&self, agreement: &Agreement) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let clear = AnswerClear {
            query: self.query,
            probes: self.probes as u32,
            verdicts_per_probe: self.verdicts_per_probe as u32,
        };
        let payload = join(&clear, &self.ciphertext)?;
        Ok(Envelope::new(Kind::Answer, agreement, Some(self.key), payload).to_bytes())
    }

    /// Reads the file; `key` is the querier's, where it must be a certain one.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but an answer under this agreement and key, with no more bits than the agreement discloses.
    pub fn read(reader: impl Read, agreement: &Agreement, key: Option<KeyId>) -> Result<Self, WireError> {
        let set = agreement.parameters();
        let limits = &agreement.terms().limits;
        let most_each = match agreement.terms().disclosure {
            Disclosure::Any => 1,
            Disclosure::Each | Disclosure::Count => limits.references,
        };
        let extent = |count| Extent { count, coordinates: 0 };
        let most = limits.probes_per_query * most_each;
        let limit_clear = 64;
        let limit_bytes = S::EncryptedVerdicts::limit_bytes(set, extent(most)) + limit_clear;
        let envelope = Envelope::read(reader, &Expected { kind: Kind::Answer, agreement, key, limit_bytes })?;
        let (clear, ciphertext): (AnswerClear, _) = split(&envelope.payload, limit_clear)?;
        let (probes, verdicts_per_probe) = (clear.probes as usize, clear.verdicts_per_probe as usize);
        if !(1..=limits.probes_per_query).contains(&probes) || !(1..=most_each).contains(&verdicts_per_probe) {
            return Err(WireError::Field("number of verdicts"));
        }
        let ciphertext = S::EncryptedVerdicts::decode(ciphertext, set, extent(probes * verdicts_per_probe))?;
        let key = envelope.header.key.ok_or(WireError::Header("key"))?;
        Ok(Self { query: clear.query, key, probes, verdicts_per_probe, ciphertext })
    }
}

fn options() -> impl Options {
    bincode::DefaultOptions::new().with_fixint_encoding()
}

/// The clear part with its length in front, then the ciphertext.
fn join(clear: &impl Serialize, ciphertext: &impl Crossing) -> Result<Vec<u8>, WireError> {
    let clear = options().serialize(clear).map_err(|_| CrossingError::Encoding)?;
    let mut payload = Vec::from((clear.len() as u32).to_le_bytes());
    payload.extend(clear);
    payload.extend(ciphertext.encode()?);
    Ok(payload)
}

fn split<T: Serialize + DeserializeOwned>(payload: &[u8], limit: u64) -> Result<(T, &[u8]), WireError> {
    let (length, rest) = payload.split_first_chunk::<4>().ok_or(WireError::Field("length"))?;
    let (clear, ciphertext) =
        rest.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or(WireError::Field("length"))?;
    Ok((decode_clear(clear, limit)?, ciphertext))
}

/// Decodes a bounded value whose encoding must be canonical.
pub(crate) fn decode_clear<T: Serialize + DeserializeOwned>(bytes: &[u8], limit: u64) -> Result<T, WireError> {
    let value = options().with_limit(limit).deserialize(bytes).map_err(|_| WireError::Field("clear part"))?;
    match Zeroizing::new(encode_clear(&value)?).as_slice() == bytes {
        true => Ok(value),
        false => Err(CrossingError::NotCanonical.into()),
    }
}

pub(crate) fn encode_clear(value: &impl Serialize) -> Result<Vec<u8>, WireError> {
    Ok(options().serialize(value).map_err(|_| CrossingError::Encoding)?)
}

//! Evaluation key, query, answer.

use std::sync::Arc;

use std::io::Read;

use bincode::Options;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Envelope, Expected, Kind, WireError};
use crate::agreement::{Digest, Disclosure, Limits};
use crate::functional::SampleLayout;
use crate::parameters::ParameterSet;
use crate::scheme::{Crossing, CrossingError, Extent, Opened, Scheme};
use crate::template::SubjectId;

use super::names::{GalleryVersion, KeyId, QueryId};

/// Whom a query is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Target {
    /// Anybody in the gallery (1:N).
    Gallery,
    /// One enrolled subject (1:1). Names it to the custodian.
    Subject(SubjectId),
}

impl Target {
    /// What an answer to such a query discloses.
    pub(crate) fn disclosure<S: Scheme>(&self, agreement: &Opened) -> Disclosure {
        let agreed = agreement.terms().disclosure;
        match self {
            Self::Gallery => agreed,
            Self::Subject(_) => S::of_one_subject(agreed),
        }
    }
}

/// One querier's public keys. Crosses once, from querier to custodian.
pub struct EvaluationKey<S: Scheme> {
    key: S::EvaluationKey,
    set: S::Set,
    parameters: Arc<ParameterSet>,
    id: KeyId,
    payload: Vec<u8>,
}

impl<S: Scheme> EvaluationKey<S> {
    /// Names the keys, fresh ones of an agreement's parameter set.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if they cannot be serialised; [`WireError::Scheme`] for an agreement on another scheme.
    pub(crate) fn new(key: S::EvaluationKey, agreement: &Opened) -> Result<Self, WireError> {
        let (set, parameters) = (S::agreed_set(agreement)?, agreement.parameters().clone());
        let payload = key.encode()?;
        Ok(Self { key, set, parameters, id: fingerprint(&payload), payload })
    }

    /// The keys, and the parameter set they are of.
    pub(crate) fn into_parts(self) -> (S::EvaluationKey, S::Set) {
        (self.key, self.set)
    }

    /// The parameter set of the keys.
    pub(crate) fn parameters(&self) -> &Arc<ParameterSet> {
        &self.parameters
    }

    /// Names these keys in every file made with them.
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The bytes of its file, for the custodian.
    pub fn to_bytes(&self, agreement: &Opened) -> Zeroizing<Vec<u8>> {
        Envelope::new(Kind::EvaluationKey, agreement, Some(self.id), self.payload.clone()).to_bytes()
    }

    /// Longest file under an agreement, in bytes.
    ///
    /// # Errors
    ///
    /// [`WireError::Scheme`] for an agreement on another scheme.
    pub(crate) fn limit_bytes(agreement: &Opened) -> Result<u64, WireError> {
        Ok(Envelope::OVERHEAD_BYTES + Self::payload_limit_bytes(agreement)?)
    }

    fn payload_limit_bytes(agreement: &Opened) -> Result<u64, WireError> {
        Ok(S::EvaluationKey::limit_bytes(&S::agreed_set(agreement)?, &extent(agreement)))
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but an evaluation key of the agreement's parameter set, unaltered.
    pub fn read(reader: impl Read, agreement: &Opened) -> Result<Self, WireError> {
        let (set, extent) = (S::agreed_set(agreement)?, extent(agreement));
        let limit_bytes = Self::payload_limit_bytes(agreement)?;
        let expected = Expected { kind: Kind::EvaluationKey, agreement, key: None, limit_bytes };
        let envelope = Envelope::read(reader, &expected)?;
        let id = fingerprint(&envelope.payload);
        if envelope.header.key != Some(id) {
            return Err(WireError::Header("key"));
        }
        let key = S::EvaluationKey::decode(&envelope.payload, &set, &extent)?;
        Ok(Self { key, set, parameters: agreement.parameters().clone(), id, payload: envelope.payload.to_vec() })
    }
}

/// Of nothing: what keys are about.
fn extent(agreement: &Opened) -> Extent<'_> {
    let (functional, disclosure) = (agreement.functional(), agreement.terms().disclosure);
    Extent { functional, disclosure, probes: 0, samples: 0, verdicts_per_probe: 0 }
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
    /// The bytes of its file, for the custodian.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if it cannot be serialised.
    pub fn to_bytes(&self, agreement: &Opened) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let clear = QueryClear { id: self.id, target: self.target.clone(), layouts: self.layouts.clone() };
        let payload = join(&clear, &self.ciphertext)?;
        Ok(Envelope::new(Kind::Query, agreement, Some(self.key), payload).to_bytes())
    }

    /// Longest file under an agreement, in bytes.
    ///
    /// # Errors
    ///
    /// [`WireError::Scheme`] for an agreement on another scheme.
    pub(crate) fn limit_bytes(agreement: &Opened) -> Result<u64, WireError> {
        Ok(Envelope::OVERHEAD_BYTES + Self::payload_limit_bytes(agreement)?)
    }

    fn payload_limit_bytes(agreement: &Opened) -> Result<u64, WireError> {
        let most = agreement.terms().limits.probes_per_query;
        let largest = Extent { probes: most, samples: 2 * most, ..extent(agreement) };
        let ciphertext = S::EncryptedProbes::limit_bytes(&S::agreed_set(agreement)?, &largest);
        Ok(ciphertext + query_clear_limit_bytes(most))
    }

    /// Reads the file; `key` is the querier's, where it must be a certain one.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a query under this agreement and key, within the agreement's limits.
    pub fn read(reader: impl Read, agreement: &Opened, key: Option<KeyId>) -> Result<Self, WireError> {
        let set = S::agreed_set(agreement)?;
        let most = agreement.terms().limits.probes_per_query;
        let limit_clear = query_clear_limit_bytes(most);
        let limit_bytes = Self::payload_limit_bytes(agreement)?;
        let expected = Expected { kind: Kind::Query, agreement, key, limit_bytes };
        let envelope = Envelope::read(reader, &expected)?;
        let (clear, ciphertext): (QueryClear, _) = split(&envelope.payload, limit_clear)?;
        let QueryClear { id, target, layouts } = clear;
        if layouts.is_empty() || layouts.len() > most {
            return Err(WireError::Field("number of probes"));
        }
        if !layouts.iter().all(|layout| layout.suits(agreement.functional().eyes())) {
            return Err(WireError::Field("choice of eyes"));
        }
        let samples = layouts.iter().map(|layout| layout.eyes().len()).sum();
        let extent = Extent { probes: layouts.len(), samples, ..extent(agreement) };
        let ciphertext = S::EncryptedProbes::decode(ciphertext, &set, &extent)?;
        let key = envelope.header.key.ok_or(WireError::Header("key"))?;
        Ok(Self { id, key, agreement: agreement.digest(), target, layouts, ciphertext })
    }
}

/// Longest clear part of a query.
fn query_clear_limit_bytes(probes: usize) -> u64 {
    1024 + 8 * probes as u64
}

/// Encrypted verdicts. Crosses from custodian to querier.
pub struct Answer<S: Scheme> {
    /// The query that is answered.
    pub query: QueryId,
    /// The querier's keys.
    pub key: KeyId,
    /// The version of the gallery that was searched: under `each` its places are those of this version, and of no other.
    pub gallery: GalleryVersion,
    /// What it discloses: as agreed, or `any` of a query about one subject.
    pub disclosure: Disclosure,
    /// Probes of the query.
    pub probes: usize,
    /// Verdicts on each probe: 1 for `any`, one an enrolled subject for `each` and `count`, under `labelled` as many as have handles.
    pub verdicts_per_probe: usize,
    /// The verdicts, encrypted and sanitised.
    pub ciphertext: S::EncryptedVerdicts,
}

/// The part of an answer that is in the clear.
#[derive(Serialize, Deserialize)]
struct AnswerClear {
    query: QueryId,
    gallery: GalleryVersion,
    disclosure: Disclosure,
    probes: u32,
    verdicts_per_probe: u32,
}

impl<S: Scheme> Answer<S> {
    /// The bytes of its file, for the querier.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if it cannot be serialised.
    pub fn to_bytes(&self, agreement: &Opened) -> Result<Zeroizing<Vec<u8>>, WireError> {
        let clear = AnswerClear {
            query: self.query,
            gallery: self.gallery,
            disclosure: self.disclosure,
            probes: self.probes as u32,
            verdicts_per_probe: self.verdicts_per_probe as u32,
        };
        let payload = join(&clear, &self.ciphertext)?;
        Ok(Envelope::new(Kind::Answer, agreement, Some(self.key), payload).to_bytes())
    }

    /// Longest file under an agreement, in bytes.
    ///
    /// # Errors
    ///
    /// [`WireError::Scheme`] for an agreement on another scheme.
    pub fn limit_bytes(agreement: &Opened) -> Result<u64, WireError> {
        Ok(Envelope::OVERHEAD_BYTES + Self::payload_limit_bytes(agreement)?)
    }

    fn payload_limit_bytes(agreement: &Opened) -> Result<u64, WireError> {
        let set = S::agreed_set(agreement)?;
        let (limits, agreed) = (&agreement.terms().limits, agreement.terms().disclosure);
        // A query about one subject may be answered otherwise than one about the gallery.
        let limit_ciphertext = [agreed, S::of_one_subject(agreed)].into_iter().map(|disclosure| {
            let verdicts_per_probe = most_verdicts(disclosure, limits);
            let probes = limits.probes_per_query;
            let largest = Extent { disclosure, probes, verdicts_per_probe, ..extent(agreement) };
            S::EncryptedVerdicts::limit_bytes(&set, &largest)
        });
        Ok(limit_ciphertext.fold(0, u64::max) + ANSWER_CLEAR_LIMIT_BYTES)
    }

    /// Reads the file; `key` is the querier's, where it must be a certain one.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but an answer under this agreement and key, that discloses no more than the agreement does.
    pub fn read(reader: impl Read, agreement: &Opened, key: Option<KeyId>) -> Result<Self, WireError> {
        let set = S::agreed_set(agreement)?;
        let (limits, agreed) = (&agreement.terms().limits, agreement.terms().disclosure);
        let of_one = S::of_one_subject(agreed);
        let limit_bytes = Self::payload_limit_bytes(agreement)?;
        let envelope = Envelope::read(reader, &Expected { kind: Kind::Answer, agreement, key, limit_bytes })?;
        let (clear, ciphertext): (AnswerClear, _) = split(&envelope.payload, ANSWER_CLEAR_LIMIT_BYTES)?;
        let AnswerClear { query, gallery, disclosure, .. } = clear;
        if ![agreed, of_one].contains(&disclosure) {
            return Err(WireError::Field("disclosure"));
        }
        let (probes, verdicts_per_probe) = (clear.probes as usize, clear.verdicts_per_probe as usize);
        let most = most_verdicts(disclosure, limits);
        if !(1..=limits.probes_per_query).contains(&probes) || !(1..=most).contains(&verdicts_per_probe) {
            return Err(WireError::Field("number of verdicts"));
        }
        let extent = Extent { disclosure, probes, verdicts_per_probe, ..extent(agreement) };
        let ciphertext = S::EncryptedVerdicts::decode(ciphertext, &set, &extent)?;
        let key = envelope.header.key.ok_or(WireError::Header("key"))?;
        Ok(Self { query, key, gallery, disclosure, probes, verdicts_per_probe, ciphertext })
    }

    /// What the ciphertext is about.
    pub(crate) fn extent<'a>(&self, agreement: &'a Opened) -> Extent<'a> {
        let Self { disclosure, probes, verdicts_per_probe, .. } = *self;
        Extent { disclosure, probes, verdicts_per_probe, ..extent(agreement) }
    }
}

/// Longest clear part of an answer.
const ANSWER_CLEAR_LIMIT_BYTES: u64 = 64;

/// Verdicts that one probe can have.
fn most_verdicts(disclosure: Disclosure, limits: &Limits) -> usize {
    match disclosure {
        Disclosure::Any => 1,
        Disclosure::Each | Disclosure::Count => limits.references,
        Disclosure::Labelled => limits.hits_per_probe.unwrap_or(1),
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

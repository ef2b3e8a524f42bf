//! What is computed for one agreement: keys prepared, queries answered, against the newest version of its gallery.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use rand::CryptoRng;

use crate::agreement::SchemeId;
use crate::custodian::{AdmittedKey, AnswerError, Custodian, Gallery, NotEnrolled};
use crate::remedy::Remedy;
use crate::scheme::bgv::Bgv;
use crate::scheme::tfhe::Tfhe;
use crate::scheme::{Evaluator, Opened, Progress};
use crate::service::protocol::Reason;
use crate::service::signing::{Hash, Name};
use crate::template::SubjectId;
use crate::wire::{EvaluationKey, KeyId, Query, WireError};

/// A gallery and who in it is exempt, as they are now.
pub struct Loaded {
    /// The references that queries are compared with.
    pub gallery: Gallery,
    /// Persons who never match.
    pub exempt: BTreeSet<SubjectId>,
}

impl Loaded {
    /// Exempt ids that are not enrolled, so that they protect nobody.
    pub fn unknown_exempt(&self) -> Vec<NotEnrolled> {
        self.gallery.not_enrolled(&self.exempt)
    }
}

/// Where a gallery comes from.
pub trait GallerySource: Send + Sync {
    /// The gallery as it is now, if it is not what was loaded before.
    ///
    /// # Errors
    ///
    /// [`Unloadable`] says why it cannot be loaded. What was loaded before stays in use.
    fn load(&self) -> Result<Option<Loaded>, Unloadable>;
}

/// Why a gallery cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Unloadable {
    /// Which file, and what is wrong with it.
    pub what: String,
    /// What to do next.
    pub remedy: Option<String>,
}

impl Remedy for Unloadable {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        self.remedy.clone().map(Cow::from)
    }
}

/// The gallery that queries are compared with now.
pub struct Searched {
    /// Its version.
    pub version: u64,
    /// Persons enrolled in it.
    pub subjects: usize,
}

/// What a query says of itself.
pub struct QueryFacts {
    /// The query's own name, as its file and the signed request have it.
    pub query: Name,
    /// The key it is encrypted with.
    pub key: Name,
    /// Persons asked about.
    pub probes: u64,
    /// Bits that its answer would disclose at most, now.
    pub bits: u64,
    /// The version of the gallery that is searched now.
    pub gallery: u64,
    /// Why there would be no answer, now.
    pub refused: Option<AnswerError>,
}

/// An answer, and what it says of itself.
pub struct Computed {
    /// The file.
    pub answer: Vec<u8>,
    /// The version that was searched.
    pub gallery: u64,
    /// Bits that it discloses at most.
    pub bits: u64,
}

/// Why there is no answer.
pub enum NotComputed {
    /// Told to stop: later, then.
    Stopped,
    /// There will be none.
    Never(Reason),
}

/// The work of one agreement, whatever its scheme.
pub trait Engine: Send + Sync {
    /// The agreement that it serves.
    fn agreement(&self) -> &Opened;

    /// Longest file of an evaluation key, in bytes.
    fn key_limit_bytes(&self) -> u64;

    /// Longest file of a query, in bytes.
    fn query_limit_bytes(&self) -> u64;

    /// Names a key's file, if it is one.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything else.
    fn read_key(&self, bytes: &[u8]) -> Result<Name, WireError>;

    /// What a query's file says of itself, if it is one.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything else.
    fn read_query(&self, bytes: &[u8]) -> Result<QueryFacts, WireError>;

    /// The gallery in use.
    fn gallery(&self) -> Searched;

    /// Takes another version of the gallery into use. Answers that are being computed are about the one they began with.
    fn replace(&self, loaded: Loaded, version: u64);

    /// The answer to a query. `key_content` fetches the key's file where it is not at hand.
    ///
    /// # Errors
    ///
    /// [`NotComputed`].
    fn answer(
        &self,
        query: &[u8],
        key_content: &mut dyn FnMut() -> Option<Vec<u8>>,
        rng: &mut dyn CryptoRng,
        progress: &dyn Watched,
    ) -> Result<Computed, NotComputed>;
}

/// Progress that is told how far it is to go.
pub trait Watched: Progress {
    /// So many steps it will be.
    fn begin(&self, steps: u64);
}

/// What an engine may keep in memory.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Prepared keys: some 100 MB each.
    pub keys: usize,
    /// Of the gallery, as the scheme computes on it: bytes.
    pub gallery_bytes: u64,
}

/// The engine of an agreement.
///
/// # Errors
///
/// [`WireError`] for an agreement on a scheme that this program does not have.
pub fn engine(agreement: Opened, loaded: Loaded, version: u64, memory: Memory) -> Result<Arc<dyn Engine>, WireError> {
    Ok(match agreement.scheme() {
        SchemeId::Tfhe => Arc::new(OfScheme::<Tfhe>::new(agreement, loaded, version, memory)?),
        SchemeId::Bgv => Arc::new(OfScheme::<Bgv>::new(agreement, loaded, version, memory)?),
    })
}

struct OfScheme<S: Evaluator> {
    agreement: Opened,
    memory: Memory,
    current: RwLock<Arc<Current<S>>>,
    /// The latest last.
    keys: Mutex<VecDeque<(KeyId, KeySlot<S>)>>,
}

/// A key that is prepared once, whoever needs it first; none if that failed.
type KeySlot<S> = Arc<OnceLock<Option<AdmittedKey<S>>>>;

struct Current<S: Evaluator> {
    custodian: Custodian<'static, S>,
    version: u64,
    subjects: usize,
}

impl<S: Evaluator> OfScheme<S> {
    fn new(agreement: Opened, loaded: Loaded, version: u64, memory: Memory) -> Result<Self, WireError> {
        let current = Current::new(&agreement, loaded, version, memory)?;
        Ok(Self { agreement, memory, current: RwLock::new(Arc::new(current)), keys: Mutex::default() })
    }

    fn current(&self) -> Arc<Current<S>> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn keys(&self) -> MutexGuard<'_, VecDeque<(KeyId, KeySlot<S>)>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The prepared key; the one that was not used for longest makes room for it.
    fn key(&self, id: KeyId, content: &mut dyn FnMut() -> Option<Vec<u8>>) -> KeySlot<S> {
        let slot = {
            let mut keys = self.keys();
            let slot = match keys.iter().position(|(kept, _)| *kept == id) {
                Some(place) => keys.remove(place).map(|(_, slot)| slot).unwrap_or_default(),
                None => KeySlot::<S>::default(),
            };
            while keys.len() >= self.memory.keys.max(1) {
                keys.pop_front();
            }
            keys.push_back((id, Arc::clone(&slot)));
            slot
        };
        slot.get_or_init(|| {
            let content = content()?;
            EvaluationKey::read(content.as_slice(), &self.agreement).ok().map(AdmittedKey::new)
        });
        if slot.get().is_none_or(Option::is_none) {
            self.keys().retain(|(kept, _)| *kept != id);
        }
        slot
    }
}

impl<S: Evaluator> Current<S> {
    fn new(agreement: &Opened, loaded: Loaded, version: u64, memory: Memory) -> Result<Self, WireError> {
        let subjects = loaded.gallery.len();
        let custodian = Custodian::new(agreement, Arc::new(loaded.gallery), memory.gallery_bytes)?;
        Ok(Self { custodian: custodian.exempting(&loaded.exempt), version, subjects })
    }
}

impl<S: Evaluator> Engine for OfScheme<S> {
    fn agreement(&self) -> &Opened {
        &self.agreement
    }

    fn key_limit_bytes(&self) -> u64 {
        EvaluationKey::<S>::limit_bytes(&self.agreement).unwrap_or_default()
    }

    fn query_limit_bytes(&self) -> u64 {
        Query::<S>::limit_bytes(&self.agreement).unwrap_or_default()
    }

    fn read_key(&self, bytes: &[u8]) -> Result<Name, WireError> {
        EvaluationKey::<S>::read(bytes, &self.agreement).map(|key| Name(key.id().0))
    }

    fn read_query(&self, bytes: &[u8]) -> Result<QueryFacts, WireError> {
        let query = Query::<S>::read(bytes, &self.agreement, None)?;
        let current = self.current();
        let probes = query.layouts.len();
        Ok(QueryFacts {
            query: Name(query.id.0),
            key: Name(query.key.0),
            probes: probes as u64,
            bits: current.custodian.disclosed_bits(&query.target, probes),
            gallery: current.version,
            refused: current.custodian.check_bits(&query).err(),
        })
    }

    fn gallery(&self) -> Searched {
        let current = self.current();
        Searched { version: current.version, subjects: current.subjects }
    }

    fn replace(&self, loaded: Loaded, version: u64) {
        // The scheme is what it was: this cannot fail.
        if let Ok(current) = Current::new(&self.agreement, loaded, version, self.memory) {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(current);
        }
    }

    fn answer(
        &self,
        query: &[u8],
        key_content: &mut dyn FnMut() -> Option<Vec<u8>>,
        rng: &mut dyn CryptoRng,
        progress: &dyn Watched,
    ) -> Result<Computed, NotComputed> {
        let never = |reason| move |_| NotComputed::Never(reason);
        let query = Query::<S>::read(query, &self.agreement, None).map_err(never(Reason::Unprocessable))?;
        let slot = self.key(query.key, key_content);
        let key = slot.get().and_then(Option::as_ref).ok_or(NotComputed::Never(Reason::Unprocessable))?;
        let current = self.current();
        progress.begin(current.custodian.steps(&query));
        let bits = current.custodian.disclosed_bits(&query.target, query.layouts.len());
        let answer = current.custodian.answer(key, &query, rng, progress).map_err(|error| match error {
            AnswerError::Unanswered(crate::scheme::Unanswered::Stopped(_)) => NotComputed::Stopped,
            AnswerError::EmptyGallery => NotComputed::Never(Reason::EmptyGallery),
            AnswerError::TooManyBits { .. } => NotComputed::Never(Reason::Leakage),
            AnswerError::Damaged(_) => NotComputed::Never(Reason::GalleryDamaged),
            AnswerError::OtherKey { .. } | AnswerError::OtherTerms | AnswerError::Unanswered(_) => {
                NotComputed::Never(Reason::Unprocessable)
            }
        })?;
        let answer = answer.to_bytes(&self.agreement).map_err(never(Reason::Unprocessable))?;
        Ok(Computed { answer: answer.to_vec(), gallery: current.version, bits })
    }
}

/// The digest of an agreement, as records have it.
pub fn digest(agreement: &Opened) -> Hash {
    Hash(agreement.digest().0)
}

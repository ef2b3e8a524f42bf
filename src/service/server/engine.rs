//! What is computed for one agreement: keys prepared, queries answered, against the newest version of its gallery.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::keys::{Named, Prepared};
use super::queue::Cost;
use crate::custodian::{AnswerError, Gallery, NotEnrolled};
use crate::exchange::{AdmittedKey, Custodian, Drawn, ExchangeError, Question};
use crate::planning::{Pace, Plan};
use crate::remedy::Remedy;
use crate::scheme::{Opened, Progress, Randomness, Unanswered};
use crate::service::protocol::{GalleryRoot, Reason};
use crate::service::signing::{Hash, Name};
use crate::template::SubjectId;
use crate::wire::{Target, WireError};

/// A gallery and who in it is exempt, as they are now.
pub struct Loaded {
    /// The references that queries are compared with.
    pub gallery: Gallery,
    /// Persons who never match.
    pub exempt: BTreeSet<SubjectId>,
}

impl Loaded {
    /// Exempt ids that are not enrolled, so that they protect nobody.
    pub(crate) fn unknown_exempt(&self) -> Vec<NotEnrolled> {
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

    /// Whether the gallery is still where it comes from: where it is not, nothing is accepted or answered.
    fn is_there(&self) -> bool {
        true
    }
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
pub(crate) struct Searched {
    /// Its version.
    pub version: GalleryRoot,
    /// Persons enrolled in it.
    pub subjects: usize,
}

/// What a query says of itself.
pub(crate) struct QueryFacts {
    /// The query's own name, as its file and the signed request have it.
    pub query: Name,
    /// The key it is encrypted with.
    pub key: Name,
    /// Persons asked about.
    pub probes: u64,
    /// Whom it asks about, where that is one person.
    pub subject: Option<SubjectId>,
    /// Bits that its answer would disclose at most, now.
    pub bits: u64,
    /// The version of the gallery that is searched now.
    pub gallery: GalleryRoot,
    /// What its answer costs.
    pub cost: Cost,
    /// Why there would be no answer, now.
    pub refused: Option<AnswerError>,
}

/// An answer, and what it says of itself.
pub(crate) struct Computed {
    /// The file.
    pub answer: Vec<u8>,
    /// The version that was searched.
    pub gallery: GalleryRoot,
    /// Bits that it discloses at most.
    pub bits: u64,
    /// Digests of its parts, one after the other.
    pub parts: Vec<u8>,
    /// Who was exempt.
    pub exempt: Arc<BTreeSet<SubjectId>>,
    /// The program and the processor: see [`computed_with`].
    pub with: String,
}

/// Why there is no answer.
pub(crate) enum NotComputed {
    /// Told to stop: later, then.
    Stopped,
    /// There will be none.
    Never(Reason),
}

/// What an engine may keep in memory.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Prepared keys, of all agreements together: bytes.
    pub key_bytes: u64,
    /// Of the gallery, as the scheme computes on it: bytes.
    pub gallery_bytes: u64,
}

/// The work of one agreement.
pub(crate) struct Engine {
    agreement: Opened,
    pace: Pace,
    memory: Memory,
    current: RwLock<Arc<Current>>,
    keys: Arc<Prepared<AdmittedKey>>,
    /// What a prepared key takes, as planned.
    key_bytes: u64,
}

/// A version of the gallery, with all that is computed on it.
struct Current {
    custodian: Custodian,
    version: GalleryRoot,
    subjects: usize,
    exempt: Arc<BTreeSet<SubjectId>>,
    /// Of a number of probes, about one subject or all: what was planned before.
    costs: Mutex<BTreeMap<(usize, bool), Cost>>,
}

impl Engine {
    /// The engine of an agreement, with the first version of its gallery, on a machine of this pace. It keeps its keys with those of others.
    ///
    /// # Errors
    ///
    /// [`ExchangeError`] for a gallery of another agreement.
    pub(crate) fn new(
        agreement: Opened,
        pace: Pace,
        loaded: Loaded,
        version: GalleryRoot,
        memory: Memory,
        keys: Arc<Prepared<AdmittedKey>>,
    ) -> Result<Self, ExchangeError> {
        let current = RwLock::new(Arc::new(Current::new(&agreement, loaded, version, memory)?));
        // Of an exchange about one person with one reference, nearly all of the memory is the key's.
        let key_bytes = Plan::new(&agreement, 1, 1, &pace, 0).map_or(0, |plan| plan.memory_bytes);
        Ok(Self { agreement, pace, memory, current, keys, key_bytes })
    }

    /// The agreement that it serves.
    pub(crate) fn agreement(&self) -> &Opened {
        &self.agreement
    }

    /// Longest file of an evaluation key, in bytes.
    pub(crate) fn key_limit_bytes(&self) -> u64 {
        self.current().custodian.key_limit_bytes()
    }

    /// Longest file of a query, in bytes.
    pub(crate) fn query_limit_bytes(&self) -> u64 {
        self.current().custodian.query_limit_bytes()
    }

    /// Names a key's file, if it is one.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything else.
    pub(crate) fn read_key(&self, bytes: &[u8]) -> Result<Name, WireError> {
        self.current().custodian.read_key(bytes).map(|key| Name(key.id().0))
    }

    /// What a query's file says of itself, if it is one.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything else.
    pub(crate) fn read_query(&self, bytes: &[u8]) -> Result<QueryFacts, WireError> {
        let current = self.current();
        let question = current.custodian.read_query(bytes)?;
        Ok(QueryFacts {
            query: Name(question.id.0),
            key: Name(question.key.0),
            probes: question.probes as u64,
            bits: current.custodian.disclosed_bits(&question),
            gallery: current.version,
            cost: self.cost(&current, &question),
            refused: current.custodian.check_bits(&question).err(),
            subject: match question.target {
                Target::Subject(subject) => Some(subject),
                Target::Gallery => None,
            },
        })
    }

    /// The gallery in use.
    pub(crate) fn gallery(&self) -> Searched {
        let current = self.current();
        Searched { version: current.version, subjects: current.subjects }
    }

    /// Takes another version of the gallery into use. Answers that are being computed are about the one they began with.
    pub(crate) fn replace(&self, loaded: Loaded, version: GalleryRoot) {
        // The agreement is what it was: this cannot fail.
        if let Ok(current) = Current::new(&self.agreement, loaded, version, self.memory) {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(current);
        }
    }

    /// The answer to a query. `key_content` fetches the key's file where it is not at hand.
    ///
    /// # Errors
    ///
    /// [`NotComputed`].
    pub(crate) fn answer(
        &self,
        query: &[u8],
        key_content: &mut dyn FnMut() -> Option<Vec<u8>>,
        randomness: &Randomness,
        progress: &dyn Progress,
    ) -> Result<Computed, NotComputed> {
        let current = self.current();
        let unprocessable = || NotComputed::Never(Reason::Unprocessable);
        let question = current.custodian.read_query(query).map_err(|_| unprocessable())?;
        let prepare = || current.custodian.read_key(key_content()?.as_slice()).ok().map(|key| key.expand());
        let named = Named { agreement: digest(&self.agreement), key: question.key };
        let slot = self.keys.key(named, self.key_bytes, prepare);
        let key = slot.get().and_then(Option::as_ref).ok_or_else(unprocessable)?;
        let with = computed_with(&current.custodian);
        let answer = current.custodian.answer_from(key, &question, &randomness.on(&with), progress);
        let Drawn { answer, parts } = answer.map_err(|error| not_computed(&error))?;
        let bits = current.custodian.disclosed_bits(&question);
        let exempt = Arc::clone(&current.exempt);
        Ok(Computed { answer, gallery: current.version, bits, parts: parts.into_bytes(), exempt, with })
    }

    /// What the answer to a question costs by the plan: the same for every question of as many probes about one subject, whoever it is,
    /// and for every one about all.
    fn cost(&self, current: &Current, question: &Question) -> Cost {
        let one = matches!(question.target, Target::Subject(_));
        let mut costs = current.costs.lock().unwrap_or_else(PoisonError::into_inner);
        *costs.entry((question.probes, one)).or_insert_with(|| {
            // Bootstraps are counted: how many follows from the agreement, the gallery's size and the layout of the probes.
            if let Pace::Tfhe(bootstrap) = self.pace {
                let steps = u32::try_from(current.custodian.steps(question)).unwrap_or(u32::MAX);
                return Cost(bootstrap.saturating_mul(steps));
            }
            let limit = self.agreement.terms().limits.references_per_subject.saturating_mul(2);
            let references = current.custodian.gallery().references();
            let references = if one { references.min(limit) } else { references };
            let plan =
                Plan::new(&self.agreement, references.max(1), question.probes, &self.pace, self.memory.gallery_bytes);
            let seconds = plan.map_or(0.0, |plan| plan.seconds);
            Cost(Duration::try_from_secs_f64(seconds).unwrap_or_default())
        })
    }

    fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Current {
    fn new(agreement: &Opened, loaded: Loaded, version: GalleryRoot, memory: Memory) -> Result<Self, ExchangeError> {
        let subjects = loaded.gallery.len();
        let custodian = Custodian::keeping(agreement, loaded.gallery, memory.gallery_bytes)?;
        let custodian = custodian.exempting(&loaded.exempt);
        Ok(Self { custodian, version, subjects, exempt: Arc::new(loaded.exempt), costs: Mutex::default() })
    }
}

/// Which circuits answers are computed with. One more with each change by which any scheme makes other bytes of the same question, gallery and
/// seed: another order of operations, another use of randomness, other parameters of a step; whether or not the version of the program changes.
/// Answers of before are then refused by name, instead of being called others than those that were signed. Answers of programs that name no
/// number are of circuits before the second.
const CIRCUITS: u32 = 3;

/// What the bytes of a custodian's answers depend on, beside what they are about and drawn from: the program with its circuits, and the processor
/// where that matters.
pub(crate) fn computed_with(custodian: &Custodian) -> String {
    let program = format!("cotejo {}, circuits {CIRCUITS}", env!("CARGO_PKG_VERSION"));
    custodian.instructions().map_or(program.clone(), |instructions| format!("{program}, {instructions}"))
}

/// What an answer that could not be computed means for its job.
fn not_computed(error: &ExchangeError) -> NotComputed {
    NotComputed::Never(match error {
        ExchangeError::Unanswered(AnswerError::Unanswered(Unanswered::Stopped(_))) => return NotComputed::Stopped,
        ExchangeError::Unanswered(AnswerError::EmptyGallery) => Reason::EmptyGallery,
        ExchangeError::Unanswered(AnswerError::TooManyBits { .. }) => Reason::Leakage,
        ExchangeError::Unanswered(AnswerError::Damaged(_)) => Reason::GalleryDamaged,
        _ => Reason::Unprocessable,
    })
}

/// The digest of an agreement, as records have it.
pub(crate) fn digest(agreement: &Opened) -> Hash {
    Hash(agreement.digest().0)
}

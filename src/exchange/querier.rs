//! The querier's side: SECRET key, SECRET probes.

use std::any::Any;
use std::io::Read;
use std::sync::Arc;

use rand::CryptoRng;
use zeroize::Zeroizing;

use super::{ExchangeError, unwrapped};
use crate::agreement::{Agreement, Code, SchemeId};
use crate::querier::{self, KeySeed, Origin, SealError, SecretKey, Verdict};
use crate::scheme::bgv::Bgv;
use crate::scheme::hybrid::Hybrid;
use crate::scheme::tfhe::Tfhe;
use crate::scheme::{Holder, Opened};
use crate::template::{Record, SubjectId};
use crate::wire::{self, GalleryVersion, KeyId, QueryId, Target, WireError};

/// One authority that asks. A clone is another handle to the same keys.
///
/// No `Debug`, no serde: it holds the secret key, which is wiped with the last handle.
#[derive(Clone)]
pub struct Querier(Arc<dyn Asking>);

/// A query that waits for its answer, with the keys that read it. Holds the probes' identifiers, which never cross.
pub struct Pending {
    querier: Querier,
    pending: querier::Pending,
}

/// An answer that has come and is well-formed; what it says takes the pending query.
pub struct Answer {
    query: QueryId,
    gallery: GalleryVersion,
    answer: Box<dyn Any + Send>,
}

/// What a querier does, whatever its scheme.
trait Asking: Send + Sync {
    fn agreement(&self) -> &Opened;
    fn key(&self) -> KeyId;
    fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>>;
    fn remake(&self) -> Result<Option<Made>, WireError>;
    fn ask(
        &self,
        probes: Vec<Record>,
        target: Target,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, querier::Pending), ExchangeError>;
    fn ask_again(
        &self,
        probes: Vec<Record>,
        target: Target,
        origin: &Origin,
    ) -> Result<(Vec<u8>, querier::Pending), ExchangeError>;
    fn answer_limit_bytes(&self) -> u64;
    fn answer(&self, reader: &mut dyn Read) -> Result<Answer, WireError>;
    fn read(
        &self,
        pending: querier::Pending,
        answer: &Answer,
    ) -> Result<Vec<(SubjectId, Verdict)>, querier::AnswerError>;
    fn seal(&self, number: &Code, content: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, SealError>;
    fn unseal(&self, number: &Code, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError>;
}

/// A querier, and the bytes of its evaluation key for the custodian.
type Made = (Querier, Vec<u8>);

impl Querier {
    /// Fresh keys under an agreement: the querier, and the bytes of its evaluation key, which the custodian gets once.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Agreement`] for terms that the parameter set does not serve.
    pub fn generate(agreement: &Agreement, rng: &mut dyn CryptoRng) -> Result<(Self, Vec<u8>), ExchangeError> {
        let agreement = Opened::new(agreement.clone())?;
        let made = match agreement.scheme() {
            SchemeId::Tfhe => of_keys(&agreement, SecretKey::<Tfhe>::generate(&agreement, rng)),
            SchemeId::Bgv => of_keys(&agreement, SecretKey::<Bgv>::generate(&agreement, rng)),
            SchemeId::Hybrid => of_keys(&agreement, SecretKey::<Hybrid>::generate(&agreement, rng)),
        };
        Ok(made?)
    }

    /// The keys that a seed stands for, which is kept with the secret one, so that an auditor may have the other one made again.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if the public keys cannot be serialised.
    pub fn from_seed(agreement: &Opened, seed: KeySeed) -> Result<(Self, Vec<u8>), WireError> {
        match agreement.scheme() {
            SchemeId::Tfhe => of_keys(agreement, SecretKey::<Tfhe>::from_seed(agreement, seed)),
            SchemeId::Bgv => of_keys(agreement, SecretKey::<Bgv>::from_seed(agreement, seed)),
            SchemeId::Hybrid => of_keys(agreement, SecretKey::<Hybrid>::from_seed(agreement, seed)),
        }
    }

    /// Reads the file of a secret key.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a secret key under this agreement.
    pub fn read(reader: impl Read, agreement: &Opened) -> Result<Self, WireError> {
        Ok(match agreement.scheme() {
            SchemeId::Tfhe => Self::of::<Tfhe>(agreement, SecretKey::read(reader, agreement)?),
            SchemeId::Bgv => Self::of::<Bgv>(agreement, SecretKey::read(reader, agreement)?),
            SchemeId::Hybrid => Self::of::<Hybrid>(agreement, SecretKey::read(reader, agreement)?),
        })
    }

    fn of<S: Holder<SecretKey: Send + Sync>>(agreement: &Opened, key: SecretKey<S>) -> Self {
        Self(Arc::new(querier::Querier::new(agreement, key)))
    }

    /// The agreement that is asked under.
    pub fn agreement(&self) -> &Opened {
        self.0.agreement()
    }

    /// The id of the evaluation key.
    pub fn key(&self) -> KeyId {
        self.0.key()
    }

    /// The file of the secret key, in the clear: store it where only its owner can read it.
    ///
    /// # Security
    ///
    /// Whoever has these bytes reads every query ever made with them.
    pub fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.0.to_secret_bytes()
    }

    /// Makes the keys again; none where they were made without a seed.
    ///
    /// # Errors
    ///
    /// As [`Querier::from_seed`].
    pub fn remake(&self) -> Result<Option<(Self, Vec<u8>)>, WireError> {
        self.0.remake()
    }

    /// Encrypts probes, to be compared with everybody in the gallery (1:N): the bytes of the query, and what waits for its answer.
    ///
    /// Records of the same subject are one probe: the two eyes of a person, where the agreement tells them apart.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Ask`] for no probe, too many, or one that is refused.
    pub fn ask(&self, probes: Vec<Record>, rng: &mut dyn CryptoRng) -> Result<(Vec<u8>, Pending), ExchangeError> {
        self.ask_about(Target::Gallery, probes, rng)
    }

    /// As [`Querier::ask`], about the gallery or one enrolled subject (1:1), whom it names to the custodian.
    ///
    /// # Errors
    ///
    /// As [`Querier::ask`].
    pub fn ask_about(
        &self,
        target: Target,
        probes: Vec<Record>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Pending), ExchangeError> {
        self.0.ask(probes, target, rng).map(|asked| self.waiting(asked))
    }

    /// As [`Querier::ask_about`], with randomness that follows from the secret key, `origin` and the probes: see
    /// [`querier::Querier::ask_again`].
    ///
    /// # Errors
    ///
    /// As [`Querier::ask`].
    pub fn ask_again(
        &self,
        target: Target,
        probes: Vec<Record>,
        origin: &Origin,
    ) -> Result<(Vec<u8>, Pending), ExchangeError> {
        self.0.ask_again(probes, target, origin).map(|asked| self.waiting(asked))
    }

    fn waiting(&self, (query, pending): (Vec<u8>, querier::Pending)) -> (Vec<u8>, Pending) {
        (query, Pending { querier: self.clone(), pending })
    }

    /// Reads the file of a pending query.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but a pending query under this agreement.
    pub fn pending(&self, reader: impl Read) -> Result<Pending, WireError> {
        let pending = querier::Pending::from_reader(reader, self.agreement())?;
        Ok(Pending { querier: self.clone(), pending })
    }

    /// Longest file of an answer, in bytes.
    pub fn answer_limit_bytes(&self) -> u64 {
        self.0.answer_limit_bytes()
    }

    /// Reads the file of an answer: which query it answers, so that the pending one can be found.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything but an answer under this agreement and key.
    pub fn answer(&self, mut reader: impl Read) -> Result<Answer, WireError> {
        self.0.answer(&mut reader)
    }

    /// Encrypts what is kept of a request's verdicts: see [`querier::Querier::seal`].
    ///
    /// # Errors
    ///
    /// [`SealError::TooLong`].
    pub fn seal(&self, number: &Code, content: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, SealError> {
        self.0.seal(number, content, rng)
    }

    /// Reads [`Querier::seal`] back.
    ///
    /// # Errors
    ///
    /// [`SealError`] for anything else.
    pub fn unseal(&self, number: &Code, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.0.unseal(number, sealed)
    }
}

impl Pending {
    /// The verdict on each probe, in the order they were asked about. An answer is read once.
    ///
    /// # Errors
    ///
    /// [`ExchangeError::Wire`] for bytes that are no answer under this agreement and key; [`ExchangeError::Refused`] for an answer to
    /// another query, or of another extent.
    pub fn read(self, answer: &[u8]) -> Result<Vec<(SubjectId, Verdict)>, ExchangeError> {
        let answer = self.querier.answer(answer)?;
        Ok(self.read_answer(&answer)?)
    }

    /// Reads the file of an answer, which must be to this query: it still waits for it.
    ///
    /// # Errors
    ///
    /// As [`Pending::read`].
    pub fn open(&self, answer: &[u8]) -> Result<Answer, ExchangeError> {
        let answer = self.querier.answer(answer)?;
        match answer.query() {
            query if query == self.query() => Ok(answer),
            actual => Err(querier::AnswerError::OtherQuery { expected: self.query(), actual }.into()),
        }
    }

    /// As [`Pending::read`], of an answer that [`Querier::answer`] has read.
    ///
    /// # Errors
    ///
    /// [`querier::AnswerError`] for an answer to another query, or of another extent.
    pub fn read_answer(self, answer: &Answer) -> Result<Vec<(SubjectId, Verdict)>, querier::AnswerError> {
        self.querier.0.read(self.pending, answer)
    }

    /// The query that waits.
    pub fn query(&self) -> QueryId {
        self.pending.query()
    }

    /// Whom the query is about.
    pub fn target(&self) -> &Target {
        self.pending.target()
    }

    /// Whose probes were asked about, in order.
    pub fn subjects(&self) -> &[SubjectId] {
        self.pending.subjects()
    }

    /// The file: the querier keeps it until the answer comes.
    ///
    /// # Errors
    ///
    /// [`WireError::Payload`] if it cannot be serialised.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, WireError> {
        self.pending.to_bytes(self.querier.agreement())
    }
}

impl Answer {
    /// The query that is answered.
    pub fn query(&self) -> QueryId {
        self.query
    }

    /// The version of the gallery that was searched.
    pub fn gallery(&self) -> GalleryVersion {
        self.gallery
    }
}

fn of_keys<S: Holder<SecretKey: Send + Sync>>(
    agreement: &Opened,
    keys: Result<(SecretKey<S>, wire::EvaluationKey<S>), WireError>,
) -> Result<Made, WireError> {
    let (secret, public) = keys?;
    Ok((Querier::of(agreement, secret), unwrapped(public.to_bytes(agreement))))
}

impl<S: Holder<SecretKey: Send + Sync>> Asking for querier::Querier<S> {
    fn agreement(&self) -> &Opened {
        self.agreement()
    }

    fn key(&self) -> KeyId {
        self.key().id()
    }

    fn to_secret_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.key().to_secret_bytes(self.agreement())
    }

    fn remake(&self) -> Result<Option<Made>, WireError> {
        let again = self.key().remake(self.agreement())?;
        again.map(|keys| of_keys(self.agreement(), Ok(keys))).transpose()
    }

    fn ask(
        &self,
        probes: Vec<Record>,
        target: Target,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, querier::Pending), ExchangeError> {
        let (query, pending) = self.ask(probes, target, rng)?;
        Ok((unwrapped(query.to_bytes(self.agreement())?), pending))
    }

    fn ask_again(
        &self,
        probes: Vec<Record>,
        target: Target,
        origin: &Origin,
    ) -> Result<(Vec<u8>, querier::Pending), ExchangeError> {
        let (query, pending) = self.ask_again(probes, target, origin)?;
        Ok((unwrapped(query.to_bytes(self.agreement())?), pending))
    }

    fn answer_limit_bytes(&self) -> u64 {
        wire::Answer::<S>::limit_bytes(self.agreement()).unwrap_or_default()
    }

    fn answer(&self, reader: &mut dyn Read) -> Result<Answer, WireError> {
        let answer = wire::Answer::<S>::read(reader, self.agreement(), Some(self.key().id()))?;
        Ok(Answer { query: answer.query, gallery: answer.gallery, answer: Box::new(answer) })
    }

    fn read(
        &self,
        pending: querier::Pending,
        answer: &Answer,
    ) -> Result<Vec<(SubjectId, Verdict)>, querier::AnswerError> {
        match answer.answer.downcast_ref::<wire::Answer<S>>() {
            Some(answer) => pending.read(self, answer),
            None => Err(querier::AnswerError::OtherQuery { expected: pending.query(), actual: answer.query }),
        }
    }

    fn seal(&self, number: &Code, content: &[u8], rng: &mut dyn CryptoRng) -> Result<Vec<u8>, SealError> {
        self.seal(number, content, rng)
    }

    fn unseal(&self, number: &Code, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        self.unseal(number, sealed)
    }
}

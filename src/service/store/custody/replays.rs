//! What it takes to make an answer again: the seeds that it was drawn from, and what it was computed on. SECRET: with the seeds the querier sees
//! the noise of its answers, and what that tells of the gallery.

use zeroize::Zeroizing;

use super::Custody;
use super::witness::{Asked, Surroundings, Untold, Witness};
use crate::scheme::{RandomSeed, Randomness};
use crate::service::protocol::{Receipt, Reply, ReplyOutcome, Request};
use crate::service::signing::{Hash, Name, Signed};
use crate::service::store::StoreError;
use crate::service::store::journal::retention;
use crate::service::store::logged::LoggedStep;
use crate::service::time::Time;

/// What the order of subjects in slots is derived for from the signing key.
const ORDER: &[u8] = b"cotejo order of subjects v1";

/// What an answer was computed on, beside its request and the version of the gallery.
pub struct Computed<'a> {
    /// The digest of the list of exempt persons: see [`Custody::exempt_digest`].
    pub exempt: Hash,
    /// The program and the processor: as the server names them.
    pub with: &'a str,
    /// Digests of its parts: see [`crate::scheme::Parts`].
    pub parts: &'a [u8],
    /// Until when the query is kept; none where it goes at once.
    pub query_until: Option<Time>,
}

/// An answered job, to be answered again.
pub struct Replay {
    /// What was asked.
    pub request: Request,
    /// That it was accepted.
    pub receipt: Receipt,
    /// What came of it.
    pub reply: Reply,
    /// What the answer was drawn from: as was promised in the receipt.
    pub randomness: Randomness,
    /// Digest of the file that was answered with.
    pub answer_digest: Hash,
    /// The version of the gallery that was searched.
    pub version: u64,
    /// Names the content of the gallery that was searched: see [`crate::custodian::Gallery::state`].
    pub gallery: Hash,
    /// Digest of the list of exempt persons that it was computed with.
    pub exempt: Hash,
    /// Digests of the lists that the log tells of, from when the request was accepted until it was replied to; none for nobody.
    pub exempt_then: Vec<Option<Hash>>,
    /// Digest of the reply's statement.
    pub reply_digest: Hash,
    /// The program and the processor.
    pub computed: String,
    /// Digests of the answer's parts, one after the other; empty where none are kept. They are those that the reply names.
    pub parts: Vec<u8>,
    /// The query's file, if it was kept; it is the one that was asked.
    pub query: Option<Vec<u8>>,
}

/// Why an answer cannot be made again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoReplay {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such job.
    #[error("there is no job {0}")]
    Unknown(Name),
    /// It has no answer.
    #[error("job {0} was not answered: there is nothing to make again")]
    Unanswered(Name),
    /// Its seeds are gone, or never were kept.
    #[error("of job {0} no seed is kept: it was accepted by an earlier version, or too long ago")]
    NoSeed(Name),
    /// The seeds are not those that the receipt promised.
    #[error("the seeds of job {0} do not open the commitment of its receipt: they were changed, or are another job's")]
    Commitment(Name),
    /// The digests of blocks are not those that the reply names.
    #[error("the digests of the blocks of job {0} are not those that its reply names: they were changed")]
    Parts(Name),
    /// Statements in the database are not those of the log.
    #[error("request, receipt and reply of job {0} are not those that the log holds")]
    Log(Name),
    /// An entry of the log is not what its owner has written.
    #[error(transparent)]
    Entry(Untold),
    /// The log does not tell of the version that was searched.
    #[error("the log tells nothing of version {0} of the gallery")]
    Gallery(u64),
}

impl crate::remedy::Remedy for NoReplay {
    fn remedy(&self) -> Option<std::borrow::Cow<'static, str>> {
        let remedy = match self {
            Self::Store(error) => return error.remedy(),
            Self::Unknown(_) => "take the job from a receipt, or from 'cotejo audit export'",
            Self::Unanswered(_) | Self::Gallery(_) => return None,
            Self::NoSeed(_) => "name a job that was accepted since",
            Self::Entry(_) => "find out who wrote into the database ('cotejo audit verify' names every such entry)",
            Self::Log(_) => "check the log ('cotejo audit verify'); of erased contents nothing can be made again",
            Self::Commitment(_) | Self::Parts(_) => "tell the requester, and find out who wrote into the database",
        };
        Some(remedy.into())
    }
}

impl From<Untold> for NoReplay {
    fn from(error: Untold) -> Self {
        match error {
            Untold::Store(error) => Self::Store(error),
            error => Self::Entry(error),
        }
    }
}

/// Draws the seeds of a job that is accepted; returns what the receipt promises of them. They are kept for as long as the contents of the log,
/// which they serve to check: as the longest of all agreements says, and no shorter than without a word.
pub(super) fn begin(
    step: &mut LoggedStep<'_, '_>,
    job: &Name,
    agreement: &Hash,
    request: &Hash,
    now: Time,
) -> Result<Hash, StoreError> {
    let until = now.plus_days(retention(step)?);
    let seed = crate::scheme::random_seed(step.rng);
    let sql = "INSERT INTO replays (job, agreement, seed, until) VALUES (?1, ?2, ?3, ?4)";
    let order = step.owner.key.derive(ORDER);
    let kept = Zeroizing::new([seed.as_slice(), order.as_slice()].concat());
    step.execute(sql, &[job.into(), agreement.into(), kept.as_slice().into(), until.into()])?;
    Ok(Hash(Randomness::new(seed, order).commitment(&request.0)))
}

/// Notes what the answer was computed on, and takes the query over where it is kept. Before the job forgets it.
pub(super) fn answered(step: &mut LoggedStep<'_, '_>, job: &Name, computed: &Computed<'_>) -> Result<(), StoreError> {
    let sql = "UPDATE replays SET exempt = ?2, computed = ?3, parts = ?4 WHERE job = ?1";
    step.execute(sql, &[job.into(), (&computed.exempt).into(), computed.with.into(), computed.parts.into()])?;
    if let Some(until) = computed.query_until {
        let sql = "UPDATE replays SET query_until = ?2, query = (SELECT query FROM jobs WHERE jobs.id = replays.job) WHERE job = ?1";
        step.execute(sql, &[job.into(), until.into()])?;
    }
    Ok(())
}

/// What is kept of a query goes.
pub(super) fn forget_query(step: &mut LoggedStep<'_, '_>, job: &Name) -> Result<(), StoreError> {
    let sql = "UPDATE replays SET query = NULL, query_until = NULL WHERE job = ?1";
    step.execute(sql, &[job.into()]).map(drop)
}

/// The seeds of a job as they are kept.
pub(super) fn randomness(kept: &[u8]) -> Result<Randomness, StoreError> {
    let damaged = || StoreError::Damaged("seed of an answer");
    let (answer, order) = kept.split_first_chunk().ok_or_else(damaged)?;
    let order: [u8; 32] = order.try_into().map_err(|_| damaged())?;
    let seeds: [RandomSeed; 2] = [Zeroizing::new(*answer), Zeroizing::new(order)];
    let [answer, order] = seeds;
    Ok(Randomness::new(answer, order))
}

impl Custody {
    /// Queries and seeds that are kept for replays go when their time is over: those of agreements that are served, and of others.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be done.
    pub fn expire_replays(&mut self, now: Time) -> Result<(), StoreError> {
        self.journal.step(|step| {
            let sql = "UPDATE replays SET query = NULL, query_until = NULL WHERE query_until < ?1";
            step.execute(sql, &[now.into()])?;
            // Contents that were promised for longer since then are kept for longer, and so are seeds.
            let kept = now.minus_days(retention(step)?);
            let sql = "DELETE FROM replays WHERE until < ?1 AND NOT EXISTS \
                       (SELECT 1 FROM jobs WHERE jobs.id = replays.job AND (jobs.state = 'waiting' OR jobs.accepted >= ?2))";
            step.execute(sql, &[now.into(), kept.into()]).map(drop)
        })
    }

    /// What it takes to make the answer of a job again.
    ///
    /// # Errors
    ///
    /// [`NoReplay`] by name, also where an entry is not its owner's or a statement not its party's; [`StoreError::Damaged`] where the query is not the
    /// one that was asked.
    pub fn replay(&mut self, job: &Name) -> Result<Replay, NoReplay> {
        let sql = "SELECT sequence, request, receipt, reply, seed, exempt, computed, parts, replays.query FROM jobs \
                   LEFT JOIN replays ON replays.job = jobs.id WHERE id = ?1";
        let found = self.journal.database.read(sql, &[job.into()])?;
        let mut row = found.into_iter().next().ok_or(NoReplay::Unknown(*job))?;
        let sequence = row.count()?;
        let request = Signed::<Request>::from_json(&row.text()?).map_err(|_| StoreError::Damaged("request"))?;
        let received = Signed::<Receipt>::from_json(&row.text()?).map_err(|_| StoreError::Damaged("receipt"))?;
        let Some(reply) = row.maybe_text()? else { return Err(NoReplay::Unanswered(*job)) };
        let replied = Signed::<Reply>::from_json(&reply).map_err(|_| StoreError::Damaged("reply"))?;
        let (digest, reply_digest) = (request.digest(), replied.digest());
        let (asked, answered) = self.journal.attempt(|step| {
            let witness = &mut Witness::new(step)?;
            let asked = witness.asked(sequence, &request, &received, &replied)?;
            let answered = asked.as_ref().map(|asked| witness.surroundings(sequence, asked)).transpose()?;
            asked.zip(answered).ok_or(NoReplay::Log(*job))
        })?;
        let Asked { request, receipt, reply } = asked;
        let Surroundings { exempt: exempt_then, gallery: searched } = answered;
        if receipt.request != digest || reply.request_digest != digest || receipt.job != *job {
            return Err(NoReplay::Log(*job));
        }
        let ReplyOutcome::Answered { answer_digest, gallery, parts, .. } = reply.outcome else {
            return Err(NoReplay::Unanswered(*job));
        };
        let seed = row.maybe_bytes()?.map(Zeroizing::new).ok_or(NoReplay::NoSeed(*job))?;
        let randomness = randomness(&seed)?;
        match receipt.randomness {
            None => return Err(NoReplay::NoSeed(*job)),
            Some(promised) if promised.0 != randomness.commitment(&digest.0) => {
                return Err(NoReplay::Commitment(*job));
            }
            Some(_) => {}
        }
        let exempt = row.maybe_text()?.and_then(|digest| digest.parse().ok());
        let exempt = exempt.ok_or(NoReplay::NoSeed(*job))?;
        let computed = row.maybe_text()?.unwrap_or_default();
        let kept = row.maybe_bytes()?.unwrap_or_default();
        if parts.is_some_and(|parts| Hash::of(&kept) != parts) {
            return Err(NoReplay::Parts(*job));
        }
        let parts = if parts.is_some() { kept } else { Vec::new() };
        let query = row.maybe_bytes()?;
        if query.as_ref().is_some_and(|query| Hash::of(query) != request.query_digest) {
            return Err(StoreError::Damaged("query").into());
        }
        let searched = searched.ok_or(NoReplay::Gallery(gallery))?;
        Ok(Replay {
            request,
            receipt,
            reply,
            randomness,
            answer_digest,
            version: gallery,
            gallery: searched,
            exempt,
            exempt_then,
            reply_digest,
            computed,
            parts,
            query,
        })
    }
}

//! Accepting a request: once, within quotas, with a receipt.

use std::borrow::Cow;

use super::versions::leaked;
use super::{Custody, PersonKey, breaker, replays};
use crate::agreement::{Code, ServiceTerms};
use crate::remedy::Remedy;
use crate::service::audit::{Event, RequestRefusal};
use crate::service::protocol::limits::TIME_TOLERANCE_MS;
use crate::service::protocol::{GalleryRoot, Line, Receipt, RecordError, Request};
use crate::service::signing::{Hash, Name, Signed};
use crate::service::store::StoreError;
use crate::service::store::logged::LoggedStep;
use crate::service::store::values::Value;
use crate::service::time::Time;
use crate::service::tree::TreeHead;
use crate::template::SubjectId;

/// A request that came in, its signature found right, its query found sound.
pub struct Submission<'a> {
    /// As it was signed.
    pub statement: &'a Signed<Request>,
    /// What it says.
    pub request: &'a Request,
    /// The query's file.
    pub query: &'a [u8],
    /// Bits that the answer will disclose at most.
    pub bits: u64,
    /// Whom it asks about, where that is one person.
    pub subject: Option<&'a SubjectId>,
    /// The version of the gallery that is searched now.
    pub gallery: GalleryRoot,
}

/// A request that was accepted: now, or earlier under the same number.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The job that answers it.
    pub job: Name,
    /// What the requester is told of it.
    pub receipt: Signed<Receipt>,
    /// Whether it was accepted just now.
    pub new: bool,
}

/// Why a request is not accepted. Nothing was charged.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SubmitError {
    /// The database failed; the request may be sent again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request number stands for another request.
    #[error("request number '{0}' is taken by another request")]
    NumberTaken(Code),
    /// The custodian's clock runs behind its log.
    #[error("the custodian's clock is {seconds} s behind its log: it was set back")]
    ClockBehind {
        /// By so much.
        seconds: u64,
    },
    /// The requester's clock.
    #[error("the request's time lies {seconds} s in the future")]
    Future {
        /// By so much.
        seconds: u64,
    },
    /// Made long ago.
    #[error("the request's time lies {seconds} s in the past")]
    Past {
        /// By so much.
        seconds: u64,
    },
    /// The operator has stopped the service.
    #[error("the custodian has suspended the service: {}", reason.as_str())]
    Breaker {
        /// The operator's reason.
        reason: Line,
    },
    /// Not what was agreed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The requester has seen more of our log than there is.
    #[error("the custodian's log has {size} entries, where it has shown this requester {}", seen.size)]
    LogBehind {
        /// What the requester says it has seen.
        seen: TreeHead,
        /// Entries of the log.
        size: u64,
    },
    /// The requester has seen another log.
    #[error("the custodian's log is not the one that this requester has seen (at entry {})", seen.size)]
    LogOther {
        /// What the requester says it has seen.
        seen: TreeHead,
    },
    /// The key was never left here.
    #[error("the evaluation key {0} is not known here")]
    KeyUnknown(Name),
    /// The key is too old.
    #[error("the evaluation key ran out at {until}")]
    KeyExpired {
        /// The key is refused from then on.
        until: Time,
    },
    /// How old the key is nobody knows.
    #[error("the evaluation key was admitted while the custodian's clock was ahead, until {until}")]
    KeyAhead {
        /// It would be refused from then on.
        until: Time,
    },
    /// Too many probes.
    #[error("{probes} probes are asked about where {left} of {limit} are left for this {period}")]
    Quota {
        /// Day or year.
        period: Period,
        /// Probes of the request.
        probes: u64,
        /// Capacity that is left.
        left: u64,
        /// Probes that are agreed for such a period.
        limit: u64,
        /// When capacity returns; never, where more is asked than there ever is.
        returns: Option<Time>,
    },
    /// Too many bits.
    #[error(
        "the answer could disclose {bits} bits about the persons in version {gallery} of the gallery, of which {left} of {limit} are left"
    )]
    Leakage {
        /// At most.
        bits: u64,
        /// What is left.
        left: u64,
        /// Bits that are agreed for a version of the gallery.
        limit: u64,
        /// Of which version.
        gallery: u64,
    },
    /// Too many bits about one person.
    #[error(
        "the answer could disclose {bits} bits about the person that is asked about, of which {left} of {limit} are left"
    )]
    Person {
        /// At most.
        bits: u64,
        /// What is left.
        left: u64,
        /// Bits that are agreed for one person.
        limit: u64,
    },
}

impl Remedy for SubmitError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Store(error) => return error.remedy(),
            Self::Record(error) => return error.remedy(),
            Self::NumberTaken(..) => "choose a new number",
            Self::ClockBehind { .. } => "its operator has to set it",
            Self::Future { .. } => "set the clock it was made with",
            Self::Past { .. } => "sign it anew, with the time at which it is sent",
            Self::LogBehind { .. } | Self::LogOther { .. } => {
                "the custodian has lost entries, or restored its database from a copy, or the requester has seen another's log: the \
                 operators have to speak to each other"
            }
            Self::KeyUnknown(..) => "upload it first",
            Self::KeyExpired { .. } | Self::KeyAhead { .. } => "make new keys and upload theirs",
            Self::Leakage { .. } => "capacity returns when the persons whom answers were about have left the gallery",
            Self::Person { .. } => "ask about the gallery, or agree on more (bits_per_person)",
            _ => return None,
        };
        Some(remedy.into())
    }
}

/// What a quota is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// A calendar day, UTC.
    Day,
    /// A calendar year, UTC.
    Year,
}

impl std::fmt::Display for Period {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Day => "day",
            Self::Year => "year",
        })
    }
}

impl SubmitError {
    /// As what it is counted and logged; not for what says nothing about the request.
    pub(crate) fn refusal(&self) -> Option<RequestRefusal> {
        match self {
            Self::Quota { period: Period::Day, .. } => Some(RequestRefusal::DayQuota),
            Self::Quota { period: Period::Year, .. } => Some(RequestRefusal::YearQuota),
            Self::Leakage { .. } | Self::Person { .. } => Some(RequestRefusal::Leakage),
            Self::Breaker { .. } => Some(RequestRefusal::Breaker),
            Self::Record(_) | Self::Future { .. } | Self::Past { .. } => Some(RequestRefusal::Record),
            Self::KeyExpired { .. } | Self::KeyAhead { .. } => Some(RequestRefusal::KeyExpired),
            Self::Store(_)
            | Self::NumberTaken(_)
            | Self::ClockBehind { .. }
            | Self::KeyUnknown(_)
            | Self::LogBehind { .. }
            | Self::LogOther { .. } => None,
        }
    }
}

/// The clock may step back by so much, as one does that is being adjusted.
pub(super) const CLOCK_TOLERANCE_MS: i64 = 60_000;

impl Custody {
    /// Accepts a request, once: whoever sends it again gets the same receipt, and is not charged again.
    ///
    /// # Errors
    ///
    /// [`SubmitError`] says why not, and when capacity returns.
    pub fn submit(
        &mut self,
        submission: &Submission<'_>,
        agreement: &Hash,
        terms: &ServiceTerms,
        now: Time,
    ) -> Result<Submitted, SubmitError> {
        let Self { journal, persons } = self;
        let done = journal.attempt(|step| accept(step, persons, submission, agreement, terms, now));
        if let Err(Some(refusal)) = done.as_ref().map_err(SubmitError::refusal) {
            self.note_refusal(&submission.request.requester, agreement, refusal, now)?;
        }
        done
    }

    /// Whether a request of this number was accepted before.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where that is not known.
    pub(crate) fn accepted_before(&mut self, request: &Request, agreement: &Hash) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM jobs WHERE requester = ?1 AND agreement = ?2 AND number = ?3";
        let values = [(&request.requester).into(), agreement.into(), (&request.number).into()];
        Ok(!self.journal.database.read(sql, &values)?.is_empty())
    }

    /// Whether the clock can be used: see [`SubmitError::ClockBehind`].
    ///
    /// # Errors
    ///
    /// [`SubmitError`] where it cannot.
    pub(crate) fn check_clock(&mut self, now: Time) -> Result<(), SubmitError> {
        let head = self.journal.head()?;
        require_clock(head.time, now)
    }

    fn note_refusal(
        &mut self,
        requester: &Code,
        agreement: &Hash,
        reason: RequestRefusal,
        now: Time,
    ) -> Result<(), StoreError> {
        self.journal.step(|step| {
            let day = step.time(now)?.day();
            let key: [Value; 4] = [requester.into(), agreement.into(), (&day).into(), reason.name().into()];
            let sql = "UPDATE refused SET times = times + 1 WHERE requester = ?1 AND agreement = ?2 AND day = ?3 AND reason = ?4";
            if step.execute(sql, &key)? > 0 {
                return Ok(());
            }
            let sql = "INSERT INTO refused (requester, agreement, day, reason, times) VALUES (?1, ?2, ?3, ?4, 1)";
            step.execute(sql, &key)?;
            step.log(Event::Refused { requester: requester.clone(), agreement: *agreement, reason }, now)
        })
    }
}

fn require_clock(head: Time, now: Time) -> Result<(), SubmitError> {
    match head.millis().saturating_sub(now.millis()) > CLOCK_TOLERANCE_MS {
        true => Err(SubmitError::ClockBehind { seconds: now.seconds_until(head) }),
        false => Ok(()),
    }
}

fn accept(
    step: &mut LoggedStep<'_, '_>,
    persons: &PersonKey,
    submission: &Submission<'_>,
    agreement: &Hash,
    terms: &ServiceTerms,
    now: Time,
) -> Result<Submitted, SubmitError> {
    let Submission { statement, request, query, bits, subject, gallery } = *submission;
    let digest = statement.digest();
    let of_requester: [Value; 2] = [(&request.requester).into(), agreement.into()];
    let sql = "SELECT id, request_digest, receipt FROM jobs WHERE requester = ?1 AND agreement = ?2 AND number = ?3";
    let numbered = [of_requester.as_slice(), &[(&request.number).into()]].concat();
    if let Some(mut row) = step.row(sql, &numbered)? {
        let (job, kept, receipt): (Name, Hash, String) = (row.parsed()?, row.parsed()?, row.text()?);
        if kept != digest {
            return Err(SubmitError::NumberTaken(request.number.clone()));
        }
        let receipt = Signed::from_json(&receipt).map_err(|_| StoreError::Damaged("receipt"))?;
        return Ok(Submitted { job, receipt, new: false });
    }
    require_clock(step.head()?.time, now)?;
    let now = step.time(now)?;
    let ahead = request.time.millis().saturating_sub(now.millis());
    if ahead > TIME_TOLERANCE_MS {
        return Err(SubmitError::Future { seconds: now.seconds_until(request.time) });
    }
    if ahead < TIME_TOLERANCE_MS.saturating_neg() {
        return Err(SubmitError::Past { seconds: request.time.seconds_until(now) });
    }
    require_log(step, request)?;
    if let Some(breaker) = breaker::read(step)? {
        return Err(SubmitError::Breaker { reason: breaker.reason });
    }
    request.check(terms, *agreement)?;
    let sql = "SELECT until FROM keys WHERE requester = ?1 AND agreement = ?2 AND id = ?3";
    let keyed = [of_requester.as_slice(), &[(&request.key).into()]].concat();
    let until = step.row(sql, &keyed)?.ok_or(SubmitError::KeyUnknown(request.key))?.time()?;
    if until <= now {
        return Err(SubmitError::KeyExpired { until });
    }
    // The log has been corrected since: it would be used for longer than was agreed.
    if until > now.plus_days(terms.key_days) {
        return Err(SubmitError::KeyAhead { until });
    }
    let day = now.day();
    let probes = u64::from(request.probes);
    require_capacity(step, &of_requester, terms, now, probes)?;
    require_bits(step, &of_requester, terms, gallery.version, bits)?;
    let person = subject.map(|subject| persons.of_id(subject));
    if let Some((person, limit)) = person.as_ref().zip(terms.bits_per_person) {
        require_bits_of(step, &of_requester, person, limit, bits)?;
    }

    let sql = "INSERT INTO spent (requester, agreement, day, probes) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (requester, agreement, day) DO UPDATE SET probes = spent.probes + ?4";
    step.execute(sql, &[of_requester.as_slice(), &[(&day).into(), probes.into()]].concat())?;
    let sequence = step.head()?.number.saturating_add(1);
    step.log(Event::Request { statement: statement.clone() }, now)?;
    let (job, log) = (step.name(), Some(step.tree_head()?));
    let randomness = Some(replays::begin(step, &job, agreement, &digest, now)?);
    let receipt = Receipt { request: digest, job, time: now, log, randomness, gallery: Some(gallery) };
    let receipt = step.owner.sign(&receipt, "receipt")?;
    step.log(Event::Receipt { statement: receipt.once() }, now)?;
    let sql = "INSERT INTO jobs (requester, agreement, number, id, sequence, request_digest, request, receipt, key_id, query, probes, \
               bits, day, state, accepted, person) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    let values = [
        numbered,
        vec![
            (&job).into(),
            sequence.into(),
            (&digest).into(),
            statement.to_json().into(),
            receipt.to_json().into(),
            (&request.key).into(),
            query.into(),
            probes.into(),
            bits.into(),
            (&day).into(),
            super::JobState::Waiting.name().into(),
            now.into(),
            person.into(),
        ],
    ];
    step.execute(sql, &values.concat())?;
    Ok(Submitted { job, receipt, new: true })
}

/// Our log holds what the requester has seen of it. If it does not, it is not the log that it was: lost, restored from a copy, or another.
fn require_log(step: &mut LoggedStep<'_, '_>, request: &Request) -> Result<(), SubmitError> {
    let Some(seen) = request.seen else { return Ok(()) };
    let size = step.head()?.number;
    if seen.size > size {
        return Err(SubmitError::LogBehind { seen, size });
    }
    if step.tree_head_of(seen.size)? == seen { Ok(()) } else { Err(SubmitError::LogOther { seen }) }
}

fn require_capacity(
    step: &mut LoggedStep<'_, '_>,
    of_requester: &[Value],
    terms: &ServiceTerms,
    now: Time,
    probes: u64,
) -> Result<(), SubmitError> {
    let day = now.day();
    for (period, first, next, limit) in [
        (Period::Day, day, day.next(), terms.probes_per_day),
        (Period::Year, day.first_of_year(), day.next_year(), terms.probes_per_year),
    ] {
        let spent = spent_since(step, of_requester, first, next)?;
        let left = limit.saturating_sub(spent);
        if probes > left {
            let returns = (probes <= limit).then(|| next.begin());
            return Err(SubmitError::Quota { period, probes, left, limit, returns });
        }
    }
    Ok(())
}

pub(super) fn spent_since(
    step: &mut LoggedStep<'_, '_>,
    of_requester: &[Value],
    first: crate::service::time::Day,
    next: crate::service::time::Day,
) -> Result<u64, StoreError> {
    let sql = "SELECT CAST(COALESCE(SUM(probes), 0) AS BIGINT) FROM spent \
               WHERE requester = ?1 AND agreement = ?2 AND day >= ?3 AND day < ?4";
    let row = step.row(sql, &[of_requester, &[(&first).into(), (&next).into()]].concat())?;
    row.map_or(Ok(0), |mut row| row.count())
}

/// What was disclosed of the persons in this version, and what answers that are still to come may disclose, stays within what was agreed.
fn require_bits(
    step: &mut LoggedStep<'_, '_>,
    of_requester: &[Value],
    terms: &ServiceTerms,
    gallery: u64,
    bits: u64,
) -> Result<(), SubmitError> {
    let disclosed = leaked(step, of_requester, gallery)?;
    let sql = "SELECT CAST(COALESCE(SUM(bits), 0) AS BIGINT) FROM jobs WHERE requester = ?1 AND agreement = ?2 AND state = 'waiting'";
    let reserved = step.row(sql, of_requester)?.map_or(Ok(0), |mut row| row.count())?;
    let limit = terms.bits_per_gallery_version;
    let left = limit.saturating_sub(disclosed.saturating_add(reserved));
    match bits > left {
        true => Err(SubmitError::Leakage { bits, left, limit, gallery }),
        false => Ok(()),
    }
}

/// What answers about one person have disclosed, and those that are still to come may, stays within what was agreed; also where nobody of
/// that name is enrolled, which a refusal must not tell.
fn require_bits_of(
    step: &mut LoggedStep<'_, '_>,
    of_requester: &[Value],
    person: &str,
    limit: u64,
    bits: u64,
) -> Result<(), SubmitError> {
    let of_person = [of_requester, &[person.into()]].concat();
    let mut sum = |sql| step.row(sql, &of_person)?.map_or(Ok(0), |mut row| row.count());
    let disclosed = sum("SELECT CAST(COALESCE(SUM(bits), 0) AS BIGINT) FROM asked \
                         WHERE requester = ?1 AND agreement = ?2 AND person = ?3")?;
    let reserved = sum("SELECT CAST(COALESCE(SUM(bits), 0) AS BIGINT) FROM jobs \
                        WHERE requester = ?1 AND agreement = ?2 AND person = ?3 AND state = 'waiting'")?;
    let left = limit.saturating_sub(disclosed.saturating_add(reserved));
    if bits > left { Err(SubmitError::Person { bits, left, limit }) } else { Ok(()) }
}

//! What a querier has used up of what was agreed, as far as it knows.

use std::collections::BTreeMap;

use super::Outbox;
use crate::service::protocol::{Reason, Receipt, Reply, ReplyOutcome, Request, charge_returns};
use crate::service::signing::{Hash, Signed, Statement};
use crate::service::store::StoreError;
use crate::service::store::values::Row;
use crate::service::time::{Day, Time};

/// Probes that a custodian has charged, by what this querier has of it: receipts and replies.
///
/// The custodian's count may differ. It has charged what it accepted and could not tell us of; it may have returned the charge for a
/// request that was abandoned, for which no reply is here: that counts as charged. What was erased does not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Charged {
    /// On this calendar day, UTC.
    pub probes_today: u64,
    /// In this calendar year, UTC.
    pub probes_this_year: u64,
}

/// What an accepted request was charged for, as its receipt and its reply say.
struct Charge {
    day: Day,
    probes: u64,
    /// Its number, and why there is no answer, where it tells that.
    reply: Option<(u64, Option<Reason>)>,
}

/// What was read before, by the number of the request's entry: of a year there are many, and each is long.
#[derive(Default)]
pub(super) struct Charges(BTreeMap<u64, Charge>);

/// Requests that are read at a time.
const PAGE: usize = 500;

/// A request is accepted within minutes of its time: it is not of this year, where its entry is older than that by a day.
const OF_THE_YEAR: &str = "SELECT sequence, CAST(CASE WHEN reply IS NULL THEN 0 ELSE 1 END AS BIGINT) FROM requests \
                           JOIN log ON log.number = sequence WHERE agreement = ?1 AND receipt IS NOT NULL AND time >= ?2 \
                           ORDER BY sequence";
/// The word may stand elsewhere in a reply: it is read.
const ACCEPTED: &str = "SELECT sequence, request, receipt, CAST(CASE WHEN reply IS NULL THEN 0 ELSE 1 END AS BIGINT), \
                        CASE WHEN reply LIKE '%unanswered%' THEN reply END FROM requests \
                        WHERE agreement = ?1 AND receipt IS NOT NULL AND sequence >= ?2 AND sequence <= ?3";

impl Outbox {
    /// What the custodian of an agreement has charged, as far as this querier knows.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub fn charged(&mut self, agreement: &Hash, now: Time) -> Result<Charged, StoreError> {
        let Self { journal, charges: Charges(known) } = self;
        let today = now.day();
        let since = today.first_of_year().begin().minus_days(1);
        let rows = journal.database.read(OF_THE_YEAR, &[agreement.into(), since.into()])?;
        let of_the_year = rows.into_iter().map(|mut row| Ok((row.count()?, row.int()? != 0)));
        let of_the_year = of_the_year.collect::<Result<Vec<(u64, bool)>, StoreError>>()?;
        let is_new = |(sequence, replied): &(u64, bool)| {
            known.get(sequence).is_none_or(|charge| charge.reply.is_some() != *replied)
        };
        let new: Vec<u64> = of_the_year.iter().filter(|one| is_new(one)).map(|(sequence, _)| *sequence).collect();
        for page in new.chunks(PAGE) {
            let Some((&first, &last)) = page.first().zip(page.last()) else { continue };
            for mut row in journal.database.read(ACCEPTED, &[agreement.into(), first.into(), last.into()])? {
                known.insert(row.count()?, charge(row)?);
            }
        }
        Ok(charged(today, of_the_year.iter().filter_map(|(sequence, _)| known.get(sequence))))
    }
}

/// What follows the first column of [`ACCEPTED`].
fn charge(mut row: Row) -> Result<Charge, StoreError> {
    let request: Request = read(&row.text()?, "request")?;
    let receipt: Receipt = read(&row.text()?, "receipt")?;
    let replied = row.int()? != 0;
    let reply = match row.maybe_text()? {
        Some(reply) => {
            let Reply { number, outcome, .. } = read(&reply, "reply")?;
            let reason = match outcome {
                ReplyOutcome::Unanswered { reason } => Some(reason),
                ReplyOutcome::Answered { .. } => None,
            };
            Some((number, reason))
        }
        None => replied.then_some((0, None)),
    };
    Ok(Charge { day: receipt.time.day(), probes: request.probes.into(), reply })
}

/// Receipts and replies were verified when they came, requests are our own.
fn read<T: Statement>(kept: &str, what: &'static str) -> Result<T, StoreError> {
    Signed::read_verified_before(kept).map_err(|_| StoreError::Damaged(what))
}

/// What stays charged of these.
fn charged<'a>(today: Day, charges: impl Iterator<Item = &'a Charge>) -> Charged {
    let mut charged = Charged::default();
    let mut charge = |day: Day, probes: u64| {
        charged.probes_this_year = charged.probes_this_year.saturating_add(probes);
        if day == today {
            charged.probes_today = charged.probes_today.saturating_add(probes);
        }
    };
    let mut cancelled: BTreeMap<Day, Vec<(u64, u64)>> = BTreeMap::new();
    for &Charge { day, probes, reply } in charges.filter(|charge| charge.day.year() == today.year()) {
        match reply {
            Some((number, Some(Reason::Cancelled))) => cancelled.entry(day).or_default().push((number, probes)),
            Some((_, Some(reason))) if charge_returns(reason, 0) => {}
            _ => charge(day, probes),
        }
    }
    for (day, mut cancelled) in cancelled {
        // In the order in which they were.
        cancelled.sort_unstable();
        let before = (0_u64..).zip(cancelled);
        let kept = before.filter(|(before, _)| !charge_returns(Reason::Cancelled, *before));
        kept.for_each(|(_, (_, probes))| charge(day, probes));
    }
    charged
}

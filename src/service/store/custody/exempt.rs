//! Who is exempt: how many, and a digest of the list, in the log whenever it changes.

use std::collections::BTreeSet;

use super::Custody;
use super::persons::MARK_DIGITS;
use crate::service::audit::Event;
use crate::service::signing::Hash;
use crate::service::store::entries::maybe_about;
use crate::service::store::{StoreError, schema};
use crate::service::time::Time;
use crate::template::SubjectId;

/// How a list is to the one that was used last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListStanding {
    /// It is that one, or whoever is on that one is on this one.
    Current,
    /// It was used before that one.
    Superseded,
    /// Somebody on that one is not on this one, or that is not known.
    Lacking,
}

/// Where the database keeps what it knows of the lists of an agreement.
struct Kept {
    /// The digest of the last one.
    last: String,
    /// Digests of those before, a line each.
    before: String,
    /// Who is on the last one: marks, one after the other.
    persons: String,
}

impl Kept {
    fn of(agreement: &Hash) -> Self {
        let named = |what: &str| format!("{what} {agreement}");
        Self { last: named("exempt"), before: named("exempt before"), persons: named("exempt persons") }
    }
}

impl Custody {
    /// Logs the list of those who are exempt under an agreement, if it is another than before. Where nobody ever was, nothing is logged.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be kept: then the list must not be used.
    pub(crate) fn exempt(
        &mut self,
        agreement: &Hash,
        exempt: &BTreeSet<SubjectId>,
        now: Time,
    ) -> Result<(), StoreError> {
        let (digest, kept) = (self.exempt_digest(exempt), Kept::of(agreement));
        let persons: String = exempt.iter().map(|id| self.persons.of_listed(id)).collect();
        self.journal.step(|step| {
            let known = schema::about(step, &kept.last)?;
            let is_known = known.as_ref() == Some(&digest.to_string());
            if known.is_none() && exempt.is_empty() || is_known && schema::about(step, &kept.persons)?.is_some() {
                return Ok(());
            }
            schema::set_about(step, &kept.persons, &persons)?;
            if is_known {
                // By an earlier program, which did not keep who is on it.
                return Ok(());
            }
            if let Some(known) = known {
                let before = schema::about(step, &kept.before)?.unwrap_or_default();
                let others = before.lines().filter(|line| *line != known);
                let before: String = others.chain([known.as_str()]).map(|line| format!("{line}\n")).collect();
                schema::set_about(step, &kept.before, &before)?;
            }
            schema::set_about(step, &kept.last, &digest.to_string())?;
            step.log(Event::Exempt { agreement: *agreement, persons: exempt.len() as u64, list: digest }, now)
        })
    }

    /// How many persons are exempt under an agreement, by the list that was used last; none where nobody ever was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub fn exempt_persons(&mut self, agreement: &Hash) -> Result<Option<u64>, StoreError> {
        let sql = "SELECT CAST(LENGTH(value) AS BIGINT) FROM about WHERE name = ?1";
        let digits = self.journal.database.read(sql, &[Kept::of(agreement).persons.into()])?;
        let digits = digits.into_iter().next().map(|mut row| row.count()).transpose()?;
        Ok(digits.and_then(|digits| digits.checked_div(MARK_DIGITS as u64)))
    }

    /// How a list is to the one that was used last under an agreement.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub(crate) fn exempt_standing(
        &mut self,
        agreement: &Hash,
        exempt: &BTreeSet<SubjectId>,
    ) -> Result<ListStanding, StoreError> {
        let (digest, kept) = (self.exempt_digest(exempt).to_string(), Kept::of(agreement));
        let mut about = |name: &str| maybe_about(&mut self.journal.database, name);
        if about(&kept.last)?.is_none_or(|last| last == digest) {
            return Ok(ListStanding::Current);
        }
        if about(&kept.before)?.is_some_and(|before| before.lines().any(|line| line == digest)) {
            return Ok(ListStanding::Superseded);
        }
        let Some(persons) = about(&kept.persons)? else { return Ok(ListStanding::Lacking) };
        let here: BTreeSet<String> = exempt.iter().map(|id| self.persons.of_listed(id)).collect();
        let mut marks = persons.as_bytes().chunks(MARK_DIGITS).map(String::from_utf8_lossy);
        Ok(if marks.all(|mark| here.contains(&*mark)) { ListStanding::Current } else { ListStanding::Lacking })
    }

    /// The digest of a list, as it is logged: keyed, because ids can be guessed.
    pub fn exempt_digest(&self, exempt: &BTreeSet<SubjectId>) -> Hash {
        self.persons.of_list(exempt)
    }
}

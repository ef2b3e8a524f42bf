//! A step that appends to the log: each change and what the log tells of it happen together.

use std::cmp::Ordering;

use rand::CryptoRng;

use super::connection::Step;
use super::values::Row;
use super::{Owner, StoreError, schema, tree};
use crate::service::audit::{Entry, Event, Head};
use crate::service::signing::Name;
use crate::service::time::Time;
use crate::service::tree::TreeHead;

/// Finds the log's last entry: for [`end`].
pub(super) const END: &str = "SELECT number, hash, time FROM log ORDER BY number DESC LIMIT 1";

/// The end of the log, of what [`END`] has found.
pub(super) fn end(found: Vec<Row>) -> Result<Head, StoreError> {
    let Some(mut row) = found.into_iter().next() else { return Ok(Head::NONE) };
    Ok(Head { number: row.count()?, hash: row.parsed()?, time: row.time()? })
}

/// A step that appends to the log.
pub(super) struct LoggedStep<'a, 'b> {
    step: Step<'a>,
    pub owner: &'b Owner,
    pub rng: &'b mut (dyn CryptoRng + Send),
    head: Option<Head>,
}

impl<'a> std::ops::Deref for LoggedStep<'a, '_> {
    type Target = Step<'a>;

    fn deref(&self) -> &Step<'a> {
        &self.step
    }
}

impl std::ops::DerefMut for LoggedStep<'_, '_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.step
    }
}

impl<'a, 'b> LoggedStep<'a, 'b> {
    /// A step that has begun.
    pub(super) fn begun(step: Step<'a>, owner: &'b Owner, rng: &'b mut (dyn CryptoRng + Send)) -> Self {
        Self { step, owner, rng, head: None }
    }

    /// See [`Step::commit`].
    pub(super) fn commit(self) -> Result<(), StoreError> {
        self.step.commit()
    }

    /// Whether this log holds what we have seen of ours: a database that was put in its place does not.
    pub(super) fn goes_on_from(&mut self, last: &Head) -> Result<(), StoreError> {
        let head = self.head()?;
        let there = match head.number.cmp(&last.number) {
            Ordering::Less => None,
            Ordering::Equal => Some(head.hash),
            Ordering::Greater if *last == Head::NONE => return Ok(()),
            Ordering::Greater => {
                // Somebody else has written: the log may be another key's by now.
                schema::bound(&mut self.step, &self.owner.key.public())?;
                let row = self.row("SELECT hash FROM log WHERE number = ?1", &[last.number.into()])?;
                row.map(|mut row| row.parsed()).transpose()?
            }
        };
        if there == Some(last.hash) { Ok(()) } else { Err(StoreError::Gone) }
    }

    /// The end of the log, with what this step has appended.
    pub(crate) fn head(&mut self) -> Result<Head, StoreError> {
        if let Some(head) = self.head {
            return Ok(head);
        }
        let found = self.step.query(END, &[])?;
        Ok(*self.head.insert(end(found)?))
    }

    /// Appends an entry: its time is told in whole seconds, as those of statements.
    pub(crate) fn log(&mut self, event: Event, now: Time) -> Result<(), StoreError> {
        let head = self.head()?;
        self.append(event, now, &head)
    }

    /// Appends an entry behind this head, whose time it is not before.
    pub(super) fn append(&mut self, event: Event, now: Time, head: &Head) -> Result<(), StoreError> {
        let entry = Entry::new(event, now.second(), head, &self.owner.key, &mut *self.rng)?;
        let sql =
            "INSERT INTO log (number, time, content, content_digest, hash, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let signature = entry.signature.to_string();
        let values = [
            entry.number.into(),
            entry.time.into(),
            entry.content.clone().into(),
            (&entry.content_digest).into(),
            (&entry.hash).into(),
            signature.into(),
        ];
        self.step.execute(sql, &values)?;
        tree::append(&mut self.step, entry.number, &entry.hash)?;
        self.head = Some(entry.head());
        Ok(())
    }

    /// The log as a tree, with what this step has appended.
    pub(crate) fn tree_head(&mut self) -> Result<TreeHead, StoreError> {
        let size = self.head()?.number;
        self.tree_head_of(size)
    }

    /// The log as a tree when it had so many entries; it has as many.
    pub(crate) fn tree_head_of(&mut self, size: u64) -> Result<TreeHead, StoreError> {
        tree::head(&mut self.step, size)
    }

    /// A time for what is done now, in whole seconds: not before the log's end, so that the log's times never run backwards.
    pub(crate) fn time(&mut self, now: Time) -> Result<Time, StoreError> {
        Ok(now.second().max(self.head()?.time))
    }

    /// A random name.
    pub(crate) fn name(&mut self) -> Name {
        let mut name = Name([0; 16]);
        self.rng.fill_bytes(&mut name.0);
        name
    }
}

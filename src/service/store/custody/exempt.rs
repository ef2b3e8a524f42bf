//! Who is exempt: how many, and a digest of the list, in the log whenever it changes.

use std::collections::BTreeSet;

use super::Custody;
use crate::service::audit::Event;
use crate::service::signing::Hash;
use crate::service::store::{StoreError, schema};
use crate::service::time::Time;
use crate::template::SubjectId;

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
        let digest = self.exempt_digest(exempt);
        self.journal.step(|step| {
            let name = format!("exempt {agreement}");
            let known = schema::about(step, &name)?;
            if known.is_none() && exempt.is_empty() || known == Some(digest.to_string()) {
                return Ok(());
            }
            schema::set_about(step, &name, &digest.to_string())?;
            step.log(Event::Exempt { agreement: *agreement, persons: exempt.len() as u64, list: digest }, now)
        })
    }

    /// The digest of a list, as it is logged: keyed, because ids can be guessed.
    pub fn exempt_digest(&self, exempt: &BTreeSet<SubjectId>) -> Hash {
        self.persons.of_list(exempt)
    }
}

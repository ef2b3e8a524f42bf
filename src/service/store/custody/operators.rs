//! Which operators and requesters a custodian has: as it is configured, and in the log.

use super::Custody;
use crate::agreement::Code;
use crate::service::audit::{Event, Signers};
use crate::service::signing::PublicKey;
use crate::service::store::operators::known;
use crate::service::store::{Operator, StoreError};
use crate::service::time::Time;

impl Custody {
    /// From here on these requesters sign with these keys, and the orders of these operators are carried out, and of nobody else; the log
    /// tells who came and who went. All of it, or nothing.
    ///
    /// # Errors
    ///
    /// [`StoreError::Operators`] where two of them are the same, [`StoreError`] where it cannot be kept.
    pub fn register<'a>(
        &mut self,
        requesters: impl IntoIterator<Item = (&'a Code, &'a Signers)>,
        operators: &[Operator],
        now: Time,
    ) -> Result<(), StoreError> {
        if !Operator::are_distinct(operators, &self.public_key()) {
            return Err(StoreError::Operators);
        }
        self.journal.step(|step| {
            let known = known(step)?;
            let stays =
                |name: &Code, key: &PublicKey| operators.iter().any(|other| other.name == *name && other.key == *key);
            // Who has another key now goes, and comes again: so no key has two owners in between.
            for (name, _) in known.registered().iter().filter(|(name, key)| !stays(name, key)) {
                step.execute("UPDATE operators SET removed = 1 WHERE name = ?1", &[name.into()])?;
                step.log(Event::OperatorRemoved { operator: name.clone() }, now)?;
            }
            let comes = |new: &&Operator| known.registered().get(&new.name) != Some(&new.key);
            for Operator { name, key } in operators.iter().filter(comes) {
                let sql = "INSERT INTO operators (name, public_key, removed) VALUES (?1, ?2, 0) \
                           ON CONFLICT (name) DO UPDATE SET public_key = ?2, removed = 0";
                step.execute(sql, &[name.into(), key.into()])?;
                step.log(Event::OperatorRegistered { operator: name.clone(), key: *key }, now)?;
            }
            requesters.into_iter().try_for_each(|(code, signers)| step.register(code, signers, now))
        })
    }
}

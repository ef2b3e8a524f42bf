//! What another party signs with, as it was registered.

use super::StoreError;
use super::logged::LoggedStep;
use crate::agreement::Code;
use crate::service::audit::{Event, Signers};
use crate::service::signing::PublicKey;
use crate::service::time::Time;

impl LoggedStep<'_, '_> {
    /// Registers what another party signs with, if it is another key than before; what introduces it is logged with it.
    pub(super) fn register(&mut self, party: &Code, signers: &Signers, now: Time) -> Result<(), StoreError> {
        let key = signers.current();
        let known = self.row("SELECT public_key FROM registered WHERE party = ?1", &[party.into()])?;
        let known = known.map(|mut row| row.parsed::<PublicKey>()).transpose()?;
        if known == Some(key) {
            return Ok(());
        }
        let sql = "INSERT INTO registered (party, public_key) VALUES (?1, ?2) \
                   ON CONFLICT (party) DO UPDATE SET public_key = ?2";
        self.execute(sql, &[party.into(), (&key).into()])?;
        let registered = |key, introduced| Event::Registered { party: party.clone(), key, introduced };
        // From the one that we know to this one, whatever was between.
        for statement in known.and_then(|known| signers.since(&known)).unwrap_or_default() {
            let said = statement.verify(None).map_err(|_| StoreError::Damaged("succession"))?;
            self.log(registered(said.successor, Some(statement.clone())), now)?;
        }
        match known.is_some_and(|known| signers.since(&known).is_some()) {
            true => Ok(()),
            false => self.log(registered(key, None), now),
        }
    }
}

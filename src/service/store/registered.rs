//! What another party signs with, as it was registered.

use super::logged::LoggedStep;
use super::{StoreError, schema};
use crate::agreement::Code;
use crate::service::audit::{Event, Signers};
use crate::service::signing::{Hash, PublicKey};
use crate::service::time::Time;

impl LoggedStep<'_, '_> {
    /// Registers what another party signs with, if it is another key than before; what introduces it is logged with it.
    pub(super) fn register(&mut self, party: &Code, signers: &Signers, now: Time) -> Result<(), StoreError> {
        let key = signers.current();
        let known = self.row("SELECT public_key FROM registered WHERE party = ?1", &[party.into()])?;
        let known = known.map(|mut row| row.parsed::<PublicKey>()).transpose()?;
        // Which keys statements are signed with a second time, by their digest.
        let (twice, lattice) = (format!("ml-dsa of {party}"), signers.lattice());
        let said = match lattice {
            [] => String::new(),
            keys => Hash::of(keys.iter().flat_map(|key| key.digest()).collect::<Vec<_>>().as_slice()).to_string(),
        };
        let same = schema::about(self, &twice)?.unwrap_or_default() == said;
        if known == Some(key) && same {
            return Ok(());
        }
        if !same {
            schema::set_about(self, &twice, &said)?;
        }
        let registered =
            |key, introduced| Event::Registered { party: party.clone(), key, introduced, ml_dsa: lattice.to_vec() };
        if known == Some(key) {
            return self.log(registered(key, None), now);
        }
        let sql = "INSERT INTO registered (party, public_key) VALUES (?1, ?2) \
                   ON CONFLICT (party) DO UPDATE SET public_key = ?2";
        self.execute(sql, &[party.into(), (&key).into()])?;
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

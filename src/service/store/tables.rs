//! The tables that a custodian decides by, as an auditor reads them beside its log.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::Database;
use super::values::Row;
use super::{StoreError, kept_marks};
use crate::service::audit::Ledger;
use crate::service::signing::Hash;

/// What the tables of a custodian's database say was used up.
///
/// # Errors
///
/// [`StoreError`] where they cannot be read, or an earlier version wrote them.
pub(super) fn ledger(database: &mut Database) -> Result<Ledger, StoreError> {
    let mut ledger = Ledger::default();
    let asker = |row: &mut Row| Ok::<_, StoreError>((row.parsed()?, row.parsed()?));
    for mut row in database.read("SELECT requester, agreement, day, probes FROM spent", &[])? {
        let (asker, day) = (asker(&mut row)?, row.parsed()?);
        ledger.spent.insert((asker, day), row.count()?);
    }
    for mut row in database.read("SELECT requester, agreement, gallery, bits FROM leaked", &[])? {
        let (asker, version): (_, u64) = (asker(&mut row)?, row.count()?);
        let of: &mut BTreeMap<_, _> = ledger.leaked.entry(asker).or_default();
        of.insert(version, row.count()?);
    }
    for mut row in database.read("SELECT requester, agreement, id, until FROM keys", &[])? {
        let (asker, key) = (asker(&mut row)?, row.parsed()?);
        ledger.keys.insert((asker, key), row.time()?);
    }
    for mut row in database.read("SELECT agreement, version, inherits FROM galleries", &[])? {
        let (agreement, version) = (row.parsed()?, row.count()?);
        let inherits =
            row.maybe_int()?.map(|inherits| u64::try_from(inherits).map_err(|_| StoreError::Damaged("count")));
        ledger.galleries.insert((agreement, version), inherits.transpose()?);
    }
    let served: BTreeSet<Hash> = ledger.galleries.keys().map(|(agreement, _)| *agreement).collect();
    for agreement in served {
        let sql = "SELECT version, marks FROM persons WHERE agreement = ?1";
        let kept = kept_marks::marks(database.read(sql, &[(&agreement).into()])?)?;
        ledger.persons.insert(agreement, Some(kept_marks::digest(&kept)));
    }
    for mut row in database.read("SELECT request_digest FROM jobs", &[])? {
        ledger.accepted.insert(row.parsed()?);
    }
    for mut row in database.read("SELECT name, public_key FROM operators WHERE removed = 0", &[])? {
        let (operator, key) = (row.parsed()?, row.parsed()?);
        ledger.operators.insert(operator, Some(key));
    }
    let breaker = database.read("SELECT value FROM about WHERE name = 'breaker' AND value <> 'null'", &[])?;
    ledger.suspended = !breaker.is_empty();
    Ok(ledger)
}

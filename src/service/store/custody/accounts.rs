//! What requesters have used up.

use serde::Serialize;

use super::Custody;
use super::submission::spent_since;
use super::versions::leaked;
use crate::agreement::Code;
use crate::service::signing::Hash;
use crate::service::store::StoreError;
use crate::service::store::values::Value;
use crate::service::time::Time;

/// What one requester has used up under one agreement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Who has asked.
    pub requester: Code,
    /// Under which agreement.
    pub agreement: Hash,
    /// Probes today.
    pub probes_today: u64,
    /// Probes this year.
    pub probes_this_year: u64,
    /// Bits that answers have disclosed, by version of the gallery.
    pub bits_by_gallery: Vec<GalleryBits>,
    /// Bits that answers have disclosed of the persons who are in the gallery's last version.
    pub bits_of_persons: u64,
    /// Requests that wait.
    pub waiting: u64,
    /// Refusals today.
    pub refused_today: u64,
}

/// What answers have disclosed of one version of a gallery. Written as a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "(u64, u64)")]
pub struct GalleryBits {
    /// The version of the gallery.
    pub version: u64,
    /// Bits that answers have disclosed of it.
    pub bits: u64,
}

impl From<GalleryBits> for (u64, u64) {
    fn from(of: GalleryBits) -> Self {
        (of.version, of.bits)
    }
}

impl Custody {
    /// The account of a requester under an agreement.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where it cannot be read.
    pub fn account(&mut self, requester: &Code, agreement: &Hash, now: Time) -> Result<Account, StoreError> {
        self.journal.step(|step| {
            let day = step.time(now)?.day();
            let of_requester: [Value; 2] = [requester.into(), agreement.into()];
            let number = |row: Option<crate::service::store::values::Row>| row.map_or(Ok(0), |mut row| row.count());
            let sql = "SELECT COUNT(*) FROM jobs WHERE requester = ?1 AND agreement = ?2 AND state = 'waiting'";
            let waiting = number(step.row(sql, &of_requester)?)?;
            let sql = "SELECT CAST(COALESCE(SUM(times), 0) AS BIGINT) FROM refused \
                       WHERE requester = ?1 AND agreement = ?2 AND day = ?3";
            let refused_today = number(step.row(sql, &[of_requester.as_slice(), &[(&day).into()]].concat())?)?;
            let sql = "SELECT gallery, bits FROM leaked WHERE requester = ?1 AND agreement = ?2 ORDER BY gallery";
            let rows = step.query(sql, &of_requester)?;
            let bits = rows.into_iter().map(|mut row| Ok(GalleryBits { version: row.count()?, bits: row.count()? }));
            let bits_by_gallery = bits.collect::<Result<Vec<GalleryBits>, StoreError>>()?;
            let sql = "SELECT CAST(MAX(version) AS BIGINT) FROM galleries WHERE agreement = ?1";
            let last = step.row(sql, &[agreement.into()])?.map(|mut row| row.maybe_int()).transpose()?.flatten();
            let last = last.and_then(|last| u64::try_from(last).ok()).unwrap_or_default();
            Ok(Account {
                requester: requester.clone(),
                agreement: *agreement,
                probes_today: spent_since(step, &of_requester, day, day.next())?,
                probes_this_year: spent_since(step, &of_requester, day.first_of_year(), day.next_year())?,
                bits_by_gallery,
                bits_of_persons: leaked(step, &of_requester, last)?,
                waiting,
                refused_today,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_of_a_gallery_are_written_as_a_pair() {
        let bits = [GalleryBits { version: 1, bits: 6 }, GalleryBits { version: 2, bits: 2 }];
        assert_eq!(serde_json::to_string(&bits).unwrap(), "[[1,6],[2,2]]");
    }
}

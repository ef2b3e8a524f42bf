//! A copy of a whole database, of one moment: into a file that is kept, and from there into a database that is served from again.

use super::connection::{Database, Step};
use super::entries::about;
use super::layout::LAYOUT;
use super::values::{Row, Value};
use super::{Location, Owner, StoreError, schema, tree};
use crate::service::tree::TreeHead;

/// Why nothing was copied, and which of the two is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CopyError {
    /// What was to be copied.
    #[error(transparent)]
    From(StoreError),
    /// What it was to be copied into.
    #[error(transparent)]
    Into(StoreError),
}

/// Rows are copied so many at a time, of tables whose rows are short.
const SHORT: u64 = 1000;

/// A table: its name, the columns by which its rows are told apart, and how many of them are read at a time.
pub(super) struct Table {
    pub name: &'static str,
    pub key: &'static [&'static str],
    pub page: u64,
}

/// Those of a custodian.
pub(super) const TABLES: &[Table] = &[
    Table { name: "about", key: &["name"], page: SHORT },
    Table { name: "log", key: &["number"], page: SHORT },
    Table { name: "tree", key: &["position"], page: SHORT },
    Table { name: "registered", key: &["party"], page: SHORT },
    Table { name: "keys", key: &["requester", "agreement", "id"], page: 1 },
    Table { name: "jobs", key: &["id"], page: 8 },
    Table { name: "spent", key: &["requester", "agreement", "day"], page: SHORT },
    Table { name: "leaked", key: &["requester", "agreement", "gallery"], page: SHORT },
    Table { name: "galleries", key: &["agreement", "version"], page: SHORT },
    Table { name: "persons", key: &["agreement", "version"], page: 1 },
    Table { name: "asked", key: &["requester", "agreement", "person"], page: SHORT },
    Table { name: "abandonments", key: &["requester", "request"], page: SHORT },
    Table { name: "serving", key: &["name"], page: SHORT },
    Table { name: "operators", key: &["name"], page: SHORT },
    Table { name: "orders", key: &["digest"], page: SHORT },
    Table { name: "replays", key: &["job"], page: 8 },
    Table { name: "refused", key: &["requester", "agreement", "day", "reason"], page: SHORT },
];

/// Copies a custodian's database, as it is now, into one that has no table; also while it is served from. `go_on` is asked between some
/// rows and others. The head of the log that was copied; none where it was told to stop.
///
/// Memory: one evaluation key, or eight jobs.
///
/// # Errors
///
/// [`CopyError`] where the one cannot be read, or is not a database of this owner's; where the other cannot be written, or there is
/// something already ([`StoreError::NotEmpty`]). Then nothing is in the other that would last.
pub(crate) fn copy(
    from: Location,
    to: Location,
    owner: &Owner,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<TreeHead>, CopyError> {
    let mut source = Database::read_only(from);
    begun(&mut source, owner).map_err(CopyError::From)?;
    let mut target = Database::new(to);
    let mut step = target.step().map_err(CopyError::Into)?;
    empty(&mut step, owner).map_err(CopyError::Into)?;
    for table in TABLES {
        if !copied(&mut source, &mut step, table, go_on)? {
            return Ok(None);
        }
    }
    // Of what was copied.
    schema::check(&mut step, owner).map_err(CopyError::From)?;
    let head = head(&mut step).map_err(CopyError::Into)?;
    step.commit().and_then(|()| target.tidy()).map_err(CopyError::Into)?;
    Ok(Some(head))
}

/// Begins to read this owner's database, of one moment.
fn begun(source: &mut Database, owner: &Owner) -> Result<(), StoreError> {
    if !source.is_there() {
        return Err(StoreError::NotMade);
    }
    source.snapshot()?;
    let [layout, role, party] = ["layout", "role", "party"].map(|name| about(source, name));
    let layout = layout?;
    if layout != LAYOUT {
        return Err(StoreError::Layout(layout));
    }
    let (actual, expected) = (format!("{} {}", role?, party?), format!("{} {}", owner.role, owner.party));
    match actual == expected {
        true => Ok(()),
        false => Err(StoreError::Owner { expected, actual }),
    }
}

/// Tables without a row, where there were none.
fn empty(step: &mut Step<'_>, owner: &Owner) -> Result<(), StoreError> {
    match step.tables()?.is_empty() {
        true => schema::make(step, owner.role),
        false => Err(StoreError::NotEmpty),
    }
}

fn head(step: &mut Step<'_>) -> Result<TreeHead, StoreError> {
    let size = step.row("SELECT COALESCE(MAX(number), 0) FROM log", &[])?.map_or(Ok(0), |mut row| row.count())?;
    tree::head(step, size)
}

/// Whether it went on to the end.
fn copied(
    source: &mut Database,
    step: &mut Step<'_>,
    table: &Table,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<bool, CopyError> {
    let columns = source.columns(table.name).map_err(CopyError::From)?;
    let places: Vec<usize> =
        table.key.iter().filter_map(|key| columns.iter().position(|column| column == key)).collect();
    let (Table { name, key, page }, listed) = (table, columns.join(", "));
    let (key, marks) =
        (key.join(", "), |count: usize| (1..=count).map(|at| format!("?{at}")).collect::<Vec<_>>().join(", "));
    let first = format!("SELECT {listed} FROM {name} ORDER BY {key} LIMIT {page}");
    let next =
        format!("SELECT {listed} FROM {name} WHERE ({key}) > ({}) ORDER BY {key} LIMIT {page}", marks(places.len()));
    let insert = format!("INSERT INTO {name} ({listed}) VALUES ({})", marks(columns.len()));
    let mut last: Option<Vec<Value>> = None;
    loop {
        if !go_on() {
            return Ok(false);
        }
        let rows = match &last {
            None => source.read(&first, &[]),
            Some(last) => source.read(&next, last),
        };
        let rows = rows.map_err(CopyError::From)?;
        if rows.is_empty() {
            return Ok(true);
        }
        for values in rows.into_iter().map(Row::into_values) {
            step.execute(&insert, &values).map_err(CopyError::Into)?;
            last = Some(places.iter().filter_map(|place| values.get(*place).cloned()).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::audit::Role;
    use crate::service::signing::SigningKey;
    use rand::SeedableRng;

    /// What is not listed would not be copied.
    #[test]
    fn every_table_is_copied_and_each_key_is_its_primary_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut database = Database::new(Location::File(folder.path().join("x.sqlite")));
        let key = SigningKey::generate(&mut rand_chacha::ChaCha20Rng::seed_from_u64(1));
        let owner = Owner { party: "B".parse().unwrap(), role: Role::Custodian, key };
        let mut step = database.step().unwrap();
        schema::prepare(&mut step, &owner).unwrap();
        let mut ours: Vec<_> = TABLES.iter().map(|table| table.name.to_owned()).collect();
        ours.sort_unstable();
        assert_eq!(step.tables().unwrap(), ours);
        for table in TABLES {
            let sql = format!("SELECT name FROM pragma_table_info('{}') WHERE pk > 0 ORDER BY pk", table.name);
            let primary: Vec<_> = step.query(&sql, &[]).unwrap().iter_mut().map(|row| row.text().unwrap()).collect();
            assert_eq!(primary, table.key, "{}", table.name);
        }
    }
}

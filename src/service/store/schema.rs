//! The tables. Both databases read the same statements: `BIGINT`, `TEXT` and `BYTEA` alone.

use super::connection::Step;
use super::entries::{first_and_last, page};
use super::layout::{LAYOUT, SIGNING_KEY};
use super::serving::SERVING;
use super::{Owner, StoreError, tree};
use crate::service::audit::{Event, Head, Role};
use crate::service::signing::PublicKey;

const SHARED: &[&str] = &[
    // Whose database this is, its layout, the state of the circuit breaker.
    "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log (number BIGINT PRIMARY KEY, time BIGINT NOT NULL, content TEXT, content_digest TEXT NOT NULL, \
     hash TEXT NOT NULL, signature TEXT NOT NULL)",
    // Hashes of the complete subtrees over the log's entries, in the order of Crosby and Wallach.
    "CREATE TABLE IF NOT EXISTS tree (position BIGINT PRIMARY KEY, hash TEXT NOT NULL)",
    // Whose statements are checked with which key.
    "CREATE TABLE IF NOT EXISTS registered (party TEXT PRIMARY KEY, public_key TEXT NOT NULL)",
];

const CUSTODIAN: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS keys (requester TEXT NOT NULL, agreement TEXT NOT NULL, id TEXT NOT NULL, content BYTEA NOT NULL, \
     until BIGINT NOT NULL, PRIMARY KEY (requester, agreement, id))",
    // `query` goes when there is a reply, `answer` when that was acknowledged.
    "CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, sequence BIGINT NOT NULL UNIQUE, requester TEXT NOT NULL, \
     agreement TEXT NOT NULL, number TEXT NOT NULL, request_digest TEXT NOT NULL, request TEXT NOT NULL, receipt TEXT NOT NULL, \
     key_id TEXT NOT NULL, query BYTEA, probes BIGINT NOT NULL, bits BIGINT NOT NULL, day TEXT NOT NULL, state TEXT NOT NULL, \
     accepted BIGINT NOT NULL, reply TEXT, replied BIGINT, answer BYTEA, acknowledgement TEXT, \
     person TEXT, UNIQUE (requester, agreement, number))",
    "CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, sequence)",
    // Probes by day. A row of a year is the sum of its days.
    "CREATE TABLE IF NOT EXISTS spent (requester TEXT NOT NULL, agreement TEXT NOT NULL, day TEXT NOT NULL, probes BIGINT NOT NULL, \
     PRIMARY KEY (requester, agreement, day))",
    // Bits disclosed by version of the gallery.
    "CREATE TABLE IF NOT EXISTS leaked (requester TEXT NOT NULL, agreement TEXT NOT NULL, gallery BIGINT NOT NULL, \
     bits BIGINT NOT NULL, PRIMARY KEY (requester, agreement, gallery))",
    "CREATE TABLE IF NOT EXISTS galleries (agreement TEXT NOT NULL, version BIGINT NOT NULL, state TEXT NOT NULL, \
     subjects BIGINT NOT NULL, since BIGINT NOT NULL, inherits BIGINT, PRIMARY KEY (agreement, version))",
    PERSONS,
    ASKED,
    ABANDONMENTS,
    SERVING,
    OPERATORS,
    ORDERS,
    REPLAYS,
    "CREATE TABLE IF NOT EXISTS refused (requester TEXT NOT NULL, agreement TEXT NOT NULL, day TEXT NOT NULL, reason TEXT NOT NULL, \
     times BIGINT NOT NULL, PRIMARY KEY (requester, agreement, day, reason))",
];

const QUERIER: &[&str] = &[
    // `query` goes when the custodian has accepted it, `pending` and `answer` when the verdicts were read; `verdicts` holds these,
    // encrypted, until they are forgotten. With `nonce` the query can be made again. `abandonment` waits to be told.
    "CREATE TABLE IF NOT EXISTS requests (number TEXT PRIMARY KEY, sequence BIGINT NOT NULL UNIQUE, agreement TEXT NOT NULL, \
     custodian TEXT NOT NULL, request_digest TEXT NOT NULL, request TEXT NOT NULL, query BYTEA, pending BYTEA, stage TEXT NOT NULL, \
     job TEXT, receipt TEXT, reply TEXT, answer BYTEA, acknowledgement TEXT, verdicts BYTEA, nonce BYTEA, abandonment TEXT)",
    HEADS,
];

/// Marks of those who were first enrolled in a version: see `custody::persons`.
const PERSONS: &str = "CREATE TABLE IF NOT EXISTS persons (agreement TEXT NOT NULL, version BIGINT NOT NULL, marks BYTEA NOT NULL, \
                       PRIMARY KEY (agreement, version))";
/// Bits disclosed by answers about one person, by mark.
const ASKED: &str = "CREATE TABLE IF NOT EXISTS asked (requester TEXT NOT NULL, agreement TEXT NOT NULL, person TEXT NOT NULL, \
                     bits BIGINT NOT NULL, PRIMARY KEY (requester, agreement, person))";

/// Requests that their requester goes on with no more.
const ABANDONMENTS: &str = "CREATE TABLE IF NOT EXISTS abandonments (requester TEXT NOT NULL, request TEXT NOT NULL, \
                            day TEXT NOT NULL, PRIMARY KEY (requester, request))";

/// Whose orders are carried out. Who was removed stays, so that it is known that there were any.
const OPERATORS: &str = "CREATE TABLE IF NOT EXISTS operators (name TEXT PRIMARY KEY, public_key TEXT NOT NULL, \
                         removed BIGINT NOT NULL)";
/// Orders that were carried out, by digest.
const ORDERS: &str = "CREATE TABLE IF NOT EXISTS orders (digest TEXT PRIMARY KEY)";

/// What it takes to make answers again: see `custody::replays`. `query` is kept where the custodian says so, until `query_until`; everything
/// goes with the contents of the log.
const REPLAYS: &str = "CREATE TABLE IF NOT EXISTS replays (job TEXT PRIMARY KEY, agreement TEXT NOT NULL, seed BYTEA NOT NULL, \
                       until BIGINT NOT NULL, exempt TEXT, computed TEXT, parts BYTEA, query BYTEA, query_until BIGINT)";

/// The last head of each custodian's log that we have seen and found to hold those before.
const HEADS: &str = "CREATE TABLE IF NOT EXISTS heads (custodian TEXT PRIMARY KEY, head TEXT NOT NULL)";

/// From layout 1 to 2, for a querier. A custodian's tables are the same in both.
const QUERIER_FROM_1: &[&str] =
    &["ALTER TABLE requests ADD COLUMN verdicts BYTEA", "ALTER TABLE requests ADD COLUMN nonce BYTEA"];

/// From layout 3 to 4, for a custodian.
const CUSTODIAN_FROM_3: &[&str] = &[
    "ALTER TABLE galleries ADD COLUMN inherits BIGINT",
    "ALTER TABLE jobs ADD COLUMN person TEXT",
    PERSONS,
    ASKED,
    ABANDONMENTS,
];

/// From layout 3 to 4, for a querier.
const QUERIER_FROM_3: &[&str] = &["ALTER TABLE requests ADD COLUMN abandonment TEXT"];

/// From layout 4 to 5, for a custodian. A querier's tables are the same in both.
const CUSTODIAN_FROM_4: &[&str] = &[OPERATORS, ORDERS, SERVING];

/// From layout 5 to 6, for a custodian. A querier's tables are the same in both.
const CUSTODIAN_FROM_5: &[&str] = &[REPLAYS];

/// Makes all tables, and says nothing in them.
pub(super) fn make(step: &mut Step<'_>, role: Role) -> Result<(), StoreError> {
    create(step, SHARED)?;
    create(step, if role == Role::Custodian { CUSTODIAN } else { QUERIER })
}

/// The table that says whose database it is.
const ABOUT: &str = "about";

/// Whether it is a database of this owner's, of this version. Changes nothing.
pub(crate) fn check(step: &mut Step<'_>, owner: &Owner) -> Result<(), StoreError> {
    let tables = step.tables()?;
    match tables.is_empty() {
        true => return Err(StoreError::NotMade),
        false if !tables.iter().any(|table| table == ABOUT) => return Err(StoreError::Foreign),
        false => {}
    }
    let layout = about(step, "layout")?.ok_or(StoreError::Foreign)?;
    owned(step, owner)?;
    match layout.as_str() {
        LAYOUT => {
            bound(step, &owner.key.public())?;
            was_last_signed_with(step, &owner.key.public())
        }
        "1" | "2" | "3" | "4" | "5" => Err(StoreError::Older(layout)),
        _ => Err(StoreError::Layout(layout)),
    }
}

/// A party has one database for each of its roles.
fn owned(step: &mut Step<'_>, owner: &Owner) -> Result<(), StoreError> {
    let actual = format!("{} {}", text(step, "role")?, text(step, "party")?);
    let expected = format!("{} {}", owner.role, owner.party);
    if actual == expected { Ok(()) } else { Err(StoreError::Owner { expected, actual }) }
}

/// Makes what is missing, and says whose database it is, if it was new: name, role and signing key. Anybody else's is refused.
///
/// Where it is refused, the step has changed nothing that would last: it is not committed.
pub(crate) fn prepare(step: &mut Step<'_>, owner: &Owner) -> Result<(), StoreError> {
    let tables = step.tables()?;
    if !tables.is_empty() && !tables.iter().any(|table| table == ABOUT) {
        return Err(StoreError::Foreign);
    }
    for statement in SHARED {
        step.execute(statement, &[])?;
    }
    step.alone()?;
    let (party, role, key) = (owner.party.as_str(), owner.role.to_string(), owner.key.public());
    let layout = about(step, "layout")?;
    if layout.is_some() {
        owned(step, owner)?;
    }
    let of_role = match owner.role {
        Role::Custodian => CUSTODIAN,
        Role::Querier => QUERIER,
    };
    match layout.as_deref() {
        None => {
            create(step, of_role)?;
            let about = [("layout", LAYOUT), ("party", party), ("role", &role), (SIGNING_KEY, &key.to_string())];
            about.into_iter().try_for_each(|(name, value)| set_about(step, name, value))
        }
        Some(LAYOUT) => {
            bound(step, &key)?;
            was_last_signed_with(step, &key)?;
            create(step, of_role)
        }
        Some("5") => {
            bound(step, &key)?;
            was_last_signed_with(step, &key)?;
            from_5(step, owner.role)
        }
        Some("4") => {
            bound(step, &key)?;
            from_4(step, owner.role)
        }
        Some("3") => {
            bound(step, &key)?;
            from_3(step, owner.role)
        }
        Some("2") => {
            bound(step, &key)?;
            from_2(step, owner.role)
        }
        Some("1") => {
            was_signed_with(step, &key)?;
            if owner.role == Role::Querier {
                create(step, QUERIER_FROM_1)?;
            }
            set_about(step, SIGNING_KEY, &key.to_string())?;
            from_2(step, owner.role)
        }
        Some(other) => Err(StoreError::Layout(other.to_owned())),
    }
}

/// From layout 2: the tree is made of the log.
fn from_2(step: &mut Step<'_>, role: Role) -> Result<(), StoreError> {
    if role == Role::Querier {
        step.execute(HEADS, &[])?;
    }
    step.execute("DELETE FROM tree", &[])?;
    let mut next = 1;
    loop {
        let entries = page(step, next, i64::MAX.unsigned_abs())?;
        let Some(last) = entries.last() else { break };
        next = last.number.saturating_add(1);
        for entry in &entries {
            tree::append(step, entry.number, &entry.hash)?;
        }
    }
    from_3(step, role)
}

/// From layout 3.
fn from_3(step: &mut Step<'_>, role: Role) -> Result<(), StoreError> {
    create(step, if role == Role::Custodian { CUSTODIAN_FROM_3 } else { QUERIER_FROM_3 })?;
    from_4(step, role)
}

/// From layout 4.
fn from_4(step: &mut Step<'_>, role: Role) -> Result<(), StoreError> {
    if role == Role::Custodian {
        create(step, CUSTODIAN_FROM_4)?;
    }
    from_5(step, role)
}

/// From layout 5.
fn from_5(step: &mut Step<'_>, role: Role) -> Result<(), StoreError> {
    if role == Role::Custodian {
        create(step, CUSTODIAN_FROM_5)?;
    }
    set_about(step, "layout", LAYOUT)
}

fn create(step: &mut Step<'_>, statements: &[&str]) -> Result<(), StoreError> {
    statements.iter().try_for_each(|statement| step.execute(statement, &[]).map(drop))
}

/// A log is signed with one key, and goes over to another by an entry that says so: an entry by any other would spoil it for good.
pub(super) fn bound(step: &mut Step<'_>, key: &PublicKey) -> Result<(), StoreError> {
    let bound = text(step, SIGNING_KEY)?.parse().map_err(|_| StoreError::Damaged("signing key"))?;
    if bound == *key { Ok(()) } else { Err(StoreError::SigningKey { bound, configured: *key }) }
}

/// From here on it is bound to this key.
pub(super) fn bind(step: &mut Step<'_>, key: &PublicKey) -> Result<(), StoreError> {
    set_about(step, SIGNING_KEY, &key.to_string())
}

/// A database that does not say which key it is bound to shows it by its log.
fn was_signed_with(step: &mut Step<'_>, key: &PublicKey) -> Result<(), StoreError> {
    let sound = first_and_last(step)?.iter().all(|entry| entry.is_signed_by(key));
    if sound { Ok(()) } else { Err(StoreError::SignedOtherwise { configured: *key }) }
}

/// The log ends with what this key has signed, or with what has it follow another: behind what somebody else has written into the
/// database nothing is signed.
fn was_last_signed_with(step: &mut Step<'_>, key: &PublicKey) -> Result<(), StoreError> {
    let number = first_and_last(step)?.iter().map(|entry| entry.number).max().unwrap_or(0);
    let mut end = page(step, number.saturating_sub(1), number)?;
    let Some(last) = end.pop() else { return Ok(()) };
    let before = end.pop().map_or(Head::NONE.hash, |before| before.hash);
    let follows = match last.event() {
        Ok(Some(Event::Succession { statement })) => {
            let introduced = statement.verify(None).is_ok_and(|said| said.successor == *key);
            introduced && last.is_signed_by(&statement.signer())
        }
        _ => false,
    };
    let whole = last.follows(&before) && last.event().is_ok();
    match whole && (follows || last.is_signed_by(key)) {
        true => Ok(()),
        false => Err(StoreError::EndsOtherwise { configured: *key, number: last.number }),
    }
}

fn text(step: &mut Step<'_>, name: &str) -> Result<String, StoreError> {
    about(step, name)?.ok_or(StoreError::Foreign)
}

/// What the database says of itself.
pub(crate) fn about(step: &mut Step<'_>, name: &str) -> Result<Option<String>, StoreError> {
    step.row("SELECT value FROM about WHERE name = ?1", &[name.into()])?.map(|mut row| row.text()).transpose()
}

/// Has the database say something of itself.
pub(crate) fn set_about(step: &mut Step<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO about (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
    step.execute(sql, &[name.into(), value.into()]).map(drop)
}

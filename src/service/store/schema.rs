//! The tables. Both databases read the same statements: `BIGINT`, `TEXT` and `BYTEA` alone.

use super::StoreError;
use super::connection::Step;
use crate::service::audit::Role;

const LAYOUT: &str = "1";

const SHARED: &[&str] = &[
    // Whose database this is, its layout, the state of the circuit breaker.
    "CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS log (number BIGINT PRIMARY KEY, time BIGINT NOT NULL, content TEXT, content_digest TEXT NOT NULL, \
     hash TEXT NOT NULL, signature TEXT NOT NULL)",
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
     UNIQUE (requester, agreement, number))",
    "CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, sequence)",
    // Probes by day. A row of a year is the sum of its days.
    "CREATE TABLE IF NOT EXISTS spent (requester TEXT NOT NULL, agreement TEXT NOT NULL, day TEXT NOT NULL, probes BIGINT NOT NULL, \
     PRIMARY KEY (requester, agreement, day))",
    // Bits disclosed by version of the gallery.
    "CREATE TABLE IF NOT EXISTS leaked (requester TEXT NOT NULL, agreement TEXT NOT NULL, gallery BIGINT NOT NULL, \
     bits BIGINT NOT NULL, PRIMARY KEY (requester, agreement, gallery))",
    "CREATE TABLE IF NOT EXISTS galleries (agreement TEXT NOT NULL, version BIGINT NOT NULL, state TEXT NOT NULL, \
     subjects BIGINT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (agreement, version))",
    "CREATE TABLE IF NOT EXISTS refused (requester TEXT NOT NULL, agreement TEXT NOT NULL, day TEXT NOT NULL, reason TEXT NOT NULL, \
     times BIGINT NOT NULL, PRIMARY KEY (requester, agreement, day, reason))",
];

const QUERIER: &[&str] = &[
    // `query` goes when the custodian has accepted it, `pending` and `answer` when the verdicts were read.
    "CREATE TABLE IF NOT EXISTS requests (number TEXT PRIMARY KEY, sequence BIGINT NOT NULL UNIQUE, agreement TEXT NOT NULL, \
     custodian TEXT NOT NULL, request_digest TEXT NOT NULL, request TEXT NOT NULL, query BYTEA, pending BYTEA, stage TEXT NOT NULL, \
     job TEXT, receipt TEXT, reply TEXT, answer BYTEA, acknowledgement TEXT)",
];

/// Makes what is missing, and says whose database it is: `party` and `role`, if it was new.
pub fn prepare(step: &mut Step<'_>, party: &str, role: Role) -> Result<(), StoreError> {
    let of_role = match role {
        Role::Custodian => CUSTODIAN,
        Role::Querier => QUERIER,
    };
    for statement in SHARED.iter().chain(of_role) {
        step.execute(statement, &[])?;
    }
    step.alone()?;
    match about(step, "layout")? {
        None => {
            for (name, value) in [("layout", LAYOUT), ("party", party), ("role", &role.to_string())] {
                step.execute("INSERT INTO about (name, value) VALUES (?1, ?2)", &[name.into(), value.into()])?;
            }
            Ok(())
        }
        Some(layout) if layout != LAYOUT => Err(StoreError::Layout(layout)),
        Some(_) => {
            let actual = format!("{} {}", text(step, "role")?, text(step, "party")?);
            let expected = format!("{role} {party}");
            if actual == expected { Ok(()) } else { Err(StoreError::Owner { expected, actual }) }
        }
    }
}

fn text(step: &mut Step<'_>, name: &str) -> Result<String, StoreError> {
    about(step, name)?.ok_or(StoreError::Foreign)
}

/// What the database says of itself.
pub fn about(step: &mut Step<'_>, name: &str) -> Result<Option<String>, StoreError> {
    step.row("SELECT value FROM about WHERE name = ?1", &[name.into()])?.map(|mut row| row.text()).transpose()
}

/// Has the database say something of itself.
pub fn set_about(step: &mut Step<'_>, name: &str, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO about (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2";
    step.execute(sql, &[name.into(), value.into()]).map(drop)
}

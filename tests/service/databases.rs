//! The databases that every test runs on.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use cotejo::service::store::Location;

/// A fresh database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Which there are.
pub fn kinds() -> Vec<Kind> {
    match std::env::var("COTEJO_POSTGRES") {
        Ok(_) => vec![Kind::Sqlite, Kind::Postgres],
        Err(_) => {
            eprintln!("COTEJO_POSTGRES is not set: tested on SQLite alone (see scripts/postgres.sh)");
            vec![Kind::Sqlite]
        }
    }
}

/// Connection string of a database of this test's own.
pub fn fresh(kind: Kind, folder: &Path) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    match kind {
        Kind::Sqlite => folder.join(format!("database-{number}.sqlite")).display().to_string(),
        Kind::Postgres => {
            let server = std::env::var("COTEJO_POSTGRES").unwrap();
            let name = format!("test_{}_{number}", std::process::id());
            let mut admin = postgres::Client::connect(&server, postgres::NoTls).unwrap();
            admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
            let others: Vec<&str> = server.split(' ').filter(|pair| !pair.starts_with("dbname=")).collect();
            format!("{} dbname={name}", others.join(" "))
        }
    }
}

/// A database's address, as the store takes it.
pub fn location(text: &str) -> Location {
    text.parse().unwrap()
}

/// Statements in the database itself, past the store.
pub fn execute(kind: Kind, database: &str, sql: &str) {
    match kind {
        Kind::Sqlite => rusqlite::Connection::open(database).unwrap().execute_batch(sql).unwrap(),
        Kind::Postgres => postgres::Client::connect(database, postgres::NoTls).unwrap().batch_execute(sql).unwrap(),
    }
}

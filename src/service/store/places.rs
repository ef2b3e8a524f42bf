//! Databases for tests: each test's own, of both kinds.

use super::Location;

/// A PostgreSQL database of this test's own, and how others reach it; none where there is no server.
pub(super) fn on_postgres(test: &str) -> Option<(Location, postgres::Client)> {
    let Ok(server) = std::env::var("COTEJO_POSTGRES") else {
        eprintln!("COTEJO_POSTGRES is not set: not tested (see scripts/postgres.sh)");
        return None;
    };
    let name = format!("{test}_{}", std::process::id());
    let mut admin = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    admin.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let others: Vec<&str> = server.split(' ').filter(|pair| !pair.starts_with("dbname=")).collect();
    let text = format!("{} dbname={name}", others.join(" "));
    let location = text.parse().unwrap();
    Some((location, postgres::Client::connect(&text, postgres::NoTls).unwrap()))
}

/// Does the same with an SQLite file and with a PostgreSQL database, where there is a server: both of this test's own, and new.
pub(super) fn on_both(test: &str, work: impl Fn(Location)) {
    let folder = tempfile::tempdir().unwrap();
    work(Location::File(folder.path().join("database.sqlite")));
    if let Some((location, _)) = on_postgres(test) {
        work(location);
    }
}

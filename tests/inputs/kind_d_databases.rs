//! What is a database: connection strings as other programs have them are no names of files, and tell nobody their password.

use crate::parties::{Changes, READ, configure, parties};
use crate::support::{Desk, refusal};

/// A part of each password: it stands in no message and in no file's name.
const SECRET: &str = "geheim";

/// What is written as a database, what is said of it, and the remedy.
const STRINGS: [(&str, &str, &str); 31] = [
    ("postgresql://u:geheim@localhost/x?hostaddr=192.0.2.2", "does not ask for TLS", "add sslmode=require"),
    ("postgresql://u:geheim@localhost,db.example/x", "does not ask for TLS", "add sslmode=require"),
    ("postgresql://u:geheim@%64b.example/x?sslmode=disable", "does not ask for TLS", "add sslmode=require"),
    ("hostaddr=192.0.2.2 user=u password=geheim", "does not ask for TLS", "add sslmode=require"),
    ("host=/run/postgresql,db.example password=geheim", "does not ask for TLS", "add sslmode=require"),
    ("POSTGRESQL://u:geheim@db.example/x", "does not ask for TLS", "add sslmode=require"),
    ("postgresql://u:geheim@db.example/x?sslmode=verify-full", "sslmode", "write sslmode=require"),
    ("sslmode=verify-ca host=db.example password=geheim", "sslmode", "write sslmode=require"),
    ("postgresql://u:geheim@localhost/x?sslmode=allow", "sslmode", "write sslmode=require"),
    ("postgresql://u:geheim@h/x?sslmode=require&sslrootcert=c.pem", "sslrootcert", "SSL_CERT_FILE"),
    ("postgresql://u:geheim@h/x?ssl=true", "the option ssl", "write sslmode=require"),
    ("host=localhost passfile=geheim", "passfile", "user and password themselves"),
    ("postgresql+psycopg2://u:geheim@h/x", "'postgresql+psycopg2:'", "without the name of a driver"),
    ("postgresql+asyncpg://u:geheim@h/x", "'postgresql+asyncpg:'", "without the name of a driver"),
    ("jdbc:postgresql://h/x?user=u&password=geheim", "'jdbc:'", "without the name of a driver"),
    ("postgres:u:geheim@h/x", "'postgres:'", "write postgresql://"),
    ("mysql://u:geheim@h/x", "another kind of database", "write postgresql://"),
    ("MongoDB://u:geheim@h/x", "another kind of database", "write postgresql://"),
    ("u:geheim@h/x", "'u:'", "write postgresql://"),
    ("sqlite:///x.db?password=geheim", "'sqlite:'", "name the file alone"),
    ("file:x.db?key=geheim", "'file:'", "name the file alone"),
    (":memory:", "would lose the log", "name a file"),
    ("", "no database is named", "name a file"),
    ("Server=h;Database=x;User Id=u;Password=geheim", "nor a connection string", "write postgresql://"),
    ("DATABASE_URL=postgresql://u:geheim@h/x", "nor a connection string", "write postgresql://"),
    ("own.sqlite?password=geheim", "nor a connection string", "write postgresql://"),
    ("./own.sqlite password=geheim", "nor", "write postgresql://"),
    ("postgresql://u:my@geheim@h/x", "a host that is none", "%40"),
    ("postgresql://u:geheim", "port", "%40"),
    ("host=localhost password=my geheim", "nor a connection string", "write postgresql://"),
    ("dbname=x password=geheim", "without a host", "name the host"),
];

#[test]
fn kind_d_a_connection_string_is_never_a_file_and_its_password_is_told_to_nobody() {
    let desk = parties();
    for (database, what, remedy) in STRINGS {
        configure(&desk, &Changes { database, ..Changes::default() });
        let mut said: Vec<String> = READ.into_iter().map(|(line, place)| desk.refused(line, place, what)).collect();
        let before = desk.listing();
        let audit = desk.command("audit verify --database").arg(database).assert();
        said.push(refusal(audit, database, "--database", what));
        assert_eq!(desk.listing(), before, "{database}");
        for text in said {
            assert!(text.contains(remedy), "{database}: {text}");
            assert!(!text.contains(SECRET) && !text.contains("fault of cotejo"), "{database}: {text}");
        }
    }
}

#[test]
fn kind_d_a_path_is_a_file_whatever_signs_it_holds() {
    let desk = parties();
    std::fs::create_dir(desk.path("b/year=2026")).unwrap();
    std::fs::create_dir(desk.path("a/year=2026")).unwrap();
    for database in ["./host=x", "C:\\own", "./year=2026/own.sqlite", "own file.sqlite", "./a:b"] {
        configure(&desk, &Changes { database, ..Changes::default() });
        desk.refused("serve --config b/custodian.toml --check", "b/custodian.toml", "there is no database there");
        desk.ok("serve --init-database --config b/custodian.toml");
        desk.ok("serve --config b/custodian.toml --check");
        desk.ok("ask --config a/querier.toml --check");
        assert!(desk.exists(&format!("b/{database}")) && desk.exists(&format!("a/{database}")), "{database}");
    }
    // A file that cannot be made is no fault of cotejo's, and nothing that is "tried again".
    configure(&desk, &Changes { database: "nowhere/own.sqlite", ..Changes::default() });
    let made = ("serve --init-database --config b/custodian.toml", "b/custodian.toml");
    for (line, place) in READ.into_iter().chain([made]) {
        let made = place.starts_with("b/") && !line.contains("--init");
        let said = desk.refused(line, place, if made { "there is no database there" } else { "cannot be reached" });
        assert!(made || said.contains("a file needs its folder"), "{said}");
    }
}

/// The trial's PostgreSQL; none where there is none.
fn postgres() -> Option<String> {
    let server = std::env::var("COTEJO_POSTGRES").ok();
    if server.is_none() {
        eprintln!("COTEJO_POSTGRES is not set: what PostgreSQL refuses is not tested (see scripts/postgres.sh)");
    }
    server
}

fn without(server: &str, key: &str) -> String {
    server.split(' ').filter(|pair| !pair.starts_with(key)).collect::<Vec<_>>().join(" ")
}

/// A user whom the server asks for a password.
fn asked_for_a_password(server: &str) -> String {
    let user = format!("kind_d_{}", std::process::id());
    let mut admin = postgres::Client::connect(server, postgres::NoTls).unwrap();
    let one = |admin: &mut postgres::Client, sql: &str| admin.query_one(sql, &[]).unwrap().get::<_, String>(0);
    let file = one(&mut admin, "SELECT current_setting('hba_file')");
    let rules = one(&mut admin, "SELECT pg_read_file(current_setting('hba_file'))");
    // Before the other rules, and without their comments.
    let rules = rules.lines().filter(|rule| !rule.starts_with('#') && !rule.is_empty());
    let rules: Vec<String> =
        std::iter::once(format!("local all {user} scram-sha-256")).chain(rules.map(str::to_owned)).collect();
    let rows =
        rules.iter().enumerate().map(|(line, rule)| format!("({line}, '{rule}')")).collect::<Vec<_>>().join(", ");
    admin.batch_execute(&format!("CREATE ROLE {user} LOGIN PASSWORD 'right'")).unwrap();
    let written = format!("COPY (SELECT rule FROM (VALUES {rows}) AS rules(line, rule) ORDER BY line) TO '{file}'");
    admin.batch_execute(&written).unwrap();
    admin.batch_execute("SELECT pg_reload_conf()").unwrap();
    // The server reads its rules when it gets round to it.
    std::thread::sleep(std::time::Duration::from_millis(500));
    user
}

#[test]
fn kind_d_what_postgresql_refuses_has_a_remedy() {
    let Some(server) = postgres() else { return };
    let desk = parties();
    let user = asked_for_a_password(&server);
    let as_user = format!("{} user={user}", without(&server, "user="));
    let cases = [
        (format!("{as_user} password={SECRET}"), "password authentication failed", "correct user and password"),
        (as_user.clone(), "asks for a password", "PGPASSWORD and .pgpass are not read"),
        (format!("{} user=nobody", without(&server, "user=")), "does not let us in", "correct user and password"),
        (format!("{} dbname=nowhere", without(&server, "dbname=")), "does not exist", "createdb"),
        (format!("{server} sslmode=require"), "no TLS with the database", "SSL_CERT_FILE"),
        (format!("{as_user} password=right"), "may not do this", "grant it the right"),
        ("host=127.0.0.1 port=1 user=u password=geheim".to_owned(), "Connection refused", "a server must run"),
    ];
    for (database, what, remedy) in cases {
        refused_by_the_server(&desk, &database, what, remedy);
    }
    // One that stands apart is the one that the server gets.
    for (password, what) in [(SECRET, "password authentication failed"), ("right", "no database of cotejo's")] {
        let mut command = desk.command("audit verify --database-password-env PASSWORD --database");
        let said = command.arg(&as_user).env("PASSWORD", password).assert();
        assert!(!refusal(said, "audit verify", "the PostgreSQL database", what).contains(SECRET));
    }
}

fn refused_by_the_server(desk: &Desk, database: &str, what: &str, remedy: &str) {
    configure(desk, &Changes { database, ..Changes::default() });
    let made = ("serve --init-database --config b/custodian.toml", "b/custodian.toml");
    // Who only looks for a database is refused nothing by a server that lets it in.
    let looks = |line: &str| what == "may not do this" && line.starts_with("serve") && !line.contains("--init");
    for (line, place) in READ.into_iter().chain([made]).filter(|(line, _)| !looks(line)) {
        let said = desk.refused(line, place, what);
        assert!(said.contains(remedy), "{database}: {said}");
        assert!(!said.contains(SECRET) && !said.contains("fault of cotejo"), "{database}: {said}");
    }
}

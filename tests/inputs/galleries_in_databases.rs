//! Templates that lie in PostgreSQL, with pgvector's types: what a query enrols, and what becomes of one that cannot be read.
//!
//! `COTEJO_POSTGRES` holds the connection string of a server with a database `vectors`, which has these types: see `scripts/postgres.sh` and
//! `scripts/pgvector.sh`.

use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::support::{Desk, GALLERY, INIT, refusal};

/// A database of a test's own, which has pgvector's types.
pub struct Vectors {
    /// Its connection string.
    pub location: String,
    pub client: postgres::Client,
}

/// One; none where there is no server.
pub fn vectors(name: &str) -> Option<Vectors> {
    /// The one that is copied must not be in use.
    static COPYING: Mutex<()> = Mutex::new(());
    let Ok(server) = std::env::var("COTEJO_POSTGRES") else {
        eprintln!("COTEJO_POSTGRES is not set: not tested (see scripts/postgres.sh and scripts/pgvector.sh)");
        return None;
    };
    let mut admin = postgres::Client::connect(&server, postgres::NoTls).unwrap();
    let name = format!("{name}_{}", std::process::id());
    let copying = COPYING.lock().unwrap();
    admin
        .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE vectors"))
        .expect("bash scripts/pgvector.sh makes it");
    drop(copying);
    let others: Vec<&str> = server.split(' ').filter(|pair| !pair.starts_with("dbname=")).collect();
    let location = format!("{} dbname={name}", others.join(" "));
    let client = postgres::Client::connect(&location, postgres::NoTls).unwrap();
    Some(Vectors { location, client })
}

/// The four persons of the desk, in a table with each type that a vector can have.
fn people(client: &mut postgres::Client) {
    client
        .batch_execute(
            "CREATE TABLE people (
                 number int8, id text, key uuid, case_number varchar(20), site text, quality numeric(4, 2), embedding vector(16), half halfvec(16),
                 sparse sparsevec(16), reals real[], doubles float8[], shorts int2[], longs int8[], numerics numeric[], written text)",
        )
        .unwrap();
    for (number, line) in GALLERY.lines().skip(1).enumerate() {
        let (id, values) = line.split_once(',').unwrap();
        let key = format!("00000000-0000-4000-8000-{number:012}");
        let quality = f64::from(number as u32) / 4.0;
        client
            .batch_execute(&format!(
                "INSERT INTO people SELECT {number}, '{id}', '{key}', 'case-{number}', CASE WHEN {number} < 2 THEN 'north' ELSE 'south' END, \
                 {quality}, v, v::halfvec, v::sparsevec, v::real[], v::real[], v::real[], v::real[], v::real[], v::text \
                 FROM (SELECT '[{values}]'::vector AS v) AS one"
            ))
            .unwrap();
    }
}

/// `enroll` of what a query finds.
fn enroll(desk: &Desk, location: &str, query: &str, options: &str) -> assert_cmd::Command {
    let mut command = desk.command(&format!("enroll {options}"));
    command.args(["--from", location, "--query", query]);
    command
}

/// What an `enroll` that must succeed has said on standard error.
fn enrolled(desk: &Desk, location: &str, query: &str, options: &str) -> String {
    let assert = enroll(desk, location, query, options).assert().success();
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn desk() -> Desk {
    let desk = Desk::empty();
    desk.write("gallery.csv", GALLERY);
    desk.ok(INIT);
    desk.ok("enroll --templates gallery.csv --out csv.cotejo");
    desk
}

#[test]
fn each_type_of_a_vector_enrols_what_its_csv_does() {
    let Some(mut database) = vectors("types") else { return };
    people(&mut database.client);
    let desk = desk();
    for column in ["embedding", "half", "sparse", "reals", "doubles", "shorts", "longs", "numerics", "written"] {
        let options = format!("--column {column} --out {column}.cotejo");
        let said = enrolled(&desk, &database.location, "SELECT * FROM people ORDER BY number;", &options);
        assert!(said.contains("ids from column `id`"), "{said}");
        // No difference: the same persons with the same references.
        desk.ok(&format!("gallery diff csv.cotejo {column}.cotejo"));
    }
}

#[test]
fn ids_handles_and_qualities_come_from_columns_of_their_own() {
    let Some(mut database) = vectors("columns") else { return };
    people(&mut database.client);
    let desk = desk();
    let Vectors { location, .. } = &database;
    let listed = |name: &str| {
        let listed = desk.json(&format!("gallery list --gallery {name}"));
        let subjects = listed["enrolled"].as_array().unwrap().iter();
        subjects.map(|subject| subject["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let query = "-- who is looked for in the south
        SELECT key, number, case_number, quality, embedding FROM people WHERE site = 'south' -- the others do not consent";
    enrolled(&desk, location, query, "--id-column key --handles case_number --out keys.cotejo");
    assert_eq!(listed("keys.cotejo"), ["00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003"]);
    enrolled(&desk, location, query, "--id-column number --out numbers.cotejo");
    assert_eq!(listed("numbers.cotejo"), ["2", "3"]);
    let query = "TABLE people";
    let said = enrolled(&desk, location, query, "--column embedding --minimum-quality 0.5 --out good.cotejo");
    assert_eq!(listed("good.cotejo"), ["carl", "dora"]);
    assert!(said.contains("quality from column `quality`") && said.contains("2 failures to enrol"), "{said}");
    // What another system says today replaces what it said yesterday.
    let both = "--append --replace --column embedding --out good.cotejo";
    database
        .client
        .batch_execute("UPDATE people SET embedding = '[0,0,0,0,0,0,0,0,0,0,0,0,1,1,1,2]' WHERE id = 'dora'")
        .unwrap();
    let said = enrolled(&desk, &database.location, query, both);
    assert!(said.contains("replaced 1 reference of 1 subject, added 2 new ones, left 1 as they were"), "{said}");
    // Nothing has changed since.
    let before = desk.read("good.cotejo");
    let said = enrolled(&desk, &database.location, "SELECT * FROM people WHERE false", both);
    assert!(said.contains("the query finds no row"), "{said}");
    assert!(desk.read("good.cotejo") == before);
}

#[test]
fn bits_and_irises_are_read_as_well() {
    let Some(mut database) = vectors("bits") else { return };
    let desk = Desk::empty();
    let bits = |seed: u64, length: usize| -> String {
        (0..length as u64).map(|bit| char::from(b'0' + ((bit * 7 + seed * bit / 3 + seed) % 5 % 2) as u8)).collect()
    };
    desk.ok(
        "agreement init --modality iris --rows 4 --columns 32 --channels 4 --rotations 3 --minimum-common-bits 64 --scheme tfhe \
         --parameter-set insecure-test --allow-insecure",
    );
    let order = "--bit-order position-first";
    database
        .client
        .batch_execute("CREATE TABLE irises (id text, eye text, code bit(512), valid bit varying, packed bytea)")
        .unwrap();
    let mut csv = "id,eye,code,valid\n".to_owned();
    for (number, id) in ["ana", "bo", "cy"].into_iter().enumerate() {
        let (code, valid) = (bits(number as u64, 512), "1".repeat(512));
        csv.push_str(&format!("{id},left,{code},{valid}\n"));
        let bytes: String =
            (0..64).map(|at| format!("{:02x}", u8::from_str_radix(&code[at * 8..][..8], 2).unwrap())).collect();
        database
            .client
            .batch_execute(&format!("INSERT INTO irises VALUES ('{id}', 'left', B'{code}', B'{valid}', '\\x{bytes}')"))
            .unwrap();
    }
    desk.write("irises.csv", csv);
    desk.ok(&format!("enroll --templates irises.csv {order} --out csv.cotejo"));
    for (name, query) in [
        ("bits", "SELECT id, eye, code, valid FROM irises"),
        ("bytes", "SELECT id, eye, packed AS code, valid FROM irises"),
        ("texts", "SELECT id, eye, code::text AS code, valid::text AS valid FROM irises"),
    ] {
        enrolled(&desk, &database.location, query, &format!("{order} --out {name}.cotejo"));
        desk.ok(&format!("gallery diff csv.cotejo {name}.cotejo"));
    }
}

#[test]
fn what_is_not_needed_is_not_fetched() {
    let Some(mut database) = vectors("needed") else { return };
    people(&mut database.client);
    let desk = desk();
    // Whoever fetched the portraits would fail.
    let query = "SELECT id, embedding, 1 / (length(id) - length(id)) AS portrait FROM people";
    let said = enrolled(&desk, &database.location, query, "--out gallery.cotejo");
    assert!(said.contains("not read: column `portrait`"), "{said}");
    enroll(&desk, &database.location, query, "--column portrait --out other.cotejo").assert().code(2);
}

#[test]
fn rows_that_make_no_template_are_refused_by_number() {
    let Some(mut database) = vectors("rows") else { return };
    people(&mut database.client);
    let desk = desk();
    let query = "SELECT id, reals FROM (
            SELECT 0 AS place, id, reals FROM people
            UNION ALL VALUES (1, 'eva', NULL), (2, 'fay', '{1,2,3}'), (3, 'gil', array_fill('NaN'::real, ARRAY[16])), (4, NULL, array_fill(1, ARRAY[16])),
                             (5, 'hal', array_fill(NULL::real, ARRAY[16])), (6, 'ivy', array_fill(1, ARRAY[2, 16]))
        ) AS rows ORDER BY place";
    let line = "--out gallery.cotejo";
    let said = refusal(
        enroll(&desk, &database.location, query, line).assert(),
        line,
        "postgresql",
        "6 of 10 templates refused",
    );
    for row in 5..=10 {
        assert!(said.contains(&format!("row {row}")), "{said}");
    }
    let said = enrolled(&desk, &database.location, query, "--skip-refused --out gallery.cotejo");
    assert!(said.contains("4 subjects with 4 references"), "{said}");
    desk.ok("gallery diff csv.cotejo gallery.cotejo");
}

#[test]
fn what_cannot_be_read_is_said_with_what_to_do() {
    let Some(mut database) = vectors("refusals") else { return };
    people(&mut database.client);
    database.client.batch_execute("CREATE ROLE visitor LOGIN").ok();
    let desk = desk();
    let at = |location: &str, query: &str, options: &str, place: &str, what: &str, remedy: &str| {
        let line = format!("{options} --out gallery.cotejo");
        let said = refusal(enroll(&desk, location, query, &line).assert(), query, place, what);
        assert!(said.contains(remedy), "{query}: {said}");
        assert!(!desk.exists("gallery.cotejo") && !said.contains("geheim"), "{query}: {said}");
    };
    let location = database.location.as_str();
    for (query, options, what, remedy) in [
        ("SELECT id, embeding FROM people", "", "column \"embeding\" does not exist", "embedding"),
        ("SELECT id, embedding FROM persons", "", "relation \"persons\" does not exist", "correct the query"),
        ("SELEC id", "", "syntax error at or near \"SELEC\"", "write one SELECT"),
        ("SELECT 1; DROP TABLE people", "", "multiple commands", "write one SELECT"),
        ("SELECT id, embedding FROM people; -- all", "", "syntax error at or near \";\"", "leave out the semicolon"),
        ("SELECT site::int AS id, embedding FROM people", "", "invalid input syntax for type integer", "WHERE"),
        ("SELECT id, embedding FROM people WHERE $1 IS NULL", "", "parameters", "write one SELECT"),
        ("DELETE FROM people", "", "finds no rows", "write one SELECT"),
        ("DELETE FROM people RETURNING id, embedding", "", "syntax error", "write one SELECT"),
        ("SELECT id, embedding FROM people WHERE id = $1", "", "parameters", "write one SELECT"),
        ("", "", "finds no rows", "write one SELECT"),
    ] {
        at(location, query, options, "--query", what, remedy);
    }
    let place = "postgresql refusals";
    for (query, options, what, remedy) in [
        ("SELECT embedding, site FROM people", "", "no ids", "select a column of ids"),
        ("SELECT id, site FROM people", "", "no `embedding`", "--column"),
        ("SELECT id, reals, doubles FROM people", "", "`reals` and `doubles`", "--column"),
        ("SELECT id, number AS embedding FROM people", "", "is of type int64", "cast it in the query"),
        ("SELECT number::float8 AS id, embedding FROM people", "", "written as fractions", "id::bigint"),
        ("SELECT id, embedding FROM people WHERE false", "", "finds no row", "correct the query"),
        // Known before a row is asked for.
        ("SELECT embedding FROM people WHERE pg_sleep(600) IS NOT NULL", "", "no ids", "select a column of ids"),
        ("SELECT id, embedding, embedding FROM people", "", "may both be the template", "a name of its own"),
        ("SELECT id, embedding FROM people", "--column face", "no column is called `face`", "name one of these"),
        (
            "SELECT id, ARRAY[reals, reals] AS embedding FROM people",
            "",
            "no row of 4 makes a template",
            "cast or select",
        ),
    ] {
        at(location, query, options, place, what, remedy);
    }
    let sound = "SELECT id, embedding FROM people";
    let with = |pair: &str| format!("{location} {pair}");
    at(&with("user=visitor"), sound, "", "--query", "permission denied for table people", "GRANT SELECT");
    let ending = "SELECT id, embedding FROM people WHERE pg_terminate_backend(pg_backend_pid())";
    // The server says so before it ends it, which may or may not be heard.
    at(location, ending, "", place, "connection", "look at the server's log");
    at(&with("dbname=nowhere"), sound, "", "postgresql nowhere", "does not exist", "createdb");
    at(&with("password=geheim"), sound, "", "--from", "a password in the command line", "--database-password-file");
    at("people.sqlite", sound, "", "--from", "a file", "--templates");
    at("postgresql://b@db.example/x", sound, "", "--from", "does not ask for TLS", "sslmode=require");
    at("mysql://u@h/x", sound, "", "--from", "another kind of database", "postgresql://");
    at("host=127.0.0.1 port=1 user=u", sound, "", "postgresql", "Connection refused", "check --from");
    // What belongs to files is refused by the command line itself.
    for options in
        ["--templates gallery.csv", "--ids ids.txt", "--rows 1-2", "--where id=1", "--format csv", "--header no"]
    {
        let assert = enroll(&desk, location, sound, &format!("{options} --out gallery.cotejo")).assert().code(2);
        let said = String::from_utf8(assert.get_output().stderr.clone()).unwrap();
        assert!(said.contains("cannot be used with"), "{options}: {said}");
    }
    for (line, named) in [
        ("--query SELECT", "--query"),
        ("--database-password-env NOBODY", "error: --database-password-env"),
        ("--database-password-file pw", "error: --database-password-file"),
    ] {
        let assert =
            desk.command(&format!("enroll --templates gallery.csv --out gallery.cotejo {line}")).assert().code(2);
        assert!(String::from_utf8_lossy(&assert.get_output().stderr).contains(named), "{line}");
        assert!(!desk.exists("gallery.cotejo"), "{line}");
    }
    // What stands in a row moves no cursor.
    let text = "SELECT (E'7\\x1b[31m\\nerror: forged')::int AS id, embedding FROM people";
    let said =
        refusal(enroll(&desk, location, text, "--out gallery.cotejo").assert(), text, "--query", "invalid input");
    assert!(!said.contains('\u{1b}') && !said.contains("\nerror: forged"), "{said}");
    // Without a name for the gallery there is none.
    refusal(enroll(&desk, location, sound, "").assert(), "no --out", "--out", "no gallery is named");
    enroll(&desk, location, sound, "--dry-run").assert().success();
}

#[test]
fn a_query_changes_nothing_whatever_it_calls() {
    let Some(mut database) = vectors("changes") else { return };
    people(&mut database.client);
    database
        .client
        .batch_execute(
            "CREATE TABLE marks (id text); CREATE SEQUENCE numbers;
             CREATE FUNCTION mark(text) RETURNS text VOLATILE LANGUAGE plpgsql AS
                 $$ BEGIN INSERT INTO marks VALUES ($1); RETURN $1; END $$;
             CREATE FUNCTION unlock(text) RETURNS text VOLATILE LANGUAGE plpgsql AS
                 $$ BEGIN SET TRANSACTION READ WRITE; INSERT INTO marks VALUES ($1); RETURN $1; END $$",
        )
        .unwrap();
    let desk = desk();
    for (id, what) in [
        ("mark(id)", "cannot execute INSERT in a read-only transaction"),
        ("unlock(id)", "read-write mode"),
        ("nextval('numbers')::text", "cannot execute nextval() in a read-only transaction"),
    ] {
        let query = format!("SELECT {id} AS id, embedding FROM people");
        let line = "--out gallery.cotejo";
        refusal(enroll(&desk, &database.location, &query, line).assert(), &query, "--query", what);
        assert!(!desk.exists("gallery.cotejo"), "{query}");
    }
    let one = |client: &mut postgres::Client, sql: &str| client.query_one(sql, &[]).unwrap().get::<_, i64>(0);
    assert_eq!(one(&mut database.client, "SELECT count(*) FROM marks"), 0);
    assert_eq!(one(&mut database.client, "SELECT count(*) FROM numbers WHERE is_called"), 0);
}

/// What the server does for us, as it begins.
fn waits_for(watching: &mut postgres::Client, beginning: &str, is_there: bool) {
    let begun = Instant::now();
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid() \
               AND query LIKE $1 || '%'";
    while (watching.query_one(sql, &[&beginning]).unwrap().get::<_, i64>(0) > 0) != is_there {
        assert!(begun.elapsed() < Duration::from_secs(60), "{beginning}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_table_that_changes_while_it_is_read_is_enrolled_as_it_was_at_the_beginning() {
    let Some(mut database) = vectors("changing") else { return };
    people(&mut database.client);
    let desk = desk();
    // It is counted for two seconds before it is read.
    let query = "SELECT id, embedding FROM people WHERE id <> 'bert' OR pg_sleep(2) IS NOT NULL";
    let mut running = Command::new(env!("CARGO_BIN_EXE_cotejo"))
        .current_dir(desk.path(""))
        .args(["enroll", "--out", "gallery.cotejo", "--from", &database.location, "--query", query])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    waits_for(&mut database.client, "SELECT count", true);
    database.client.batch_execute("UPDATE people SET embedding = NULL; DELETE FROM people WHERE id = 'dora'").unwrap();
    assert!(running.wait().unwrap().success());
    desk.ok("gallery diff csv.cotejo gallery.cotejo");
}

#[test]
fn ctrl_c_ends_a_query_that_takes_long_also_on_its_server() {
    let Some(mut database) = vectors("interrupted") else { return };
    people(&mut database.client);
    let desk = desk();
    let before = desk.listing();
    let mut running = Command::new(env!("CARGO_BIN_EXE_cotejo"))
        .current_dir(desk.path(""))
        .args(["enroll", "--out", "gallery.cotejo", "--from", &database.location])
        .args(["--query", "SELECT id, embedding FROM people WHERE pg_sleep(600) IS NOT NULL"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    waits_for(&mut database.client, "SELECT count", true);
    let begun = Instant::now();
    assert!(Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap().success());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    waits_for(&mut database.client, "SELECT count", false);
    assert_eq!(desk.listing(), before);
}

#[test]
fn ctrl_c_ends_waiting_for_a_server_that_accepts_a_connection_and_says_nothing() {
    let desk = desk();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let location = format!("host=127.0.0.1 port={} user=u dbname=x", silent.local_addr().unwrap().port());
    let mut running = Command::new(env!("CARGO_BIN_EXE_cotejo"))
        .current_dir(desk.path(""))
        .args(["enroll", "--out", "gallery.cotejo", "--from", &location, "--query", "SELECT id, embedding FROM people"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let _connection = silent.accept().unwrap();
    let begun = Instant::now();
    assert!(Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap().success());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

//! Operators order with keys of their own, at the running server or where it does not run; who looks after it sees who did.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::kept::{SERVE, Served};
use crate::network::{self, reconfigure};
use crate::support::{Desk, refusal};

/// A custodian with operators anna, whose key is under a passphrase, and bert; both have keys of their own, and two lines of its
/// configuration.
fn desk() -> Desk {
    let desk = network::desk();
    desk.write("passphrase", "a passphrase of anna's\n");
    fs::set_permissions(desk.path("passphrase"), fs::Permissions::from_mode(0o600)).unwrap();
    desk.ok("certificates signing-key --out anna --protect --passphrase-file passphrase");
    desk.ok("certificates signing-key --out bert");
    reconfigure(&desk, "b/custodian.toml", "listen =", "operations = '127.0.0.1:0'\nlisten =");
    let operators = "[[operator]]\nname = 'anna'\nsigning_key = '../anna/signing.pub'\n\
                     [[operator]]\nname = 'bert'\nsigning_key = '../bert/signing.pub'\n";
    let config = String::from_utf8(desk.read("b/custodian.toml")).unwrap();
    desk.write("b/custodian.toml", config + operators);
    desk
}

/// What operators know of the server.
fn know(desk: &Desk, served: &Served) {
    let address = served.said["operations"].as_str().unwrap();
    desk.write("operator.toml", format!("party = 'B'\noperations = '{address}'\n"));
}

/// A server may write while a command is refused.
fn refused(desk: &Desk, line: &str, place: &str, what: &str) {
    refusal(desk.command(line).assert(), line, place, what);
}

const ANNA: &str = "--operator anna --key anna/signing.key --passphrase-file passphrase";
const BERT: &str = "--operator bert --key bert/signing.key";

#[test]
fn operators_order_with_keys_of_their_own_and_the_log_shows_who() {
    let desk = desk();
    let by_the_server = "breaker reset --config b/custodian.toml --reason quietly";
    // No operator is registered before it is served.
    desk.ok("breaker pull --config b/custodian.toml --reason trial");
    desk.ok(by_the_server);
    let check = desk.json("serve --config b/custodian.toml --check");
    assert_eq!(check["operators"], 2);
    let served = Served::begin(&desk, SERVE);
    know(&desk, &served);

    let pull = "breaker pull --config operator.toml --reason incident-17";
    let said = desk.ok(&format!("{pull} {ANNA}"));
    assert_eq!(said, "pulled: no request is accepted\n");
    assert!(served.operations("/readyz").contains("incident-17"));
    refused(&desk, by_the_server, "b/custodian.toml", "the orders of 1 of the custodian's operators, and 0");
    refused(
        &desk,
        &format!("{pull} --operator anna --key bert/signing.key"),
        "operations port",
        "not signed by an operator",
    );
    desk.command(&format!("{pull} --operator anna")).assert().code(2);
    desk.command(&format!("{pull} --out order.json")).assert().code(2);

    // An erasure: one writes an order, the other gives both.
    let erase = "audit erase --config operator.toml";
    refused(
        &desk,
        &format!("{erase} {BERT}"),
        "operations port",
        "the orders of 2 of the custodian's operators, and 1",
    );
    desk.ok(&format!("{erase} {ANNA} --out erase.json"));
    refused(&desk, &format!("{erase} {ANNA} --order erase.json"), "operations port", "a second order of anna");
    // Who is to order it as well reads what it is.
    let said = desk.ok("inspect erase.json");
    assert!(said.contains("order: operator anna to B, at ") && said.contains("erase what the log holds"), "{said}");
    desk.ok(&format!("{erase} {BERT} --order erase.json"));
    refused(&desk, &format!("{erase} {BERT} --order erase.json"), "operations port", "carried out before");
    desk.command("audit erase --database b/custodian.sqlite").assert().code(2);
    let by_the_server_alone = "audit erase --database b/custodian.sqlite --signing-key b/signing.key";
    refused(&desk, by_the_server_alone, "b/custodian.sqlite", "the orders of 2");

    // Two lines are enough to look as well; a configuration with a database has its own word.
    let status = desk.json("breaker status --config operator.toml");
    assert_eq!((&status["pulled"], &status["breaker"]["reason"]), (&true.into(), &"incident-17".into()));
    assert_eq!(status, desk.json("breaker status --config b/custodian.toml"));

    // Where nothing is served, the service's own user carries out what was signed.
    served.end();
    let succeed =
        "keys succeed --database b/custodian.sqlite --signing-key b/signing.key --successor bert/signing.key --yes";
    refused(&desk, succeed, "--successor", "it is an operator's key");
    refused(&desk, "breaker status --config operator.toml", "operations port", "");
    desk.write("nowhere.toml", "party = 'B'\n");
    desk.refused("breaker status --config nowhere.toml", "nowhere.toml", "neither a database nor an operations port");
    let reset = "breaker reset --config operator.toml --reason closed";
    refused(&desk, &format!("{reset} {BERT}"), "operations port", "cotejo serve order");
    desk.ok(&format!("{reset} {BERT} --out reset.json"));
    refused(&desk, "serve order --config b/custodian.toml erase.json", "b/custodian.toml", "carried out before");
    assert_eq!(desk.ok("serve order --config b/custodian.toml reset.json"), "reset: requests are accepted\n");
    refused(&desk, "serve order --config b/custodian.toml reset.json", "b/custodian.toml", "carried out before");
    let altered = String::from_utf8(desk.read("reset.json")).unwrap().replace("closed", "opened");
    desk.write("altered.json", altered);
    desk.refused("inspect altered.json", "altered.json", "the signature is not valid");
    assert!(desk.ok("inspect reset.json").contains("reset the breaker (closed)"));
    refused(&desk, "serve order --config b/custodian.toml altered.json", "altered.json", "the signature is not valid");

    desk.ok("audit verify --database b/custodian.sqlite");
    desk.ok("audit export --database b/custodian.sqlite --format orders --out orders.csv");
    let table = String::from_utf8(desk.read("orders.csv")).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["entry", "date_and_time", "measure", "reason", "before", "contents", "operators"]);
    let shown: Vec<_> = rows[1..].iter().map(|row| [row[2], row[3], row[6]]).collect();
    assert_eq!(
        shown,
        [
            ["pulled", "trial", ""],
            ["reset", "quietly", ""],
            ["pulled", "incident-17", "anna"],
            ["reset", "closed", "bert"]
        ]
    );
}

/// Whoever can write to the database, and has the server's key: the log shows it.
#[test]
fn a_breaker_that_was_lifted_in_the_database_is_found() {
    let desk = desk();
    let served = Served::begin(&desk, SERVE);
    know(&desk, &served);
    desk.ok(&format!("breaker pull --config operator.toml --reason incident-17 {ANNA}"));
    served.end();
    let verify = "audit verify --database b/custodian.sqlite";
    desk.ok(verify);
    let edit = |sql: &str| {
        rusqlite::Connection::open(desk.path("b/custodian.sqlite")).unwrap().execute_batch(sql).unwrap();
    };
    let found = || {
        let output = desk.command(verify).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stdout).unwrap()
    };
    let pulled: String = rusqlite::Connection::open(desk.path("b/custodian.sqlite"))
        .unwrap()
        .query_row("SELECT value FROM about WHERE name = 'breaker'", [], |row| row.get(0))
        .unwrap();
    edit("UPDATE about SET value = 'null' WHERE name = 'breaker'");
    let said = found();
    assert!(said.contains("the breaker: the log tells pulled, its database has reset"), "{said}");
    edit(&format!("UPDATE about SET value = '{pulled}' WHERE name = 'breaker'"));
    desk.ok(verify);
    // As if there never had been operators: then the server's key does it, and its entry lacks the order.
    edit("DELETE FROM operators");
    let said = found();
    assert!(said.contains("the key of operator anna: the log tells"), "{said}");
    desk.ok("breaker reset --config b/custodian.toml --reason quietly");
    let said = found();
    assert!(said.contains("1 of the custodian's operators have to order this, and 0 did"), "{said}");
}

#[test]
fn operators_that_are_one_or_have_the_servers_key_are_refused() {
    let desk = desk();
    for (from, to) in [("'bert'", "'anna'"), ("../bert/", "../anna/"), ("../bert/signing.pub", "signing.pub")] {
        let file = "b/custodian.toml";
        let before = desk.read(file);
        reconfigure(&desk, file, from, to);
        for line in ["serve --config b/custodian.toml --check", "serve --config b/custodian.toml"] {
            let refused = desk.command(line).assert();
            refusal(refused, line, file, "a name and a key of its own");
        }
        desk.write(file, before);
    }
}

//! What the custodian's log says of clients that it did not let in.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use crate::kind_e_certificates::Office;
use crate::parties::{Changes, configure, parties, private};
use crate::support::Desk;

/// Serves while `ask` is refused; what `ask` says, and what the custodian logs of it.
fn refused(desk: &Desk, chain: &str, key: &str) -> (String, serde_json::Value) {
    desk.write("a/tls.pem", chain);
    private(desk, "a/tls.key", key);
    let mut server = Command::new(env!("CARGO_BIN_EXE_cotejo"))
        .current_dir(desk.path("."))
        .args(["serve", "--config", "b/custodian.toml", "--log", "warn", "--json", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.find(|line| line.contains("\"address\"")).unwrap();
    let address = line.split('"').nth(3).unwrap();
    configure(desk, &Changes { url: &format!("https://{address}"), ..Changes::default() });
    let asked = desk.command("ask --config a/querier.toml --resume --patience 0 --quiet").output().unwrap();
    drop(Command::new("kill").arg(server.id().to_string()).status());
    drop(server.wait());
    let mut log = String::new();
    server.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    let said = String::from_utf8(asked.stderr).unwrap();
    assert_eq!(asked.status.code(), Some(2), "{said}{log}");
    let refusal = log.lines().find(|line| line.contains("a connection was refused"));
    (said, serde_json::from_str(refusal.unwrap_or_else(|| panic!("{log}"))).unwrap())
}

#[test]
fn an_intermediate_certificate_that_a_client_lacks_is_named_in_the_custodians_log() {
    let desk = parties();
    desk.command("ask --config a/querier.toml --templates probes.csv --justification file-7 --patience 0")
        .assert()
        .code(4);
    let root = Office::root("Root");
    let middle = root.below("Middle");
    desk.write("b/authority.pem", &root.1);
    let ((lacking, lacking_key), (strange, strange_key), (namesake, namesake_key)) =
        (middle.issue(|_| {}), Office::root("Stranger").issue(|_| {}), Office::root("Root").issue(|_| {}));
    for (chain, key, reason, remedy) in [
        (
            &lacking,
            &lacking_key,
            "issued by 'Middle', we trust 'Root', and no intermediate certificate",
            "put behind it",
        ),
        (&strange, &strange_key, "issued by 'Stranger'", "if it is a requester's"),
        (&namesake, &namesake_key, "called 'Root' as ours is, but has another key", "if it is a requester's"),
    ] {
        let (said, log) = refused(&desk, chain, key);
        assert!(log["reason"].as_str().unwrap().contains(reason), "{log}");
        assert!(log["remedy"].as_str().unwrap().contains(remedy), "{log}");
        assert!(log["from"].as_str().unwrap().starts_with("127.0.0.1:"), "{log}");
        // The client is told as before.
        assert!(said.contains("our certificate is"), "{said}");
    }
    let (said, _) = refused(&desk, &lacking, &lacking_key);
    assert!(said.contains("or an intermediate certificate is missing behind ours"), "{said}");
}

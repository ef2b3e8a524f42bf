//! What cannot be taken back is asked about on a terminal, and nowhere else.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::parties::parties;
use crate::support::Desk;

/// Runs a command on a terminal of its own and types an answer; none where there is no `script` that makes terminals.
fn on_a_terminal(desk: &Desk, line: &str, answer: &str) -> Option<String> {
    let program = format!("{} {line}", env!("CARGO_BIN_EXE_cotejo"));
    let script = Command::new("script")
        .args(["-qec", &program, "/dev/null"])
        .current_dir(desk.path("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut script) = script else {
        eprintln!("no 'script': questions on a terminal are not tried");
        return None;
    };
    script.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn breaker_erasure_removal_restoring_and_abandoning_ask_on_a_terminal_and_only_there() {
    let desk = parties();
    let config = "--config b/custodian.toml";
    let pull = format!("breaker pull {config} --reason drill");
    let remove = "gallery remove --gallery b/gallery.cotejo --id anna";
    let restore = "gallery restore --gallery b/gallery.cotejo --id anna";
    let abandon = "ask --config a/querier.toml --abandon 1";
    let ask = "ask --config a/querier.toml --templates probes.csv --justification x --number 1 --patience 0";
    desk.command(ask).assert().code(4);
    for (line, question) in [
        (pull.as_str(), "accept no request from now on? [y/N]"),
        (remove, "remove 1 of 4 subjects? [y/N]"),
        (restore, "enroll 1 removed subject again? [y/N]"),
        (abandon, "abandon it?"),
        ("audit erase --database b/own.sqlite --signing-key b/signing.key", "erase for good"),
    ] {
        let before = desk.read("b/gallery.cotejo");
        let Some(said) = on_a_terminal(&desk, line, "n\n") else { break };
        assert!(said.contains(question) && said.contains("nothing was changed"), "{said}");
        assert_eq!(desk.read("b/gallery.cotejo"), before);
        let status = desk.ok(&format!("breaker status {config}"));
        assert_eq!(
            status.starts_with("not pulled"),
            line == pull,
            "what was not confirmed has changed nothing: {status}"
        );
        let said = on_a_terminal(&desk, &format!("{line} --yes"), "").unwrap();
        assert!(!said.contains(question) && !said.contains("nothing was changed"), "{said}");
    }
    // Without a terminal nobody is asked.
    desk.ok(&format!("breaker reset {config} --reason drill"));
    desk.ok("gallery remove --gallery b/gallery.cotejo --id bert");
    if let Some(said) = on_a_terminal(&desk, &pull, "yes\n") {
        assert!(said.contains("pulled: no request is accepted"), "{said}");
    }
}

//! Every command explains itself.

use crate::support::Desk;

const COMMANDS: [&str; 71] = [
    "demo",
    "synthesize",
    "agreement",
    "agreement init",
    "agreement check",
    "keygen",
    "keys",
    "keys protect",
    "keys open",
    "keys ml-dsa",
    "keys rotate",
    "keys succeed",
    "enroll",
    "gallery",
    "gallery list",
    "gallery export",
    "gallery diff",
    "gallery remove",
    "gallery restore",
    "gallery compact",
    "gallery root",
    "gallery prove",
    "encrypt",
    "match",
    "decrypt",
    "compare",
    "evaluate",
    "plan",
    "bench",
    "params",
    "params list",
    "params show",
    "params check",
    "params optimise",
    "audit",
    "audit verify",
    "audit anchor",
    "audit compare",
    "audit export",
    "audit transparency",
    "audit erase",
    "audit consent",
    "audit correct-clock",
    "audit query",
    "audit key",
    "audit proof",
    "inspect",
    "serve",
    "serve backup",
    "serve restore",
    "serve order",
    "ask",
    "jobs",
    "jobs list",
    "jobs delete",
    "breaker",
    "breaker pull",
    "breaker reset",
    "breaker status",
    "console",
    "console querier",
    "console custodian",
    "console demo",
    "accounts",
    "certificates",
    "certificates authority",
    "certificates issue",
    "certificates request",
    "certificates signing-key",
    "certificates show",
    "help",
];

#[test]
fn every_command_has_an_example_of_itself() {
    let desk = Desk::empty();
    for command in COMMANDS {
        for flag in ["--help", "-h"] {
            let help = desk.ok(&format!("{command} {flag}"));
            let example = help.split("Example").nth(1).unwrap_or_else(|| panic!("{command}: {help}"));
            assert!(example.contains(&format!("cotejo {command}")), "{command}: {help}");
            assert!(help.contains("--json") && help.contains("--quiet"), "{command}: {help}");
        }
    }
}

#[test]
fn help_in_a_pipe_is_a_hundred_columns_wide_whoever_reads_it() {
    let desk = Desk::empty();
    for command in COMMANDS {
        let line = format!("{command} --help");
        let help = desk.ok(&line);
        let long: Vec<&str> = help.lines().filter(|line| line.chars().count() > 100).collect();
        assert!(long.is_empty(), "{command}: {}", long.join("\n"));
        let elsewhere = desk.command(&line).env("COLUMNS", "60").output().unwrap();
        assert_eq!(String::from_utf8(elsewhere.stdout).unwrap(), help, "{command}");
    }
}

#[test]
fn every_command_is_listed_and_tested_here() {
    let desk = Desk::empty();
    let help = desk.ok("--help");
    let listed = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    // What a command does may take further lines.
    let named = listed.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let listed: Vec<&str> = named.filter_map(|line| line.split_whitespace().next()).collect();
    let ours: Vec<&str> = COMMANDS.into_iter().filter(|command| !command.contains(' ')).collect();
    assert_eq!(listed, ours);
    assert!(desk.ok("--version").starts_with("cotejo "));
}

#[test]
fn a_wrong_command_line_exits_with_2() {
    let desk = Desk::empty();
    for line in [
        "",
        "nonsense",
        "match",
        "encrypt --templates",
        "decrypt --answer a --unknown",
        "plan --references 0",
        "plan --references many",
    ] {
        desk.command(line).assert().code(2);
    }
}

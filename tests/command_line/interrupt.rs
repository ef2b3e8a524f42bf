//! Ctrl-C leaves nothing half-written.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::support::Desk;

/// Writes the templates of 40,000 people.
fn write_many(desk: &Desk) {
    let header = "id,".to_owned() + &(1..17).map(|i| format!("v{i}")).collect::<Vec<_>>().join(",");
    let row = |i: usize| {
        format!("p{i},{}", (0..16).map(|j| ((i * 7 + j * 13) % 17 + 1).to_string()).collect::<Vec<_>>().join(","))
    };
    let rows: Vec<String> = std::iter::once(header).chain((0..40_000).map(row)).collect();
    desk.write("many.csv", rows.join("\n"));
}

/// A desk whose match takes long, while it runs.
fn long_match(desk: &Desk) -> (Child, impl BufRead + use<>) {
    write_many(desk);
    desk.ok("enroll --templates many.csv");
    let mut child = Command::new(env!("CARGO_BIN_EXE_cotejo"))
        .args(["match", "--gallery", "many.cotejo", "--query", "probes.query.cotejo", "--out", "new.cotejo"])
        .current_dir(desk.path("."))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("matching 2 probes against 40000 references") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "the match ended early");
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    (child, stderr)
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn an_interrupted_match_writes_nothing_and_exits_with_130() {
    for times in [1, 2] {
        let desk = Desk::exchanged();
        let (mut child, mut stderr) = long_match(&desk);
        let before = desk.listing();
        (0..times).for_each(|_| interrupt(&child));
        assert_eq!(child.wait().unwrap().code(), Some(130));
        let mut said = String::new();
        stderr.read_to_string(&mut said).unwrap();
        assert!(said.contains("interrupted"), "{said}");
        assert!(!desk.exists("new.cotejo"));
        assert_eq!(desk.listing(), before);
    }
}

#[test]
fn an_interrupted_or_killed_append_leaves_the_gallery_as_before_or_whole() {
    let desk = Desk::exchanged();
    write_many(&desk);
    let list = "gallery list --gallery gallery.cotejo";
    let before = desk.read("gallery.cotejo");
    for (signal, wait) in [("-INT", 30), ("-INT", 90), ("-KILL", 60), ("-KILL", 120), ("-KILL", 180), ("-KILL", 240)] {
        desk.write("gallery.cotejo", &before);
        let mut child = Command::new(env!("CARGO_BIN_EXE_cotejo"))
            .args(["enroll", "--append", "--templates", "many.csv", "--out", "gallery.cotejo"])
            .current_dir(desk.path("."))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        // It may have ended before.
        let _ = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        let done = child.wait().unwrap().success();
        let enrolled = desk.ok(list).lines().count();
        assert!(enrolled == 40_004 || enrolled == 4 && !done, "{enrolled} after {wait} ms and {signal}");
        if enrolled == 4 && signal == "-INT" {
            assert_eq!(desk.read("gallery.cotejo"), before);
        }
        desk.ok("gallery remove --gallery gallery.cotejo --id anna");
        assert_eq!(desk.ok(list).lines().count(), enrolled - 1);
    }
}

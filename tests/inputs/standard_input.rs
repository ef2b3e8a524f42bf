//! `-` is what is piped into a command, wherever it reads a file.

use crate::files::faces;

const FILES: [&str; 2] = ["reference.npy", "reference.ids.txt"];

#[test]
fn templates_may_be_piped() {
    let desk = faces(&FILES);
    desk.ok("keygen --allow-insecure");
    let piped = |line: &str, file: &str| {
        let output = desk.command(line).pipe_stdin(desk.path(file)).unwrap().assert().success().get_output().clone();
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()
    };
    let enrolled = piped("enroll --templates - --ids reference.ids.txt --json", "reference.npy");
    assert_eq!((&enrolled["subjects"], &enrolled["gallery"]), (&4.into(), &"stdin.cotejo".into()));
    let asked = piped("encrypt --templates - --out q.cotejo --json", "reference.npy");
    assert_eq!(asked["probes"], 4);
    let compared = piped("compare --probes reference.npy --references - --pairs all --json", "reference.npy");
    assert_eq!(compared["pairs"].as_array().unwrap().len(), 16);
    desk.write("two.jsonl", "{\"id\": \"ana\", \"vector\": [1, 2, 3, 4, 5, 6, 7, 8]}\n");
    assert_eq!(piped("enroll --templates - --out two.cotejo --json", "two.jsonl")["subjects"], 1);
}

#[test]
fn what_is_piped_can_be_read_once() {
    let desk = faces(&FILES);
    let line = "compare --probes - --references - --pairs all";
    let failed = desk.command(line).pipe_stdin(desk.path("reference.npy")).unwrap().assert().code(2);
    let said = String::from_utf8(failed.get_output().stderr.clone()).unwrap();
    assert!(
        said.contains("-: is standard input, which can be read once") && said.contains("name the other file"),
        "{said}"
    );
    let empty = desk.command("enroll --templates -").write_stdin("").assert().code(2);
    let said = String::from_utf8(empty.get_output().stderr.clone()).unwrap();
    assert!(said.contains("the file holds no record"), "{said}");
}

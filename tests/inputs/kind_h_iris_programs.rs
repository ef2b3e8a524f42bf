//! Files of Open-IRIS and iris-mpc as these write them, by whatever name.

use crate::files::{compared, irises};

#[test]
fn files_of_open_iris_and_iris_mpc_are_read() {
    let files = [
        ("open_iris.json", 1),
        ("open_iris_list.json", 2),
        ("open_iris_eyes.json", 2),
        ("iris_mpc.json", 2),
        ("iris_mpc_list.json", 4),
        ("iris_mpc.jsonl", 4),
    ];
    let desk = irises(&[&["iris_reference.npz"], &files.map(|(file, _)| file)[..]].concat());
    for (file, eyes) in files {
        desk.write("renamed.dat", desk.read(file));
        for name in [file, "renamed.dat"] {
            let (_, pairs) = compared(&desk, "", name, "iris_reference.npz");
            assert_eq!((pairs.len(), pairs[0].3), (2 * eyes, 0.0), "{file}");
        }
    }
    let (said, _) = compared(&desk, "", "open_iris.json", "iris_reference.npz");
    assert!(said.contains("not read: field `image_id`") && said.contains("records are numbered"), "{said}");
}

#[test]
fn both_eyes_are_of_one_person() {
    let desk = irises(&["iris_mpc_list.json"]);
    let (_, pairs) = compared(&desk, "", "iris_mpc_list.json", "iris_mpc_list.json");
    let probes: Vec<&str> = pairs.iter().step_by(4).map(|(probe, ..)| probe.as_str()).collect();
    assert_eq!(probes, ["1", "1", "2", "2"]);
}

//! The demo: the one exchange of these tests under a set for production, from end to end.

use std::process::Command;

use crate::support::Desk;

#[test]
fn the_demo_tells_the_story_and_every_command_it_suggests_works() {
    let desk = Desk::empty();
    let story = desk.ok("demo --quiet");
    for said in [
        "tfhe-896-2048: 134 bits of security",
        "evaluation.key (29.4 MB)",
        "case-1     hit          hit",
        "case-2     no hit       no hit",
        "case-3     hit          hit",
        "case-4     no hit       no hit",
        "What Ministry A learnt",
        "What Ministry B learnt",
        "cd cotejo-demo",
    ] {
        assert!(story.contains(said), "{said}: {story}");
    }
    assert!(!story.contains("DIFFERENT"), "{story}");
    assert!(story.lines().count() <= 36, "{story}");

    let commands: Vec<&str> = story.split("Try next").nth(1).unwrap().lines().skip(1).map(str::trim).collect();
    let (folder, commands) = commands.split_first().unwrap();
    let mut said = Vec::new();
    for command in commands {
        let script = format!("{folder} && {command}");
        let output = Command::new("sh").args(["-c", &script]).current_dir(desk.path(".")).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        said.push(String::from_utf8(output.stdout).unwrap());
    }
    assert_eq!(said[0], "case-1\thit\ncase-2\tno hit\ncase-3\thit\ncase-4\tno hit\n");
    assert!(said.contains(&"case-1\thit\ncase-2\tno hit\ncase-3\tno hit\ncase-4\tno hit\n".to_owned()), "{said:?}");
}

#[test]
fn a_second_demo_takes_a_folder_of_its_own() {
    let desk = Desk::empty();
    desk.write("cotejo-demo", "something else");
    let story = desk.json("demo");
    assert!(desk.exists("cotejo-demo-2/agreement.toml"));
    assert_eq!(desk.read("cotejo-demo"), b"something else");
    assert_eq!(story["verdicts"].as_array().unwrap().len(), 4);
    assert_eq!(story["next"]["folder"], "cotejo-demo-2");
}

//! A whole exchange under scheme `hybrid`, and what is refused in it.

use crate::bgv::GALLERY;
use crate::support::{Desk, INIT};

const INIT_HYBRID: &str = "agreement init --modality generic --metric hamming --dimension 32 --threshold 6 --scheme hybrid \
                           --parameter-set insecure-hybrid-test --allow-insecure --references 1000";

/// Two bits from bert, and eleven: noise decides where it is one.
const PROBES: &str = "\
id,bits
two-off,00000000111111110000000000000011
eleven-off,00000000111111110000011111111111
";

const MATCH: &str = "match --gallery gallery.cotejo --query probes.query.cotejo";

fn asked(disclosure: &str) -> Desk {
    Desk::asked(&format!("{INIT_HYBRID} --disclosure {disclosure}"), GALLERY, PROBES)
}

#[test]
fn an_exchange_under_hybrid_tells_what_was_agreed() {
    let desk = asked("each");
    desk.ok(&format!("{MATCH} --out each.answer.cotejo"));
    let expected = format!("two-off\thit\t2\t{}\neleven-off\tno hit\n", desk.version());
    desk.command("decrypt --answer each.answer.cotejo").assert().code(0).stdout(expected);
    let said = desk.ok("inspect probes.query.cotejo");
    assert!(said.contains("insecure-hybrid-test") && said.contains("INSECURE"), "{said}");
    for (disclosure, expected) in
        [("any", "two-off\thit\neleven-off\tno hit\n"), ("count", "two-off\thit\t1\neleven-off\tno hit\t0\n")]
    {
        let desk = asked(disclosure);
        desk.ok(MATCH);
        desk.command("decrypt --answer probes.answer.cotejo").assert().code(0).stdout(expected);
    }
}

#[test]
fn one_subject_is_asked_about_whether_enrolled_or_not() {
    let desk = asked("any");
    for (subject, hit, code) in [("bert", "hit", 0), ("anna", "no hit", 1), ("nobody", "no hit", 1)] {
        desk.ok(&format!("encrypt --templates probes.csv --reference {subject} --out {subject}.query.cotejo"));
        desk.ok(&format!("match --gallery gallery.cotejo --query {subject}.query.cotejo"));
        let expected = format!("two-off\t{hit}\neleven-off\tno hit\n");
        desk.command(&format!("decrypt --answer {subject}.answer.cotejo")).assert().code(code).stdout(expected);
    }
}

#[test]
fn files_of_another_key_agreement_or_scheme_are_refused() {
    let desk = asked("each");
    desk.ok("keygen --allow-insecure --out other");
    let line = format!("{MATCH} --out a.cotejo --evaluation-key");
    desk.refused(&format!("{line} other/evaluation.key"), "probes.query.cotejo", "the query belongs to key");
    // Keys of scheme tfhe: its agreement is another one.
    let tfhe = Desk::empty();
    tfhe.ok(INIT);
    tfhe.ok("keygen --allow-insecure");
    desk.write("tfhe.key", tfhe.read("keys/querier/evaluation.key"));
    desk.refused(&format!("{line} tfhe.key"), "tfhe.key", "made under another agreement");
    desk.ok(MATCH);
    desk.refused("decrypt --keys other --answer probes.answer.cotejo", "probes.answer.cotejo", "belongs to key");
    // The same people at another threshold.
    let init = INIT_HYBRID.replace("--threshold 6", "--threshold 7");
    desk.ok(&format!("{init} --disclosure each --force"));
    desk.refused(&format!("{MATCH} --out a.cotejo"), "probes.query.cotejo", "another agreement");
}

#[test]
fn files_that_were_cut_or_damaged_are_refused() {
    let desk = asked("each");
    desk.ok(MATCH);
    for (file, line) in [
        ("keys/querier/evaluation.key", format!("{MATCH} --out a.cotejo")),
        ("probes.query.cotejo", format!("{MATCH} --out a.cotejo")),
        ("probes.answer.cotejo", "decrypt --answer probes.answer.cotejo".to_owned()),
        ("keys/querier/secret.key", "encrypt --templates probes.csv --out q.cotejo".to_owned()),
    ] {
        let whole = desk.read(file);
        for length in [0, 71, whole.len() / 2, whole.len() - 1] {
            desk.write(file, &whole[..length]);
            desk.refused(&line, file, "truncated");
        }
        let mut damaged = whole.clone();
        damaged[whole.len() / 2] ^= 1;
        desk.write(file, damaged);
        desk.refused(&line, file, "checksum does not match");
        desk.write(file, whole);
    }
}

#[test]
fn the_demo_under_hybrid_tells_the_same_story() {
    let desk = Desk::empty();
    let story = desk.ok("demo --scheme hybrid --quiet");
    for said in [
        "Scheme hybrid, parameter set hybrid-1024-1600: 132 bits of security",
        "evaluation.key (55.1 MB)",
        "case-1     hit          hit",
        "case-2     no hit       no hit",
    ] {
        assert!(story.contains(said), "{said}: {story}");
    }
    assert!(!story.contains("DIFFERENT"), "{story}");
}

/// What is planned for this scheme, and for the two that were not agreed on: from given paces, so that nothing is measured.
#[test]
fn a_plan_sets_the_other_schemes_beside_the_agreed_one() {
    let desk = Desk::empty();
    desk.ok("agreement init --modality face --scheme hybrid");
    let line = "plan --references 1000 --probes 10 --bootstrap-ms 4 --transform-us 50 --product-us 10";
    let plan = desk.json(line);
    // A decision on every pair, and on 256 projections of each probe.
    assert_eq!(
        (&plan["scheme"], &plan["step"], &plan["steps"]),
        (&"hybrid".into(), &"decision".into(), &12_560.into())
    );
    assert!(plan["pace"]["row_us"].as_f64().is_some_and(|time| time > 0.0), "{plan}");
    let others: Vec<&str> =
        plan["alternatives"].as_array().unwrap().iter().map(|o| o["scheme"].as_str().unwrap()).collect();
    assert_eq!(others, ["tfhe", "bgv"]);
    let text = desk.ok(line);
    assert!(text.contains("the same terms under scheme tfhe\n"), "{text}");
    assert!(text.contains("scheme \"auto\" is "), "{text}");
    // Where one pace is given, nothing is said of schemes that would have to be measured.
    let plan = desk.json("plan --references 1000 --transform-us 50 --product-us 10");
    let others = plan["alternatives"].as_array().unwrap();
    assert!(others.iter().all(|other| other["scheme"] != "tfhe") && others.len() == 1, "{plan}");
}

#[test]
fn a_deviation_that_is_asked_for_decides_between_sets() {
    let set = |deviation: &str| {
        let desk = Desk::empty();
        let init = format!("agreement init --modality face --disclosure each --scheme hybrid {deviation}");
        desk.json(&init)["parameter_set"].as_str().unwrap().to_owned()
    };
    assert_eq!(set("--deviation 0.002"), "hybrid-1024-6000");
    assert_eq!(set("--deviation 0.01"), "hybrid-1024-1600");
    let desk = Desk::empty();
    for deviation in ["0", "-1", "nan", "wide"] {
        desk.command(&format!("agreement init --modality face --deviation {deviation}")).assert().code(2);
    }
}

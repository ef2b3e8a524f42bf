//! Lists of pairs as benchmarks have them: rates on exactly these.

use crate::support::{Desk, INIT};

/// Two pictures each of two people, and one of a third: a cosine of 1 within a person, 0 between them; but for carl's, which is like bert's.
const PICTURES: &str = "\
id,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,v14,v15,v16
Anna_Abel_0001,1,1,1,1,0,0,0,0,0,0,0,0,0,0,0,0
Anna_Abel_0002,1,1,1,0.9,0,0,0,0,0,0,0,0,0,0,0,0
Bert_Bell_0001,0,0,0,0,1,1,1,1,0,0,0,0,0,0,0,0
Bert_Bell_0004,0,0,0,0,0,0,0,0,0,0,0,0,1,1,1,1
Carl_Cole_0001,0,0,0,0,1,1,1,0.9,0,0,0,0,0,0,0,0
";

fn desk() -> Desk {
    let desk = Desk::empty();
    desk.write("pictures.csv", PICTURES);
    desk.ok(INIT);
    desk
}

const LINE: &str = "evaluate --templates pictures.csv --pairs pairs.txt --encrypt none";

/// Anna matches herself, Bert misses himself, Carl is taken for Bert, and Anna for nobody.
#[test]
fn a_list_gives_rates_on_exactly_its_pairs_however_it_is_written() {
    let desk = desk();
    for list in [
        "Anna_Abel_0001,Anna_Abel_0002,1\nBert_Bell_0001,Bert_Bell_0004,1\nCarl_Cole_0001,Bert_Bell_0001,0\nAnna_Abel_0001,Bert_Bell_0001,0\n",
        "Anna_Abel_0001 Anna_Abel_0002 same\r\nBert_Bell_0004 Bert_Bell_0001 genuine\r\nCarl_Cole_0001 Bert_Bell_0001 different\r\nBert_Bell_0001 Anna_Abel_0001 impostor\r\n",
        "2\t2\nAnna_Abel\t1\t2\nBert_Bell\t1\t4\nCarl_Cole\t1\tBert_Bell\t1\nAnna_Abel\t1\tBert_Bell\t1\n",
    ] {
        desk.write("pairs.txt", list);
        let card = desk.json(LINE);
        let data = &card["data"];
        assert_eq!((&data["genuine_pairs"], &data["impostor_pairs"]), (&2.into(), &2.into()), "{list}");
        // Three people, of five ids: the list says whose pictures they are.
        assert_eq!(data["subjects"], 3, "{list}");
        let agreed = &card["oracle"]["agreed"];
        for rate in ["fmr", "fnmr"] {
            let counts = ["errors", "trials"].map(|field| agreed[rate][field].as_u64().unwrap());
            assert_eq!(counts, [1, 2], "{rate} {list}");
        }
        assert!(card["oracle"].get("identification").is_none(), "listed pairs are no searches");
    }
    let text = desk.ok(&LINE.replace("none", "all"));
    assert!(text.contains("of all 4 pairs of 3 probes of 3 subjects decided otherwise"), "{text}");
    assert!(text.contains("2 genuine, 2 impostor, as listed") && !text.contains("FPIR"), "{text}");
}

#[test]
fn a_list_is_evaluated_under_blocks_too_and_on_probes_and_references() {
    let desk = desk();
    let (head, rows) = PICTURES.split_once('\n').unwrap();
    desk.write("probes.csv", format!("{head}\n{}", rows.lines().step_by(2).collect::<Vec<_>>().join("\n")));
    desk.write(
        "pairs.txt",
        "Anna_Abel_0001,Anna_Abel_0002,1\nCarl_Cole_0001,Bert_Bell_0001,0\nCarl_Cole_0001,Anna_Abel_0001,0\n",
    );
    desk.ok("agreement init --modality face --dimension 16 --parameter-set insecure-bgv-test --allow-insecure --force");
    let card = desk.json("evaluate --probes probes.csv --references pictures.csv --pairs pairs.txt --encrypt all");
    let measured = &card["encrypted"]["measured"]["decided"];
    assert_eq!(
        (&measured["pairs"], &measured["probes"], &measured["changed"]["errors"]),
        (&3.into(), &2.into(), &0.into())
    );
    assert_eq!(measured["rates"], measured["clear"]);
}

#[test]
fn names_that_no_template_has_are_listed_ten_at_most_with_the_id_that_may_be_meant() {
    let desk = desk();
    let unknown =
        |from: usize, to: usize| (from..to).map(|i| format!("Nobody_{i},Anna_Abel_0001,0\n")).collect::<String>();
    desk.write("pairs.txt", format!("anna_abel_1,Anna_Abel_0002,1\n{}", unknown(1, 13)));
    let said = desk.refused(LINE, "pairs.txt", "13 of its names are no ids of the templates");
    assert!(said.contains("  line 1: anna_abel_1; is Anna_Abel_0001 meant?\n"), "{said}");
    assert!(said.contains("  line 10: Nobody_9\n  and 3 more\n") && !said.contains("Nobody_10"), "{said}");
}

#[test]
fn lists_that_contradict_themselves_or_say_too_little_are_refused_by_line() {
    let desk = desk();
    for (list, what) in [
        ("Anna_Abel_0001,Anna_Abel_0002,1\nAnna_Abel_0002,Anna_Abel_0001,0\n", "line 2: says that"),
        ("Anna_Abel_0001,Anna_Abel_0001,1\n", "line 1: Anna_Abel_0001 is compared with itself"),
        ("Anna_Abel_0001,Anna_Abel_0002,1\nAnna_Abel_0001,Bert_Bell_0001,perhaps\n", "line 2: 'perhaps' is neither"),
        ("Anna_Abel_0001,Anna_Abel_0002\n", "line 1: 2 fields"),
        ("\n", "has no pair in it"),
    ] {
        desk.write("pairs.txt", list);
        desk.refused(LINE, "pairs.txt", what);
    }
    desk.write("twice.csv", format!("{PICTURES}{}\n", PICTURES.lines().nth(1).unwrap()));
    desk.write("pairs.txt", "Anna_Abel_0001,Anna_Abel_0002,1\nAnna_Abel_0001,Bert_Bell_0001,0\n");
    let said = desk.refused(&LINE.replace("pictures", "twice"), "pairs.txt", "2 templates have the id Anna_Abel_0001");
    assert!(said.contains("give each template an id of its own"), "{said}");
}

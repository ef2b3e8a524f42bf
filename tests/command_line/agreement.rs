//! `cotejo agreement`: sound defaults, and what makes no sense is refused in words.

use crate::support::{Desk, INIT};

#[test]
fn every_modality_has_sound_defaults_that_are_explained() {
    for (options, sentence) in [
        ("--modality face", "cosine of the angle between them is 0.35 or more"),
        ("--modality face --dimension 512 --metric cosine --threshold 0.4", "is 0.4 or more"),
        ("--modality fingerprint", "a vector of 192 coordinates (fingerprints)"),
        ("--modality iris --eyes any --mask per-bit", "one matching eye is a hit"),
        ("--modality generic --metric hamming --dimension 512 --threshold 180", "at most 180 bits differ"),
        ("--modality generic --metric cosine --dimension 64 --threshold -0.25", "is -0.25 or more"),
        ("--modality generic --metric inner-product --dimension 64 --threshold 0.5", "inner product is 0.5 or more"),
        (
            "--modality face --metric squared-euclidean --threshold 1.1 --maximum-norm 2.5",
            "longer than 2.5 are refused",
        ),
    ] {
        let desk = Desk::empty();
        desk.ok(&format!("agreement init {options} --out terms.toml"));
        let explained = desk.ok("agreement check --agreement terms.toml");
        assert!(explained.contains(sentence), "{explained}");
        let bits = explained.split_once(" bits of security").and_then(|(before, _)| before.rsplit(' ').next());
        assert!(bits.and_then(|bits| bits.parse().ok()).is_some_and(|bits: u32| bits >= 128), "{explained}");
    }
}

#[test]
fn who_and_what_is_agreed_is_written_as_it_is_given() {
    let desk = Desk::empty();
    let mut command =
        desk.command("agreement init --modality face --disclosure count --references 500 --probes-per-query 7");
    command.args(["--querier", "Ministry of \"A\"", "--custodian", "Büro B", "--title", "Missing persons"]);
    command.assert().success();
    let terms = desk.json("agreement check")["terms"].clone();
    assert_eq!(terms["querier"], "Ministry of \"A\"");
    assert_eq!(terms["custodian"], "Büro B");
    assert_eq!((&terms["disclosure"], &terms["limits"]["references"]), (&"count".into(), &500.into()));
}

#[test]
fn the_scheme_is_chosen_by_the_terms_and_said_with_its_reason() {
    let bits = "--modality generic --metric hamming --dimension 512 --threshold 180";
    for (options, scheme, set, sentence) in [
        ("--modality face", "hybrid", "hybrid-1024-1600", "on 100000 references takes"),
        ("--modality face --references 100", "tfhe", "tfhe-896-2048", "on 100 references takes"),
        ("--modality iris", "hybrid", "hybrid-1024-1600", "where scheme tfhe takes"),
        (bits, "bgv", "bgv-32768-720", "where scheme hybrid takes"),
        ("--modality face --scheme tfhe", "tfhe", "tfhe-896-2048", "the set for everything"),
        ("--modality face --scheme hybrid", "hybrid", "hybrid-1024-1600", "with the soonest verdict"),
        ("--modality face --parameter-set tfhe-896-4096", "tfhe", "tfhe-896-4096", "as was asked for"),
    ] {
        let desk = Desk::empty();
        let init = desk.json(&format!("agreement init {options}"));
        let check = desk.json("agreement check");
        for document in [&init, &check] {
            assert_eq!((&document["scheme"], &document["parameter_set"]), (&scheme.into(), &set.into()), "{options}");
        }
        let file = std::fs::read_to_string(desk.path("agreement.toml")).unwrap();
        let reason = file.lines().find(|line| line.starts_with("# Here: ")).unwrap_or_default();
        assert!(reason.contains(sentence), "{file}");
        let said = check["sentences"].to_string();
        assert_eq!(check["exact"], scheme == "bgv");
        assert_eq!(said.contains("verdicts are exact"), scheme == "bgv", "{said}");
        assert_eq!(said.contains("Vectors are rounded to integers"), options.contains("face"), "{said}");
    }
}

#[test]
fn a_count_under_bgv_is_limited_to_what_it_can_tell_where_nobody_chose_a_limit() {
    let desk = Desk::empty();
    // The fetch by similarity of HomomorphicEncryption.org's benchmark.
    let init = "agreement init --modality face --dimension 128 --threshold 0.8 --scheme bgv --disclosure count";
    let limited =
        "A gallery may hold 65536 references, the most that a count can tell under this scheme (--references).\n";
    let output = desk.command(init).assert().success().get_output().clone();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with(limited), "{said}");
    let file = std::fs::read_to_string(desk.path("agreement.toml")).unwrap();
    let why = "# Here: the most that a count can tell under this scheme.\nreferences = 65536\n";
    assert!(file.contains(why), "{file}");
    assert_eq!(desk.json("agreement check")["parameter_set"], "bgv-32768-780");
    // A limit that somebody chose is kept, or refused with the one that fits.
    desk.refused(&format!("{init} --references 100000 --force"), "agreement.toml", "agree on at most 65536 references");
    let output = desk.command(&format!("{init} --references 65536 --force")).assert().success().get_output().clone();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!said.contains("may hold"), "{said}");
}

#[test]
fn options_that_make_no_sense_together_are_refused_in_words() {
    let desk = Desk::empty();
    for (options, place, what) in [
        ("--modality iris --metric cosine", "--metric", "irises are compared by fractional-hamming"),
        ("--modality face --metric fractional-hamming", "--metric", "iris codes with masks"),
        ("--modality iris --dimension 512", "--dimension", "--rows, --columns and --channels"),
        ("--modality face --rotations 3", "--rotations", "only iris codes"),
        ("--modality face --eyes any", "--eyes", "only iris codes"),
        ("--modality face --minimum-common-bits 3", "--minimum-common-bits", "only iris codes"),
        ("--modality fingerprint --mask per-bit", "--mask", "only iris codes"),
        ("--modality face --maximum-norm 2", "--maximum-norm", "inner-product and squared-euclidean only"),
        ("--modality generic --dimension 8", "--threshold", "there is no usual threshold"),
        ("--modality generic --threshold 0.5", "--dimension", "no usual size"),
        (
            "--modality generic --metric hamming --dimension 64 --threshold 3.5",
            "--threshold",
            "3.5 is no number of bits",
        ),
        ("--modality face --threshold 1.5", "agreement.toml", "comparison.threshold"),
        ("--modality iris --rotations 150", "agreement.toml", "comparison.rotations"),
        ("--modality face --dimension 0", "agreement.toml", "template.dimension"),
        ("--modality face --references 0", "agreement.toml", "limits.references"),
        ("--modality face --parameter-set nonsense", "agreement.toml", "encryption.parameter_set"),
        ("--modality face --parameter-set insecure-test", "--parameter-set", "protects nothing"),
        ("--modality face --parameter-set insecure-bgv-test", "--parameter-set", "protects nothing"),
        ("--modality face --scheme bgv --parameter-set tfhe-896-2048", "agreement.toml", "encryption.parameter_set"),
        ("--modality iris --scheme bgv", "agreement.toml", "agree on a larger set of scheme bgv"),
        ("--modality face --parameter-set insecure-hybrid-test", "--parameter-set", "protects nothing"),
        ("--modality face --scheme hybrid --parameter-set bgv-32768-690", "agreement.toml", "encryption.parameter_set"),
    ] {
        desk.refused(&format!("agreement init {options}"), place, what);
    }
    for options in ["--modality nose", "--modality face --threshold much", "--modality face --dimension -1", ""] {
        let output = desk.command(&format!("agreement init {options}")).assert().code(2).get_output().clone();
        assert!(!output.stderr.is_empty());
    }
    assert!(desk.listing().is_empty());
}

#[test]
fn every_command_warns_of_the_insecure_set_even_when_quiet() {
    let desk = Desk::exchanged();
    for line in [
        "agreement check",
        "compare --probes probes.csv --references gallery.csv",
        "decrypt --answer probes.answer.cotejo",
        "encrypt --templates probes.csv --out q.cotejo",
        "enroll --templates gallery.csv --out g.cotejo",
        "keygen --allow-insecure --out k",
        "match --gallery gallery.cotejo --query probes.query.cotejo --out a.cotejo",
        "plan --references 10 --bootstrap-ms 10",
        &format!("{INIT} --threshold 0.9 --force"),
    ] {
        let output = desk.command(&format!("{line} --quiet")).assert().success().get_output().clone();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            stderr, "warning: parameter set insecure-test is INSECURE: for tests only, it protects nothing\n",
            "{line}"
        );
    }
}

#[test]
fn a_damaged_agreement_is_refused_with_its_line_and_field() {
    let desk = Desk::empty();
    desk.ok("agreement init --modality face");
    let text = String::from_utf8(desk.read("agreement.toml")).unwrap();
    for (from, to, what) in [
        ("version = 1", "version = 2", "version"),
        ("dimension = 512", "dimension = \"many\"", "dimension"),
        ("threshold = 0.35", "treshold = 0.35", "threshold"),
        ("threshold = 0.35", "threshold = nan", "threshold"),
        ("disclosure = \"any\"", "disclosure = \"all\"", "disclosure"),
        ("[limits]", "[limits", "]"),
    ] {
        assert!(text.contains(from), "{from}");
        desk.write("agreement.toml", text.replace(from, to));
        for line in ["agreement check", "keygen", "inspect agreement.toml"] {
            desk.refused(line, "agreement.toml", what);
        }
    }
    for content in [vec![0xff; 10], vec![], vec![b'#'; 100_000]] {
        desk.write("agreement.toml", content);
        desk.refused("agreement check", "agreement.toml", "");
    }
}

#[test]
fn keys_that_protect_nothing_are_made_only_when_asked_for() {
    let desk = Desk::exchanged();
    desk.refused("keygen --out other", "agreement.toml", "protects nothing");
}

#[test]
fn a_quota_is_agreed_on_anew_without_new_keys_or_galleries() {
    let desk = Desk::asked(&format!("{INIT} --service"), crate::support::GALLERY, crate::support::PROBES);
    let before = String::from_utf8(desk.read("agreement.toml")).unwrap();
    let quota = before.lines().find(|line| line.starts_with("probes_per_day = ")).unwrap();
    let after = before.replace(quota, "probes_per_day = 77");
    assert_ne!(after, before);
    desk.write("agreement.toml", &after);
    assert_eq!(desk.json("gallery list --gallery gallery.cotejo")["subjects"], 4);
    // What was asked under the old terms is not answered under the new ones.
    let old = "match --gallery gallery.cotejo --query probes.query.cotejo";
    desk.refused(old, "probes.query.cotejo", "agreement");
    desk.ok("encrypt --templates probes.csv --force");
    desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo");
    let verdicts = desk.ok("decrypt --answer probes.answer.cotejo --csv");
    let verdicts: Vec<Vec<&str>> = verdicts.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(verdicts[0], ["request", "gallery", "probe", "verdict", "places", "count", "handles"]);
    assert_eq!(
        (verdicts[1][2..4].to_vec(), verdicts[2][2..4].to_vec()),
        (vec!["like-bert", "hit"], vec!["nobody", "no hit"])
    );
    // Another threshold is another comparison.
    desk.write("agreement.toml", after.replace("threshold = 0.35", "threshold = 0.4"));
    desk.refused("gallery list --gallery gallery.cotejo", "gallery.cotejo", "agreement");
    desk.refused("encrypt --templates probes.csv --out new.cotejo", "keys/querier/secret.key", "agreement");
}

/// What `agreement init` says to people.
fn said(line: &str) -> String {
    let output = Desk::empty().command(line).assert().success().get_output().clone();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_new_agreement_says_what_each_scheme_means_and_how_to_choose_it() {
    let chosen = said("agreement init --modality face --scheme tfhe");
    let said = said("agreement init --modality face --references 100");
    let line =
        |said: &str, scheme: &str| said.lines().find(|line| line.trim_start().starts_with(scheme)).unwrap().to_owned();
    assert!(line(&chosen, "others: ").contains("others: --scheme bgv, --scheme hybrid;"), "{chosen}");
    let ours = line(&chosen, "tfhe (tfhe-896-2048): ");
    assert!(line(&said, "tfhe (tfhe-896-2048): ").contains(" once, query "), "{said}");
    for word in ["key ", "query ", "answer ", "noise moves a score by ", "rounding by "] {
        assert!(ours.contains(word), "{word}: {said}");
    }
    assert!(!ours.contains("choose it with"), "{said}");
    let others = ["tfhe", "bgv", "hybrid"].map(|scheme| line(&said, &format!("{scheme} (")));
    let choose = others.iter().filter(|line| line.contains("choose it with --scheme ")).count();
    assert_eq!(choose, 2, "{said}");
    assert!(others[1].contains("no noise"), "{said}");
}

#[test]
fn a_threshold_of_many_digits_is_rounded_and_one_at_which_strangers_match_is_warned_of() {
    let desk = Desk::empty();
    let agreed = desk.json("agreement init --modality face --threshold 0.333333333333");
    assert_eq!(agreed["terms"]["comparison"]["threshold"], "0.333333333");
    let rounded = said("agreement init --modality face --threshold 0.333333333333");
    assert!(rounded.contains("--threshold 0.333333333333 is rounded to 0.333333333"), "{rounded}");
    assert!(!rounded.contains("strangers"), "{rounded}");
    for lax in
        ["face --threshold 0.05", "iris --threshold 0.45", "generic --metric hamming --dimension 512 --threshold 240"]
    {
        let said = said(&format!("agreement init --modality {lax}"));
        assert!(
            said.contains("warning: at this threshold") && said.contains("real strangers do so more often"),
            "{said}"
        );
    }
    assert!(!said("agreement init --modality iris").contains("warning"));
}

#[test]
fn options_of_a_service_stand_under_a_heading_of_their_own() {
    let help = Desk::empty().ok("agreement init --help");
    let (own, service) = help.split_once("Asking over a network (any of these implies --service):").unwrap();
    for option in ["--service\n", "--purpose", "--key-days", "--log-days"] {
        assert!(service.contains(option) && !own.contains(&format!("      {option}")), "{option}: {help}");
    }
    assert!(own.contains("--out") && own.contains("--force"), "{help}");
}

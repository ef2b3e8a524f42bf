//! Parameter sets: listed, shown, checked; sets of one's own through a whole exchange.

use cotejo::parameters::ParameterSet;

use crate::support::{Desk, GALLERY, PROBES};

/// A small set of scheme `tfhe`, as `params show --toml` prints it.
fn of_tfhe(desk: &Desk) -> String {
    desk.ok("params show insecure-test --toml")
}

/// A desk with such a set in `set.toml`, after some changes.
fn desk(changes: &[(&str, &str)]) -> Desk {
    let desk = Desk::empty();
    let text = changes.iter().fold(of_tfhe(&desk), |text, (from, to)| {
        assert!(text.contains(from), "{from}: {text}");
        text.replace(from, to)
    });
    desk.write("set.toml", text);
    desk
}

/// Runs a command that ends with that code; its standard output and error.
fn ended(desk: &Desk, line: &str, code: i32) -> (String, String) {
    let output = desk.command(line).assert().code(code).get_output().clone();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn every_set_is_listed_with_its_security_and_bytes() {
    let desk = Desk::empty();
    let text = desk.ok("params list");
    let cards = desk.json("params list");
    for card in cards.as_array().unwrap() {
        let name = card["name"].as_str().unwrap();
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        assert!(line.contains(card["scheme"].as_str().unwrap()), "{line}");
        assert_eq!(line.contains("INSECURE"), !card["secure"].as_bool().unwrap(), "{line}");
    }
    assert_eq!(ParameterSet::ALL.len(), cards.as_array().unwrap().len());
}

#[test]
fn a_card_says_everything_of_a_set_of_any_scheme() {
    let desk = Desk::empty();
    let text = desk.ok("params show tfhe-896-2048");
    for said in [
        "TUniform(46)",
        "base 2^23, 1 digit",
        "scripts/security/estimate.py",
        "failure of a gate",
        "gray zone",
        "cosine",
        "predicted",
    ] {
        assert!(text.to_lowercase().contains(&said.to_lowercase()), "{said}: {text}");
    }
    let card = desk.json("params show tfhe-896-2048 --metric hamming --dimension 256 --threshold 60 --references 1000");
    assert_eq!(card["comparison"]["metric"], "hamming");
    assert_eq!(card["comparison"]["plan"]["references"], 1000);
    assert!(card["comparison"]["gray_zone"]["deviation_score"].as_f64().unwrap() > 0.0);
    assert!(card["keys"].as_array().unwrap().iter().all(|key| key["bits"].as_f64().unwrap() >= 128.0));
    // Each set of scheme bgv shows the first usual comparison that it admits.
    for set in ["bgv-8192-210", "bgv-32768-540", "bgv-32768-690", "bgv-32768-780", "bgv-32768-840"] {
        let card = desk.json(&format!("params show {set}"));
        let comparison = &card["comparison"];
        assert_eq!((&comparison["metric"], &comparison["exact"]), (&"hamming".into(), &true.into()), "{set}");
        let stages = comparison["stages"].as_array().unwrap();
        assert_eq!(stages.first().unwrap()["stage"], "fresh encryption");
        assert!(stages.iter().filter_map(|stage| stage["margin_bits"].as_f64()).all(|margin| margin >= 10.0), "{set}");
    }
    // Those of scheme hybrid show a face, judged in a ring, with a gray zone of their own.
    let deviations = ["hybrid-1024-1600", "hybrid-1024-2600", "hybrid-1024-6000"].map(|set| {
        let card = desk.json(&format!("params show {set}"));
        let comparison = &card["comparison"];
        assert_eq!((&comparison["metric"], &comparison["exact"]), (&"cosine".into(), &false.into()), "{set}");
        assert_eq!(comparison["plan"]["step"], "decision");
        let keys = card["keys"].as_array().unwrap();
        assert!(keys.len() == 2 && keys.iter().all(|key| key["bits"].as_f64().unwrap() >= 128.0), "{set}");
        comparison["gray_zone"]["deviation_score"].as_f64().unwrap()
    });
    assert!(deviations.is_sorted_by(|wide, narrow| wide > narrow) && deviations[2] > 0.0, "{deviations:?}");
}

#[test]
fn what_is_no_set_or_no_comparison_of_it_is_refused() {
    let desk = desk(&[("washing_rounds = 5", "washing_rounds = 99")]);
    desk.write("not.toml", "nonsense");
    desk.refused("params show bgv-1", "bgv-1", "no such parameter set");
    desk.refused("params show missing.toml", "missing.toml", "cannot open it");
    desk.refused("params show set.toml", "set.toml", "washing_rounds: must be between 1 and 32, not 99");
    desk.refused("params check set.toml", "set.toml", "washing_rounds: must be between 1 and 32, not 99");
    desk.refused("params check not.toml", "not.toml", "nonsense");
    desk.refused("agreement init --modality face --parameter-set set.toml", "set.toml", "washing_rounds");
    let line = "params show bgv-32768-540 --metric hamming --dimension 512 --threshold 180";
    desk.refused(line, "bgv-32768-540", "of the modulus where 10 are needed");
    desk.refused("params show tfhe-896-2048 --metric hamming", "--dimension", "no usual size");
}

#[test]
fn a_sound_set_of_ones_own_is_checked_by_a_real_exchange() {
    let desk = desk(&[]);
    let (stdout, stderr) = ended(&desk, "params check set.toml --modality face --dimension 32", 2);
    assert!(
        stdout.contains("security") && stdout.contains("at least 128.0 bits") && stdout.contains("REFUSED"),
        "{stdout}"
    );
    assert!(stderr.contains("security: ") && stderr.contains("--allow-insecure"), "{stderr}");
    let line = "params check set.toml --allow-insecure --modality face --dimension 32";
    let (stdout, stderr) = ended(&desk, line, 0);
    assert!(
        stdout.contains("60 verdicts")
            && stdout.contains("12 in the gray zone (")
            && stdout.contains(" of them decided otherwise than in the clear, 0.0")
            && stdout.contains("0 decrypted wrongly")
            && stdout.ends_with("fit, but INSECURE\n"),
        "{stdout}"
    );
    assert!(stderr.contains("warning: parameter set my-insecure-test is INSECURE"), "{stderr}");
    let report = desk.json("params check set.toml --allow-insecure --metric hamming --dimension 64 --threshold 15");
    assert_eq!(
        (&report["fit"], &report["secure"], &report["trial"]["wrong"]),
        (&true.into(), &false.into(), &0.into())
    );
    assert!(report["trial"]["hits"].as_u64().unwrap() > 6, "{report}");
    assert_eq!(report["trial"]["in_gray_zone"], 12, "{report}");
    assert!(report["trial"]["flipped"].as_u64().unwrap() < 4, "{report}");
    assert!((1e-6..0.1).contains(&report["trial"]["expected_flips"].as_f64().unwrap()), "{report}");
}

#[test]
fn a_set_that_decrypts_wrongly_is_refused_whatever_is_allowed() {
    let noisy = desk(&[("query_noise_log2 = 46", "query_noise_log2 = 51")]);
    let (stdout, stderr) = ended(&noisy, "params check set.toml --allow-insecure", 2);
    assert!(stdout.contains("failure of a gate") && stdout.contains("DOES NOT FIT"), "{stdout}");
    assert!(stdout.contains("no exchange was tried"), "{stdout}");
    assert!(stderr.contains("failure of a gate: 2^-") && stderr.contains("where at most 2^-128.0"), "{stderr}");
    let init = "agreement init --modality face --parameter-set set.toml --allow-insecure";
    noisy.refused(init, "agreement.toml", "failure of a gate: 2^-");

    let shallow = Desk::empty();
    let text = shallow.ok("params show insecure-bgv-test --toml").replace("limbs = 32", "limbs = 7");
    shallow.write("set.toml", text);
    let line = "params check set.toml --allow-insecure --metric hamming --dimension 128 --threshold 40";
    let (stdout, stderr) = ended(&shallow, line, 2);
    assert!(stdout.contains("DOES NOT FIT"), "{stdout}");
    assert!(stderr.contains("bits of the modulus where 10 are needed"), "{stderr}");
}

#[test]
fn a_set_of_scheme_bgv_is_checked_too() {
    let desk = Desk::empty();
    desk.write("set.toml", desk.ok("params show insecure-bgv-test --toml"));
    let line =
        "params check set.toml --allow-insecure --metric hamming --dimension 64 --threshold 15 --references 1000";
    let (stdout, _) = ended(&desk, line, 0);
    assert!(stdout.contains("margin of noise") && stdout.contains("flooding"), "{stdout}");
    assert!(stdout.contains("60 verdicts, 8 hits in the clear, 0 in the gray zone, 0 decrypted wrongly"), "{stdout}");
}

#[test]
fn every_file_made_under_an_insecure_set_of_ones_own_is_marked() {
    let desk =
        desk(&[("name = \"my-insecure-test\"", "name = \"small\""), ("washing_rounds = 5", "washing_rounds = 6")]);
    desk.write("gallery.csv", GALLERY);
    desk.write("probes.csv", PROBES);
    let init = "agreement init --modality face --dimension 16 --parameter-set set.toml";
    desk.refused(init, "set.toml", "parameter set small is INSECURE");
    desk.ok(&format!("{init} --allow-insecure"));
    // The set is in the agreement: its file is not needed any more.
    desk.write("set.toml", "");
    desk.refused("keygen", "agreement.toml", "parameter set small is INSECURE");
    desk.ok("keygen --allow-insecure");
    desk.ok("enroll --templates gallery.csv");
    desk.ok("encrypt --templates probes.csv");
    let (_, warned) = ended(&desk, "match --gallery gallery.cotejo --query probes.query.cotejo --quiet", 0);
    assert!(warned.starts_with("warning: parameter set small is INSECURE: "), "{warned}");
    desk.command("decrypt --answer probes.answer.cotejo").assert().code(0).stdout("like-bert\thit\nnobody\tno hit\n");
    let pending = desk.pending();
    let files = [
        "keys/querier/secret.key",
        "keys/querier/evaluation.key",
        "gallery.cotejo",
        "probes.query.cotejo",
        "probes.answer.cotejo",
        &pending,
    ];
    for file in files {
        let said = desk.ok(&format!("inspect {file}"));
        assert!(said.contains("scheme tfhe, parameter set small of the agreement's own: INSECURE"), "{said}");
        // Without the agreement the header alone speaks.
        let line = format!("inspect {file} --agreement elsewhere.toml");
        let said = desk.ok(&line);
        assert!(said.contains("scheme tfhe, a set of the agreement's own (INSECURE)"), "{said}");
        let document = desk.json(&line);
        assert_eq!(
            (&document["secure"], &document["security_bits"]),
            (&false.into(), &serde_json::Value::Null),
            "{file}"
        );
    }
    let said = desk.ok("inspect agreement.toml");
    assert!(said.contains("parameter set small of the agreement's own: INSECURE"), "{said}");
    let said = desk.ok("agreement check");
    assert!(said.contains("parameter set small (a set of the agreement's own): INSECURE"), "{said}");
}

#[test]
fn a_secure_set_of_ones_own_needs_no_leave() {
    let desk = Desk::empty();
    let text = desk.ok("params show tfhe-896-4096 --toml").replace("washing_rounds = 6", "washing_rounds = 7");
    desk.write("set.toml", text);
    let (_, stderr) = ended(&desk, "agreement init --modality face --parameter-set set.toml", 0);
    assert!(!stderr.contains("INSECURE"), "{stderr}");
    let card = desk.json("params show set.toml");
    assert!(card["own"].as_bool().unwrap() && card["secure"].as_bool().unwrap(), "{card}");
    // A set of one scheme under another.
    let line = "agreement init --modality face --parameter-set set.toml --scheme bgv --force";
    desk.refused(line, "agreement.toml", "is a set of scheme tfhe");
}

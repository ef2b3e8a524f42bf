//! A whole exchange under scheme `bgv`, and what is refused in it.

use crate::support::{Desk, INIT};

const INIT_BGV: &str = "agreement init --modality generic --metric hamming --dimension 32 --threshold 6 --scheme bgv \
                        --parameter-set insecure-bgv-test --allow-insecure --references 1000";

pub const GALLERY: &str = "\
id,bits
anna,11111111000000000000000000000000
bert,00000000111111110000000000000000
carl,00000000000000001111111100000000
";

/// Six bits from bert, and seven.
const PROBES: &str = "\
id,bits
six-off,00000000111111110000000000111111
seven-off,00000000111111110000000001111111
";

fn asked(disclosure: &str) -> Desk {
    Desk::asked(&format!("{INIT_BGV} --disclosure {disclosure}"), GALLERY, PROBES)
}

#[test]
fn an_exchange_under_bgv_is_exact_at_the_threshold() {
    let desk = asked("each");
    desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo --out each.answer.cotejo");
    let decrypt = "decrypt --answer each.answer.cotejo";
    let expected = format!("six-off\thit\t2\t{}\nseven-off\tno hit\n", desk.version());
    desk.command(decrypt).assert().code(0).stdout(expected);
    let said = desk.ok("inspect probes.query.cotejo");
    assert!(said.contains("insecure-bgv-test") && said.contains("INSECURE"), "{said}");
    for (disclosure, expected) in
        [("any", "six-off\thit\nseven-off\tno hit\n"), ("count", "six-off\thit\t1\nseven-off\tno hit\t0\n")]
    {
        let desk = asked(disclosure);
        desk.ok("match --gallery gallery.cotejo --query probes.query.cotejo");
        desk.command("decrypt --answer probes.answer.cotejo").assert().code(0).stdout(expected);
    }
}

#[test]
fn files_of_the_other_scheme_or_damaged_are_refused() {
    let desk = asked("each");
    // Keys of scheme tfhe: its agreement is another one.
    let other = Desk::empty();
    other.ok(INIT);
    other.ok("keygen --allow-insecure");
    desk.write("tfhe.key", other.read("keys/querier/evaluation.key"));
    let line = "match --evaluation-key tfhe.key --gallery gallery.cotejo --query probes.query.cotejo --out a.cotejo";
    desk.refused(line, "tfhe.key", "made under another agreement");
    // One bit of the query.
    let mut query = desk.read("probes.query.cotejo");
    let middle = query.len() / 2;
    query[middle] ^= 1;
    desk.write("damaged.query.cotejo", query);
    let line = "match --gallery gallery.cotejo --query damaged.query.cotejo --out a.cotejo";
    desk.refused(line, "damaged.query.cotejo", "damaged");
}

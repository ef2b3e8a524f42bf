//! Lists of ids: read in one strict way, and the persons of an exempt list are those who are enrolled.

use crate::support::{Desk, GALLERY, INIT};

const CHECK: &str = "serve --config custodian.toml --check";

/// Everything that `serve` needs; the exempt list is `exempt.txt`.
pub fn served() -> Desk {
    let desk = Desk::empty();
    // José in the one form of Unicode, of which another program may write the other.
    desk.write("gallery.csv", GALLERY.replace("carl", "0007").replace("dora", "Jos\u{e9}"));
    desk.ok(&format!("{INIT} --service"));
    desk.ok("enroll --templates gallery.csv");
    desk.ok("certificates authority --name Trial --out authority");
    desk.ok("certificates issue --authority authority --name B --server localhost --out b");
    desk.ok("certificates issue --authority authority --name A --client --out a");
    desk.ok("certificates signing-key --out b");
    desk.ok("certificates signing-key --out a");
    desk.write(
        "custodian.toml",
        "party = 'B'\ndatabase = 'custodian.sqlite'\nsigning_key = 'b/signing.key'\nlisten = '127.0.0.1:0'\n\
         [tls]\ncertificate = 'b/tls.pem'\nkey = 'b/tls.key'\nauthority = 'authority/authority.pem'\n\
         [[agreement]]\nfile = 'agreement.toml'\ngallery = 'gallery.cotejo'\nexempt = 'exempt.txt'\n\
         [[requester]]\ncode = 'A'\ncertificate = 'a/tls.pem'\nsigning_key = 'a/signing.pub'\n",
    );
    desk.ok("serve --init-database --config custodian.toml");
    desk.write("exempt.txt", "anna\n");
    desk.ok(CHECK);
    desk
}

#[test]
fn an_exempt_list_as_other_programs_write_it_exempts_the_person_or_is_refused_with_its_line() {
    let desk = served();
    // The same persons, written otherwise.
    for list in [
        "\u{feff}anna\n",
        "\"anna\"\r\n\"Jos\u{e9}\"\r\n",
        "# exported today\nJose\u{301}\n",
        "anna\nbert\n0007",
        "\"0007\"\n\n\n",
    ] {
        desk.write("exempt.txt", list);
        assert!(desk.ok(CHECK).contains("sound"), "{list:?}");
    }
    for (list, what) in [
        ("anna,bert\n", "line 1: "),
        ("bert\nanna\tbert\n", "line 2: "),
        ("anna;bert\n", "line 1: "),
        ("anna # the minister\n", "line 1: "),
        ("bert\n'anna'\n", "line 2: "),
        ("\u{201c}anna\u{201d}\n", "line 1: "),
        ("\"anna\n", "line 1: "),
        ("an\"na\n", "line 1: "),
        ("id\nanna\n", "line 1: "),
        ("anna,left\n", "line 1: "),
        ("bert\nan\u{200b}na\n", "line 2: "),
        ("anna\n\nbert\n", "line 2: a blank line"),
        ("", "holds no record"),
        ("# nobody\n", "holds no record"),
    ] {
        desk.write("exempt.txt", list);
        let stderr = desk.refused(CHECK, "exempt.txt", what);
        assert!(!stderr.contains("minister"), "{stderr}");
    }
    desk.write("exempt.txt", b"\xff\xfea\0n\0n\0a\0".as_slice());
    assert!(desk.ok(CHECK).contains("sound"), "UTF-16, as its mark says");
    desk.write("exempt.txt", b"\xff\xfea\0n\0n\0a".as_slice());
    desk.refused(CHECK, "exempt.txt", "line 1: not UTF-8 text");
}

#[test]
fn an_exempt_id_that_is_not_enrolled_refuses_the_start_and_names_who_may_be_meant() {
    let desk = served();
    for (list, line, meant) in [("bert\nAnna\n", 2, "anna"), ("7\n", 1, "0007"), ("JOSE\u{301}\n", 1, "Jos\u{e9}")] {
        desk.write("exempt.txt", list);
        for command in [CHECK, "serve --config custodian.toml"] {
            let stderr = desk.refused(command, "exempt.txt", "1 exempt id is not enrolled in gallery.cotejo");
            assert!(stderr.contains(&format!("line {line}: ")) && stderr.contains(&format!("'{meant}'")), "{stderr}");
            assert!(stderr.contains("--allow-unknown-exempt"), "{stderr}");
        }
    }
    desk.write("exempt.txt", "anna\nzoe\nyves\n");
    let stderr = desk.refused(CHECK, "exempt.txt", "2 exempt ids are not enrolled");
    assert!(stderr.contains("line 2: 'zoe'") && !stderr.contains("'anna'"), "{stderr}");
    assert!(desk.ok(&format!("{CHECK} --allow-unknown-exempt")).contains("sound"));
    desk.write("exempt.txt", "");
    assert!(desk.ok(&format!("{CHECK} --allow-unknown-exempt")).contains("sound"));
}

#[test]
fn every_list_of_ids_is_read_alike_and_an_unknown_id_names_who_may_be_meant() {
    let desk = served();
    let remove = "gallery remove --gallery gallery.cotejo";
    let stderr = desk.refused(&format!("{remove} --id ANNA --id 7"), "--id", "2 ids not enrolled");
    assert!(stderr.contains("'anna'") && stderr.contains("'0007'"), "{stderr}");
    desk.write("leaving.txt", "anna # left\n");
    desk.refused(&format!("{remove} --ids-file leaving.txt"), "leaving.txt", "line 1: ");
    desk.write("leaving.txt", "\u{feff}\"anna\"\n\"Jose\u{301}\"\n");
    assert_eq!(desk.json(&format!("{remove} --ids-file leaving.txt"))["removed"]["subjects"], 2);
    desk.write("ids.txt", "\u{feff}\"a, b\"\nJose\u{301}\n7\n#8\n");
    desk.refused("enroll --templates gallery.csv --ids ids.txt --out o.cotejo", "ids.txt", "3 identifiers");
    desk.write("ids.txt", "\u{feff}\"a, b\"\nJose\u{301}\n7\n\"#8\"\n");
    desk.ok("enroll --templates gallery.csv --ids ids.txt --out o.cotejo");
    let listed = desk.ok("gallery list --gallery o.cotejo");
    let ids: Vec<_> = listed.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(ids, ["a, b", "Jos\u{e9}", "7", "#8"]);
}

#[test]
fn a_query_about_one_person_is_about_the_one_normal_form_of_the_id() {
    let desk = Desk::exchanged();
    desk.write("gallery.csv", GALLERY.replace("bert", "Jos\u{e9}"));
    desk.ok("enroll --templates gallery.csv --force");
    desk.ok("encrypt --templates probes.csv --reference Jose\u{301} --out one.cotejo");
    desk.ok("match --gallery gallery.cotejo --query one.cotejo");
    desk.command("decrypt --answer one.answer.cotejo").assert().code(0);
    desk.ok("encrypt --templates probes.csv --reference ANNA --out other.cotejo");
    let matched = desk.command("match --gallery gallery.cotejo --query other.cotejo").assert().success();
    let stderr = String::from_utf8(matched.get_output().stderr.clone()).unwrap();
    assert!(stderr.contains("is not enrolled") && stderr.contains("'anna'"), "{stderr}");
}

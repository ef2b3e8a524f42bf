//! A gallery's root, and proofs of who is in it: made by the custodian, checked by anybody.

use predicates::prelude::predicate;
use serde_json::{Value, json};

use crate::support::Desk;

const ROOT: &str = "gallery root --gallery gallery.cotejo";

fn prove(whom: &str) -> String {
    format!("gallery prove --gallery gallery.cotejo {whom} --out proof.json --force")
}

fn root(desk: &Desk) -> String {
    desk.ok(ROOT).trim_end().to_owned()
}

#[test]
fn who_is_enrolled_and_who_is_not_is_proven_against_the_root_of_the_version() {
    let desk = Desk::exchanged();
    let first = root(&desk);
    assert_eq!(desk.json(ROOT)["root"], first);
    assert_eq!(desk.json("inspect gallery.cotejo")["gallery"]["root"], first);
    let made = desk.json(&prove("--id bert --id zoe --id bert"));
    assert_eq!((&made["ids"], &made["enrolled"], &made["root"]), (&2.into(), &1.into(), &first.clone().into()));
    let proven = desk.ok(&format!("audit proof proof.json --root {first}"));
    assert!(proven.contains("'bert' is enrolled\n") && proven.contains("'zoe' is not enrolled"), "{proven}");
    let document = desk.json(&format!("audit proof proof.json --root {first}"));
    assert_eq!(document["proven"], json!([{"id": "bert", "enrolled": true}, {"id": "zoe", "enrolled": false}]));
    let seen = desk.json("inspect proof.json");
    assert_eq!((&seen["kind"], &seen["root"]), (&"proof about a gallery".into(), &first.clone().into()));
    let before = desk.version();

    desk.ok("gallery remove --gallery gallery.cotejo --id bert --yes");
    let second = root(&desk);
    assert_ne!(first, second);
    let other = desk.refused(&format!("audit proof proof.json --root {second}"), "proof.json", "a proof about root");
    assert!(other.contains("of another version of the gallery, or of another gallery"), "{other}");
    // As it was then, and as it is.
    assert_eq!(desk.ok(&format!("{ROOT} --version {before}")).trim_end(), first);
    desk.ok(&prove("--id bert"));
    assert!(desk.ok(&format!("audit proof proof.json --root {second}")).contains("'bert' is not enrolled"));
    desk.ok("gallery restore --gallery gallery.cotejo --id bert --yes");
    assert_eq!(root(&desk), first);
    desk.ok("gallery remove --gallery gallery.cotejo --id bert --yes");
    desk.ok("gallery compact --gallery gallery.cotejo");
    assert_eq!(root(&desk), second, "the same persons");
    desk.write("some.txt", "anna\nnobody of that name\ncarl\n");
    desk.ok(&prove("--ids-file some.txt"));
    let document = desk.json(&format!("audit proof proof.json --root {second}"));
    let enrolled: Vec<&Value> = document["proven"].as_array().unwrap().iter().map(|one| &one["enrolled"]).collect();
    assert_eq!(enrolled, [true, true, false]);
    desk.refused("gallery prove --gallery gallery.cotejo --id anna --out proof.json", "proof.json", "exists already");
}

#[test]
fn whoever_has_a_template_checks_whether_it_is_the_one_that_is_enrolled() {
    let desk = Desk::exchanged();
    let root = root(&desk);
    let check = |templates: &str| format!("audit proof proof.json --root {root} --templates gallery.csv {templates}");
    desk.ok(&prove("--id bert"));
    let hidden = desk.refused(&check("--rows 2-2"), "proof.json", "does not show the references of one person");
    assert!(hidden.contains("--references"), "{hidden}");
    desk.ok(&prove("--id bert --references"));
    assert!(desk.ok(&check("--rows 2-2")).contains("the 1 template given and the 1 template enrolled are the same"));
    let other = desk.command(&check("--rows 1-2")).assert().code(1);
    other.stdout(predicate::str::contains("of 2 templates given and 1 template enrolled, 1 are the same"));
}

#[test]
fn what_proves_nothing_is_refused_by_name() {
    let desk = Desk::exchanged();
    let root = root(&desk);
    let check = format!("audit proof proof.json --root {root}");
    desk.ok(&prove("--id bert"));
    let text = String::from_utf8(desk.read("proof.json")).unwrap();
    let proof: Value = serde_json::from_str(&text).unwrap();
    let altered = |change: &dyn Fn(&mut Value), what: &str| {
        let mut proof = proof.clone();
        change(&mut proof);
        desk.write("proof.json", proof.to_string());
        desk.refused(&check, "proof.json", what);
    };
    altered(&|proof| proof["proofs"][0]["id"] = "anna".into(), "'anna': the place in the tree is not shown");
    altered(
        &|proof| drop(proof["proofs"][0]["siblings"].as_array_mut().unwrap().pop()),
        "'bert': the path does not lead",
    );
    let nobody = json!({"empty": {"nonce": root}});
    altered(&|proof| proof["proofs"][0]["end"] = nobody.clone(), "'bert': the path does not lead to the root");
    altered(&|proof| proof["root"] = "0".repeat(64).into(), "a proof about root 000");
    altered(&|proof| proof["proofs"] = json!([]), "there is no proof in it");
    altered(&|proof| proof["more"] = 1.into(), "not a proof: unknown field");
    desk.write("proof.json", &text[..text.len() / 2]);
    desk.refused(&check, "proof.json", "not a proof");
    // Of the same persons, enrolled once more: another gallery.
    desk.write("proof.json", &text);
    desk.ok("enroll --templates gallery.csv --out other.cotejo");
    let other = desk.ok("gallery root --gallery other.cotejo");
    assert_ne!(other.trim_end(), root);
    desk.refused(&format!("audit proof proof.json --root {other}"), "proof.json", "or of another gallery");
    desk.command("audit proof proof.json --root 12").assert().code(2);
}

#[test]
fn a_proof_about_somebody_else_than_was_asked_about_is_refused_by_name() {
    let desk = Desk::exchanged();
    let check = format!("audit proof proof.json --root {}", root(&desk));
    // Alike to the eye, and another id: nobody of that name is enrolled.
    let alike = "be\u{200c}rt";
    desk.write("asked.txt", format!("{alike}\n"));
    desk.ok(&prove("--ids-file asked.txt"));
    let proven = desk.ok(&check);
    assert!(proven.contains("'be\\u{200c}rt' is not enrolled"), "{proven}");
    let agreement = desk.json(&check)["agreement"].as_str().unwrap().to_owned();
    assert!(proven.contains(&format!("under agreement {agreement}")), "{proven}");
    let refused = desk.refused(&format!("{check} --id bert"), "proof.json", "it is about 'be\\u{200c}rt', who was not");
    assert!(refused.contains("by the ids that you gave"), "{refused}");
    desk.ok(&format!("{check} --ids-file asked.txt"));
    desk.ok(&prove("--id bert --id zoe"));
    desk.ok(&format!("{check} --id zoe --id bert"));
    desk.refused(&format!("{check} --id bert"), "proof.json", "it is about 'zoe', who was not asked about");
    desk.refused(&format!("{check} --id zoe --id bert --id anna"), "proof.json", "it proves nothing about 'anna'");
}

#[test]
fn a_receipt_or_a_reply_names_the_root_that_a_proof_must_be_about() {
    use cotejo::service::protocol::{GalleryRoot, Receipt, Reply, ReplyOutcome, Request};
    use cotejo::service::signing::{Hash, Name, Signed, SigningKey};
    use cotejo::service::time::Time;
    let desk = Desk::exchanged();
    let root = root(&desk);
    desk.ok(&prove("--id bert"));
    let key = SigningKey::generate(&mut <rand_chacha::ChaCha20Rng as rand::SeedableRng>::seed_from_u64(1));
    let receipt = |gallery| {
        let said = Receipt {
            request: Hash([1; 32]),
            job: Name([2; 16]),
            time: Time::ZERO,
            log: None,
            randomness: None,
            gallery,
        };
        Signed::new(&said, &key).unwrap().to_json()
    };
    desk.write("receipt.json", receipt(Some(GalleryRoot { version: 3, root: root.parse().unwrap() })));
    let check = format!("audit proof proof.json --receipt receipt.json --key {}", key.public());
    let proven = desk.ok(&check);
    assert!(proven.contains("'bert' is enrolled") && proven.contains("version 3 by what"), "{proven}");
    // As long as statements are: signed twice, with quotes within quotes.
    let quotes: cotejo::service::protocol::Line = "\\".repeat(200).parse().unwrap();
    let asked = Request {
        requester: "A".parse().unwrap(),
        number: "1".parse().unwrap(),
        time: Time::ZERO,
        agreement: Hash([7; 32]),
        purpose: "identification".parse().unwrap(),
        justification: Some(quotes),
        case_category: Some("suspect".parse().unwrap()),
        officer: None,
        key: Name([1; 16]),
        query: Name([2; 16]),
        query_digest: Hash([3; 32]),
        probes: 4,
        seen: None,
    };
    let outcome = ReplyOutcome::Answered {
        answer_digest: Hash([4; 32]),
        gallery: 3,
        bits: 4,
        parts: None,
        root: Some(root.parse().unwrap()),
    };
    let request_digest = Hash([1; 32]);
    let reply = Reply { request: asked, request_digest, number: 9, time: Time::ZERO, outcome, log: None };
    let reply = Signed::new(&reply, &key).unwrap().to_json();
    assert!(reply.len() > 6000 && reply.contains("ml_dsa"), "{}", reply.len());
    desk.write("receipt.json", format!("{reply}\n"));
    assert!(desk.ok(&check).contains("version 3 by what"));
    desk.write("receipt.json", receipt(Some(GalleryRoot { version: 3, root: root.parse().unwrap() })));
    let other = "0".repeat(64);
    desk.refused(&format!("audit proof proof.json --receipt receipt.json --key {other}"), "receipt.json", "");
    desk.write("receipt.json", receipt(Some(GalleryRoot { version: 4, root: Hash([4; 32]) })));
    desk.refused(&check, "proof.json", "a proof about root");
    // As of before there were roots.
    desk.write("receipt.json", receipt(None));
    desk.refused(&check, "receipt.json", "it names no root of a gallery");
    desk.command("audit proof proof.json").assert().code(2);
}

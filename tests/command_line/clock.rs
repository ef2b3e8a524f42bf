//! A log that a wrong clock has brought into the future.

use cotejo::service::audit::Role;
use cotejo::service::signing::SigningKey;
use cotejo::service::store::{Custody, Location, Owner};
use cotejo::service::time::Time;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::support::Desk;

#[test]
fn a_log_of_the_future_is_gone_on_with_by_an_entry_that_says_so() {
    let desk = Desk::empty();
    for (folder, days) in [("now", 0), ("later", 400)] {
        desk.ok(&format!("certificates signing-key --out {folder}"));
        let key =
            SigningKey::from_pem(&String::from_utf8(desk.read(&format!("{folder}/signing.key"))).unwrap()).unwrap();
        let owner = Owner { party: "B".parse().unwrap(), role: Role::Custodian, key };
        let location = Location::File(desk.path(&format!("{folder}/log.sqlite")));
        let time = Time::from_system(std::time::SystemTime::now()).plus_days(days);
        drop(Custody::create(location, owner, Box::new(ChaCha20Rng::seed_from_u64(1)), time).unwrap());
    }
    let correct = |folder: &str, key: &str| {
        format!(
            "audit correct-clock --database {folder}/log.sqlite --signing-key {key}/signing.key --reason mistaken --yes"
        )
    };
    desk.refused(&correct("later", "now"), "now/signing.key", "is not the key that signs the log of B");
    assert_eq!(desk.json(&correct("now", "now"))["ahead"], serde_json::Value::Null);
    assert!(desk.json(&correct("later", "later"))["ahead"].is_string());
    assert_eq!(desk.json(&correct("later", "later"))["ahead"], serde_json::Value::Null);
    let key = String::from_utf8(desk.read("later/signing.pub")).unwrap();
    let report = desk.json(&format!("audit verify --database later/log.sqlite --key {}", key.trim()));
    assert_eq!((&report["corrections"], &report["entries"]), (&1.into(), &2.into()));
    let said = desk.ok(&format!("audit verify --database later/log.sqlite --key {}", key.trim()));
    assert!(said.contains("its clock had been ahead"), "{said}");
}

#[test]
fn nobody_stands_by_for_a_server_with_a_file() {
    let desk = crate::network::desk();
    desk.refused("serve --config b/custodian.toml --standby", "b/custodian.toml", "nobody can stand by");
}

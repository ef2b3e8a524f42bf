//! Evaluation keys that are made again from their seed: whether the one that crossed is that which an honest querier makes.

use cotejo::agreement::Agreement;
use cotejo::exchange::EvaluationKey;
use cotejo::scheme::Opened;
use predicates::str::contains;
use sha2::{Digest, Sha256};

use crate::support::{Desk, INIT};

const GENERIC: &str = "agreement init --modality generic --metric hamming --dimension 32 --threshold 6 --allow-insecure --references 1000";
const HEADER: usize = 72;
const CHECKSUM: usize = 32;

/// The key with one of its numbers changed by little: as its header and its checksum tell, nothing is wrong with it, and a custodian takes it.
fn altered(key: &[u8], agreement: &Opened, share: f64) -> Vec<u8> {
    let content = HEADER..key.len() - CHECKSUM;
    let place = content.start + (content.len() as f64 * share) as usize;
    let changed = (place..content.end).find_map(|place| {
        let mut key = key.to_vec();
        key[place] ^= 1;
        let id = Sha256::digest(&key[content.clone()]);
        key[16..32].copy_from_slice(&id[..16]);
        let checksum = Sha256::digest(&key[..content.end]);
        key[content.end..].copy_from_slice(&checksum);
        EvaluationKey::read(key.as_slice(), agreement).is_ok().then_some(key)
    });
    changed.unwrap()
}

#[test]
fn an_evaluation_key_in_which_one_number_was_altered_is_not_that_of_its_seed() {
    for init in [
        INIT.to_owned(),
        format!("{GENERIC} --scheme bgv --parameter-set insecure-bgv-test --disclosure any"),
        format!("{GENERIC} --scheme hybrid --parameter-set insecure-hybrid-test --disclosure any"),
    ] {
        let desk = Desk::empty();
        desk.ok(&init);
        desk.ok("keygen --allow-insecure");
        let text = String::from_utf8(desk.read("agreement.toml")).unwrap();
        let agreement = Opened::new(Agreement::from_toml(&text).unwrap()).unwrap();
        let key = desk.read("keys/querier/evaluation.key");
        // However many threads make it.
        for threads in ["1", "3"] {
            desk.command("audit key").env("RAYON_NUM_THREADS", threads).assert().code(0);
        }
        desk.write("crossed.key", &key);
        desk.ok("audit key --evaluation crossed.key");
        for share in [0.01, 0.5, 0.99] {
            desk.write("crossed.key", altered(&key, &agreement, share));
            let audited = desk.command("audit key --evaluation crossed.key").assert();
            audited.code(1).stdout(contains("the evaluation key is not that of the seed: "));
            // What lies in the querier's own folder is another matter.
            desk.ok("audit key");
        }
        // Damage is not bad faith.
        let mut damaged = key.clone();
        damaged[HEADER + 100] ^= 1;
        desk.write("crossed.key", damaged);
        desk.refused("audit key --evaluation crossed.key", "crossed.key", "checksum");
    }
}

//! No parameter set states more security than `scripts/security/estimates.tsv`, which `scripts/security/estimate.py` re-derives, nor than the
//! interpolation of `table.tsv` beside it gives.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking, also in their helpers")]

use cotejo::parameters::bgv::{BgvSet, ERROR_COINS, PRIME_BITS};
use cotejo::parameters::hybrid::HybridSet;
use cotejo::parameters::security::{Place, of_binary_lwe, of_ternary_rlwe};
use cotejo::parameters::tfhe::TfheSet;
use cotejo::parameters::{Dimensions, ParameterSet};

/// An LWE instance that a key hides behind, as the tables write it.
#[derive(Debug, PartialEq)]
struct Instance {
    dimension: usize,
    log2_modulus: usize,
    secret: &'static str,
    error: String,
}

/// One line of a table: what was estimated, and the least of the three attacks.
struct ListedEstimate {
    /// `bound`, or `-`, where it is of no set.
    set: &'static str,
    instance: Instance,
    attacks: Vec<f64>,
    bits: f64,
    source: &'static str,
}

fn estimates() -> Vec<ListedEstimate> {
    read(include_str!("../scripts/security/estimates.tsv"))
}

fn grid() -> Vec<ListedEstimate> {
    read(include_str!("../scripts/security/table.tsv"))
}

/// A table's lines, by the names in its heading.
fn read(table: &'static str) -> Vec<ListedEstimate> {
    let mut lines = table.lines().filter(|line| !line.starts_with('#'));
    let columns: Vec<&'static str> = lines.next().unwrap().split('\t').collect();
    lines
        .map(|line| {
            let cells: Vec<&'static str> = line.split('\t').collect();
            assert_eq!(cells.len(), columns.len(), "{line}");
            let cell = |name: &str| {
                columns.iter().zip(&cells).find(|(column, _)| **column == name).map_or("-", |(_, cell)| *cell)
            };
            let attacks = ["usvp", "bdd", "dual_hybrid"].map(cell);
            ListedEstimate {
                set: cell("set"),
                instance: Instance {
                    dimension: cell("n").parse().unwrap(),
                    log2_modulus: cell("log2_q").parse().unwrap(),
                    secret: cell("secret"),
                    error: cell("error").to_owned(),
                },
                attacks: attacks.into_iter().filter(|bits| *bits != "-").map(|bits| bits.parse().unwrap()).collect(),
                bits: cell("bits").parse().unwrap(),
                source: cell("source"),
            }
        })
        .collect()
}

/// What the keys of a set hide behind.
fn instances(set: &ParameterSet) -> Vec<Instance> {
    match set.dimensions() {
        Dimensions::Tfhe(set) => tfhe_instances(set).into(),
        Dimensions::Bgv(set) => vec![bgv_instance(set)],
        Dimensions::Hybrid(set) => hybrid_instances(set).into(),
    }
}

fn hybrid_instances(set: &HybridSet) -> [Instance; 2] {
    let probe = Instance {
        dimension: set.probe_glwe_dimension * set.probe_polynomial_size,
        log2_modulus: 64,
        secret: "binary",
        error: format!("tuniform{}", set.probe_noise_log2),
    };
    let ring = Instance {
        dimension: 1 << set.block_log2,
        log2_modulus: PRIME_BITS as usize * (set.primes + set.special_primes),
        secret: "ternary",
        error: format!("cbd{ERROR_COINS}"),
    };
    [probe, ring]
}

fn bgv_instance(set: &BgvSet) -> Instance {
    Instance {
        dimension: 1 << set.ring_log2,
        log2_modulus: PRIME_BITS as usize * (set.limbs + set.special),
        secret: "ternary",
        error: format!("cbd{ERROR_COINS}"),
    }
}

fn tfhe_instances(set: &TfheSet) -> [Instance; 2] {
    let keys = [(set.lwe_dimension(), set.query_noise_log2), (set.bootstrapped_dimension(), set.glwe_noise_log2)];
    keys.map(|(dimension, noise)| Instance {
        dimension,
        log2_modulus: 64,
        secret: "binary",
        error: format!("tuniform{noise}"),
    })
}

/// The same but for a modulus that may be larger, which is easier: what the estimate says, holds for the instance too.
fn covers(estimate: &ListedEstimate, instance: &Instance) -> bool {
    let easier = &estimate.instance;
    easier.dimension == instance.dimension
        && easier.secret == instance.secret
        && easier.error == instance.error
        && easier.log2_modulus >= instance.log2_modulus
}

#[test]
fn no_secure_set_states_more_bits_than_its_keys_are_estimated_at() {
    let estimates = estimates();
    for set in ParameterSet::ALL.into_iter().filter(|set| set.is_secure()) {
        for instance in instances(set) {
            let same = estimates.iter().filter(|estimate| estimate.instance == instance);
            let own = same.map(|estimate| estimate.bits).reduce(f64::min);
            let bound = estimates.iter().filter(|estimate| covers(estimate, &instance));
            let bound = bound.map(|estimate| estimate.bits).reduce(f64::max);
            let most = own.or(bound).unwrap_or_else(|| panic!("{}: nothing says how hard {instance:?} is", set.name()));
            assert!(
                set.security_bits() <= most,
                "{}: {} bits stated, {most} estimated",
                set.name(),
                set.security_bits()
            );
        }
    }
}

#[test]
fn no_secure_set_states_more_bits_than_the_interpolation_gives_its_keys() {
    for set in ParameterSet::ALL.into_iter().filter(|set| set.is_secure()) {
        let keys = match set.dimensions() {
            Dimensions::Tfhe(set) => vec![
                of_binary_lwe(set.lwe_dimension(), set.query_noise_log2),
                of_binary_lwe(set.bootstrapped_dimension(), set.glwe_noise_log2),
            ],
            Dimensions::Bgv(set) => vec![of_ternary_rlwe(set.ring_log2, set.log2_modulus())],
            Dimensions::Hybrid(set) => {
                let [probe, ring] = hybrid_instances(set);
                vec![
                    of_binary_lwe(probe.dimension, set.probe_noise_log2),
                    of_ternary_rlwe(set.block_log2, ring.log2_modulus),
                ]
            }
        };
        for key in keys {
            assert_eq!(key.place, Place::Listed, "{}: {}", set.name(), key.command());
            assert!(set.security_bits() <= key.bits, "{}: {} bits stated, {key:?}", set.name(), set.security_bits());
        }
    }
}

#[test]
fn the_two_tables_agree_where_both_speak_from_one_source() {
    for estimate in estimates().iter().filter(|estimate| estimate.source.starts_with("run: ")) {
        let same = |point: &&ListedEstimate| point.instance == estimate.instance && point.source == estimate.source;
        let point = grid()
            .into_iter()
            .find(|point| same(&point))
            .unwrap_or_else(|| panic!("{:?} is not in table.tsv", estimate.instance));
        assert_eq!((point.bits, point.attacks), (estimate.bits, estimate.attacks.clone()), "{:?}", estimate.instance);
    }
}

#[test]
fn the_table_speaks_of_sets_as_they_are() {
    for estimate in estimates() {
        let Some(set) = ParameterSet::by_name(estimate.set) else {
            assert_eq!(estimate.set, "bound");
            continue;
        };
        assert!(instances(set).contains(&estimate.instance), "{} is not {:?}", estimate.set, estimate.instance);
    }
}

#[test]
fn the_bits_of_a_line_are_the_least_of_its_attacks() {
    for estimate in estimates().iter().chain(&grid()).filter(|estimate| !estimate.attacks.is_empty()) {
        let least = estimate.attacks.iter().copied().reduce(f64::min);
        assert_eq!(least, Some(estimate.bits), "{} {:?}", estimate.set, estimate.instance);
    }
}

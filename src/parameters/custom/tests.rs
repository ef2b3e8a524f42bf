use super::*;

fn named(name: &str) -> &'static ParameterSet {
    ParameterSet::by_name(name).unwrap()
}

fn text(set: &ParameterSet) -> String {
    OwnSet::like(set, "mine").to_toml()
}

fn of_tfhe() -> String {
    text(named("tfhe-896-2048"))
}

fn of_bgv() -> String {
    text(named("insecure-bgv-test"))
}

#[test]
fn the_commented_file_of_any_set_reads_back_to_its_dimensions() {
    for set in ParameterSet::ALL {
        let own = OwnSet::like(set, format!("my-{}", set.name()));
        let again = OwnSet::from_toml(&own.to_toml()).unwrap_or_else(|error| panic!("{error}\n{}", own.to_toml()));
        assert_eq!(again, own);
        let known = again.parameter_set().unwrap();
        assert_eq!(OwnSet::like(&known, own.name()), own);
        assert_eq!((known.scheme(), known.name()), (set.scheme(), own.name()));
        assert!(known.is_own());
    }
}

#[test]
fn one_set_is_one_set_whenever_it_is_asked_for_and_another_name_another() {
    let own = OwnSet::from_toml(&of_bgv()).unwrap();
    let set = own.parameter_set().unwrap();
    assert_eq!(set, own.clone().parameter_set().unwrap());
    let other = OwnSet::from_toml(&of_bgv().replace("\"mine\"", "\"yours\"")).unwrap();
    assert_ne!(set, other.parameter_set().unwrap());
}

#[test]
fn a_process_may_try_as_many_sets_as_it_likes() {
    for number in 0..200 {
        let own = OwnSet::like(named("insecure-bgv-test"), format!("set-{number}"));
        assert_eq!(own.parameter_set().unwrap().name(), format!("set-{number}"));
    }
}

#[test]
fn security_is_computed_and_marks_the_id() {
    let secure = OwnSet::like(named("tfhe-896-4096"), "wide").parameter_set().unwrap();
    assert!(secure.is_secure() && secure.security_bits() < 140.0, "{}", secure.security_bits());
    assert!(secure.id() < 0x8000);
    let weak = OwnSet::like(named("insecure-test"), "narrow").parameter_set().unwrap();
    assert!(!weak.is_secure() && weak.id() >= 0x8000);
    assert!(weak.weakness().contains("are asked for"), "{}", weak.weakness());
    // What a file says of its security is no field.
    let claimed = OwnSet::from_toml(&format!("{}security_bits = 200.0\n", of_tfhe())).unwrap_err().to_string();
    assert!(claimed.contains("unknown field `security_bits`"), "{claimed}");
}

#[test]
fn an_error_names_the_field() {
    let (tfhe, bgv) = (of_tfhe(), of_bgv());
    for (text, from, to, said) in [
        (&tfhe, "name = \"mine\"", "name = \"Mine!\"", "name: write 1 to 40"),
        (&tfhe, "name = \"mine\"", "name = \"tfhe-896-2048\"", "name: tfhe-896-2048 is taken"),
        (&tfhe, "name = \"mine\"", "name = \"auto\"", "name: auto is taken"),
        (&tfhe, "scheme = \"tfhe\"", "scheme = \"ckks\"", "unknown variant `ckks`"),
        (&tfhe, "washing_rounds = 5", "", "washing_rounds: is missing"),
        (&tfhe, "washing_rounds = 5", "washing_rounds = 5\nlimbs = 5", "limbs: does not go with scheme = \"tfhe\""),
        (&tfhe, "washing_rounds = 5", "washing_rounds = -5", "washing_rounds = -5"),
        (&tfhe, "washing_rounds = 5", "washing_rounds = 33", "washing_rounds: must be between 1 and 32, not 33"),
        (
            &tfhe,
            "query_glwe_dimension = 7",
            "query_glwe_dimension = 0",
            "query_glwe_dimension: must be between 1 and 32",
        ),
        (
            &tfhe,
            "query_glwe_dimension = 7",
            "query_glwe_dimension = 32",
            "must stay below 2 polynomial_size = 4096, and is 4096",
        ),
        (
            &tfhe,
            "query_polynomial_size = 128",
            "query_polynomial_size = 100",
            "power of two between 128 and 4096, not 100",
        ),
        (&tfhe, "query_noise_log2 = 46", "query_noise_log2 = 63", "query_noise_log2: must be between 1 and 60"),
        (
            &tfhe,
            "\nglwe_dimension = 1",
            "\nglwe_dimension = 3",
            "glwe_dimension: must be a power of two between 1 and 8, not 3",
        ),
        (
            &tfhe,
            "\npolynomial_size = 2048",
            "\npolynomial_size = 65536",
            "polynomial_size: must be a power of two between 256 and 32768",
        ),
        (
            &tfhe,
            "bootstrap_levels = 1",
            "bootstrap_levels = 3",
            "bootstrap_levels: 3 digits of 23 bits are 69 where 63",
        ),
        (&tfhe, "keyswitch_levels = 4", "keyswitch_levels = 16", "keyswitch_levels: 16 digits of 4 bits are 64"),
        (&tfhe, "flooding_log2 = 61", "flooding_log2 = 62", "flooding_log2: must be between 1 and 61, not 62"),
        (
            &tfhe,
            "answer_modulus_log2 = 10",
            "answer_modulus_log2 = 64",
            "answer_modulus_log2: must be between 2 and 32",
        ),
        (&bgv, "ring_log2 = 11", "ring_log2 = 16", "ring_log2: must be between 8 and 15, not 16"),
        (&bgv, "limbs = 32", "limbs = 0", "limbs: must be between 1 and 39, not 0"),
        (&bgv, "limbs = 32", "limbs = 39", "limbs: with special at most 40 primes, not 45"),
        (&bgv, "special = 6", "special = 0", "special: must be between 1 and 39, not 0"),
        (&bgv, "digit = 6", "digit = 33", "digit: must be between 1 and 32, not 33"),
        (&bgv, "baby_steps = 16", "baby_steps = 12", "baby_steps: must be a power of two between 1 and 1024, not 12"),
        (&bgv, "baby_steps = 16", "baby_steps = 2048", "baby_steps: must be a power of two between 1 and 1024"),
        (&bgv, "one_squaring = false", "one_squaring = 0", "one_squaring = 0"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = OwnSet::from_toml(&text.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(said), "{said}: {error}");
    }
    assert!(OwnSet::from_toml(&"# \n".repeat(6_000)).unwrap_err().to_string().contains("longer than 16384 bytes"));
}

#[test]
fn keys_that_would_fill_the_memory_are_refused() {
    let large = of_bgv()
        .replace("ring_log2 = 11", "ring_log2 = 15")
        .replace("limbs = 32", "limbs = 36")
        .replace("special = 6", "special = 4")
        .replace("digit = 6", "digit = 1");
    let error = OwnSet::from_toml(&large).unwrap_err().to_string();
    assert!(
        error.starts_with("digit: the public keys would take") && error.contains("where 1024 are admitted"),
        "{error}"
    );
    let large = of_tfhe()
        .replace("\npolynomial_size = 2048", "\npolynomial_size = 16384")
        .replace("bootstrap_base_log2 = 23", "bootstrap_base_log2 = 3")
        .replace("bootstrap_levels = 1", "bootstrap_levels = 12");
    let error = OwnSet::from_toml(&large).unwrap_err().to_string();
    assert!(error.starts_with("bootstrap_levels: the public keys would take"), "{error}");
}

/// The least and the greatest numbers that are admitted do not make anything overflow or divide by zero.
#[test]
fn sets_at_the_edge_of_every_bound_can_be_looked_at() {
    use crate::agreement::{Disclosure, Terms};
    use crate::planning::card::ParameterCard;
    let tfhe = |k, n: usize, size, base, levels| {
        let mut own = OwnSet::like(named("tfhe-896-2048"), format!("edge-{k}-{n}-{size}-{base}-{levels}"));
        if let Dimensions::Tfhe(set) = &mut own.dimensions {
            (set.query_glwe_dimension, set.query_polynomial_size, set.polynomial_size) = (k, n, size);
            (set.bootstrap_base_log2, set.bootstrap_levels) = (base, levels);
            (set.keyswitch_base_log2, set.keyswitch_levels) = (base, levels);
            (set.query_noise_log2, set.glwe_noise_log2) = (60, 1);
            (set.washing_rounds, set.answer_modulus_log2, set.flooding_log2) = (1, 2, 1);
        }
        own
    };
    let bgv = |ring, limbs, special, digit, steps, squaring| {
        let mut own = OwnSet::like(named("insecure-bgv-test"), format!("edge-{ring}-{limbs}-{digit}-{steps}"));
        if let Dimensions::Bgv(set) = &mut own.dimensions {
            (set.ring_log2, set.limbs, set.special, set.digit) = (ring, limbs, special, digit);
            (set.baby_steps, set.one_squaring) = (steps, squaring);
        }
        own
    };
    let sets = [
        tfhe(1, 128, 256, 1, 1),
        tfhe(3, 128, 256, 32, 1),
        tfhe(1, 4096, 4096, 3, 1),
        tfhe(2, 128, 32768, 4, 1),
        bgv(8, 1, 1, 1, 1, false),
        bgv(8, 1, 39, 1, 128, true),
        bgv(15, 39, 1, 39, 16384, false),
        bgv(15, 20, 20, 20, 1, true),
    ];
    for own in sets {
        let set = own.parameter_set().unwrap_or_else(|error| panic!("{}: {error}", own.name()));
        ParameterCard::of_set(&set);
        for (terms, disclosure) in [
            (Terms::hamming(32, 6), Disclosure::Any),
            (Terms::hamming(32, 6), Disclosure::Each),
            (Terms::face(64), Disclosure::Count),
        ] {
            let mut terms = terms.with_own_set(own.clone());
            terms.disclosure = disclosure;
            terms.limits.references = 1_000;
            // Refused or not, nothing panics; what is refused says so with the set's or the comparison's field.
            if let Err(error) = ParameterCard::new(&terms, &set) {
                assert!(error.to_string().contains(": "), "{error}");
            }
        }
    }
}

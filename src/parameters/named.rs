//! This program's own sets: their ids and names, and the security that the lattice estimator gives them.

use super::bgv::{BGV_8192, INSECURE_BGV};
use super::bgv::{BGV_32768_540, BGV_32768_600, BGV_32768_690, BGV_32768_720};
use super::bgv::{BGV_32768_780, BGV_32768_810, BGV_32768_840};
use super::hybrid::{HYBRID_1600, HYBRID_2600, HYBRID_6000, INSECURE_HYBRID};
use super::tfhe::{INSECURE_TEST, TFHE_896_2048, TFHE_896_4096};
use super::{Dimensions, ParameterSet};

/// The note of a set that protects nothing.
const INSECURE: &str = "INSECURE, for tests only";

/// Both keys of scheme `hybrid`.
const HYBRID: &str = "LWE(n=1024, TUniform(42)), q = 2^64, binary secret: uSVP 138.2, BDD 136.3, dual hybrid 132.8 bits; N = 32768, logQP = 840, uniform ternary secret: uSVP 132.5, BDD 132.5, dual hybrid 133.6 bits (lattice estimator 27a581b, scripts/security)";

/// Every one, in the order of scheme and security: those that protect nothing come last.
pub(super) const NAMED: [&ParameterSet; 16] = [
    &ParameterSet::named(
        1,
        "tfhe-896-2048",
        Dimensions::Tfhe(TFHE_896_2048),
        134.8,
        "LWE(n=896, TUniform(46)) 137.5 bits; LWE(n=2048, TUniform(17)) 134.8 bits; q = 2^64, binary secret",
    ),
    &ParameterSet::named(
        2,
        "tfhe-896-4096",
        Dimensions::Tfhe(TFHE_896_4096),
        137.5,
        "LWE(n=896, TUniform(46)) 137.5 bits; LWE(n=4096, TUniform(17)) 285.4 bits; q = 2^64, binary secret",
    ),
    &ParameterSet::named(
        16,
        "bgv-8192-210",
        Dimensions::Bgv(BGV_8192),
        130.8,
        "N = 8192, logQP = 210, uniform ternary secret: uSVP 131.0, BDD 130.8, dual hybrid 131.6 bits (lattice estimator 27a581b, scripts/security); 128.2 bits at logQP 214",
    ),
    &ParameterSet::named(
        17,
        "bgv-32768-540",
        Dimensions::Bgv(BGV_32768_540),
        214.8,
        "N = 32768, logQP = 540, uniform ternary secret: uSVP 215.1, BDD 214.8, dual hybrid 215.7 bits (lattice estimator 27a581b, scripts/security); 128.3 bits at logQP 866",
    ),
    &ParameterSet::named(
        21,
        "bgv-32768-600",
        Dimensions::Bgv(BGV_32768_600),
        190.9,
        "N = 32768, logQP = 600, uniform ternary secret: uSVP 190.9, BDD 190.9, dual hybrid 191.7 bits (scripts/security/model.py, which meets the lattice estimator's figures); 128.3 bits at logQP 866",
    ),
    &ParameterSet::named(
        18,
        "bgv-32768-690",
        Dimensions::Bgv(BGV_32768_690),
        163.6,
        "N = 32768, logQP = 690, uniform ternary secret: uSVP 163.6, BDD 163.6, dual hybrid 164.4 bits (lattice estimator 27a581b, scripts/security); 128.3 bits at logQP 866",
    ),
    &ParameterSet::named(
        22,
        "bgv-32768-720",
        Dimensions::Bgv(BGV_32768_720),
        156.1,
        "N = 32768, logQP = 720, uniform ternary secret: uSVP 156.4, BDD 156.1, dual hybrid 157.1 bits (scripts/security/model.py, which meets the lattice estimator's figures); 128.3 bits at logQP 866",
    ),
    &ParameterSet::named(
        20,
        "bgv-32768-780",
        Dimensions::Bgv(BGV_32768_780),
        143.3,
        "N = 32768, logQP = 780, uniform ternary secret: uSVP 143.3, BDD 143.3, dual hybrid 144.3 bits (lattice estimator 27a581b, scripts/security); 128.3 bits at logQP 866",
    ),
    &ParameterSet::named(
        23,
        "bgv-32768-810",
        Dimensions::Bgv(BGV_32768_810),
        137.6,
        "N = 32768, logQP = 810, uniform ternary secret: uSVP 137.8, BDD 137.6, dual hybrid 138.6 bits (scripts/security/model.py, which meets the lattice estimator's figures); 128.3 bits at logQP 866",
    ),
    &ParameterSet::named(
        19,
        "bgv-32768-840",
        Dimensions::Bgv(BGV_32768_840),
        132.5,
        "N = 32768, logQP = 840, uniform ternary secret: uSVP 132.5, BDD 132.5, dual hybrid 133.6 bits (lattice estimator 27a581b, scripts/security); 128.3 bits at logQP 866",
    ),
    &ParameterSet::named(32, "hybrid-1024-1600", Dimensions::Hybrid(HYBRID_1600), 132.5, HYBRID),
    &ParameterSet::named(33, "hybrid-1024-2600", Dimensions::Hybrid(HYBRID_2600), 132.5, HYBRID),
    &ParameterSet::named(34, "hybrid-1024-6000", Dimensions::Hybrid(HYBRID_6000), 132.5, HYBRID),
    &ParameterSet::named(0x8001, "insecure-test", Dimensions::Tfhe(INSECURE_TEST), 0.0, INSECURE),
    &ParameterSet::named(0x8002, "insecure-bgv-test", Dimensions::Bgv(INSECURE_BGV), 0.0, INSECURE),
    // No two of these ids differ in one bit alone.
    &ParameterSet::named(0x8004, "insecure-hybrid-test", Dimensions::Hybrid(INSECURE_HYBRID), 0.0, INSECURE),
];

//! The primes of a parameter set: all that noise and cost depend on, without the tables of any transform.

use std::sync::OnceLock;

use tfhe_ntt::prime::is_prime64;

use super::residues::divide_mod_t;
use crate::parameters::bgv::{BgvSet, PLAINTEXT_MODULUS, PRIME_BITS};

/// How far above the rounding of a division a product's noise may stay; more primes are divided away otherwise.
///
/// A prime of 30 bits falls some bits short of what a product adds, so that peaks grow for a few levels before one more prime pays. With eight bits
/// two products in three need one prime alone, with fourteen three in four. Which admits more, and which costs less, depends on the circuit's depth
/// and on what is left at its end: a circuit is weighed with each, from the one that admits most to the one that seldom does.
pub(in crate::scheme) const SLACKS_LOG2: [f64; 6] = [16.0, 14.0, 20.0, 12.0, 8.0, 6.0];

/// Where no circuit chooses: before it begins, and after it ends.
pub(in crate::scheme) const SLACK_LOG2: f64 = 8.0;

/// The modulus chain of a set: the primes of a fresh ciphertext, then the special primes of the keyswitch. Costs nothing to make.
#[derive(Clone, Copy, Debug)]
pub(in crate::scheme) struct Chain {
    pub(in crate::scheme) set: BgvSet,
    pub(in crate::scheme) primes: &'static [u32],
    /// How far above the rounding of a division a product's noise may stay: see [`SLACKS_LOG2`].
    pub(super) slack_log2: f64,
}

impl Chain {
    pub(in crate::scheme) fn of(set: &BgvSet) -> Self {
        let primes = primes();
        let primes = primes.get(..set.limbs + set.special).unwrap_or(primes);
        Self { set: *set, primes, slack_log2: SLACK_LOG2 }
    }

    /// The same primes, divided away at another noise.
    pub(in crate::scheme) fn with_slack(self, slack_log2: f64) -> Self {
        Self { slack_log2, ..self }
    }

    /// The factor after the primes `limbs..before` were divided away.
    pub(in crate::scheme) fn factor_after_drop(self, factor: u32, limbs: usize, before: usize) -> u32 {
        let dropped = self.primes.iter().take(before).skip(limbs);
        dropped.fold(factor, |factor, prime| divide_mod_t(factor, prime % PLAINTEXT_MODULUS))
    }
}

/// Primes below 2^30 that are 1 modulo 2^16, so that every ring up to N = 2^15 has its roots of unity; the largest first. The same for
/// every set.
fn primes() -> &'static [u32] {
    static PRIMES: OnceLock<Vec<u32>> = OnceLock::new();
    PRIMES.get_or_init(|| {
        let candidates = (1..1u32 << (PRIME_BITS - 16)).rev().map(|k| (k << 16) + 1);
        candidates.filter(|&p| is_prime64(p.into())).take(LONGEST).collect()
    })
}

/// log2 of the product of the first `count` primes: of the modulus of a ciphertext over so many, under any set.
pub(in crate::scheme) fn modulus_log2(count: usize) -> f64 {
    static SUMS: OnceLock<Vec<f64>> = OnceLock::new();
    let sums = SUMS.get_or_init(|| {
        let logarithms = primes().iter().map(|&prime| libm::log2(f64::from(prime)));
        let sums = logarithms.scan(0.0, |sum, logarithm| {
            *sum += logarithm;
            Some(*sum)
        });
        std::iter::once(0.0).chain(sums).collect()
    });
    sums.get(count).or(sums.last()).copied().unwrap_or_default()
}

/// More primes than any set has, those of the keyswitch included: 128 bits of security leave room for 28, at N = 2^15.
const LONGEST: usize = 128;

//! Candidates of scheme `hybrid`.
//!
//! The probe key is that of the named sets: a shorter one is not secure at any noise that leaves a narrower gray zone, a longer one rounds more. What
//! is searched is B, the digits and special primes of the keyswitch and the rotations that are kept: for each of these the fewest primes of
//! a ciphertext that admit the comparison. The ring has 2^15 slots: no smaller one has room for the threshold of any B.

use super::{Candidate, CandidateRefusal, Log, Target, frontier, over};
use crate::agreement::{SchemeId, Terms};
use crate::functional::{Admission as _, demand_of};
use crate::parameters::bgv::PRIME_BITS;
use crate::parameters::hybrid::{HYBRID_2600, HybridSet};
use crate::parameters::security;
use crate::parameters::{Dimensions, ParameterSet};
use crate::scheme::{Progress, Stopped};

/// B, in steps of a fifth: the gray zone goes by one over it.
const BOUNDS: [usize; 12] = [500, 700, 1000, 1300, 1600, 2000, 2600, 3100, 4000, 5000, 6000, 7200];
/// Primes in a digit of the keyswitch.
const DIGITS: [usize; 2] = [4, 5];
/// Special primes beside those of a digit: one less costs noise where it is one of many, and leaves a prime for the ciphertext.
const SPECIAL: [isize; 2] = [-1, 0];
/// Fewest primes of a ciphertext that are tried.
const FEWEST: usize = 12;

/// What is fixed while the number of primes is sought.
#[derive(Clone, Copy)]
pub(super) struct Region {
    bound: usize,
    digit: usize,
    special: usize,
    /// Primes in all that are secure.
    most: usize,
}

/// All of them; none where the probe key is not as secure as was asked for.
pub(super) fn regions(security_bits: f64) -> Vec<Region> {
    let query = HYBRID_2600.query();
    if security::of_binary_lwe(query.lwe_dimension(), query.noise_log2).bits < security_bits {
        return Vec::new();
    }
    let ring_log2 = HYBRID_2600.block_log2;
    let secure =
        |primes: &usize| security::of_ternary_rlwe(ring_log2, primes * PRIME_BITS as usize).bits >= security_bits;
    let most = (1..=40).rev().find(secure).unwrap_or(0);
    let of_digit = |bound| {
        DIGITS.into_iter().flat_map(move |digit| {
            let special = SPECIAL.into_iter().filter_map(move |beside| digit.checked_add_signed(beside));
            special.map(move |special| Region { bound, digit, special, most })
        })
    };
    BOUNDS.into_iter().flat_map(of_digit).collect()
}

/// The candidates that none beats, and the most accurate ones.
pub(super) fn search(
    terms: &Terms,
    target: Target,
    security_bits: f64,
    log: &Log,
    progress: &dyn Progress,
) -> Result<Vec<Candidate>, Stopped> {
    let terms = terms.clone().with_scheme(SchemeId::Hybrid.into());
    let found =
        over(&regions(security_bits), progress, |region| region.found(&terms, target, log).into_iter().collect())?;
    let (met, missed): (Vec<Candidate>, Vec<_>) =
        found.into_iter().partition(|candidate: &Candidate| candidate.meets(target));
    for candidate in &missed {
        log.refused(CandidateRefusal::Deviation, candidate.deviation(), || {
            format!("B = {} leaves a deviation of {:.2e}", bound_of(candidate), candidate.deviation())
        });
    }
    Ok(frontier::soonest_first(met).into_iter().chain(frontier::soonest_first(missed)).collect())
}

fn bound_of(candidate: &Candidate) -> usize {
    candidate.set.hybrid().map_or(0, |set| set.score_bound)
}

impl Region {
    fn set(&self, primes: usize) -> HybridSet {
        let Self { bound, digit, special, .. } = *self;
        HybridSet { score_bound: bound, primes, special_primes: special, digit_primes: digit, ..HYBRID_2600 }
    }

    /// With the fewest primes, by bisection: whether a comparison fits depends on there being enough. With all there are where B does not meet
    /// the target.
    fn found(&self, terms: &Terms, target: Target, log: &Log) -> Option<Candidate> {
        let most = self.most.saturating_sub(self.special);
        let admits = |primes: usize| {
            let set = ParameterSet::unnamed(Dimensions::Hybrid(self.set(primes)));
            let (terms, _) = crate::planning::under(terms, &set)?;
            demand_of(&terms, false).and_then(|demand| set.admit(&demand))
        };
        log.weighed();
        if let Err(error) = admits(most) {
            log.refused(CandidateRefusal::Noise, self.bound as f64, || format!("B = {}: {error}", self.bound));
            return None;
        }
        let of =
            |primes| Candidate::new(terms, ParameterSet::unnamed(Dimensions::Hybrid(self.set(primes))), false).ok();
        let largest = of(most)?;
        if !largest.meets(target) {
            return Some(largest);
        }
        let fewer: Vec<usize> = (FEWEST.min(most)..most).collect();
        match fewer.get(fewer.partition_point(|&primes| admits(primes).is_err())) {
            Some(&primes) => of(primes),
            None => Some(largest),
        }
    }
}

//! Candidates of scheme `bgv`.
//!
//! A ring, the digits and special primes of its keyswitch, the baby steps of its linear stage and, where vectors are rounded, their integer length:
//! for each of these the fewest primes of a ciphertext that admit the comparison. One prime more would cost time and bytes and give nothing,
//! and whether a comparison fits only depends on there being enough. The comparison is weighed as an agreement's would be
//! ([`crate::scheme::bgv::admit`]): 10 bits of margin, and the flooding that its largest answer needs.

use rayon::prelude::*;

use super::{Candidate, CandidateRefusal, Log, Target, frontier, lengths, over};
use crate::agreement::{Disclosure, Terms};
use crate::functional::{Demand, demand_of};
use crate::parameters::bgv::{BgvSet, PRIME_BITS};
use crate::parameters::security;
use crate::parameters::{Dimensions, ParameterSet};
use crate::scheme::bgv::{Misfit, admit};
use crate::scheme::{Progress, Stopped};

/// N = 2^13 ... 2^15. Smaller rings have no room for one squaring, in larger ones t = 65537 has no N slots.
const RINGS_LOG2: std::ops::RangeInclusive<u32> = 13..=15;
/// Most primes in a digit of the keyswitch.
const LARGEST_DIGIT: usize = 10;
/// Special primes beyond those of a digit: with one more a keyswitch adds less noise than a rounding.
const SPARE_SPECIAL: [usize; 2] = [0, 1];
/// Baby steps, those first that usually cost least.
const BABY_STEPS: [usize; 5] = [64, 32, 128, 16, 256];
/// Integer lengths of vectors: from the coarsest that an agreement admits to the finest.
const LENGTHS: [u32; 13] = [32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 128];
/// No ring has so many primes at any security worth the name.
const MOST_PRIMES: usize = 60;

/// What is fixed while the number of primes is sought.
#[derive(Clone)]
pub(super) struct Region {
    ring_log2: u32,
    /// Primes in all that are secure.
    most: usize,
    digit: usize,
    special: usize,
    one_squaring: bool,
    /// Of the terms.
    length: usize,
}

/// All of them.
pub(super) fn regions(terms: &Terms, security_bits: f64) -> Vec<Region> {
    let lengths = 0..lengths(terms, &LENGTHS, |length| length).len();
    let variants: &[bool] = if terms.disclosure == Disclosure::Each { &[false, true] } else { &[false] };
    let mut regions = Vec::new();
    for ring_log2 in RINGS_LOG2 {
        let secure =
            |primes: &usize| security::of_ternary_rlwe(ring_log2, primes * PRIME_BITS as usize).bits >= security_bits;
        let most = (1..=MOST_PRIMES).rev().find(secure).unwrap_or(0);
        for digit in 1..=LARGEST_DIGIT {
            for special in SPARE_SPECIAL.map(|spare| digit + spare) {
                for &one_squaring in variants {
                    let of = |length| Region { ring_log2, most, digit, special, one_squaring, length };
                    regions.extend(lengths.clone().map(of));
                }
            }
        }
    }
    regions
}

/// The candidates that none beats, and the most accurate ones.
pub(super) fn search(
    terms: &Terms,
    target: Target,
    security_bits: f64,
    log: &Log,
    progress: &dyn Progress,
) -> Result<Vec<Candidate>, Stopped> {
    let of_length = lengths(terms, &LENGTHS, |length| length);
    let demands: Vec<Option<Demand>> = of_length.iter().map(|terms| demand_of(terms, true).ok()).collect();
    let found = over(&regions(terms, security_bits), progress, |region| {
        let demand = demands.get(region.length).and_then(Option::as_ref);
        let sets = demand.map(|demand| region.fits(demand, log)).unwrap_or_default();
        sets.into_iter().map(|set| (region.length, set)).collect()
    })?;
    let candidates = found.into_par_iter().filter_map(|(length, set)| {
        Candidate::new(of_length.get(length)?, ParameterSet::unnamed(Dimensions::Bgv(set)), false).ok()
    });
    let (met, missed): (Vec<Candidate>, Vec<_>) =
        candidates.collect::<Vec<_>>().into_iter().partition(|candidate| candidate.meets(target));
    for candidate in &missed {
        log.refused(CandidateRefusal::Deviation, candidate.deviation(), || {
            format!(
                "vectors of integer length {} are rounded by {:.2e}",
                candidate.length.map_or(0, |(length, _)| length),
                candidate.rounding
            )
        });
    }
    // An agreement that leaves the length open takes the finest that the set admits.
    let of_agreement = |candidate: Candidate| Candidate::new(terms, candidate.set, false).ok();
    let shortlist = frontier::soonest_first(met).into_iter().chain(frontier::soonest_first(missed)).collect::<Vec<_>>();
    Ok(shortlist.into_par_iter().filter_map(of_agreement).collect())
}

impl Region {
    fn set(&self, limbs: usize, baby_steps: usize) -> BgvSet {
        BgvSet {
            ring_log2: self.ring_log2,
            limbs,
            special: self.special,
            digit: self.digit,
            baby_steps,
            one_squaring: self.one_squaring,
        }
    }

    /// For each number of baby steps the set with the fewest primes that admits the demand.
    fn fits(&self, demand: &Demand, log: &Log) -> Vec<BgvSet> {
        let most = self.most.saturating_sub(self.special);
        // A digit holds no more primes than there are.
        let least = self.digit.max(2);
        if most < least {
            log.weighed();
            log.refused(CandidateRefusal::Security, f64::INFINITY, || {
                format!("N = {}: at most {} primes are secure", 1u32 << self.ring_log2, self.most)
            });
            return Vec::new();
        }
        let mut guess = None;
        let fewest = BABY_STEPS.iter().filter_map(|&baby_steps| {
            let admits = |limbs| {
                log.weighed();
                let admitted = admit(&self.set(limbs, baby_steps), demand);
                if let Err(misfit) = &admitted {
                    log.refused(refusal(misfit), misfit.shortfall(), || {
                        format!("N = {}: {misfit}", 1u32 << self.ring_log2)
                    });
                }
                admitted.is_ok()
            };
            let limbs = fewest(least..=most, guess, admits)?;
            guess = Some(limbs);
            Some(self.set(limbs, baby_steps))
        });
        fewest.collect()
    }
}

/// The least number in a range that is admitted, where all above it are; `guess` is tried first, and its neighbours.
fn fewest(
    range: std::ops::RangeInclusive<usize>,
    guess: Option<usize>,
    admits: impl Fn(usize) -> bool,
) -> Option<usize> {
    // Everything up to `low` is refused, everything from `high` on is admitted.
    let (mut low, mut high) = (range.start() - 1, range.end() + 1);
    let mut next = guess.unwrap_or(*range.end());
    while high - low > 1 {
        if admits(next) {
            high = next;
        } else {
            low = next;
        }
        next = match guess {
            Some(guess) if next == guess => {
                if high == guess {
                    guess - 1
                } else {
                    guess + 1
                }
            }
            _ => low.midpoint(high),
        };
        next = next.clamp(low + 1, (high - 1).max(low + 1));
    }
    (high <= *range.end()).then_some(high)
}

/// Why a set does not admit a comparison.
fn refusal(misfit: &Misfit) -> CandidateRefusal {
    match misfit {
        Misfit::Noise { .. } => CandidateRefusal::Noise,
        Misfit::Flooding { .. } => CandidateRefusal::Flooding,
        Misfit::Coordinates { .. }
        | Misfit::Range { .. }
        | Misfit::OneSquaring
        | Misfit::Count(_)
        | Misfit::Hits(_)
        | Misfit::Decisions(_)
        | Misfit::Segments { .. }
        | Misfit::Unlike => CandidateRefusal::Comparison,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fewest_are_found_from_any_guess() {
        for (threshold, guess) in (1..=12).flat_map(|t| [None, Some(2), Some(5), Some(9)].map(|guess| (t, guess))) {
            let found = fewest(2..=9, guess, |number| number >= threshold);
            assert_eq!(found, (threshold <= 9).then_some(threshold.max(2)), "{threshold} {guess:?}");
        }
    }
}

//! The cheapest parameter set that meets a demand: a search of the sets' space, for one comparison.
//!
//! A set is cheap by three measures that pull apart, and accurate by a fourth: the time to a verdict on the largest gallery, predicted for the
//! reference machine ([`crate::planning::Plan`]); the bytes of the public keys; the bytes of a query; and the deviation of a score, of the
//! noise of encryption and of the rounding to integers together. What no other candidate beats in all four is the *frontier*.
//!
//! Every candidate is as secure as was asked for, by [`crate::parameters::security`]; decides wrongly, but for the noise near the threshold, less often
//! than once in 2^128; and hides all but its verdicts within 2^-40. A scheme's file says which part of its space is searched, and why the
//! rest holds nothing cheaper.

mod bgv;
mod frontier;
mod hybrid;
mod log;
mod tfhe;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::agreement::{AgreementError, ComparisonTerms, SchemeId, Terms, with_lengths};
use crate::parameters::ParameterSet;
use crate::planning::choice::noise;
use crate::planning::{Pace, Plan, PlannedQuery, under};
use crate::scheme::GrayZone;
use crate::scheme::{Progress, Stopped};

#[cfg(test)]
use frontier::dominates;
pub(crate) use log::CandidateRefusal;
use log::Log;

/// What a set must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Target {
    /// Encrypted verdicts equal those in the clear. Where vectors are rounded to integers, one deviation of that is at most `rounding`, in
    /// units of the score.
    Exact {
        /// Where it is open, what the named sets reach that admit the comparison.
        rounding: Option<f64>,
    },
    /// One standard deviation of noise and rounding together is at most this, in units of the score.
    Deviation(f64),
}

/// What is searched for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The comparison, what is disclosed, and the largest gallery. Its scheme is searched, or all where it is open; its parameter set
    /// does not matter.
    pub terms: Terms,
    /// What must be reached.
    pub target: Target,
    /// Least security of every key, in bits.
    pub security_bits: f64,
}

/// One set, and what it would cost.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// The set; without a name or an id where it is none of this program's.
    pub set: ParameterSet,
    /// One deviation of the noise of a decision, in units of the score; 0 where verdicts are exact.
    pub noise: f64,
    /// One deviation of rounding to integers, in units of the score; 0 where nothing is rounded.
    pub rounding: f64,
    /// Length of references in integers, where they are rounded; and whether the agreement has to name it, as it is not what it would
    /// choose by itself.
    pub length: Option<(u32, bool)>,
    /// Predicted for one probe against the largest gallery, on the reference machine.
    pub plan: Plan,
}

/// What a search found.
#[derive(Debug)]
pub(crate) struct Survey {
    /// What no other candidate beats in time, key, query and deviation; the soonest first. This program's own sets are among the candidates.
    pub frontier: Vec<Candidate>,
    /// The named set to compare with: of those that meet the target the soonest, else the most accurate.
    pub named: Option<Candidate>,
    /// Where nothing meets the target: the most accurate candidate that meets everything else.
    pub closest: Option<Candidate>,
    /// Candidates that were weighed.
    pub weighed: u64,
    /// Of them refused, by the first demand that was not met.
    pub refused: BTreeMap<CandidateRefusal, u64>,
    /// What the last candidate of each scheme that came nearest lacked, in words, where nothing was found.
    pub shortfalls: Vec<String>,
    /// The largest deviation of rounding that was admitted under [`Target::Exact`], where anything is rounded.
    pub rounding_limit: Option<f64>,
    /// The unit of noise and rounding, in words.
    pub unit: &'static str,
}

impl Candidate {
    /// Weighs a set that admits the terms.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] where it does not.
    fn new(terms: &Terms, set: ParameterSet, names_length: bool) -> Result<Self, AgreementError> {
        let (terms, functional) = under(terms, &set)?;
        let plan = PlannedQuery::largest(&terms, &functional).plan(&set, &Pace::reference(&set), 0);
        let plan = plan.map_err(|error| AgreementError::field("encryption.parameter_set", error.to_string()))?;
        Ok(Self {
            noise: noise(&functional, &set),
            rounding: functional.rounding_deviation(),
            length: functional.reference_length().map(|length| (length, names_length)),
            set,
            plan,
        })
    }

    /// The same candidate.
    fn again(&self) -> Self {
        Self { set: self.set.clone(), plan: self.plan.clone(), ..*self }
    }

    /// One deviation of noise and rounding together, in units of the score.
    pub(crate) fn deviation(&self) -> f64 {
        self.noise.hypot(self.rounding)
    }

    /// Seconds from question to verdict: see [`Plan::seconds_to_the_verdict`].
    pub(crate) fn seconds(&self) -> f64 {
        self.plan.seconds_to_the_verdict()
    }

    /// Whether it does what is asked for.
    pub(crate) fn meets(&self, target: Target) -> bool {
        match target {
            Target::Exact { rounding } => self.noise == 0.0 && rounding.is_none_or(|most| self.rounding <= most),
            Target::Deviation(most) => self.deviation() <= most,
        }
    }
}

impl Request {
    /// The schemes that are searched: those that the terms admit and that can meet the target.
    pub(crate) fn schemes(&self) -> Vec<SchemeId> {
        let named = self.terms.encryption.scheme.named();
        let can = |scheme| scheme == SchemeId::Bgv || matches!(self.target, Target::Deviation(_));
        SchemeId::ALL.into_iter().filter(|&scheme| named.is_none_or(|named| named == scheme) && can(scheme)).collect()
    }

    /// How many steps [`Request::search`] reports to its progress.
    pub(crate) fn steps(&self) -> u64 {
        let of = |scheme| match scheme {
            SchemeId::Tfhe => self::tfhe::regions(self.security_bits).len(),
            SchemeId::Bgv => bgv::regions(&self.terms, self.security_bits).len(),
            SchemeId::Hybrid => hybrid::regions(self.security_bits).len(),
        };
        self.schemes().into_iter().map(of).sum::<usize>() as u64
    }

    /// Searches on all cores.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when `progress` asks to stop.
    pub(crate) fn search(&self, progress: &dyn Progress) -> Result<Survey, Stopped> {
        let terms = self.terms.clone().with_scheme(self.terms.encryption.scheme);
        let named = self.named(&terms);
        let target = match self.target {
            Target::Exact { rounding } => Target::Exact { rounding: rounding.or_else(|| finest_rounding(&named)) },
            deviation => deviation,
        };
        let log = Log::default();
        // First, so that of equals the named one stays.
        let secure = named.iter().filter(|named| named.set.security_bits() >= self.security_bits);
        let mut found: Vec<Candidate> = secure.map(Candidate::again).collect();
        for scheme in self.schemes() {
            found.extend(match scheme {
                SchemeId::Tfhe => self::tfhe::search(&terms, target, self.security_bits, &log, progress)?,
                SchemeId::Bgv => bgv::search(&terms, target, self.security_bits, &log, progress)?,
                SchemeId::Hybrid => hybrid::search(&terms, target, self.security_bits, &log, progress)?,
            });
        }
        let (found, missed): (Vec<_>, Vec<_>) = found.into_iter().partition(|candidate| candidate.meets(target));
        let frontier = frontier::soonest_first(found);
        let closest = match frontier.is_empty() {
            true => missed.into_iter().min_by(|a, b| a.deviation().total_cmp(&b.deviation())),
            false => None,
        };
        let log = log.into_inner();
        Ok(Survey {
            shortfalls: if frontier.is_empty() {
                log.shortfalls.into_values().map(|(_, text)| text).collect()
            } else {
                Vec::new()
            },
            frontier,
            named: nearest(named, target),
            closest,
            weighed: log.weighed,
            refused: log.refused,
            rounding_limit: match target {
                Target::Exact { rounding } => rounding.filter(|&most| most > 0.0),
                Target::Deviation(_) => None,
            },
            unit: GrayZone::unit(&terms.comparison),
        })
    }

    /// The secure sets of this program that admit the comparison, of the schemes that are searched.
    fn named(&self, terms: &Terms) -> Vec<Candidate> {
        let schemes = self.schemes();
        let sets = ParameterSet::ALL.into_iter().filter(|set| set.is_secure() && schemes.contains(&set.scheme()));
        sets.filter_map(|set| Candidate::new(terms, set.clone(), false).ok()).collect()
    }
}

/// What each region of a space holds, on all cores. Reports a step a region.
fn over<R: Sync, T: Send>(
    regions: &[R],
    progress: &dyn Progress,
    held: impl Fn(&R) -> Vec<T> + Sync,
) -> Result<Vec<T>, Stopped> {
    let of_region = |region| {
        if progress.stop() {
            return Err(Stopped);
        }
        let found = held(region);
        progress.advance(1);
        Ok(found)
    };
    let found: Vec<Vec<T>> = regions.par_iter().map(of_region).collect::<Result<_, _>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Of exact candidates the least deviation of rounding that the soonest reaches.
fn finest_rounding(named: &[Candidate]) -> Option<f64> {
    named.iter().min_by(|a, b| a.seconds().total_cmp(&b.seconds())).map(|soonest| soonest.rounding)
}

/// Of the candidates that meet a target the soonest, else the most accurate.
fn nearest(named: Vec<Candidate>, target: Target) -> Option<Candidate> {
    let (met, missed): (Vec<_>, Vec<_>) = named.into_iter().partition(|candidate| candidate.meets(target));
    let soonest = met.into_iter().min_by(|a, b| a.seconds().total_cmp(&b.seconds()));
    soonest.or_else(|| missed.into_iter().min_by(|a, b| a.deviation().total_cmp(&b.deviation())))
}

/// The same terms with vectors of a given integer length, where they leave it open: a length that the search varies.
fn lengths(terms: &Terms, lengths: &[u32], probe: impl Fn(u32) -> u32) -> Vec<Terms> {
    match terms.comparison {
        ComparisonTerms::Hamming { .. } | ComparisonTerms::FractionalHamming { .. } => vec![terms.clone()],
        _ => {
            let open: Vec<Terms> =
                lengths.iter().filter_map(|&length| of_lengths(terms, probe(length), length)).collect();
            if open.is_empty() { vec![terms.clone()] } else { open }
        }
    }
}

/// Terms under which probes and references have these integer lengths, where they leave it open; `None` where they do not.
fn of_lengths(terms: &Terms, probe: u32, reference: u32) -> Option<Terms> {
    let comparison = with_lengths(&terms.comparison, probe, reference);
    (comparison != terms.comparison).then(|| Terms { comparison, ..terms.clone() })
}

#[cfg(test)]
mod tests;

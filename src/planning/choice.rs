//! Filling in what terms leave open: scheme, parameter set, lengths of integer vectors.
//!
//! Where the set is open, scheme `tfhe` takes its default, and the others of their secure sets that admit the comparison the one that gives
//! a verdict soonest: predicted for one probe and the largest gallery that the terms admit, on a reference machine and
//! connection ([`super::Plan::seconds_to_the_verdict`]). Where the scheme is open too, the best of each are compared: a block costs as much
//! however few pairs it holds, a decision of `tfhe` some milliseconds (docs/protocol.md, sections 4 and 9). Sets that protect nothing are
//! never chosen. Terms that carry a set of their own are under that one.
//!
//! Soonest among those that are *fine* enough: one deviation of noise and rounding together is at most what is asked for, or else at most
//! half a percent of the largest score. Where none is, the finest.
//!
//! Where a length is open, scheme `tfhe` takes its usual one, and a set of scheme `bgv` the finest that it admits. Where nobody chose how
//! many references a gallery may hold, a count is limited to what an exact set can tell ([`settle_unlimited`]).
//!
//! What is chosen is written into the agreement, so that it does not depend on what this module predicts.

use std::cmp::Ordering;

use super::explain::two_digits;
use super::plan::{Pace, PlannedQuery};
use crate::agreement::{
    AUTO, AgreementError, ComparisonTerms, Disclosure, EncryptionTerms, PROBE_NORM, REFERENCE_NORM, SchemeId, Terms,
    set_of, with_lengths,
};
use crate::functional::Functional;
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::parameters::{Dimensions, ParameterSet};
use crate::scheme::Opened;
use crate::words::counted;

/// Lengths that are tried for an exact scheme, the finest first. Longer ones never fit, shorter ones are refused by every metric.
const EXACT_LENGTHS: std::ops::RangeInclusive<u32> = 16..=128;

/// The shortest length that is taken whatever rounding costs: it moves a cosine by at most 0.013, one standard deviation.
const SHORTEST_USUAL: u32 = 32;

/// A shorter length is taken where rounding moves a score no further than this, one standard deviation, as a share of the score of the longest
/// vectors: the closer to 1 a threshold on a cosine is, the less it does.
const COARSEST: f64 = 0.013;

/// Terms of which nothing is left open, and why scheme and set are these.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The terms, as they were but for what was open.
    pub terms: Terms,
    /// Why this scheme and set.
    pub why: Why,
}

/// Why a set is the one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Why {
    /// The terms name it.
    Named,
    /// The terms name the scheme: its default set.
    Default,
    /// The terms name the scheme: of the sets that admit the comparison, the one with the soonest verdict.
    Soonest,
    /// Its verdict comes sooner than those of the other schemes that are fine enough.
    Sooner {
        /// Seconds to the verdict on the reference machine.
        this: f64,
        /// Those of the next.
        other: f64,
        /// The next.
        next: SchemeId,
        /// References of the largest gallery.
        references: usize,
    },
    /// The other schemes that admit the comparison are coarser than was asked for.
    Finer {
        /// One deviation of noise and rounding, in units of the score.
        this: f64,
        /// That of the finest of the others.
        other: f64,
    },
    /// No other scheme admits the comparison.
    OnlyOne,
}

impl Why {
    /// For people; a clause.
    pub fn clause(self) -> String {
        match self {
            Self::Named => "as was asked for".to_owned(),
            Self::Default => "the set for everything".to_owned(),
            Self::Soonest => "of the sets that admit the comparison the one with the soonest verdict".to_owned(),
            Self::Sooner { this, other, next, references } => format!(
                "chosen because a verdict on {} takes {} on two cores and at 100 Mbit/s, where scheme {next} takes {}",
                counted(references, "reference"),
                time(this),
                time(other)
            ),
            Self::Finer { this, other } => format!(
                "chosen because it moves a score by {} (standard deviation of noise and rounding), where the finest of the other schemes moves it by {}",
                two_digits(this),
                two_digits(other)
            ),
            Self::OnlyOne => "chosen because no other scheme admits the comparison".to_owned(),
        }
    }
}

/// Two digits are what a prediction is good for.
fn time(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => format!("{s:.2} s"),
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 300.0 => format!("{s:.0} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}

impl Settled {
    /// The lines of an agreement's file that say what these terms left open, with their tables' names.
    pub fn lines(&self, given: &Terms) -> String {
        let lengths: Vec<String> = match &self.terms.comparison {
            ComparisonTerms::Cosine { probe_norm: Some(probe), reference_norm: Some(reference), .. } => {
                vec![format!("probe_norm = {probe}"), format!("reference_norm = {reference}")]
            }
            ComparisonTerms::InnerProduct { scale: Some(scale), .. }
            | ComparisonTerms::SquaredEuclidean { scale: Some(scale), .. } => vec![format!("scale = {scale}")],
            _ => Vec::new(),
        };
        let comparison = format!("[comparison]\n{}", lengths.join("\n"));
        let EncryptionTerms { parameter_set, .. } = &self.terms.encryption;
        let scheme = self.terms.encryption.scheme.named().map_or_else(String::new, |scheme| scheme.to_string());
        let encryption = format!("[encryption]\nscheme = \"{scheme}\"\nparameter_set = \"{parameter_set}\"");
        let open = [
            (given.comparison != self.terms.comparison, comparison),
            (given.encryption != self.terms.encryption, encryption),
        ];
        let open: Vec<String> = open.into_iter().filter(|(is_open, _)| *is_open).map(|(_, lines)| lines).collect();
        open.join("\n")
    }
}

/// Fills in what terms leave open; terms that leave nothing open stay as they are.
///
/// # Errors
///
/// [`AgreementError::Field`] for terms that do not fit together, or that no set serves, with what the largest set objects to.
pub fn settle(terms: &Terms) -> Result<Settled, AgreementError> {
    settle_within(terms, None)
}

/// As [`settle`]; of the schemes and sets that are open, those count as fine enough under which one deviation of noise and rounding together is
/// at most this, in units of the score.
///
/// # Errors
///
/// As [`settle`].
pub fn settle_within(terms: &Terms, deviation: Option<f64>) -> Result<Settled, AgreementError> {
    terms.check()?;
    let encryption = &terms.encryption;
    if encryption.set.is_some() || encryption.parameter_set != AUTO {
        let set = set_of(terms)?;
        set.require_fit()?;
        let (terms, _) = under(terms, &set)?;
        return Ok(Settled { terms, why: Why::Named });
    }
    let (chosen, why) = choose(terms, encryption.scheme.named(), deviation)?;
    Ok(Settled { terms: chosen.terms, why })
}

/// As [`settle`], for terms of which nobody chose how many references a gallery may hold: theirs is the usual number. Where it is more than
/// an exact set can count, and that set is the choice for as many as it can, the terms are limited to those.
///
/// # Errors
///
/// As [`settle`].
pub fn settle_unlimited(terms: &Terms, deviation: Option<f64>) -> Result<Settled, AgreementError> {
    let counted = PLAINTEXT_MODULUS as usize - 1;
    if terms.disclosure != Disclosure::Count || terms.limits.references <= counted {
        return settle_within(terms, deviation);
    }
    let mut limited = terms.clone();
    limited.limits.references = counted;
    match settle_within(&limited, deviation) {
        Ok(settled) if settled.terms.encryption.scheme.named() == Some(SchemeId::Tfhe) => {
            settle_within(terms, deviation)
        }
        other => other,
    }
}

/// Settles terms, agrees on them and opens the agreement.
///
/// # Errors
///
/// As [`settle`] and [`Opened::new`].
pub fn open(terms: Terms) -> Result<Opened, AgreementError> {
    settle(&terms).and_then(|settled| Opened::of(settled.terms))
}

/// A set that admits the comparison, and the terms under it.
struct Candidate {
    terms: Terms,
    scheme: SchemeId,
    /// Until a verdict on the largest gallery.
    seconds: f64,
    /// One deviation of noise and rounding together, in units of the score.
    deviation: f64,
    /// Whether that is fine enough.
    is_fine: bool,
}

/// One deviation of noise and rounding that is fine enough where nothing is asked for, as a share of the largest score.
const FINE_ENOUGH: f64 = 0.005;

/// A set of this program for terms that name none.
fn choose(terms: &Terms, scheme: Option<SchemeId>, wanted: Option<f64>) -> Result<(Candidate, Why), AgreementError> {
    if let Some(scheme) = scheme {
        let why = if scheme == SchemeId::Tfhe { Why::Default } else { Why::Soonest };
        return best_of(scheme, terms, wanted).map(|candidate| (candidate, why));
    }
    let mut refused = no_secure_set();
    let mut candidates = Vec::new();
    for scheme in SchemeId::ALL.into_iter().rev() {
        match best_of(scheme, terms, wanted) {
            Ok(candidate) => candidates.push(candidate),
            // Of a scheme that discloses handles of short lists alone that is no news.
            Err(_) if terms.disclosure == Disclosure::Labelled && scheme == SchemeId::Tfhe => {}
            Err(error) => refused = error,
        }
    }
    candidates.sort_by(Candidate::order);
    let mut candidates = candidates.into_iter();
    let first = candidates.next().ok_or(refused)?;
    let references = terms.limits.references;
    let why = match candidates.next() {
        None => Why::OnlyOne,
        Some(next) if first.is_fine && next.is_fine => {
            Why::Sooner { this: first.seconds, other: next.seconds, next: next.scheme, references }
        }
        Some(next) => Why::Finer { this: first.deviation, other: next.deviation },
    };
    Ok((first, why))
}

impl Candidate {
    fn new(terms: &Terms, set: &ParameterSet, wanted: Option<f64>) -> Result<Self, AgreementError> {
        let (terms, functional) = under(terms, set)?;
        // The set has just admitted more than the plan asks of it.
        let plan = PlannedQuery::largest(&terms, &functional).plan(set, &Pace::reference(set), 0);
        let seconds = plan.map_or(f64::INFINITY, |plan| plan.seconds_to_the_verdict());
        let deviation = noise(&functional, set).hypot(functional.rounding_deviation());
        let enough = wanted.unwrap_or(FINE_ENOUGH * functional.bound() as f64 / functional.phi_per_score());
        Ok(Self { terms, scheme: set.scheme(), seconds, deviation, is_fine: deviation <= enough })
    }

    /// The fine ones first, the soonest first; of the others the finest first.
    fn order(&self, other: &Self) -> Ordering {
        other.is_fine.cmp(&self.is_fine).then_with(|| match self.is_fine {
            true => self.seconds.total_cmp(&other.seconds),
            false => self.deviation.total_cmp(&other.deviation),
        })
    }

    /// As [`Candidate::order`] has it, for sets of one scheme; but sooner where both are exact but for rounding.
    fn is_better_than(&self, other: &Self) -> bool {
        match (self.is_fine, other.is_fine) {
            (false, false) if self.scheme == SchemeId::Bgv => self.seconds < other.seconds,
            _ => self.order(other).is_lt(),
        }
    }
}

/// One deviation of the noise of a decision, in units of the score.
pub(super) fn noise(functional: &Functional, set: &ParameterSet) -> f64 {
    set.phi_deviation(functional, functional.largest_weight_norm()) / functional.phi_per_score()
}

/// Terms under a set, with every length given, and the comparison as the set admits it.
///
/// # Errors
///
/// [`AgreementError::Field`] for terms that the set does not serve.
pub(crate) fn under(terms: &Terms, set: &ParameterSet) -> Result<(Terms, Functional), AgreementError> {
    let encryption = EncryptionTerms {
        scheme: set.scheme().into(),
        parameter_set: set.name().to_owned(),
        set: terms.encryption.set.clone(),
    };
    let at = |probe, reference| {
        let comparison = with_lengths(&terms.comparison, probe, reference);
        let terms = Terms { comparison, encryption: encryption.clone(), ..terms.clone() };
        Functional::new(&terms, set).map(|functional| (terms, functional))
    };
    match set.dimensions() {
        Dimensions::Tfhe(_) | Dimensions::Hybrid(_) => at(PROBE_NORM, REFERENCE_NORM),
        Dimensions::Bgv(_) => {
            let usual = SHORTEST_USUAL;
            let left_open = with_lengths(&terms.comparison, usual, usual) != terms.comparison;
            let admitted = |length| {
                let fine = |functional: &Functional| length >= usual || functional.rounding_share() <= COARSEST;
                at(length, length).ok().filter(|(_, functional)| fine(functional))
            };
            let finest = left_open.then(|| EXACT_LENGTHS.rev().find_map(admitted)).flatten();
            finest.map_or_else(|| at(usual, usual), Ok)
        }
    }
}

/// The set of a scheme: of scheme `tfhe` the default, which serves for everything that any of its sets does; of the others the soonest that is fine
/// enough, else the finest. Where none admits the comparison, what the last objects to.
fn best_of(scheme: SchemeId, terms: &Terms, wanted: Option<f64>) -> Result<Candidate, AgreementError> {
    let few = if scheme == SchemeId::Tfhe { 1 } else { usize::MAX };
    let mut refused = no_secure_set();
    let mut best: Option<Candidate> = None;
    for set in secure(scheme).take(few) {
        match Candidate::new(terms, set, wanted) {
            Ok(candidate) if best.as_ref().is_none_or(|best| candidate.is_better_than(best)) => best = Some(candidate),
            Ok(_) => {}
            Err(error) => refused = error,
        }
    }
    best.ok_or(refused)
}

fn secure(scheme: SchemeId) -> impl Iterator<Item = &'static ParameterSet> {
    ParameterSet::ALL.into_iter().filter(move |set| set.scheme() == scheme && set.is_secure())
}

fn no_secure_set() -> AgreementError {
    AgreementError::field("encryption.scheme", "has no secure set")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{IRIS_MPC_SHAPE, SchemeChoice};
    use crate::parameters::custom::OwnSet;
    use crate::remedy::Remedy;
    use crate::template::{IrisShape, MaskSharing};

    fn chosen(terms: Terms) -> (String, Why) {
        let settled = settle(&terms).unwrap();
        (settled.terms.encryption.parameter_set, settled.why)
    }

    #[test]
    fn of_the_exact_sets_that_admit_the_comparison_the_soonest_is_chosen() {
        let of = |mut terms: Terms, disclosure, references| {
            terms.disclosure = disclosure;
            terms.limits.references = references;
            let (name, why) = chosen(terms.with_scheme(SchemeChoice::Bgv));
            assert_eq!(why, Why::Soonest);
            name
        };
        // One squaring answers `each` alone, and with bytes for every reference.
        assert_eq!(of(Terms::hamming(128, 40), Disclosure::Each, 5_000), "bgv-8192-210");
        assert_eq!(of(Terms::hamming(128, 40), Disclosure::Each, 200_000), "bgv-32768-540");
        assert_eq!(of(Terms::hamming(128, 40), Disclosure::Any, 5_000), "bgv-32768-600");
    }

    /// The fetch by similarity of HomomorphicEncryption.org's benchmark.
    fn similar(scheme: SchemeChoice) -> Terms {
        let mut terms = Terms::face(128).with_scheme(scheme);
        with_threshold(&mut terms, "0.8");
        terms.disclosure = Disclosure::Count;
        terms
    }

    fn with_threshold(terms: &mut Terms, text: &str) {
        if let ComparisonTerms::Cosine { threshold, .. } = &mut terms.comparison {
            *threshold = text.parse().unwrap();
        }
    }

    #[test]
    fn a_count_that_nobody_limited_is_limited_to_what_an_exact_set_can_tell() {
        for (scheme, chosen, references) in [
            (SchemeChoice::Bgv, SchemeId::Bgv, 65_536),
            (SchemeChoice::Auto, SchemeId::Bgv, 65_536),
            (SchemeChoice::Tfhe, SchemeId::Tfhe, 100_000),
        ] {
            let Settled { terms, .. } = settle_unlimited(&similar(scheme), None).unwrap();
            assert_eq!(terms.encryption.scheme.named(), Some(chosen));
            assert_eq!(terms.limits.references, references);
        }
        // What somebody chose is refused, and not changed.
        let refused = settle(&similar(SchemeChoice::Bgv)).unwrap_err();
        assert!(refused.in_full().contains("agree on at most 65536 references"), "{}", refused.in_full());
        let mut any = similar(SchemeChoice::Bgv);
        any.disclosure = Disclosure::Any;
        assert_eq!(settle_unlimited(&any, None).unwrap().terms.limits.references, 100_000);
    }

    #[test]
    fn a_length_below_32_is_taken_where_rounding_moves_a_score_no_further_than_32_does() {
        let found = (16..24).filter_map(|limbs| {
            let own = own("bgv-32768-840", |own| {
                if let Dimensions::Bgv(set) = &mut own.dimensions {
                    set.limbs = limbs;
                }
            });
            let mut terms = similar(SchemeChoice::Bgv).with_own_set(own);
            terms.limits.references = 65_536;
            let opened = open(terms).ok()?;
            match opened.terms().comparison {
                ComparisonTerms::Cosine { probe_norm: Some(length), .. } => {
                    Some((length, opened.functional().rounding_share()))
                }
                ref other => panic!("{other:?}"),
            }
        });
        let found: Vec<(u32, f64)> = found.collect();
        println!("{found:?}");
        assert!(found.iter().any(|&(length, _)| length < 32), "{found:?}");
        assert!(found.iter().all(|&(length, share)| length >= 32 || share <= COARSEST), "{found:?}");
        // The more primes, the finer.
        assert!(found.is_sorted_by_key(|&(length, _)| length), "{found:?}");
    }

    #[test]
    fn an_open_scheme_follows_the_predicted_time_and_what_fits() {
        let auto = |mut terms: Terms, references| {
            terms.limits.references = references;
            let settled = settle(&terms.with_scheme(SchemeChoice::Auto)).unwrap();
            (settled.terms.encryption.scheme.named().unwrap(), settled.why)
        };
        let (scheme, why) = auto(Terms::hamming(512, 180), 50);
        assert!(scheme == SchemeId::Tfhe && matches!(why, Why::Sooner { this, other, .. } if this < other), "{why:?}");
        let (scheme, why) = auto(Terms::hamming(512, 180), 20_000);
        assert!(scheme == SchemeId::Bgv && matches!(why, Why::Sooner { this, other, .. } if this < other), "{why:?}");
        // A block judges 32,768 pairs in the time of some hundred bootstraps.
        let (scheme, why) = auto(Terms::iris(IRIS_MPC_SHAPE), 100_000);
        let sooner = matches!(why, Why::Sooner { this, other, next: SchemeId::Tfhe, .. } if 15.0 * this < other);
        assert!(scheme == SchemeId::Hybrid && sooner, "{why:?}");
        // Rounded coarsely, faces fit scheme bgv as well.
        let (scheme, why) = auto(Terms::face(512), 100_000);
        let sooner = matches!(why, Why::Sooner { this, other, next: SchemeId::Bgv, .. } if this < other);
        assert!(scheme == SchemeId::Hybrid && sooner, "{why:?}");
        assert_eq!(
            chosen(Terms::face(512).with_scheme(SchemeChoice::Tfhe)),
            ("tfhe-896-2048".to_owned(), Why::Default)
        );
    }

    #[test]
    fn the_lines_to_write_are_those_of_what_is_left_open() {
        let lines = |terms: &Terms| settle(terms).unwrap().lines(terms);
        let open = Terms::face(64).with_scheme(SchemeChoice::Auto);
        let all = lines(&open);
        assert!(all.contains("[comparison]\nprobe_norm = ") && all.contains("[encryption]\nscheme = "), "{all}");
        let closed = settle(&open).unwrap().terms;
        assert_eq!(lines(&closed), "");
        let lengths = Terms { comparison: open.comparison.clone(), ..closed.clone() };
        assert!(lines(&lengths).starts_with("[comparison]") && !lines(&lengths).contains("[encryption]"));
        let scheme = Terms { encryption: open.encryption, ..closed };
        assert!(lines(&scheme).starts_with("[encryption]") && !lines(&scheme).contains("[comparison]"));
    }

    #[test]
    fn a_named_set_decides_on_an_open_scheme_and_must_be_of_a_named_one() {
        let mut terms = Terms::hamming(512, 180).with_scheme(SchemeChoice::Auto);
        terms.encryption.parameter_set = "insecure-bgv-test".to_owned();
        assert_eq!(chosen(terms.clone()), ("insecure-bgv-test".to_owned(), Why::Named));
        assert_eq!(open(terms.clone()).unwrap().scheme(), SchemeId::Bgv);
        terms.encryption.scheme = SchemeChoice::Tfhe;
        let error = settle(&terms).unwrap_err().to_string();
        assert!(error.starts_with("encryption.parameter_set: insecure-bgv-test is a set of scheme bgv"), "{error}");
    }

    #[test]
    fn what_no_exact_set_admits_is_refused_with_the_scheme_that_can() {
        for (terms, field) in [
            (Terms::hamming(40_000, 100), "template"),
            (Terms::hamming(16_385, 100), "template"),
            (Terms::hamming(10_000, 5_000), "comparison.threshold"),
            (Terms::iris(IRIS_MPC_SHAPE), "template"),
        ] {
            let error = settle(&terms.clone().with_scheme(SchemeChoice::Bgv)).unwrap_err().in_full();
            assert!(error.starts_with(field) && error.ends_with("or on scheme tfhe"), "{error}");
            assert!(settle(&terms.with_scheme(SchemeChoice::Tfhe)).is_ok());
        }
    }

    /// The table of docs/performance.md.
    #[test]
    fn the_largest_irises_of_a_third_are_admitted_and_the_next_are_not() {
        let admits = |(rows, columns), rotations, disclosure| {
            let shape = IrisShape { rows, columns, channels: 2, mask: MaskSharing::ByPair };
            let mut terms = Terms::iris(shape).with_scheme(SchemeChoice::Bgv);
            if let ComparisonTerms::FractionalHamming { threshold, rotations: agreed, .. } = &mut terms.comparison {
                (*threshold, *agreed) = ("0.333333333".parse().unwrap(), rotations);
            }
            terms.encryption.parameter_set = "bgv-32768-840".to_owned();
            (terms.disclosure, terms.limits.references) = (disclosure, 10_000);
            settle(&terms).is_ok()
        };
        for (shape, rotations, disclosure) in
            [((25, 128), 0, Disclosure::Each), ((13, 32), 1, Disclosure::Each), ((6, 64), 15, Disclosure::Any)]
        {
            let (rows, columns) = shape;
            for rows in 1..=rows {
                assert!(admits((rows, columns), rotations, disclosure), "{rows} of {shape:?}");
            }
            assert!(!admits((rows + 1, columns), rotations, disclosure), "{shape:?}");
        }
        assert!(!admits((16, 128), 1, Disclosure::Each) && !admits((8, 32), 2, Disclosure::Each));
    }

    fn own(set: &str, change: impl Fn(&mut OwnSet)) -> OwnSet {
        let mut own = OwnSet::like(ParameterSet::by_name(set).unwrap(), "ours");
        change(&mut own);
        own
    }

    fn refused(terms: &Terms) -> String {
        settle(terms).unwrap_err().to_string()
    }

    #[test]
    fn a_set_that_the_agreement_carries_is_the_one_and_no_other_agreement_gets_it() {
        let mut terms = Terms::hamming(32, 6).with_own_set(own("insecure-bgv-test", |_| ()));
        terms.limits.references = 1_000;
        assert_eq!(chosen(terms.clone()), ("ours".to_owned(), Why::Named));
        for scheme in [SchemeChoice::Auto, SchemeChoice::Bgv] {
            terms.encryption.scheme = scheme;
            terms.encryption.parameter_set = AUTO.to_owned();
            assert_eq!(chosen(terms.clone()).0, "ours");
            assert!(settle(&terms.clone().with_scheme(scheme)).unwrap().terms.encryption.set.is_none());
        }
        terms.encryption.parameter_set = "bgv-8192-210".to_owned();
        let error = refused(&terms);
        assert!(error.starts_with("encryption.parameter_set: bgv-8192-210 is not the set that"), "{error}");
        terms.encryption.parameter_set = "ours".to_owned();
        terms.encryption.scheme = SchemeChoice::Tfhe;
        let error = refused(&terms);
        assert!(error.starts_with("encryption.parameter_set: ours is a set of scheme bgv"), "{error}");
        terms.encryption.set = None;
        assert!(refused(&terms).starts_with("encryption.parameter_set: unknown"));
    }

    #[test]
    fn a_set_that_decrypts_wrongly_is_refused_with_the_number() {
        let noisy = own("insecure-test", |own| {
            if let Dimensions::Tfhe(set) = &mut own.dimensions {
                set.query_noise_log2 = 51;
            }
        });
        let error = refused(&Terms::face(64).with_own_set(noisy));
        assert!(error.starts_with("encryption.set: failure of a gate: 2^-"), "{error}");
        let unwashed = own("insecure-test", |own| {
            if let Dimensions::Tfhe(set) = &mut own.dimensions {
                set.washing_rounds = 2;
            }
        });
        let error = refused(&Terms::face(64).with_own_set(unwashed));
        assert!(error.contains("what a sanitised verdict tells of the gallery: 2^-"), "{error}");
        assert!(error.contains("where at most 2^-40.0 is asked for"), "{error}");
        let shallow = own("insecure-bgv-test", |own| {
            if let Dimensions::Bgv(set) = &mut own.dimensions {
                (set.limbs, set.digit) = (6, 3);
            }
        });
        let error = refused(&Terms::hamming(128, 40).with_own_set(shallow));
        assert!(error.contains("bits of the modulus where 10 are needed"), "{error}");
        let impossible = own("insecure-bgv-test", |own| {
            if let Dimensions::Bgv(set) = &mut own.dimensions {
                set.ring_log2 = 16;
            }
        });
        let error = refused(&Terms::hamming(128, 40).with_own_set(impossible));
        assert!(error.starts_with("encryption.set: ring_log2: must be between 8 and 15, not 16"), "{error}");
    }
}

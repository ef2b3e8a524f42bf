//! Filling in what terms leave open: scheme, parameter set, lengths of integer vectors.
//!
//! Where the set is open, scheme `tfhe` takes its default, and scheme `bgv` of the secure sets that admit the comparison the one that gives
//! a verdict soonest: predicted for one probe and the largest gallery that the terms admit, on a reference machine and
//! connection ([`super::Plan::seconds_to_the_verdict`]). Where the scheme is open too, those of both are compared: a block of `bgv` costs as much
//! however few references it holds, a decision of `tfhe` some milliseconds (docs/protocol.md, section 4). Sets that protect nothing are
//! never chosen. Terms that carry a set of their own are under that one.
//!
//! Where a length is open, scheme `tfhe` takes its usual one, and a set of scheme `bgv` the finest that it admits. Where nobody chose how
//! many references a gallery may hold, a count is limited to what an exact set can tell ([`settle_unlimited`]).
//!
//! What is chosen is written into the agreement, so that it does not depend on what this module predicts.

use super::plan::{Pace, PlannedQuery};
use crate::agreement::{
    AUTO, AgreementError, ComparisonTerms, Disclosure, EncryptionTerms, PROBE_NORM, REFERENCE_NORM, SchemeId, Terms,
    set_of, with_lengths,
};
use crate::functional::Functional;
use crate::parameters::bgv::PLAINTEXT_MODULUS;
use crate::parameters::{Dimensions, ParameterSet};
use crate::scheme::Opened;

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
    /// Its verdict comes sooner than the other scheme's.
    Sooner {
        /// Seconds to the verdict on the reference machine.
        this: f64,
        /// The other scheme's.
        other: f64,
        /// References of the largest gallery.
        references: usize,
    },
    /// No exact set admits the comparison.
    NotExact,
    /// Scheme `tfhe` does not admit the comparison.
    OnlyExact,
}

impl Why {
    /// For people; a clause.
    pub fn clause(self) -> String {
        match self {
            Self::Named => "as was asked for".to_owned(),
            Self::Default => "the set for everything".to_owned(),
            Self::Soonest => "of the sets that admit the comparison the one with the soonest verdict".to_owned(),
            Self::Sooner { this, other, references } => format!(
                "chosen because a verdict on {references} references takes {} on two cores and at 100 Mbit/s, where the other scheme takes {}",
                time(this),
                time(other)
            ),
            Self::NotExact => "chosen because no exact set admits the comparison".to_owned(),
            Self::OnlyExact => "chosen because scheme tfhe does not admit the comparison".to_owned(),
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
    terms.check()?;
    let encryption = &terms.encryption;
    if encryption.set.is_some() || encryption.parameter_set != AUTO {
        let set = set_of(terms)?;
        set.require_fit()?;
        let (terms, _) = under(terms, &set)?;
        return Ok(Settled { terms, why: Why::Named });
    }
    let (chosen, why) = choose(terms, encryption.scheme.named())?;
    Ok(Settled { terms: chosen.terms, why })
}

/// As [`settle`], for terms of which nobody chose how many references a gallery may hold: theirs is the usual number. Where it is more than
/// an exact set can count, and that set is the choice for as many as it can, the terms are limited to those.
///
/// # Errors
///
/// As [`settle`].
pub fn settle_unlimited(terms: &Terms) -> Result<Settled, AgreementError> {
    let counted = PLAINTEXT_MODULUS as usize - 1;
    if terms.disclosure != Disclosure::Count || terms.limits.references <= counted {
        return settle(terms);
    }
    let mut limited = terms.clone();
    limited.limits.references = counted;
    match settle(&limited) {
        Ok(settled) if settled.terms.encryption.scheme.named() != Some(SchemeId::Bgv) => settle(terms),
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
    /// Until a verdict on the largest gallery.
    seconds: f64,
}

/// A set of this program for terms that name none.
fn choose(terms: &Terms, scheme: Option<SchemeId>) -> Result<(Candidate, Why), AgreementError> {
    match scheme {
        Some(SchemeId::Tfhe) => default_of_tfhe(terms).map(|tfhe| (tfhe, Why::Default)),
        Some(SchemeId::Bgv) => soonest_of_bgv(terms).map(|bgv| (bgv, Why::Soonest)),
        None => match (default_of_tfhe(terms), soonest_of_bgv(terms)) {
            (Ok(tfhe), Ok(bgv)) => {
                let (this, other) = if bgv.seconds < tfhe.seconds { (bgv, tfhe) } else { (tfhe, bgv) };
                let references = terms.limits.references;
                let why = Why::Sooner { this: this.seconds, other: other.seconds, references };
                Ok((this, why))
            }
            (Ok(tfhe), Err(_)) => Ok((tfhe, Why::NotExact)),
            (Err(_), Ok(bgv)) => Ok((bgv, Why::OnlyExact)),
            (Err(error), Err(_)) => Err(error),
        },
    }
}

impl Candidate {
    fn new(terms: &Terms, set: &ParameterSet) -> Result<Self, AgreementError> {
        let (terms, functional) = under(terms, set)?;
        // The set has just admitted more than the plan asks of it.
        let plan = PlannedQuery::largest(&terms, &functional).plan(set, &Pace::reference(set), 0);
        let seconds = plan.map_or(f64::INFINITY, |plan| plan.seconds_to_the_verdict());
        Ok(Self { terms, seconds })
    }
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
        Dimensions::Tfhe(_) => at(PROBE_NORM, REFERENCE_NORM),
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

/// The default serves for everything that any set of scheme `tfhe` does.
fn default_of_tfhe(terms: &Terms) -> Result<Candidate, AgreementError> {
    secure(SchemeId::Tfhe).next().map_or_else(|| Err(no_secure_set()), |set| Candidate::new(terms, set))
}

/// Where none admits the comparison, what the largest objects to.
fn soonest_of_bgv(terms: &Terms) -> Result<Candidate, AgreementError> {
    let mut refused = no_secure_set();
    let mut best: Option<Candidate> = None;
    for set in secure(SchemeId::Bgv) {
        match Candidate::new(terms, set) {
            Ok(candidate) if best.as_ref().is_none_or(|best| candidate.seconds < best.seconds) => {
                best = Some(candidate)
            }
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
        assert_eq!(of(Terms::hamming(128, 40), Disclosure::Each, 100_000), "bgv-32768-540");
        // So many numbers in an answer need more flooding.
        assert_eq!(of(Terms::hamming(128, 40), Disclosure::Each, 500_000), "bgv-32768-690");
        assert_eq!(of(Terms::hamming(128, 40), Disclosure::Any, 5_000), "bgv-32768-690");
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
            let Settled { terms, .. } = settle_unlimited(&similar(scheme)).unwrap();
            assert_eq!(terms.encryption.scheme.named(), Some(chosen));
            assert_eq!(terms.limits.references, references);
        }
        // What somebody chose is refused, and not changed.
        let refused = settle(&similar(SchemeChoice::Bgv)).unwrap_err();
        assert!(refused.in_full().contains("agree on at most 65536 references"), "{}", refused.in_full());
        let mut any = similar(SchemeChoice::Bgv);
        any.disclosure = Disclosure::Any;
        assert_eq!(settle_unlimited(&any).unwrap().terms.limits.references, 100_000);
    }

    #[test]
    fn a_length_below_32_is_taken_where_rounding_moves_a_score_no_further_than_32_does() {
        let lengths = |threshold| {
            let mut terms = similar(SchemeChoice::Bgv);
            with_threshold(&mut terms, threshold);
            terms.limits.references = 65_536;
            settle(&terms).map(|settled| match settled.terms.comparison {
                ComparisonTerms::Cosine { probe_norm: Some(probe), reference_norm: Some(reference), .. } => {
                    (probe, reference)
                }
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(lengths("0.8"), Ok((30, 30)));
        assert_eq!(lengths("0.35"), Ok((35, 35)));
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
        assert_eq!(auto(Terms::iris(IRIS_MPC_SHAPE), 100_000), (SchemeId::Tfhe, Why::NotExact));
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
            [((16, 128), 0, Disclosure::Each), ((8, 32), 1, Disclosure::Each), ((3, 64), 15, Disclosure::Any)]
        {
            assert!(admits(shape, rotations, disclosure), "{shape:?}");
        }
        assert!(!admits((16, 128), 1, Disclosure::Each) && !admits((8, 32), 2, Disclosure::Each));
        assert!(!admits((3, 128), 15, Disclosure::Any) && !admits((32, 128), 0, Disclosure::Each));
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

//! Which scheme and parameter set an agreement is under: named, or chosen from the terms alone, so that both parties choose the same.
//!
//! Where the set is open, scheme `tfhe` takes its default, and scheme `bgv` of the secure sets that admit the comparison the one that gives
//! a verdict soonest: predicted for one probe and the largest gallery that the agreement admits, on a reference machine and
//! connection ([`Plan::seconds_to_the_verdict`]). Where the scheme is open too, those of both are compared: a block of `bgv` costs as much
//! however few references it holds, a decision of `tfhe` some milliseconds (docs/protocol.md, section 4). Sets that protect nothing
//! are never chosen. An agreement that carries a set of its own is under that one.

use super::terms::AUTO;
use super::{AgreementError, SchemeId, Terms};
use crate::functional::Functional;
use crate::parameters::ParameterSet;
use crate::parameters::custom::OwnSet;
use crate::plan::{Pace, Plan};

/// A parameter set, the comparison under it, and why this one.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) parameters: &'static ParameterSet,
    pub(super) functional: Functional,
    pub(super) why: Why,
}

/// Why a set is the one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Why {
    /// The terms name it.
    Named,
    /// The terms name the scheme: its default set.
    Default,
    /// The terms name the scheme: of the sets that admit the comparison, the one with the soonest verdict.
    Soonest,
    /// Its verdict comes sooner than the other scheme's, in seconds on the reference machine.
    Sooner { this: f64, other: f64, references: usize },
    /// No exact set admits the comparison.
    NotExact,
    /// Scheme `tfhe` does not admit the comparison.
    OnlyExact,
}

impl Why {
    /// For people; a clause.
    pub(super) fn clause(self) -> String {
        match self {
            Self::Named => "as the agreement says".to_owned(),
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

/// The set of an agreement.
pub(super) fn choose(terms: &Terms) -> Result<Choice, AgreementError> {
    let scheme = terms.encryption.scheme.named();
    if let Some(set) = &terms.encryption.set {
        let parameters = own(terms, set)?;
        return Functional::new(terms, parameters).map(|functional| Choice { parameters, functional, why: Why::Named });
    }
    if terms.encryption.parameter_set != AUTO {
        let parameters = named(terms, scheme)?;
        return Functional::new(terms, parameters).map(|functional| Choice { parameters, functional, why: Why::Named });
    }
    let chosen = |(candidate, why): (Candidate, Why)| Choice {
        parameters: candidate.parameters,
        functional: candidate.functional,
        why,
    };
    match scheme {
        Some(SchemeId::Tfhe) => default_of_tfhe(terms).map(|tfhe| chosen((tfhe, Why::Default))),
        Some(SchemeId::Bgv) => soonest_of_bgv(terms).map(|bgv| chosen((bgv, Why::Soonest))),
        None => match (default_of_tfhe(terms), soonest_of_bgv(terms)) {
            (Ok(tfhe), Ok(bgv)) => {
                let (this, other) = if bgv.seconds < tfhe.seconds { (bgv, tfhe) } else { (tfhe, bgv) };
                let references = terms.limits.references;
                let why = Why::Sooner { this: this.seconds, other: other.seconds, references };
                Ok(chosen((this, why)))
            }
            (Ok(tfhe), Err(_)) => Ok(chosen((tfhe, Why::NotExact))),
            (Err(_), Ok(bgv)) => Ok(chosen((bgv, Why::OnlyExact))),
            (Err(error), Err(_)) => Err(error),
        },
    }
}

/// A set that admits the comparison.
struct Candidate {
    parameters: &'static ParameterSet,
    functional: Functional,
    /// Until a verdict on the largest gallery.
    seconds: f64,
}

impl Candidate {
    fn new(terms: &Terms, parameters: &'static ParameterSet) -> Result<Self, AgreementError> {
        let functional = Functional::new(terms, parameters)?;
        let pace = Pace::reference(parameters);
        let plan = Plan::of((terms, &functional), parameters, (terms.limits.references, 1), &pace, 0);
        // The set has just admitted more than the plan asks of it.
        let seconds = plan.map_or(f64::INFINITY, |plan| plan.seconds_to_the_verdict());
        Ok(Self { parameters, functional, seconds })
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
    for parameters in secure(SchemeId::Bgv) {
        match Candidate::new(terms, parameters) {
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

/// The set that the terms carry: of security that anybody can see, but never one that decrypts wrongly.
fn own(terms: &Terms, set: &OwnSet) -> Result<&'static ParameterSet, AgreementError> {
    let parameters = set.parameter_set().map_err(|error| AgreementError::field("encryption.set", error.to_string()))?;
    let given = &terms.encryption.parameter_set;
    if given != AUTO && given != parameters.name() {
        let problem = format!(
            "{given} is not the set that encryption.set describes; write \"{}\", or remove that table",
            parameters.name()
        );
        return Err(AgreementError::field("encryption.parameter_set", problem));
    }
    require_scheme(parameters, terms.encryption.scheme.named())?;
    match parameters.figures().into_iter().find(|figure| !figure.fits) {
        Some(figure) => {
            Err(AgreementError::field("encryption.set", format!("{figure}; choose its dimensions so that it is")))
        }
        None => Ok(parameters),
    }
}

/// The set that the terms name.
fn named(terms: &Terms, scheme: Option<SchemeId>) -> Result<&'static ParameterSet, AgreementError> {
    let field = "encryption.parameter_set";
    let set = ParameterSet::by_name(&terms.encryption.parameter_set).ok_or_else(|| {
        let known: Vec<_> = ParameterSet::ALL.iter().map(|set| set.name()).chain([AUTO]).collect();
        AgreementError::field(field, format!("unknown; known are {}", known.join(", ")))
    })?;
    require_scheme(set, scheme).map(|()| set)
}

/// Whether a set is of the scheme that the terms name, if they name one.
fn require_scheme(set: &ParameterSet, scheme: Option<SchemeId>) -> Result<(), AgreementError> {
    match scheme {
        Some(scheme) if scheme != set.scheme() => {
            let problem = format!(
                "{} is a set of scheme {}, but encryption.scheme is {scheme}; name a set of that scheme, or write \"{AUTO}\"",
                set.name(),
                set.scheme()
            );
            Err(AgreementError::field("encryption.parameter_set", problem))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Agreement, Disclosure, IRIS_MPC_SHAPE, SchemeChoice};

    fn chosen(terms: Terms) -> (&'static str, Why) {
        let choice = choose(&terms).unwrap();
        (choice.parameters.name(), choice.why)
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

    #[test]
    fn an_open_scheme_follows_the_predicted_time_and_what_fits() {
        let auto = |mut terms: Terms, references| {
            terms.limits.references = references;
            let choice = choose(&terms.with_scheme(SchemeChoice::Auto)).unwrap();
            (choice.parameters.scheme(), choice.why)
        };
        let (scheme, why) = auto(Terms::hamming(512, 180), 50);
        assert!(scheme == SchemeId::Tfhe && matches!(why, Why::Sooner { this, other, .. } if this < other), "{why:?}");
        let (scheme, why) = auto(Terms::hamming(512, 180), 20_000);
        assert!(scheme == SchemeId::Bgv && matches!(why, Why::Sooner { this, other, .. } if this < other), "{why:?}");
        assert_eq!(auto(Terms::iris(IRIS_MPC_SHAPE), 100_000), (SchemeId::Tfhe, Why::NotExact));
        assert_eq!(chosen(Terms::face(512).with_scheme(SchemeChoice::Tfhe)), ("tfhe-896-2048", Why::Default));
    }

    #[test]
    fn a_named_set_decides_on_an_open_scheme_and_must_be_of_a_named_one() {
        let mut terms = Terms::hamming(512, 180).with_scheme(SchemeChoice::Auto);
        terms.encryption.parameter_set = "insecure-bgv-test".to_owned();
        assert_eq!(chosen(terms.clone()), ("insecure-bgv-test", Why::Named));
        assert_eq!(Agreement::new(terms.clone()).unwrap().scheme(), SchemeId::Bgv);
        terms.encryption.scheme = SchemeChoice::Tfhe;
        let error = choose(&terms).unwrap_err().to_string();
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
            let error = choose(&terms.clone().with_scheme(SchemeChoice::Bgv)).unwrap_err().to_string();
            assert!(error.starts_with(field) && error.ends_with("or on scheme tfhe"), "{error}");
            assert!(choose(&terms.with_scheme(SchemeChoice::Tfhe)).is_ok());
        }
    }

    fn own(set: &str, change: impl Fn(&mut OwnSet)) -> OwnSet {
        let mut own = OwnSet::like(ParameterSet::by_name(set).unwrap(), "ours");
        change(&mut own);
        own
    }

    fn refused(terms: &Terms) -> String {
        choose(terms).unwrap_err().to_string()
    }

    #[test]
    fn a_set_that_the_agreement_carries_is_the_one_and_no_other_agreement_gets_it() {
        let mut terms = Terms::hamming(32, 6).with_own_set(own("insecure-bgv-test", |_| ()));
        terms.limits.references = 1_000;
        assert_eq!(chosen(terms.clone()), ("ours", Why::Named));
        for scheme in [SchemeChoice::Auto, SchemeChoice::Bgv] {
            terms.encryption.scheme = scheme;
            terms.encryption.parameter_set = AUTO.to_owned();
            assert_eq!(chosen(terms.clone()).0, "ours");
            assert!(!choose(&terms.clone().with_scheme(scheme)).unwrap().parameters.is_own());
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
            if let OwnSet::Tfhe(set) = own {
                set.query_noise_log2 = 51;
            }
        });
        let error = refused(&Terms::face(64).with_own_set(noisy));
        assert!(error.starts_with("encryption.set: failure of a gate: 2^-"), "{error}");
        let unwashed = own("insecure-test", |own| {
            if let OwnSet::Tfhe(set) = own {
                set.washing_rounds = 2;
            }
        });
        let error = refused(&Terms::face(64).with_own_set(unwashed));
        assert!(error.contains("what a sanitised verdict tells of the gallery: 2^-"), "{error}");
        assert!(error.contains("where at most 2^-40.0 is asked for"), "{error}");
        let shallow = own("insecure-bgv-test", |own| {
            if let OwnSet::Bgv(set) = own {
                (set.limbs, set.digit) = (6, 3);
            }
        });
        let error = refused(&Terms::hamming(128, 40).with_own_set(shallow));
        assert!(error.contains("bits of the modulus where 10 are needed"), "{error}");
        let impossible = own("insecure-bgv-test", |own| {
            if let OwnSet::Bgv(set) = own {
                set.ring_log2 = 16;
            }
        });
        let error = refused(&Terms::hamming(128, 40).with_own_set(impossible));
        assert!(error.starts_with("encryption.set: ring_log2: must be between 8 and 15, not 16"), "{error}");
    }
}

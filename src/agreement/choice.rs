//! Which scheme and parameter set an agreement is under: named, or chosen from the terms alone, so that both parties choose the same.
//!
//! Where the set is open, scheme `tfhe` takes its default, and scheme `bgv` the smallest secure set that admits the comparison. Where
//! the scheme is open too, it is `bgv` for galleries of [`MANY_REFERENCES`] and more, if a set admits the comparison, else `tfhe`: a block
//! of `bgv` costs seconds however few references it holds, a decision of `tfhe` some milliseconds (protocol, section 4). Sets that
//! protect nothing are never chosen.

use super::terms::AUTO;
use super::{AgreementError, SchemeId, Terms};
use crate::functional::Functional;
use crate::parameters::ParameterSet;

/// From so many references in a gallery on, scheme `bgv` answers sooner than `tfhe`.
pub(super) const MANY_REFERENCES: usize = 500;

/// A parameter set, the comparison under it, and why this one.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) parameters: &'static ParameterSet,
    pub(super) functional: Functional,
    pub(super) why: Why,
}

/// Why a set is the one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The terms name it.
    Named,
    /// The terms name the scheme: its default set.
    Default,
    /// The terms name the scheme: the smallest set that admits the comparison.
    Smallest,
    /// Galleries may be large, and an exact set admits the comparison.
    ManyReferences,
    /// Galleries are small.
    FewReferences,
    /// Galleries may be large, but no exact set admits the comparison.
    NotExact,
}

impl Why {
    /// For people; a clause.
    pub(super) fn clause(self) -> String {
        match self {
            Self::Named => "as the agreement says".to_owned(),
            Self::Default => "the set for everything".to_owned(),
            Self::Smallest => "the smallest set that admits the comparison".to_owned(),
            Self::ManyReferences => format!(
                "chosen because galleries may have {MANY_REFERENCES} references and more, and because it is the smallest exact \
                 set that admits the comparison"
            ),
            Self::FewReferences => {
                format!(
                    "chosen because galleries have fewer than {MANY_REFERENCES} references, which it answers sooner"
                )
            }
            Self::NotExact => "chosen because no exact set admits the comparison".to_owned(),
        }
    }
}

/// The set of an agreement.
pub(super) fn choose(terms: &Terms) -> Result<Choice, AgreementError> {
    let scheme = terms.encryption.scheme.named();
    let under = |parameters: &'static ParameterSet, why| {
        Functional::new(terms, parameters).map(|functional| Choice { parameters, functional, why })
    };
    if terms.encryption.parameter_set != AUTO {
        return under(named(terms, scheme)?, Why::Named);
    }
    let many = terms.limits.references >= MANY_REFERENCES;
    match scheme {
        Some(SchemeId::Tfhe) => first(terms, SchemeId::Tfhe, Why::Default),
        Some(SchemeId::Bgv) => first(terms, SchemeId::Bgv, Why::Smallest),
        None if many => {
            first(terms, SchemeId::Bgv, Why::ManyReferences).or_else(|_| first(terms, SchemeId::Tfhe, Why::NotExact))
        }
        None => first(terms, SchemeId::Tfhe, Why::FewReferences),
    }
}

/// The set that the terms name.
fn named(terms: &Terms, scheme: Option<SchemeId>) -> Result<&'static ParameterSet, AgreementError> {
    let field = "encryption.parameter_set";
    let set = ParameterSet::by_name(&terms.encryption.parameter_set).ok_or_else(|| {
        let known: Vec<_> = ParameterSet::ALL.iter().map(|set| set.name()).chain([AUTO]).collect();
        AgreementError::field(field, format!("unknown; known are {}", known.join(", ")))
    })?;
    match scheme {
        Some(scheme) if scheme != set.scheme() => {
            let problem = format!(
                "{} is a set of scheme {}, but encryption.scheme is {scheme}; name a set of that scheme, or write \"{AUTO}\"",
                set.name(),
                set.scheme()
            );
            Err(AgreementError::field(field, problem))
        }
        _ => Ok(set),
    }
}

/// The first secure set of a scheme that admits the comparison; where none does, what the last one objects to.
fn first(terms: &Terms, scheme: SchemeId, why: Why) -> Result<Choice, AgreementError> {
    let candidates = ParameterSet::ALL.into_iter().filter(|set| set.scheme() == scheme && set.is_secure());
    let mut refused = AgreementError::field("encryption.scheme", "has no secure set");
    for parameters in candidates {
        match Functional::new(terms, parameters) {
            Ok(functional) => return Ok(Choice { parameters, functional, why }),
            Err(error) => refused = error,
        }
        // Scheme `tfhe` does not choose: its default serves for everything that any set of it does.
        if scheme == SchemeId::Tfhe {
            break;
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agreement::{Agreement, IRIS_MPC_SHAPE, SchemeChoice};
    use crate::template::{IrisShape, MaskSharing};

    fn chosen(terms: Terms) -> (&'static str, Why) {
        let choice = choose(&terms).unwrap();
        (choice.parameters.name(), choice.why)
    }

    fn third(shape: IrisShape) -> Terms {
        let mut terms = Terms::iris(shape);
        if let crate::agreement::ComparisonTerms::FractionalHamming { threshold, .. } = &mut terms.comparison {
            *threshold = "0.333333333".parse().unwrap();
        }
        terms
    }

    #[test]
    fn the_smallest_exact_set_that_admits_the_comparison_is_chosen() {
        use SchemeChoice::Bgv;
        let small = IrisShape { rows: 8, columns: 64, channels: 4, mask: MaskSharing::ByPair };
        for (terms, name) in [
            (Terms::hamming(128, 39), "bgv-8192-210"),
            (Terms::hamming(128, 40), "bgv-16384-420"),
            (Terms::hamming(512, 180), "bgv-32768-570"),
            (Terms::hamming(2048, 680), "bgv-32768-720"),
            (third(small), "bgv-32768-840"),
            (Terms::face(512), "bgv-32768-720"),
        ] {
            assert_eq!(chosen(terms.with_scheme(Bgv)), (name, Why::Smallest));
        }
    }

    #[test]
    fn an_open_scheme_follows_the_size_of_the_gallery_and_what_fits() {
        use SchemeChoice::Auto;
        let auto = |mut terms: Terms, references| {
            terms.limits.references = references;
            chosen(terms.with_scheme(Auto))
        };
        assert_eq!(auto(Terms::hamming(512, 180), 499), ("tfhe-896-2048", Why::FewReferences));
        assert_eq!(auto(Terms::hamming(512, 180), 500), ("bgv-32768-570", Why::ManyReferences));
        assert_eq!(auto(Terms::iris(IRIS_MPC_SHAPE), 100_000), ("tfhe-896-2048", Why::NotExact));
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
            (Terms::hamming(40_000, 100), "comparison.threshold"),
            (Terms::hamming(16_385, 100), "template"),
            (Terms::hamming(10_000, 5_000), "comparison.threshold"),
            (Terms::iris(IRIS_MPC_SHAPE), "comparison.threshold"),
        ] {
            let error = choose(&terms.clone().with_scheme(SchemeChoice::Bgv)).unwrap_err().to_string();
            assert!(error.starts_with(field) && error.ends_with("or on scheme tfhe"), "{error}");
            assert!(choose(&terms.with_scheme(SchemeChoice::Tfhe)).is_ok());
        }
    }
}

//! What both parties sign up to: the shape of a template, how two are compared, what is disclosed.
//!
//! The file is TOML that a lawyer can read ([`Agreement::to_toml`] comments every field). Its digest is in the header of
//! every file either party makes, so nothing made under one agreement can be used under another.

mod account;
mod choice;
mod code;
mod decimal;
mod explain;
mod fields;
mod render;
mod service;
mod terms;

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::functional::Functional;
use crate::parameters::ParameterSet;
use crate::remedy::Remedy;
use crate::template::TemplateShape;
pub use account::{USUAL_PROBES_PER_DAY, log2_distance_of};
use choice::Choice;
pub use code::{Code, CodeError};
pub use decimal::{Decimal, DecimalError};
pub use service::{RequestField, ServiceTerms};
pub use terms::{
    AUTO, ComparisonTerms, Disclosure, EncryptionTerms, EyeRule, IRIS_MPC_SHAPE, Limits, Modality, SchemeChoice,
    SchemeId, TemplateTerms, Terms,
};

/// Agreed terms, checked to fit together, with their digest.
#[derive(Clone, Debug)]
pub struct Agreement {
    terms: Terms,
    digest: Digest,
    choice: Choice,
}

/// SHA-256 of the terms in a canonical form: comments, white space and the order of fields do not count.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Why a text is no agreement.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AgreementError {
    /// Not TOML, or a field missing, unknown or of the wrong type. The message names line and field.
    #[error("{0}")]
    Syntax(String),
    /// The fields are there but do not fit together.
    #[error("{field}: {problem}")]
    Field {
        /// The field at fault, as `section.field`.
        field: &'static str,
        /// What is wrong and what to write instead.
        problem: String,
    },
}

impl Remedy for AgreementError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        None
    }
}

impl AgreementError {
    pub(crate) fn field(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Field { field, problem: problem.into() }
    }
}

impl Agreement {
    /// Largest agreement file, in bytes.
    pub const LIMIT_BYTES: usize = 64 * 1024;

    /// Checks terms and takes their digest.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] for terms that do not fit together, or that the parameter set cannot serve.
    pub fn new(terms: Terms) -> Result<Self, AgreementError> {
        terms.check()?;
        let choice = choice::choose(&terms)?;
        let canonical = serde_json::to_vec(&terms).map_err(|error| AgreementError::Syntax(error.to_string()))?;
        let digest = Sha256::new().chain_update(b"cotejo agreement\0").chain_update(canonical).finalize();
        Ok(Self { terms, digest: Digest(digest.into()), choice })
    }

    /// Reads an agreement from its TOML text.
    ///
    /// # Errors
    ///
    /// As [`Agreement::new`], and [`AgreementError::Syntax`] for a text that is not an agreement or longer than
    /// [`Agreement::LIMIT_BYTES`].
    pub fn from_toml(text: &str) -> Result<Self, AgreementError> {
        if text.len() > Self::LIMIT_BYTES {
            return Err(AgreementError::Syntax(format!("longer than {} bytes", Self::LIMIT_BYTES)));
        }
        let terms = toml::from_str(text).map_err(|error| AgreementError::Syntax(error.to_string()))?;
        Self::new(terms)
    }

    /// The agreement as commented TOML; [`Agreement::from_toml`] reads it back to the same digest.
    pub fn to_toml(&self) -> String {
        render::toml(self)
    }

    /// What was agreed, in plain sentences, with what it means and what it costs.
    pub fn explain(&self) -> Vec<String> {
        explain::sentences(self)
    }

    /// The terms.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The digest that binds every file to these terms.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The comparison as one linear functional.
    pub fn functional(&self) -> &Functional {
        &self.choice.functional
    }

    /// The scheme of the encryption: as named, or else that of the named parameter set, or else the one that is predicted to answer
    /// sooner for the largest gallery. Follows from the terms alone.
    pub fn scheme(&self) -> SchemeId {
        self.choice.parameters.scheme()
    }

    /// The parameter set of the encryption: as named, or chosen from the terms alone.
    pub fn parameters(&self) -> &'static ParameterSet {
        self.choice.parameters
    }

    /// Why scheme and set are these, for people: a clause.
    pub fn reason(&self) -> String {
        self.choice.why.clause()
    }

    /// The shape of every template under this agreement.
    pub fn shape(&self) -> TemplateShape {
        self.terms.template.shape()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::custom::OwnSet;

    fn own(set: &str) -> OwnSet {
        OwnSet::like(ParameterSet::by_name(set).unwrap(), "of-our-own")
    }

    fn every_default() -> Vec<Terms> {
        let of_scheme = |scheme| Terms::face(512).with_scheme(scheme);
        let each = |terms: Terms| Terms { disclosure: Disclosure::Each, ..terms };
        vec![
            of_scheme(SchemeChoice::Auto),
            of_scheme(SchemeChoice::Tfhe),
            of_scheme(SchemeChoice::Bgv),
            each(Terms::squared_euclidean(128, "1.0".parse().unwrap(), "0.6".parse().unwrap()))
                .with_scheme(SchemeChoice::Bgv),
            Terms::face(512),
            Terms::face(512).with_own_set(own("tfhe-896-2048")),
            Terms::hamming(32, 6).with_own_set(own("insecure-bgv-test")),
            Terms::fingerprint(192),
            Terms::iris(IRIS_MPC_SHAPE),
            Terms { service: Some(ServiceTerms::default()), ..Terms::face(512) },
            Terms::hamming(512, 180),
            Terms::inner_product(64, "1.0".parse().unwrap(), "0.5".parse().unwrap()),
            Terms::squared_euclidean(128, "1.0".parse().unwrap(), "1.1".parse().unwrap()),
        ]
    }

    #[test]
    fn the_commented_file_reads_back_to_the_same_agreement() {
        for terms in every_default() {
            let agreement = Agreement::new(terms.clone()).unwrap();
            let text = agreement.to_toml();
            let again = Agreement::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(again.terms(), &terms, "{text}");
            assert_eq!(again.digest(), agreement.digest());
        }
    }

    #[test]
    fn comments_and_spaces_do_not_change_the_digest_but_any_term_does() {
        let text = Agreement::new(Terms::face(512)).unwrap().to_toml();
        let digest = Agreement::from_toml(&text).unwrap().digest();
        let bare: String = text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect();
        assert_eq!(Agreement::from_toml(&bare).unwrap().digest(), digest);
        let other = text.replace("threshold = 0.35", "threshold = 0.36");
        assert_ne!(other, text);
        assert_ne!(Agreement::from_toml(&other).unwrap().digest(), digest);
    }

    /// Files under agreements from before sets of one's own stay what they are.
    #[test]
    fn an_agreement_without_a_set_of_its_own_keeps_its_digest() {
        let bits = Terms::hamming(512, 180).with_scheme(SchemeChoice::Bgv);
        for (terms, digest) in [
            (
                Terms::face(512).with_scheme(SchemeChoice::Auto),
                "a4bd2d6478bfc7ce257c2547f2541109ce8f26f5c7b44a009cd81605f4b7b4a4",
            ),
            (bits, "566491e799101d4ba689725b2e74e4e106a41d9dc1c9eaa3e6027d2cba811b48"),
            (
                Terms::iris(IRIS_MPC_SHAPE).with_scheme(SchemeChoice::Tfhe),
                "05313a467c2990ff465baa17107ec114b1874897152cc49208d043ddbc24de42",
            ),
        ] {
            assert_eq!(Agreement::new(terms).unwrap().digest().to_string(), digest);
        }
    }

    #[test]
    fn every_dimension_of_a_set_of_its_own_is_in_the_digest() {
        let agreement = Agreement::new(Terms::face(64).with_own_set(own("insecure-test"))).unwrap();
        assert!(agreement.parameters().is_own());
        let text = agreement.to_toml();
        for (from, to) in [
            ("\"of-our-own\"", "\"of-theirs\""),
            ("washing_rounds = 5", "washing_rounds = 6"),
            ("query_noise_log2 = 46", "query_noise_log2 = 45"),
            ("answer_modulus_log2 = 10", "answer_modulus_log2 = 11"),
        ] {
            let other = Agreement::from_toml(&text.replace(from, to)).unwrap();
            assert_ne!(other.digest(), agreement.digest(), "{to}");
            assert_ne!(other.parameters(), agreement.parameters(), "{to}");
        }
        let said = agreement.explain().join(" ");
        assert!(said.contains("a set of the agreement's own") && said.contains("INSECURE"), "{said}");
    }

    #[test]
    fn an_unknown_or_missing_field_is_named() {
        let text = Agreement::new(Terms::face(512)).unwrap().to_toml();
        let unknown = Agreement::from_toml(&format!("{text}\nsurprise = 1\n")).unwrap_err().to_string();
        assert!(unknown.contains("surprise"), "{unknown}");
        let missing = Agreement::from_toml(&text.replace("threshold = 0.35", "")).unwrap_err().to_string();
        assert!(missing.contains("threshold"), "{missing}");
    }

    #[test]
    fn terms_that_do_not_fit_are_refused_by_field() {
        let refused = |change: &dyn Fn(&mut Terms)| {
            let mut terms = Terms::face(512);
            change(&mut terms);
            match Agreement::new(terms) {
                Err(AgreementError::Field { field, .. }) => field,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(refused(&|t| t.version = 2), "version");
        assert_eq!(refused(&|t| t.template = TemplateTerms::Bits { dimension: 512 }), "comparison.metric");
        assert_eq!(refused(&|t| t.template = TemplateTerms::Vector { dimension: 0 }), "template.dimension");
        assert_eq!(refused(&|t| t.limits.references = 0), "limits.references");
        assert_eq!(refused(&|t| t.encryption.parameter_set = "x".into()), "encryption.parameter_set");
        assert_eq!(
            refused(&|t| {
                t.comparison = ComparisonTerms::Cosine {
                    threshold: "1.5".parse().unwrap(),
                    probe_norm: None,
                    reference_norm: None,
                }
            }),
            "comparison.threshold"
        );
    }
}

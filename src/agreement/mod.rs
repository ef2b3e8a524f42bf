//! What both parties sign up to: the shape of a template, how two are compared, what is disclosed.
//!
//! The file is TOML that a lawyer can read ([`Agreement::to_toml`] comments every field). Its digest is in the header of
//! every file either party makes, so nothing made under one agreement can be used under another; that of its [`Agreement::foundation`] in
//! those of keys and galleries, which outlast a quota.

mod code;
mod decimal;
mod fields;
mod render;
mod service;
mod terms;

use std::sync::Arc;

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::parameters::ParameterSet;
use crate::parameters::custom::OwnSet;
pub use crate::parameters::{AUTO, SchemeId};
use crate::remedy::Remedy;
use crate::template::TemplateShape;
pub use code::{Code, CodeError};
pub use decimal::{Decimal, DecimalError};
pub use render::Notes;
pub use service::{RequestField, ServiceTerms};
pub use terms::{
    ComparisonTerms, Disclosure, EncryptionTerms, EyeRule, IRIS_MPC_SHAPE, Limits, Modality, SchemeChoice,
    TemplateTerms, Terms,
};
pub(crate) use terms::{PROBE_NORM, REFERENCE_NORM, with_lengths};

/// Agreed terms, of which none is left open, with their digest and the parameter set that they name.
///
/// Data: whether the set can do what the terms ask is said where an agreement is opened ([`crate::scheme::Opened`]).
#[derive(Clone, Debug)]
pub struct Agreement {
    terms: Terms,
    digest: Digest,
    foundation: Digest,
    parameters: Arc<ParameterSet>,
}

/// SHA-256 of the terms in a canonical form: comments, white space and the order of fields do not count.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Why a text is no agreement.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AgreementError {
    /// Not TOML, or a field missing, unknown or of the wrong type. The message names line and field.
    #[error("{0}")]
    Syntax(String),
    /// The fields are there but do not fit together.
    #[error("{field}: {problem}")]
    Field {
        /// The field at fault, as `section.field`.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
        /// What to write instead; none where the problem says it.
        remedy: Option<Cow<'static, str>>,
    },
    /// A term is left open, which two parties could fill in differently.
    #[error("{field}: is left open")]
    Open {
        /// The field, as `section.field`.
        field: &'static str,
    },
}

impl Remedy for AgreementError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Syntax(_) => None,
            Self::Field { remedy, .. } => remedy.clone(),
            Self::Open { .. } => Some("write what it is".into()),
        }
    }
}

impl AgreementError {
    pub(crate) fn field(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Field { field, problem: problem.into(), remedy: None }
    }

    /// What something else finds wrong with a field.
    pub(crate) fn found(field: &'static str, error: &dyn Remedy) -> Self {
        Self::Field { field, problem: error.to_string(), remedy: error.remedy() }
    }

    /// With what to write instead.
    pub(crate) fn or(mut self, instead: impl Into<Cow<'static, str>>) -> Self {
        if let Self::Field { remedy, .. } = &mut self {
            *remedy = Some(instead.into());
        }
        self
    }
}

fn digest_of(terms: &Terms) -> Result<Digest, AgreementError> {
    let canonical = serde_json::to_vec(terms).map_err(|error| AgreementError::Syntax(error.to_string()))?;
    Ok(Digest(Sha256::new().chain_update(b"cotejo agreement\0").chain_update(canonical).finalize().into()))
}

impl Agreement {
    /// Largest agreement file, in bytes.
    pub const LIMIT_BYTES: usize = 64 * 1024;

    /// Checks terms and takes their digest.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] for terms out of range or a parameter set that does not exist; [`AgreementError::Open`] where scheme, set
    /// or a length is left open.
    pub fn new(terms: Terms) -> Result<Self, AgreementError> {
        terms.check()?;
        let parameters = Arc::new(set_of(&terms)?);
        terms.require_closed()?;
        let digest = digest_of(&terms)?;
        let foundation = match &terms.service {
            None => digest,
            Some(_) => digest_of(&Terms { service: None, ..terms.clone() })?,
        };
        Ok(Self { terms, digest, foundation, parameters })
    }

    /// Reads an agreement from its TOML text.
    ///
    /// # Errors
    ///
    /// As [`Agreement::new`], and [`AgreementError::Syntax`] for a text that is not an agreement or longer than
    /// [`Agreement::LIMIT_BYTES`].
    pub fn from_toml(text: &str) -> Result<Self, AgreementError> {
        Terms::from_toml(text).and_then(Self::new)
    }

    /// The agreement as commented TOML; [`Agreement::from_toml`] reads it back to the same digest.
    pub fn to_toml(&self) -> String {
        self.to_toml_with(&Notes::default())
    }

    /// As [`Agreement::to_toml`], with more in the comments.
    pub fn to_toml_with(&self, notes: &Notes) -> String {
        render::toml(&self.terms, notes)
    }

    /// The terms.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The digest that binds what is exchanged to these terms.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The digest of the terms without those of asking over a network: galleries and keys are bound to it, so that a quota may be
    /// agreed on anew without making them again. Where there is no `[service]` it is [`Agreement::digest`].
    pub fn foundation(&self) -> Digest {
        self.foundation
    }

    /// Whether a file with this digest in its header belongs to these terms.
    pub(crate) fn binds(&self, digest: Digest) -> bool {
        digest == self.digest || digest == self.foundation
    }

    /// The scheme of the encryption.
    pub fn scheme(&self) -> SchemeId {
        self.parameters.scheme()
    }

    /// The parameter set of the encryption.
    pub fn parameters(&self) -> &Arc<ParameterSet> {
        &self.parameters
    }

    /// The shape of every template under this agreement.
    pub fn shape(&self) -> TemplateShape {
        self.terms.template.shape()
    }
}

/// The set that terms name or carry; [`AgreementError::Open`] where they do neither.
pub(crate) fn set_of(terms: &Terms) -> Result<ParameterSet, AgreementError> {
    let set = match &terms.encryption.set {
        Some(own) => own_set(terms, own)?,
        None => named_set(&terms.encryption.parameter_set)?,
    };
    require_scheme(&set, terms.encryption.scheme.named()).map(|()| set)
}

/// The set that the terms carry.
fn own_set(terms: &Terms, own: &OwnSet) -> Result<ParameterSet, AgreementError> {
    let set = own.parameter_set().map_err(|error| AgreementError::found("encryption.set", &error))?;
    let given = &terms.encryption.parameter_set;
    if given != AUTO && given != set.name() {
        let problem = format!("{given} is not the set that encryption.set describes");
        let instead = format!("write \"{}\", or remove that table", set.name());
        return Err(AgreementError::field("encryption.parameter_set", problem).or(instead));
    }
    Ok(set)
}

/// The set of that name.
fn named_set(name: &str) -> Result<ParameterSet, AgreementError> {
    let field = "encryption.parameter_set";
    if name == AUTO {
        return Err(AgreementError::Open { field });
    }
    ParameterSet::by_name(name).cloned().ok_or_else(|| {
        let known: Vec<_> = ParameterSet::ALL.iter().map(|set| set.name()).collect();
        AgreementError::field(field, "unknown").or(format!("use one of: {}", known.join(", ")))
    })
}

/// Whether a set is of the scheme that the terms name, if they name one.
fn require_scheme(set: &ParameterSet, scheme: Option<SchemeId>) -> Result<(), AgreementError> {
    match scheme {
        Some(scheme) if scheme != set.scheme() => {
            let problem =
                format!("{} is a set of scheme {}, but encryption.scheme is {scheme}", set.name(), set.scheme());
            Err(AgreementError::field("encryption.parameter_set", problem).or("name a set of that scheme"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planning;
    use crate::scheme::Opened;

    fn own(set: &str) -> OwnSet {
        OwnSet::like(ParameterSet::by_name(set).unwrap(), "of-our-own")
    }

    fn every_default() -> Vec<Terms> {
        let settled = |terms: Terms| planning::settle(&terms).unwrap().terms;
        let of_scheme = |scheme| settled(Terms::face(512).with_scheme(scheme));
        let each = |terms: Terms| Terms { disclosure: Disclosure::Each, ..terms };
        vec![
            of_scheme(SchemeChoice::Auto),
            of_scheme(SchemeChoice::Tfhe),
            of_scheme(SchemeChoice::Bgv),
            settled(
                each(Terms::squared_euclidean(128, "1.0".parse().unwrap(), "0.6".parse().unwrap()))
                    .with_scheme(SchemeChoice::Bgv),
            ),
            Terms::face(512),
            settled(Terms::face(512).with_own_set(own("tfhe-896-2048"))),
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

    /// Files under agreements that leave nothing open stay what they are.
    #[test]
    fn an_agreement_without_a_set_of_its_own_keeps_its_digest() {
        let mut bits = Terms::hamming(512, 180).with_scheme(SchemeChoice::Bgv);
        bits.encryption.parameter_set = "bgv-32768-780".to_owned();
        for (terms, digest) in [
            (Terms::face(512), "e55eea750d411737e73c5e029d297b60001fc5e734bc2e34196b016d5f679a97"),
            (bits, "83fd7be5a1c22c83e025c396ec2b9ea8a6994d012afc1970d57764978010f5a3"),
            (Terms::iris(IRIS_MPC_SHAPE), "6da26dd35368d9f052f4cc17531a794d7df62006d005d142c48362f67f7be0fa"),
        ] {
            assert_eq!(Agreement::new(terms).unwrap().digest().to_string(), digest);
        }
    }

    #[test]
    fn what_is_left_open_is_no_agreement_and_the_field_is_named() {
        let open = |terms: Terms| match Agreement::new(terms) {
            Err(AgreementError::Open { field }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(open(Terms::hamming(512, 180).with_scheme(SchemeChoice::Bgv)), "encryption.parameter_set");
        let mut terms = Terms::face(512).with_scheme(SchemeChoice::Auto);
        terms.encryption.parameter_set = "tfhe-896-2048".to_owned();
        assert_eq!(open(terms.clone()), "comparison.probe_norm");
        terms.comparison = Terms::face(512).comparison;
        assert_eq!(open(terms), "encryption.scheme");
        let text = Agreement::new(Terms::face(512)).unwrap().to_toml();
        let auto = text.replace("\"tfhe-896-2048\"", "\"auto\"");
        assert_ne!(auto, text);
        assert!(matches!(Agreement::from_toml(&auto), Err(AgreementError::Open { .. })));
        let settled = planning::settle(&Terms::from_toml(&auto).unwrap()).unwrap();
        assert_eq!(settled.terms, Terms::face(512));
    }

    #[test]
    fn every_dimension_of_a_set_of_its_own_is_in_the_digest() {
        let agreement = planning::open(Terms::face(64).with_own_set(own("insecure-test"))).unwrap();
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
        let said = planning::sentences(&agreement).join(" ");
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
            match Opened::of(terms) {
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
                    probe_norm: Some(16_384),
                    reference_norm: Some(256),
                }
            }),
            "comparison.threshold"
        );
    }
}

//! Parameter sets of a user's own: read from TOML, and held within what the code of each scheme assumes.
//!
//! Dimensions come from the file; bits of security never do: they are computed ([`super::security`]).

mod bounds;
mod render;

use std::borrow::Cow;

use serde::{Deserialize, Serialize, Serializer};

use super::bgv::{BgvSet, ERROR_COINS};
use super::dimensions::{FaultKind, Fields};
use super::hybrid::HybridSet;
use super::security;
use super::tfhe::TfheSet;
use super::{AUTO, Dimensions, ParameterSet, SchemeId};
use crate::remedy::Remedy;

/// A parameter set of a user's own, as it stands in a file: a name and dimensions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Fields")]
pub struct OwnSet {
    name: String,
    /// Every number; bits of security are none of them.
    pub dimensions: Dimensions,
}

/// The scheme, the name, then the dimensions: the order in which they count for an agreement's digest.
impl Serialize for OwnSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Written<'a> {
            scheme: SchemeId,
            name: &'a str,
            #[serde(flatten)]
            dimensions: &'a Dimensions,
        }
        Written { scheme: self.scheme(), name: &self.name, dimensions: &self.dimensions }.serialize(serializer)
    }
}

impl TryFrom<Fields> for OwnSet {
    type Error = SetError;

    fn try_from(fields: Fields) -> Result<Self, SetError> {
        let dimensions = fields.dimensions().map_err(|fault| {
            let problem = match fault.why {
                FaultKind::Missing => "is missing".to_owned(),
                FaultKind::OtherScheme => format!("does not go with scheme = \"{}\": remove it", fields.scheme),
            };
            SetError::field(fault.field, problem)
        })?;
        Ok(Self { name: fields.name, dimensions })
    }
}

/// Why a text or some dimensions are no parameter set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// Not TOML, or a field missing, unknown or of the wrong type. The message names line and field.
    #[error("{0}")]
    Syntax(String),
    /// A field out of the bounds that the scheme's code assumes.
    #[error("{field}: {problem}")]
    Field {
        /// The field at fault.
        field: &'static str,
        /// What is wrong, with the number and what is admitted.
        problem: String,
        /// What to write instead; none where the problem says it.
        remedy: Option<&'static str>,
    },
}

impl Remedy for SetError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Syntax(_) => None,
            Self::Field { remedy, .. } => remedy.map(Cow::from),
        }
    }
}

impl SetError {
    fn field(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Field { field, problem: problem.into(), remedy: None }
    }

    fn or(mut self, instead: &'static str) -> Self {
        if let Self::Field { remedy, .. } = &mut self {
            *remedy = Some(instead);
        }
        self
    }
}

impl OwnSet {
    /// Largest file, in bytes.
    pub const LIMIT_BYTES: usize = 16 * 1024;

    /// Reads a set from its TOML text, and checks it.
    ///
    /// # Errors
    ///
    /// [`SetError::Syntax`] for a text that is no parameter set, or longer than [`Self::LIMIT_BYTES`]; [`SetError::Field`] for a number out
    /// of bounds.
    pub fn from_toml(text: &str) -> Result<Self, SetError> {
        if text.len() > Self::LIMIT_BYTES {
            return Err(SetError::Syntax(format!("longer than {} bytes", Self::LIMIT_BYTES)));
        }
        let set: Self = toml::from_str(text).map_err(|error| SetError::Syntax(error.to_string()))?;
        set.check().map(|()| set)
    }

    /// The set as commented TOML; [`Self::from_toml`] reads it back.
    pub fn to_toml(&self) -> String {
        render::toml(self)
    }

    /// The dimensions of a known set under another name: what to start from.
    pub fn like(set: &ParameterSet, name: impl Into<String>) -> Self {
        Self { name: name.into(), dimensions: *set.dimensions() }
    }

    /// Name in the agreement.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scheme it is a set of.
    pub fn scheme(&self) -> SchemeId {
        self.dimensions.scheme()
    }

    /// Whether every number is one that the scheme's code can work with, within the memory that keys may take.
    ///
    /// Says nothing of security or of failures: see [`ParameterSet::is_secure`] and `planning::card`.
    ///
    /// # Errors
    ///
    /// [`SetError::Field`] with the number at fault.
    pub fn check(&self) -> Result<(), SetError> {
        check_name(self.name())?;
        match &self.dimensions {
            Dimensions::Tfhe(set) => bounds::tfhe(set),
            Dimensions::Bgv(set) => bounds::bgv(set),
            Dimensions::Hybrid(set) => bounds::hybrid(set),
        }
    }

    /// The set with its bits of security, as the table of the lattice estimator gives them.
    ///
    /// # Errors
    ///
    /// As [`OwnSet::check`].
    pub fn parameter_set(&self) -> Result<ParameterSet, SetError> {
        self.check()?;
        let (bits, note) = security_of(&self.dimensions);
        Ok(ParameterSet {
            id: own_id(self.scheme(), bits),
            name: self.name.clone().into(),
            security_bits: bits,
            security_note: note.into(),
            dimensions: self.dimensions,
        })
    }
}

/// Where the figures of one's own sets come from.
const SOURCE: &str = "from the table of scripts/security, interpolated on the safe side";

impl ParameterSet {
    /// Dimensions that are weighed, and used by nobody: without a name or an id.
    pub(crate) fn unnamed(dimensions: Dimensions) -> Self {
        let (security_bits, _) = security_of(&dimensions);
        Self::named(0, "", dimensions, security_bits, "")
    }
}

/// Bits of the weakest key, and where the figure comes from.
fn security_of(dimensions: &Dimensions) -> (f64, String) {
    match dimensions {
        Dimensions::Tfhe(set) => security_of_tfhe(set),
        Dimensions::Bgv(set) => security_of_bgv(set),
        Dimensions::Hybrid(set) => security_of_hybrid(set),
    }
}

/// Of the weaker key, and a note of both.
fn security_of_tfhe(set: &TfheSet) -> (f64, String) {
    let keys = [(set.lwe_dimension(), set.query_noise_log2), (set.bootstrapped_dimension(), set.glwe_noise_log2)];
    let estimates = keys.map(|(dimension, noise)| security::of_binary_lwe(dimension, noise).bits);
    let bits = estimates.into_iter().fold(f64::INFINITY, f64::min);
    let each = keys
        .iter()
        .zip(&estimates)
        .map(|((dimension, noise), bits)| format!("LWE(n={dimension}, TUniform({noise})) {bits:.1} bits"));
    let each: Vec<String> = each.collect();
    (bits, format!("{}; q = 2^64, binary secret; {SOURCE}", each.join("; ")))
}

/// Of the secret, with a note.
fn security_of_bgv(set: &BgvSet) -> (f64, String) {
    let bits = security::of_ternary_rlwe(set.ring_log2, set.log2_modulus()).bits;
    let note = format!(
        "N = {}, logQP = {}, uniform ternary secret, errors cbd{ERROR_COINS}: {bits:.1} bits; {SOURCE}",
        set.ring_size(),
        set.log2_modulus()
    );
    (bits, note)
}

/// Of the weaker key, and a note of both.
fn security_of_hybrid(set: &HybridSet) -> (f64, String) {
    let (dimension, noise) = (set.query().lwe_dimension(), set.probe_noise_log2);
    let query = security::of_binary_lwe(dimension, noise).bits;
    let (ring, note) = security_of_bgv(&set.ring());
    (
        query.min(ring),
        format!("LWE(n={dimension}, TUniform({noise})), q = 2^64, binary secret: {query:.1} bits; {note}"),
    )
}

/// What stands for a set of the agreement's own in the header of a file: one id a scheme, and one with the top bit for what is not secure.
pub(super) fn own_id(scheme: SchemeId, security_bits: f64) -> u16 {
    let id = 0x4000 | u16::from(scheme.code());
    if security_bits >= super::LEAST_SECURITY_BITS { id } else { id | super::INSECURE_BIT }
}

fn check_name(name: &str) -> Result<(), SetError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !(1..=40).contains(&name.len()) || !name.chars().all(plain) {
        return Err(SetError::field("name", "write 1 to 40 small letters, digits and hyphens"));
    }
    match name == AUTO || ParameterSet::by_name(name).is_some() {
        true => Err(SetError::field("name", format!("{name} is taken")).or("choose another")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;

//! Parameter sets of a user's own: read from TOML, held within what the code of each scheme assumes, and made known to this process.
//!
//! Dimensions come from the file; bits of security never do: they are computed ([`super::security`]). A set that is made known has the
//! same reference for the same dimensions and name, for as long as the process runs, and there are at most [`MOST_SETS`] of them.

mod bounds;
mod fields;
mod render;

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::bgv::{BgvSet, ERROR_COINS};
use super::security;
use super::tfhe::TfheSet;
use super::{AUTO, ParameterSet, SchemeId};
use crate::remedy::Remedy;
use fields::Fields;

/// Sets of a user's own that one process admits.
pub const MOST_SETS: usize = 64;

/// A parameter set of a user's own, as it stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scheme", rename_all = "kebab-case", try_from = "Fields")]
pub enum OwnSet {
    /// Of scheme `tfhe`.
    Tfhe(OwnTfheSet),
    /// Of scheme `bgv`.
    Bgv(OwnBgvSet),
}

/// Name and dimensions of a set of scheme `tfhe`: see [`TfheSet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "TfheSet says what each is")]
pub struct OwnTfheSet {
    pub name: String,
    pub query_glwe_dimension: usize,
    pub query_polynomial_size: usize,
    pub query_noise_log2: u32,
    pub glwe_dimension: usize,
    pub polynomial_size: usize,
    pub glwe_noise_log2: u32,
    pub bootstrap_base_log2: usize,
    pub bootstrap_levels: usize,
    pub keyswitch_base_log2: usize,
    pub keyswitch_levels: usize,
    pub flooding_log2: u32,
    pub washing_rounds: usize,
    pub answer_modulus_log2: usize,
}

/// Name and dimensions of a set of scheme `bgv`: see [`BgvSet`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "BgvSet says what each is")]
pub struct OwnBgvSet {
    pub name: String,
    pub ring_log2: u32,
    pub limbs: usize,
    pub special: usize,
    pub digit: usize,
    pub baby_steps: usize,
    pub one_squaring: bool,
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
    /// More different sets than one process admits.
    #[error("this program knows {0} other sets already")]
    TooMany(usize),
}

impl Remedy for SetError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        match self {
            Self::Syntax(_) => None,
            Self::Field { remedy, .. } => remedy.map(Cow::from),
            Self::TooMany(_) => Some("start it anew".into()),
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
        let name = name.into();
        match set {
            ParameterSet::Tfhe(set) => Self::Tfhe(OwnTfheSet {
                name,
                query_glwe_dimension: set.query_glwe_dimension,
                query_polynomial_size: set.query_polynomial_size,
                query_noise_log2: set.query_noise_log2,
                glwe_dimension: set.glwe_dimension,
                polynomial_size: set.polynomial_size,
                glwe_noise_log2: set.glwe_noise_log2,
                bootstrap_base_log2: set.bootstrap_base_log2,
                bootstrap_levels: set.bootstrap_levels,
                keyswitch_base_log2: set.keyswitch_base_log2,
                keyswitch_levels: set.keyswitch_levels,
                flooding_log2: set.flooding_log2,
                washing_rounds: set.washing_rounds,
                answer_modulus_log2: set.answer_modulus_log2,
            }),
            ParameterSet::Bgv(set) => Self::Bgv(OwnBgvSet {
                name,
                ring_log2: set.ring_log2,
                limbs: set.limbs,
                special: set.special,
                digit: set.digit,
                baby_steps: set.baby_steps,
                one_squaring: set.one_squaring,
            }),
        }
    }

    /// Name in the agreement.
    pub fn name(&self) -> &str {
        match self {
            Self::Tfhe(set) => &set.name,
            Self::Bgv(set) => &set.name,
        }
    }

    /// The scheme it is a set of.
    pub fn scheme(&self) -> SchemeId {
        match self {
            Self::Tfhe(_) => SchemeId::Tfhe,
            Self::Bgv(_) => SchemeId::Bgv,
        }
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
        match self {
            Self::Tfhe(set) => bounds::tfhe(set),
            Self::Bgv(set) => bounds::bgv(set),
        }
    }

    /// The set, known to this process from now on: the same reference whenever it is asked for.
    ///
    /// # Errors
    ///
    /// As [`OwnSet::check`]; [`SetError::TooMany`] beyond [`MOST_SETS`] different ones.
    pub fn parameter_set(&self) -> Result<&'static ParameterSet, SetError> {
        static KNOWN: Mutex<Vec<(OwnSet, &'static ParameterSet)>> = Mutex::new(Vec::new());
        self.check()?;
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, set)) = known.iter().find(|(own, _)| own == self) {
            return Ok(set);
        }
        if known.len() >= MOST_SETS {
            return Err(SetError::TooMany(MOST_SETS));
        }
        let set: &'static ParameterSet = Box::leak(Box::new(self.estimated()));
        known.push((self.clone(), set));
        Ok(set)
    }

    /// The set with its bits of security. Leaks its name and note.
    fn estimated(&self) -> ParameterSet {
        let name: &'static str = self.name().to_owned().leak();
        match self {
            Self::Tfhe(own) => {
                let set = own.with(name, 0, 0.0, "");
                let keys =
                    [(set.lwe_dimension(), set.query_noise_log2), (set.bootstrapped_dimension(), set.glwe_noise_log2)];
                let estimates = keys.map(|(dimension, noise)| security::of_binary_lwe(dimension, noise).bits);
                let bits = estimates.into_iter().fold(f64::INFINITY, f64::min);
                let each = keys
                    .iter()
                    .zip(&estimates)
                    .map(|((dimension, noise), bits)| format!("LWE(n={dimension}, TUniform({noise})) {bits:.1} bits"));
                let each: Vec<String> = each.collect();
                let note = format!("{}; q = 2^64, binary secret; {SOURCE}", each.join("; "));
                ParameterSet::Tfhe(own.with(name, own_id(SchemeId::Tfhe, bits), bits, note.leak()))
            }
            Self::Bgv(own) => {
                let set = own.with(name, 0, 0.0, "");
                let bits = security::of_ternary_rlwe(set.ring_log2, set.log2_modulus()).bits;
                let note = format!(
                    "N = {}, logQP = {}, uniform ternary secret, errors cbd{ERROR_COINS}: {bits:.1} bits; {SOURCE}",
                    set.ring_size(),
                    set.log2_modulus()
                );
                ParameterSet::Bgv(own.with(name, own_id(SchemeId::Bgv, bits), bits, note.leak()))
            }
        }
    }
}

/// Where the figures of one's own sets come from.
const SOURCE: &str = "from the table of scripts/security, interpolated on the safe side";

impl OwnTfheSet {
    fn with(&self, name: &'static str, id: u16, security_bits: f64, security_note: &'static str) -> TfheSet {
        TfheSet {
            id,
            name,
            security_bits,
            security_note,
            query_glwe_dimension: self.query_glwe_dimension,
            query_polynomial_size: self.query_polynomial_size,
            query_noise_log2: self.query_noise_log2,
            glwe_dimension: self.glwe_dimension,
            polynomial_size: self.polynomial_size,
            glwe_noise_log2: self.glwe_noise_log2,
            bootstrap_base_log2: self.bootstrap_base_log2,
            bootstrap_levels: self.bootstrap_levels,
            keyswitch_base_log2: self.keyswitch_base_log2,
            keyswitch_levels: self.keyswitch_levels,
            flooding_log2: self.flooding_log2,
            washing_rounds: self.washing_rounds,
            answer_modulus_log2: self.answer_modulus_log2,
        }
    }
}

impl OwnBgvSet {
    fn with(&self, name: &'static str, id: u16, security_bits: f64, security_note: &'static str) -> BgvSet {
        BgvSet {
            id,
            name,
            security_bits,
            security_note,
            ring_log2: self.ring_log2,
            limbs: self.limbs,
            special: self.special,
            digit: self.digit,
            baby_steps: self.baby_steps,
            one_squaring: self.one_squaring,
        }
    }
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

//! The parameter card: what a cryptographer asks of a parameter set, in numbers that the program itself computes.

mod comparison;
mod dimensions;
mod keys;

use serde::Serialize;

use crate::agreement::{AgreementError, SchemeId, Terms};
use crate::parameters::{Dimensions, Figure, ParameterSet};
pub(crate) use crate::scheme::PredictedNoise;
pub(crate) use comparison::ComparisonCard;
pub(crate) use dimensions::Dimension;
pub(crate) use keys::KeyStrength;

/// All there is to say of a set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct ParameterCard {
    /// Name of the set.
    pub name: String,
    /// The scheme it is a set of.
    pub scheme: SchemeId,
    /// Whether it is a user's own.
    pub own: bool,
    /// Whether it offers at least 128 bits of security.
    pub secure: bool,
    /// What it is for.
    pub purpose: &'static str,
    /// Bits of security of the weakest key.
    pub security_bits: f64,
    /// Where that figure comes from.
    pub security_note: String,
    /// Each key as an instance of learning with errors; none for a set that protects nothing and claims nothing.
    pub keys: Vec<KeyStrength>,
    /// Every dimension, distribution and decomposition.
    pub dimensions: Vec<Dimension>,
    /// Failures and leaks that follow from the set alone, each beside its limit.
    pub figures: Vec<Figure>,
    /// Bytes of what crosses.
    pub sizes: Sizes,
    /// What it does to one comparison, where one is asked about.
    pub comparison: Option<ComparisonCard>,
}

/// Bytes of what crosses, and of keys in memory.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Sizes {
    /// The public keys, sent once.
    pub evaluation_key_bytes: usize,
    /// The public keys in memory, ready for use; of scheme `tfhe` the bootstrap key alone.
    pub prepared_key_bytes: usize,
    /// An encrypted template; of schemes `tfhe` and `hybrid` one of 512 coordinates.
    pub query_bytes: usize,
    /// The smallest answer: one verdict, or one block under `each` where a set answers nothing else.
    pub answer_bytes: usize,
}

impl ParameterCard {
    /// Of a set alone.
    pub(crate) fn of_set(set: &ParameterSet) -> Self {
        let keys = if set.is_secure() || set.is_own() { keys::strengths(set) } else { Vec::new() };
        Self {
            name: set.name().to_owned(),
            scheme: set.scheme(),
            own: set.is_own(),
            secure: set.is_secure(),
            purpose: purpose(set),
            security_bits: set.security_bits(),
            security_note: set.security_note().to_owned(),
            keys,
            dimensions: dimensions::dimensions(set),
            figures: set.figures(),
            sizes: Sizes::of(set),
            comparison: None,
        }
    }

    /// Of a set and a comparison under it. The terms' own choice of a set does not count.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Field`] for a comparison that the set does not admit.
    pub(crate) fn new(terms: &Terms, set: &ParameterSet) -> Result<Self, AgreementError> {
        let comparison = Some(ComparisonCard::new(terms, set)?);
        Ok(Self { comparison, ..Self::of_set(set) })
    }

    /// Security beside its limit.
    pub(crate) fn security_figure(&self) -> Figure {
        Figure::security(self.security_bits)
    }

    /// Every other number that is held to a limit: no agreement is under a set that misses one.
    pub(crate) fn other_figures(&self) -> Vec<Figure> {
        let of_comparison = self.comparison.iter().flat_map(|comparison| &comparison.figures);
        self.figures.iter().chain(of_comparison).cloned().collect()
    }
}

impl Sizes {
    fn of(set: &ParameterSet) -> Self {
        match set.dimensions() {
            Dimensions::Tfhe(set) => Self {
                evaluation_key_bytes: set.evaluation_key_bytes(),
                prepared_key_bytes: set.prepared_key_bytes(),
                query_bytes: set.encrypted_template_bytes(512),
                answer_bytes: set.encrypted_verdict_bytes(),
            },
            Dimensions::Bgv(set) => Self {
                evaluation_key_bytes: set.evaluation_key_bytes(),
                prepared_key_bytes: set.prepared_key_bytes(),
                query_bytes: set.encrypted_template_bytes(),
                answer_bytes: if set.one_squaring { set.answer_block_bytes() } else { set.answer_sample_bytes() },
            },
            Dimensions::Hybrid(set) => Self {
                evaluation_key_bytes: set.evaluation_key_bytes(),
                prepared_key_bytes: set.prepared_key_bytes(),
                query_bytes: set.query().encrypted_template_bytes(512),
                answer_bytes: set.ring().answer_sample_bytes(),
            },
        }
    }
}

/// What a set is for, in a few words.
fn purpose(set: &ParameterSet) -> &'static str {
    match set.name() {
        _ if set.is_own() => "a set of your own",
        _ if !set.is_secure() => "INSECURE, for tests only",
        "tfhe-896-2048" => "any metric, small galleries: the set for everything",
        "tfhe-896-4096" => "a narrower gray zone for twice the time",
        "bgv-8192-210" => "short codes under 'each', some thousand references",
        "bgv-32768-540" => "short codes under 'each', large galleries",
        "bgv-32768-600" => "codes of some hundred bits under 'each', large galleries",
        "bgv-32768-690" => "longer codes under 'each', short ones under 'any'",
        "bgv-32768-720" => "long codes under 'each', codes under 'any'",
        "bgv-32768-780" => "long codes and vectors under 'each', codes under 'any'",
        "bgv-32768-810" => "vectors under 'each', long codes under 'any'",
        "bgv-32768-840" => "the deepest: vectors under 'any', irises",
        "hybrid-1024-1600" => "any metric in bulk: irises with rotations and common bits, handles of hits",
        "hybrid-1024-2600" => "any metric in bulk, under every disclosure but 'labelled'",
        "hybrid-1024-6000" => "any metric in bulk under 'each': the narrowest gray zone",
        _ => "",
    }
}

#[cfg(test)]
mod tests;

//! A set as it stands in the file: read field by field, so that an error names the line and the field.

use serde::Deserialize;

use super::{OwnBgvSet, OwnSet, OwnTfheSet, SetError};
use crate::parameters::SchemeId;

/// Every field of either scheme.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    name: String,
    scheme: SchemeId,
    query_glwe_dimension: Option<usize>,
    query_polynomial_size: Option<usize>,
    query_noise_log2: Option<u32>,
    glwe_dimension: Option<usize>,
    polynomial_size: Option<usize>,
    glwe_noise_log2: Option<u32>,
    bootstrap_base_log2: Option<usize>,
    bootstrap_levels: Option<usize>,
    keyswitch_base_log2: Option<usize>,
    keyswitch_levels: Option<usize>,
    flooding_log2: Option<u32>,
    washing_rounds: Option<usize>,
    answer_modulus_log2: Option<usize>,
    ring_log2: Option<u32>,
    limbs: Option<usize>,
    special: Option<usize>,
    digit: Option<usize>,
    baby_steps: Option<usize>,
    one_squaring: Option<bool>,
}

/// Takes a field that the scheme needs.
fn need<T>(name: &'static str, field: Option<T>) -> Result<T, SetError> {
    field.ok_or_else(|| SetError::field(name, "is missing"))
}

impl TryFrom<Fields> for OwnSet {
    type Error = SetError;

    fn try_from(fields: Fields) -> Result<Self, SetError> {
        fields.refuse_those_of_the_other_scheme()?;
        let name = fields.name;
        Ok(match fields.scheme {
            SchemeId::Tfhe => Self::Tfhe(OwnTfheSet {
                name,
                query_glwe_dimension: need("query_glwe_dimension", fields.query_glwe_dimension)?,
                query_polynomial_size: need("query_polynomial_size", fields.query_polynomial_size)?,
                query_noise_log2: need("query_noise_log2", fields.query_noise_log2)?,
                glwe_dimension: need("glwe_dimension", fields.glwe_dimension)?,
                polynomial_size: need("polynomial_size", fields.polynomial_size)?,
                glwe_noise_log2: need("glwe_noise_log2", fields.glwe_noise_log2)?,
                bootstrap_base_log2: need("bootstrap_base_log2", fields.bootstrap_base_log2)?,
                bootstrap_levels: need("bootstrap_levels", fields.bootstrap_levels)?,
                keyswitch_base_log2: need("keyswitch_base_log2", fields.keyswitch_base_log2)?,
                keyswitch_levels: need("keyswitch_levels", fields.keyswitch_levels)?,
                flooding_log2: need("flooding_log2", fields.flooding_log2)?,
                washing_rounds: need("washing_rounds", fields.washing_rounds)?,
                answer_modulus_log2: need("answer_modulus_log2", fields.answer_modulus_log2)?,
            }),
            SchemeId::Bgv => Self::Bgv(OwnBgvSet {
                name,
                ring_log2: need("ring_log2", fields.ring_log2)?,
                limbs: need("limbs", fields.limbs)?,
                special: need("special", fields.special)?,
                digit: need("digit", fields.digit)?,
                baby_steps: need("baby_steps", fields.baby_steps)?,
                one_squaring: need("one_squaring", fields.one_squaring)?,
            }),
        })
    }
}

impl Fields {
    fn refuse_those_of_the_other_scheme(&self) -> Result<(), SetError> {
        let of_tfhe = [
            ("query_glwe_dimension", self.query_glwe_dimension.is_some()),
            ("query_polynomial_size", self.query_polynomial_size.is_some()),
            ("query_noise_log2", self.query_noise_log2.is_some()),
            ("glwe_dimension", self.glwe_dimension.is_some()),
            ("polynomial_size", self.polynomial_size.is_some()),
            ("glwe_noise_log2", self.glwe_noise_log2.is_some()),
            ("bootstrap_base_log2", self.bootstrap_base_log2.is_some()),
            ("bootstrap_levels", self.bootstrap_levels.is_some()),
            ("keyswitch_base_log2", self.keyswitch_base_log2.is_some()),
            ("keyswitch_levels", self.keyswitch_levels.is_some()),
            ("flooding_log2", self.flooding_log2.is_some()),
            ("washing_rounds", self.washing_rounds.is_some()),
            ("answer_modulus_log2", self.answer_modulus_log2.is_some()),
        ];
        let of_bgv = [
            ("ring_log2", self.ring_log2.is_some()),
            ("limbs", self.limbs.is_some()),
            ("special", self.special.is_some()),
            ("digit", self.digit.is_some()),
            ("baby_steps", self.baby_steps.is_some()),
            ("one_squaring", self.one_squaring.is_some()),
        ];
        let others: &[(&'static str, bool)] = match self.scheme {
            SchemeId::Tfhe => &of_bgv,
            SchemeId::Bgv => &of_tfhe,
        };
        match others.iter().find(|(_, there)| *there) {
            Some((name, _)) => {
                Err(SetError::field(name, format!("does not go with scheme = \"{}\": remove it", self.scheme)))
            }
            None => Ok(()),
        }
    }
}

//! The two tables whose fields depend on a choice, as they stand in the file: read field by field, so that an error
//! names the line and the field.

use serde::Deserialize;

use super::terms::{ComparisonTerms, EyeRule, TemplateTerms};
use super::{AgreementError, Decimal};
use crate::template::MaskSharing;

/// `[template]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TemplateFields {
    kind: Kind,
    dimension: Option<usize>,
    rows: Option<usize>,
    columns: Option<usize>,
    channels: Option<usize>,
    mask: Option<MaskSharing>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Vector,
    Bits,
    Iris,
}

/// `[comparison]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ComparisonFields {
    metric: MetricName,
    threshold: Option<Decimal>,
    probe_norm: Option<u32>,
    reference_norm: Option<u32>,
    scale: Option<Decimal>,
    maximum_norm: Option<Decimal>,
    minimum_common_bits: Option<u32>,
    rotations: Option<u32>,
    eyes: Option<EyeRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MetricName {
    Cosine,
    InnerProduct,
    SquaredEuclidean,
    Hamming,
    FractionalHamming,
}

/// Takes a field that the choice needs.
fn need<T>(name: &'static str, field: &mut Option<T>) -> Result<T, AgreementError> {
    field.take().ok_or_else(|| AgreementError::field(name, "is missing"))
}

/// Refuses fields that are left when the choice has taken its own.
fn nothing_else(choice: &str, left: &[(&'static str, bool)]) -> Result<(), AgreementError> {
    match left.iter().find(|(_, there)| *there) {
        Some((name, _)) => Err(AgreementError::field(name, format!("does not go with {choice}: remove it"))),
        None => Ok(()),
    }
}

impl TryFrom<TemplateFields> for TemplateTerms {
    type Error = AgreementError;

    fn try_from(mut fields: TemplateFields) -> Result<Self, AgreementError> {
        let (choice, terms) = match fields.kind {
            Kind::Vector => {
                ("kind = \"vector\"", Self::Vector { dimension: need("template.dimension", &mut fields.dimension)? })
            }
            Kind::Bits => {
                ("kind = \"bits\"", Self::Bits { dimension: need("template.dimension", &mut fields.dimension)? })
            }
            Kind::Iris => (
                "kind = \"iris\"",
                Self::Iris {
                    rows: need("template.rows", &mut fields.rows)?,
                    columns: need("template.columns", &mut fields.columns)?,
                    channels: need("template.channels", &mut fields.channels)?,
                    mask: need("template.mask", &mut fields.mask)?,
                },
            ),
        };
        let left = [
            ("template.dimension", fields.dimension.is_some()),
            ("template.rows", fields.rows.is_some()),
            ("template.columns", fields.columns.is_some()),
            ("template.channels", fields.channels.is_some()),
            ("template.mask", fields.mask.is_some()),
        ];
        nothing_else(choice, &left).map(|()| terms)
    }
}

impl TryFrom<ComparisonFields> for ComparisonTerms {
    type Error = AgreementError;

    fn try_from(mut fields: ComparisonFields) -> Result<Self, AgreementError> {
        let threshold = need("comparison.threshold", &mut fields.threshold)?;
        let terms = match fields.metric {
            MetricName::Cosine => Self::Cosine {
                threshold,
                probe_norm: fields.probe_norm.take(),
                reference_norm: fields.reference_norm.take(),
            },
            MetricName::InnerProduct => Self::InnerProduct {
                threshold,
                scale: fields.scale.take(),
                maximum_norm: need("comparison.maximum_norm", &mut fields.maximum_norm)?,
            },
            MetricName::SquaredEuclidean => Self::SquaredEuclidean {
                threshold,
                scale: fields.scale.take(),
                maximum_norm: need("comparison.maximum_norm", &mut fields.maximum_norm)?,
            },
            MetricName::Hamming => Self::Hamming { threshold: whole(threshold)? },
            MetricName::FractionalHamming => Self::FractionalHamming {
                threshold,
                minimum_common_bits: need("comparison.minimum_common_bits", &mut fields.minimum_common_bits)?,
                rotations: need("comparison.rotations", &mut fields.rotations)?,
                eyes: need("comparison.eyes", &mut fields.eyes)?,
            },
        };
        let left = [
            ("comparison.probe_norm", fields.probe_norm.is_some()),
            ("comparison.reference_norm", fields.reference_norm.is_some()),
            ("comparison.scale", fields.scale.is_some()),
            ("comparison.maximum_norm", fields.maximum_norm.is_some()),
            ("comparison.minimum_common_bits", fields.minimum_common_bits.is_some()),
            ("comparison.rotations", fields.rotations.is_some()),
            ("comparison.eyes", fields.eyes.is_some()),
        ];
        nothing_else(&format!("metric = \"{}\"", terms.metric()), &left).map(|()| terms)
    }
}

/// A threshold in bits.
fn whole(threshold: Decimal) -> Result<u32, AgreementError> {
    threshold
        .whole()
        .and_then(|bits| u32::try_from(bits).ok())
        .ok_or_else(|| AgreementError::field("comparison.threshold", "must be a whole number of bits"))
}

#[cfg(test)]
mod tests {
    use crate::agreement::{Agreement, IRIS_MPC_SHAPE, Terms};

    #[test]
    fn an_error_names_the_field() {
        let face = Agreement::new(Terms::face(512)).unwrap().to_toml();
        let iris = Agreement::new(Terms::iris(IRIS_MPC_SHAPE)).unwrap().to_toml();
        let bits = Agreement::new(Terms::hamming(512, 180)).unwrap().to_toml();
        for (text, from, to, said) in [
            (&face, "dimension = 512", "dimension = \"many\"", "dimension = \"many\""),
            (&face, "dimension = 512", "", "template.dimension: is missing"),
            (
                &face,
                "dimension = 512",
                "dimension = 512\nrows = 4",
                "template.rows: does not go with kind = \"vector\"",
            ),
            (&face, "threshold = 0.35", "threshold = nan", "threshold = nan"),
            (&face, "threshold = 0.35", "treshold = 0.35", "unknown field `treshold`"),
            (
                &face,
                "threshold = 0.35",
                "threshold = 0.35\neyes = \"any\"",
                "comparison.eyes: does not go with metric = \"cosine\"",
            ),
            (&iris, "rotations = 15", "", "comparison.rotations: is missing"),
            (&iris, "mask = \"by-pair\"", "mask = \"none\"", "mask = \"none\""),
            (&bits, "threshold = 180", "threshold = 180.5", "comparison.threshold: must be a whole number of bits"),
        ] {
            assert!(text.contains(from), "{from}");
            let error = Agreement::from_toml(&text.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(said), "{said}: {error}");
        }
    }
}

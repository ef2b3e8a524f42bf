//! The terms themselves, as they stand in the file, and sound defaults for each modality.

use serde::{Deserialize, Serialize};

use super::{AgreementError, Decimal, ServiceTerms};
use crate::parameters::custom::OwnSet;
use crate::parameters::{AUTO, SchemeId};
use crate::template::{IrisShape, MaskSharing, TemplateShape};

/// Everything the two parties agree on: in an [`Agreement`](super::Agreement) nothing is left open, in terms on the way to one scheme, set
/// and integer lengths may be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// Version of this format: 1.
    pub version: u32,
    /// What the exchange is for, in words.
    pub title: String,
    /// Who asks.
    pub querier: String,
    /// Who holds the records.
    pub custodian: String,
    /// What is compared.
    pub modality: Modality,
    /// What the querier learns.
    pub disclosure: Disclosure,
    /// The shape of every template.
    pub template: TemplateTerms,
    /// How two templates are compared.
    pub comparison: ComparisonTerms,
    /// How it is encrypted.
    pub encryption: EncryptionTerms,
    /// What is refused as too much.
    pub limits: Limits,
    /// How the custodian is asked over a network; none where files are exchanged by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceTerms>,
}

/// What is compared; documents the agreement and chooses defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Modality {
    Face,
    Fingerprint,
    Iris,
    Generic,
}

/// What the querier learns from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disclosure {
    /// One bit a probe: whether any reference matches.
    Any,
    /// One bit a probe and enrolled subject, in the order of the gallery.
    Each,
    /// How many subjects match each probe: the bits of `each`, shuffled.
    Count,
    /// The custodian's handle for each subject that matches a probe, up to [`Limits::hits_per_probe`] of them; of more only that there are more.
    Labelled,
}

impl std::fmt::Display for Disclosure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::Each => "each",
            Self::Count => "count",
            Self::Labelled => "labelled",
        })
    }
}

/// The shape of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", try_from = "super::fields::TemplateFields")]
pub enum TemplateTerms {
    /// A real vector.
    Vector {
        /// Coordinates.
        dimension: usize,
    },
    /// A bit string.
    Bits {
        /// Bits.
        dimension: usize,
    },
    /// An iris code with its mask.
    Iris {
        /// Radial resolution.
        rows: usize,
        /// Angular resolution.
        columns: usize,
        /// Bits at each position.
        channels: usize,
        /// Whether the real and imaginary bit share a mask bit.
        mask: MaskSharing,
    },
}

/// How two templates are compared, and which outcome is a hit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "metric", rename_all = "kebab-case", try_from = "super::fields::ComparisonFields")]
pub enum ComparisonTerms {
    /// Cosine of the angle between two vectors; a hit from `threshold` up.
    Cosine {
        /// Between -1 and 1.
        threshold: Decimal,
        /// Length to which probes are scaled before rounding to integers; where absent, it is left open.
        #[serde(skip_serializing_if = "Option::is_none")]
        probe_norm: Option<u32>,
        /// Length to which references are scaled before rounding to integers; where absent, it is left open.
        #[serde(skip_serializing_if = "Option::is_none")]
        reference_norm: Option<u32>,
    },
    /// Inner product of two vectors; a hit from `threshold` up.
    InnerProduct {
        /// In the units of the templates.
        threshold: Decimal,
        /// Coordinates are multiplied by this before rounding to integers; where absent, it is left open.
        #[serde(skip_serializing_if = "Option::is_none")]
        scale: Option<Decimal>,
        /// Longest admitted vector, in the units of the templates.
        maximum_norm: Decimal,
    },
    /// Square of the Euclidean distance; a hit up to `threshold`.
    SquaredEuclidean {
        /// In the squared units of the templates.
        threshold: Decimal,
        /// Coordinates are multiplied by this before rounding to integers; where absent, it is left open.
        #[serde(skip_serializing_if = "Option::is_none")]
        scale: Option<Decimal>,
        /// Longest admitted vector, in the units of the templates.
        maximum_norm: Decimal,
    },
    /// Number of differing bits; a hit up to `threshold`.
    Hamming {
        /// In bits.
        threshold: u32,
    },
    /// Differing valid bits over common valid bits, the least over all rotations; a hit strictly below `threshold`.
    FractionalHamming {
        /// Between 0 and 0.5.
        threshold: Decimal,
        /// A pair with fewer common valid bits, unrotated, never hits.
        minimum_common_bits: u32,
        /// Columns by which the eye may be rotated, to either side.
        rotations: u32,
        /// How two eyes of a person combine.
        eyes: EyeRule,
    },
}

/// How the verdicts on a person's two eyes combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EyeRule {
    /// Templates are not told apart by eye.
    Ignored,
    /// Left with left and right with right; one hit is enough.
    Any,
    /// Left with left and right with right; both must hit, and both must be enrolled.
    All,
}

/// The scheme as it stands in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchemeChoice {
    /// Left open: that of the parameter set, or what suits the comparison. No agreement says so ([`AgreementError::Open`]).
    Auto,
    /// [`SchemeId::Tfhe`].
    Tfhe,
    /// [`SchemeId::Bgv`].
    Bgv,
    /// [`SchemeId::Hybrid`].
    Hybrid,
}

impl SchemeChoice {
    /// The scheme that is named, if one is.
    pub fn named(self) -> Option<SchemeId> {
        match self {
            Self::Auto => None,
            Self::Tfhe => Some(SchemeId::Tfhe),
            Self::Bgv => Some(SchemeId::Bgv),
            Self::Hybrid => Some(SchemeId::Hybrid),
        }
    }
}

impl From<SchemeId> for SchemeChoice {
    fn from(scheme: SchemeId) -> Self {
        match scheme {
            SchemeId::Tfhe => Self::Tfhe,
            SchemeId::Bgv => Self::Bgv,
            SchemeId::Hybrid => Self::Hybrid,
        }
    }
}

/// How it is encrypted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionTerms {
    /// The scheme.
    pub scheme: SchemeChoice,
    /// Name of a parameter set of that scheme; [`AUTO`] where it is left open.
    pub parameter_set: String,
    /// A set of the parties' own: the one that is meant. Where absent, the set is one of this program's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<OwnSet>,
}

/// What is refused as too much.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// References in a gallery.
    pub references: usize,
    /// References one subject may have (for each eye, where eyes are told apart).
    pub references_per_subject: usize,
    /// Probes in a query.
    pub probes_per_query: usize,
    /// Bits that the answer to one query may disclose; where absent, what the other limits come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits_per_query: Option<u64>,
    /// Under [`Disclosure::Labelled`], and there alone: hits of a probe whose handles are disclosed, 1 to [`Limits::MOST_HITS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits_per_probe: Option<usize>,
}

impl Limits {
    /// Hits of a probe that can have handles.
    pub const MOST_HITS: usize = 16;
}

/// The layout of iris-mpc: 12,800 bits.
pub const IRIS_MPC_SHAPE: IrisShape = IrisShape { rows: 16, columns: 200, channels: 4, mask: MaskSharing::ByPair };

const DIMENSION_LIMIT: usize = 1 << 16;

impl TemplateTerms {
    /// As the shape of a template.
    pub fn shape(&self) -> TemplateShape {
        match *self {
            Self::Vector { dimension } => TemplateShape::Vector(dimension),
            Self::Bits { dimension } => TemplateShape::Bits(dimension),
            Self::Iris { rows, columns, channels, mask } => {
                TemplateShape::Iris(IrisShape { rows, columns, channels, mask })
            }
        }
    }
}

impl ComparisonTerms {
    /// The metric's name, as in the file.
    pub fn metric(&self) -> &'static str {
        match self {
            Self::Cosine { .. } => "cosine",
            Self::InnerProduct { .. } => "inner-product",
            Self::SquaredEuclidean { .. } => "squared-euclidean",
            Self::Hamming { .. } => "hamming",
            Self::FractionalHamming { .. } => "fractional-hamming",
        }
    }

    /// How two eyes combine; [`EyeRule::Ignored`] for everything but irises.
    pub fn eyes(&self) -> EyeRule {
        match self {
            Self::FractionalHamming { eyes, .. } => *eyes,
            _ => EyeRule::Ignored,
        }
    }
}

impl Terms {
    fn with(modality: Modality, template: TemplateTerms, comparison: ComparisonTerms) -> Self {
        Self {
            version: 1,
            title: "Trial of encrypted hit/no-hit checks".to_owned(),
            querier: "Authority A".to_owned(),
            custodian: "Authority B".to_owned(),
            modality,
            disclosure: Disclosure::Any,
            template,
            comparison,
            encryption: EncryptionTerms {
                scheme: SchemeChoice::Tfhe,
                parameter_set: crate::parameters::tfhe::DEFAULT.to_owned(),
                set: None,
            },
            limits: Limits {
                references: 100_000,
                references_per_subject: 1,
                probes_per_query: 100,
                bits_per_query: None,
                hits_per_probe: None,
            },
            service: None,
        }
    }

    /// Face embeddings by cosine. 0.35 is a common operating point of ArcFace-like models near FMR 1e-5; choose
    /// your own from your own data.
    pub fn face(dimension: usize) -> Self {
        let comparison = ComparisonTerms::Cosine {
            threshold: decimal(350_000_000),
            probe_norm: Some(PROBE_NORM),
            reference_norm: Some(REFERENCE_NORM),
        };
        Self::with(Modality::Face, TemplateTerms::Vector { dimension }, comparison)
    }

    /// Fixed-length fingerprint vectors by cosine.
    pub fn fingerprint(dimension: usize) -> Self {
        let comparison = ComparisonTerms::Cosine {
            threshold: decimal(400_000_000),
            probe_norm: Some(PROBE_NORM),
            reference_norm: Some(REFERENCE_NORM),
        };
        Self::with(Modality::Fingerprint, TemplateTerms::Vector { dimension }, comparison)
    }

    /// Iris codes by fractional Hamming distance below 0.345 over +-15 columns (World's published operating point);
    /// at least three tenths of all bits must be common, where the gray zone is still about half a percent.
    pub fn iris(shape: IrisShape) -> Self {
        let IrisShape { rows, columns, channels, mask } = shape;
        let comparison = ComparisonTerms::FractionalHamming {
            threshold: decimal(345_000_000),
            minimum_common_bits: (shape.bits() * 3 / 10) as u32,
            rotations: 15.min(columns.saturating_sub(1) / 2) as u32,
            eyes: EyeRule::Ignored,
        };
        Self::with(Modality::Iris, TemplateTerms::Iris { rows, columns, channels, mask }, comparison)
    }

    /// Bit strings by Hamming distance.
    pub fn hamming(dimension: usize, threshold: u32) -> Self {
        let comparison = ComparisonTerms::Hamming { threshold };
        Self::with(Modality::Generic, TemplateTerms::Bits { dimension }, comparison)
    }

    /// Vectors by inner product; the scale is chosen so that the longest vector has length 256 in integers.
    pub fn inner_product(dimension: usize, maximum_norm: Decimal, threshold: Decimal) -> Self {
        let comparison = ComparisonTerms::InnerProduct {
            threshold,
            scale: Some(scale_for(maximum_norm, REFERENCE_NORM)),
            maximum_norm,
        };
        Self::with(Modality::Generic, TemplateTerms::Vector { dimension }, comparison)
    }

    /// Vectors by squared Euclidean distance; the scale is chosen so that the longest vector has length 256 in integers.
    pub fn squared_euclidean(dimension: usize, maximum_norm: Decimal, threshold: Decimal) -> Self {
        let comparison = ComparisonTerms::SquaredEuclidean {
            threshold,
            scale: Some(scale_for(maximum_norm, REFERENCE_NORM)),
            maximum_norm,
        };
        Self::with(Modality::Generic, TemplateTerms::Vector { dimension }, comparison)
    }

    /// The same terms under another choice of scheme, with the parameter set and the rounding of vectors left open.
    pub fn with_scheme(mut self, scheme: SchemeChoice) -> Self {
        self.encryption = EncryptionTerms { scheme, parameter_set: AUTO.to_owned(), set: None };
        match &mut self.comparison {
            ComparisonTerms::Cosine { probe_norm, reference_norm, .. } => (*probe_norm, *reference_norm) = (None, None),
            ComparisonTerms::InnerProduct { scale, .. } | ComparisonTerms::SquaredEuclidean { scale, .. } => {
                *scale = None
            }
            ComparisonTerms::Hamming { .. } | ComparisonTerms::FractionalHamming { .. } => {}
        }
        self
    }

    /// The same terms with another threshold; none where it counts bits, and is no whole number of them.
    pub(crate) fn with_threshold(mut self, wanted: Decimal) -> Option<Self> {
        match &mut self.comparison {
            ComparisonTerms::Cosine { threshold, .. }
            | ComparisonTerms::InnerProduct { threshold, .. }
            | ComparisonTerms::SquaredEuclidean { threshold, .. }
            | ComparisonTerms::FractionalHamming { threshold, .. } => *threshold = wanted,
            ComparisonTerms::Hamming { threshold } => *threshold = wanted.whole()?.try_into().ok()?,
        }
        Some(self)
    }

    /// The same terms with another disclosure: one without handles, unless it is theirs already.
    pub(crate) fn with_disclosure(mut self, disclosure: Disclosure) -> Self {
        if disclosure != self.disclosure {
            self.limits.hits_per_probe = None;
        }
        self.disclosure = disclosure;
        self
    }

    /// The same terms under a parameter set of the parties' own, with the rounding of vectors left open.
    pub fn with_own_set(self, set: OwnSet) -> Self {
        let mut terms = self.with_scheme(set.scheme().into());
        set.name().clone_into(&mut terms.encryption.parameter_set);
        terms.encryption.set = Some(set);
        terms
    }

    /// Reads terms from their TOML text: of an agreement, or of one of which something is still left open.
    ///
    /// # Errors
    ///
    /// [`AgreementError::Syntax`] for another text, or one longer than [`super::Agreement::LIMIT_BYTES`].
    pub fn from_toml(text: &str) -> Result<Self, AgreementError> {
        let limit = super::Agreement::LIMIT_BYTES;
        if text.len() > limit {
            return Err(AgreementError::Syntax(format!("longer than {limit} bytes")));
        }
        toml::from_str(text).map_err(|error| AgreementError::Syntax(error.to_string()))
    }

    /// Whether nothing is left open beside the parameter set.
    pub(super) fn require_closed(&self) -> Result<(), AgreementError> {
        let open = match self.comparison {
            ComparisonTerms::Cosine { probe_norm: None, .. } => Some("comparison.probe_norm"),
            ComparisonTerms::Cosine { reference_norm: None, .. } => Some("comparison.reference_norm"),
            ComparisonTerms::InnerProduct { scale: None, .. }
            | ComparisonTerms::SquaredEuclidean { scale: None, .. } => Some("comparison.scale"),
            _ if self.encryption.scheme == SchemeChoice::Auto => Some("encryption.scheme"),
            _ if self.encryption.parameter_set == AUTO => Some("encryption.parameter_set"),
            _ => None,
        };
        open.map_or(Ok(()), |field| Err(AgreementError::Open { field }))
    }

    /// What can be judged of each term by itself.
    pub(crate) fn check(&self) -> Result<(), AgreementError> {
        use AgreementError as E;
        if self.version != 1 {
            return Err(E::field("version", "this program reads version 1"));
        }
        for (field, text) in [("title", &self.title), ("querier", &self.querier), ("custodian", &self.custodian)] {
            if text.trim().is_empty() || text.len() > 200 || text.chars().any(char::is_control) {
                return Err(E::field(field, "write 1 to 200 bytes of text on one line"));
            }
        }
        let bounded = |field, value: usize, most: usize| match (1..=most).contains(&value) {
            true => Ok(()),
            false => Err(E::field(field, format!("must be between 1 and {most}"))),
        };
        match self.template {
            TemplateTerms::Vector { dimension } | TemplateTerms::Bits { dimension } => {
                bounded("template.dimension", dimension, DIMENSION_LIMIT)?;
            }
            TemplateTerms::Iris { rows, columns, channels, mask } => {
                bounded("template.rows", rows, 1024)?;
                bounded("template.columns", columns, 4096)?;
                bounded("template.channels", channels, 64)?;
                bounded("template.rows", rows * columns * channels, DIMENSION_LIMIT)?;
                if mask == MaskSharing::ByPair && channels % 2 != 0 {
                    return Err(E::field("template.mask", "by-pair needs an even number of channels"));
                }
            }
        }
        bounded("limits.references", self.limits.references, 10_000_000)?;
        bounded("limits.references_per_subject", self.limits.references_per_subject, 100)?;
        bounded("limits.probes_per_query", self.limits.probes_per_query, 10_000)?;
        if self.limits.bits_per_query.is_some_and(|bits| !(1..=1 << 50).contains(&bits)) {
            return Err(E::field("limits.bits_per_query", format!("must be between 1 and {}", 1u64 << 50)));
        }
        match (self.disclosure, self.limits.hits_per_probe) {
            (Disclosure::Labelled, None) => {
                let error = E::field("limits.hits_per_probe", "is missing");
                return Err(
                    error.or(format!("write how many hits of a probe have handles, 1 to {}", Limits::MOST_HITS))
                );
            }
            (Disclosure::Labelled, Some(hits)) => bounded("limits.hits_per_probe", hits, Limits::MOST_HITS)?,
            (_, Some(_)) => {
                let error =
                    E::field("limits.hits_per_probe", format!("does not go with disclosure = \"{}\"", self.disclosure));
                return Err(error.or("remove it, or agree on disclosure = \"labelled\""));
            }
            (_, None) => {}
        }
        self.service.as_ref().map_or(Ok(()), ServiceTerms::check)
    }
}

fn decimal(billionths: i64) -> Decimal {
    Decimal::from_billionths(billionths)
}

/// Length of a probe under scheme `tfhe`, to which it costs nothing.
pub(crate) const PROBE_NORM: u32 = 16_384;
/// Length of a reference under scheme `tfhe`, where rounding it (0.29/R of a cosine) and the noise it multiplies (docs/protocol.md, section 3)
/// balance.
pub(crate) const REFERENCE_NORM: u32 = 256;

/// The comparison with these lengths, or the scale that gives the longest vector the second, where it names none.
pub(crate) fn with_lengths(comparison: &ComparisonTerms, probe: u32, reference: u32) -> ComparisonTerms {
    let mut comparison = comparison.clone();
    match &mut comparison {
        ComparisonTerms::Cosine { probe_norm, reference_norm, .. } => {
            probe_norm.get_or_insert(probe);
            reference_norm.get_or_insert(reference);
        }
        ComparisonTerms::InnerProduct { scale, maximum_norm, .. }
        | ComparisonTerms::SquaredEuclidean { scale, maximum_norm, .. } => {
            scale.get_or_insert(scale_for(*maximum_norm, reference));
        }
        ComparisonTerms::Hamming { .. } | ComparisonTerms::FractionalHamming { .. } => {}
    }
    comparison
}

/// The length over the norm, to three digits after the point; 1 for a norm that has no sense (refused later).
fn scale_for(maximum_norm: Decimal, length: u32) -> Decimal {
    match maximum_norm.billionths() {
        norm if norm > 0 => {
            let scale = i128::from(length) * i128::from(Decimal::ONE) * 1000 / i128::from(norm);
            Decimal::from_billionths(scale.clamp(1, 1_000_000_000) as i64 * (Decimal::ONE / 1000))
        }
        _ => Decimal::from_billionths(Decimal::ONE),
    }
}

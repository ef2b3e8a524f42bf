//! What kind of template, as options of the commands that make agreements or templates.

use crate::agreement::{IRIS_MPC_SHAPE, Modality as AgreedModality};
use crate::template::{IrisShape, MaskSharing, TemplateShape};
use clap::ValueEnum;

use super::failure::Failure;

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Modality {
    /// Face vectors
    Face,
    /// Fingerprint vectors of fixed length
    Fingerprint,
    /// Iris codes with masks
    Iris,
    /// Any vectors or bit strings
    Generic,
}

impl From<Modality> for AgreedModality {
    fn from(modality: Modality) -> Self {
        match modality {
            Modality::Face => Self::Face,
            Modality::Fingerprint => Self::Fingerprint,
            Modality::Iris => Self::Iris,
            Modality::Generic => Self::Generic,
        }
    }
}

/// How two templates are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Metric {
    /// Cosine of the angle between two vectors; a hit from the threshold up
    Cosine,
    /// Inner product of two vectors; a hit from the threshold up
    InnerProduct,
    /// Square of the distance of two vectors; a hit up to the threshold
    SquaredEuclidean,
    /// Number of differing bits of two bit strings; a hit up to the threshold
    Hamming,
    /// Share of the common valid bits that differ, of two irises; a hit below the threshold
    FractionalHamming,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mask {
    /// The real and the imaginary bit of a filter share a mask bit
    ByPair,
    /// Each code bit has a mask bit of its own
    PerBit,
}

/// The shape of a template.
#[derive(clap::Args)]
pub struct ShapeArgs {
    /// What is compared
    #[arg(long, value_enum)]
    pub modality: Modality,
    #[command(flatten)]
    options: ShapeOptions,
}

/// The shape of a template, but for its modality.
#[derive(clap::Args)]
pub struct ShapeOptions {
    /// How two templates are compared [default: cosine; for an iris fractional-hamming]
    #[arg(long, value_enum)]
    metric: Option<Metric>,
    /// Coordinates of a vector, or bits of a bit string [default: 512 for a face, 192 for a fingerprint]
    #[arg(long, value_name = "NUMBER")]
    dimension: Option<usize>,
    /// Iris: radial resolution [default: 16]
    #[arg(long, value_name = "NUMBER")]
    rows: Option<usize>,
    /// Iris: angular resolution [default: 200]
    #[arg(long, value_name = "NUMBER")]
    columns: Option<usize>,
    /// Iris: bits at each position [default: 4]
    #[arg(long, value_name = "NUMBER")]
    channels: Option<usize>,
    /// Iris: which bits share a mask bit [default: by-pair]
    #[arg(long, value_enum)]
    mask: Option<Mask>,
}

impl ShapeArgs {
    /// The metric that was chosen, or the modality's own.
    pub fn metric(&self) -> Result<Metric, Failure> {
        self.options.metric(self.modality)
    }

    /// The shape.
    pub fn shape(&self) -> Result<TemplateShape, Failure> {
        self.options.shape(self.modality)
    }
}

impl ShapeOptions {
    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        let Self { metric, dimension, rows, columns, channels, mask } = self;
        metric.is_none() && mask.is_none() && [dimension, rows, columns, channels].iter().all(|option| option.is_none())
    }

    /// The modality that goes with the metric, where none is chosen.
    pub fn usual_modality(&self) -> Modality {
        match (self.metric, self.rows.or(self.columns).or(self.channels)) {
            (Some(Metric::FractionalHamming), _) | (None, Some(_)) => Modality::Iris,
            (Some(Metric::Hamming | Metric::InnerProduct | Metric::SquaredEuclidean), _) => Modality::Generic,
            (Some(Metric::Cosine) | None, _) => Modality::Face,
        }
    }

    /// The metric that was chosen, or the modality's own.
    pub fn metric(&self, modality: Modality) -> Result<Metric, Failure> {
        let own = match modality {
            Modality::Iris => Metric::FractionalHamming,
            _ => Metric::Cosine,
        };
        let metric = self.metric.unwrap_or(own);
        match (modality, metric) {
            (Modality::Iris, Metric::FractionalHamming) => Ok(metric),
            (Modality::Iris, _) => Err(Failure::new(
                "--metric",
                "irises are compared by fractional-hamming, which needs their masks",
                "leave --metric out; for bit strings without masks use --modality generic --metric hamming",
            )),
            (_, Metric::FractionalHamming) => Err(Failure::new(
                "--metric",
                "fractional-hamming compares iris codes with masks",
                "use --modality iris, or --metric hamming for bit strings",
            )),
            _ => Ok(metric),
        }
    }

    /// The shape.
    pub fn shape(&self, modality: Modality) -> Result<TemplateShape, Failure> {
        let metric = self.metric(modality)?;
        if metric == Metric::FractionalHamming {
            if self.dimension.is_some() {
                return Err(unfit("--dimension", "an iris code has --rows, --columns and --channels"));
            }
            let own = IRIS_MPC_SHAPE;
            return Ok(TemplateShape::Iris(IrisShape {
                rows: self.rows.unwrap_or(own.rows),
                columns: self.columns.unwrap_or(own.columns),
                channels: self.channels.unwrap_or(own.channels),
                mask: match self.mask {
                    Some(Mask::PerBit) => MaskSharing::PerBit,
                    Some(Mask::ByPair) | None => MaskSharing::ByPair,
                },
            }));
        }
        for (option, given) in [
            ("--rows", self.rows.is_some()),
            ("--columns", self.columns.is_some()),
            ("--channels", self.channels.is_some()),
            ("--mask", self.mask.is_some()),
        ] {
            if given {
                return Err(unfit(option, "only iris codes have it (--modality iris)"));
            }
        }
        let dimension = match (self.dimension, modality, metric) {
            (Some(dimension), ..) => dimension,
            (None, Modality::Face, Metric::Cosine | Metric::InnerProduct | Metric::SquaredEuclidean) => 512,
            (None, Modality::Fingerprint, Metric::Cosine | Metric::InnerProduct | Metric::SquaredEuclidean) => 192,
            _ => {
                let problem = "there is no usual size for these templates";
                return Err(Failure::new("--dimension", problem, "say how many coordinates or bits a template has"));
            }
        };
        Ok(match metric {
            Metric::Hamming => TemplateShape::Bits(dimension),
            _ => TemplateShape::Vector(dimension),
        })
    }
}

/// An option that does not go with the others.
pub fn unfit(option: &str, reason: &str) -> Failure {
    Failure::new(option, reason, format!("leave {option} out, or choose what it goes with"))
}

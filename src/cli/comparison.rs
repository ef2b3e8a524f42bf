//! What is compared and how, as options of the commands that make agreements or speak of what one would be like.

use crate::agreement::{ComparisonTerms, Decimal, Disclosure, EyeRule, SchemeChoice, Terms};
use crate::template::TemplateShape;
use clap::ValueEnum;

use super::console::Console;
use super::failure::Failure;
use super::shape::{Metric, Modality, ShapeOptions, unfit};

/// A comparison, but for its modality.
#[derive(clap::Args)]
pub struct ComparisonArgs {
    #[command(flatten)]
    shape: ShapeOptions,
    /// Where a hit begins, in the metric's own unit [default: face 0.35, fingerprint 0.4, iris 0.345]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, value_parser = threshold)]
    threshold: Option<Threshold>,
    /// Longest vector admitted, for inner-product and squared-euclidean [default: 1.0]
    #[arg(long, value_name = "NUMBER")]
    maximum_norm: Option<Decimal>,
    /// Iris: columns by which an eye may be rotated, to either side [default: 15]
    #[arg(long, value_name = "NUMBER")]
    rotations: Option<u32>,
    /// Iris: a pair with fewer common valid bits never hits [default: three tenths of the bits]
    #[arg(long, value_name = "NUMBER")]
    minimum_common_bits: Option<u32>,
    /// Iris: how the two eyes of a person combine [default: ignored]
    #[arg(long, value_enum)]
    eyes: Option<Eyes>,
    /// What the querier learns [default: any]
    #[arg(long, value_enum)]
    disclosure: Option<DisclosureArg>,
    /// Most references in a gallery [default: 100000; 65536 for a count of scheme bgv or hybrid]
    #[arg(long, value_name = "NUMBER")]
    references: Option<usize>,
    /// Most references of one subject (for each eye, where eyes are told apart)
    #[arg(long, value_name = "NUMBER")]
    references_per_subject: Option<usize>,
    /// Most probes in a query
    #[arg(long, value_name = "NUMBER")]
    probes_per_query: Option<usize>,
    /// Under disclosure labelled, most hits of a probe whose handles are told [default: 1]
    #[arg(long, value_name = "NUMBER")]
    hits_per_probe: Option<usize>,
    /// Most bits that the answer to a query may disclose [default: what the other limits come to]
    #[arg(long, value_name = "NUMBER")]
    bits_per_query: Option<u64>,
}

/// Hits of a probe whose handles are told, where nobody says otherwise.
pub const USUAL_HITS: usize = 1;

/// A threshold as it was written, and as an agreement can state it.
#[derive(Clone, Debug)]
struct Threshold {
    written: String,
    value: Decimal,
}

fn threshold(text: &str) -> Result<Threshold, String> {
    let value = Decimal::rounded(text).map_err(|error| error.to_string())?;
    Ok(Threshold { written: text.to_owned(), value })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Eyes {
    /// Eyes are not told apart
    Ignored,
    /// One matching eye is a hit
    Any,
    /// Both must match
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DisclosureArg {
    /// One bit for each probe: is this person in the records?
    Any,
    /// One bit for each probe and enrolled subject
    Each,
    /// How many subjects match each probe
    Count,
    /// The handles of the subjects that match, as many as --hits-per-probe admits
    Labelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemeArg {
    /// By the parameter set if one is named, else the one that answers soonest for as many references as --references admits, of those that are fine enough
    Auto,
    /// One comparison at a time: soonest for small galleries, any metric
    Tfhe,
    /// Thousands at a time: for large galleries; no noise, but vectors are rounded to few values
    Bgv,
    /// Thousands at a time, any metric: for large galleries of faces and irises, and many probes
    Hybrid,
}

impl From<SchemeArg> for SchemeChoice {
    fn from(scheme: SchemeArg) -> Self {
        match scheme {
            SchemeArg::Auto => Self::Auto,
            SchemeArg::Tfhe => Self::Tfhe,
            SchemeArg::Bgv => Self::Bgv,
            SchemeArg::Hybrid => Self::Hybrid,
        }
    }
}

impl ComparisonArgs {
    /// The terms of a comparison, with sound defaults for whatever is not chosen. Scheme, set and parties are the caller's to choose.
    pub fn terms(&self, modality: Modality) -> Result<Terms, Failure> {
        let mut terms = self.of_metric(modality)?;
        terms.modality = modality.into();
        self.choose_who_learns_what(&mut terms);
        Ok(terms)
    }

    /// Sets what goes with any comparison: disclosure and limits.
    pub fn choose_who_learns_what(&self, terms: &mut Terms) {
        set(
            &mut terms.disclosure,
            self.disclosure.map(|disclosure| match disclosure {
                DisclosureArg::Any => Disclosure::Any,
                DisclosureArg::Each => Disclosure::Each,
                DisclosureArg::Count => Disclosure::Count,
                DisclosureArg::Labelled => Disclosure::Labelled,
            }),
        );
        set(&mut terms.limits.references, self.references);
        set(&mut terms.limits.references_per_subject, self.references_per_subject);
        set(&mut terms.limits.probes_per_query, self.probes_per_query);
        set(&mut terms.limits.bits_per_query, self.bits_per_query.map(Some));
        let usual = (terms.disclosure == Disclosure::Labelled).then_some(USUAL_HITS);
        terms.limits.hits_per_probe = self.hits_per_probe.or(terms.limits.hits_per_probe).or(usual);
    }

    /// Says so where the threshold has more digits than an agreement holds.
    pub fn note_rounding(&self, console: &Console) {
        let cut = self.threshold.iter().find(|threshold| threshold.written.parse::<Decimal>().is_err());
        if let Some(Threshold { written, value }) = cut {
            console.note(format_args!(
                "--threshold {written} is rounded to {value}: an agreement states nine digits after the point"
            ));
        }
    }

    /// Whether it is left open how many references a gallery may hold.
    pub fn is_unlimited(&self) -> bool {
        self.references.is_none()
    }

    /// As [`ComparisonArgs::terms`], where the modality may follow from the metric.
    pub fn terms_of_any(&self, modality: Option<Modality>) -> Result<Terms, Failure> {
        self.terms(modality.unwrap_or_else(|| self.shape.usual_modality()))
    }

    /// Whether no comparison is chosen: neither shape nor threshold nor anything that goes with a metric.
    pub fn is_open(&self) -> bool {
        let of_irises = self.rotations.is_none() && self.minimum_common_bits.is_none() && self.eyes.is_none();
        self.shape.is_empty() && self.threshold.is_none() && self.maximum_norm.is_none() && of_irises
    }

    /// The terms of a shape and a metric, with the options that go with them.
    fn of_metric(&self, modality: Modality) -> Result<Terms, Failure> {
        let metric = self.shape.metric(modality)?;
        self.refuse_unfit_options(metric)?;
        let norm = || self.maximum_norm.map_or_else(|| decimal("1.0"), Ok);
        let mut terms = match (self.shape.shape(modality)?, metric) {
            (TemplateShape::Bits(dimension), _) => Terms::hamming(dimension, whole(self.required_threshold()?)?),
            (TemplateShape::Iris(shape), _) => Terms::iris(shape),
            (TemplateShape::Vector(dimension), Metric::InnerProduct) => {
                Terms::inner_product(dimension, norm()?, self.required_threshold()?)
            }
            (TemplateShape::Vector(dimension), Metric::SquaredEuclidean) => {
                Terms::squared_euclidean(dimension, norm()?, self.required_threshold()?)
            }
            (TemplateShape::Vector(dimension), _) => match modality {
                Modality::Fingerprint => Terms::fingerprint(dimension),
                Modality::Generic => {
                    self.required_threshold()?;
                    Terms::face(dimension)
                }
                Modality::Face | Modality::Iris => Terms::face(dimension),
            },
        };
        match &mut terms.comparison {
            ComparisonTerms::Cosine { threshold, .. } => set(threshold, self.value()),
            ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, eyes } => {
                set(threshold, self.value());
                set(minimum_common_bits, self.minimum_common_bits);
                set(rotations, self.rotations);
                set(
                    eyes,
                    self.eyes.map(|rule| match rule {
                        Eyes::Ignored => EyeRule::Ignored,
                        Eyes::Any => EyeRule::Any,
                        Eyes::All => EyeRule::All,
                    }),
                );
            }
            _ => {}
        }
        Ok(terms)
    }

    fn refuse_unfit_options(&self, metric: Metric) -> Result<(), Failure> {
        let iris = metric == Metric::FractionalHamming;
        for (option, given) in [
            ("--rotations", self.rotations.is_some()),
            ("--minimum-common-bits", self.minimum_common_bits.is_some()),
            ("--eyes", self.eyes.is_some()),
        ] {
            if given && !iris {
                return Err(unfit(option, "only iris codes have it (--modality iris)"));
            }
        }
        let scaled = matches!(metric, Metric::InnerProduct | Metric::SquaredEuclidean);
        match self.maximum_norm.is_some() && !scaled {
            true => Err(unfit("--maximum-norm", "it goes with inner-product and squared-euclidean only")),
            false => Ok(()),
        }
    }

    fn value(&self) -> Option<Decimal> {
        self.threshold.as_ref().map(|threshold| threshold.value)
    }

    fn required_threshold(&self) -> Result<Decimal, Failure> {
        self.value().ok_or_else(|| {
            Failure::new(
                "--threshold",
                "there is no usual threshold for this comparison",
                "choose one from scores of your own data (cotejo compare)",
            )
        })
    }
}

fn set<T>(field: &mut T, given: Option<T>) {
    given.into_iter().for_each(|given| *field = given);
}

fn decimal(text: &str) -> Result<Decimal, Failure> {
    text.parse().map_err(|error| Failure::new("--maximum-norm", error, "write a decimal number"))
}

/// A threshold in bits.
fn whole(threshold: Decimal) -> Result<u32, Failure> {
    threshold.whole().and_then(|bits| u32::try_from(bits).ok()).ok_or_else(|| {
        Failure::new("--threshold", format_args!("{threshold} is no number of bits"), "write how many bits may differ")
    })
}

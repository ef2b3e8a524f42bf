//! `cotejo agreement init`: sound defaults for each modality, every one of which can be set.

use std::path::PathBuf;

use clap::ValueEnum;
use cotejo::agreement::{AUTO, Agreement, ComparisonTerms, Decimal, Disclosure, EyeRule, SchemeChoice, Terms};
use cotejo::parameters::ParameterSet;
use cotejo::template::TemplateShape;
use serde_json::json;

use crate::cli::console::Console;
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Output};
use crate::cli::shape::{Metric, Modality, ShapeArgs, unfit};
use crate::cli::{Outcome, OverwriteArg, load};

/// Write an agreement with sound defaults, every field commented
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo agreement init --modality face --dimension 512 --metric cosine --threshold 0.35 --out agreement.toml
  cotejo agreement init --modality iris --threshold 0.345 --rotations 15 --eyes any
  cotejo agreement init --modality generic --metric hamming --dimension 512 --threshold 180")]
pub struct Args {
    #[command(flatten)]
    shape: ShapeArgs,
    /// Where a hit begins, in the metric's own unit [default: face 0.35, fingerprint 0.4, iris 0.345]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    threshold: Option<Decimal>,
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
    /// What the querier learns
    #[arg(long, value_enum, default_value = "any")]
    disclosure: DisclosureArg,
    /// Who asks
    #[arg(long, value_name = "NAME")]
    querier: Option<String>,
    /// Who holds the records
    #[arg(long, value_name = "NAME")]
    custodian: Option<String>,
    /// What the exchange is for
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// How it is encrypted
    #[arg(long, value_enum, default_value = "auto")]
    scheme: SchemeArg,
    /// Parameter set of the encryption, or auto: what suits the scheme and the comparison (list: cotejo agreement sets)
    #[arg(long, value_name = "NAME", default_value = AUTO)]
    parameter_set: String,
    /// Admit the parameter set for tests, which protects nothing
    #[arg(long)]
    allow_insecure: bool,
    /// Most references in a gallery
    #[arg(long, value_name = "NUMBER")]
    references: Option<usize>,
    /// Most references of one subject (for each eye, where eyes are told apart)
    #[arg(long, value_name = "NUMBER")]
    references_per_subject: Option<usize>,
    /// Most probes in a query
    #[arg(long, value_name = "NUMBER")]
    probes_per_query: Option<usize>,
    /// Where to write it
    #[arg(long, value_name = "FILE", default_value = "agreement.toml")]
    out: PathBuf,
    #[command(flatten)]
    overwrite: OverwriteArg,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SchemeArg {
    /// By the parameter set if one is named, else the one that answers sooner for as many references as --references admits
    Auto,
    /// One comparison at a time: soonest for small galleries, any metric
    Tfhe,
    /// Thousands at a time: for large galleries; exact
    Bgv,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let terms = self.terms()?;
        let agreement = Agreement::new(terms).map_err(|error| {
            Failure::of(&self.out, &error, "choose another value for it, see 'cotejo agreement init --help'")
        })?;
        load::warn_if_insecure(&agreement, console);
        let text = agreement.to_toml();
        let output = Output { path: &self.out, bytes: text.as_bytes(), access: Access::Shared };
        files::write(&[output], self.overwrite.force)?;
        let digest = agreement.digest();
        let path = self.out.display().to_string();
        let option = if path == "agreement.toml" { String::new() } else { format!(" --agreement {path}") };
        console.written(
            format_args!("{path}: digest {digest}\nRead it in words with: cotejo agreement check{option}"),
            &json!({
                "agreement": self.out,
                "digest": digest.to_string(),
                "scheme": agreement.scheme(),
                "parameter_set": agreement.parameters().name(),
                "terms": agreement.terms(),
            }),
        )?;
        Ok(Outcome::Done)
    }

    fn terms(&self) -> Result<Terms, Failure> {
        let set = ParameterSet::by_name(&self.parameter_set);
        if set.is_some_and(|set| !set.is_secure()) && !self.allow_insecure {
            return Err(Failure::new(
                "--parameter-set",
                format_args!("{} protects nothing", self.parameter_set),
                "choose another set (cotejo agreement sets); for tests add --allow-insecure",
            ));
        }
        let mut terms = self.comparison()?.with_scheme(match self.scheme {
            SchemeArg::Auto => SchemeChoice::Auto,
            SchemeArg::Tfhe => SchemeChoice::Tfhe,
            SchemeArg::Bgv => SchemeChoice::Bgv,
        });
        terms.modality = self.shape.modality.into();
        terms.disclosure = match self.disclosure {
            DisclosureArg::Any => Disclosure::Any,
            DisclosureArg::Each => Disclosure::Each,
            DisclosureArg::Count => Disclosure::Count,
        };
        terms.encryption.parameter_set.clone_from(&self.parameter_set);
        for (field, given) in [
            (&mut terms.querier, &self.querier),
            (&mut terms.custodian, &self.custodian),
            (&mut terms.title, &self.title),
        ] {
            given.iter().for_each(|given| field.clone_from(given));
        }
        for (field, given) in [
            (&mut terms.limits.references, self.references),
            (&mut terms.limits.references_per_subject, self.references_per_subject),
            (&mut terms.limits.probes_per_query, self.probes_per_query),
        ] {
            given.into_iter().for_each(|given| *field = given);
        }
        Ok(terms)
    }

    /// The terms of a shape and a metric, with the options that go with them.
    fn comparison(&self) -> Result<Terms, Failure> {
        let metric = self.shape.metric()?;
        self.refuse_unfit_options(metric)?;
        let norm = || self.maximum_norm.map_or_else(|| decimal("1.0"), Ok);
        let mut terms = match (self.shape.shape()?, metric) {
            (TemplateShape::Bits(dimension), _) => Terms::hamming(dimension, whole(self.required_threshold()?)?),
            (TemplateShape::Iris(shape), _) => Terms::iris(shape),
            (TemplateShape::Vector(dimension), Metric::InnerProduct) => {
                Terms::inner_product(dimension, norm()?, self.required_threshold()?)
            }
            (TemplateShape::Vector(dimension), Metric::SquaredEuclidean) => {
                Terms::squared_euclidean(dimension, norm()?, self.required_threshold()?)
            }
            (TemplateShape::Vector(dimension), _) => match self.shape.modality {
                Modality::Fingerprint => Terms::fingerprint(dimension),
                Modality::Generic => {
                    self.required_threshold()?;
                    Terms::face(dimension)
                }
                Modality::Face | Modality::Iris => Terms::face(dimension),
            },
        };
        match &mut terms.comparison {
            ComparisonTerms::Cosine { threshold, .. } => set(threshold, self.threshold),
            ComparisonTerms::FractionalHamming { threshold, minimum_common_bits, rotations, eyes } => {
                set(threshold, self.threshold);
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

    fn required_threshold(&self) -> Result<Decimal, Failure> {
        self.threshold.ok_or_else(|| {
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

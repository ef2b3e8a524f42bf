//! `cotejo plan`: what an exchange will cost, before it runs.

use std::time::Duration;

use crate::agreement::{SchemeChoice, SchemeId};
use crate::parameters::Dimensions;
use crate::parameters::bgv::BgvSet;
use crate::planning::{self, CanaryPlan, FoundOut, Pace, Plan};
use crate::remedy::Remedy;
use crate::scheme::{Opened, bgv, hybrid};
use serde_json::{Value, json};

use super::console::{Console, bytes, count, seconds};
use super::failure::Failure;
use super::{AgreementArg, Outcome, load, pace, size};

/// Predict time, bytes and memory of an exchange before it runs
///
/// Times the work of every scheme on this machine for some seconds, on all cores; run it where 'match' will run.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo plan --agreement agreement.toml --references 100000 --probes 1")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// References in the gallery
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    references: usize,
    /// Probes in the query
    #[arg(long, value_name = "NUMBER", default_value = "1", value_parser = number)]
    probes: usize,
    /// References of donors among them that the querier asks about now and then [default: as agreed]
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    canaries: Option<usize>,
    /// Memory that 'match' may use for keeping the gallery as the scheme computes on it
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size::parse)]
    memory: u64,
    /// Scheme tfhe: time of one bootstrap with all cores busy, of another machine, instead of measuring here
    #[arg(long, value_name = "MILLISECONDS", value_parser = time)]
    bootstrap_ms: Option<f64>,
    /// Schemes bgv and hybrid: time of one transform of a prime's residues with all cores busy, likewise
    #[arg(long, value_name = "MICROSECONDS", value_parser = time, requires = "product_us")]
    transform_us: Option<f64>,
    /// Schemes bgv and hybrid: time of one product of a prime's residues with all cores busy, likewise
    #[arg(long, value_name = "MICROSECONDS", value_parser = time, requires = "transform_us")]
    product_us: Option<f64>,
    /// Schemes bgv and hybrid: time of encoding a diagonal [default: as many transforms as on the reference machine]
    #[arg(long, value_name = "MICROSECONDS", value_parser = time, requires = "transform_us")]
    encoding_us: Option<f64>,
    /// Schemes bgv and hybrid: time of sanitising a ring element [default: likewise]
    #[arg(long, value_name = "MICROSECONDS", value_parser = time, requires = "transform_us")]
    output_us: Option<f64>,
}

/// A plan, the agreement it is for, and what it was made from.
struct Prediction {
    plan: Plan,
    pace: Pace,
    measured_here: bool,
}

/// What would be chosen if nothing were named.
#[derive(serde::Serialize)]
struct Auto {
    scheme: Option<SchemeId>,
    parameter_set: String,
    reason: String,
}

/// What there is to say of a scheme that was not agreed.
enum Other {
    Predicted(Box<Prediction>),
    Refused(SchemeId, String),
}

/// A number of things, from 1 to what an agreement can admit.
fn number(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=10_000_000) => Ok(number),
        _ => Err("a whole number from 1 to 10000000 is needed".to_owned()),
    }
}

/// Of one unit of work.
fn time(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e6 => Ok(number),
        _ => Err("a number above 0, up to 1000000, is needed".to_owned()),
    }
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        let limits = &agreement.terms().limits;
        for (what, asked, limit, field) in [
            ("--references", self.references, limits.references, "limits.references"),
            ("--probes", self.probes, limits.probes_per_query, "limits.probes_per_query"),
        ] {
            if asked > limit {
                console.warn(format_args!("{what} {asked} is over the {limit} that the agreement admits ({field})"));
            }
        }
        let agreed = self.prediction(&agreement, console)?;
        let others = self.others(&agreement, console)?;
        let open = agreement.terms().clone().with_scheme(SchemeChoice::Auto);
        let auto = planning::settle(&open).ok().map(|settled| Auto {
            scheme: settled.terms.encryption.scheme.named(),
            parameter_set: settled.terms.encryption.parameter_set,
            reason: settled.why.clause(),
        });
        let mut text = agreed.text();
        text += &format!(
            "\nleft to chance    2^{:.1} over a year of {}: what answers tell of the records beside their verdicts",
            agreement.log2_distance_of_a_year(),
            count(agreement.probes_of_a_year() as usize, "probe")
        );
        let agreed_on = agreement.terms().service.as_ref().and_then(|service| service.canaries);
        let canaries = self.canaries.map(|canaries| canaries as u64).or(agreed_on);
        let canaries = canaries.map(|canaries| CanaryPlan::new(self.references as u64, canaries));
        text += &canaries.as_ref().map_or_else(String::new, found_out);
        for other in &others {
            text += &match other {
                Other::Predicted(other) => {
                    format!("\nthe same terms under scheme {}\n{}", other.plan.scheme, other.text())
                }
                Other::Refused(scheme, why) => format!("\nscheme {scheme} does not admit these terms: {why}"),
            };
        }
        if let Some(auto) = &auto {
            let scheme = auto.scheme.map_or_else(String::new, |scheme| scheme.to_string());
            text += &format!("\nscheme \"auto\" is {scheme}, {}: {}", auto.parameter_set, auto.reason);
        }
        let mut document = agreed.document();
        let alternatives: Vec<Value> = others
            .iter()
            .map(|other| match other {
                Other::Predicted(other) => other.document(),
                Other::Refused(scheme, why) => json!({ "scheme": scheme, "refused": why }),
            })
            .collect();
        if let Some(document) = document.as_object_mut() {
            document.insert("log2_distance_of_a_year".to_owned(), agreement.log2_distance_of_a_year().into());
            document.insert("canaries".to_owned(), json!(canaries));
            document.insert("threads".to_owned(), rayon::current_num_threads().into());
            document.insert("agreement".to_owned(), agreement.digest().to_string().into());
            document.insert("alternatives".to_owned(), alternatives.into());
            document.insert("auto".to_owned(), json!(auto));
        }
        console.result(text, &document)?;
        Ok(Outcome::Done)
    }

    /// The same terms under the other schemes; only those a pace is given of where any is: then nothing is measured.
    fn others(&self, agreement: &Opened, console: &Console) -> Result<Vec<Other>, Failure> {
        let any_given = self.transform_us.is_some() || self.bootstrap_ms.is_some();
        let given = |scheme| match scheme {
            SchemeId::Tfhe => self.bootstrap_ms.is_some(),
            SchemeId::Bgv | SchemeId::Hybrid => self.transform_us.is_some(),
        };
        let others = SchemeId::ALL.into_iter().filter(|&scheme| scheme != agreement.scheme());
        let others = others.filter(|&scheme| !any_given || given(scheme));
        let of = |scheme: SchemeId| match planning::open(agreement.terms().clone().with_scheme(scheme.into())) {
            Ok(other) => self.prediction(&other, console).map(|other| Other::Predicted(Box::new(other))),
            Err(error) => Ok(Other::Refused(scheme, error.in_full())),
        };
        others.map(of).collect()
    }

    /// The units of a ring's work, where they are given.
    fn ring_pace(&self, set: &BgvSet) -> Option<bgv::laboratory::pace::Pace> {
        let (transform, product) = self.transform_us.zip(self.product_us)?;
        let time = |microseconds: f64| Duration::from_secs_f64(microseconds / 1e6);
        let mut pace = bgv::laboratory::pace::Pace::of_units(set, time(transform), time(product));
        self.encoding_us.iter().for_each(|&given| pace.encoding = time(given));
        self.output_us.iter().for_each(|&given| pace.output = time(given));
        Some(pace)
    }

    fn prediction(&self, agreement: &Opened, console: &Console) -> Result<Prediction, Failure> {
        let failure = |error: &dyn std::fmt::Display| Failure::at(&self.agreement.path, error, "agree on another set");
        let (pace, measured_here) = match agreement.parameters().dimensions() {
            Dimensions::Tfhe(_) => match self.bootstrap_ms {
                Some(milliseconds) => (Pace::Tfhe(Duration::from_secs_f64(milliseconds / 1e3)), false),
                None => (pace::measure(agreement, console)?, true),
            },
            Dimensions::Bgv(set) => match self.ring_pace(set) {
                Some(pace) => (Pace::Bgv(pace), false),
                None => (pace::measure(agreement, console)?, true),
            },
            Dimensions::Hybrid(set) => match self.ring_pace(&set.ring()) {
                Some(ring) => (Pace::Hybrid(hybrid::laboratory::pace::Pace::with_ring(set, ring)), false),
                None => (pace::measure(agreement, console)?, true),
            },
        };
        let plan = Plan::new(agreement, self.references, self.probes, &pace, self.memory);
        Ok(Prediction { plan: plan.map_err(|error| failure(&error))?, pace, measured_here })
    }
}

impl Prediction {
    fn text(&self) -> String {
        let plan = &self.plan;
        let comparisons = plan.references * plan.probes;
        let time = Duration::try_from_secs_f64(plan.seconds).unwrap_or(Duration::MAX);
        let unit = match self.pace {
            Pace::Tfhe(bootstrap) => format!("a bootstrap takes {}", seconds(bootstrap)),
            Pace::Bgv(pace) => format!("a transform takes {}", seconds(pace.transform)),
            Pace::Hybrid(pace) => format!("a transform takes {}", seconds(pace.ring.transform)),
        };
        format!(
            "{} against {}: {}, {}\n\
             scheme            {}, {}\n\
             time of match     {} ({} a comparison; {unit} {})\n\
             evaluation key    {} (once)\n\
             query             {}\n\
             answer            {}\n\
             memory of match   {}\n\
             disclosed         {} to the querier at most",
            count(plan.probes, "probe"),
            count(plan.references, "reference"),
            count(comparisons, "comparison"),
            count(plan.steps as usize, plan.step),
            plan.scheme,
            plan.parameter_set,
            seconds(time),
            seconds(time.div_f64(comparisons as f64)),
            match self.measured_here {
                false => "as given".to_owned(),
                true => format!("here, on {}", count(rayon::current_num_threads(), "thread")),
            },
            bytes(plan.evaluation_key_bytes as usize),
            bytes(plan.query_bytes as usize),
            bytes(plan.answer_bytes as usize),
            bytes(plan.memory_bytes as usize),
            count(plan.disclosed_bits as usize, "bit"),
        )
    }

    fn document(&self) -> Value {
        let mut document = json!(self.plan);
        let pace = match self.pace {
            Pace::Tfhe(bootstrap) => json!({ "bootstrap_ms": bootstrap.as_secs_f64() * 1e3 }),
            Pace::Bgv(pace) => ring_units(&pace),
            Pace::Hybrid(pace) => {
                let [polynomial, row] = [pace.polynomial, pace.row].map(|duration| duration.as_secs_f64() * 1e6);
                let mut units = ring_units(&pace.ring);
                if let Some(units) = units.as_object_mut() {
                    units.insert("polynomial_us".to_owned(), polynomial.into());
                    units.insert("row_us".to_owned(), row.into());
                }
                units
            }
        };
        if let Some(document) = document.as_object_mut() {
            document.insert("pace".to_owned(), pace);
            document.insert("measured_here".to_owned(), self.measured_here.into());
        }
        document
    }
}

/// What canaries find, in words.
fn found_out(plan: &CanaryPlan) -> String {
    let CanaryPlan { references, canaries, found_out, found_from } = plan;
    let chance = |found: &FoundOut| format!("1 of {}: {:.1} %", found.one_of, 100.0 * found.chance);
    format!(
        "\ncanaries          {canaries} of {}: a custodian that skips references is found out by asking about all of them, where it \
         skips\n                  {}; 95 % from {} on",
        count(*references as usize, "reference"),
        found_out.iter().map(chance).collect::<Vec<_>>().join(", "),
        count(*found_from as usize, "skipped reference"),
    )
}

/// The units of a ring's work.
fn ring_units(pace: &bgv::laboratory::pace::Pace) -> Value {
    let [transform, product, encoding, output] =
        [pace.transform, pace.product, pace.encoding, pace.output].map(|duration| duration.as_secs_f64() * 1e6);
    json!({ "transform_us": transform, "product_us": product, "encoding_us": encoding, "output_us": output })
}

//! From labelled templates to a threshold both parties can sign: `cargo run --release --example choosing_a_threshold`.
//!
//! Takes templates of people with two samples each, compares them with the clear oracle (which defines every encrypted verdict),
//! and shows the errors at each candidate. The templates here are synthetic: put your own in [`labelled`], for accuracy on
//! these says nothing about any real system.

use std::error::Error;

use cotejo::agreement::{ComparisonTerms, Decimal, Terms};
use cotejo::functional::oracle::Oracle;
use cotejo::planning;
use cotejo::scheme::GrayZone;
use cotejo::scheme::Opened;
use cotejo::template::Record;
use cotejo::template::synthetic::{Model, Population};
use rayon::prelude::*;

const PEOPLE: u32 = 1500;
/// How many references the custodian will have.
const GALLERY: f64 = 1000.0;
/// How often a stranger may hit somebody in that gallery.
const FALSE_HITS: f64 = 0.01;

fn main() -> Result<(), Box<dyn Error>> {
    let agreement = planning::open(Terms::face(512))?;
    let (references, probes) = labelled(&agreement)?;
    let scores = Scores::of(&agreement, &references, &probes)?;
    println!(
        "{} people with two samples each: {} genuine and {} impostor pairs",
        references.len(),
        scores.genuine.len(),
        scores.impostor.len()
    );
    println!(
        "FMR: share of impostor pairs that hit. FNMR: share of genuine pairs that miss. Bounds at 95 % confidence.\n"
    );
    println!("  threshold    FMR        at most    FNMR     at most    a stranger hits in {GALLERY} references");

    let mut recommended = None;
    for percent in (16..=44).step_by(2) {
        let threshold = f64::from(percent) / 100.0;
        let false_match = Rate::of(&scores.impostor, |score| score >= threshold);
        let false_non_match = Rate::of(&scores.genuine, |score| score < threshold);
        // Of independent references; at the bound, not at the estimate.
        let stranger = 1.0 - (1.0 - false_match.at_most()).powf(GALLERY);
        let chosen = recommended.is_none() && stranger <= FALSE_HITS;
        if chosen {
            recommended = Some((percent, false_match.at_most(), false_non_match.at_most()));
        }
        println!(
            "  {threshold:<13.2}{:<11.2e}{:<11.2e}{:<9.4}{:<11.4}at most {:5.1} %{}",
            false_match.estimate(),
            false_match.at_most(),
            false_non_match.estimate(),
            false_non_match.at_most(),
            100.0 * stranger,
            if chosen { "   <- recommended" } else { "" }
        );
    }

    let Some((percent, false_match, false_non_match)) = recommended else {
        println!(
            "\nNo candidate keeps a stranger below {} %: more impostor pairs are needed to show it.",
            100.0 * FALSE_HITS
        );
        return Ok(());
    };
    let threshold = f64::from(percent) / 100.0;
    println!(
        "\nRecommended: threshold = {threshold}, the lowest that keeps a stranger's hit below {} %.",
        100.0 * FALSE_HITS
    );
    println!(
        "It is shown to have FMR <= {false_match:.1e} and FNMR <= {false_non_match:.1e}. No hit in n pairs shows FMR <= 3/n only."
    );

    let zone = GrayZone::of(&with_threshold(threshold.to_string().parse()?)?);
    let deviation = zone.score_deviation();
    let within = |scores: &[f64]| Rate::of(scores, |score| (score - threshold).abs() <= 2.0 * deviation).estimate();
    println!("\nGray zone: {}", zone.sentence());
    println!(
        "Within two deviations ({:.4} to {:.4}) lie {:.2} % of the genuine and {:.4} % of the impostor pairs.",
        threshold - 2.0 * deviation,
        threshold + 2.0 * deviation,
        100.0 * within(&scores.genuine),
        100.0 * within(&scores.impostor)
    );
    println!(
        "\nWrite it into the agreement:  cotejo agreement init --modality face --dimension 512 --threshold {threshold}"
    );
    Ok(())
}

/// Two samples of each person, in the same order. For your own: [`cotejo::template::read::records`].
fn labelled(agreement: &Opened) -> Result<(Vec<Record>, Vec<Record>), Box<dyn Error>> {
    let population = Population::new(Model::Face, agreement.shape(), 1)?;
    let sample = |number| population.records(0..PEOPLE, number..number + 1).collect::<Result<Vec<_>, _>>();
    Ok((sample(0)?, sample(1)?))
}

fn with_threshold(agreed: Decimal) -> Result<Opened, Box<dyn Error>> {
    let mut terms = Terms::face(512);
    if let ComparisonTerms::Cosine { threshold, .. } = &mut terms.comparison {
        *threshold = agreed;
    }
    Ok(planning::open(terms)?)
}

struct Scores {
    genuine: Vec<f64>,
    impostor: Vec<f64>,
}

impl Scores {
    /// Every probe against every reference. Scores do not depend on the agreement's threshold.
    fn of(agreement: &Opened, references: &[Record], probes: &[Record]) -> Result<Self, Box<dyn Error>> {
        let functional = agreement.functional();
        let references = references.iter().map(|record| Ok((&record.subject, functional.reference(&record.template)?)));
        let references = references.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
        let samples = probes.iter().map(|record| Ok((&record.subject, functional.probe(&record.template)?)));
        let samples = samples.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
        let compare = |(subject, sample)| {
            let oracle = Oracle::new(functional, sample);
            references.iter().map(move |(other, reference)| (subject == other, oracle.compare(reference).score))
        };
        let scores: Vec<(bool, f64)> =
            samples.par_iter().flat_map_iter(|(subject, sample)| compare((subject, sample))).collect();
        let of = |same| scores.iter().filter(|(genuine, _)| *genuine == same).map(|(_, score)| *score).collect();
        Ok(Self { genuine: of(true), impostor: of(false) })
    }
}

/// So many events among so many.
struct Rate {
    events: f64,
    trials: f64,
}

impl Rate {
    fn of(scores: &[f64], event: impl Fn(f64) -> bool) -> Self {
        let events = scores.iter().filter(|&&score| event(score)).count();
        Self { events: events as f64, trials: scores.len() as f64 }
    }

    fn estimate(&self) -> f64 {
        self.events / self.trials
    }

    /// Upper 95 % bound of a Poisson count, by Wilson and Hilferty's approximation; 3 for no event.
    fn at_most(&self) -> f64 {
        let next = self.events + 1.0;
        let count = next * (1.0 - 1.0 / (9.0 * next) + 1.645 / (3.0 * next.sqrt())).powi(3);
        count.max(2.996) / self.trials
    }
}

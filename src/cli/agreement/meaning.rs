//! What the choice of a scheme means, in two lines, and what a threshold does.

use std::time::Duration;

use crate::agreement::SchemeId;
use crate::planning::{self, Pace, Plan, TOO_OFTEN, hits_of_strangers};
use crate::scheme::{GrayZone, Opened};

use crate::cli::console::{Console, bytes, count, seconds};

/// Says what the agreed scheme costs and how the others would be chosen; where the choice was left `open`, what these cost too.
pub(super) fn explain(agreement: &Opened, open: bool, console: &Console) {
    if console.quiet() {
        return;
    }
    let references = agreement.terms().limits.references;
    console.note(format_args!(
        "One probe against {}, on the reference machine (docs/performance.md; here: cotejo plan):",
        count(references, "reference")
    ));
    console.note(format_args!("  {}", line(agreement)));
    // Under a set of its own an agreement has the scheme of that set.
    if agreement.terms().encryption.set.is_some() {
        return;
    }
    let others = SchemeId::ALL.into_iter().filter(|&scheme| scheme != agreement.scheme());
    // Whoever has chosen need not wait: weighing the sets of other schemes takes seconds.
    if !open {
        let others: Vec<String> = others.map(|scheme| format!("--scheme {scheme}")).collect();
        console.note(format_args!("  others: {}; without --scheme all are weighed", others.join(", ")));
        return;
    }
    for scheme in others {
        match planning::open(agreement.terms().clone().with_scheme(scheme.into())) {
            Ok(other) => console.note(format_args!("  {}; choose it with --scheme {scheme}", line(&other))),
            Err(_) => console.note(format_args!("  {scheme}: does not admit these terms")),
        }
    }
}

/// Scheme, set, what crosses, time, and what the verdict is worth.
fn line(agreement: &Opened) -> String {
    let (scheme, set) = (agreement.scheme(), agreement.parameters());
    let references = agreement.terms().limits.references;
    let costs = match Plan::new(agreement, references, 1, &Pace::reference(set), 0) {
        Ok(plan) => format!(
            "key {} once, query {}, answer {}, {}",
            bytes(plan.evaluation_key_bytes as usize),
            bytes(plan.query_bytes as usize),
            bytes(plan.answer_bytes as usize),
            seconds(Duration::try_from_secs_f64(plan.seconds).unwrap_or(Duration::MAX))
        ),
        Err(error) => error.to_string(),
    };
    let noise = match agreement.functional().is_exact() {
        true => "no noise".to_owned(),
        false => format!("noise moves a score by {}", small(GrayZone::of(agreement).score_deviation())),
    };
    let rounding = match agreement.functional().rounding_deviation() {
        0.0 => String::new(),
        deviation => format!(", rounding by {}", small(deviation)),
    };
    format!("{scheme} ({}): {costs}; {noise}{rounding}", set.name())
}

/// A deviation, to two digits.
fn small(deviation: f64) -> String {
    let decimals = (1.0 - deviation.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{deviation:.decimals$}")
}

/// Warns of a threshold that lets strangers match.
pub(super) fn warn_of_strangers(agreement: &Opened, console: &Console) {
    let share = hits_of_strangers(agreement.terms());
    if share > TOO_OFTEN {
        console.warn(format_args!(
            "at this threshold {:.0} % of random templates match each other, and real strangers do so more often: a search of {} would hit \
             for almost anybody; choose a threshold from scores of your own data (cotejo evaluate --target-fmr)",
            (100.0 * share).max(1.0),
            count(agreement.terms().limits.references, "reference")
        ));
    }
}

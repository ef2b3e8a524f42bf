//! The encrypted column: predicted, run with progress, kept after each probe, gone on with after an interruption.

use std::path::Path;
use std::time::Duration;

use crate::agreement::SchemeId;
use crate::evaluate::{Amount, DrawnVerdicts, Encrypted, EncryptedError, Evaluation, Selection, pairwise};
use crate::planning::Plan;
use crate::remedy::Remedy;
use crate::scheme::{Opened, Progress as _};

use super::Args;
use super::partial::Partial;
use crate::cli::console::{Console, bytes, count, seconds};
use crate::cli::failure::Failure;
use crate::cli::{interrupt, pace};

/// The pairs that are decided under encryption, and an agreement under which each has a verdict of its own.
pub struct Draw {
    pub agreement: Opened,
    pub selection: Selection,
}

impl Draw {
    /// Draws about so many by a seed, in units that the scheme decides on at once. `path` is that of the agreement.
    pub fn new(evaluation: &Evaluation<'_>, amount: Amount, seed: u64, path: &Path) -> Result<Self, Failure> {
        let selection = match evaluation.agreement.scheme() {
            SchemeId::Bgv | SchemeId::Hybrid => Selection::of_probes(evaluation.dataset, amount, seed),
            SchemeId::Tfhe => Selection::of_pairs(evaluation.scores, amount, seed),
        };
        let largest = selection.units.iter().map(|unit| unit.references.len()).max().unwrap_or_default();
        let agreement = pairwise(evaluation.agreement, largest).map_err(|error| {
            let what = format!("the parameter set has no room for a verdict on each pair: {}", error.in_full());
            Failure::at(path, what, LEAVE_OUT)
        })?;
        Ok(Self { agreement, selection })
    }
}

/// What to do where nothing can be decided under encryption.
pub const LEAVE_OUT: &str = "leave the encrypted column out with --encrypt none";

impl Args {
    pub(super) fn decide(
        &self,
        evaluation: &Evaluation<'_>,
        amount: Amount,
        console: &Console,
    ) -> Result<DrawnVerdicts, Failure> {
        let dataset = evaluation.dataset;
        let Draw { agreement, selection } = Draw::new(evaluation, amount, self.seed, &self.agreement.path)?;
        let mut partial = Partial::open(&self.partial, self.fingerprint(evaluation, &selection), &selection, console)?;
        self.announce(&agreement, &selection, &partial, console)?;
        let explain = |error: &EncryptedError| match interrupt::requested() {
            true => Failure::Interrupted,
            false => Failure::of(&self.agreement.path, error, LEAVE_OUT),
        };
        let exchange = Encrypted::new(&agreement, dataset, self.seed, self.memory).map_err(|e| explain(&e))?;
        let earlier = partial.verdicts().len() as u64;
        let meter = console.meter_from("encrypted", "probe", selection.units.len() as u64, earlier);
        let mut failed = None;
        let judged = exchange.judge(&selection, partial.verdicts().len(), &interrupt::Unwatched, &mut |_, verdicts| {
            meter.advance(1);
            failed = partial.add(verdicts).err();
            failed.is_none() && !interrupt::requested()
        });
        meter.finish();
        if let Some(failure) = failed {
            return Err(failure);
        }
        match judged {
            Ok(()) if partial.verdicts().len() == selection.units.len() => {
                Ok(DrawnVerdicts { selection, verdicts: partial.into_verdicts() })
            }
            _ if interrupt::requested() => Err(partial.paused(selection.units.len())),
            Ok(()) => Err(Failure::Interrupted),
            Err(error) => Err(explain(&error)),
        }
    }

    /// Says what is about to be done, and how long it will take.
    fn announce(
        &self,
        agreement: &Opened,
        selection: &Selection,
        partial: &Partial,
        console: &Console,
    ) -> Result<(), Failure> {
        let left = selection.units.len() - partial.verdicts().len();
        if left == 0 {
            return Ok(());
        }
        let pace = pace::measure(agreement, console)?;
        let share = left as f64 / selection.units.len() as f64;
        // Where pairs are decided one by one, a probe costs next to nothing.
        let (references, probes) = match selection.whole_gallery {
            true => (selection.units.first().map_or(0, |unit| unit.references.len()), left),
            false => ((selection.pairs() as f64 * share).round() as usize, 1),
        };
        let plan = Plan::new(agreement, references.max(1), probes, &pace, self.memory)
            .map_err(|error| Failure::at(&self.agreement.path, error, "leave it out with --encrypt none"))?;
        console.note(format_args!(
            "encrypted column: {} of {} under {}, {} {} and {} of memory",
            count(selection.pairs() as usize, "pair"),
            count(selection.units.len(), "probe"),
            plan.parameter_set,
            // Few pairs at a time are slower than many, which is what is predicted.
            if selection.whole_gallery { "about" } else { "at least" },
            seconds(Duration::try_from_secs_f64(plan.seconds).unwrap_or(Duration::MAX)),
            bytes(plan.memory_bytes as usize),
        ));
        Ok(())
    }
}

//! The encrypted column: predicted, run with progress, kept after each probe, gone on with after an interruption.

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

impl Args {
    pub(super) fn decide(
        &self,
        evaluation: &Evaluation<'_>,
        amount: Amount,
        console: &Console,
    ) -> Result<DrawnVerdicts, Failure> {
        let dataset = evaluation.dataset;
        let selection = match evaluation.agreement.scheme() {
            SchemeId::Bgv | SchemeId::Hybrid => Selection::of_probes(dataset, amount, self.seed),
            SchemeId::Tfhe => Selection::of_pairs(evaluation.scores, amount, self.seed),
        };
        let largest = selection.units.iter().map(|unit| unit.references.len()).max().unwrap_or_default();
        let agreement = pairwise(evaluation.agreement, largest).map_err(|error| {
            let what = format!("the parameter set has no room for a verdict on each pair: {}", error.in_full());
            Failure::at(&self.agreement.path, what, "leave the encrypted column out with --encrypt none")
        })?;
        let mut partial = Partial::open(&self.partial, self.fingerprint(evaluation, &selection), &selection, console)?;
        self.announce(&agreement, &selection, &partial, console)?;
        let explain = |error: &EncryptedError| match interrupt::requested() {
            true => Failure::Interrupted,
            false => Failure::of(&self.agreement.path, error, "leave the encrypted column out with --encrypt none"),
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

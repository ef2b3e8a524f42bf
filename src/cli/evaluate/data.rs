//! Labelled templates as they are read, and why they cannot be evaluated.

use std::path::Path;

use crate::evaluate::{EvaluateError, Samples};
use crate::scheme::Opened;

use crate::cli::console::Console;
use crate::cli::failure::{Cause, Failure};
use crate::cli::templates::{self, Templates};

/// The records of a file; those that make no template are failures to enrol. Without ids none are read.
pub fn labelled(templates: &Templates<'_>, agreement: &Opened, console: &Console) -> Result<Samples, Failure> {
    let loaded = templates.read_with_ids(agreement.shape(), templates::NO_LABELS, console)?;
    console.warn_each(&format!("{}: failure to enrol", templates.path.display()), loaded.unusable.iter());
    let unusable = loaded.unusable.into_iter().chain(loaded.failed).collect();
    Ok(Samples { records: loaded.records, unusable })
}

/// Why templates cannot be evaluated; `source` is the file to blame.
pub fn explain(source: &Path, error: &EvaluateError) -> Failure {
    let failure = match error {
        EvaluateError::Stopped(_) => Failure::Interrupted,
        EvaluateError::NoGenuinePair { .. } => {
            Failure::at(source, error, "give subjects with two samples, with the same id each (--ids)")
        }
        error => Failure::of(source, error, "give other templates"),
    };
    failure.because(Cause::Templates)
}

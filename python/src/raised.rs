//! Failures of the library and of its commands as Python's exceptions: one class a cause, with the words of the command line.

use cotejo::ExchangeError;
use cotejo::cli::embedded::{self, Cause, Failure};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::prelude::*;

/// The exception of a failure.
pub fn raised(py: Python<'_>, failure: Failure) -> PyErr {
    match failure {
        Failure::Problem(problem) => {
            let class = class(problem.cause);
            let made = py.import("cotejo.errors").and_then(|errors| {
                errors.getattr(class)?.call1((problem.place, problem.what, problem.remedy, problem.details))
            });
            made.map_or_else(|error| error, PyErr::from_value)
        }
        Failure::Interrupted | Failure::Paused(_) => PyKeyboardInterrupt::new_err(failure.one_line()),
        Failure::OutputClosed => PyRuntimeError::new_err(failure.one_line()),
    }
}

/// The exception that a step of an exchange ends with; `place` names what it is about.
pub fn of_exchange(py: Python<'_>, place: &str, error: &ExchangeError) -> PyErr {
    raised(py, embedded::failed(place, error))
}

/// An exception of a problem that only Python has.
pub fn problem(py: Python<'_>, cause: Cause, place: &str, what: &str, remedy: &str) -> PyErr {
    raised(py, Failure::new(place, what, remedy).because(cause))
}

/// The name of the class, in `cotejo.errors`.
fn class(cause: Cause) -> &'static str {
    match cause {
        Cause::Input => "InputError",
        Cause::System => "FileSystemError",
        Cause::Agreement => "AgreementError",
        Cause::Templates => "TemplatesError",
        Cause::Gallery => "GalleryError",
        Cause::Damaged => "DamagedError",
        Cause::OtherAgreement => "OtherAgreementError",
        Cause::OtherKey => "OtherKeyError",
        Cause::Query => "QueryError",
        Cause::Answer => "AnswerError",
        Cause::Service => "ServiceError",
    }
}

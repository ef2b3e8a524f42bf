//! The Python package, `cotejo._native`: what the front door of the library and the program's commands are, for Python.
//!
//! Nothing is decided here. Arrays become records ([`records`]), long work runs without the interpreter's lock and can be interrupted
//! ([`work`]), failures become exceptions with the words of the command line ([`raised`]). Classes that hold a key neither print, nor copy,
//! nor pickle.

mod agreement;
mod command;
mod compare;
mod frames;
mod gallery;
mod parties;
mod raised;
mod records;
mod work;

use pyo3::prelude::*;

/// As the program has it: what is done here takes as long as there.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The native part of the package `cotejo`.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<agreement::Agreement>()?;
    module.add_class::<records::Records>()?;
    module.add_class::<gallery::Gallery>()?;
    module.add_class::<parties::Querier>()?;
    module.add_class::<parties::Pending>()?;
    module.add_class::<parties::Custodian>()?;
    module.add_class::<records::Refused>()?;
    module.add_function(wrap_pyfunction!(command::run, module)?)?;
    module.add_function(wrap_pyfunction!(command::main, module)?)?;
    module.add_function(wrap_pyfunction!(command::write_text, module)?)?;
    module.add_function(wrap_pyfunction!(compare::compare, module)?)?;
    module.add_function(wrap_pyfunction!(gallery::enrol, module)?)?;
    Ok(())
}

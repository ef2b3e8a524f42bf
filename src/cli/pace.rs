//! How fast this machine works under an agreement, measured for a second or two: what predictions of time are made from.

use std::time::{Duration, Instant};

use crate::parameters::Dimensions;
use crate::parameters::bgv::BgvSet;
use crate::parameters::hybrid::HybridSet;
use crate::parameters::tfhe::TfheSet;
use crate::planning::Pace;
use crate::scheme::tfhe::laboratory::workload::Workload;
use crate::scheme::{Opened, bgv, hybrid};

use super::console::Console;
use super::failure::Failure;
use super::{interrupt, load};

/// The pace of the agreement's scheme and parameter set, on all cores.
pub fn measure(agreement: &Opened, console: &Console) -> Result<Pace, Failure> {
    interrupt::check()?;
    let parameters = agreement.parameters();
    match parameters.dimensions() {
        Dimensions::Tfhe(set) => bootstrap(parameters.name(), set, console).map(Pace::Tfhe),
        Dimensions::Bgv(set) => units(agreement, set, console).map(Pace::Bgv),
        Dimensions::Hybrid(set) => units_of_pairs(agreement, set, console).map(Pace::Hybrid),
    }
}

/// Time of one bootstrap with all cores busy.
fn bootstrap(name: &str, set: &TfheSet, console: &Console) -> Result<Duration, Failure> {
    console.note(format_args!("timing bootstraps of parameter set {name} ..."));
    let workload = Workload::new(set, &mut load::randomness()?);
    // Threads, caches and tables warm up.
    workload.thresholds(8 * rayon::current_num_threads());
    let (start, mut done) = (Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(1) {
        interrupt::check()?;
        done += workload.thresholds(32 * rayon::current_num_threads());
    }
    Ok(start.elapsed().div_f64(done.max(1) as f64))
}

/// Times of the units of work of scheme `hybrid`.
fn units_of_pairs(
    agreement: &Opened,
    set: &HybridSet,
    console: &Console,
) -> Result<hybrid::laboratory::pace::Pace, Failure> {
    console.note(format_args!("timing the work of parameter set {} ...", agreement.parameters().name()));
    let mut rng = load::randomness()?;
    let (functional, disclosure) = (agreement.functional(), agreement.terms().disclosure);
    let timed = hybrid::laboratory::pace::Units::new(set, functional, disclosure, &mut rng);
    let timed = timed.map_err(|error| Failure::new("agreement", error, "agree on another set"))?;
    let start = Instant::now();
    Ok(timed.pace(&mut rng, &|| start.elapsed()))
}

/// Times of the units of work of scheme `bgv`.
fn units(agreement: &Opened, set: &BgvSet, console: &Console) -> Result<bgv::laboratory::pace::Pace, Failure> {
    console.note(format_args!("timing the work of parameter set {} ...", agreement.parameters().name()));
    let mut rng = load::randomness()?;
    let (functional, disclosure) = (agreement.functional(), agreement.terms().disclosure);
    let timed = bgv::laboratory::pace::Units::new(set, functional, disclosure, &mut rng);
    let timed = timed.map_err(|error| Failure::new("agreement", error, "agree on another set"))?;
    let start = Instant::now();
    Ok(timed.pace(&mut rng, &|| start.elapsed()))
}

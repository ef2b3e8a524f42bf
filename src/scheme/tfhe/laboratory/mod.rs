//! What measures, times, predicts and tries the scheme. The flow does not know it.

#[cfg(test)]
mod even;
#[cfg(test)]
mod formulas;
#[cfg(test)]
mod malformed;
pub mod measurement;
pub mod pace;
mod specimen;
pub mod workload;

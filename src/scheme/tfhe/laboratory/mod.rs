//! What measures, times, predicts and tries the scheme. The flow does not know it.

#[cfg(test)]
mod even;
#[cfg(test)]
mod malformed;
pub mod measure;
#[cfg(test)]
mod measured;
pub mod pace;
mod pairs;
pub mod workload;

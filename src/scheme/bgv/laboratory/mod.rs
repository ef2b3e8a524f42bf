//! What measures, times, predicts and tries the scheme. The flow does not know it.

pub mod estimate;
#[cfg(test)]
mod exactness;
#[cfg(test)]
mod formulas;
#[cfg(test)]
mod leakage;
#[cfg(test)]
mod malformed;
pub mod measurement;
#[cfg(test)]
mod mixed;
pub mod pace;
mod parties;
pub mod prediction;
mod specimen;
pub mod workload;

#[cfg(test)]
pub(super) use exactness::keys;
#[cfg(test)]
pub(super) use parties::Parties;

//! What measures, times, predicts and tries the scheme. The flow does not know it.
//!
//! | word | what it is | file |
//! |---|---|---|
//! | stage | a step of the flow: encryption, distance, threshold, aggregate, sanitise, decryption | the flow's own |
//! | prediction | the noise after each stage by formulas, before anything runs | `prediction` |
//! | measurement | the noise after each stage as it was found, beside its prediction | `measurement`, `formulas` |
//! | specimen | a block of references at chosen distances from a probe, on which noise is measured | `specimen` |
//! | parties | both keys of one exchange of nobody's, so that any phase can be looked at | `parties` |
//! | trial | encrypted runs compared with the clear oracle | `exactness`, `mixed`, `malformed`, `malformed_keys`, `invalid`, `invalid_vectors`, `labelled`, `leakage`, `segments` |
//! | workload | the stages on random data, for whoever times them | `workload` |
//! | pace | the time of each unit of work on one machine | `pace` |
//! | estimate | what a search costs at a pace, before it runs: time, bytes, memory | `estimate` |

pub(crate) mod estimate;
#[cfg(test)]
mod exactness;
#[cfg(test)]
mod formulas;
#[cfg(test)]
mod invalid;
#[cfg(test)]
mod invalid_vectors;
#[cfg(test)]
mod labelled;
#[cfg(test)]
mod leakage;
#[cfg(test)]
mod malformed;
#[cfg(test)]
mod malformed_keys;
pub(crate) mod measurement;
#[cfg(test)]
mod mixed;
pub mod pace;
mod parties;
pub(crate) mod prediction;
#[cfg(test)]
mod segments;
mod specimen;
pub mod workload;

#[cfg(test)]
pub(super) use exactness::{agreed, faces, keys, templates, uneven};
#[cfg(test)]
pub(super) use parties::Parties;

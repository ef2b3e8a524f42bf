//! What measures, times, predicts and tries the scheme. The flow does not know it.
//!
//! | word | what it is | file |
//! |---|---|---|
//! | prediction | the noise after each stage by formulas, before anything runs | `prediction` |
//! | measurement | the noise after each stage as it was found, beside its prediction | `measurement` |
//! | samples | LWE samples of known phases in every slot of a block, hostile ones among them | `samples` |
//! | trial | blocks of such samples judged, slot by slot as in the clear; handles of hits | `exactness`, `malformed`, `invalid`, `labelled` |
//! | workload | the stages on random data, for whoever times them | `workload` |
//! | pace | the time of each unit of work on one machine | `pace` |
//! | estimate | what a search costs at a pace, before it runs: time, bytes, memory | `estimate` |

pub(crate) mod estimate;
#[cfg(test)]
mod exactness;
#[cfg(test)]
mod invalid;
#[cfg(test)]
mod labelled;
#[cfg(test)]
mod malformed;
pub(crate) mod measurement;
pub mod pace;
pub(crate) mod prediction;
mod samples;
pub mod workload;

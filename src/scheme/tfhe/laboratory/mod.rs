//! What measures, times, predicts and tries the scheme. The flow does not know it.
//!
//! | word | what it is | file |
//! |---|---|---|
//! | stage | a step of the flow: encryption, distance, threshold, aggregate, sanitise, decryption | the flow's own |
//! | prediction | the noise after each stage by formulas, before anything runs | [`noise`](super::noise) |
//! | measurement | the noise after each stage as it was found, beside its prediction | `measurement`, `formulas` |
//! | specimen | a pair at a chosen distance from the threshold, on which noise is measured | `specimen` |
//! | parties | both sides' keys of an exchange of nobody's, so that any phase can be looked at | `specimen` |
//! | trial | encrypted runs compared with the clear oracle, and their work counted | `malformed`, `invalid`, `passing`, `even`, `labelled` |
//! | workload | the stages on random data, for whoever times them | `workload` |
//! | pace | the time of each unit of work, a bootstrap, on one machine | `pace` |

#[cfg(test)]
mod even;
#[cfg(test)]
mod formulas;
#[cfg(test)]
mod invalid;
#[cfg(test)]
mod labelled;
#[cfg(test)]
mod malformed;
pub(crate) mod measurement;
pub(crate) mod pace;
#[cfg(test)]
mod passing;
pub(in crate::scheme) mod specimen;
pub mod workload;

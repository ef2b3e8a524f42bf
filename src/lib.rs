//! Encrypted hit/no-hit between two authorities that may not show each other their data: *is this person in your records?*
//!
//! The **querier** encrypts biometric templates; the **custodian** computes encrypted distances to its own gallery and
//! thresholds them under encryption; only the match / no-match bit is ever decrypted. Neither sees the other's biometrics, nor
//! a score.
//!
//! A whole exchange, with nothing but bytes between the two:
//!
//! ```
//! use cotejo::{Agreement, Custodian, Gallery, Querier, Record, Terms};
//!
//! # use rand::SeedableRng as _;
//! # fn records(people: &[(&str, [f64; 4])]) -> Result<Vec<Record>, Box<dyn std::error::Error>> {
//! #     use cotejo::template::{RealVector, SubjectId, Template};
//! #     let record = |&(id, x): &(&str, [f64; 4])| {
//! #         let template = Template::Vector(RealVector::new(x.to_vec())?);
//! #         Ok(Record { subject: SubjectId::try_from(id.to_owned())?, eye: None, template })
//! #     };
//! #     people.iter().map(record).collect()
//! # }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = rand_chacha::ChaCha20Rng::from_os_rng();
//! # let probes: Vec<Record> = records(&[("traveller 7", [0.1, 0.9, -0.3, 0.4])])?;
//! # let people: Vec<Record> = records(&[("A", [0.7, -0.2, 0.5, 0.1]), ("B", [0.1, 0.9, -0.2, 0.4])])?;
//! # let mut said = Vec::new();
//! let agreement = Agreement::new(Terms::face(512))?;
//! # let mut terms = Terms::face(4);
//! # terms.encryption.parameter_set = "insecure-test".to_owned(); // quick
//! # let agreement = Agreement::new(terms)?;
//! let (querier, key) = Querier::generate(&agreement, &mut rng)?; // A; key: bytes for B, once
//! let (query, pending) = querier.ask(probes, &mut rng)?; // bytes
//! let custodian = Custodian::new(&agreement, Gallery::enroll(&agreement, people)?)?; // B
//! let answer = custodian.admit(&key)?.answer(&query, &mut rng)?; // bytes
//! for (id, verdict) in pending.read(&answer)? {
//!     println!("{id}: {verdict}");
//! #   said.push(format!("{id}: {verdict}"));
//! }
//! # assert_eq!(said, ["traveller 7: hit"]);
//! # Ok(())
//! # }
//! ```
//!
//! | | |
//! |---|---|
//! | [`template`] | templates in the clear, valid by construction, and readers for the files people have |
//! | [`agreement`] | what both parties sign: data, and its digest |
//! | [`exchange`] | opens an agreement for either party: bytes in, bytes out |
//! | [`planning`] | what follows from terms: set, lengths, cost, a meaning in words |
//! | [`evaluate`] | how accurate a comparison is on one's own templates |
//! | [`service`] | two authorities over a network |
//!
//! Below them `functional` makes every metric one linear functional of integers, `scheme` encrypts, computes and decrypts with the sets of
//! [`parameters`], `wire` is what crosses, and `querier` and `custodian` are the two parties with the scheme in their types: read their
//! source; they are public for this repository's tests and benches alone, and may change at any time. docs/protocol.md says why it works.
//!
//! What this protects and what it does not: see SECURITY.md in the repository.

// Fuzzed without the command line, whose needs are then nobody's.
#![cfg_attr(fuzzing, allow(dead_code, unused_imports))]

pub mod agreement;
/// The command line, for the program alone; where decoders are fuzzed it is left out.
#[cfg(all(feature = "cli", not(fuzzing)))]
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod custodian;
pub mod evaluate;
pub mod exchange;
#[doc(hidden)]
pub mod functional;
mod hexadecimal;
#[doc(hidden)]
pub mod membership;
#[doc(hidden)]
pub mod open_iris;
pub mod parameters;
pub mod planning;
#[doc(hidden)]
pub mod querier;
mod remedy;
#[cfg(feature = "report")]
#[doc(hidden)]
pub mod report;
#[doc(hidden)]
pub mod scheme;
#[cfg(feature = "service")]
pub mod service;
pub mod template;
#[doc(hidden)]
pub mod wire;
mod words;

#[doc(inline)]
pub use agreement::{Agreement, Terms};
pub use custodian::Gallery;
#[doc(inline)]
pub use exchange::{Custodian, ExchangeError, Querier};
pub use querier::Verdict;
pub use remedy::Remedy;
pub use scheme::Opened;
#[doc(inline)]
pub use template::{Record, SubjectId, Template};

/// The program of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

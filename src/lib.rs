//! Encrypted hit/no-hit between two authorities that may not show each other their data: *is this person in your records?*
//!
//! The **querier** encrypts biometric templates; the **custodian** computes encrypted distances to its own gallery and
//! thresholds them under encryption; only the match / no-match bit is ever decrypted. Neither sees the other's biometrics, nor
//! a score.
//!
//! The modules in the order data flows:
//!
//! 1. [`template`]: templates in the clear, valid by construction, and readers for the files people have;
//! 2. [`functional`]: every metric as one linear functional of integers, and the clear oracle that defines the truth;
//! 3. [`querier`] encrypts, [`wire`] carries, [`custodian`] answers, [`querier`] decrypts, by the schemes of
//!    [`scheme`] with the sets of [`parameters`], under the [`agreement`] that both parties hold.
//!
//! A whole exchange:
//!
//! ```
//! use cotejo::agreement::{Agreement, Terms};
//! use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
//! use cotejo::querier::{Querier, SecretKey};
//! use cotejo::scheme::tfhe::Tfhe;
//! use cotejo::template::{RealVector, Record, SubjectId, Template};
//! use cotejo::wire::{Answer, EvaluationKey, Query, Target};
//! use rand::SeedableRng;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let record = |id: &str, x: Vec<f64>| -> Result<Record, Box<dyn std::error::Error>> {
//! #     let subject = SubjectId::try_from(id.to_owned())?;
//! #     Ok(Record { subject, eye: None, template: Template::Vector(RealVector::new(x)?) })
//! # };
//! let mut terms = Terms::face(4);
//! terms.encryption.parameter_set = "insecure-test".to_owned(); // quick; leave it out for 128-bit security
//! let agreement = planning::open(terms)?;
//! let mut rng = rand_chacha::ChaCha20Rng::from_os_rng();
//!
//! // The querier makes keys and asks; the custodian sees bytes alone.
//! let (secret, public) = SecretKey::<Tfhe>::generate(&agreement, &mut rng)?;
//! let querier = Querier::new(&agreement, secret);
//! let probe = record("traveller 7", vec![0.1, 0.9, -0.3, 0.4])?;
//! let (query, pending) = querier.ask(vec![probe], Target::Gallery, &mut rng)?;
//! let (public, query) = (public.to_bytes(&agreement), query.to_bytes(&agreement)?);
//!
//! // The custodian answers.
//! let references = vec![
//!     record("A", vec![0.7, -0.2, 0.5, 0.1])?,
//!     record("B", vec![0.1, 0.9, -0.2, 0.4])?,
//! ];
//! let gallery = Gallery::enrol(&agreement, references).gallery.ok_or("every record was refused")?;
//! let key = AdmittedKey::<Tfhe>::new(EvaluationKey::read(public.as_slice(), &agreement)?);
//! let query = Query::read(query.as_slice(), &agreement, Some(key.id()))?;
//! let answer = Custodian::new(&agreement, &gallery, 0)?.answer(&key, &query, &mut rng, &())?;
//! let answer = answer.to_bytes(&agreement)?;
//!
//! // The querier decrypts one bit.
//! let answer = Answer::<Tfhe>::read(answer.as_slice(), &agreement, Some(querier.key().id()))?;
//! let verdicts = pending.read(&querier, &answer)?;
//! assert!(verdicts[0].1.hit());
//! # Ok(())
//! # }
//! ```
//!
//! What this protects and what it does not: see SECURITY.md in the repository.

pub mod agreement;
pub mod custodian;
pub mod evaluate;
pub mod functional;
pub mod open_iris;
pub mod parameters;
pub mod planning;
pub mod querier;
pub mod remedy;
#[cfg(feature = "report")]
pub mod report;
pub mod scheme;
#[cfg(feature = "service")]
pub mod service;
pub mod template;
pub mod wire;

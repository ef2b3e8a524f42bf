//! Two ministries over a network: a custodian that is online, knows who may ask what and how often, and keeps a log that both sides'
//! auditors can check; and a querier that asks it.
//!
//! From the inside out:
//!
//! 1. [`time`], [`held_key`], [`lattice`], [`signing`], [`tree`], [`protocol`]: what the parties say to each other, signed;
//! 2. [`audit`]: the log, hash-chained and signed, and what it shows;
//! 3. `store`: jobs, quotas and log in one database, changed by whole steps;
//! 4. `server` and `client`: the same steps over HTTPS.
//!
//! The first two are pure. The others own files, sockets and threads: with `cli`, they are the only modules that do.

pub mod audit;
pub mod client;
pub mod held_key;
pub mod identity;
pub mod lattice;
pub mod protocol;
pub mod server;
pub mod signing;
pub mod store;
pub mod time;
pub mod tree;

//! A custodian's service and its requesters, in one process, over real TLS on loopback: on SQLite, and on PostgreSQL where
//! `COTEJO_POSTGRES` holds a connection string (see `scripts/postgres.sh`).

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, also in their helpers"
)]

mod abandoned;
mod again;
mod asking;
mod bound;
mod clock;
mod databases;
mod dated;
mod document;
mod exchange;
mod faults;
mod galleries;
mod gone;
mod held;
mod identity;
mod operators;
mod outsiders;
mod persons;
mod quotas;
mod raw;
mod readiness;
mod shown;
mod standby;
mod tables;
mod trial;

//! Files that are damaged, foreign or made in bad faith: each is refused with its own error, and nothing panics.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking, also in their helpers"
)]

mod altered;
mod blocks;
mod damaged;
mod exact;
mod fixture;
mod foreign;
mod hybrid;
mod sizes;

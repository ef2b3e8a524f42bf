//! The server as people run it, under load and killed at random.
//!
//! Short by default. As published:
//! `COTEJO_CLIENTS=200 COTEJO_SECONDS=60 cargo test --release --test under_load -- --nocapture as_many` and
//! `COTEJO_TIMING_RUNS=200 cargo test --release --test under_load -- --nocapture alike` and
//! `COTEJO_ATTACK_CALLS=300 cargo test --release --test under_load -- --nocapture attacked` and
//! `COTEJO_KILLS=50 cargo test --release --test under_load -- --nocapture killed` and
//! `COTEJO_KILLS=50 cargo test --release --test under_load -- --nocapture two_servers`.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, also in their helpers"
)]

mod alike;
mod answered;
mod attacked;
mod attackers;
mod killed;
mod load;
mod office;
mod two_servers;

/// A number from the environment.
fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().unwrap())
}

/// One after the other: they measure, and use all cores.
static ALONE: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

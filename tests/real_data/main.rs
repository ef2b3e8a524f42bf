//! Templates that others made, kept outside this repository in `../shared/data` or where `COTEJO_DATA` says.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, also in their helpers"
)]

mod encrypted;
mod evaluate;
mod exact;
mod hybrid;
mod labelled;
mod open_iris;
mod readers;

/// Schemes of blocks take and gives back megabytes at every step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The bytes of a file below the data folder; `None`, said on stderr, where it is absent.
fn data(path: &str) -> Option<Vec<u8>> {
    let folder = std::env::var("COTEJO_DATA")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data").to_owned());
    match std::fs::read(std::path::Path::new(&folder).join(path)) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("skipped: {folder}/{path} is absent");
            None
        }
        Err(error) => panic!("{folder}/{path}: {error}"),
    }
}

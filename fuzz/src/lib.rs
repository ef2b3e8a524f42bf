//! What the targets share: agreements small enough that an input of some hundred bytes can be accepted, checksums that are always
//! right, so that what lies behind them is reached, and seeds.
//!
//! Everything here may panic: a target fails by panicking.

mod allocator;
pub mod exchange;
pub mod gallery;
pub mod proofs;
pub mod seeds;
pub mod statements;

/// The first byte of an input chooses among `count` readers; the others are what is read.
pub fn choose(input: &[u8], count: usize) -> Option<(usize, &[u8])> {
    let (&choice, content) = input.split_first()?;
    Some((usize::from(choice) % count, content))
}

/// An input that [`choose`] takes apart again.
pub fn chosen(choice: usize, content: &[u8]) -> Vec<u8> {
    let choice = u8::try_from(choice).expect("fewer than 256 readers");
    [&[choice], content].concat()
}

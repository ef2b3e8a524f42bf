//! `cotejo console` as browsers meet it, and as other pages, other names and other programs of the machine do: over raw HTTP.

mod asking;
mod browser;
mod custodian;
mod door;
mod pages;

pub use browser::{Browser, Opened};

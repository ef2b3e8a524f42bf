//! The command line as its users meet it: transcripts, exit codes, wrong input.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking, also in their helpers"
)]
#![cfg(unix)]

mod agreement;
mod audit;
mod bench;
mod bgv;
mod certificates;
mod clock;
mod columns;
mod console;
mod copies;
mod damaged_files;
mod demo;
mod documents;
mod evaluate;
mod exempt;
mod flow;
mod gallery;
mod glossary;
mod handles;
mod help;
mod hybrid;
mod identities;
mod interrupt;
mod kept;
mod labelled;
mod membership;
mod network;
mod operators;
mod optimise;
mod outputs;
mod params;
mod protected;
mod reload;
mod remade;
mod replays;
mod rotation;
mod succession;
mod support;
mod templates;
mod tokens;
mod twice;
mod upkeep;

//! The command line: `cotejo --help`.

mod cli;

/// Scheme `bgv` takes and gives back megabytes at every step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}

//! The command line: `cotejo --help`.

/// Scheme `bgv` takes and gives back megabytes at every step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cotejo::cli::main()
}

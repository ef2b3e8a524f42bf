//! The command line: `cotejo --help`.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}

//! The command line: one file per command. Files, clock and terminal are here; nothing is decided here.
//!
//! Standard output carries results, standard error what is meant for people. Exit codes: 0 done, 2 error, 130 interrupted;
//! `decrypt` ends like grep, with 1 for no hit; so does `ask`, which has codes of its own for requests without verdicts
//! (`ask::Ending`); `audit` with 1 for findings.

mod accounts;
mod agreement;
mod ask;
mod audit;
mod beginning;
mod bench;
mod breaker;
mod browser;
mod certificates;
mod compare;
mod comparison;
mod configuration;
mod console;
mod database_password;
mod decrypt;
mod demo;
mod desk;
pub mod embedded;
mod encrypt;
mod enroll;
mod evaluate;
mod failure;
mod files;
mod fitted;
mod gallery;
mod help;
mod inspect;
mod interrupt;
mod jobs;
mod keygen;
mod keys;
mod load;
mod made;
mod match_;
mod operator;
mod own_set;
mod pace;
mod params;
mod party;
mod passphrase;
mod plan;
mod process;
mod progress;
mod rehearsal;
mod retired;
mod serve;
mod service_file;
mod service_terms;
mod shape;
mod size;
mod statement;
mod synthesize;
mod table;
mod templates;
mod token;
mod verdicts;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use console::Console;
use failure::Failure;

/// Encrypted hit/no-hit between two authorities: is this person in your records?
///
/// The querier encrypts templates; the custodian compares them with its records without being able to read them; the
/// querier decrypts one bit a probe. Try it: cotejo demo
#[derive(Parser)]
#[command(
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 done; 2 error; 130 interrupted. decrypt, ask: 0 some hit, 1 no hit; ask: 3 to 8 where \
                  there are no verdicts (cotejo ask --help). audit verify, compare, query, key: 1 findings.\n\nFiles of templates: cotejo help formats\nWords of messages: cotejo help glossary\n\nExample:\n  cotejo demo"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// One JSON document on standard output instead of text
    #[arg(long, global = true)]
    json: bool,
    /// No progress or notes on standard error; warnings and errors remain
    #[arg(long, short, global = true)]
    quiet: bool,
    /// The file with the passphrase of protected keys; else the environment variable COTEJO_PASSPHRASE, else it is asked for
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    Demo(demo::Args),
    Synthesize(synthesize::Args),
    Agreement(agreement::Args),
    Keygen(keygen::Args),
    Keys(keys::Args),
    Enroll(enroll::Args),
    Gallery(gallery::Args),
    Encrypt(encrypt::Args),
    Match(match_::Args),
    Decrypt(decrypt::Args),
    Compare(compare::Args),
    Evaluate(evaluate::Args),
    Plan(plan::Args),
    Bench(bench::Args),
    Params(params::Args),
    Audit(audit::Args),
    Inspect(inspect::Args),
    Serve(serve::Args),
    Ask(Box<ask::Args>),
    Jobs(jobs::Args),
    Breaker(breaker::Args),
    Console(browser::Args),
    Accounts(accounts::Args),
    Certificates(certificates::Args),
    Help(help::Args),
}

/// How a command ended, where it ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    NoHit,
    Findings,
    Asked(ask::Ending),
}

/// The agreement a command works under.
#[derive(clap::Args)]
struct AgreementArg {
    /// The agreement
    #[arg(long = "agreement", value_name = "FILE", default_value = "agreement.toml")]
    path: PathBuf,
}

/// Where a command writes.
#[derive(clap::Args)]
struct OverwriteArg {
    /// Overwrite what exists
    #[arg(long)]
    force: bool,
}

/// The commands, with help that is as wide as standard output.
fn program() -> clap::Command {
    fitted::command(Cli::command(), fitted::width())
}

impl Outcome {
    /// The exit code of a command that ended so.
    fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::NoHit | Self::Findings => 1,
            Self::Asked(ending) => ending.code(),
        }
    }
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    ExitCode::from(main_of(std::env::args_os()))
}

/// Runs a command as that of this process, told by its name and arguments; its exit code.
pub fn main_of(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments = program().get_matches_from(arguments);
    let cli = Cli::from_arg_matches(&arguments).unwrap_or_else(|error| error.format(&mut program()).exit());
    let console = Console::new(cli.quiet, cli.json);
    process::guard();
    passphrase::is_given_in(cli.passphrase_file);
    let result = interrupt::install().and_then(|()| cli.command.run(&console));
    token::end();
    match result {
        Ok(outcome) => outcome.code(),
        Err(Failure::OutputClosed) => 0,
        Err(failure) => {
            console.fail(&failure);
            match failure {
                Failure::Interrupted | Failure::Paused(_) => interrupt::EXIT_CODE,
                _ => 2,
            }
        }
    }
}

impl Command {
    fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self {
            Self::Demo(args) => args.run(console),
            Self::Synthesize(args) => args.run(console),
            Self::Agreement(args) => args.run(console),
            Self::Keygen(args) => args.run(console),
            Self::Keys(args) => args.run(console),
            Self::Enroll(args) => args.run(console),
            Self::Gallery(args) => args.run(console),
            Self::Encrypt(args) => args.run(console),
            Self::Match(args) => args.run(console),
            Self::Decrypt(args) => args.run(console),
            Self::Compare(args) => args.run(console),
            Self::Evaluate(args) => args.run(console),
            Self::Plan(args) => args.run(console),
            Self::Bench(args) => args.run(console),
            Self::Params(args) => args.run(console),
            Self::Audit(args) => args.run(console),
            Self::Inspect(args) => args.run(console),
            Self::Serve(args) => args.run(console),
            Self::Ask(args) => args.run(console),
            Self::Jobs(args) => args.run(console),
            Self::Breaker(args) => args.run(console),
            Self::Console(args) => args.run(console),
            Self::Accounts(args) => args.run(console),
            Self::Certificates(args) => args.run(console),
            Self::Help(args) => args.run(console),
        }
    }
}

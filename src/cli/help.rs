//! `cotejo help`: of a command, or a text that goes with all of them.

use clap::CommandFactory as _;

use super::console::Console;
use super::failure::Failure;
use super::{Cli, Outcome};

/// Explain a command, or print a text: formats, glossary
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  cotejo help\n  cotejo help agreement init\n  cotejo help formats\n  cotejo help glossary"
)]
pub struct Args {
    /// A command with its subcommands, or the name of a text: formats (what files of templates look like), glossary (the words of messages and pages)
    #[arg(value_name = "COMMAND|TEXT")]
    about: Vec<String>,
}

/// Texts by their names: those of docs/, to the letter.
const TEXTS: [(&str, &str); 2] =
    [("formats", include_str!("../../docs/formats.md")), ("glossary", include_str!("../../docs/glossary.md"))];

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let text = match self.about.as_slice() {
            [name] => TEXTS.iter().find(|(known, _)| known == name).map(|(_, text)| (*text).to_owned()),
            _ => None,
        };
        let text = match text {
            Some(text) => text,
            None => self.of_command()?,
        };
        console.print(text.trim_end())?;
        Ok(Outcome::Done)
    }

    fn of_command(&self) -> Result<String, Failure> {
        let mut program = Cli::command();
        // Names of commands within commands are known from then on.
        program.build();
        let mut command = &mut program;
        for name in &self.about {
            let texts: Vec<&str> = TEXTS.iter().map(|(name, _)| *name).collect();
            command = command.find_subcommand_mut(name).ok_or_else(|| {
                let what = format!("'{}' is neither a command nor a text", self.about.join(" "));
                Failure::new("help", what, format!("see 'cotejo help'; texts are: {}", texts.join(", ")))
            })?;
        }
        Ok(command.render_long_help().to_string())
    }
}

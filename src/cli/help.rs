//! `cotejo help`: of a command, or a text that goes with all of them.

use super::console::Console;
use super::failure::Failure;
use super::{Outcome, fitted, program};

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

/// Texts by their names: those of docs/, to the letter where there is room.
const TEXTS: [(&str, &str); 2] =
    [("formats", include_str!("../../docs/formats.md")), ("glossary", include_str!("../../docs/glossary.md"))];

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let text = match self.about.as_slice() {
            [name] => TEXTS.iter().find(|(known, _)| known == name).map(|(_, text)| (*text).to_owned()),
            _ => None,
        };
        let text = match text {
            Some(text) => fitted::document(&text, fitted::width()),
            None => self.of_command()?,
        };
        console.print(text.trim_end())?;
        Ok(Outcome::Done)
    }

    fn of_command(&self) -> Result<String, Failure> {
        let mut program = program();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_filled_anew_where_the_terminal_is_narrower() {
        for (name, text) in TEXTS {
            assert_eq!(fitted::document(text, 100), text, "{name}");
            for width in [60, 80] {
                let narrow = fitted::document(text, width);
                let long: Vec<&str> = narrow.lines().filter(|line| line.chars().count() > width).collect();
                assert!(long.is_empty(), "{name} at {width}: {}", long.join("\n"));
                assert!(narrow.split_whitespace().eq(text.split_whitespace()), "{name} at {width}");
                for mark in ["#", "- ", "|", "```"] {
                    let marked = |text: &str| text.lines().filter(|line| line.trim_start().starts_with(mark)).count();
                    assert!(marked(&narrow) >= marked(text), "{name} at {width}: {mark}");
                }
            }
        }
    }
}

//! Help as wide as the terminal.

use std::io::IsTerminal as _;

use clap::Command;

/// Columns of what is printed to a file or a pipe, and the most on a terminal: longer lines are hard to read.
const WIDEST: usize = 100;
/// The least: on a narrower terminal lines are longer than it.
const NARROWEST: usize = 60;
/// How far the further lines of an example are indented.
const CONTINUED: &str = "      ";
/// What stands beside an example goes below it where fewer columns are left.
const NARROW: usize = 20;

/// Columns that help may take on standard output.
pub fn width() -> usize {
    let out = std::io::stdout();
    // The width of another stream's terminal, or of the variable COLUMNS, says nothing of who reads a pipe.
    let size = out.is_terminal().then(|| terminal_size::terminal_size_of(out)).flatten();
    size.map_or(WIDEST, |(width, _)| usize::from(width.0).clamp(NARROWEST, WIDEST))
}

/// A command whose help, and that of all its subcommands, takes so many columns.
pub fn command(command: Command, width: usize) -> Command {
    let mut command = fitted(command.term_width(width), width);
    // From then on every command knows its whole name, and the width.
    command.build();
    with_usage(command, width)
}

/// Usage that is too long over several lines: it is the one part of help that is not wrapped.
fn with_usage(mut command: Command, width: usize) -> Command {
    const TITLE: &str = "Usage: ";
    let usage = command.render_usage().to_string();
    let command = command.mut_subcommands(|command| with_usage(command, width));
    match usage.strip_prefix(TITLE) {
        Some(said) if columns(&usage) > width => {
            // An option and its value stay together.
            let said = said.replace(" <", "\u{a0}<").replace("\u{a0}<-", " <-");
            let below = " ".repeat(TITLE.len() + 4);
            command.override_usage(filled(&said, &below, width - TITLE.len()).replace('\u{a0}', " "))
        }
        _ => command,
    }
}

fn fitted(command: Command, width: usize) -> Command {
    let after = command.get_after_help().map(|text| {
        let lines = text.to_string().lines().map(|text| line(text, width)).collect::<Vec<_>>();
        lines.join("\n")
    });
    let command = command.mut_subcommands(|command| fitted(command, width));
    match after {
        Some(text) => command.after_help(text),
        None => command,
    }
}

/// A line below the options of a command: an example, a line of a configuration, or a paragraph.
fn line(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    // What an example or a setting is for stands beside it, in a column of its own.
    let aside = text.rfind("  # ").map(|at| at + "  ".len()).or(text.rfind("   ").map(|at| at + "   ".len()));
    let (said, aside) = match aside.and_then(|at| text.split_at_checked(at)) {
        Some((said, aside)) if !said.trim().is_empty() => (said, aside),
        _ => (text, ""),
    };
    let said = match said.trim_start().starts_with("cotejo ") && columns(said.trim_end()) > width {
        true => example(said.trim_end(), width),
        false => said.to_owned(),
    };
    let is_broken = said.contains('\n');
    if aside.is_empty() {
        return if is_broken { said } else { filled(&said, indentation(&said), width) };
    }
    if is_broken || columns(&said) + NARROW > width {
        return format!("{}\n{}", said.trim_end(), filled(&format!("{CONTINUED}{aside}"), CONTINUED, width));
    }
    let comment = if aside.starts_with('#') { "# " } else { "" };
    let below = format!("{}{comment}", " ".repeat(columns(&said)));
    filled(&format!("{said}{aside}"), &below, width)
}

/// An example over several lines, each but the last of which the shell goes on from.
fn example(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    let mut line = String::new();
    for (number, part) in text.split(" --").enumerate() {
        let part = if number == 0 { part.to_owned() } else { format!("--{part}") };
        let taken = columns(&line) + columns(&part) + " ".len() + " \\".len();
        if !line.is_empty() && taken > width {
            lines.push(std::mem::replace(&mut line, format!("{CONTINUED}{part}")));
        } else if line.is_empty() {
            line = part;
        } else {
            line = format!("{line} {part}");
        }
    }
    lines.push(line);
    lines.join(" \\\n")
}

/// A text in lines of at most so many columns, the further ones behind `below`. White space within a line stays.
fn filled(text: &str, below: &str, width: usize) -> String {
    let mut out = String::new();
    let mut taken = 0;
    for word in text.split_inclusive(' ') {
        let word_columns = columns(word.trim_end());
        if taken + word_columns > width && taken > columns(below) && word_columns > 0 {
            out.truncate(out.trim_end().len());
            out.push('\n');
            out.push_str(below);
            taken = columns(below);
        }
        out.push_str(word);
        taken += columns(word);
    }
    out
}

/// What the further lines of a text begin with: white space as before it, or the mark of a comment.
fn indentation(text: &str) -> &str {
    let rest = text.trim_start();
    let rest = rest.strip_prefix("# ").unwrap_or(rest);
    text.strip_suffix(rest).unwrap_or_default()
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

/// A text of docs/ for a terminal that is narrower than its lines: paragraphs and items are filled anew, code stays as it is.
pub fn document(text: &str, width: usize) -> String {
    if width >= WIDEST {
        return text.to_owned();
    }
    let mut out = Vec::new();
    let mut block = String::new();
    let mut is_code = false;
    for read in text.lines() {
        let fence = read.trim_start().starts_with("```");
        let begins = ["- ", "#", "|", "```"].iter().any(|mark| read.trim_start().starts_with(mark));
        if begins || is_code || read.trim().is_empty() {
            out.extend(flushed(&mut block, width));
        }
        match is_code || fence || read.trim().is_empty() {
            true => out.push(line(read, width)),
            false if block.is_empty() => read.clone_into(&mut block),
            false => block = format!("{block} {}", read.trim_start()),
        }
        is_code ^= fence;
    }
    out.extend(flushed(&mut block, width));
    out.join("\n")
}

/// A paragraph, an item or a row.
fn flushed(block: &mut String, width: usize) -> Option<String> {
    let text = std::mem::take(block);
    let below = match text.trim_start().chars().next()? {
        '-' => format!("{}  ", indentation(&text)),
        '|' => "    ".to_owned(),
        _ => indentation(&text).to_owned(),
    };
    Some(filled(&text, &below, width))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    const BROKEN: &str = " \\\n      ";

    /// What is wrong with the help of a command and of those below it.
    fn complaints(ours: &mut Command, plain: &Command, width: usize, found: &mut Vec<String>) {
        let name = plain.get_bin_name().unwrap_or_default().to_owned();
        for help in [ours.render_help(), ours.render_long_help()].map(|help| help.to_string()) {
            let long = help.lines().filter(|line| columns(line) > width);
            found.extend(long.map(|line| format!("{name} at {width}: too long: {line}")));
            let whole = help.replace(BROKEN, " ");
            let after = plain.get_after_help().map(ToString::to_string).unwrap_or_default();
            for example in after.lines().filter(|line| line.starts_with("  cotejo ")) {
                let said = example.split("   ").find(|part| !part.is_empty()).unwrap();
                if !whole.contains(said.trim_end()) {
                    found.push(format!("{name} at {width}: broken: {said}"));
                }
            }
        }
        for plain in plain.get_subcommands() {
            complaints(ours.find_subcommand_mut(plain.get_name()).unwrap(), plain, width, found);
        }
    }

    #[test]
    fn the_help_of_every_command_fits_and_breaks_no_example() {
        for width in [80, 90, WIDEST] {
            let mut plain = Cli::command();
            plain.build();
            let mut ours = command(Cli::command(), width);
            ours.build();
            let mut found = Vec::new();
            complaints(&mut ours, &plain, width, &mut found);
            assert!(found.is_empty(), "{}", found.join("\n"));
        }
    }

    #[test]
    fn what_stands_beside_an_example_or_a_setting_stays_in_its_column() {
        let fitted = |text: &str| line(text, 50);
        assert_eq!(fitted("  cotejo ask --list   what was asked"), "  cotejo ask --list   what was asked");
        assert_eq!(
            fitted("  cotejo ask --list   what was asked, and how far it came"),
            "  cotejo ask --list   what was asked, and how far\n                      it came"
        );
        assert_eq!(
            fitted("queue = 10      # requests that wait; beyond, come back"),
            "queue = 10      # requests that wait; beyond, come\n                # back"
        );
        assert_eq!(
            fitted("# Of those who ask, one a line, as they are enrolled."),
            "# Of those who ask, one a line, as they are\n# enrolled."
        );
        assert_eq!(
            fitted("  cotejo enroll --templates gallery.npy --ids ids.txt --out gallery.cotejo"),
            "  cotejo enroll --templates gallery.npy \\\n      --ids ids.txt --out gallery.cotejo"
        );
        assert_eq!(
            fitted("  cotejo enroll --templates gallery.npy --ids ids.txt   with a list of ids beside them"),
            "  cotejo enroll --templates gallery.npy \\\n      --ids ids.txt\n      with a list of ids beside them"
        );
    }

    #[test]
    fn a_document_is_filled_anew_item_by_item() {
        assert_eq!(
            document("- one two three\n  four\n- five\n\nsix\nseven", 9),
            "- one two\n  three\n  four\n- five\n\nsix seven"
        );
    }
}

//! `serve --init` and `ask --init`: a configuration, the certificates of a trial, and who sends what to whom.

use std::path::{Path, PathBuf};

use crate::agreement::Code;
use serde_json::json;

use super::Outcome;
use super::certificates::{free, trial};
use super::console::Console;
use super::failure::Failure;
use super::files::{self, Access, Output};

/// What one party begins with.
pub struct Beginning<'a> {
    /// The configuration that is written.
    pub config: &'a Path,
    /// The sample that `--help` shows.
    pub sample: &'a str,
    /// What stands in the sample in quotes, and what takes its place.
    pub values: &'a [(&'a str, &'a str)],
    /// Who this is.
    pub party: &'a Code,
    /// By which names a server is reached; none for a querier.
    pub hosts: &'a [String],
    /// What is to be done then, in this order; `{folder}` is the configuration's.
    pub steps: &'a [&'a str],
}

impl Beginning<'_> {
    /// Writes all of it, does what can be done then, and says what comes next.
    pub fn make(&self, then: &dyn Fn() -> Result<(), Failure>, console: &Console) -> Result<Outcome, Failure> {
        free(self.config)?;
        let folder: PathBuf = match self.config.parent() {
            Some(parent) if parent != Path::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        trial(&folder, self.party, self.hosts)?;
        let text = replaced(self.sample, self.values);
        files::write(&[Output { path: self.config, bytes: text.as_bytes(), access: Access::Private }], false)?;
        then()?;
        let (folder, config) = (folder.display().to_string(), self.config.display().to_string());
        let fill = |step: &&str| step.replace("{folder}", &folder).replace("{config}", &config);
        let steps: Vec<String> = self.steps.iter().map(fill).collect();
        let numbered: Vec<String> =
            steps.iter().enumerate().map(|(number, step)| format!("{}. {step}", number.saturating_add(1))).collect();
        let made = format!("{config}, with certificates for a trial and a signing key beside it. What comes next:");
        console
            .result(format_args!("{made}\n{}", numbered.join("\n")), &json!({"config": self.config, "steps": steps}))?;
        Ok(Outcome::Done)
    }
}

/// Puts values in the place of others, one a line, with the comment behind it where it was.
fn replaced(text: &str, values: &[(&str, &str)]) -> String {
    let quoted = |value: &str| toml::Value::from(value).to_string();
    let line = |line: &str| {
        let found =
            values.iter().find_map(|(from, to)| Some((line.split_once(&quoted(from))?, quoted(from), quoted(to))));
        let Some(((before, after), from, to)) = found else { return line.to_owned() };
        let spaces = after.len() - after.trim_start().len();
        let kept = (spaces + from.len()).saturating_sub(to.len()).max(usize::from(spaces > 0));
        format!("{before}{to}{}{}", " ".repeat(kept), after.trim_start())
    };
    text.lines().map(line).map(|line| line + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_the_place_of_another_and_comments_stay_where_they_are() {
        let text = "a = \"x\"     # why\nb = \"y\"\n";
        assert_eq!(replaced(text, &[("x", "long")]), "a = \"long\"  # why\nb = \"y\"\n");
        assert_eq!(replaced(text, &[("x", "far too long")]), "a = \"far too long\" # why\nb = \"y\"\n");
        assert_eq!(replaced(text, &[("y", "z\"z")]), "a = \"x\"     # why\nb = 'z\"z'\n");
        // Each line's own value alone: what took one place is not taken for another.
        assert_eq!(replaced(text, &[("x", "y"), ("y", "x")]), "a = \"y\"     # why\nb = \"x\"\n");
    }
}

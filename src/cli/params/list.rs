//! `cotejo params list`.

use crate::parameters::ParameterSet;
use crate::planning::card::ParameterCard;

use crate::cli::Outcome;
use crate::cli::console::{Console, bytes};
use crate::cli::failure::Failure;

/// List the parameter sets: scheme, security, sizes, what each is for
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo params list")]
pub struct Args {}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let cards: Vec<ParameterCard> = ParameterSet::ALL.into_iter().map(ParameterCard::of_set).collect();
        let heading = ["name", "scheme", "security", "keys", "query", "answer", "what for"].map(str::to_owned);
        let rows: Vec<[String; 7]> = std::iter::once(heading).chain(cards.iter().map(row)).collect();
        let widths: Vec<usize> = (0..7)
            .map(|column| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0))
            .collect();
        let line = |row: &[String; 7]| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut lines: Vec<String> = rows.iter().map(line).collect();
        lines.push(
            "\nkeys: public ones, sent once; query: one template (schemes tfhe and hybrid: of 512 coordinates); answer: one bit (bgv-8192-210: one block)\n\
             All about one: cotejo params show NAME"
                .to_owned(),
        );
        console.result(lines.join("\n"), &cards)?;
        Ok(Outcome::Done)
    }
}

fn row(card: &ParameterCard) -> [String; 7] {
    [
        card.name.to_owned(),
        card.scheme.to_string(),
        if card.secure { format!("{:.1} bits", card.security_bits) } else { "none".to_owned() },
        bytes(card.sizes.evaluation_key_bytes),
        bytes(card.sizes.query_bytes),
        bytes(card.sizes.answer_bytes),
        card.purpose.to_owned(),
    ]
}

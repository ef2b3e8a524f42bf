//! `cotejo params`: which parameter sets there are, what each is like, and whether one of the user's own is fit.

mod check;
mod list;
mod optimise;
mod show;
mod table;
mod text;
mod trial;

use crate::agreement::{AgreementError, Disclosure, SchemeId, Terms};
use crate::parameters::ParameterSet;
use crate::parameters::custom::OwnSet;
use crate::planning::card::ParameterCard;

use super::Outcome;
use super::comparison::ComparisonArgs;
use super::console::Console;
use super::failure::Failure;
use super::shape::Modality;

/// Parameter sets: list them, look into one, check one of your own, search for the cheapest
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  cotejo params list
  cotejo params show tfhe-896-2048
  cotejo params check my-set.toml
  cotejo params optimise --metric cosine --dimension 512 --target 0.003")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    List(list::Args),
    Show(Box<show::Args>),
    Check(Box<check::Args>),
    Optimise(Box<optimise::Args>),
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match self.command {
            Command::List(args) => args.run(console),
            Command::Show(args) => args.run(console),
            Command::Check(args) => args.run(console),
            Command::Optimise(args) => args.run(console),
        }
    }
}

/// The comparison that a set is looked at under.
#[derive(clap::Args)]
struct UnderArgs {
    /// What is compared [default: that of the metric; where nothing is chosen, a face of 512 coordinates for schemes tfhe and hybrid, bits for bgv]
    #[arg(long, value_enum)]
    modality: Option<Modality>,
    #[command(flatten)]
    comparison: ComparisonArgs,
}

/// A set under one comparison, or why it admits none.
struct Looked {
    terms: Terms,
    card: ParameterCard,
    refusal: Option<AgreementError>,
}

impl UnderArgs {
    /// The card of a set under the comparison that was chosen; else under the first usual one that it admits.
    fn look(&self, own: Option<&OwnSet>, set: &ParameterSet) -> Result<Looked, Failure> {
        let mut refused = None;
        for terms in self.candidates(set.scheme())? {
            let terms = under(terms, own, set);
            match ParameterCard::new(&terms, set) {
                Ok(card) => return Ok(Looked { terms, card, refusal: None }),
                Err(error) => refused = Some((terms, error)),
            }
        }
        // There is at least one candidate.
        let (terms, error) =
            refused.ok_or_else(|| Failure::new("params", "nothing to compare", "choose a --metric"))?;
        Ok(Looked { terms, card: ParameterCard::of_set(set), refusal: Some(error) })
    }

    /// Whether the comparison was chosen by the user.
    fn is_chosen(&self) -> bool {
        self.modality.is_some() || !self.comparison.is_open()
    }

    fn candidates(&self, scheme: SchemeId) -> Result<Vec<Terms>, Failure> {
        if self.is_chosen() {
            return self.comparison.terms_of_any(self.modality).map(|terms| vec![terms]);
        }
        let each = |terms: Terms| Terms { disclosure: Disclosure::Each, ..terms };
        let few = |mut terms: Terms| {
            terms.limits.references = 5_000;
            terms
        };
        let mut candidates = match scheme {
            SchemeId::Tfhe => vec![Terms::face(512)],
            SchemeId::Hybrid => vec![Terms::face(512), each(Terms::face(512))],
            // From the deepest circuit to the shallowest.
            SchemeId::Bgv => vec![
                Terms::hamming(512, 180),
                each(Terms::hamming(512, 180)),
                each(Terms::hamming(128, 40)),
                few(each(Terms::hamming(512, 180))),
                few(each(Terms::hamming(128, 40))),
            ],
        };
        candidates.iter_mut().for_each(|terms| self.comparison.choose_who_learns_what(terms));
        Ok(candidates)
    }
}

/// Terms under that set.
fn under(terms: Terms, own: Option<&OwnSet>, set: &ParameterSet) -> Terms {
    match own {
        Some(own) => terms.with_own_set(own.clone()),
        None => {
            let mut terms = terms.with_scheme(set.scheme().into());
            set.name().clone_into(&mut terms.encryption.parameter_set);
            terms
        }
    }
}

//! `cotejo audit proof`: what a proof about a gallery shows.

use std::path::{Path, PathBuf};

use crate::membership::{self, Kept, ProofError, Proofs, Proven, Root, Standing};
use crate::scheme::Opened;
use serde_json::{Value, json};

use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::templates::Beside;
use crate::cli::{AgreementArg, Outcome, files, load};

/// Check a proof that persons are in a gallery, or are not, against the root of the gallery
///
/// Needs nothing of the custodian's but the proof and the root. With --templates: whether the templates are those that are enrolled, where
/// the proof shows digests of these ('gallery prove --references').
#[derive(clap::Args)]
#[command(after_help = "\
What is proven is about the version with that root, and about nobody but these ids. A proof that was altered, cut, forged, or made for \
another version or gallery is refused.

Example:
  cotejo audit proof proof.json --root 1f6a...
  cotejo audit proof proof.json --root 1f6a... --templates mine.npy")]
pub struct Args {
    /// The proof
    #[arg(value_name = "FILE")]
    proof: PathBuf,
    /// The root that it must be about: 64 hexadecimal digits, from whoever you trust to name it
    #[arg(long, value_name = "HEX")]
    root: Root,
    /// Templates of the person whom the proof is about, all of them
    #[arg(long, value_name = "FILE")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    beside: Beside,
    #[command(flatten)]
    agreement: AgreementArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let path = &self.proof;
        let refused = |error: ProofError| Failure::of(path, &error, "do not rely on it");
        let bytes = files::read_at_most(path, membership::LIMIT_BYTES as u64 + 1)?;
        let proofs = Proofs::read(&bytes).map_err(refused)?;
        let proven = proofs.verify(&self.root).map_err(refused)?;
        let compared = self.templates.as_ref().map(|templates| self.compare(templates, &proofs, &proven, console));
        let compared = compared.transpose()?;
        let mut lines = vec![format!("{}: proven about the gallery with root {}", path.display(), self.root)];
        lines.extend(proven.iter().map(words));
        lines.extend(compared.as_ref().map(Compared::words));
        let document = json!({
            "proof": path,
            "root": self.root,
            "agreement": proofs.agreement,
            "proven": proven.iter().map(document).collect::<Vec<_>>(),
            "templates": compared.as_ref().map(|compared| json!({
                "given": compared.given,
                "enrolled": compared.enrolled,
                "given_and_enrolled": compared.both,
            })),
        });
        console.result(lines.join("\n"), &document)?;
        Ok(if compared.is_some_and(|compared| !compared.is_same()) { Outcome::Findings } else { Outcome::Done })
    }

    /// Whether templates are those that are enrolled.
    fn compare(
        &self,
        templates: &Path,
        proofs: &Proofs,
        proven: &[Proven],
        console: &Console,
    ) -> Result<Compared, Failure> {
        let [Proven { standing: Standing::Enrolled(Some(enrolled)), .. }] = proven else {
            let what = "it does not show the references of one person";
            return Err(Failure::at(&self.proof, what, "have it made with 'gallery prove --references --id ...'"));
        };
        let agreement = load::agreement(&self.agreement.path, console)?;
        if agreement.foundation().0 != proofs.agreement.0 {
            let what = "the proof is about a gallery of another agreement";
            return Err(Failure::at(&self.agreement.path, what, "give the agreement that the gallery is bound to"));
        }
        let loaded = self.beside.templates(templates).read(agreement.shape(), console)?;
        loaded.settle(templates, self.beside.skip_refused, console)?;
        let mut rest = enrolled.clone();
        let mut both = 0;
        for (number, record) in &loaded.records {
            let name = name(&agreement, record)
                .map_err(|what| Failure::at(templates, format_args!("record {number}: {what}"), "leave it out"))?;
            if let Some(found) = rest.iter().position(|kept| *kept == name) {
                rest.swap_remove(found);
                both += 1;
            }
        }
        Ok(Compared { given: loaded.records.len(), enrolled: enrolled.len(), both })
    }
}

/// The name that a template has among references.
fn name(agreement: &Opened, record: &crate::template::Record) -> Result<Kept, String> {
    let functional = agreement.functional();
    let eye = crate::functional::eye_of(functional.eyes(), record).map_err(|error| error.to_string())?;
    let reference = functional.reference(&record.template).map_err(|error| error.to_string())?;
    Ok(membership::of_reference(eye, &reference.to_bytes(functional)))
}

/// Templates beside references.
struct Compared {
    given: usize,
    enrolled: usize,
    both: usize,
}

impl Compared {
    fn is_same(&self) -> bool {
        self.both == self.given && self.both == self.enrolled
    }

    fn words(&self) -> String {
        let Self { given, enrolled, both } = self;
        match self.is_same() {
            true => format!("the {} given and the {} enrolled are the same", template(*given), template(*enrolled)),
            false => {
                format!("of {} given and {} enrolled, {both} are the same", template(*given), template(*enrolled))
            }
        }
    }
}

fn template(number: usize) -> String {
    count(number, "template")
}

fn words(Proven { id, standing }: &Proven) -> String {
    match standing {
        Standing::NotEnrolled => format!("'{id}' is not enrolled"),
        Standing::Enrolled(None) => format!("'{id}' is enrolled"),
        Standing::Enrolled(Some(kept)) => format!("'{id}' is enrolled, with {}", count(kept.len(), "reference")),
    }
}

fn document(Proven { id, standing }: &Proven) -> Value {
    match standing {
        Standing::NotEnrolled => json!({ "id": id, "enrolled": false }),
        Standing::Enrolled(None) => json!({ "id": id, "enrolled": true }),
        Standing::Enrolled(Some(kept)) => {
            let kept: Vec<_> = kept.iter().map(|Kept(name)| name).collect();
            json!({ "id": id, "enrolled": true, "references": kept })
        }
    }
}

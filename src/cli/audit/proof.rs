//! `cotejo audit proof`: what a proof about a gallery shows.

use std::path::{Path, PathBuf};

use crate::membership::{self, Kept, ProofError, Proofs, Proven, Root, Standing};
use crate::scheme::Opened;
use crate::service::protocol::{GalleryRoot, Receipt, Reply};
use crate::service::signing::{PublicKey, SIGNED_LIMIT_BYTES, Signed, StatementError};
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
What is proven is about the version with that root, and about nobody but these ids. Say whom you have asked about (--id, --ids-file): a \
proof about anybody else, or not about all of them, is refused; two ids may look alike. A proof that was altered, cut, forged, or made for \
another version or gallery is refused.

Example:
  cotejo audit proof proof.json --id 4711 --root 1f6a...
  cotejo audit proof proof.json --ids-file protected.txt --receipt receipt.json --key 0e39...
  cotejo audit proof proof.json --root 1f6a... --templates mine.npy")]
pub struct Args {
    /// The proof
    #[arg(value_name = "FILE")]
    proof: PathBuf,
    #[command(flatten)]
    about: About,
    /// Whom it must be about; may be given several times
    #[arg(long = "id", value_name = "ID", conflicts_with = "ids_file")]
    ids: Vec<String>,
    /// Whom it must be about, one id a line
    #[arg(long, value_name = "FILE")]
    ids_file: Option<PathBuf>,
    /// With --receipt: the custodian's public key, 64 hexadecimal digits; without it nothing shows who signed
    #[arg(long, value_name = "HEX", requires = "receipt")]
    key: Option<PublicKey>,
    /// Templates of the person whom the proof is about, all of them
    #[arg(long, value_name = "FILE")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    beside: Beside,
    #[command(flatten)]
    agreement: AgreementArg,
}

/// What the proof must be about.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct About {
    /// The root that it must be about: 64 hexadecimal digits, from whoever you trust to name it
    #[arg(long, value_name = "HEX")]
    root: Option<Root>,
    /// A receipt or a reply of the custodian's, as it was signed: the proof must be about the root that it names
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

impl Args {
    /// The root that the proof must be about, and where that is from.
    fn root(&self) -> Result<(Root, String), Failure> {
        if let Some(root) = self.about.root {
            return Ok((root, String::new()));
        }
        let path = self.about.receipt.as_deref().unwrap_or(Path::new(""));
        let remedy = "give a receipt or a reply of the custodian's, as it was signed";
        let bytes = files::read_at_most(path, SIGNED_LIMIT_BYTES as u64 + 2)?;
        let text = String::from_utf8(bytes).map_err(|_| Failure::at(path, "not a text", remedy))?;
        let text = text.trim_end();
        let refused = |error: StatementError| Failure::at(path, error, remedy);
        let receipt = Signed::<Receipt>::from_json(text).map_err(refused)?;
        let (signer, gallery) = match receipt.verify(self.key.as_ref()) {
            Ok(said) => (receipt.signer(), said.gallery),
            Err(refusal) => {
                let reply = Signed::<Reply>::from_json(text).map_err(refused)?;
                // What is neither is refused as a receipt.
                (reply.signer(), reply.verify(self.key.as_ref()).map_err(|_| refused(refusal))?.gallery())
            }
        };
        let GalleryRoot { version, root } =
            gallery.ok_or_else(|| Failure::at(path, "it names no root of a gallery", remedy))?;
        Ok((Root(root.0), format!(", version {version} by what {signer} has signed")))
    }

    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let path = &self.proof;
        let (root, from) = self.root()?;
        let refused = |error: ProofError| Failure::of(path, &error, "do not rely on it");
        let bytes = files::read_at_most(path, membership::LIMIT_BYTES as u64 + 1)?;
        let proofs = Proofs::read(&bytes).map_err(refused)?;
        let proven = proofs.verify(&root).map_err(refused)?;
        if let Some(persons) = load::whom(&self.ids, self.ids_file.as_deref())? {
            proofs.are_about(&persons.into_iter().collect()).map_err(refused)?;
        }
        let compared = self.templates.as_ref().map(|templates| self.compare(templates, &proofs, &proven, console));
        let compared = compared.transpose()?;
        let mut lines = vec![format!("{}: proven about the gallery with root {root}{from}", path.display())];
        lines.push(format!("under agreement {} (its digest without [service])", proofs.agreement));
        lines.extend(proven.iter().map(words));
        lines.extend(compared.as_ref().map(Compared::words));
        let document = json!({
            "proof": path,
            "root": root,
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
    let id = id.shown();
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

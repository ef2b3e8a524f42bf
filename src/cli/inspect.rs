//! `cotejo inspect`: what a file is, without its secrets.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::agreement::Agreement;
use crate::membership::{self, Proofs};
use crate::parameters::{ParameterSet, SetMark};
use crate::scheme::{Opened, Progress};
use crate::wire::{self, Header, Kind, WireError};
use serde_json::json;

use super::console::{Console, bytes, count};
use super::enroll::with_handles;
use super::failure::Failure;
use super::service_file::ServiceFile;
use super::{AgreementArg, Outcome, files, interrupt, statement};

/// Say what a file is, who may hold it, and what it belongs to; shows no secret
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo inspect answer.cotejo")]
pub struct Args {
    /// A file of cotejo: key, query, answer, gallery, pending query, agreement; or what goes with a service
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    agreement: AgreementArg,
}

/// What is said of a file beside its header.
#[derive(Default)]
struct Content {
    bytes: u64,
    lines: Vec<String>,
    /// At the end of a gallery, of no whole change.
    ignored_bytes: usize,
    gallery: Option<serde_json::Value>,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        if wire::inspect(files::open(&self.file)?).is_ok_and(|header| header.kind == Kind::Gallery) {
            return self.describe_gallery(console);
        }
        match wire::verify(BufReader::new(files::open(&self.file)?)) {
            Ok(header) => {
                let content = Content { bytes: header.payload_bytes, ..Content::default() };
                self.describe(&header, content, console)
            }
            Err(WireError::Magic | WireError::Truncated) if is_foreign(&self.file)? => self.describe_agreement(console),
            Err(error) => Err(Failure::wire(&self.file, &error)),
        }
    }

    /// All checksums, and where the agreement is at hand every reference.
    fn describe_gallery(&self, console: &Console) -> Result<Outcome, Failure> {
        let file = files::gallery::read_file(&self.file, console)?;
        let meter = console.meter("inspect", "byte", file.committed_bytes() as u64);
        let checked = file.check_references(|bytes| {
            meter.advance(bytes as u64);
            !meter.stop()
        });
        meter.finish();
        checked.map_err(|damage| Failure::gallery(&self.file, &damage.into()))?;
        interrupt::check()?;
        let ours = self.agreement_at_hand().filter(|ours| ours.binds(file.header().agreement));
        let mut root = None;
        if let Some(ours) = ours {
            let gallery = files::gallery::read(&self.file, &ours, &Console::new(true, false))?;
            let meter = console.meter("inspect", "reference", gallery.references() as u64);
            let verified = gallery.verify(&meter);
            meter.finish();
            verified.map_err(|error| Failure::rewriting(&self.file, &error))?;
            let meter = console.meter("root", "subject", gallery.len() as u64);
            let committed = gallery.root(&meter);
            meter.finish();
            root = Some(committed.map_err(|error| Failure::committing(&self.file, &error))?);
        }
        let mut lines = vec![
            format!(
                "enrolled    {} with {}{}",
                count(file.len(), "subject"),
                count(file.references(), "reference"),
                with_handles(file.handles())
            ),
            format!("removed     {}", count(file.removed(), "subject")),
            format!("version     {}", file.version()),
            format!("reference   {}", bytes(file.record_bytes())),
        ];
        lines.extend(root.map(|root| format!("root        {root}")));
        let gallery = json!({
            "subjects": file.len(),
            "references": file.references(),
            "handles": file.handles(),
            "removed": file.removed(),
            "version": file.version().to_string(),
            "root": root,
            "reference_bytes": file.record_bytes(),
            "ignored_bytes": file.ignored_bytes(),
        });
        let content = Content {
            bytes: file.committed_bytes() as u64,
            lines,
            ignored_bytes: file.ignored_bytes(),
            gallery: Some(gallery),
        };
        self.describe(file.header(), content, console)
    }

    fn describe(&self, header: &Header, content: Content, console: &Console) -> Result<Outcome, Failure> {
        let file = files::open(&self.file)?;
        let exposed = header.kind.holder() != Kind::Query.holder() && files::readable_by_others(&file);
        if exposed {
            let path = self.file.display();
            console.warn(format_args!("{path}: others than its owner may read it; close it with: chmod 600 {path}"));
        }
        let digest = header.agreement.to_string();
        let known = self.agreement_at_hand();
        let ours = known.as_ref().map(|ours| ours.binds(header.agreement));
        let mut lines = vec![
            match content.ignored_bytes {
                0 => format!("{}: {} of cotejo, whole and unaltered by accident", self.file.display(), header.kind),
                ignored => format!(
                    "{}: {} of cotejo, DAMAGED at its end: the last {ignored} bytes are no whole change; it was cut, or an append was \
                     interrupted",
                    self.file.display(),
                    header.kind
                ),
            },
            format!("held by     {}", header.kind.holder()),
        ];
        let set = Self::set_of(header, known);
        let set = set.as_deref();
        lines.extend(header.parameters.map(|mark| encryption(mark, set)));
        lines.extend(header.key.map(|key| format!("key         {key}")));
        lines.push(format!(
            "agreement   {digest}{}",
            match ours {
                Some(true) => format!("\n            the one in {}", self.agreement.path.display()),
                Some(false) => format!("\n            NOT the one in {}", self.agreement.path.display()),
                None => String::new(),
            }
        ));
        lines.extend(content.lines);
        lines.push(format!("payload     {}", bytes(content.bytes as usize)));
        let document = json!({
            "file": self.file,
            "kind": header.kind.to_string(),
            "held_by": header.kind.holder(),
            "scheme": header.scheme,
            "parameter_set": set.map(ParameterSet::name).or(header.parameters.map(SetMark::name)),
            "security_bits": set.map(ParameterSet::security_bits),
            "secure": set.map(ParameterSet::is_secure).or(header.parameters.map(SetMark::is_secure)),
            "key": header.key.map(|key| key.to_string()),
            "agreement": digest,
            "agreement_at_hand": ours,
            "payload_bytes": content.bytes,
            "damaged": content.ignored_bytes > 0,
            "gallery": content.gallery,
            "readable_by_others": exposed,
        });
        console.result(lines.join("\n"), &document)?;
        Ok(Outcome::Done)
    }

    fn describe_agreement(&self, console: &Console) -> Result<Outcome, Failure> {
        let path = &self.file;
        let beginning = files::read_at_most(path, Agreement::LIMIT_BYTES as u64 + 1)?;
        if beginning.starts_with(b"{\"agreement\":")
            && let Ok(proofs) = Proofs::read(&files::read_at_most(path, membership::LIMIT_BYTES as u64 + 1)?)
        {
            return self.describe_proofs(&proofs, console);
        }
        if let Some(file) = ServiceFile::of(&beginning) {
            return self.describe_service_file(file, console);
        }
        let text = String::from_utf8(beginning).ok();
        if let Some(said) = text.as_deref().and_then(statement::said) {
            let said = said.map_err(|error| Failure::at(path, error, "have it made and sent again"))?;
            return self.describe_statements(&said, console);
        }
        let agreement = text.map(|text| Agreement::from_toml(&text).and_then(Opened::new));
        let named_so = path.extension().is_some_and(|extension| extension == "toml");
        let agreement = match agreement {
            Some(Ok(agreement)) => agreement,
            Some(Err(error)) if named_so => {
                return Err(Failure::of(path, &error, "correct that field; see 'cotejo agreement init --help'"));
            }
            _ => {
                return Err(Failure::at(
                    path,
                    "neither a file of cotejo nor an agreement",
                    "name a key, query, answer, gallery, pending query or agreement.toml; templates are looked at with \
                     'cotejo enroll --dry-run'",
                ));
            }
        };
        let digest = agreement.digest().to_string();
        let encryption = encryption(SetMark::of(agreement.parameters()), Some(agreement.parameters()));
        let text = format!(
            "{}: agreement of cotejo\nheld by     both parties\n{encryption}\nagreement   {digest}\nRead it in words with: cotejo agreement check --agreement {}",
            path.display(),
            path.display()
        );
        let document = json!({
            "file": path,
            "kind": "agreement",
            "held_by": "both parties",
            "scheme": agreement.scheme(),
            "parameter_set": agreement.parameters().name(),
            "security_bits": agreement.parameters().security_bits(),
            "secure": agreement.parameters().is_secure(),
            "agreement": digest,
        });
        console.result(text, &document)?;
        Ok(Outcome::Done)
    }

    /// What goes with a service, and the command that looks into it.
    fn describe_service_file(&self, found: ServiceFile, console: &Console) -> Result<Outcome, Failure> {
        let file = self.file.display();
        if found.is_secret() && files::readable_by_others(&files::open(&self.file)?) {
            console.warn(format_args!("{file}: others than its owner may read it; close it with: chmod 600 {file}"));
        }
        let text =
            format!("{file}: {}\nheld by     {}\n{}", found.kind(), found.holder(), found.look(&file.to_string()));
        let document = json!({ "file": self.file, "kind": found.kind(), "held_by": found.holder() });
        console.result(text, &document)?;
        Ok(Outcome::Done)
    }

    /// Whom proofs are about, and which root; whether they hold, that root shows.
    fn describe_proofs(&self, proofs: &Proofs, console: &Console) -> Result<Outcome, Failure> {
        let Proofs { agreement, root, proofs, .. } = proofs;
        let file = self.file.display();
        let held = "who is proven to be enrolled or not, and whoever may know it";
        let text = format!(
            "{file}: proof about a gallery, of {}\nheld by     {held}\nroot        {root}\nagreement   {agreement}, without [service]\n\
             Check it with: cotejo audit proof {file} --root {root}, if that is the root that you hold",
            count(proofs.len(), "id")
        );
        let document = json!({
            "file": self.file,
            "kind": "proof about a gallery",
            "held_by": held,
            "root": root,
            "agreement": agreement,
            "ids": proofs.iter().map(|proof| &proof.id).collect::<Vec<_>>(),
        });
        console.result(text, &document)?;
        Ok(Outcome::Done)
    }

    /// What somebody has signed, in words: to be read before it is gone by.
    fn describe_statements(&self, said: &[statement::Said], console: &Console) -> Result<Outcome, Failure> {
        let mut lines = vec![
            format!("{}: signed, and the signature is good", self.file.display()),
            "held by     everybody: it is public".to_owned(),
        ];
        for said in said {
            lines.push(format!("{}: {}", said.kind, said.words));
            lines.push(format!("signed with {}", said.signer));
        }
        lines.push("Whose key that is, only a configuration tells ('signing_key')".to_owned());
        let statements: Vec<_> = said
            .iter()
            .map(|said| json!({"kind": said.kind, "says": said.words, "signing_key": said.signer}))
            .collect();
        let document = json!({
            "file": self.file,
            "kind": "signed statement",
            "held_by": "everybody: it is public",
            "statements": statements,
        });
        console.result(lines.join("\n"), &document)?;
        Ok(Outcome::Done)
    }

    /// The set that a file was made under: from its header, or from its agreement where that is at hand. None for a gallery without a mark.
    fn set_of(header: &Header, known: Option<Opened>) -> Option<Arc<ParameterSet>> {
        let ours = known.filter(|ours| ours.binds(header.agreement));
        let mark = header.parameters?;
        mark.named().cloned().map(Arc::new).or_else(|| ours.map(|ours| ours.parameters().clone()))
    }

    /// The agreement that stands at hand, if one does.
    fn agreement_at_hand(&self) -> Option<Opened> {
        let bytes = files::read_at_most(&self.agreement.path, Agreement::LIMIT_BYTES as u64 + 1).ok()?;
        Agreement::from_toml(&String::from_utf8(bytes).ok()?).and_then(Opened::new).ok()
    }
}

/// Scheme, set and security; of a set of the agreement's own without the agreement, only whether it is secure.
fn encryption(mark: SetMark, set: Option<&ParameterSet>) -> String {
    let scheme = mark.scheme();
    match set {
        None => format!("encryption  scheme {scheme}, {}", mark.name()),
        Some(set) => {
            let security = match set.is_secure() {
                true => format!("{:.0} bits of security", set.security_bits().floor()),
                false => format!("INSECURE, {}", set.weakness()),
            };
            let own = if set.is_own() { " of the agreement's own" } else { "" };
            format!("encryption  scheme {scheme}, parameter set {}{own}: {security}", set.name())
        }
    }
}

/// Whether a file does not begin as ours do: it may still be an agreement.
fn is_foreign(path: &Path) -> Result<bool, Failure> {
    Ok(files::read_at_most(path, 6)? != b"COTEJO")
}

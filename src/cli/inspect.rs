//! `cotejo inspect`: what a file is, without its secrets.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use cotejo::agreement::Agreement;
use cotejo::wire::{self, Header, Kind, WireError};
use serde_json::json;

use super::console::{Console, bytes};
use super::failure::Failure;
use super::{AgreementArg, Outcome, files};

/// Say what a file is, who may hold it, and what it belongs to; shows no secret
#[derive(clap::Args)]
#[command(after_help = "Example:\n  cotejo inspect answer.cotejo")]
pub struct Args {
    /// A file of cotejo: key, query, answer, gallery, pending query or agreement
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    agreement: AgreementArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        match wire::verify(BufReader::new(files::open(&self.file)?)) {
            Ok(header) => self.describe(&header, console),
            Err(WireError::Magic | WireError::Truncated) if is_foreign(&self.file)? => self.describe_agreement(console),
            Err(error) => Err(Failure::wire(&self.file, &error)),
        }
    }

    fn describe(&self, header: &Header, console: &Console) -> Result<Outcome, Failure> {
        let file = files::open(&self.file)?;
        let exposed = header.kind.holder() != Kind::Query.holder() && files::readable_by_others(&file);
        if exposed {
            let path = self.file.display();
            console.warn(format_args!("{path}: others than its owner may read it; close it with: chmod 600 {path}"));
        }
        let digest = header.agreement.to_string();
        let ours = self.agreement_at_hand().map(|ours| ours == digest);
        let mut lines = vec![
            format!("{}: {} of cotejo, whole and unaltered by accident", self.file.display(), header.kind),
            format!("held by     {}", header.kind.holder()),
        ];
        if let (Some(scheme), Some(set)) = (header.scheme, header.parameters) {
            let security = match set.is_secure() {
                true => format!("{:.0} bits of security", set.security_bits().floor()),
                false => "INSECURE, for tests only".to_owned(),
            };
            lines.push(format!("encryption  scheme {scheme}, parameter set {}: {security}", set.name()));
        }
        lines.extend(header.key.map(|key| format!("key         {key}")));
        lines.push(format!(
            "agreement   {digest}{}",
            match ours {
                Some(true) => format!("\n            the one in {}", self.agreement.path.display()),
                Some(false) => format!("\n            NOT the one in {}", self.agreement.path.display()),
                None => String::new(),
            }
        ));
        lines.push(format!("payload     {}", bytes(header.payload_bytes as usize)));
        let document = json!({
            "file": self.file,
            "kind": header.kind.to_string(),
            "held_by": header.kind.holder(),
            "scheme": header.scheme,
            "parameter_set": header.parameters.map(|set| set.name()),
            "security_bits": header.parameters.map(|set| set.security_bits()),
            "secure": header.parameters.map(|set| set.is_secure()),
            "key": header.key.map(|key| key.to_string()),
            "agreement": digest,
            "agreement_at_hand": ours,
            "payload_bytes": header.payload_bytes,
            "readable_by_others": exposed,
        });
        console.result(lines.join("\n"), &document)?;
        Ok(Outcome::Done)
    }

    fn describe_agreement(&self, console: &Console) -> Result<Outcome, Failure> {
        let path = &self.file;
        let beginning = files::read_at_most(path, Agreement::LIMIT_BYTES as u64 + 1)?;
        let text = String::from_utf8(beginning).ok();
        let agreement = text.map(|text| Agreement::from_toml(&text));
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
                    "name a key, query, answer, gallery, pending query or agreement.toml",
                ));
            }
        };
        let digest = agreement.digest().to_string();
        let text = format!(
            "{}: agreement of cotejo\nheld by     both parties\nagreement   {digest}\nRead it in words with: cotejo agreement check --agreement {}",
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

    /// Digest of the agreement that stands at hand, if one does.
    fn agreement_at_hand(&self) -> Option<String> {
        let bytes = files::read_at_most(&self.agreement.path, Agreement::LIMIT_BYTES as u64 + 1).ok()?;
        Some(Agreement::from_toml(&String::from_utf8(bytes).ok()?).ok()?.digest().to_string())
    }
}

/// Whether a file does not begin as ours do: it may still be an agreement.
fn is_foreign(path: &Path) -> Result<bool, Failure> {
    Ok(files::read_at_most(path, 6)? != b"COTEJO")
}

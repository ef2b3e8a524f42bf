//! What a file holds, as far as it may not be lost to something else.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::agreement::Agreement;
use crate::wire::{self, Kind};
use crate::words::with_article;

use crate::cli::failure::Failure;

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// A file of cotejo.
    File(Kind),
    /// An agreement.
    Agreement,
    /// A private key of somebody, in PEM.
    PrivateKey,
    /// Anything else.
    Other,
}

/// More than any agreement or key in PEM.
const BEGINNING_BYTES: u64 = Agreement::LIMIT_BYTES as u64 + 1;

impl Content {
    /// What bytes, or their beginning, are.
    pub fn of(bytes: &[u8]) -> Self {
        if let Ok(header) = wire::inspect(bytes) {
            return Self::File(header.kind);
        }
        let beginning = bytes.get(..BEGINNING_BYTES as usize).unwrap_or(bytes);
        match std::str::from_utf8(beginning) {
            Ok(text) if text.contains("-----BEGIN") && text.contains("PRIVATE KEY-----") => Self::PrivateKey,
            Ok(text) if is_agreement(text) => Self::Agreement,
            _ => Self::Other,
        }
    }

    /// Not even `--force` lets a key, a gallery, an agreement or a pending query be replaced by anything but its like.
    pub fn check_replaces(self, path: &Path) -> Result<(), Failure> {
        let mut beginning = Vec::new();
        let read = File::open(path).and_then(|file| file.take(BEGINNING_BYTES).read_to_end(&mut beginning));
        let there = read.map_or(Self::Other, |_| Self::of(&beginning));
        let name = match there {
            Self::File(Kind::Query | Kind::Answer) | Self::Other => return Ok(()),
            _ if there == self => return Ok(()),
            Self::File(kind) => with_article(kind),
            Self::Agreement => "an agreement".to_owned(),
            Self::PrivateKey => "a private key".to_owned(),
        };
        Err(Failure::at(
            path,
            format_args!("is {name}, which nothing that is sent may replace, nor any file of another kind"),
            "choose another name (--out)",
        ))
    }
}

/// Whether a text is an agreement, be it one that is not sound.
fn is_agreement(text: &str) -> bool {
    let table = text.parse::<toml::Table>();
    table.is_ok_and(|table| ["comparison", "encryption", "limits"].iter().all(|part| table.contains_key(*part)))
}

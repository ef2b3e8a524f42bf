//! Verdicts that are done, kept in a file so that an interrupted run goes on where it stopped.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::agreement;
use crate::evaluate::{Evaluation, Selection, Unit};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Args;
use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access, Output};

/// Longest file that is read: 60 million verdicts.
const LIMIT_BYTES: u64 = 64 << 20;

/// At most so much work is lost, whatever happens.
const INTERVAL: Duration = Duration::from_secs(2);

/// The file: one text of 0 and 1 a unit.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    cotejo_evaluation: u32,
    fingerprint: String,
    verdicts: Vec<String>,
}

impl Kept {
    /// Whether there is a verdict on every pair of the first units, and nothing else.
    fn fits(&self, selection: &Selection) -> bool {
        let whole = |(text, unit): (&String, &Unit)| {
            text.len() == unit.references.len() && text.bytes().all(|byte| matches!(byte, b'0' | b'1'))
        };
        self.verdicts.len() <= selection.units.len() && self.verdicts.iter().zip(&selection.units).all(whole)
    }
}

/// The verdicts so far, and their file.
pub(super) struct Partial {
    path: PathBuf,
    fingerprint: String,
    verdicts: Vec<Vec<bool>>,
    saved: Instant,
    kept: usize,
}

impl Partial {
    /// Those of an interrupted run of the same evaluation, or none.
    pub(super) fn open(
        path: &Path,
        fingerprint: String,
        selection: &Selection,
        console: &Console,
    ) -> Result<Self, Failure> {
        let mut partial =
            Self { path: path.to_owned(), fingerprint, verdicts: Vec::new(), saved: Instant::now(), kept: 0 };
        if !path.exists() {
            return Ok(partial);
        }
        let remedy = "remove it, or name another with --partial";
        let bytes = files::read_own_at_most(path, LIMIT_BYTES + 1)?;
        let too_long = bytes.len() as u64 > LIMIT_BYTES;
        let kept: Option<Kept> = if too_long { None } else { serde_json::from_slice(&bytes).ok() };
        let not_ours = || Failure::at(path, "is not what an interrupted evaluation leaves", remedy);
        let kept = kept.filter(|kept| kept.cotejo_evaluation == 1).ok_or_else(not_ours)?;
        if kept.fingerprint != partial.fingerprint {
            let what = "belongs to an evaluation of other templates, terms, seed or amount";
            return Err(Failure::at(path, what, format!("finish that one, or {remedy}")));
        }
        if !kept.fits(selection) {
            return Err(not_ours());
        }
        let bits = |text: &String| text.bytes().map(|byte| byte == b'1').collect();
        partial.verdicts = kept.verdicts.iter().map(bits).collect();
        partial.kept = partial.verdicts.len();
        console.note(format_args!("{}: going on after {}", path.display(), count(partial.kept, "probe")));
        Ok(partial)
    }

    pub(super) fn verdicts(&self) -> &[Vec<bool>] {
        &self.verdicts
    }

    pub(super) fn into_verdicts(self) -> Vec<Vec<bool>> {
        self.verdicts
    }

    /// Takes a unit's verdicts, and saves now and then.
    pub(super) fn add(&mut self, verdicts: Vec<bool>) -> Result<(), Failure> {
        self.verdicts.push(verdicts);
        if self.saved.elapsed() < INTERVAL {
            return Ok(());
        }
        let text = |verdicts: &Vec<bool>| verdicts.iter().map(|&hit| if hit { '1' } else { '0' }).collect();
        let kept = Kept {
            cotejo_evaluation: 1,
            fingerprint: self.fingerprint.clone(),
            verdicts: self.verdicts.iter().map(text).collect(),
        };
        let bytes = serde_json::to_vec(&kept)
            .map_err(|error| Failure::at(&self.path, error, "name another file with --partial"))?;
        match files::write(&[Output { path: &self.path, bytes: &bytes, access: Access::Private }], true) {
            // Asked to stop: what was saved before stays.
            Err(Failure::Interrupted) => return Ok(()),
            saved => saved?,
        }
        (self.saved, self.kept) = (Instant::now(), self.verdicts.len());
        Ok(())
    }

    /// How to go on after Ctrl-C.
    pub(super) fn paused(&self, units: usize) -> Failure {
        match self.kept {
            0 => Failure::Interrupted,
            kept => Failure::Paused(format!(
                "the verdicts on {kept} of {} are kept in {}; the same command goes on from there",
                count(units, "probe"),
                self.path.display()
            )),
        }
    }
}

/// The evaluation is done.
pub(super) fn forget(path: &Path) {
    drop(std::fs::remove_file(path));
}

impl Args {
    /// Of everything that verdicts depend on.
    pub(super) fn fingerprint(&self, evaluation: &Evaluation<'_>, selection: &Selection) -> String {
        let mut hash = Sha256::new();
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(evaluation.agreement.digest().0);
        hash.update(self.seed.to_le_bytes());
        for unit in &selection.units {
            hash.update((unit.probe as u64).to_le_bytes());
            unit.references.iter().for_each(|against| hash.update((against.place as u64).to_le_bytes()));
        }
        // The scores stand for the templates.
        evaluation.scores.pairs().for_each(|pair| hash.update(pair.float.to_le_bytes()));
        agreement::Digest(hash.finalize().into()).to_string()
    }
}

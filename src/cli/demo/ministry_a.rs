//! Ministry A asks: it holds the probes and the secret key.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::exchange::Querier;
use crate::querier::Verdict;
use crate::scheme::Opened;
use crate::template::synthetic::Population;
use crate::template::{Record, SubjectId, Template};

use super::{ASKED, write};
use crate::cli::failure::Failure;
use crate::cli::files::{self, Access};
use crate::cli::{encrypt, interrupt, load, synthesize};

/// Ministry A with its keys.
pub struct MinistryA<'a> {
    agreement: &'a Opened,
    folder: PathBuf,
    exchanged: PathBuf,
    pub keys: Keys,
}

/// What key generation left.
pub struct Keys {
    pub evaluation_key: PathBuf,
    pub secret_bytes: usize,
    pub public_bytes: usize,
    pub took: Duration,
}

/// What ministry A asked.
pub struct Question {
    pub path: PathBuf,
    pub records: Vec<Record>,
    pub probe_bytes: usize,
    pub query_bytes: usize,
    /// The first coordinates of the first probe.
    pub plain: Vec<f64>,
    /// The first bytes of what hides them.
    pub cipher: Vec<u8>,
    pub took: Duration,
    pending: PathBuf,
}

impl<'a> MinistryA<'a> {
    /// Makes keys; the public ones are put among what is exchanged.
    pub fn make_keys(root: &Path, agreement: &'a Opened) -> Result<Self, Failure> {
        let (folder, exchanged) = (root.join("ministry-a"), root.join("exchanged"));
        let keys = folder.join("keys");
        let evaluation_key = exchanged.join(load::EVALUATION_KEY);
        let start = Instant::now();
        let (querier, public) = Querier::generate(agreement, &mut load::randomness()?)
            .map_err(|error| Failure::of(&evaluation_key, &error, "report this as a defect"))?;
        let took = start.elapsed();
        interrupt::check()?;
        let secret = querier.to_secret_bytes();
        write(&keys.join(load::SECRET_KEY), &secret, Access::Private)?;
        write(&keys.join(load::EVALUATION_KEY), &public, Access::Shared)?;
        write(&evaluation_key, &public, Access::Shared)?;
        let keys = Keys { evaluation_key, secret_bytes: secret.len(), public_bytes: public.len(), took };
        Ok(Self { agreement, folder, exchanged, keys })
    }

    fn querier(&self) -> Result<Querier, Failure> {
        load::querier(&self.keys_folder(), self.agreement, "--keys")
    }

    fn keys_folder(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// Encrypts the probes.
    pub fn ask(&self, population: &Population) -> Result<Question, Failure> {
        let path = self.folder.join("probes.npy");
        let defect = |error: &dyn std::error::Error| Failure::at(&path, error, "report this as a defect");
        let records = ASKED.iter().enumerate().map(|(index, &number)| {
            let subject = SubjectId::try_from(format!("case-{}", index + 1)).map_err(|error| defect(&error))?;
            Ok(Record { subject, ..population.record(number, 1).map_err(|error| defect(&error))? })
        });
        let records = records.collect::<Result<Vec<_>, Failure>>()?;
        let files = synthesize::encoded(&path, &records)?;
        files.iter().try_for_each(|(path, bytes)| write(path, bytes, Access::Private))?;

        let querier = self.querier()?;
        let start = Instant::now();
        let asked = querier.ask(records.clone(), &mut load::randomness()?);
        let (query_bytes, pending) = asked.map_err(|error| defect(&error))?;
        let took = start.elapsed();
        let out = self.exchanged.join("probes.query.cotejo");
        let failed = Failure::in_file(&out);
        let pending_path = encrypt::pending_path(&self.keys_folder(), pending.query());
        write(&pending_path, &pending.to_bytes().map_err(&failed)?, Access::Private)?;
        write(&out, &query_bytes, Access::Shared)?;
        let plain = match records.first().map(|record| &record.template) {
            Some(Template::Vector(vector)) => vector.coordinates().iter().take(6).copied().collect(),
            _ => Vec::new(),
        };
        Ok(Question {
            path: out.clone(),
            probe_bytes: files
                .iter()
                .filter(|(path, _)| path.extension().is_some_and(|e| e == "npy"))
                .map(|(_, b)| b.len())
                .sum(),
            records,
            // Its middle is ciphertext.
            cipher: query_bytes.iter().skip(query_bytes.len() / 2).take(18).copied().collect(),
            query_bytes: query_bytes.len(),
            plain,
            took,
            pending: pending_path,
        })
    }

    /// Decrypts the answer.
    pub fn read(&self, question: &Question, answer: &Path) -> Result<Vec<(SubjectId, Verdict)>, Failure> {
        let querier = self.querier()?;
        let read = querier.answer(files::open(answer)?).map_err(Failure::in_file(answer))?;
        let pending = querier.pending(files::open_secret(&question.pending)?);
        let pending = pending.map_err(Failure::in_file(&question.pending))?;
        pending.read_answer(&read).map_err(|error| Failure::of(answer, &error, "report this as a defect"))
    }
}

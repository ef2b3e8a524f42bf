//! `cotejo match`: the custodian's answer.

use std::path::{Path, PathBuf};
use std::time::Instant;

use cotejo::custodian::{AdmittedKey, AnswerError, Custodian, Gallery};
use cotejo::scheme::{Evaluator, Opened};
use cotejo::wire::{Answer, EvaluationKey, Kind, Query, Target};
use serde_json::json;

use super::console::{Console, bytes, count, seconds};
use super::dispatch::under_scheme;
use super::failure::Failure;
use super::files::{self, Access, Content, Output};
use super::{AgreementArg, Outcome, OverwriteArg, interrupt, load, size};

/// Compare a query with a gallery, under encryption; the answer is for the querier
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  cotejo match --agreement agreement.toml --evaluation-key keys/querier/evaluation.key \\
      --gallery gallery.cotejo --query query.cotejo --out answer.cotejo")]
pub struct Args {
    #[command(flatten)]
    agreement: AgreementArg,
    /// The querier's evaluation key
    #[arg(long, value_name = "FILE", default_value = "keys/querier/evaluation.key")]
    evaluation_key: PathBuf,
    /// The gallery
    #[arg(long, value_name = "FILE")]
    gallery: PathBuf,
    /// The query
    #[arg(long, value_name = "FILE")]
    query: PathBuf,
    /// The answer [default: named after the query, probes.query.cotejo -> probes.answer.cotejo]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Memory for keeping the gallery as the scheme computes on it, beside the gallery itself: makes further probes sooner
    #[arg(long, value_name = "SIZE", default_value = "4GiB", value_parser = size::parse)]
    memory: u64,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        under_scheme!(agreement, S => self.answer::<S>(&agreement, console))
    }

    fn answer<S: Evaluator>(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let out = self.out.clone().unwrap_or_else(|| files::named_after(&self.query, "answer.cotejo"));
        files::require_free(&out, self.overwrite.force, Content::File(Kind::Answer))?;
        let query =
            Query::<S>::read(files::open(&self.query)?, agreement, None).map_err(Failure::in_file(&self.query))?;
        let key = EvaluationKey::<S>::read(files::open(&self.evaluation_key)?, agreement)
            .map_err(Failure::in_file(&self.evaluation_key))?;
        if key.id() != query.key {
            return Err(self.explain(&AnswerError::OtherKey { expected: key.id(), actual: query.key }));
        }
        let gallery = files::gallery::read(&self.gallery, agreement, console)?;
        if gallery.is_empty() {
            return Err(self.explain(&AnswerError::EmptyGallery));
        }
        interrupt::check()?;
        let custodian = Custodian::<S>::new(agreement, &gallery, self.memory)
            .map_err(|error| Failure::at(&self.agreement.path, error, "agree on a scheme that this program has"))?;
        custodian.check_bits(&query).map_err(|error| self.explain(&error))?;
        let known = custodian.knows(&query.target);
        if let Target::Subject(id) = &query.target {
            for unknown in gallery.not_enrolled([id]) {
                console.warn(format_args!(
                    "the query is about {unknown}, who is not enrolled; the answer will be 'no hit' and will not say why"
                ));
            }
        }
        let searched = searched(&gallery, &query.target);
        let probes = query.layouts.len();
        let steps = custodian.steps(&query);
        console.note(format_args!(
            "matching {} against {} ({})",
            count(probes, "probe"),
            count(searched, "reference"),
            count(steps as usize, S::STEP)
        ));
        let key = AdmittedKey::new(key);
        interrupt::check()?;
        let meter = console.meter("match", S::STEP, steps);
        let start = Instant::now();
        let answer = custodian.answer(&key, &query, &mut load::randomness()?, &meter);
        let took = start.elapsed();
        meter.finish();
        let content = self.encode(answer, agreement, &out)?;
        files::write(&[Output { path: &out, bytes: &content, access: Access::Shared }], self.overwrite.force)?;
        let comparisons = probes * searched;
        let each = took / u32::try_from(comparisons.max(1)).unwrap_or(u32::MAX);
        console.written(
            format_args!(
                "{}: {}, {} in {} ({} each); send it to the querier",
                out.display(),
                bytes(content.len()),
                count(comparisons, "comparison"),
                seconds(took),
                seconds(each),
            ),
            &json!({
                "answer": out,
                "gallery": gallery.version().to_string(),
                "answer_bytes": content.len(),
                "query_id": query.id.to_string(),
                "probes": probes,
                "references": searched,
                "reference_known": known,
                "scheme": agreement.scheme(),
                "steps": steps,
                "step": S::STEP,
                "seconds": took.as_secs_f64(),
                "seconds_per_comparison": each.as_secs_f64(),
                "key": query.key.to_string(),
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(Outcome::Done)
    }

    fn encode<S: Evaluator>(
        &self,
        answer: Result<Answer<S>, AnswerError>,
        agreement: &Opened,
        out: &Path,
    ) -> Result<zeroize::Zeroizing<Vec<u8>>, Failure> {
        let answer = answer.map_err(|error| self.explain(&error))?;
        answer.to_bytes(agreement).map_err(Failure::in_file(out))
    }

    fn explain(&self, error: &AnswerError) -> Failure {
        match error {
            AnswerError::Unanswered(cotejo::scheme::Unanswered::Stopped(_)) => Failure::Interrupted,
            AnswerError::Unanswered(error) => {
                Failure::of(&self.query, error, "ask about fewer probes at a time, or agree on another set")
            }
            AnswerError::OtherKey { .. } => Failure::of(&self.query, error, "use the files of one keygen together"),
            AnswerError::EmptyGallery | AnswerError::Damaged(_) => {
                Failure::of(&self.gallery, error, "enroll somebody with 'cotejo enroll --append'")
            }
            AnswerError::TooManyBits { .. } => Failure::at(
                &self.query,
                error,
                "ask about fewer probes at a time, or agree on a larger limits.bits_per_query",
            ),
            _ => Failure::of(&self.query, error, "make keys and queries under this agreement"),
        }
    }
}

/// References that a query is compared with.
fn searched(gallery: &Gallery, target: &Target) -> usize {
    match target {
        Target::Gallery => gallery.references(),
        Target::Subject(id) => gallery.position(id).map_or(0, |position| gallery.reference_count(position)),
    }
}

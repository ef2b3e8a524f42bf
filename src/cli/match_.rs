//! `cotejo match`: the custodian's answer.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::custodian::{AnswerError, Gallery};
use crate::exchange::{Custodian, EvaluationKey, ExchangeError, Question};
use crate::scheme::Opened;
use crate::wire::{Kind, Target};
use serde_json::json;

use super::console::{Console, bytes, count, seconds};
use super::failure::Failure;
use super::files::{self, Access, Content, Output};
use super::{AgreementArg, Outcome, OverwriteArg, interrupt, load, size};

/// Compare a query with a gallery, under encryption; the answer is for the querier
#[derive(clap::Args)]
#[command(after_help = "\
Example:
  cotejo match --agreement agreement.toml --evaluation-key keys/querier/evaluation.key \
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
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = size::parse)]
    memory: u64,
    #[command(flatten)]
    overwrite: OverwriteArg,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let agreement = load::agreement(&self.agreement.path, console)?;
        self.answer(&agreement, console)
    }

    fn answer(&self, agreement: &Opened, console: &Console) -> Result<Outcome, Failure> {
        let out = self.out.clone().unwrap_or_else(|| files::named_after(&self.query, "answer.cotejo"));
        files::require_free(&out, self.overwrite.force, Content::File(Kind::Answer))?;
        let question = Question::read(files::open(&self.query)?, agreement).map_err(Failure::in_file(&self.query))?;
        let key = EvaluationKey::read(files::open(&self.evaluation_key)?, agreement)
            .map_err(Failure::in_file(&self.evaluation_key))?;
        if key.id() != question.key {
            return Err(self.explain(&AnswerError::OtherKey { expected: key.id(), actual: question.key }));
        }
        let gallery = Arc::new(files::gallery::read(&self.gallery, agreement, console)?);
        if gallery.is_empty() && gallery.file().ignored_bytes() > 0 {
            return Err(files::gallery::torn(&self.gallery, gallery.file()));
        }
        if gallery.is_empty() {
            return Err(self.explain(&AnswerError::EmptyGallery));
        }
        let custodian = Custodian::keeping(agreement, Arc::clone(&gallery), self.memory)
            .map_err(|error| Failure::of(&self.gallery, &error, "enroll it under this agreement"))?;
        interrupt::check()?;
        custodian.check_bits(&question).map_err(|error| self.explain(&error))?;
        let known = is_known(&gallery, &question.target);
        if let Target::Subject(id) = &question.target {
            for unknown in gallery.not_enrolled([id]) {
                console.warn(format_args!(
                    "the query is about {unknown}, who is not enrolled; the answer will be 'no hit' and will not say why"
                ));
            }
        }
        let searched = searched(&gallery, &question.target);
        let probes = question.probes;
        let steps = custodian.steps(&question);
        console.note(format_args!(
            "matching {} against {} ({})",
            count(probes, "probe"),
            count(searched, "reference"),
            count(steps as usize, custodian.step())
        ));
        let key = key.expand();
        interrupt::check()?;
        let meter = console.meter("match", custodian.step(), steps);
        let start = Instant::now();
        let answer = custodian.answer(&key, &question, &mut load::randomness()?, &meter);
        let took = start.elapsed();
        meter.finish();
        let content = answer.map_err(|error| match error {
            ExchangeError::Unanswered(error) => self.explain(&error),
            error => Failure::of(&out, &error, "report this as a defect"),
        })?;
        files::write(&[Output { path: &out, bytes: &content, access: Access::Shared }], self.overwrite.force)?;
        let comparisons = probes * searched;
        let each = took.div_f64(comparisons.max(1) as f64);
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
                "query_id": question.id.to_string(),
                "probes": probes,
                "references": searched,
                "reference_known": known,
                "scheme": agreement.scheme(),
                "steps": steps,
                "step": custodian.step(),
                "seconds": took.as_secs_f64(),
                "seconds_per_comparison": each.as_secs_f64(),
                "key": question.key.to_string(),
                "agreement": agreement.digest().to_string(),
            }),
        )?;
        Ok(Outcome::Done)
    }

    fn explain(&self, error: &AnswerError) -> Failure {
        match error {
            AnswerError::Unanswered(crate::scheme::Unanswered::Stopped(_)) => Failure::Interrupted,
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

/// Whether a 1:1 query's subject is enrolled; the querier must not be told.
fn is_known(gallery: &Gallery, target: &Target) -> bool {
    match target {
        Target::Gallery => true,
        Target::Subject(id) => gallery.position(id).is_some(),
    }
}

/// References that a query is compared with.
fn searched(gallery: &Gallery, target: &Target) -> usize {
    match target {
        Target::Gallery => gallery.references(),
        Target::Subject(id) => gallery.position(id).map_or(0, |position| gallery.reference_count(position)),
    }
}

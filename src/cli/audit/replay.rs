//! `cotejo audit replay`: whether an answer is what the custodian's own gallery gives.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::seq::index;
use serde_json::json;

use crate::agreement::SchemeId;
use crate::cli::console::{Console, count, seconds};
use crate::cli::failure::Failure;
use crate::cli::party::{self, Party};
use crate::cli::serve::{Custodian, Served};
use crate::cli::{Outcome, files, interrupt, load};
use crate::custodian::{AnswerError, Gallery};
use crate::exchange::{self, AdmittedKey, ExchangeError, Question};
use crate::scheme::{Opened, Progress, Randomness, Unanswered};
use crate::service::protocol::GalleryRoot;
use crate::service::server::computed_with;
use crate::service::signing::{Hash, Name};
use crate::service::store::{Custody, NoReplay, Replay};
use crate::template::SubjectId;
use crate::wire::GalleryVersion;

/// Make an answer again from the version of the gallery that the reply names, and compare it with the one that was signed
///
/// At the custodian's, before an auditor, with the auditor's copy of this program: it needs the gallery. It needs no key of the querier's, and
/// tells nobody a verdict.
#[derive(clap::Args)]
#[command(after_help = "\
An answer's randomness follows from seeds that the custodian draws when it accepts a request, and promises in the receipt it signs. So an \
honest custodian can make each answer again, byte for byte: from the query, the requester's evaluation key, the gallery and the exempt list \
as they were. An answer for which part of the gallery was not searched cannot be made so. Ends with 0 where the answer is the one whose \
SHA-256 the reply names, with 1 where it is not.

With --blocks only some blocks are made again, drawn at random now, and held against the digests of blocks that the reply names: blocks that \
were left out are found so. That all were added up, only all of it shows.

The query is kept where [limits] query_days says so; else the requester gives it ('cotejo audit query --out', --query here). Under tfhe and \
hybrid it takes a processor with the same vector instructions; under bgv any.

Example:
  cotejo audit replay 0f6c3a1e2b9d4c58a7f1e3d2c4b5a697 --config custodian.toml")]
pub struct Args {
    /// The job, as the receipt names it
    job: Name,
    /// The custodian's configuration
    #[arg(long, value_name = "FILE", default_value = "custodian.toml")]
    config: PathBuf,
    /// Make so many blocks of the answer again, drawn at random now, instead of all of it
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    blocks: Option<u32>,
    /// The query's file, where it was not kept
    #[arg(long, value_name = "FILE")]
    query: Option<PathBuf>,
    /// The requester's evaluation key, where it was not kept
    #[arg(long, value_name = "FILE")]
    evaluation_key: Option<PathBuf>,
    /// The gallery that was searched, where the configured one does not hold that version any more
    #[arg(long, value_name = "FILE")]
    gallery: Option<PathBuf>,
    /// The list of exempt persons of that time, where it was another
    #[arg(long, value_name = "FILE")]
    exempt: Option<PathBuf>,
}

/// What a job is made again from.
#[derive(Clone, Copy)]
struct Again<'a> {
    custodian: &'a exchange::Custodian,
    key: &'a AdmittedKey,
    question: &'a Question,
    replay: &'a Replay,
    /// What it was drawn from, by what computed it.
    randomness: &'a Randomness,
    /// Persons who were exempt.
    exempt: usize,
}

impl Args {
    pub fn run(self, console: &Console) -> Result<Outcome, Failure> {
        let party = Party::<Custodian>::read(&self.config)?;
        let agreements = party.agreements(true, console)?;
        let mut custody = party.custody()?;
        let replay = custody.replay(&self.job).map_err(|error| self.unreplayable(&error))?;
        let (index, served) = self.served(&agreements, &replay)?;
        let agreement = &served.agreement;
        let gallery = self.gallery_of(served, &replay, console)?;
        self.check_root(&gallery, &replay, console)?;
        let listed = match &self.exempt {
            Some(path) => Some(path.clone()),
            None => party.exempt().nth(index).flatten(),
        };
        let exempt = self.exempt_of(listed.as_deref(), &mut custody, &replay)?;
        let query = self.query_of(&replay)?;
        let key = self.key_of(&mut custody, &replay)?;
        drop(custody);
        let custodian = exchange::Custodian::new(agreement, gallery)
            .map_err(|error| Failure::of(&self.config, &error, "name the gallery of that agreement (--gallery)"))?;
        let custodian = custodian.exempting(&exempt);
        self.check_machine(agreement, &computed_with(&custodian), &replay, console)?;
        let place = self.query.as_deref().unwrap_or(&self.config);
        let question = Question::read(query.as_slice(), agreement).map_err(Failure::in_file(place))?;
        let key = custodian.read_key(key.as_slice());
        let key = key.map_err(Failure::in_file(self.evaluation_key.as_deref().unwrap_or(&self.config)))?.expand();
        let randomness = replay.randomness.on(&replay.computed);
        let again = Again {
            custodian: &custodian,
            key: &key,
            question: &question,
            replay: &replay,
            exempt: exempt.len(),
            randomness: &randomness,
        };
        match self.blocks {
            Some(wanted) => self.some(&again, wanted as usize, console),
            None => self.all(&again, console),
        }
    }

    /// All of the answer.
    fn all(&self, again: &Again<'_>, console: &Console) -> Result<Outcome, Failure> {
        let Again { custodian, key, question, .. } = *again;
        let meter = console.meter("replay", custodian.step(), custodian.steps(question));
        let start = Instant::now();
        let drawn = custodian.answer_from(key, question, again.randomness, &meter);
        meter.finish();
        let drawn = drawn.map_err(|error| self.unmade(&error))?;
        self.say(again, &drawn.answer, start.elapsed(), console)
    }

    /// Some blocks of it, which nobody knew before.
    fn some(&self, again: &Again<'_>, wanted: usize, console: &Console) -> Result<Outcome, Failure> {
        let Again { custodian, key, question, replay, .. } = *again;
        let (parts, _) = replay.parts.as_chunks::<32>();
        if parts.is_empty() {
            let what = format!("of job {} no digests of blocks are kept", self.job);
            return Err(Failure::at(&self.config, what, "make all of the answer again (without --blocks)"));
        }
        let blocks = custodian.parts(question);
        if parts.len() != blocks {
            let said = format!(
                "the reply names {} where the answer has {}",
                count(parts.len(), "block"),
                count(blocks, "block")
            );
            console.result(
                format_args!("job {}: {said}", self.job),
                &json!({ "job": self.job, "same": false, "of": parts.len(), "expected": blocks }),
            )?;
            return Ok(Outcome::Findings);
        }
        let mut numbers = index::sample(&mut load::randomness()?, parts.len(), wanted.min(parts.len())).into_vec();
        numbers.sort_unstable();
        let meter = console.meter("replay", "block", numbers.len() as u64);
        let (start, mut others) = (Instant::now(), Vec::new());
        for &number in &numbers {
            let made = custodian.part_from(key, question, again.randomness, number, &interrupt::Unwatched);
            if made.map_err(|error| self.unmade(&error))?.as_ref() != parts.get(number) {
                others.push(number);
            }
            Progress::advance(&meter, 1);
        }
        meter.finish();
        let (blocks, same) = (count(numbers.len(), "block"), others.is_empty());
        let said = match same {
            true => format!("{blocks} of {}, drawn at random, are those that were signed, bit for bit", parts.len()),
            false => format!(
                "of {blocks} of {}, drawn at random, {} are not those that were signed",
                parts.len(),
                others.len()
            ),
        };
        let took = start.elapsed();
        console.result(
            format_args!("job {}: {said}\nblocks  {numbers:?}\n{}", self.job, self.about(again, took)),
            &json!({
                "job": self.job,
                "same": same,
                "blocks": numbers,
                "of": parts.len(),
                "others": others,
                "request": replay.request.number,
                "requester": replay.request.requester,
                "seconds": took.as_secs_f64(),
                "threads": rayon::current_num_threads(),
            }),
        )?;
        Ok(if same { Outcome::Done } else { Outcome::Findings })
    }

    fn unmade(&self, error: &ExchangeError) -> Failure {
        match error {
            ExchangeError::Unanswered(AnswerError::Unanswered(Unanswered::Stopped(_))) => Failure::Interrupted,
            error => Failure::of(&self.config, error, "name the files of that time"),
        }
    }

    /// Which request it was, and how long it took.
    fn about(&self, again: &Again<'_>, took: Duration) -> String {
        let replay = again.replay;
        let version = replay.version;
        format!(
            "request {} of {}, version {version} of the gallery; {} on {}",
            replay.request.number,
            replay.request.requester,
            seconds(took),
            count(rayon::current_num_threads(), "thread"),
        ) + &format!(
            "\n{} exempt by the list that the log tells of; reply {}, to be compared with the requester's",
            count(again.exempt, "person"),
            replay.reply_digest,
        )
    }

    fn say(&self, again: &Again<'_>, answer: &[u8], took: Duration, console: &Console) -> Result<Outcome, Failure> {
        let replay = again.replay;
        let (made, signed) = (Hash::of(answer), replay.answer_digest);
        let same = made == signed;
        let here = computed_with(again.custodian);
        if !same && replay.computed != here {
            let what = format!("the answer was computed with {}; this is {here}, which makes another", replay.computed);
            return Err(Failure::at(&self.config, what, "use that version of cotejo"));
        }
        let said = match same {
            true => "the answer is the one that was signed, bit for bit: all of that gallery was searched",
            false => "the answer is not the one that was signed",
        };
        console.result(
            format_args!("job {}: {said}\nsigned  {signed}\nmade    {made}\n{}", self.job, self.about(again, took)),
            &json!({
                "job": self.job,
                "same": same,
                "signed": signed,
                "made": made,
                "request": replay.request.number,
                "requester": replay.request.requester,
                "gallery": replay.version,
                "exempt": again.exempt,
                "reply": replay.reply_digest,
                "request_digest": replay.reply.request_digest,
                "randomness": replay.receipt.randomness,
                "computed": replay.computed,
                "seconds": took.as_secs_f64(),
                "threads": rayon::current_num_threads(),
            }),
        )?;
        Ok(if same { Outcome::Done } else { Outcome::Findings })
    }

    fn unreplayable(&self, error: &NoReplay) -> Failure {
        match error {
            NoReplay::Store(error) => party::store_failure(&self.config, error),
            error => Failure::of(&self.config, error, "there is nothing to make again"),
        }
    }

    fn served<'a>(&self, agreements: &'a [Served], replay: &Replay) -> Result<(usize, &'a Served), Failure> {
        let wanted = replay.request.agreement;
        let mut served = agreements.iter().enumerate();
        served.find(|(_, served)| served.agreement.digest().0 == wanted.0).ok_or_else(|| {
            let what = format!("the job was answered under agreement {wanted}, which it does not name");
            Failure::at(&self.config, what, "give a configuration that names that agreement and its gallery (--config)")
        })
    }

    /// The gallery as it was.
    fn gallery_of(&self, served: &Served, replay: &Replay, console: &Console) -> Result<Gallery, Failure> {
        let path = self.gallery.as_deref().unwrap_or(served.source.gallery());
        let gallery = files::gallery::read(path, &served.agreement, console)?;
        let version = GalleryVersion(replay.gallery.0.first_chunk().copied().unwrap_or_default());
        let gallery = gallery.at_version(version).map_err(|error| Failure::gallery(path, &error))?;
        gallery.filter(|gallery| gallery.state() == replay.gallery.0).ok_or_else(|| {
            let what = format!(
                "it does not hold version {version}, which was searched: it was compacted since, or is another"
            );
            Failure::at(path, what, "name a copy of it of that time (--gallery)")
        })
    }

    /// What is searched is what the reply commits to, signed.
    fn check_root(&self, gallery: &Gallery, replay: &Replay, console: &Console) -> Result<(), Failure> {
        let Some(GalleryRoot { version, root }) = replay.reply.gallery() else { return Ok(()) };
        let meter = console.meter("root", "subject", gallery.len() as u64);
        let found = gallery.root(&meter);
        meter.finish();
        let found = found.map_err(|error| Failure::committing(&self.config, &error))?;
        match Hash(found.0) == root {
            true => Ok(()),
            false => Err(Failure::at(
                &self.config,
                format_args!("the root of that gallery is {found}, where the reply names {root} for version {version}"),
                "tell the requester: other persons, or other references, were searched than the reply commits to",
            )),
        }
    }

    /// Who was exempt.
    fn exempt_of(
        &self,
        path: Option<&Path>,
        custody: &mut Custody,
        replay: &Replay,
    ) -> Result<BTreeSet<SubjectId>, Failure> {
        let persons = path.map(|path| load::exempt(path, true)).transpose()?.unwrap_or_default();
        let exempt = persons.into_iter().map(|person| person.subject).collect();
        let list = custody.exempt_digest(&exempt);
        match list == replay.exempt {
            true if replay.exempt_then.iter().flatten().any(|then| *then == list) => Ok(exempt),
            // Nobody was, as far as the log tells.
            true if exempt.is_empty() && replay.exempt_then.contains(&None) => Ok(exempt),
            true => Err(Failure::at(
                path.unwrap_or(&self.config),
                format_args!("the answer was computed with an exempt list ({list}) that the log does not tell of"),
                "tell the requester: persons were left out whom the log does not call exempt",
            )),
            false => Err(Failure::at(
                path.unwrap_or(&self.config),
                "other persons were exempt when the job was answered",
                "name the list of that time (--exempt)",
            )),
        }
    }

    fn query_of(&self, replay: &Replay) -> Result<Vec<u8>, Failure> {
        let given = self.query.as_deref().map(|path| files::read(path).map(|query| (path, query))).transpose()?;
        match (given, &replay.query) {
            (Some((_, query)), _) if Hash::of(&query) == replay.request.query_digest => Ok(query),
            (Some((path, query)), _) => Err(Failure::at(
                path,
                format_args!(
                    "its SHA-256 is {}, where the request names {}",
                    Hash::of(&query),
                    replay.request.query_digest
                ),
                "name the query of that request",
            )),
            (None, Some(query)) => Ok(query.clone()),
            (None, None) => Err(Failure::at(
                &self.config,
                "the query was not kept",
                "name its file (--query), which the requester can make again; [limits] query_days keeps those to come",
            )),
        }
    }

    fn key_of(&self, custody: &mut Custody, replay: &Replay) -> Result<Vec<u8>, Failure> {
        if let Some(path) = &self.evaluation_key {
            return files::read(path);
        }
        let request = &replay.request;
        let kept = custody.key_content(&request.requester, &request.agreement, &request.key);
        let kept = kept.map_err(|error| party::store_failure(&self.config, &error))?;
        kept.filter(|content| !content.is_empty()).ok_or_else(|| {
            let what = format!("the evaluation key {} is not kept any more", request.key);
            let remedy =
                "name its file (--evaluation-key): the requester has it until it deletes that key ('keys rotate')";
            Failure::at(&self.config, what, remedy)
        })
    }

    /// Floating-point numbers come out alike on like processors alone.
    fn check_machine(&self, agreement: &Opened, here: &str, replay: &Replay, console: &Console) -> Result<(), Failure> {
        let there = &replay.computed;
        if here == there {
            return Ok(());
        }
        let what = format!("the answer was computed with {there}; this is {here}");
        if agreement.scheme() == SchemeId::Bgv {
            // All numbers are integers: only what the program does may have changed. Where it makes another answer it accuses nobody.
            console.warn(what);
            return Ok(());
        }
        let remedy = "use that version of cotejo, on a processor with those vector instructions";
        Err(Failure::at(&self.config, what, remedy))
    }
}

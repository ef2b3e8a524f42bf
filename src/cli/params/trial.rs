//! A real exchange with keys of a set, between two parties of this process, against the clear oracle.

use std::sync::Arc;

use crate::custodian::{AnswerError, Gallery};
use crate::evaluate::trial::{People, Trial};
use crate::exchange::{Custodian, EvaluationKey, ExchangeError, Querier};
use crate::functional::Probe;
use crate::scheme::{Opened, Unanswered};
use crate::template::Record;

use crate::cli::console::{Console, count};
use crate::cli::failure::Failure;
use crate::cli::{interrupt, load};

/// What came of an exchange, for people.
pub fn sentence(trial: &Trial) -> String {
    let noise = match trial.in_gray_zone {
        0 => String::new(),
        _ => format!(
            " ({} of them decided otherwise than in the clear, {:.2} predicted)",
            trial.flipped, trial.expected_flips
        ),
    };
    format!(
        "a real exchange: {}, {} in the clear, {} in the gray zone{noise}, {} decrypted wrongly",
        count(trial.verdicts, "verdict"),
        count(trial.hits, "hit"),
        trial.in_gray_zone,
        trial.wrong
    )
}

/// Why the set is refused, if it is.
pub fn refusal(trial: &Trial) -> Option<String> {
    if trial.wrong == 0 && !trial.flips_as_predicted() {
        return Some(format!(
            "verdicts in the gray zone that a real exchange decided otherwise than in the clear: {} of {} where {:.2} are \
             predicted",
            trial.flipped, trial.in_gray_zone, trial.expected_flips
        ));
    }
    (!trial.is_sound()).then(|| format!("wrong verdicts in a real exchange: {} of {}", trial.wrong, trial.verdicts))
}

/// One exchange; seconds, or minutes for the largest sets.
pub fn run(agreement: &Opened, console: &Console) -> Result<Trial, Failure> {
    let defect = |error: &dyn std::fmt::Display| Failure::new("params check", error, "report this as a defect");
    let mut rng = load::randomness()?;
    let people = People::new(agreement)
        .map_err(|error| Failure::new("params check", error, "choose another comparison (--metric)"))?;
    let references = people.references(agreement).map_err(|error| defect(&error))?;
    let gallery = Gallery::enrol(agreement, references).gallery;
    let nobody = || Failure::new("params check", "nobody can be enrolled", "choose another comparison");
    let gallery = Arc::new(gallery.ok_or_else(nobody)?);
    let probes = people.probes(agreement.functional()).map_err(|error| defect(&error))?;
    console.note(format_args!("making keys of parameter set {} ...", agreement.parameters().name()));
    interrupt::check()?;
    let (querier, key) = Querier::generate(agreement, &mut rng).map_err(|error| defect(&error))?;
    let key = EvaluationKey::read(key.as_slice(), agreement).map_err(|error| defect(&error))?.expand();
    interrupt::check()?;
    let (query, pending) = querier.ask(probes.clone(), &mut rng).map_err(|error| defect(&error))?;
    let custodian = Custodian::keeping(agreement, Arc::clone(&gallery), 0).map_err(|error| defect(&error))?;
    let question = custodian.read_query(query.as_slice()).map_err(|error| defect(&error))?;
    let meter = console.meter("try", custodian.step(), custodian.steps(&question));
    let answer = custodian.answer(&key, &question, &mut rng, &meter);
    meter.finish();
    let answer = answer.map_err(|error| match error {
        ExchangeError::Unanswered(AnswerError::Unanswered(Unanswered::Stopped(_))) => Failure::Interrupted,
        _ => defect(&error),
    })?;
    let verdicts = pending.read(&answer).map_err(|error| defect(&error))?;
    let subjects = gallery.subjects().collect::<Result<Vec<_>, _>>().map_err(|error| defect(&error))?;
    let mut trial = Trial::default();
    for (id, verdict) in verdicts {
        let records: Vec<Record> = probes.iter().filter(|probe| probe.subject == id).cloned().collect();
        let probe = Probe::new(agreement.functional(), &records).map_err(|error| defect(&error))?;
        trial.judge(agreement, &probe, &subjects, &verdict);
    }
    Ok(trial)
}

//! Two authorities as two processes that share nothing but a folder: `cargo run --release --example two_parties`.
//!
//! The first process is the querier. It starts itself again as the custodian, which sees what lies in the folder and nothing
//! else. In a real exchange the folder is a channel that authenticates.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use cotejo::agreement::{Agreement, Terms};
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::planning;
use cotejo::querier::{Querier, SecretKey};
use cotejo::scheme::Opened;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::template::synthetic::{Model, Population};
use cotejo::template::{Record, SubjectId};
use cotejo::wire::{Answer, EvaluationKey, Query, Target};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next()) {
        (None, None) => querier(),
        (Some(role), Some(folder)) if role == "custodian" => custodian(Path::new(&folder)),
        _ => Err("usage: two_parties".into()),
    }
}

/// Prints what one party has to say.
fn say(party: &str, words: impl std::fmt::Display) {
    println!("[{party:9} pid {:>6}]  {words}", std::process::id());
}

/// Everybody on earth. Both processes know it only so that some of the querier's probes are of people enrolled elsewhere.
fn everybody(agreement: &Opened) -> Result<Population, Box<dyn Error>> {
    Ok(Population::new(Model::Face, agreement.shape(), 2026)?)
}

fn querier() -> Outcome {
    let folder = tempfile::tempdir()?;
    let crossing = |name: &str| folder.path().join(name);
    let mut rng = ChaCha20Rng::from_os_rng();

    let agreement = planning::open(Terms::face(512))?;
    std::fs::write(crossing("agreement.toml"), agreement.to_toml())?;

    let (secret, public) = SecretKey::<Tfhe>::generate(&agreement, &mut rng)?;
    say("querier", "made keys; the secret one stays in this process");
    std::fs::write(crossing("evaluation.key"), public.to_bytes(&agreement))?;

    // Another picture of the people that the custodian enrolled as 4 and 17, and of somebody it has never seen.
    let population = everybody(&agreement)?;
    let probes = [("traveller 1", 3), ("traveller 2", 16), ("traveller 3", 700)].into_iter().map(|(name, person)| {
        let template = population.record(person, 1)?.template;
        Ok(Record { subject: SubjectId::try_from(name.to_owned())?, eye: None, template })
    });
    let probes = probes.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let querier = Querier::new(&agreement, secret);
    let (query, pending) = querier.ask(probes, Target::Gallery, &mut rng)?;
    std::fs::write(crossing("query"), query.to_bytes(&agreement)?)?;
    say(
        "querier",
        format_args!("encrypted {} probes; first bytes: {:02x?}", query.layouts.len(), query.ciphertext.excerpt(8)),
    );

    let custodian = Command::new(std::env::current_exe()?).arg("custodian").arg(folder.path()).status()?;
    if !custodian.success() {
        return Err("the custodian failed".into());
    }

    let answer = std::fs::read(crossing("answer"))?;
    let answer = Answer::<Tfhe>::read(answer.as_slice(), &agreement, Some(querier.key().id()))?;
    for (subject, verdict) in pending.read(&querier, &answer)? {
        say("querier", format_args!("{subject}: {}", if verdict.hit() { "HIT" } else { "no hit" }));
    }

    println!("\nWhat crossed:");
    for (name, direction) in
        [("agreement.toml", "<->  both hold it"), ("evaluation.key", "-->  once"), ("query", "-->"), ("answer", "<--")]
    {
        println!("  {name:16}{:>12} bytes  {direction}", std::fs::metadata(crossing(name))?.len());
    }
    println!("What did not: the secret key, the probes and their names; the gallery, its names, and every score.");
    Ok(())
}

fn custodian(folder: &Path) -> Outcome {
    let crossing = |name: &str| -> PathBuf { folder.join(name) };
    let agreement = Opened::new(Agreement::from_toml(&std::fs::read_to_string(crossing("agreement.toml"))?)?)?;

    let references = everybody(&agreement)?.records(0..50, 0..1).collect::<Result<Vec<_>, _>>()?;
    let gallery = Gallery::enrol(&agreement, references).gallery.ok_or("every record was refused")?;
    say("custodian", format_args!("enrolled {} references; they stay in this process", gallery.references()));

    let key = EvaluationKey::read(std::fs::File::open(crossing("evaluation.key"))?, &agreement)?;
    let key = AdmittedKey::<Tfhe>::new(key);
    let query = Query::read(std::fs::File::open(crossing("query"))?, &agreement, Some(key.id()))?;

    let custodian = Custodian::new(&agreement, &gallery, 0)?;
    let begin = Instant::now();
    let answer = custodian.answer(&key, &query, &mut ChaCha20Rng::from_os_rng(), &())?;
    let comparisons = query.layouts.len() * gallery.references();
    say(
        "custodian",
        format_args!("made {comparisons} encrypted comparisons in {:.1} s", begin.elapsed().as_secs_f64()),
    );
    say("custodian", "sends the answer; whether it says hit or not, it cannot tell");
    std::fs::write(crossing("answer"), answer.to_bytes(&agreement)?)?;
    Ok(())
}

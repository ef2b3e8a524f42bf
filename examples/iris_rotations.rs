//! Irises with masks, tilted heads and two eyes: `cargo run --release --example iris_rotations`.
//!
//! A tilt of the head rolls the columns of an iris code. The custodian rolls its own clear references to either side, so
//! the querier encrypts each eye once, whatever the number of rotations. Both masks stay private, the number of common valid bits
//! included.

use std::error::Error;
use std::time::Instant;

use cotejo::agreement::{ComparisonTerms, EyeRule, IRIS_MPC_SHAPE, Terms};
use cotejo::custodian::{AdmittedKey, Custodian, Gallery};
use cotejo::functional::oracle::Oracle;
use cotejo::planning;
use cotejo::querier::{Querier, SecretKey};
use cotejo::scheme::Opened;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::template::synthetic::{Model, Population};
use cotejo::template::{Bits, Eye, IrisCode, Record, SubjectId, Template, TemplateShape};
use cotejo::wire::Target;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// Columns that a reference is rolled by, to either side; heads here are tilted by at most as many.
const ROTATIONS: u32 = 7;
const ENROLLED: u32 = 5;

fn main() -> Result<(), Box<dyn Error>> {
    let people = Population::new(Model::Iris { tilt_columns: ROTATIONS }, TemplateShape::Iris(IRIS_MPC_SHAPE), 7)?;
    in_the_clear(&people)?;
    for rule in [EyeRule::All, EyeRule::Any] {
        encrypted(&people, rule)?;
    }
    refused(&people)
}

fn agreement(rule: EyeRule) -> Result<Opened, Box<dyn Error>> {
    let mut terms = Terms::iris(IRIS_MPC_SHAPE);
    if let ComparisonTerms::FractionalHamming { rotations, eyes, .. } = &mut terms.comparison {
        (*rotations, *eyes) = (ROTATIONS, rule);
    }
    Ok(planning::open(terms)?)
}

/// One eye of one person: to the population each eye is somebody of its own. Sample 0 is the enrolment.
fn eye(people: &Population, name: &str, person: u32, eye: Eye, sample: u16) -> Result<Record, Box<dyn Error>> {
    let template = people.record(2 * person + u32::from(eye == Eye::Right), sample)?.template;
    Ok(Record { subject: SubjectId::try_from(name.to_owned())?, eye: Some(eye), template })
}

/// What rotations do, seen by somebody who holds both templates.
fn in_the_clear(people: &Population) -> Result<(), Box<dyn Error>> {
    let upright = {
        let mut terms = agreement(EyeRule::Any)?.terms().clone();
        if let ComparisonTerms::FractionalHamming { rotations, .. } = &mut terms.comparison {
            *rotations = 0;
        }
        planning::open(terms)?
    };
    let agreement = agreement(EyeRule::Any)?;
    println!(
        "Distances of two captures, in the clear (a hit below 0.345; the head is tilted by up to {ROTATIONS} columns):\n"
    );
    println!("  pair                     as they lie   rolled to fit    by columns   common bits");
    for (pair, person, other) in
        [("same person", 0, 0), ("same person", 1, 1), ("same person", 2, 2), ("strangers", 3, 4)]
    {
        let reference = eye(people, "reference", person, Eye::Left, 0)?.template;
        let probe = eye(people, "probe", other, Eye::Left, 1)?.template;
        let compare = |agreement: &Opened| -> Result<_, Box<dyn Error>> {
            let functional = agreement.functional();
            Ok(Oracle::new(functional, &functional.probe(&probe)?).compare(&functional.reference(&reference)?))
        };
        let (lying, fitted) = (compare(&upright)?, compare(&agreement)?);
        let common = fitted.common_bits.unwrap_or_default();
        println!("  {pair:24}{:>12.3}{:>16.3}{:>14}{common:>14}", lying.score, fitted.score, fitted.rotation);
    }
    Ok(())
}

/// The same under encryption, with both eyes.
fn encrypted(people: &Population, rule: EyeRule) -> Result<(), Box<dyn Error>> {
    let agreement = agreement(rule)?;
    let mut rng = ChaCha20Rng::from_os_rng();
    let both = |name: &str, left: u32, right: u32, sample| -> Result<[Record; 2], Box<dyn Error>> {
        Ok([eye(people, name, left, Eye::Left, sample)?, eye(people, name, right, Eye::Right, sample)?])
    };
    let mut references = Vec::new();
    for person in 0..ENROLLED {
        references.extend(both(&format!("person {person}"), person, person, 0)?);
    }
    let gallery = Gallery::enrol(&agreement, references).gallery.ok_or("every record was refused")?;

    let (secret, public) = SecretKey::<Tfhe>::generate(&agreement, &mut rng)?;
    let querier = Querier::new(&agreement, secret);
    // A contact lens on the right eye: it matches nobody.
    let probes =
        [both("both eyes", 1, 1, 1)?, both("left eye, right covered", 2, 900, 1)?, both("a stranger", 800, 801, 1)?];
    let (query, pending) = querier.ask(probes.concat(), Target::Gallery, &mut rng)?;

    let custodian = Custodian::new(&agreement, &gallery, 0)?;
    let key = AdmittedKey::new(public);
    let begin = Instant::now();
    let answer = custodian.answer(&key, &query, &mut rng, &())?;
    let word = if rule == EyeRule::All { "both eyes must match" } else { "one eye is enough" };
    println!("\nEncrypted, {word} (eyes = {rule:?}):\n");
    println!(
        "  {} references, +-{ROTATIONS} columns: {} bootstraps, {:.1} s; query of 3 probes {} bytes, answer {} bytes",
        gallery.references(),
        custodian.steps(&query),
        begin.elapsed().as_secs_f64(),
        query.to_bytes(&agreement)?.len(),
        answer.to_bytes(&agreement)?.len(),
    );
    for (subject, verdict) in pending.read(&querier, &answer)? {
        println!("  {:26}{}", subject.to_string(), if verdict.hit() { "HIT" } else { "no hit" });
    }
    Ok(())
}

/// An iris that is mostly covered has too few valid bits to be judged by chance; neither party takes it.
fn refused(people: &Population) -> Result<(), Box<dyn Error>> {
    let agreement = agreement(EyeRule::Any)?;
    let mut record = eye(people, "droopy lid", 1, Eye::Left, 0)?;
    if let Template::Iris(iris) = &record.template {
        let mask = Bits::new(iris.mask().iter().enumerate().map(|(place, valid)| valid && place % 16 < 4))?;
        record.template = Template::Iris(IrisCode::new(IRIS_MPC_SHAPE, iris.code().clone(), mask)?);
    }
    println!("\nRefused at enrolment, and as a probe:\n");
    for refusal in Gallery::enrol(&agreement, vec![record]).refused {
        println!("  {refusal}");
    }
    Ok(())
}

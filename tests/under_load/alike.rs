//! Whether the time of an answer, as its requester sees it, tells who is exempt, unknown, hit or not, under every scheme.
//!
//! From the moment at which a request is sent to that at which its reply is there, classes in turn. Compared by the Mann-Whitney statistic: in
//! the gate by a few runs, which find what is plain; by hand by as many as `COTEJO_TIMING_RUNS` says. From 200 on the area must lie
//! between 0.45 and 0.55 for each two classes.

use std::time::{Duration, Instant};

use cotejo::exchange::Querier;
use cotejo::service::client::Client;
use cotejo::service::protocol::ReplyOutcome;
use cotejo::service::signing::{Hash, Name, SigningKey};
use cotejo::template::{Record, SubjectId};
use cotejo::wire::Target;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;

use crate::office::{Encrypted, Office, SUBJECTS};
use crate::{alone, setting};

#[test]
fn time_does_not_tell_through_the_service_under_tfhe() {
    alike("tfhe", "insecure-test");
}

#[test]
fn time_does_not_tell_through_the_service_under_bgv() {
    alike("bgv", "insecure-bgv-test");
}

#[test]
fn time_does_not_tell_through_the_service_under_hybrid() {
    alike("hybrid", "insecure-hybrid-test");
}

/// One requester, and how often it has asked.
struct Asking<'a> {
    office: &'a Office,
    client: Client,
    querier: Querier,
    signing: SigningKey,
    rng: ChaCha20Rng,
    asked: u32,
}

impl Asking<'_> {
    /// Asks, and waits; how long that took, in milliseconds.
    fn timed(&mut self, class: &Class<'_>) -> f64 {
        self.asked += 1;
        let asked = self.querier.ask_about(class.target.clone(), vec![class.probe.clone()], &mut self.rng);
        let (content, pending) = asked.unwrap();
        let encrypted = Encrypted { key: self.querier.key(), query: pending.query(), content };
        let request = self.office.signed(&self.signing, 0, &self.asked.to_string(), encrypted);
        let (client, begun) = (&self.client, Instant::now());
        let query = request.query.as_deref().unwrap();
        let job = client.submit(&request.agreement, &request.statement, query).unwrap().job;
        let reply = loop {
            client.follow(&job, |_| true).unwrap();
            if let Some(reply) = client.reply(&job).unwrap() {
                break reply;
            }
        };
        let took = begun.elapsed().as_secs_f64() * 1e3;
        let said = reply.verify(None).unwrap();
        assert!(matches!(said.outcome, ReplyOutcome::Answered { .. }), "{:?}", said.outcome);
        assert_eq!(said.time.millis() % 1000, 0, "a signed time tells more than the second");
        took
    }
}

fn alike(scheme: &str, set: &str) {
    let _alone = alone();
    let runs = setting("COTEJO_TIMING_RUNS", 10) as usize;
    let office = Office::under(scheme, set, 1, None);
    let people = office.people();
    let [one, half, all] = [1, SUBJECTS / 2, SUBJECTS].map(|exempt| {
        people[..exempt].iter().map(|person| person.subject.as_str().to_owned()).collect::<Vec<String>>()
    });
    office.exempt(&half);
    let _server = office.serve();
    let client = office.client(0);
    let querier = Querier::read(office.read("a-0/keys/secret.key").as_slice(), &office.agreement).unwrap();
    let (agreement, key) = (Hash(office.agreement.digest().0), Name(querier.key().0));
    client.put_key(&agreement, &key, &office.key_content(0)).unwrap();
    let rng = ChaCha20Rng::seed_from_u64(7);
    let mut asking = Asking { office: &office, client, querier, signing: office.signing_key("a-0"), rng, asked: 0 };
    let (exempt, other) = (&people[0], &people[SUBJECTS - 1]);
    let stranger = Record { subject: SubjectId::try_from("nobody".to_owned()).unwrap(), ..other.clone() };
    let about = |person: &Record| Target::Subject(person.subject.clone());
    let class = |name, probe, target| Class { name, probe, target };
    let classes = [
        class("exempt", exempt, about(exempt)),
        class("unknown", exempt, about(&stranger)),
        class("hit", other, about(other)),
        class("no hit", exempt, about(other)),
    ];
    compare(&format!("{scheme}, 1:1"), runs, &classes, &[(None, &[0, 1, 2, 3])], &mut asking);
    let classes = [
        class("one exempt, hit", other, Target::Gallery),
        class("half exempt, hit", other, Target::Gallery),
        class("half exempt, no hit", exempt, Target::Gallery),
        class("all exempt", other, Target::Gallery),
    ];
    let lists: [Listed<'_>; 3] = [(Some(&one), &[0]), (Some(&half), &[1, 2]), (Some(&all), &[3])];
    compare(&format!("{scheme}, 1:N"), runs, &classes, &lists, &mut asking);
}

/// What is asked.
struct Class<'a> {
    name: &'static str,
    probe: &'a Record,
    target: Target,
}

/// Who is exempt, if that changes, while these classes are asked.
type Listed<'a> = (Option<&'a [String]>, &'a [usize]);

/// Runs under one list of exempt persons before the next.
const AT_A_TIME: usize = 5;

/// Runs of each class in turn, in an order drawn anew each time; then each pair of classes compared.
fn compare(what: &str, runs: usize, classes: &[Class<'_>], lists: &[Listed<'_>], asking: &mut Asking<'_>) {
    let mut times: Vec<Vec<f64>> = vec![Vec::with_capacity(runs); classes.len()];
    let mut shuffle = ChaCha20Rng::seed_from_u64(9);
    while times[0].len() < runs {
        let mut lists = lists.to_vec();
        lists.shuffle(&mut shuffle);
        for (exempt, asked) in lists {
            if let Some(exempt) = exempt {
                asking.office.exempt(exempt);
                // It is looked at once a second.
                std::thread::sleep(Duration::from_millis(1500));
            }
            let mut order = asked.to_vec();
            // What is prepared or loaded for the first.
            asking.timed(&classes[order[0]]);
            for _ in 0..AT_A_TIME {
                order.shuffle(&mut shuffle);
                order.iter().for_each(|&class| times[class].push(asking.timed(&classes[class])));
            }
        }
    }
    let (least, most) = if runs >= 200 { (0.45, 0.55) } else { (0.02, 0.98) };
    for (class, times) in classes.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        eprintln!("{what}, {}: {:.1} ms, quartiles {:.1} to {:.1}", class.name, at(0.5), at(0.25), at(0.75));
    }
    let mut outside = Vec::new();
    for a in 0..classes.len() {
        for b in a + 1..classes.len() {
            let area = area(&times[a], &times[b]);
            eprintln!(
                "{what}, {} against {}: {area:.3}, {} runs each",
                classes[a].name,
                classes[b].name,
                times[a].len()
            );
            if !(least..=most).contains(&area) {
                outside.push((classes[a].name, classes[b].name, area));
            }
        }
    }
    assert!(outside.is_empty(), "{what}: {outside:?}");
}

/// The chance that a run of the first class takes longer than one of the second (Mann-Whitney).
fn area(a: &[f64], b: &[f64]) -> f64 {
    let longer = |x: &f64, y: &f64| if x > y { 1.0 } else { f64::from(x == y) / 2.0 };
    let sum: f64 = a.iter().flat_map(|x| b.iter().map(move |y| longer(x, y))).sum();
    sum / (a.len() * b.len()) as f64
}

//! When answers are released: at times that follow from what everybody may know, never from how long an answer took.
//!
//! How long an answer takes could tell whom it is about. So each job has a *planned* time: a machine that works at a constant pace takes the
//! jobs in their turns, one after the other, each for as long as the plan of its agreement and gallery says; what it would have done by then is
//! released then, however early it was computed. The pace is a little slower than the real one, so that real work keeps ahead of the plan;
//! and behind the planned end lies a reserve, since in reality jobs share the machine. What is late all the same is released a whole
//! such wait later, or two.
//!
//! ```text
//! accepted ──► planned start ──────────────► release            late: release + the same wait
//!              max(accepted, end before)     start + wait
//! ```

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::turns::Turns;
use crate::agreement::Code;
use crate::service::signing::Name;

/// What a job costs: the planned time of its answer with the whole machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost(pub Duration);

/// From here on a job is *long*: one at a time is worked on, while short ones go on beside it.
const LONG: Duration = Duration::from_secs(1);
/// The constant pace is slower than the plan by so many hundredths.
const SLOWER: u32 = 105;
/// So often in a row a job was late, each planned after the one before was found late: then the plan is taken to be wrong.
const LATE_IN_A_ROW: u32 = 4;
/// ... by so many hundredths.
const WRONG: u32 = 125;
/// Slowest that a plan is taken to be wrong: hundredths.
const MOST_WRONG: u32 = 100_000;

impl Cost {
    /// Of what takes no time.
    pub(crate) const NONE: Self = Self(Duration::ZERO);

    /// Whether it is one of those that are worked on one at a time.
    pub(super) fn is_long(self) -> bool {
        self.0 >= LONG
    }
}

/// A job whose planned start has not come.
struct Planned {
    job: Name,
    cost: Cost,
    accepted: Instant,
}

/// The plan of a job that has begun by it.
#[derive(Clone, Copy)]
struct Slot {
    start: Instant,
    wait: Duration,
}

impl Slot {
    /// When what is ready at `ready` is released.
    fn release(self, ready: Instant) -> Instant {
        let taken = ready.saturating_duration_since(self.start).as_nanos();
        let waits = taken.div_ceil(self.wait.as_nanos().max(1)).max(1);
        let waits = u32::try_from(waits).unwrap_or(u32::MAX);
        let release = self.wait.checked_mul(waits).and_then(|wait| self.start.checked_add(wait));
        release.map_or(ready, |release| release.max(ready))
    }
}

/// Jobs of one kind, short or long, on the machine of constant pace.
struct Lane {
    waiting: Turns<Planned>,
    free: Option<Instant>,
    begun: HashMap<Name, Slot>,
    /// How much slower than planned it has turned out to be: hundredths.
    pace: u32,
    late_in_a_row: u32,
    /// What was planned to begin before says nothing new of lateness.
    since: Option<Instant>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            waiting: Turns::default(),
            free: None,
            begun: HashMap::new(),
            pace: SLOWER,
            late_in_a_row: 0,
            since: None,
        }
    }
}

impl Lane {
    fn paced(&self, cost: Cost) -> Duration {
        hundredths(cost.0, self.pace)
    }

    /// Takes in how punctual a job was that is released now. Where it was late, the machine is behind the plan: it goes on from now.
    fn punctual(&mut self, slot: Slot, late: bool, now: Instant) {
        if late {
            self.free = Some(self.free.map_or(now, |free| free.max(now)));
        }
        if self.since.is_some_and(|since| slot.start < since) {
            return;
        }
        if !late {
            self.late_in_a_row = 0;
            return;
        }
        self.since = Some(now);
        self.late_in_a_row = self.late_in_a_row.saturating_add(1);
        if self.late_in_a_row >= LATE_IN_A_ROW {
            self.late_in_a_row = 0;
            self.pace = hundredths_of(self.pace, WRONG).min(MOST_WRONG);
        }
    }

    /// Begins what would have begun by now. Called before anything is added, so that each finds those that were there at its time.
    fn advance(&mut self, now: Instant, workers: u32) {
        while self.free.is_none_or(|free| free <= now) {
            let Some(Planned { job, cost, accepted }) = self.waiting.pop() else { return };
            let start = self.free.map_or(accepted, |free| free.max(accepted));
            let paced = self.paced(cost);
            self.free = start.checked_add(paced);
            self.begun.insert(job, Slot { start, wait: wait(paced, workers) });
        }
    }
}

/// From the planned start to the release. Up to `workers` short jobs share the machine; a long one shares it with short ones for a while.
fn wait(paced: Duration, workers: u32) -> Duration {
    let shared = paced.saturating_mul(workers.max(1)).min(paced.saturating_add(LONG));
    rounded_up(hundredths(shared, 125).saturating_add(Duration::from_millis(100)))
}

/// To tenths of a second, or to seconds from ten on.
fn rounded_up(time: Duration) -> Duration {
    let unit: u128 = if time < Duration::from_secs(10) { 100 } else { 1000 };
    let millis = time.as_nanos().div_ceil(unit.saturating_mul(1_000_000)).saturating_mul(unit);
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

fn hundredths(time: Duration, hundredths: u32) -> Duration {
    time.saturating_mul(hundredths).checked_div(100).unwrap_or(time)
}

fn hundredths_of(number: u32, hundredths: u32) -> u32 {
    number.saturating_mul(hundredths).checked_div(100).unwrap_or(number)
}

/// How far a job is by the plan, for those who watch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stand {
    /// Whether its planned start has come.
    pub running: bool,
    /// Whole seconds since.
    pub done: u64,
    /// Whole seconds from the planned start to the release, rounded up; 0 before.
    pub steps: u64,
}

impl Stand {
    /// Before the planned start.
    pub(crate) const WAITING: Self = Self { running: false, done: 0, steps: 0 };
}

/// When a job is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// Then.
    At(Instant),
    /// Its planned start has not come; ask again then.
    NotBefore(Instant),
}

/// The plan of all jobs that are not released.
pub(super) struct Schedule {
    short: Lane,
    long: Lane,
    workers: u32,
}

impl Schedule {
    /// For a machine on which so many jobs are worked on at a time.
    pub(super) fn new(workers: usize) -> Self {
        Self { short: Lane::default(), long: Lane::default(), workers: u32::try_from(workers).unwrap_or(u32::MAX) }
    }

    fn advance(&mut self, now: Instant) {
        self.short.advance(now, self.workers);
        self.long.advance(now, self.workers);
    }

    fn lanes(&mut self) -> [&mut Lane; 2] {
        [&mut self.short, &mut self.long]
    }

    /// A job that was accepted now.
    pub(super) fn push(&mut self, requester: &Code, job: Name, cost: Cost, now: Instant) {
        self.advance(now);
        let lane = if cost.is_long() { &mut self.long } else { &mut self.short };
        lane.waiting.push(requester, Planned { job, cost, accepted: now });
        self.advance(now);
    }

    /// A job that ended before its release: it was cancelled.
    pub(super) fn remove(&mut self, job: &Name, now: Instant) {
        self.advance(now);
        for lane in self.lanes() {
            lane.begun.remove(job);
            lane.waiting.remove(|planned| planned.job == *job);
        }
    }

    /// When a job that is ready at `ready` is released; at once, if it is not planned.
    pub(super) fn release(&mut self, job: &Name, ready: Instant, now: Instant) -> Release {
        self.advance(now);
        for lane in self.lanes() {
            if let Some(slot) = lane.begun.get(job) {
                return Release::At(slot.release(ready));
            }
            if lane.waiting.contains(|planned| planned.job == *job) {
                return Release::NotBefore(lane.free.unwrap_or(now));
            }
        }
        Release::At(ready)
    }

    /// A job is released now. Says whether it was late.
    pub(super) fn released(&mut self, job: &Name, ready: Instant, now: Instant) -> bool {
        for lane in self.lanes() {
            let Some(slot) = lane.begun.remove(job) else { continue };
            let late = slot.start.checked_add(slot.wait).is_some_and(|planned| planned < ready);
            lane.punctual(slot, late, now);
            return late;
        }
        false
    }

    /// How far a job is.
    pub(super) fn stand(&mut self, job: &Name, now: Instant) -> Stand {
        self.advance(now);
        let slot = self.short.begun.get(job).or_else(|| self.long.begun.get(job));
        slot.map_or(Stand::WAITING, |slot| {
            let steps = slot.wait.as_millis().div_ceil(1000);
            let steps = u64::try_from(steps).unwrap_or(u64::MAX);
            Stand { running: true, done: now.saturating_duration_since(slot.start).as_secs().min(steps), steps }
        })
    }

    /// How many jobs of the same requester and kind are before this one.
    pub(super) fn before(&mut self, requester: &Code, job: &Name, now: Instant) -> Option<usize> {
        self.advance(now);
        self.lanes().into_iter().find_map(|lane| lane.waiting.before(requester, |planned| planned.job == *job))
    }

    /// How many of the requester's wait for their planned start.
    pub(super) fn held(&mut self, requester: &Code, now: Instant) -> usize {
        self.advance(now);
        self.short.waiting.held(requester).saturating_add(self.long.waiting.held(requester))
    }

    /// How many wait for their planned start.
    pub(super) fn waiting(&mut self, now: Instant) -> usize {
        self.advance(now);
        self.short.waiting.len().saturating_add(self.long.waiting.len())
    }

    /// How long until a tenth of those that wait has begun.
    pub(super) fn tenth(&self) -> Duration {
        let of = |lane: &Lane| {
            lane.waiting.fold(Duration::ZERO, |sum, planned| sum.saturating_add(lane.paced(planned.cost)))
        };
        of(&self.short).max(of(&self.long)).checked_div(10).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Cost = Cost(Duration::from_millis(10));
    /// 10.5 ms, three of them, a quarter more, and 100 ms: rounded up.
    const WAIT: Duration = Duration::from_millis(200);

    fn name(number: u8) -> Name {
        Name([number; 16])
    }

    fn code(requester: &str) -> Code {
        requester.parse().unwrap()
    }

    fn at(begin: Instant, micros: u64) -> Instant {
        begin + Duration::from_micros(micros)
    }

    #[test]
    fn a_job_is_released_a_fixed_wait_after_it_was_accepted_whenever_it_is_ready() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(3);
        schedule.push(&code("a"), name(1), TEN, begin);
        for ready in [0, 5_000, 199_999, 200_000] {
            assert_eq!(schedule.release(&name(1), at(begin, ready), at(begin, ready)), Release::At(begin + WAIT));
        }
        let late = at(begin, 200_001);
        assert_eq!(schedule.release(&name(1), late, late), Release::At(begin + 2 * WAIT));
        assert!(schedule.released(&name(1), late, late));
        assert_eq!(schedule.release(&name(1), late, late), Release::At(late), "no longer planned");
    }

    #[test]
    fn jobs_that_wait_are_released_at_a_constant_pace_in_their_turns() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(3);
        (0..3).for_each(|number| schedule.push(&code("a"), name(number), TEN, begin));
        schedule.push(&code("b"), name(9), TEN, begin);
        assert_eq!((schedule.waiting(begin), schedule.held(&code("a"), begin)), (3, 2));
        assert_eq!(schedule.before(&code("a"), &name(2), begin), Some(1));
        assert_eq!(schedule.release(&name(2), begin, begin), Release::NotBefore(at(begin, 10_500)));
        let now = at(begin, 31_500);
        // b's turn comes before a's third; when it was ready does not matter.
        let releases = [0, 1, 9, 2].map(|number| schedule.release(&name(number), begin, now));
        assert_eq!(releases, [0, 1, 2, 3].map(|place| Release::At(at(begin, 10_500 * place) + WAIT)));
        // A machine that had nothing to do begins at once.
        let later = at(begin, 5_000_000);
        schedule.push(&code("a"), name(20), TEN, later);
        assert_eq!(schedule.release(&name(20), later, later), Release::At(later + WAIT));
    }

    #[test]
    fn long_jobs_do_not_keep_short_ones_waiting() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(3);
        let hour = Cost(Duration::from_secs(3600));
        schedule.push(&code("a"), name(1), hour, begin);
        schedule.push(&code("a"), name(2), hour, begin);
        schedule.push(&code("a"), name(3), TEN, begin);
        assert_eq!(schedule.release(&name(3), begin, begin), Release::At(begin + WAIT));
        assert!(matches!(schedule.release(&name(2), begin, begin), Release::NotBefore(_)));
        assert_eq!(schedule.stand(&name(1), at(begin, 2_900_000)), Stand { running: true, done: 2, steps: 4727 });
        assert_eq!(schedule.stand(&name(2), begin), Stand::WAITING);
    }

    #[test]
    fn a_plan_that_is_too_fast_is_corrected_and_never_by_one_late_job() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(1);
        let mut released = |number: u8, ready: u64| {
            let now = at(begin, 1_000_000 * u64::from(number));
            schedule.push(&code("a"), name(number), TEN, now);
            let ready = now + Duration::from_millis(ready);
            schedule.released(&name(number), ready, ready);
            schedule.short.pace
        };
        assert_eq!([released(1, 500), released(2, 500), released(3, 500), released(4, 10)], [105; 4]);
        assert_eq!([released(5, 500), released(6, 500), released(7, 500), released(8, 500)], [105, 105, 105, 131]);
    }

    #[test]
    fn many_that_were_late_for_one_reason_are_late_once_and_the_plan_goes_on_from_there() {
        let begin = Instant::now();
        let mut schedule = Schedule::new(3);
        (0..20).for_each(|number| schedule.push(&code("a"), name(number), TEN, begin));
        // Keys had to be prepared: nothing was ready for three seconds.
        let now = at(begin, 3_000_000);
        schedule.advance(now);
        (0..20).for_each(|number| assert!(schedule.released(&name(number), now, now)));
        assert_eq!((schedule.short.pace, schedule.short.late_in_a_row), (105, 1));
        // What comes then is planned behind that.
        schedule.push(&code("a"), name(30), TEN, now);
        assert_eq!(schedule.release(&name(30), now, now), Release::At(now + WAIT));
    }

    #[test]
    fn waits_are_rounded_up() {
        let rounded = |millis| rounded_up(Duration::from_millis(millis)).as_millis();
        assert_eq!([0, 1, 100, 101, 9999, 10_000, 10_001].map(rounded), [0, 100, 100, 200, 10_000, 10_000, 11_000]);
    }
}

//! Turns at a key that is held elsewhere, as in a token, and takes its time: a handshake waits for one before each of its steps until the key
//! has signed, so that only a few at a time keep a thread waiting.
//!
//! Sources from which a requester has come have turns of their own. In either line sources take turns, however many wait of each.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use tokio::sync::oneshot;

use super::Source;
use crate::agreement::Code;

/// In each line.
const AT_A_TIME: usize = 2;
/// So many sources of one requester are remembered.
const REMEMBERED: usize = 4;

/// Both lines.
pub(crate) struct Signing {
    /// Of sources from which a requester has come.
    familiar: Arc<Line>,
    /// Of all others.
    others: Arc<Line>,
    /// Where requesters have come from, the latest last.
    sources: Mutex<BTreeMap<Code, VecDeque<Source>>>,
}

impl Default for Signing {
    fn default() -> Self {
        let [familiar, others] = [(); 2].map(|()| Arc::new(Line::new(AT_A_TIME)));
        Self { familiar, others, sources: Mutex::default() }
    }
}

impl Signing {
    fn sources(&self) -> MutexGuard<'_, BTreeMap<Code, VecDeque<Source>>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A requester has come from there.
    pub(crate) fn came(&self, requester: &Code, from: Source) {
        let mut sources = self.sources();
        let known = sources.entry(requester.clone()).or_default();
        known.retain(|other| *other != from);
        known.push_back(from);
        if known.len() > REMEMBERED {
            known.pop_front();
        }
    }

    /// Whoever is no requester any more is forgotten.
    pub(crate) fn keep(&self, is_requester: impl Fn(&Code) -> bool) {
        self.sources().retain(|code, _| is_requester(code));
    }

    fn line(&self, source: Source) -> &Arc<Line> {
        let is_familiar = self.sources().values().any(|known| known.contains(&source));
        if is_familiar { &self.familiar } else { &self.others }
    }

    /// Does work that has a key sign in one of its steps, and takes turns for them until that `is_done`.
    pub(crate) async fn in_turn<F: Future>(&self, source: Source, is_done: impl Fn() -> bool, work: F) -> F::Output {
        let mut work = pin!(work);
        while !is_done() {
            let turn = self.line(source).turn(source).await;
            let step = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
            drop(turn);
            if let Poll::Ready(done) = step {
                return done;
            }
            if !is_done() {
                woken().await;
            }
        }
        work.await
    }
}

/// Until this task is woken, by what it has polled before.
async fn woken() {
    let mut waited = false;
    poll_fn(|_| if std::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

/// Who waits for a turn.
struct Line(Mutex<Inside>);

struct Inside {
    free: usize,
    /// The round that is served.
    round: u64,
    next: u64,
    /// By round; in one, who came first is first.
    waiting: BTreeMap<(u64, u64), oneshot::Sender<Turn>>,
    /// The last round for which each source waits, or is served in.
    last: BTreeMap<Source, u64>,
}

/// A turn, as long as this lives.
struct Turn(Option<Arc<Line>>);

/// A place in the line, as long as this lives.
struct Place<'a> {
    line: &'a Line,
    key: (u64, u64),
}

impl Line {
    fn new(free: usize) -> Self {
        let (waiting, last) = (BTreeMap::new(), BTreeMap::new());
        Self(Mutex::new(Inside { free, round: 0, next: 0, waiting, last }))
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn turn(self: &Arc<Self>, source: Source) -> Turn {
        let (key, told) = {
            let mut inside = self.inside();
            if let Some(free) = inside.free.checked_sub(1) {
                inside.free = free;
                return Turn(Some(Arc::clone(self)));
            }
            inside.enter(source)
        };
        let _place = Place { line: self, key };
        match told.await {
            Ok(turn) => turn,
            // Nobody forgets who waits.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Inside {
    /// Each that waits of one source is served a round later than the one before it.
    fn enter(&mut self, source: Source) -> ((u64, u64), oneshot::Receiver<Turn>) {
        let now = self.round;
        self.last.retain(|_, last| *last >= now);
        let round = self.last.get(&source).map_or(now, |last| last.saturating_add(1));
        self.last.insert(source, round);
        let key = (round, self.next);
        self.next = self.next.wrapping_add(1);
        let (tell, told) = oneshot::channel();
        self.waiting.insert(key, tell);
        (key, told)
    }

    /// Whose turn it is; where nobody waits, a turn is free.
    fn pass(&mut self) -> Option<oneshot::Sender<Turn>> {
        match self.waiting.pop_first() {
            Some(((round, _), next)) => {
                self.round = round;
                Some(next)
            }
            None => {
                self.free = self.free.saturating_add(1);
                None
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(line) = self.0.take() else { return };
        loop {
            let next = line.inside().pass();
            let Some(next) = next else { return };
            match next.send(Self(Some(Arc::clone(&line)))) {
                Ok(()) => return,
                // It has left: not from here once more.
                Err(mut turn) => drop(turn.0.take()),
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.line.inside().waiting.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Waker};

    use super::*;

    fn source(number: u8) -> Source {
        Source::of([192, 0, 2, number].into())
    }

    type Waiting<'a> = Pin<Box<dyn Future<Output = Turn> + 'a>>;

    /// The turn, if it has come.
    fn come(waiting: &mut Waiting<'_>) -> Option<Turn> {
        match waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(turn) => Some(turn),
            Poll::Pending => None,
        }
    }

    fn wait(line: &Arc<Line>, number: u8) -> Waiting<'_> {
        let mut waiting: Waiting<'_> = Box::pin(line.turn(source(number)));
        assert!(come(&mut waiting).is_none());
        waiting
    }

    #[test]
    fn sources_take_turns_however_many_wait_of_one() {
        let line = Arc::new(Line::new(1));
        let mut held = come(&mut (Box::pin(line.turn(source(9))) as Waiting<'_>));
        assert!(held.is_some());
        let mut all: Vec<(u8, Waiting<'_>)> =
            [1, 1, 1, 2, 2, 3].into_iter().map(|number| (number, wait(&line, number))).collect();
        let mut order = Vec::new();
        while !all.is_empty() {
            drop(held.take());
            let place = all.iter_mut().position(|(_, waiting)| {
                held = come(waiting);
                held.is_some()
            });
            let (number, waiting) = all.remove(place.unwrap());
            drop(waiting);
            order.push(number);
            if order.len() == 2 {
                // Who comes later is not behind all that others have in the line.
                all.push((4, wait(&line, 4)));
            }
        }
        assert_eq!(order, [1, 2, 3, 4, 1, 2, 1]);
        drop(held);
        assert_eq!(line.inside().free, 1);
    }

    #[test]
    fn who_leaves_keeps_no_turn_before_or_after_it_has_come() {
        let line = Arc::new(Line::new(1));
        let held = come(&mut (Box::pin(line.turn(source(9))) as Waiting<'_>)).unwrap();
        let [first, second, third] = [1, 2, 3].map(|number| wait(&line, number));
        drop(first);
        assert_eq!(line.inside().waiting.len(), 2);
        drop(held);
        // The second has its turn, and has not heard of it.
        drop(second);
        let mut third = third;
        let turn = come(&mut third).unwrap();
        assert_eq!(line.inside().free, 0);
        drop(turn);
        assert_eq!(line.inside().free, 1);
    }

    #[test]
    fn where_a_requester_has_come_from_is_a_line_of_its_own() {
        let signing = Signing::default();
        let code: Code = "A".parse().unwrap();
        let is_familiar = |number: u8| Arc::ptr_eq(signing.line(source(number)), &signing.familiar);
        (1..=5).for_each(|number| signing.came(&code, source(number)));
        assert_eq!([1, 2, 5, 6].map(is_familiar), [false, true, true, false]);
        signing.keep(|_| false);
        assert!(!is_familiar(5));
    }

    #[tokio::test]
    async fn work_takes_a_turn_for_each_step_until_it_is_done_and_holds_none_while_it_waits() {
        let signing = Signing::default();
        let (tell, told) = oneshot::channel();
        let done = std::cell::Cell::new(false);
        let working = signing.in_turn(source(1), || done.get(), async {
            told.await.unwrap();
            assert_eq!(signing.others.inside().free, AT_A_TIME - 1);
            done.set(true);
            tokio::task::yield_now().await;
            signing.others.inside().free
        });
        let telling = async {
            tokio::task::yield_now().await;
            assert_eq!(signing.others.inside().free, AT_A_TIME);
            tell.send(()).unwrap();
        };
        let (free, ()) = tokio::join!(working, telling);
        assert_eq!(free, AT_A_TIME);
    }
}

//! Requesters' open connections: which stand idle, and which have to end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustls::NamedGroup;
use rustls::pki_types::CertificateDer;
use tokio::sync::Notify;

/// All of them.
#[derive(Default)]
pub(crate) struct Roll(Mutex<Listed>);

#[derive(Default)]
struct Listed {
    guests: BTreeMap<u64, Entry>,
    next: u64,
}

struct Entry {
    chain: Arc<[CertificateDer<'static>]>,
    /// How its keys were agreed on.
    group: Option<NamedGroup>,
    /// When it was heard of last; none while a request of it is served.
    idle: Option<Instant>,
    leave: Arc<Notify>,
}

/// A connection on the roll, as long as this lives.
pub(crate) struct Guest {
    roll: Arc<Roll>,
    number: u64,
    leave: Arc<Notify>,
}

impl Roll {
    fn listed(&self) -> MutexGuard<'_, Listed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a connection of whoever has shown this chain, and how its keys were agreed on.
    pub(crate) fn note(self: &Arc<Self>, chain: Arc<[CertificateDer<'static>]>, group: Option<NamedGroup>) -> Guest {
        let leave = Arc::new(Notify::new());
        let mut listed = self.listed();
        let number = listed.next;
        listed.next = number.wrapping_add(1);
        listed.guests.insert(number, Entry { chain, group, idle: Some(Instant::now()), leave: Arc::clone(&leave) });
        Guest { roll: Arc::clone(self), number, leave }
    }

    /// The connection that has stood idle for longest ends.
    pub(crate) fn send_idle_away(&self) {
        let mut listed = self.listed();
        let longest = listed.guests.iter().filter_map(|(number, entry)| Some((entry.idle?, *number))).min();
        // No longer on the roll: the next time another one goes.
        if let Some(entry) = longest.and_then(|(_, number)| listed.guests.remove(&number)) {
            entry.leave.notify_one();
        }
    }

    /// Connections whose chain or exchange of keys is no longer taken end. Says how many.
    pub(crate) fn send_away(&self, is_taken: impl Fn(&[CertificateDer<'static>], Option<NamedGroup>) -> bool) -> usize {
        let listed = self.listed();
        let gone = listed.guests.values().filter(|entry| !is_taken(&entry.chain, entry.group));
        gone.inspect(|entry| entry.leave.notify_one()).count()
    }
}

impl Guest {
    /// A request of it is served, or no longer.
    pub(crate) fn serves(&self, busy: bool) {
        if let Some(entry) = self.roll.listed().guests.get_mut(&self.number) {
            entry.idle = (!busy).then(Instant::now);
        }
    }

    /// Ends when the connection has to.
    pub(crate) async fn told_to_leave(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.roll.listed().guests.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(guest: &Guest) -> bool {
        use std::future::Future as _;
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        std::pin::pin!(guest.told_to_leave()).poll(&mut context).is_ready()
    }

    #[test]
    fn the_one_that_is_idle_for_longest_goes_first_and_none_that_is_served() {
        let roll = Arc::new(Roll::default());
        let [first, second, third] = [(); 3].map(|()| roll.note(Arc::new([]), None));
        first.serves(true);
        roll.send_idle_away();
        assert_eq!([&first, &second, &third].map(told), [false, true, false]);
        roll.send_idle_away();
        roll.send_idle_away();
        assert_eq!([&first, &second, &third].map(told), [false, false, true]);
    }

    #[test]
    fn who_is_no_longer_taken_goes_also_while_served() {
        let roll = Arc::new(Roll::default());
        let of = |byte: u8| roll.note(Arc::new([CertificateDer::from(vec![byte])]), None);
        let (kept, gone) = (of(1), of(2));
        gone.serves(true);
        assert_eq!(roll.send_away(|chain, _| chain.first().is_some_and(|own| own.as_ref() == [1])), 1);
        assert_eq!((told(&kept), told(&gone)), (false, true));
    }
}

//! Where a service is reached: of several addresses one after the other, and another first once a call has failed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// Addresses of one service, at most: as many as are tried for one connection.
pub(super) const ADDRESSES: usize = 16;

/// The addresses of one service, whoever of those behind them serves.
#[derive(Debug)]
pub(super) struct Reach {
    /// Those that are configured; else those that its name has.
    addresses: Vec<SocketAddr>,
    by_name: DefaultResolver,
    failures: Failures,
}

/// Counts the calls that have failed, and the addresses that there are.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures {
    calls: Arc<AtomicUsize>,
    addresses: Arc<AtomicUsize>,
}

impl Failures {
    /// One more: whoever accepts connections, and says nothing or cannot serve, is not tried first the next time.
    pub(super) fn note(&self) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// How many addresses the last connection could be made to.
    pub(super) fn addresses(&self) -> usize {
        self.addresses.load(Ordering::Relaxed)
    }
}

impl Reach {
    pub(super) fn new(addresses: &[SocketAddr], failures: &Failures) -> Self {
        let addresses = addresses.iter().take(ADDRESSES).copied().collect();
        Self { addresses, by_name: DefaultResolver::default(), failures: failures.clone() }
    }

    fn in_turn(&self, found: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut all = self.empty();
        self.failures.addresses.store(found.len().min(ADDRESSES), Ordering::Relaxed);
        let first = self.failures.calls.load(Ordering::Relaxed).checked_rem(found.len()).unwrap_or_default();
        found.iter().cycle().skip(first).take(found.len().min(ADDRESSES)).for_each(|address| all.push(*address));
        all
    }
}

impl Resolver for Reach {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        match self.addresses.as_slice() {
            [] => self.by_name.resolve(uri, config, timeout).map(|found| self.in_turn(&found)),
            configured => Ok(self.in_turn(configured)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_comes_first_once_a_call_has_failed() {
        let addresses: Vec<SocketAddr> =
            ["192.0.2.1:1", "192.0.2.2:2", "[2001:db8::3]:3"].map(|text| text.parse().unwrap()).into();
        let failures = Failures::default();
        let reach = Reach::new(&addresses, &failures);
        let first = |reach: &Reach| reach.in_turn(&reach.addresses)[0];
        assert_eq!(reach.in_turn(&addresses)[..], addresses);
        assert_eq!(failures.addresses(), 3);
        failures.note();
        assert_eq!(first(&reach), addresses[1]);
        failures.note();
        assert_eq!(first(&reach), addresses[2]);
        failures.note();
        assert_eq!(first(&reach), addresses[0]);
        assert!(reach.in_turn(&[]).is_empty());
    }
}

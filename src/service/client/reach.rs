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
    failures: Arc<AtomicUsize>,
}

/// Counts the calls that have failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Failures(Arc<AtomicUsize>);

impl Failures {
    /// One more: whoever accepts connections and says nothing is not tried first the next time.
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Reach {
    pub(super) fn new(addresses: &[SocketAddr], failures: &Failures) -> Self {
        let addresses = addresses.iter().take(ADDRESSES).copied().collect();
        Self { addresses, by_name: DefaultResolver::default(), failures: Arc::clone(&failures.0) }
    }

    fn in_turn(&self, found: &[SocketAddr]) -> ResolvedSocketAddrs {
        let mut all = self.empty();
        let first = self.failures.load(Ordering::Relaxed).checked_rem(found.len()).unwrap_or_default();
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
        failures.note();
        assert_eq!(first(&reach), addresses[1]);
        failures.note();
        assert_eq!(first(&reach), addresses[2]);
        failures.note();
        assert_eq!(first(&reach), addresses[0]);
        assert!(reach.in_turn(&[]).is_empty());
    }
}

//! Whether a server is ready, and why not: for `/readyz`, and as metrics.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::doubts::{Doubt, Kind};
use super::state::State;
use crate::remedy::Remedy;

/// Our certificate, and lists of revoked ones, are renewed before this.
const CERTIFICATE: Duration = Duration::from_secs(3 * 86_400);
/// Beside the longest key the disk has room for so much.
const ROOM_BYTES: u64 = 4 << 20;

/// Looks for all of them, and counts them; blocks.
pub(crate) fn look(state: &State) -> Vec<Doubt> {
    let doubts = find(state);
    for kind in Kind::ALL {
        state.metrics.doubt(kind, doubts.iter().any(|doubt| doubt.kind == kind));
    }
    doubts
}

fn find(state: &State) -> Vec<Doubt> {
    let now = state.now();
    let mut doubts = Vec::new();
    let mut doubt = |kind, reason| doubts.push(Doubt { kind, reason });
    let (file, signing) = state.with_custody(|custody| {
        if let Err(error) = custody.check_clock(now) {
            doubt(Kind::Clock, error.in_full());
        }
        match custody.breaker() {
            Ok(None) => {}
            Ok(Some(breaker)) => doubt(Kind::Breaker, format!("suspended: {}", breaker.reason.as_str())),
            Err(error) => doubt(Kind::Database, error.in_full()),
        }
        (custody.file(), custody.journal().signing_trial())
    });
    // While others use the database: a token may take its time.
    if let Err(error) = signing.check() {
        doubt(Kind::Key, error.in_full());
    }
    if let Some(reason) = state.doubts.clock(now) {
        doubt(Kind::Clock, reason);
    }
    let needed = state.desks.values().map(|desk| desk.engine.key_limit_bytes()).max().unwrap_or(0);
    let needed = needed.saturating_add(ROOM_BYTES);
    if let Some(free) = file.and_then(|file| free_bytes(&file)).filter(|free| *free < needed) {
        doubt(Kind::Disk, format!("the disk of the database is full: {free} bytes are free, {needed} are needed"));
    }
    let renewed = state.renewed();
    if let Err(error) = renewed.tls.check_key() {
        doubt(Kind::Key, error.in_full());
    }
    for (what, until) in [("our certificate", renewed.until), ("a list of revoked certificates", renewed.lists_until)] {
        let ends = until.filter(|until| now.seconds_until(*until) < CERTIFICATE.as_secs());
        if let Some(until) = ends {
            doubt(Kind::Certificate, format!("{what} ends at {until}; renew it, and reload (SIGHUP)"));
        }
    }
    for (agreement, desk) in &state.desks {
        if let Some(trouble) = desk.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            doubt(Kind::Gallery, trouble);
        }
        if desk.damaged.load(Ordering::Relaxed) {
            let reason =
                format!("a reference in the gallery of agreement {agreement} is damaged; restore it from a copy");
            doubt(Kind::Gallery, reason);
        }
    }
    if state.stopping.load(Ordering::Relaxed) {
        doubt(Kind::Stopping, "stopping".to_owned());
    }
    doubts
}

/// Of the disk that a file is on, where the system says.
#[cfg(unix)]
fn free_bytes(file: &std::path::Path) -> Option<u64> {
    let found = rustix::fs::statvfs(file).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &std::path::Path) -> Option<u64> {
    None
}

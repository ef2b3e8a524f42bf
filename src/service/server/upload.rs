//! Bodies: of stated length, within what the parameter set admits, steadily sent, and never more in memory than there is room for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;
use tokio_stream::StreamExt;

use super::admission::Share;
use super::problem::HttpProblem;
use super::state::{Requester, State};
use crate::remedy::Remedy;
use crate::service::protocol::{Dated, limits};
use crate::service::signing::{Signed, StatementError};

/// Waits so long for room.
const ROOM: Duration = Duration::from_secs(5);
/// Slower senders are cut off: bytes a second, while we wait for them.
const LEAST_RATE: u64 = 16 * 1024;

/// A body that has arrived; its room in memory is taken until this is dropped.
pub(crate) struct Upload {
    /// The whole body.
    pub bytes: Vec<u8>,
    _room: Share,
}

/// Receives a body of at most `limit_bytes`.
pub(crate) async fn receive(
    state: &Arc<State>,
    requester: &Requester,
    headers: &HeaderMap,
    body: Body,
    limit_bytes: u64,
) -> Result<Upload, HttpProblem> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let length = length.ok_or_else(|| {
        HttpProblem::new(StatusCode::LENGTH_REQUIRED, "length-required", "state the body's length (Content-Length)")
    })?;
    if length > limit_bytes {
        let detail = format!("the body has {length} bytes where at most {limit_bytes} are admitted");
        return Err(HttpProblem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", detail));
    }
    let room = state.admission.uploads.take_within(&requester.code, length.max(1), ROOM).await;
    let room = room.ok_or_else(|| {
        HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, "busy", "too many uploads at a time; try again").retry_after(5)
    })?;
    let bytes = collect(body, length, state.limits().stall).await?;
    Ok(Upload { bytes, _room: room })
}

/// Receives a statement that the caller has signed.
pub(crate) async fn statement<T: Dated>(
    state: &Arc<State>,
    requester: &Requester,
    headers: &HeaderMap,
    body: Body,
) -> Result<(Signed<T>, T), HttpProblem> {
    let upload = receive(state, requester, headers, body, limits::STATEMENT_LIMIT_BYTES).await?;
    let text = String::from_utf8(upload.bytes).map_err(|_| HttpProblem::malformed("not a text"))?;
    let refused =
        |error: StatementError| HttpProblem::malformed(format!("the {} is refused: {}", T::KIND, error.in_full()));
    let statement = Signed::<T>::from_json(&text).map_err(refused)?;
    let said = requester.signers.verify(&statement).map_err(refused)?;
    Ok((statement, said))
}

async fn collect(body: Body, length: u64, stall: Duration) -> Result<Vec<u8>, HttpProblem> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    let mut chunks = body.into_data_stream();
    let mut pace = Pace::new(stall);
    loop {
        let begun = Instant::now();
        let chunk = timeout(pace.patience, chunks.next()).await;
        let waited = begun.elapsed();
        match chunk {
            Err(_) => pace.wait(waited, 0)?,
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(truncated()),
            Ok(Some(Ok(chunk))) => {
                pace.wait(waited, chunk.len())?;
                if bytes.len().saturating_add(chunk.len()) as u64 > length {
                    return Err(truncated());
                }
                bytes.extend_from_slice(&chunk);
            }
        }
    }
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(truncated()) }
}

/// How fast a sender is, by the time that we wait for it. Time in which this machine was busy is not the sender's: however long a wait was,
/// it counts for no more than our patience, and what has come meanwhile is there.
struct Pace {
    stall: Duration,
    patience: Duration,
    waited: Duration,
    came: u64,
}

impl Pace {
    fn new(stall: Duration) -> Self {
        let patience = stall.checked_div(8).unwrap_or(stall).max(Duration::from_millis(1));
        Self { stall, patience, waited: Duration::ZERO, came: 0 }
    }

    /// After a wait in which so many bytes came.
    ///
    /// # Errors
    ///
    /// Where too few came in the time that a sender may stand still.
    fn wait(&mut self, waited: Duration, bytes: usize) -> Result<(), HttpProblem> {
        self.waited = self.waited.saturating_add(waited.min(self.patience));
        self.came = self.came.saturating_add(bytes as u64);
        if self.waited < self.stall {
            return Ok(());
        }
        let millis = u64::try_from(self.waited.as_millis()).unwrap_or(u64::MAX);
        if self.came < LEAST_RATE.saturating_mul(millis).div_euclid(1000) {
            return Err(HttpProblem::new(
                StatusCode::REQUEST_TIMEOUT,
                "stalled",
                "the body was sent too slowly; send it again",
            ));
        }
        (self.waited, self.came) = (Duration::ZERO, 0);
        Ok(())
    }
}

fn truncated() -> HttpProblem {
    HttpProblem::malformed("the body is not of its stated length: it was cut off; send it again")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALL: Duration = Duration::from_secs(8);

    /// Seconds of waiting until it is cut off, at most a hundred.
    fn cut_off_after(waited: Duration, bytes: usize) -> Option<Duration> {
        let mut pace = Pace::new(STALL);
        let mut all = Duration::ZERO;
        while all < Duration::from_secs(100) {
            all += waited;
            if pace.wait(waited, bytes).is_err() {
                return Some(all);
            }
        }
        None
    }

    #[test]
    fn who_stands_still_or_trickles_is_cut_off_in_the_time_that_one_may_stand_still() {
        assert_eq!(cut_off_after(Duration::from_secs(1), 0), Some(STALL));
        assert_eq!(cut_off_after(Duration::from_millis(10), 100), Some(STALL));
        assert_eq!(cut_off_after(Duration::from_millis(10), 164), None, "16 KiB a second");
    }

    #[test]
    fn a_machine_that_stands_still_itself_cuts_nobody_off() {
        assert_eq!(cut_off_after(Duration::from_secs(30), 64 * 1024), None);
    }
}

//! Bodies: of stated length, within what the parameter set admits, steadily sent, and never more in memory than there is room for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;
use tokio_stream::StreamExt;

use super::admission::Share;
use super::pace::{Pace, TooSlow};
use super::problem::HttpProblem;
use super::state::{Requester, State};
use crate::remedy::Remedy;
use crate::service::protocol::{Dated, limits};
use crate::service::signing::{Signed, StatementError};

/// Waits so long for room.
const ROOM: Duration = Duration::from_secs(5);

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
        let chunk = timeout(pace.patience(), chunks.next()).await;
        let waited = begun.elapsed();
        match chunk {
            Err(_) => pace.wait(waited, 0).map_err(stalled)?,
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(truncated()),
            Ok(Some(Ok(chunk))) => {
                pace.wait(waited, chunk.len()).map_err(stalled)?;
                if bytes.len().saturating_add(chunk.len()) as u64 > length {
                    return Err(truncated());
                }
                bytes.extend_from_slice(&chunk);
            }
        }
    }
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(truncated()) }
}

fn stalled(_: TooSlow) -> HttpProblem {
    HttpProblem::new(StatusCode::REQUEST_TIMEOUT, "stalled", "the body was sent too slowly; send it again")
}

fn truncated() -> HttpProblem {
    HttpProblem::malformed("the body is not of its stated length: it was cut off; send it again")
}

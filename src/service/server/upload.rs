//! Bodies: of stated length, within what the parameter set admits, steadily sent, and never more in memory than there is room for.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;
use tokio_stream::StreamExt;

use super::problem::HttpProblem;
use super::state::{State, kib};

/// Waits so long for room.
const ROOM: Duration = Duration::from_secs(5);
/// Slower senders are cut off: bytes a second, over the whole body.
const LEAST_RATE: u64 = 16 * 1024;

/// A body that has arrived; its room in memory is taken until this is dropped.
pub(crate) struct Upload {
    /// The whole body.
    pub bytes: Vec<u8>,
    _room: tokio::sync::OwnedSemaphorePermit,
}

/// Receives a body of at most `limit_bytes`.
pub(crate) async fn receive(
    state: &Arc<State>,
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
    let room = timeout(ROOM, Arc::clone(&state.uploads).acquire_many_owned(kib(length).max(1))).await;
    let room = room.ok().and_then(Result::ok).ok_or_else(|| {
        HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, "busy", "too many uploads at a time; try again").retry_after(5)
    })?;
    let whole = Duration::from_secs((length / LEAST_RATE).saturating_add(10));
    let bytes = timeout(whole, collect(state, body, length)).await.map_err(|_| stalled())??;
    Ok(Upload { bytes, _room: room })
}

fn stalled() -> HttpProblem {
    HttpProblem::new(StatusCode::REQUEST_TIMEOUT, "stalled", "the body was sent too slowly; send it again")
}

async fn collect(state: &State, body: Body, length: u64) -> Result<Vec<u8>, HttpProblem> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    let mut chunks = body.into_data_stream();
    loop {
        match timeout(state.limits.stall, chunks.next()).await {
            Err(_) => return Err(stalled()),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(truncated()),
            Ok(Some(Ok(chunk))) => {
                if bytes.len().saturating_add(chunk.len()) as u64 > length {
                    return Err(truncated());
                }
                bytes.extend_from_slice(&chunk);
            }
        }
    }
    if bytes.len() as u64 == length { Ok(bytes) } else { Err(truncated()) }
}

fn truncated() -> HttpProblem {
    HttpProblem::malformed("the body is not of its stated length: it was cut off; send it again")
}

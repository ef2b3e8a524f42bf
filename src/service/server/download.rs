//! Answers on their way: never more in memory than there is room for.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;

use super::admission::Share;
use super::problem::HttpProblem;
use super::state::{Requester, State};

/// Waits so long for room.
const ROOM: Duration = Duration::from_secs(5);

/// An answer; its room in memory is taken until the last of it has gone.
struct Download {
    answer: Vec<u8>,
    _room: Share,
}

impl AsRef<[u8]> for Download {
    fn as_ref(&self) -> &[u8] {
        &self.answer
    }
}

/// Room for an answer of so many bytes.
pub(crate) async fn room(state: &Arc<State>, requester: &Requester, bytes: u64) -> Result<Share, HttpProblem> {
    let room = state.admission.downloads.take_within(&requester.code, bytes.max(1), ROOM).await;
    room.ok_or_else(|| {
        let detail = "too many answers are on their way at a time; try again";
        HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, "busy", detail).retry_after(5)
    })
}

/// Sends an answer; whatever part of it is in memory, the whole of it is, and so is its room taken.
pub(crate) fn body(answer: Vec<u8>, room: Share) -> Body {
    Body::from(Bytes::from_owner(Download { answer, _room: room }))
}

//! What is left of a body where a request is answered before it has arrived.
//!
//! Who is still sending would lose the answer with the connection; who has sent would take a connection for open that is not. So the rest
//! is received and thrown away, for a while; where it has not arrived by then, the answer says that the connection ends.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use tokio::time::timeout;
use tokio_stream::StreamExt;

/// What nobody wants may take so long to arrive.
const PATIENCE: Duration = Duration::from_secs(2);

/// A body that is lent to a route: what it leaves is ours.
#[derive(Clone)]
pub(super) struct Lent(Arc<Mutex<Body>>);

impl Lent {
    /// Lends a body.
    pub(super) fn new(body: Body) -> Self {
        Self(Arc::new(Mutex::new(body)))
    }

    fn body(&self) -> MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Receives the rest. Whether it has arrived: then the connection can be used again.
    pub(super) async fn receive(self) -> bool {
        if self.is_end_stream() {
            return true;
        }
        let mut rest = Body::new(self).into_data_stream();
        let whole = async {
            while let Some(chunk) = rest.next().await {
                if chunk.is_err() {
                    return false;
                }
            }
            true
        };
        timeout(PATIENCE, whole).await.unwrap_or(false)
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}

//! A connection whose other side has to take what it is sent, and not too slowly.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::pace::Pace;

/// A connection, whose writing fails where the other side takes too little of it.
pub(crate) struct Steady<S> {
    stream: S,
    pace: Pace,
    /// Since when we wait for it, if we do.
    waiting: Option<Instant>,
    look: Pin<Box<Sleep>>,
}

impl<S> Steady<S> {
    /// Whose other side may stand still for so long.
    pub(crate) fn new(stream: S, stall: Duration) -> Self {
        let pace = Pace::new(stall);
        let look = Box::pin(tokio::time::sleep(pace.patience()));
        Self { stream, pace, waiting: None, look }
    }

    /// What came of writing, unless the other side is too slow.
    fn judge(&mut self, written: Poll<io::Result<usize>>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let slow = |_| io::Error::from(io::ErrorKind::TimedOut);
        let Poll::Ready(written) = written else {
            loop {
                let now = Instant::now();
                let since = match self.waiting {
                    Some(since) => {
                        ready!(self.look.as_mut().poll(cx));
                        since
                    }
                    None => now,
                };
                self.pace.wait(now.saturating_duration_since(since), 0).map_err(slow)?;
                self.waiting = Some(now);
                let patience = self.pace.patience();
                self.look.as_mut().reset(now.checked_add(patience).unwrap_or(now));
            }
        };
        let waited = self.waiting.take().map_or(Duration::ZERO, |since| since.elapsed());
        let bytes = *written.as_ref().unwrap_or(&0);
        self.pace.wait(waited, bytes).map_err(slow)?;
        Poll::Ready(written)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Steady<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Steady<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.judge(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.judge(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const STALL: Duration = Duration::from_millis(400);

    /// Sends to one that takes so many bytes at a time, every so often; whether all of them went.
    async fn sent(whole: usize, bytes: usize, every: Duration) -> Result<(), io::ErrorKind> {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let reading = tokio::spawn(async move {
            let mut taken = vec![0; bytes];
            while theirs.read_exact(&mut taken).await.is_ok() {
                tokio::time::sleep(every).await;
            }
        });
        let sent = Steady::new(ours, STALL).write_all(&vec![0; whole]).await.map_err(|error| error.kind());
        reading.abort();
        sent
    }

    #[tokio::test]
    async fn who_takes_nothing_or_a_trickle_is_cut_off_and_who_is_steady_is_not() {
        let long = tokio::time::timeout(Duration::from_secs(5), sent(1 << 20, 16, Duration::from_millis(20)));
        assert_eq!(long.await.unwrap(), Err(io::ErrorKind::TimedOut), "a byte now and then is no progress");
        let never = tokio::time::timeout(Duration::from_secs(5), sent(1 << 20, 16, Duration::from_secs(60)));
        assert_eq!(never.await.unwrap(), Err(io::ErrorKind::TimedOut));
        assert_eq!(sent(128 * 1024, 1024, Duration::from_millis(5)).await, Ok(()));
    }

    #[tokio::test]
    async fn who_is_sent_little_may_take_its_time() {
        let (ours, _theirs) = tokio::io::duplex(1024);
        let mut steady = Steady::new(ours, STALL);
        for _ in 0..8 {
            steady.write_all(b"event").await.unwrap();
            tokio::time::sleep(STALL.div_f64(4.0)).await;
        }
    }
}

//! From a request that is prepared to its reply, whatever gets lost on the way.
//!
//! Each state is kept in the outbox before the next begins, and each call can be made again: a request number is one job and one charge.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::{Accepted, Client, ClientError};
use crate::agreement::Code;
use crate::remedy::Remedy;
use crate::service::protocol::{ProgressView, Reply, ReplyOutcome};
use crate::service::signing::{Hash, PublicKey, Signed, StatementError};
use crate::service::store::{Outbox, OutboxRequest, RequestState, StoreError};
use crate::service::time::Time;

/// Told what is going on, and asked whether to go on.
pub trait Watch {
    /// For people.
    fn note(&self, text: &str);
    /// The reply could not be acknowledged; that is done when the request is gone on with.
    fn undelivered(&self, error: &ClientError) {
        self.note(&format!("the acknowledgement could not be delivered ({})", error.in_full()));
    }
    /// How far the custodian is.
    fn progress(&self, progress: &ProgressView);
    /// Whether to give up for now.
    fn stop(&self) -> bool;
}

/// Why a request has no reply yet. It can be resumed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// The custodian could not be asked, or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Our own database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The custodian's signature.
    #[error("the custodian's {statement} is refused: {error}")]
    Statement {
        /// Receipt or reply.
        statement: &'static str,
        /// What its signature or its form lacks.
        error: StatementError,
    },
    /// The custodian answers another request.
    #[error("the custodian's {0} is about another request than ours")]
    OtherRequest(&'static str),
    /// The answer is not the one of the reply.
    #[error("the answer is not the one that the custodian's reply names")]
    OtherAnswer,
    /// There is no such request.
    #[error("there is no request number '{0}' here")]
    Unknown(Code),
    /// Nobody goes on with it.
    #[error("request number '{0}' was abandoned")]
    Abandoned(Code),
    /// Told to stop.
    #[error("stopped")]
    Stopped,
}

impl Remedy for AskError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Client(error) => return error.remedy(),
            Self::Store(error) => return error.remedy(),
            Self::Statement { error, .. } => return error.remedy(),
            Self::OtherRequest(..) => "keep it, and ask the custodian",
            Self::OtherAnswer => "ask the custodian",
            Self::Unknown(_) | Self::Abandoned(_) => "make a new request",
            _ => return None,
        };
        Some(remedy.into())
    }
}

/// A request that was replied to.
pub struct Concluded {
    /// What came of the request, checked and signed by the custodian.
    pub reply: Reply,
    /// All that is kept of it.
    pub request: OutboxRequest,
    /// Whether the custodian has our acknowledgement.
    pub acknowledged: bool,
}

/// The waits for a custodian that cannot be reached: each is twice as long as the one before, up to a longest.
struct Waits(Duration);

impl Waits {
    fn new() -> Self {
        Self(Duration::from_millis(100))
    }

    fn next(&mut self, longest: Duration) -> Duration {
        let wait = self.0.min(longest);
        self.0 = self.0.saturating_mul(2).min(longest);
        wait
    }
}

/// One request on its way.
pub struct Asking<'a> {
    /// The custodian's service.
    pub client: &'a Client,
    /// What must not get lost.
    pub outbox: &'a mut Outbox,
    /// What receipt and reply must be signed with.
    pub custodian: PublicKey,
    /// The evaluation key's file, for a custodian that does not have it.
    pub key_content: &'a [u8],
    /// Longest answer, in bytes.
    pub answer_limit_bytes: u64,
    /// Without a word from the custodian for so long, it is given up for now.
    pub patience: Duration,
    /// What time it is.
    pub clock: &'a dyn Fn() -> Time,
    /// Who watches.
    pub watch: &'a dyn Watch,
}

impl Asking<'_> {
    /// Goes on with a request until there is a reply.
    ///
    /// # Errors
    ///
    /// [`AskError`]; the same call goes on where this one ended.
    pub fn conclude(&mut self, number: &Code) -> Result<Concluded, AskError> {
        loop {
            let request = self.outbox.request(number)?.ok_or_else(|| AskError::Unknown(number.clone()))?;
            match request.state {
                RequestState::Prepared => self.submit(&request)?,
                RequestState::Accepted => self.await_reply(&request)?,
                RequestState::Replied | RequestState::Acknowledged | RequestState::Done => {
                    return self.acknowledge(request);
                }
                RequestState::Abandoned => return Err(AskError::Abandoned(number.clone())),
            }
        }
    }

    /// Makes a call until it succeeds, fails for good, or patience ends.
    fn patiently<T>(&self, mut call: impl FnMut() -> Result<T, ClientError>) -> Result<T, AskError> {
        let begun = Instant::now();
        let mut told = false;
        let mut waits = Waits::new();
        loop {
            let error = match call() {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            // A custodian that is restarted is back in no time; one that is away is not asked all the time.
            let mut wait = error.retry();
            if matches!(error, ClientError::Unreachable { .. }) {
                wait = wait.map(|longest| waits.next(longest));
            }
            // The custodian may ask for a wait of any length.
            let left = self.patience.saturating_sub(begun.elapsed());
            let Some(wait) = wait.filter(|wait| *wait <= left) else {
                return Err(error.into());
            };
            if !std::mem::replace(&mut told, true) {
                let patience = self.patience.as_secs();
                self.watch.note(&format!("{}\ntrying again, for up to {patience} s", error.in_full()));
            }
            self.pause(wait)?;
        }
    }

    fn pause(&self, wait: Duration) -> Result<(), AskError> {
        let begun = Instant::now();
        while begun.elapsed() < wait {
            if self.watch.stop() {
                return Err(AskError::Stopped);
            }
            std::thread::sleep(Duration::from_millis(50).min(wait));
        }
        Ok(())
    }

    fn submit(&mut self, request: &OutboxRequest) -> Result<(), AskError> {
        let asked = request.statement.verify(None);
        let asked = asked.map_err(|error| AskError::Statement { statement: "request", error })?;
        let query = request.query.as_deref().ok_or(StoreError::Damaged("query"))?;
        let client = self.client;
        let known = self.patiently(|| client.key(&request.agreement, &asked.key))?;
        if known.is_none() {
            self.watch.note("uploading the evaluation key: once for all queries made with these keys");
            self.patiently(|| client.put_key(&request.agreement, &asked.key, self.key_content))?;
        }
        let Accepted { job, receipt } =
            self.patiently(|| client.submit(&request.agreement, &request.statement, query))?;
        let said = self.verified(&receipt, "receipt")?;
        if said.request != request.statement.digest() || said.job != job {
            return Err(AskError::OtherRequest("receipt"));
        }
        let now = (self.clock)();
        Ok(self.outbox.accepted(&request.number, &job, &receipt, now)?)
    }

    fn verified<T: crate::service::signing::Statement>(
        &self,
        statement: &Signed<T>,
        kind: &'static str,
    ) -> Result<T, AskError> {
        let verified = statement.verify(Some(&self.custodian));
        verified.map_err(|error| AskError::Statement { statement: kind, error })
    }

    fn await_reply(&mut self, request: &OutboxRequest) -> Result<(), AskError> {
        let job = request.job.ok_or(StoreError::Damaged("job"))?;
        let (client, watch) = (self.client, self.watch);
        loop {
            if watch.stop() {
                return Err(AskError::Stopped);
            }
            let Some(reply) = self.patiently(|| client.reply(&job))? else {
                let followed = client.follow(&job, |progress| {
                    watch.progress(progress);
                    !watch.stop()
                });
                // A stream that breaks is followed anew.
                if followed.is_err() {
                    self.pause(Duration::from_secs(1))?;
                } else {
                    self.pause(Duration::from_millis(20))?;
                }
                continue;
            };
            let said = self.verified(&reply, "reply")?;
            let asked = request.statement.verify(None);
            if said.request_digest != request.statement.digest() || asked != Ok(said.request) {
                return Err(AskError::OtherRequest("reply"));
            }
            let answer = match said.outcome {
                ReplyOutcome::Unanswered { .. } => None,
                ReplyOutcome::Answered { answer_digest, .. } => {
                    let answer = self.patiently(|| client.answer(&job, self.answer_limit_bytes))?;
                    if Hash::of(&answer) != answer_digest {
                        return Err(AskError::OtherAnswer);
                    }
                    Some(answer)
                }
            };
            let now = (self.clock)();
            return Ok(self.outbox.replied(&request.number, &reply, answer.as_deref(), now)?);
        }
    }

    /// The acknowledgement is made before anybody can decrypt, and is the same whenever it is delivered.
    fn acknowledge(&mut self, mut request: OutboxRequest) -> Result<Concluded, AskError> {
        let reply = request.reply.as_ref().ok_or(StoreError::Damaged("reply"))?;
        let reply = self.verified(reply, "reply")?;
        let mut acknowledged = request.state > RequestState::Replied;
        if !acknowledged {
            let statement = self.outbox.acknowledgement(&request.number, (self.clock)())?;
            let statement = statement.ok_or(StoreError::Damaged("reply"))?;
            let job = request.job.ok_or(StoreError::Damaged("job"))?;
            match self.client.acknowledge(&job, &statement) {
                Ok(()) => {
                    self.outbox.acknowledged(&request.number)?;
                    request.state = RequestState::Acknowledged;
                    acknowledged = true;
                }
                Err(error) => self.watch.undelivered(&error),
            }
        }
        Ok(Concluded { reply, request, acknowledged })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_no_further_however_long_a_custodian_is_away() {
        let longest = Duration::from_secs(2);
        let mut waits = Waits::new();
        let first: Vec<u128> = (0..7).map(|_| waits.next(longest).as_millis()).collect();
        assert_eq!(first, [100, 200, 400, 800, 1600, 2000, 2000]);
        // Two years of them.
        assert!((0..31_536_000).all(|_| waits.next(longest) == longest));
        assert_eq!(Waits(Duration::MAX).next(Duration::MAX), Duration::MAX);
    }
}

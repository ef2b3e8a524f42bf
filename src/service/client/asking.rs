//! From a request that is prepared to its reply, whatever gets lost on the way.
//!
//! Each state is kept in the outbox before the next begins, and each call can be made again: a request number is one job and one charge.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::{Accepted, Client, ClientError};
use crate::agreement::Code;
use crate::remedy::Remedy;
use crate::service::audit::{Divergence, Signers};
use crate::service::protocol::limits::TIME_TOLERANCE_MS;
use crate::service::protocol::{
    Dated, OTHER_LOG, ProgressView, Receipt, Reply, ReplyOutcome, Standing, TIME_IN_THE_PAST,
};
use crate::service::signing::{Hash, Signed, Statement as _, StatementError};
use crate::service::store::{Outbox, OutboxRequest, RequestState, StoreError};
use crate::service::time::Time;
use crate::service::tree::{TreeHead, is_consistent};

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
    /// The custodian has signed another time than it can have been.
    #[error("the custodian's {statement} says that it was made at {said}; by our clock that was at {now}")]
    Dated {
        /// Standing, receipt or reply.
        statement: &'static str,
        /// As the custodian has signed.
        said: Time,
        /// As our clock has it: now, or when it was asked for.
        now: Time,
    },
    /// The custodian's log does not reach to a reply that it has given.
    #[error("the custodian's log has {} entries, and has given us reply {reply}: it was cut, lost, or restored from a copy", shown.size)]
    ReplyLost {
        /// The reply's number, which is that of its entry.
        reply: u64,
        /// The head that is shown now.
        shown: TreeHead,
    },
    /// Two replies, one number.
    #[error("the custodian's reply has number {0}, as another one had: at most one of them is in its log")]
    ReplyNumber(u64),
    /// The custodian answers another request.
    #[error("the custodian's {0} is about another request than ours")]
    OtherRequest(&'static str),
    /// The answer is not the one of the reply.
    #[error("the answer is not the one that the custodian's reply names")]
    OtherAnswer,
    /// Somebody else answers there.
    #[error("the custodian there is {actual}, not {expected}")]
    OtherCustodian {
        /// As configured.
        expected: Code,
        /// As it signs.
        actual: Code,
    },
    /// The custodian's log has fewer entries than it has shown.
    #[error("the custodian's log has {} entries, and has shown us {}: it was cut, lost, or restored from a copy", shown.size, seen.size)]
    LogShrunk {
        /// The head that was seen.
        seen: TreeHead,
        /// The head that is shown now.
        shown: TreeHead,
    },
    /// The custodian's log is not the one that it has shown.
    #[error("the custodian's log of {} entries does not hold the {} that it has shown us: it was written anew, or there are two", shown.size.max(seen.size), shown.size.min(seen.size))]
    LogForked {
        /// The head that was seen.
        seen: TreeHead,
        /// The head that is shown now.
        shown: TreeHead,
    },
    /// A statement without a head, or whose number is not that of the entry behind it.
    #[error("the custodian's {0} does not say of which log it is")]
    NoHead(&'static str),
    /// The custodian has lost it.
    #[error("the custodian has signed that it accepted request number '{0}', and does not know it any more")]
    Lost(Code),
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
            Self::OtherAnswer | Self::NoHead(_) | Self::ReplyNumber(_) => "ask the custodian",
            Self::Dated { .. } => "find out whose clock is wrong, ours or the custodian's, and set it",
            Self::OtherCustodian { .. } => "correct [custodian] party, or url and signing_key with it",
            Self::LogShrunk { shown, .. } | Self::LogForked { shown, .. } | Self::ReplyLost { shown, .. } => {
                let remedy = "keep our log, which holds both heads, signed, and have the custodian's operator say why; where that is in \
                              order, go on with 'cotejo ask --trust-log";
                return Some(format!("{remedy} {shown} --reason TEXT'").into());
            }
            Self::Lost(number) => {
                let remedy = format!(
                    "'cotejo ask --abandon {number}' gives it up, and both logs tell so; then make a new request"
                );
                return Some(remedy.into());
            }
            Self::Unknown(_) | Self::Abandoned(_) => "make a new request",
            _ => return None,
        };
        Some(remedy.into())
    }
}

/// Clocks of two parties may differ by so much, and by the second that either rounds by.
const CLOCKS_MS: i64 = TIME_TOLERANCE_MS + 1000;

/// Whether a request that was refused so would not be, signed anew: for its time, or because we go on from another head of the log than
/// the one that it names.
fn is_outdated(kind: &str, named: Option<TreeHead>, seen: Option<TreeHead>) -> bool {
    kind == TIME_IN_THE_PAST || OTHER_LOG.contains(&kind) && named != seen
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
    /// Who is asked.
    pub custodian: &'a Code,
    /// What the custodian's statements must be signed with.
    pub custodian_signers: &'a Signers,
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
        let (mut met, mut renewed) = (false, false);
        loop {
            let request = self.outbox.request(number)?.ok_or_else(|| AskError::Unknown(number.clone()))?;
            if request.state <= RequestState::Accepted && !std::mem::replace(&mut met, true) {
                self.meet()?;
                self.tell_abandonments()?;
            }
            match request.state {
                RequestState::Prepared => self.submit(&request, &mut renewed)?,
                RequestState::Accepted => self.await_reply(&request)?,
                RequestState::Replied | RequestState::Acknowledged | RequestState::Done => {
                    return self.acknowledge(request);
                }
                RequestState::Abandoned => return Err(AskError::Abandoned(number.clone())),
            }
        }
    }

    /// Tells the custodian which requests we go on with no more. Where that fails, it is told the next time.
    fn tell_abandonments(&mut self) -> Result<(), AskError> {
        for (number, statement) in self.outbox.untold()? {
            let Ok(said) = statement.verify(None) else { continue };
            match self.client.abandon(&said.request, &statement) {
                Ok(()) => self.outbox.told(&number)?,
                Err(error) => {
                    let text = format!(
                        "the custodian could not be told that request {number} is abandoned ({})",
                        error.in_full()
                    );
                    self.watch.note(&text);
                    break;
                }
            }
        }
        Ok(())
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

    /// Finds out who is there, and that its log holds all that it has shown us. Only then its name is written into our own.
    fn meet(&mut self) -> Result<(), AskError> {
        let client = self.client;
        // Before the custodian is asked: another process may receive a reply meanwhile.
        let (before, reply) = (self.outbox.seen(self.custodian)?, self.outbox.last_reply(self.custodian)?);
        let statement = self.patiently(|| client.standing())?;
        let standing = self.verified(&statement, Standing::KIND)?;
        self.is_dated(&standing, None)?;
        if standing.custodian != *self.custodian {
            return Err(AskError::OtherCustodian { expected: self.custodian.clone(), actual: standing.custodian });
        }
        let now = (self.clock)();
        self.outbox.journal().register(self.custodian, self.custodian_signers, now)?;
        if let Some(seen) = before
            && standing.log.size < seen.size
        {
            let shown = standing.log;
            return self.diverged(seen, shown, statement.to_json(), AskError::LogShrunk { seen, shown });
        }
        // A reply is in the log behind the head that it names.
        let shown = standing.log;
        if shown.size < reply {
            let seen = before.unwrap_or(TreeHead::EMPTY);
            return self.diverged(seen, shown, statement.to_json(), AskError::ReplyLost { reply, shown });
        }
        self.follow_log(shown, || statement.to_json())
    }

    /// Holds a head of the custodian's log against the last that we have seen: one must hold the other. A statement may be older than
    /// what was seen.
    fn follow_log(&mut self, shown: TreeHead, statement: impl FnOnce() -> String) -> Result<(), AskError> {
        let Some(seen) = self.outbox.seen(self.custodian)? else { return Ok(self.outbox.see(self.custodian, &shown)?) };
        if shown == seen {
            return Ok(());
        }
        let (earlier, later) = if shown.size < seen.size { (shown, seen) } else { (seen, shown) };
        let client = self.client;
        let proof = self.patiently(|| client.consistency(earlier.size, later.size))?;
        if !proof.is_some_and(|proof| is_consistent(&earlier, &later, &proof)) {
            return self.diverged(seen, shown, statement(), AskError::LogForked { seen, shown });
        }
        if later == shown {
            self.outbox.see(self.custodian, &shown)?;
        }
        Ok(())
    }

    /// What the custodian has signed is evidence: it is kept.
    fn diverged(
        &mut self,
        seen: TreeHead,
        shown: TreeHead,
        statement: String,
        error: AskError,
    ) -> Result<(), AskError> {
        let diverged = Divergence { custodian: self.custodian.clone(), seen, shown, statement };
        self.outbox.diverged(diverged, (self.clock)())?;
        Err(error)
    }

    /// `renewed` says whether it was signed anew already: then not again.
    fn submit(&mut self, request: &OutboxRequest, renewed: &mut bool) -> Result<(), AskError> {
        let asked = request.statement.verify(None);
        let asked = asked.map_err(|error| AskError::Statement { statement: "request", error })?;
        let query = request.query.as_deref().ok_or(StoreError::Damaged("query"))?;
        let (client, seen) = (self.client, self.outbox.seen(self.custodian)?);
        if request.statement.signer() != self.outbox.journal().public_key() && !std::mem::replace(renewed, true) {
            self.watch
                .note("it was signed with a key that another has followed, and never accepted: it is signed anew");
            return Ok(self.outbox.renew(&request.number, seen, (self.clock)())?);
        }
        let known = self.patiently(|| client.key(&request.agreement, &asked.key))?;
        if known.is_none() {
            self.watch.note("uploading the evaluation key: once for all queries made with these keys");
            self.patiently(|| client.put_key(&request.agreement, &asked.key, self.key_content))?;
        }
        let Accepted { job, receipt } =
            match self.patiently(|| client.submit(&request.agreement, &request.statement, query)) {
                Err(AskError::Client(ClientError::Refused(refusal)))
                    if is_outdated(&refusal.kind, asked.seen, seen) && !std::mem::replace(renewed, true) =>
                {
                    // It was not accepted when it was made: a request of that number would be known.
                    self.watch
                        .note("what it says of time or log is outdated, and it was never accepted: it is signed anew");
                    return Ok(self.outbox.renew(&request.number, seen, (self.clock)())?);
                }
                accepted => accepted?,
            };
        let said = self.verified(&receipt, "receipt")?;
        if said.request != request.statement.digest() || said.job != job {
            return Err(AskError::OtherRequest("receipt"));
        }
        // It may be that of an earlier attempt: it follows the request, which was made then.
        self.is_dated(&said, Some(asked.time))?;
        if said.time.millis().saturating_sub(asked.time.millis()) > CLOCKS_MS {
            return Err(AskError::Dated { statement: Receipt::KIND, said: said.time, now: asked.time });
        }
        self.follow_log(said.log.ok_or(AskError::NoHead(Receipt::KIND))?, || receipt.to_json())?;
        let now = (self.clock)();
        Ok(self.outbox.accepted(&request.number, &job, &receipt, now)?)
    }

    fn verified<T: Dated>(&self, statement: &Signed<T>, kind: &'static str) -> Result<T, AskError> {
        let verified = self.custodian_signers.verify(statement);
        verified.map_err(|error| AskError::Statement { statement: kind, error })
    }

    /// A statement was made now; or, where it answers one that was made `since`, between then and now: as our log's verifier has it. A
    /// key that is not used any more could sign what is of long ago.
    fn is_dated<T: Dated>(&self, said: &T, since: Option<Time>) -> Result<(), AskError> {
        let (now, made) = ((self.clock)().second(), said.made());
        // Our own clock may have been ahead then.
        let since = since.unwrap_or(now).min(now);
        let early = since.millis().saturating_sub(made.millis()) > CLOCKS_MS;
        let late = made.millis().saturating_sub(now.millis()) > CLOCKS_MS;
        match early || late {
            true => Err(AskError::Dated { statement: T::KIND, said: made, now }),
            false => Ok(()),
        }
    }

    fn await_reply(&mut self, request: &OutboxRequest) -> Result<(), AskError> {
        let job = request.job.ok_or(StoreError::Damaged("job"))?;
        let (client, watch) = (self.client, self.watch);
        loop {
            if watch.stop() {
                return Err(AskError::Stopped);
            }
            let reply = match self.patiently(|| client.reply(&job)) {
                Err(AskError::Client(ClientError::Refused(refusal))) if refusal.status == 404 => {
                    return Err(AskError::Lost(request.number.clone()));
                }
                reply => reply?,
            };
            let Some(reply) = reply else {
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
            if said.request_digest != request.statement.digest() || asked.as_ref() != Ok(&said.request) {
                return Err(AskError::OtherRequest("reply"));
            }
            self.is_dated(&said, Some(said.request.time))?;
            if self.outbox.last_reply(self.custodian)? == said.number {
                // Another process may have received this one.
                let ours = self.outbox.request(&request.number)?;
                let ours = ours.and_then(|ours| ours.reply).is_some_and(|ours| ours.digest() == reply.digest());
                return if ours { Ok(()) } else { Err(AskError::ReplyNumber(said.number)) };
            }
            // A reply is numbered by its entry, which stands behind the log that it names.
            let log = said.log.filter(|log| log.size.checked_add(1) == Some(said.number));
            self.follow_log(log.ok_or(AskError::NoHead(Reply::KIND))?, || reply.to_json())?;
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
            return Ok(self.outbox.replied((self.custodian, &request.number), &reply, answer.as_deref(), now)?);
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

//! A connection that is read on a thread of its own. Rows are fetched while those before them are taken; whoever waits hears Ctrl-C, has the
//! server cancel the query, and gives the connection up where that does not help.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Config, IsolationLevel, Row};

use crate::cli::interrupt;
use crate::service::store::{Reading, StoreError};

use super::columns::Column;

/// Whoever waits looks so often whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);
/// A server that accepts a connection says so long nothing at most.
const STARTUP: Duration = Duration::from_secs(20);
/// A server that is asked to cancel has so long for it.
const CANCELLED: Duration = Duration::from_secs(3);
/// The bytes of a batch, about; the rows of the first, of which nothing is known, and of any other at most.
const BATCH_BYTES: usize = 1 << 20;
const FIRST_ROWS: usize = 16;
const MOST_ROWS: usize = 4096;

/// The other end of the thread.
pub(super) struct Link {
    told: Receiver<Result<Told, Lost>>,
    ask: Sender<Asked>,
    /// What has the server cancel the query, from when it is connected to.
    cancel: Option<Cancel>,
}

type Cancel = Box<dyn FnOnce() + Send>;

/// What is asked when the columns of the query are known.
pub(super) struct Asked {
    /// Counts the rows, if they are to be counted.
    pub count: Option<String>,
    /// Finds them.
    pub rows: String,
}

/// What a connection tells, in this order.
enum Told {
    Connected(Cancel),
    Prepared(Prepared),
    Counted(u64),
    Rows(Vec<Row>),
    End,
}

/// A query that was not run yet.
pub(super) struct Prepared {
    pub columns: Vec<Column>,
    /// How many parameters it has.
    pub parameters: usize,
}

/// Why nothing more comes.
pub(super) enum Lost {
    /// The command is to stop.
    Interrupted,
    /// There is no connection.
    Unreachable(StoreError),
    /// The server has accepted it, and says nothing.
    Silent,
    /// What the server says, or what has ended the connection.
    Database(postgres::Error),
    /// The thread has ended before its end.
    Ended,
}

impl From<postgres::Error> for Lost {
    fn from(error: postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl Link {
    /// Connects, and prepares a query.
    pub(super) fn prepare(config: Config, sql: String) -> Result<(Self, Prepared), Lost> {
        let (tell, told) = sync_channel(1);
        let (ask, asked) = channel();
        let work = move || {
            if let Err(lost) = run(&config, &sql, &tell, &asked) {
                // Nobody hears it where nobody waits any more.
                drop(tell.send(Err(lost)));
            }
        };
        thread::Builder::new().name("database".to_owned()).spawn(work).map_err(|_| Lost::Ended)?;
        let mut link = Self { told, ask, cancel: None };
        loop {
            match link.next()? {
                Told::Connected(cancel) => link.cancel = Some(cancel),
                Told::Prepared(prepared) => return Ok((link, prepared)),
                Told::Counted(_) | Told::Rows(_) | Told::End => return Err(Lost::Ended),
            }
        }
    }

    /// Asks for the rows; how many there are, where they are to be counted.
    pub(super) fn ask(&mut self, asked: Asked) -> Result<Option<u64>, Lost> {
        let counts = asked.count.is_some();
        // Where nobody hears it, the thread has said why.
        drop(self.ask.send(asked));
        if !counts {
            return Ok(None);
        }
        match self.next()? {
            Told::Counted(count) => Ok(Some(count)),
            _ => Err(Lost::Ended),
        }
    }

    /// The next rows; none behind the last.
    pub(super) fn rows(&mut self) -> Result<Option<Vec<Row>>, Lost> {
        match self.next()? {
            Told::Rows(rows) => Ok(Some(rows)),
            Told::End => Ok(None),
            _ => Err(Lost::Ended),
        }
    }

    fn next(&mut self) -> Result<Told, Lost> {
        let begun = Instant::now();
        let mut interrupted = None;
        loop {
            match self.told.recv_timeout(LOOK) {
                Ok(told) => return told,
                Err(RecvTimeoutError::Disconnected) => return Err(Lost::Ended),
                Err(RecvTimeoutError::Timeout) => {}
            }
            match (interrupt::requested(), self.cancel.take(), interrupted) {
                // It takes a connection of its own, which may hang as well.
                (true, Some(cancel), _) => {
                    drop(thread::Builder::new().name("cancel".to_owned()).spawn(cancel));
                    interrupted = Some(Instant::now());
                }
                (true, None, Some(at)) if at.elapsed() < CANCELLED => {}
                (true, None, _) => return Err(Lost::Interrupted),
                (false, None, _) if begun.elapsed() > STARTUP => return Err(Lost::Silent),
                (false, cancel, _) => self.cancel = cancel,
            }
        }
    }
}

/// What the thread does.
fn run(config: &Config, sql: &str, tell: &SyncSender<Result<Told, Lost>>, asked: &Receiver<Asked>) -> Result<(), Lost> {
    let is_heard = |told| tell.send(Ok(told)).is_ok();
    let mut reading = Reading::open(config).map_err(Lost::Unreachable)?;
    if !is_heard(Told::Connected(Box::new(reading.canceller()))) {
        return Ok(());
    }
    let transaction = reading.client.build_transaction();
    let mut transaction = transaction.read_only(true).isolation_level(IsolationLevel::RepeatableRead).start()?;
    let prepared = transaction.prepare(sql)?;
    let (columns, parameters) = (prepared.columns().iter().map(Column::of).collect(), prepared.params().len());
    if !is_heard(Told::Prepared(Prepared { columns, parameters })) {
        return Ok(());
    }
    let Ok(Asked { count, rows }) = asked.recv() else { return Ok(()) };
    if let Some(count) = count {
        let count: i64 = transaction.query_one(&count, &[])?.try_get(0)?;
        if !is_heard(Told::Counted(u64::try_from(count).unwrap_or_default())) {
            return Ok(());
        }
    }
    let statement = transaction.prepare(&rows)?;
    let portal = transaction.bind(&statement, &[])?;
    let mut most = FIRST_ROWS;
    loop {
        let rows = transaction.query_portal(&portal, i32::try_from(most).unwrap_or(i32::MAX))?;
        let bytes = rows.iter().map(Row::raw_size_bytes).fold(1, usize::saturating_add);
        most = BATCH_BYTES.saturating_mul(rows.len()).div_ceil(bytes).clamp(1, MOST_ROWS.min(most.saturating_mul(4)));
        let is_end = rows.is_empty();
        if !is_heard(if is_end { Told::End } else { Told::Rows(rows) }) || is_end {
            return Ok(());
        }
    }
}

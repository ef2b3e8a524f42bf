//! Who keeps a session with a token: a thread of its own, so that nobody waits for ever for a token that does not answer.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use rustls::SignatureScheme;

use super::device::{Device, Opened};
use super::module::Module;
use super::pin::Pin;
use super::public::PublicHalf;
use super::trouble::Trouble;
use super::uri::TokenUri;
use crate::cli::failure::Failure;

/// A signature may take so long, with those before it: two of them less than a handshake of TLS may, or a request on the operations port.
const PATIENCE: Duration = Duration::from_secs(4);
/// So many may wait for one.
const WAITING: usize = 64;

/// A key in a token.
pub struct Keeper {
    name: String,
    pub public: PublicHalf,
    calls: SyncSender<Call>,
}

/// One signature that somebody waits for.
struct Call {
    scheme: SignatureScheme,
    message: Vec<u8>,
    until: Instant,
    answer: SyncSender<Result<Vec<u8>, Trouble>>,
}

/// What the thread has.
struct Kept {
    module: Arc<Module>,
    uri: Arc<TokenUri>,
    pin: Option<Arc<Pin>>,
    public: PublicHalf,
    /// None while the session is lost.
    device: Option<Device>,
}

impl Keeper {
    /// Finds a key, and keeps it at hand.
    pub fn open(uri: &Arc<TokenUri>) -> Result<Arc<Self>, Failure> {
        Self::begin(uri).map(Arc::new).map_err(|trouble| trouble.failure(uri))
    }

    fn begin(uri: &Arc<TokenUri>) -> Result<Self, Trouble> {
        let module = Module::load(&uri.module)?;
        let Opened { device, pin } = Device::open(&module, uri, None)?;
        let (calls, waiting) = sync_channel(WAITING);
        let public = device.public.clone();
        let kept = Kept { module, uri: Arc::clone(uri), pin, public: public.clone(), device: Some(device) };
        let thread = std::thread::Builder::new().name("token".to_owned()).spawn(move || kept.answer(&waiting));
        thread.map_err(|error| Trouble::new(format!("no thread: {error}"), "raise the system's limits"))?;
        Ok(Self { name: uri.to_string(), public, calls })
    }

    /// Names the key; no secret.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Signs, from any thread, within some seconds.
    pub fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Trouble> {
        let until = Instant::now().checked_add(PATIENCE).unwrap_or_else(Instant::now);
        let (answer, answered) = sync_channel(1);
        let silent = || {
            let what = format!("the token has not answered for {} s", PATIENCE.as_secs());
            Trouble::new(what, "see to the token and what leads to it; it is tried again")
        };
        match self.calls.try_send(Call { scheme, message: message.to_vec(), until, answer }) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(silent()),
            Err(TrySendError::Disconnected(_)) => return Err(ended()),
        }
        match answered.recv_timeout(PATIENCE) {
            Ok(signed) => signed,
            Err(RecvTimeoutError::Timeout) => Err(silent()),
            Err(RecvTimeoutError::Disconnected) => Err(ended()),
        }
    }
}

fn ended() -> Trouble {
    Trouble::new("the thread that speaks to the token has ended", "start again, and report this as a fault of cotejo")
}

impl Kept {
    /// Answers calls until nobody can make any.
    fn answer(mut self, calls: &Receiver<Call>) {
        for Call { scheme, message, until, answer } in calls {
            // Nobody waits for it any more.
            if Instant::now() < until {
                drop(answer.send(self.sign(scheme, &message)));
            }
        }
    }

    /// With another session, once, where this one is lost.
    fn sign(&mut self, scheme: SignatureScheme, message: &[u8]) -> Result<Vec<u8>, Trouble> {
        if let Some(device) = &self.device {
            match device.sign(scheme, message) {
                Err(trouble) if trouble.is_lost_session => self.device = None,
                signed => return signed,
            }
        }
        let device = self.again()?;
        let signed = device.sign(scheme, message);
        if signed.as_ref().is_err_and(|trouble| trouble.is_lost_session) {
            self.device = None;
        }
        signed
    }

    /// Another session, with the same key; where none can be had, once more with the module initialised anew.
    fn again(&mut self) -> Result<&Device, Trouble> {
        let open = || Device::open(&self.module, &self.uri, self.pin.as_ref());
        let opened = open().or_else(|trouble| {
            if trouble.is_of_pin {
                return Err(trouble);
            }
            self.module.begin_again();
            open()
        });
        let Opened { device, .. } = opened?;
        if device.public != self.public {
            return Err(Trouble::new(
                "another key is there by this name now",
                "put the key back, or start again with this one",
            ));
        }
        Ok(self.device.insert(device))
    }
}

//! SIGHUP: certificates, requesters, operators, exemptions and limits are read anew, while requests are served.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Custodian;
use super::config::AGREEMENTS;
use super::source::GalleryFiles;
use crate::cli::failure::Failure;
use crate::cli::party::{GuardArgs, Party};
use crate::cli::{interrupt, passphrase};
use crate::service::identity::Side;
use crate::service::server::{Reloading, Renewal};
use crate::service::signing::Hash;

/// What a reload needs of what the server was started with.
pub struct Reload {
    pub config: PathBuf,
    pub guard: GuardArgs,
    pub started: Party<Custodian>,
    pub agreements: Vec<Hash>,
    pub sources: Vec<Arc<GalleryFiles>>,
    pub reloading: Reloading,
}

impl Reload {
    /// Reloads whenever it is asked for, until the server ends.
    pub fn listen(self) -> Result<(), Failure> {
        let config = self.config.clone();
        let listening = move || {
            while !interrupt::requested() {
                if interrupt::reload_requested()
                    && let Err(why) = attempt(|| self.reload())
                {
                    self.reloading.refuse(&why);
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        };
        let thread = std::thread::Builder::new().name("reload".to_owned()).spawn(listening);
        thread.map(drop).map_err(|error| Failure::at(&config, error, "raise the system's limits"))
    }

    /// All of it, or nothing.
    fn reload(&self) -> Result<(), Failure> {
        let party = Party::<Custodian>::read(&self.config)?;
        party.judge(self.guard, &|text| self.reloading.advise(text))?;
        let identity = party.identity(Side::Server)?;
        let requesters = party.requesters_under(&self.agreements)?;
        let operators = party.operators()?;
        let (limits, _) = party.limits()?;
        let differing = self.started.differing(&party);
        let sources = if differing.contains(&AGREEMENTS) { &[] } else { self.sources.as_slice() };
        check_exempt(sources, &party)?;
        let renewed = self.reloading.renew(Renewal { identity, requesters, operators, limits });
        renewed.map_err(|error| Failure::of(&self.config, &error, "correct it there"))?;
        set_exempt(sources, &party);
        if !differing.is_empty() {
            self.reloading.keep(&differing.join(", "));
        }
        Ok(())
    }
}

/// A reload, of which the process keeps no passphrase; why it failed, if it did, also where that is a fault of this program.
fn attempt(reload: impl FnOnce() -> Result<(), Failure>) -> Result<(), String> {
    let done = catch_unwind(AssertUnwindSafe(reload));
    passphrase::forget();
    match done {
        Ok(done) => done.map_err(|failure| failure.one_line()),
        Err(_) => Err("a fault of cotejo; report it, and try again".to_owned()),
    }
}

/// Takes the exempt lists over that a configuration names; it names the same agreements.
pub fn take_exempt(sources: &[Arc<GalleryFiles>], party: &Party<Custodian>) -> Result<(), Failure> {
    check_exempt(sources, party)?;
    set_exempt(sources, party);
    Ok(())
}

fn check_exempt(sources: &[Arc<GalleryFiles>], party: &Party<Custodian>) -> Result<(), Failure> {
    sources.iter().zip(party.exempt()).try_for_each(|(source, exempt)| source.check_exempt(exempt.as_deref()))
}

fn set_exempt(sources: &[Arc<GalleryFiles>], party: &Party<Custodian>) {
    sources.iter().zip(party.exempt()).for_each(|(source, exempt)| source.set_exempt(exempt));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reload_that_panics_is_told_as_one_that_is_refused() {
        let why = attempt(|| panic!("in the middle")).unwrap_err();
        assert!(why.contains("a fault of cotejo"), "{why}");
        let refused = attempt(|| Err(Failure::new("custodian.toml", "wrong", "correct it"))).unwrap_err();
        assert_eq!(refused, "custodian.toml: wrong; correct it");
        assert_eq!(attempt(|| Ok(())), Ok(()));
    }
}

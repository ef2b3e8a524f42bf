//! The words of the pages: a catalogue a language, which a translator extends without knowing Rust.
//!
//! Catalogues are written for Fluent (projectfluent.org). What a language does to dates and numbers stands in them as well: the names of the
//! months, the marks between digits. What a catalogue lacks is said in English.

mod amount;
mod language;
mod when;

use std::borrow::Cow;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
pub use language::preferred;

/// The catalogues, the first of which is what others fall back on.
const CATALOGUES: [(&str, &str); 2] = [("en", include_str!("en.ftl")), ("es", include_str!("es.ftl"))];

/// The words of one language.
pub struct Words {
    /// Its tag (BCP 47), as it stands in `lang`.
    tag: &'static str,
    bundle: FluentBundle<FluentResource>,
}

/// What stands in a message in the place of its variables.
pub type Given<'a> = (&'static str, FluentValue<'a>);

/// All languages, in the order in which they are offered.
pub fn all() -> &'static [Words] {
    static ALL: OnceLock<Vec<Words>> = OnceLock::new();
    ALL.get_or_init(|| CATALOGUES.into_iter().map(|(tag, text)| Words::read(tag, text)).collect())
}

/// The words of a language; of the first where there is no such.
pub fn of(tag: &str) -> &'static Words {
    let all = all();
    all.iter().find(|words| words.tag == tag).or(all.first()).unwrap_or_else(none)
}

/// There is always a first.
fn none() -> &'static Words {
    static NONE: OnceLock<Words> = OnceLock::new();
    NONE.get_or_init(|| Words::read("en", ""))
}

impl Words {
    /// Lines that are none of Fluent's are left out: a test reads every catalogue, so that none is there.
    fn read(tag: &'static str, text: &str) -> Self {
        let mut bundle = FluentBundle::new_concurrent(tag.parse().into_iter().collect());
        // All texts run from left to right, and are searched, copied and printed.
        bundle.set_use_isolating(false);
        let resource = match FluentResource::try_new(text.to_owned()) {
            Ok(resource) | Err((resource, _)) => resource,
        };
        bundle.add_resource_overriding(resource);
        Self { tag, bundle }
    }

    /// The language's tag.
    pub fn tag(&self) -> &'static str {
        self.tag
    }

    /// The language's own name.
    pub fn name(&self) -> String {
        self.say("language")
    }

    /// A message without variables.
    pub fn say(&self, key: &str) -> String {
        self.with(key, &[])
    }

    /// A message with its variables.
    pub fn with(&self, key: &str, given: &[Given<'_>]) -> String {
        let mut arguments = FluentArgs::with_capacity(given.len());
        given.iter().for_each(|(name, value)| arguments.set(*name, value.clone()));
        let said = self.formatted(key, &arguments);
        said.or_else(|| of("en").formatted(key, &arguments)).unwrap_or(Cow::Borrowed(key)).into_owned()
    }

    /// A message about a number of things: `$count` chooses the form, `$shown` is the number as the language writes it.
    pub fn counted(&self, key: &str, count: u64) -> String {
        self.with(key, &[("count", (count as f64).into()), ("shown", self.number(count).into())])
    }

    /// Whether this catalogue has it.
    #[cfg(test)]
    fn has(&self, key: &str) -> bool {
        self.bundle.has_message(key)
    }

    fn formatted(&self, key: &str, arguments: &FluentArgs<'_>) -> Option<Cow<'_, str>> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        Some(Cow::Owned(self.bundle.format_pattern(pattern, Some(arguments), &mut errors).into_owned()))
    }
}

#[cfg(test)]
mod tests;

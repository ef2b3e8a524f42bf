//! Why a command ends without its result: which file, what is wrong, what to do next.

use std::fmt::Display;
use std::io;
use std::path::Path;

use crate::custodian::{Damage, GalleryError, RewriteError};
use crate::membership::CommitError;
use crate::remedy::Remedy;
use crate::wire::{Kind, WireError};

/// Why a command ends without its result.
#[derive(Debug)]
pub enum Failure {
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-C, after part of the work was kept: where, and how to go on.
    Paused(String),
    /// Whoever read standard output has had enough, which is no error.
    OutputClosed,
    /// Anything that its user can mend.
    Problem(Box<MendableProblem>),
}

/// What a problem is with, for programs that treat some kinds apart. People read what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// An argument, a configuration, or whatever else stands below.
    Input,
    /// The system refuses to do something with a file.
    System,
    /// The agreement.
    Agreement,
    /// Templates.
    Templates,
    /// The gallery.
    Gallery,
    /// A file or message of this program that is damaged, or is none.
    Damaged,
    /// One of another agreement, scheme, parameter set or version.
    OtherAgreement,
    /// One of another key.
    OtherKey,
    /// A query that is not answered.
    Query,
    /// An answer that is not read.
    Answer,
    /// What the other party, or the way to it, did.
    Service,
}

/// Something that its user can mend.
#[derive(Debug)]
pub struct MendableProblem {
    /// What it is with.
    pub cause: Cause,
    /// The file or argument at fault.
    pub place: String,
    /// What is wrong with it.
    pub what: String,
    /// One line each, where there are several faults.
    pub details: Vec<String>,
    /// What to do next.
    pub remedy: String,
}

impl Failure {
    /// A problem with a file or an argument.
    pub fn new(place: impl Display, what: impl Display, remedy: impl Display) -> Self {
        Self::with_details(place, what, Vec::new(), remedy)
    }

    /// A problem with several faults.
    pub fn with_details(place: impl Display, what: impl Display, details: Vec<String>, remedy: impl Display) -> Self {
        let (place, what, remedy) = (place.to_string(), what.to_string(), remedy.to_string());
        Self::Problem(Box::new(MendableProblem { cause: Cause::Input, place, what, details, remedy }))
    }

    /// A problem with this.
    pub fn because(mut self, cause: Cause) -> Self {
        if let Self::Problem(problem) = &mut self {
            problem.cause = cause;
        }
        self
    }

    /// A problem with a file.
    pub fn at(path: &Path, what: impl Display, remedy: impl Display) -> Self {
        Self::new(path.display(), what, remedy)
    }

    /// An error of the library about the content of a file; `otherwise` is the remedy for those that have none of their own.
    pub fn of(path: &Path, error: &dyn Remedy, otherwise: &str) -> Self {
        Self::at(path, error.to_string().trim_end(), error.remedy().unwrap_or(otherwise.into()))
    }

    /// A file of ours that is refused.
    pub fn wire(path: &Path, error: &WireError) -> Self {
        let cause = match error {
            WireError::Unreadable(_) => Cause::System,
            WireError::Version { .. }
            | WireError::Scheme(_)
            | WireError::Parameters { .. }
            | WireError::Agreement { .. } => Cause::OtherAgreement,
            WireError::Key { .. } => Cause::OtherKey,
            _ => Cause::Damaged,
        };
        let failure = match error {
            WireError::Unreadable(_) => Self::at(path, error, "check the file, its medium and its permissions"),
            WireError::Truncated
            | WireError::Trailing
            | WireError::Checksum
            | WireError::Header(_)
            | WireError::Payload(_)
            | WireError::Field(_)
            | WireError::TooLarge { .. } => {
                Self::at(path, error, "the file is damaged or was altered: get it again from whoever made it")
            }
            WireError::Magic => Self::at(path, error, "check the path; 'cotejo inspect' says what a file is"),
            WireError::Kind { expected, .. } => Self::at(path, error, format!("give {}", made_by(*expected))),
            WireError::Version { .. } => Self::at(path, error, "use the version of cotejo that made the file"),
            WireError::Scheme(_) | WireError::Parameters { .. } | WireError::Agreement { .. } => Self::at(
                path,
                error,
                "use the agreement it was made under (--agreement), or make it again; compare digests with \
                 'cotejo inspect' and 'cotejo agreement check'",
            ),
            WireError::Key { .. } => Self::at(path, error, "use the files of one keygen together"),
        };
        failure.because(cause)
    }

    /// [`Failure::wire`] for all that is wrong with one file.
    pub fn in_file(path: &Path) -> impl Fn(WireError) -> Self + '_ {
        move |error| Self::wire(path, &error)
    }

    /// A gallery that is refused.
    pub fn gallery(path: &Path, error: &GalleryError) -> Self {
        match error {
            GalleryError::File(error) => Self::wire(path, error),
            _ => Self::of(path, error, "enroll the templates again").because(Cause::Gallery),
        }
    }

    /// A gallery that cannot be written anew, or is not whole.
    pub fn rewriting(path: &Path, error: &RewriteError) -> Self {
        match error {
            RewriteError::Damaged(damage) => Self::of(path, damage, "restore it from a copy"),
            RewriteError::Unwritable(kind) => Self::io(path, "write it", &(*kind).into()),
            RewriteError::Stopped(_) => Self::Interrupted,
        }
    }

    /// A gallery of which there is no root.
    pub fn committing(path: &Path, error: &CommitError<Damage>) -> Self {
        match error {
            CommitError::Unreadable(damage) => Self::of(path, damage, "restore it from a copy"),
            CommitError::Alike => Self::at(path, error, "enroll everybody into a new gallery, whose salt is another"),
            CommitError::Stopped(_) => Self::Interrupted,
        }
    }

    /// In one line, for a log.
    pub fn one_line(&self) -> String {
        match self {
            Self::Problem(problem) => format!("{}: {}; {}", problem.place, problem.what, problem.remedy),
            Self::Interrupted | Self::Paused(_) | Self::OutputClosed => "interrupted".to_owned(),
        }
    }

    /// The system refused to do something with a file.
    pub fn io(path: &Path, action: &str, error: &io::Error) -> Self {
        use io::ErrorKind as K;
        let remedy = match error.kind() {
            K::NotFound => "check the path",
            K::PermissionDenied | K::ReadOnlyFilesystem => {
                "check the permissions, or choose another place (--out for what is written)"
            }
            K::StorageFull | K::QuotaExceeded | K::FileTooLarge => "make room on that disk, or choose another place",
            K::IsADirectory => "name a file, not a folder",
            K::NotADirectory => "a part of that path is a file, not a folder: check the path",
            _ => "check the path and its disk",
        };
        let error = error.to_string();
        // Nobody wants to know the name of a temporary file.
        let error = error.split(" at path ").next().unwrap_or_default();
        Self::at(path, format!("cannot {action}: {error}"), remedy).because(Cause::System)
    }
}

fn made_by(kind: Kind) -> &'static str {
    match kind {
        Kind::SecretKey => "secret.key of 'cotejo keygen'",
        Kind::EvaluationKey => "evaluation.key of 'cotejo keygen'",
        Kind::Query => "the query of 'cotejo encrypt'",
        Kind::Answer => "the answer of 'cotejo match'",
        Kind::Gallery => "the gallery of 'cotejo enroll'",
        Kind::Pending => "a file that 'cotejo encrypt' left in the folder 'pending' of the keys",
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use crate::template::read::{Place, ReadError, RecordFault};

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("plain")]
    struct Plain;

    impl Remedy for Plain {
        fn remedy(&self) -> Option<Cow<'static, str>> {
            None
        }
    }

    #[test]
    fn the_remedy_of_a_library_error_stands_apart() {
        let error = ReadError::Record { place: Place::Line(3), fault: RecordFault::Blank };
        let Failure::Problem(problem) = Failure::of(Path::new("ids.txt"), &error, "-") else { panic!() };
        assert_eq!(
            (problem.what.as_str(), problem.remedy.as_str()),
            ("line 3: a blank line", "remove it, or name the record")
        );
        let Failure::Problem(problem) = Failure::of(Path::new("x"), &Plain, "otherwise") else { panic!() };
        assert_eq!((problem.what.as_str(), problem.remedy.as_str()), ("plain", "otherwise"));
    }
}

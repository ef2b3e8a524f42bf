//! What the document says of all answers, and refusals that several routes share: each said once.
//!
//! A route names the sets below, then what is its own; where it names a status again, its own words stand.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

/// A response component: its name, its status, and the kinds of its problem.
struct Refusal {
    name: &'static str,
    status: &'static str,
    description: &'static str,
}

const ALL: [&[Refusal]; 6] = [&REGISTERED, &UNDERSTOOD, &FOUND, &STORED, &SENT, &COMPUTABLE];

const REGISTERED: [Refusal; 1] = [Refusal {
    name: "NotRegistered",
    status: "403",
    description: "`not-registered`: the certificate is not registered here.",
}];
const UNDERSTOOD: [Refusal; 1] = [Refusal {
    name: "Malformed",
    status: "400",
    description: "`malformed`: what a parameter, a header or the body says is refused; the detail says why.",
}];
const FOUND: [Refusal; 1] = [Refusal {
    name: "NotFound",
    status: "404",
    description: "`not-found`: there is no such thing among the caller's own; or it is another's, which is not told apart.",
}];
const STORED: [Refusal; 1] = [Refusal {
    name: "Unavailable",
    status: "503",
    description: "`unavailable`: the database is away. `clock-behind`, `clock-in-doubt`: our clock is wrong, or may be. Nothing was wrong with the request.",
}];
const SENT: [Refusal; 5] = [
    Refusal { name: UNDERSTOOD[0].name, status: UNDERSTOOD[0].status, description: UNDERSTOOD[0].description },
    Refusal { name: "Stalled", status: "408", description: "`stalled`: the body was sent too slowly." },
    Refusal {
        name: "LengthRequired",
        status: "411",
        description: "`length-required`: the header Content-Length is missing.",
    },
    Refusal { name: "TooLarge", status: "413", description: "`too-large`: the body is longer than is admitted." },
    Refusal { name: "Busy", status: "429", description: "`busy`: too many uploads at a time." },
];
const COMPUTABLE: [Refusal; 1] = [Refusal {
    name: "Refused",
    status: "422",
    description: "`refused-file`: not a file of this kind under this agreement.",
}];

macro_rules! sets {
    ($($(#[$doc:meta])* $set:ident = $refusals:ident;)+) => {$(
        $(#[$doc])*
        pub(crate) struct $set;

        impl IntoResponses for $set {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                let named = |refusal: &Refusal| (refusal.status.to_owned(), Ref::from_response_name(refusal.name).into());
                $refusals.iter().map(named).collect()
            }
        }
    )+};
}

sets! {
    /// Unless the caller is registered.
    Registered = REGISTERED;
    /// Unless it is written as it has to be.
    Understood = UNDERSTOOD;
    /// Unless it is there.
    Found = FOUND;
    /// Unless the database can be reached.
    Stored = STORED;
    /// Unless the body has arrived, and is written as it has to be.
    Sent = SENT;
    /// Unless the body is a file that can be computed with.
    Computable = COMPUTABLE;
}

/// Says in a document what holds of all answers: their headers, and that every error is a problem.
pub(super) fn complete(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let headers = headers().map(|(name, header)| (component(name), RefOr::T(header)));
    components.headers.extend(headers);
    for refusal in ALL.into_iter().flatten() {
        let mut response = ResponseBuilder::new().description(refusal.description).build();
        finish(refusal.status, &mut response);
        components.responses.insert(refusal.name.to_owned(), response.into());
    }
    for (status, response) in document.paths.paths.values_mut().flat_map(operations).flat_map(answers) {
        if let RefOr::T(response) = response {
            finish(status, response);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
}

fn answers(operation: &mut Operation) -> impl Iterator<Item = (&String, &mut RefOr<Response>)> {
    operation.responses.responses.iter_mut()
}

/// Headers, by the statuses that have them: none for all.
const HEADERS: [(&str, &[&str]); 3] =
    [("x-request-id", &[]), ("cache-control", &[]), ("retry-after", &["409", "429", "503"])];

fn finish(status: &str, response: &mut Response) {
    if status >= "400" && response.content.is_empty() {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemDocument"))).build();
        response.content.insert("application/problem+json".to_owned(), problem.into());
    }
    for (name, statuses) in HEADERS {
        if statuses.is_empty() || statuses.contains(&status) {
            let header = Ref::new(format!("#/components/headers/{}", component(name)));
            response.headers.insert(name.to_owned(), RefOr::Ref(header));
        }
    }
}

/// The name of a header's component.
fn component(header: &str) -> String {
    header
        .split('-')
        .map(|word| word.get(..1).unwrap_or_default().to_uppercase() + word.get(1..).unwrap_or_default())
        .collect()
}

fn headers() -> [(&'static str, Header); 3] {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let header = |schema: ObjectBuilder, description: &str| {
        HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
    };
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    [
        (
            "x-request-id",
            header(
                text().pattern(Some("^[0-9a-f]{16}$")),
                "The request's id, by which the custodian's log speaks of it.",
            ),
        ),
        ("cache-control", header(text().enum_values(Some(["no-store"])), "Nothing is kept on the way.")),
        ("retry-after", header(seconds, "Try again in so many seconds; none where waiting does not mend it.")),
    ]
}

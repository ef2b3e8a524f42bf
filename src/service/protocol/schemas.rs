//! What the OpenAPI document says of values that stand for themselves: each form once.
//!
//! The types below are names in the document alone. What they say is what `FromStr` of the types of the same name admits.

use std::borrow::Cow;

use serde_json::Value;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, Type};
use utoipa::openapi::{KnownFormat, Ref, RefOr, Schema, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use super::limits;
use super::record::{Abandonment, Acknowledgement, Line, Receipt, Reply, Request, Standing};
use crate::agreement::Code;
use crate::service::lattice::SIGNATURE_TEXT_BYTES;
use crate::service::signing::{Hash, LIMIT_BYTES, Name, PublicKey, Signature, Signed, Statement};
use crate::service::time::Time;
use crate::service::tree::TreeHead;

/// A text.
pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// So many bytes, in hexadecimal digits.
fn digits(bytes: usize, description: &str) -> RefOr<Schema> {
    let digits = bytes.saturating_mul(2);
    let pattern = format!("^[0-9a-f]{{{digits}}}$");
    let schema = text().min_length(Some(digits)).max_length(Some(digits)).pattern(Some(pattern));
    schema.description(Some(description)).into()
}

macro_rules! digits {
    ($($name:ident: $bytes:literal, $description:literal;)+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                digits($bytes, $description)
            }
        }

        impl ToSchema for $name {}
    )+};
}

digits! {
    Hash: 32, "SHA-256, in hexadecimal digits of lower case.";
    Name: 16, "A name that its owner has drawn, in hexadecimal digits of lower case.";
    PublicKey: 32, "An Ed25519 key (RFC 8032), in hexadecimal digits of lower case.";
    Signature: 64, "An Ed25519 signature (RFC 8032), in hexadecimal digits of lower case.";
}

macro_rules! texts {
    ($($name:ident: $schema:expr, $description:literal;)+) => {$(
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                $schema.description(Some($description)).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

texts! {
    Code: text().min_length(Some(1)).max_length(Some(Code::LIMIT)).pattern(Some("^[A-Za-z0-9._-]+$")), "A short name.";
    Line: text().min_length(Some(1)).max_length(Some(Line::LIMIT)), "A line of text without control characters; its bytes are counted.";
    Time: text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .pattern(Some(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")),
        "A time in UTC, to the millisecond (RFC 3339).";
    TreeHead: text().max_length(Some(TREE_HEAD_LIMIT)).pattern(Some("^(0|[1-9][0-9]*):[0-9a-f]{64}$")),
        "How many entries a log has, and the root of the tree over them (RFC 6962).";
}

/// Longest head of a tree: a number of 64 bits, a colon, a hash.
const TREE_HEAD_LIMIT: usize = 20 + 1 + 64;

/// Statements with their signatures, each a component of its own.
pub(crate) type SignedRequest = Signed<Request>;
pub(crate) type SignedReceipt = Signed<Receipt>;
pub(crate) type SignedReply = Signed<Reply>;
pub(crate) type SignedAcknowledgement = Signed<Acknowledgement>;
pub(crate) type SignedAbandonment = Signed<Abandonment>;
pub(crate) type SignedStanding = Signed<Standing>;

/// A second signature.
fn second() -> ObjectBuilder {
    let text = text().min_length(Some(SIGNATURE_TEXT_BYTES)).max_length(Some(SIGNATURE_TEXT_BYTES));
    text.pattern(Some("^[A-Za-z0-9+/]{4412}$")).description(Some(
        "ML-DSA-65 (FIPS 204) in base64: of `cotejo ml-dsa-65 v1`, NUL, the 32 bytes of the signer's key, and what the first signature is \
         of. Whoever has registered the key of it takes no statement without it.",
    ))
}

impl<T: Statement + ToSchema> PartialSchema for Signed<T> {
    fn schema() -> RefOr<Schema> {
        let statement = text().min_length(Some(2)).max_length(Some(LIMIT_BYTES)).content_media_type("application/json");
        let statement = statement.content_schema(Some(Ref::from_schema_name(T::name())));
        let description = format!(
            "A signed `{}`: the text that was signed, whose key it was, and the signature of `cotejo statement v1`, NUL, `{}`, NUL, \
             the text. Of both there is one form: JSON without spaces, its fields in the order of this document, those that are absent \
             left out.",
            T::KIND,
            T::KIND
        );
        let signed = ObjectBuilder::new()
            .schema_type(Type::Object)
            .property("statement", statement)
            .property("signer", Ref::from_schema_name(PublicKey::name()))
            .property("signature", Ref::from_schema_name(Signature::name()));
        let signed = match T::IS_SIGNED_TWICE {
            true => signed.property("ml_dsa", second()),
            false => signed,
        };
        let signed = ["statement", "signer", "signature"].into_iter().fold(signed, ObjectBuilder::required);
        signed.additional_properties(Some(AdditionalProperties::FreeForm(false))).description(Some(description)).into()
    }
}

impl<T: Statement + ToSchema> ToSchema for Signed<T> {
    fn name() -> Cow<'static, str> {
        format!("Signed{}", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        schemas.push((PublicKey::name().into_owned(), PublicKey::schema()));
        schemas.push((Signature::name().into_owned(), Signature::schema()));
        T::schemas(schemas);
    }
}

/// The header that carries a signed request.
pub(crate) struct RequestHeader;

impl PartialSchema for RequestHeader {
    fn schema() -> RefOr<Schema> {
        let header =
            text().min_length(Some(1)).max_length(Some(limits::REQUEST_HEADER_LIMIT)).pattern(Some("^[A-Za-z0-9_-]+$"));
        let header = header.content_encoding("base64url").content_media_type("application/json");
        header.content_schema(Some(Ref::from_schema_name(SignedRequest::name()))).into()
    }
}

impl ToSchema for RequestHeader {}

/// A body of bytes.
pub(crate) struct Octets;

impl PartialSchema for Octets {
    fn schema() -> RefOr<Schema> {
        text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).into()
    }
}

impl ToSchema for Octets {}

/// A number of entries: one that JSON has exactly, also where all its numbers are floating (RFC 8259, section 6).
pub(crate) struct Entries;

impl PartialSchema for Entries {
    fn schema() -> RefOr<Schema> {
        const LAST: usize = (1 << 53) - 1;
        let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
        let number = ObjectBuilder::new().schema_type(Type::Integer).format(Some(format));
        number.minimum(Some(0_usize)).maximum(Some(LAST)).into()
    }
}

impl ToSchema for Entries {}

/// What may become of a job.
pub(super) fn job_state() -> ObjectBuilder {
    let text = text().enum_values(Some(["waiting", "answered", "unanswered", "deleted"]));
    text.description(Some("What became of it; where the last event says that it waits, follow it again."))
}

/// The document itself.
pub(crate) struct Document;

impl PartialSchema for Document {
    fn schema() -> RefOr<Schema> {
        let version = text().enum_values(Some([Value::from("3.1.0")]));
        ObjectBuilder::new().property("openapi", version).required("openapi").into()
    }
}

impl ToSchema for Document {}

//! What the OpenAPI document says of the events of a job. In OpenAPI 3.1 the schema of a stream is that of one event.

use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::schemas::text;
use super::views::{END_EVENT, EndView, PROGRESS_EVENT, ProgressView};

/// One server-sent event of a job, by its fields.
pub(crate) struct JobEvent;

impl PartialSchema for JobEvent {
    fn schema() -> RefOr<Schema> {
        let event = |kind: &'static str, view: String, description: &str| {
            let data = text().content_media_type("application/json").content_schema(Some(Ref::from_schema_name(view)));
            ObjectBuilder::new()
                .schema_type(SchemaType::new(Type::Object))
                .property("event", text().enum_values(Some([kind])))
                .property("data", data)
                .required("event")
                .required("data")
                .description(Some(description))
        };
        OneOfBuilder::new()
            .item(event(PROGRESS_EVENT, ProgressView::name().into_owned(), "At most one a second."))
            .item(event(END_EVENT, EndView::name().into_owned(), "The last one."))
            .description(Some("One server-sent event, by its fields; its data are a document of JSON."))
            .examples([json!({ "event": END_EVENT, "data": "{\"state\":\"answered\"}" })])
            .into()
    }
}

impl ToSchema for JobEvent {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ProgressView::name().into_owned(), ProgressView::schema()));
        schemas.push((EndView::name().into_owned(), EndView::schema()));
    }
}

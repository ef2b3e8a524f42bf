//! `/v1/agreements/{agreement}/jobs` and `/v1/jobs`

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

use super::super::download;
use super::super::problem::HttpProblem;
use super::super::queue::{Costed, Stand};
use super::super::state::{Requester, State};
use super::super::upload::{self, Upload};
use super::desk;
use super::extract::{Asked, Caller, Named, Question};
use super::refusals::{Computable, Found, Registered, Sent, Stored, Understood};
use crate::remedy::Remedy;
use crate::service::protocol::{
    AcceptedView, Acknowledgement, END_EVENT, EndView, JobEvent, JobView, JobsView, Octets, PROGRESS_EVENT,
    ProgressView, REQUEST_HEADER, Request, RequestHeader, SignedAcknowledgement, limits, paths, signed,
};
use crate::service::signing::{Hash, Name, Signed, StatementError};
use crate::service::store::{Job, JobState, Submission, Waiting};

/// Submit a query: the file that `cotejo encrypt` makes, with the signed request in a header. Returns at once with a job.
/// The same request again is the same job, and is not charged again
#[utoipa::path(post, path = paths::SUBMISSIONS, operation_id = "submit",
    params(
        ("agreement" = inline(Hash), Path, description = "Digest of the agreement."),
        ("cotejo-request" = inline(RequestHeader), Header,
         description = "The signed request, in base64url without padding (RFC 4648, section 5)."),
    ),
    request_body(content = inline(Octets), content_type = "application/octet-stream",
                 description = "At most `query_limit_bytes` of the agreement."),
    responses(
        Registered, Found, Stored, Sent, Computable,
        (status = 200, body = AcceptedView, description = "It was accepted before."),
        (status = 202, body = AcceptedView, description = "It is accepted and charged."),
        (status = 403, description = "`not-registered`: the certificate is not registered here. `other-requester`: the request is by \
                                      another than the certificate is of."),
        (status = 409, description = "`number-taken`: the number is that of another request. `key-unknown`, `key-expired`: of the \
                                      evaluation key. `log-behind`, `log-other`: the request has seen another log, or more of it."),
        (status = 422, description = "`refused-file`: not a query under this agreement. `refused-request`: not as agreed. \
                                      `too-many-bits`: the answer would disclose more than is ever admitted. \
                                      `time-in-the-past`, `time-in-the-future`: signed too long ago, or ahead of our clock."),
        (status = 429, description = "`quota`: used up; `capacity_returns` says until when, if ever. `leakage`: answers have disclosed \
                                      as much as is agreed. `queue-full`: too many requests wait. `busy`: too many uploads at a time."),
        (status = 503, description = "`suspended`: by the operator. `clock-behind`, `clock-in-doubt`: our clock is wrong, or may be. `unavailable`: database or gallery \
                                      are away."),
    ))]
pub(crate) async fn submit(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Named(agreement): Named<Hash>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<AcceptedView>), HttpProblem> {
    let desk = desk(&state, &requester, &agreement)?;
    let signed = signed_request(&headers, &requester);
    // The body is received also where the request is refused: whoever is still sending it would lose the refusal with the connection.
    let upload = upload::receive(&state, &requester, &headers, body, desk.engine.query_limit_bytes()).await;
    let ((statement, request), upload) = (signed?, upload?);
    state.blocking(move |state| accept(state, &requester, agreement, &statement, &request, &upload)).await
}

fn signed_request(headers: &HeaderMap, requester: &Requester) -> Result<(Signed<Request>, Request), HttpProblem> {
    let header = headers.get(REQUEST_HEADER).and_then(|header| header.to_str().ok());
    let header = header.ok_or_else(|| {
        HttpProblem::malformed("the header cotejo-request is missing: a signed request belongs there")
    })?;
    if header.len() > limits::REQUEST_HEADER_LIMIT {
        return Err(HttpProblem::malformed("the header cotejo-request is longer than a signed request may be"));
    }
    let text = URL_SAFE_NO_PAD.decode(header).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or_else(|| HttpProblem::malformed("the header cotejo-request is not base64url of a text"))?;
    let refused =
        |error: StatementError| HttpProblem::malformed(format!("the signed request is refused: {}", error.in_full()));
    let statement = Signed::<Request>::from_json(&text).map_err(refused)?;
    let request = requester.signers.verify(&statement).map_err(refused)?;
    if request.requester != requester.code {
        let detail = format!("the request is by {}, the certificate is of {}", request.requester, requester.code);
        return Err(HttpProblem::new(StatusCode::FORBIDDEN, "other-requester", detail));
    }
    Ok((statement, request))
}

fn accept(
    state: &State,
    requester: &Requester,
    agreement: Hash,
    statement: &Signed<Request>,
    request: &Request,
    upload: &Upload,
) -> Result<(StatusCode, Json<AcceptedView>), HttpProblem> {
    let desk = state.desks.get(&agreement).ok_or_else(HttpProblem::not_found)?;
    let terms = desk.terms()?;
    if Hash::of(&upload.bytes) != request.query_digest {
        return Err(HttpProblem::malformed("the query is not the one that the request was signed for"));
    }
    let facts = desk.engine.read_query(&upload.bytes)?;
    let said = (request.query, request.key, u64::from(request.probes));
    if said != (facts.query, facts.key, facts.probes) {
        return Err(HttpProblem::malformed(
            "the request names another query, key or number of probes than the query's file",
        ));
    }
    if !desk.is_there() {
        return Err(HttpProblem::unavailable("the custodian's gallery is not there"));
    }
    if desk.engine.gallery().subjects == 0 {
        return Err(HttpProblem::unavailable("nobody is enrolled in the custodian's gallery"));
    }
    if let Some(refused) = facts.refused {
        return Err(HttpProblem::new(StatusCode::UNPROCESSABLE_ENTITY, "too-many-bits", refused.in_full()));
    }
    let place = state.queue.reserve(&requester.code);
    let now = state.sure()?;
    let submission = Submission {
        statement,
        request,
        query: &upload.bytes,
        bits: facts.bits,
        subject: facts.subject.as_ref(),
        gallery: facts.gallery,
    };
    if let Err(full) = &place {
        // A request that was accepted before is no new job: it needs no place.
        let known = state.with_custody(|custody| custody.accepted_before(request, &agreement))?;
        if !known {
            let detail = "the custodian has as many requests waiting as it admits; try again";
            let problem = HttpProblem::new(StatusCode::TOO_MANY_REQUESTS, "queue-full", detail);
            return Err(problem.retry_after(full.retry_after.as_secs()));
        }
    }
    let submitted = state.with_custody(|custody| custody.submit(&submission, &agreement, terms, now));
    let submitted = submitted.map_err(|error| HttpProblem::of_submission(error, now))?;
    let view = AcceptedView { job: submitted.job.to_string(), receipt: signed(&submitted.receipt) };
    if !submitted.new {
        return Ok((StatusCode::OK, Json(view)));
    }
    state.metrics.accepted.inc();
    let job = Waiting { id: submitted.job, requester: requester.code.clone(), agreement };
    let costed = Costed { job, cost: facts.cost };
    match place {
        Ok(place) => place.fill(costed),
        Err(_) => state.queue.push(costed),
    }
    Ok((StatusCode::ACCEPTED, Json(view)))
}

/// Where a list goes on.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Name of a job: only earlier ones are listed.
    #[param(inline, value_type = Name, required = false)]
    before: Option<Name>,
}

impl Question for ListQuery {
    const HOW: &'static str = "before is the name of a job: 32 hexadecimal digits in lower case";
}

/// The caller's own jobs, the latest first, at most 100
#[utoipa::path(get, path = paths::JOBS, operation_id = "list_jobs", params(ListQuery), responses(
    Registered, Understood, Stored,
    (status = 200, body = JobsView, description = "Those that are not deleted."),
))]
pub(crate) async fn list(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Asked(ListQuery { before }): Asked<ListQuery>,
) -> Result<Json<JobsView>, HttpProblem> {
    let code = requester.code.clone();
    let jobs = state.custody(move |custody| custody.jobs(&code, before.as_ref())).await?;
    let views: Vec<JobView> = jobs.iter().map(|job| view(job, state.queue.before(&requester.code, &job.id))).collect();
    let next = views.last().filter(|_| views.len() as u64 == limits::JOBS_LISTED).map(|last| last.job.clone());
    Ok(Json(JobsView { jobs: views, next }))
}

/// A job as it is shown, with so many others of its requester before it.
fn view(job: &Job, before: Option<usize>) -> JobView {
    JobView {
        job: job.id.to_string(),
        number: job.number.to_string(),
        agreement: job.agreement.to_string(),
        state: job.state.name().to_owned(),
        accepted: job.accepted.to_string(),
        probes: job.probes,
        receipt: signed(&job.receipt),
        reply: job.reply.as_ref().map(signed),
        has_answer: job.has_answer,
        before: before.map(|before| before as u64),
    }
}

async fn find(state: &Arc<State>, requester: &Requester, job: Name) -> Result<Job, HttpProblem> {
    let code = requester.code.clone();
    state.custody(move |custody| custody.job(&code, &job)).await?.ok_or_else(HttpProblem::not_found)
}

/// One of the caller's own jobs
#[utoipa::path(get, path = paths::JOB, operation_id = "get_job", params(("job" = inline(Name), Path, description = "Its name.")), responses(
    Registered, Found, Stored,
    (status = 200, body = JobView, description = "As it is now."),
))]
pub(crate) async fn get(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Named(job): Named<Name>,
) -> Result<Json<JobView>, HttpProblem> {
    let job = find(&state, &requester, job).await?;
    let before = state.queue.before(&requester.code, &job.id);
    Ok(Json(view(&job, before)))
}

/// Delete one of the caller's own jobs, with query and answer; one that still waits is cancelled;
/// the first ten of a day are not charged
#[utoipa::path(delete, path = paths::JOB, operation_id = "delete_job", params(("job" = inline(Name), Path, description = "Its name.")), responses(
    Registered, Found, Stored,
    (status = 204, description = "It is gone."),
))]
pub(crate) async fn delete(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Named(job): Named<Name>,
) -> Result<StatusCode, HttpProblem> {
    let (code, now) = (requester.code.clone(), state.sure()?);
    let found = state.custody(move |custody| custody.delete(&code, &job, now)).await?;
    if !found {
        return Err(HttpProblem::not_found());
    }
    state.queue.cancel(&job);
    Ok(StatusCode::NO_CONTENT)
}

/// Follow a job: server-sent events `progress`, at most one a second, then one `end`.
/// They tell the plan of the answer, never how far the work on it is
#[utoipa::path(get, path = paths::EVENTS, operation_id = "follow_job", params(("job" = inline(Name), Path, description = "Its name.")), responses(
    Registered, Found, Stored,
    (status = 200, body = JobEvent, content_type = "text/event-stream",
     description = "As the job goes on. The schema is that of one event; a comment keeps the connection open where there is none."),
))]
pub(crate) async fn events(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Named(job): Named<Name>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, HttpProblem> {
    // The ticket first: one that is gone afterwards was replied to before.
    let watched = state.queue.ticket(&job).map(|ticket| ticket.watch());
    let job = find(&state, &requester, job).await?;
    let progress = match watched {
        Some(watched) => WatchStream::new(watched),
        // Nothing to follow: closed from the beginning.
        None => WatchStream::from_changes(watch::channel(Stand::WAITING).1),
    };
    let progress = progress
        .map(|Stand { running, done, steps }| Ok(event(PROGRESS_EVENT, &ProgressView { running, done, steps })));
    let end = tokio_stream::once(()).then(move |()| end_event(Arc::clone(&state), Arc::clone(&requester), job.id));
    Ok(Sse::new(progress.chain(end)).keep_alive(KeepAlive::new().interval(Duration::from_secs(5))))
}

async fn end_event(state: Arc<State>, requester: Arc<Requester>, job: Name) -> Result<Event, Infallible> {
    let job = state.custody(move |custody| custody.job(&requester.code, &job)).await;
    let name = job.ok().flatten().map_or(JobState::Waiting, |job| job.state).name();
    Ok(event(END_EVENT, &EndView { state: name.to_owned() }))
}

fn event(kind: &'static str, data: &impl serde::Serialize) -> Event {
    Event::default().event(kind).data(serde_json::to_string(data).unwrap_or_default())
}

/// Fetch an answer: the file that `cotejo decrypt` reads. Its digest is in the job's signed reply
#[utoipa::path(get, path = paths::ANSWER, operation_id = "get_answer", params(("job" = inline(Name), Path, description = "Its name.")), responses(
    Registered, Found, Stored,
    (status = 200, body = inline(Octets), content_type = "application/octet-stream", description = "The file."),
    (status = 409, description = "`not-ready`: not yet."),
    (status = 410, description = "`no-answer`: there is none, or no longer."),
    (status = 429, description = "`busy`: too many answers are on their way at a time."),
))]
pub(crate) async fn answer(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Named(job): Named<Name>,
) -> Result<Response, HttpProblem> {
    let job = find(&state, &requester, job).await?;
    let gone = |why: &str| HttpProblem::new(StatusCode::GONE, "no-answer", why);
    match job.state {
        JobState::Waiting => {
            let detail = "the answer is not ready; follow the job's events";
            Err(HttpProblem::new(StatusCode::CONFLICT, "not-ready", detail).retry_after(1))
        }
        JobState::Unanswered => Err(gone("there is no answer; the job's reply says why")),
        JobState::Deleted => Err(gone("the answer was deleted")),
        JobState::Answered => {
            let acknowledged = || gone("the answer was acknowledged, and is gone");
            let code = requester.code.clone();
            let bytes = state.custody(move |custody| custody.answer_bytes(&code, &job.id)).await?;
            let room = download::room(&state, &requester, bytes.ok_or_else(acknowledged)?).await?;
            let code = requester.code.clone();
            let answered = state.custody(move |custody| custody.answer(&code, &job.id)).await?;
            let body = download::body(answered.ok_or_else(acknowledged)?.answer, room);
            Ok(([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response())
        }
    }
}

/// Acknowledge a reply: that it has arrived, before it is decrypted. Then the answer can no longer be fetched
#[utoipa::path(put, path = paths::ACKNOWLEDGEMENT, operation_id = "acknowledge", params(("job" = inline(Name), Path, description = "Its name.")),
    request_body = SignedAcknowledgement,
    responses(
        Registered, Found, Stored, Sent,
        (status = 204, description = "It is kept."),
        (status = 409, description = "`other-reply`: about another request or reply."),
    ))]
pub(crate) async fn acknowledge(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Named(job): Named<Name>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, HttpProblem> {
    let job = find(&state, &requester, job).await?.id;
    let (statement, said) = upload::statement::<Acknowledgement>(&state, &requester, &headers, body).await?;
    let now = state.sure()?;
    let kept = state.custody(move |custody| custody.acknowledge(&requester.code, &job, &statement, &said, now)).await?;
    match kept {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(HttpProblem::new(StatusCode::CONFLICT, "other-reply", "this is about another request or reply")),
    }
}

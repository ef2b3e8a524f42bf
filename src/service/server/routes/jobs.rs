//! `/v1/agreements/{agreement}/jobs` and `/v1/jobs`

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State as Shared};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

use super::super::problem::HttpProblem;
use super::super::queue::{Costed, Stand};
use super::super::state::{Requester, State};
use super::super::upload::{self, Upload};
use super::{Caller, desk, name};
use crate::remedy::Remedy;
use crate::service::protocol::{
    AcceptedView, Acknowledgement, END_EVENT, EndView, JobView, JobsView, PROGRESS_EVENT, ProblemDocument,
    ProgressView, REQUEST_HEADER, Request, SignedView, limits, paths, signed,
};
use crate::service::signing::{Hash, Name, Signed, StatementError};
use crate::service::store::{Job, JobState, Submission, Waiting};

/// Submit a query: the file that `cotejo encrypt` makes, with the signed request in a header. Returns at once with a job.
/// The same request again is the same job, and is not charged again
#[utoipa::path(post, path = paths::SUBMISSIONS,
    params(
        ("agreement" = String, Path, description = "digest"),
        ("cotejo-request" = String, Header, description = "base64url, without padding, of the signed request in JSON"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = AcceptedView, description = "It was accepted before."),
        (status = 202, body = AcceptedView, description = "It is accepted and charged."),
        (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 408, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json",
         description = "The number is taken by another request, or the key is unknown or has run out."),
        (status = 411, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "Not as agreed."),
        (status = 429, body = ProblemDocument, content_type = "application/problem+json",
         description = "A quota is used up (capacity_returns says until when), or the queue is full."),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json",
         description = "Suspended by the operator, or the database is away."),
    ))]
pub(crate) async fn submit(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Path(agreement): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<AcceptedView>), HttpProblem> {
    let (desk, digest) = desk(&state, &requester, &agreement)?;
    let signed = signed_request(&headers, &requester);
    // The body is received also where the request is refused: whoever is still sending it would lose the refusal with the connection.
    let upload = upload::receive(&state, &requester, &headers, body, desk.engine.query_limit_bytes()).await;
    let ((statement, request), upload) = (signed?, upload?);
    state.blocking(move |state| accept(state, &requester, digest, &statement, &request, &upload)).await
}

fn signed_request(headers: &HeaderMap, requester: &Requester) -> Result<(Signed<Request>, Request), HttpProblem> {
    let header = headers.get(REQUEST_HEADER).and_then(|header| header.to_str().ok());
    let header = header.ok_or_else(|| {
        HttpProblem::malformed("the header cotejo-request is missing: a signed request belongs there")
    })?;
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
    if !desk.source.is_there() {
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
pub(crate) struct ListQuery {
    /// Name of a job: only earlier ones are listed.
    before: Option<String>,
}

/// The caller's own jobs, the latest first, at most 100
#[utoipa::path(get, path = paths::JOBS, params(ListQuery), responses(
    (status = 200, body = JobsView),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(crate) async fn list(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<JobsView>, HttpProblem> {
    let before = query.before.as_deref().map(name).transpose()?;
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

async fn find(state: &Arc<State>, requester: &Requester, job: &str) -> Result<Job, HttpProblem> {
    let (code, job) = (requester.code.clone(), name(job)?);
    state.custody(move |custody| custody.job(&code, &job)).await?.ok_or_else(HttpProblem::not_found)
}

/// One of the caller's own jobs
#[utoipa::path(get, path = paths::JOB, params(("job" = String, Path, description = "name")), responses(
    (status = 200, body = JobView),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(crate) async fn get(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Path(job): Path<String>,
) -> Result<Json<JobView>, HttpProblem> {
    let job = find(&state, &requester, &job).await?;
    let before = state.queue.before(&requester.code, &job.id);
    Ok(Json(view(&job, before)))
}

/// Delete one of the caller's own jobs, with query and answer; one that still waits is cancelled;
/// the first ten of a day are not charged
#[utoipa::path(delete, path = paths::JOB, params(("job" = String, Path, description = "name")), responses(
    (status = 204, description = "It is gone."),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(crate) async fn delete(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Path(job): Path<String>,
) -> Result<StatusCode, HttpProblem> {
    let (code, job, now) = (requester.code.clone(), name(&job)?, state.sure()?);
    let found = state.custody(move |custody| custody.delete(&code, &job, now)).await?;
    if !found {
        return Err(HttpProblem::not_found());
    }
    state.queue.cancel(&job);
    Ok(StatusCode::NO_CONTENT)
}

/// Follow a job: server-sent events `progress`, at most one a second, then one `end`.
/// They tell the plan of the answer, never how far the work on it is
#[utoipa::path(get, path = paths::EVENTS, params(("job" = String, Path, description = "name")), responses(
    (status = 200, content_type = "text/event-stream", body = ProgressView),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(crate) async fn events(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Path(job): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, HttpProblem> {
    // The ticket first: one that is gone afterwards was replied to before.
    let watched = name(&job).ok().and_then(|job| state.queue.ticket(&job)).map(|ticket| ticket.watch());
    let job = find(&state, &requester, &job).await?;
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
#[utoipa::path(get, path = paths::ANSWER, params(("job" = String, Path, description = "name")), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
    (status = 409, body = ProblemDocument, content_type = "application/problem+json", description = "Not yet."),
    (status = 410, body = ProblemDocument, content_type = "application/problem+json", description = "There is none, or no longer."),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
))]
pub(crate) async fn answer(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Path(job): Path<String>,
) -> Result<Response, HttpProblem> {
    let job = find(&state, &requester, &job).await?;
    let gone = |why: &str| HttpProblem::new(StatusCode::GONE, "no-answer", why);
    match job.state {
        JobState::Waiting => {
            let detail = "the answer is not ready; follow the job's events";
            Err(HttpProblem::new(StatusCode::CONFLICT, "not-ready", detail).retry_after(1))
        }
        JobState::Unanswered => Err(gone("there is no answer; the job's reply says why")),
        JobState::Deleted => Err(gone("the answer was deleted")),
        JobState::Answered => {
            let code = requester.code.clone();
            let answered = state.custody(move |custody| custody.answer(&code, &job.id)).await?;
            let answered = answered.ok_or_else(|| gone("the answer was acknowledged, and is gone"))?;
            Ok(([(header::CONTENT_TYPE, "application/octet-stream")], answered.answer).into_response())
        }
    }
}

/// Acknowledge a reply: that it has arrived, before it is decrypted. Then the answer can no longer be fetched
#[utoipa::path(put, path = paths::ACKNOWLEDGEMENT, params(("job" = String, Path, description = "name")),
    request_body(content = SignedView, content_type = "application/json"),
    responses(
        (status = 204, description = "It is kept."),
        (status = 400, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 404, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 408, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 409, body = ProblemDocument, content_type = "application/problem+json", description = "About another reply."),
        (status = 411, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 413, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 429, body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, body = ProblemDocument, content_type = "application/problem+json"),
    ))]
pub(crate) async fn acknowledge(
    Shared(state): Shared<Arc<State>>,
    Caller(requester): Caller,
    Path(job): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, HttpProblem> {
    let job = find(&state, &requester, &job).await?.id;
    let (statement, said) = upload::statement::<Acknowledgement>(&state, &requester, &headers, body).await?;
    let now = state.sure()?;
    let kept = state.custody(move |custody| custody.acknowledge(&requester.code, &job, &statement, &said, now)).await?;
    match kept {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(HttpProblem::new(StatusCode::CONFLICT, "other-reply", "this is about another request or reply")),
    }
}

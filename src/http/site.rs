use super::access::Access;
use super::events::events;
use super::page::Page;
use crate::publish::Ledger;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName,
    REFERRER_POLICY, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What there is to look at.
#[derive(Clone, Debug)]
struct Site {
    ledger: Ledger,
    access: Access,
    page: Arc<Page>,
    /// Room for those who follow, so that they leave some for others.
    followers: Arc<Semaphore>,
    /// Whether every scaler has done a tick once.
    ready: Arc<AtomicBool>,
}

/// Followers of `/events` at a time.
const FOLLOWERS_MAX: usize = 32;

/// A page that stands alone loads nothing from elsewhere, and no other may load what is here.
const HEADERS: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

const JSON: &str = "application/json";
const LINES: &str = "application/jsonl";
const TEXT: &str = "text/plain; charset=utf-8";

/// Every route, with its guards.
pub(super) fn site(ledger: Ledger, access: Access) -> Router {
    let site = Site {
        ledger,
        access,
        page: Arc::new(Page::whole()),
        followers: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
        ready: Arc::default(),
    };
    let guarded = Router::new()
        .route("/status.json", get(status))
        .route("/events", get(follow))
        .route("/records.jsonl", get(records))
        .route_layer(from_fn_with_state(site.clone(), by_token));
    Router::new()
        .route("/", get(page))
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .merge(guarded)
        .fallback(nothing)
        .method_not_allowed_fallback(only_reading)
        .layer(from_fn_with_state(site.clone(), by_host))
        .with_state(site)
}

async fn by_host(State(site): State<Site>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).map(|host| host.to_str().unwrap_or_default());
    let mut response = if site.access.knows_host(host) {
        next.run(request).await
    } else {
        let why = "Without a token this answers to localhost and to addresses only, not to a name: see listen_token_file in backlogd.toml(5).\n";
        text(StatusCode::FORBIDDEN, why)
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let none = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(none);
    response
}

async fn by_token(State(site): State<Site>, request: Request, next: Next) -> Response {
    if site.admits(&request) {
        return next.run(request).await;
    }
    let why = "This takes the token of daemon.listen_token_file: Authorization: Bearer TOKEN\n";
    let mut response = text(StatusCode::UNAUTHORIZED, why);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"backlogd\""));
    response
}

async fn page(State(site): State<Site>) -> Response {
    let policy = HeaderValue::from_str(&site.page.policy);
    let mut response = given(StatusCode::OK, "text/html; charset=utf-8", site.page.html.clone());
    if let Ok(policy) = policy {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

async fn status(State(site): State<Site>) -> Response {
    given(StatusCode::OK, JSON, site.ledger.status())
}

async fn records(State(site): State<Site>, uri: Uri) -> Response {
    let Some(scaler) = uri.query().and_then(|query| query.strip_prefix("scaler=")) else {
        return text(StatusCode::BAD_REQUEST, "Name a scaler: /records.jsonl?scaler=NAME\n");
    };
    match site.ledger.records(scaler) {
        Some(lines) => {
            let mut body = String::with_capacity(lines.iter().map(|line| line.len() + 1).sum());
            for line in lines {
                body.push_str(&line);
                body.push('\n');
            }
            given(StatusCode::OK, LINES, body)
        }
        None => {
            text(StatusCode::NOT_FOUND, "There is no scaler of this name; /status.json lists them all.\n")
        }
    }
}

async fn follow(State(site): State<Site>) -> Response {
    let Ok(seat) = site.followers.clone().try_acquire_owned() else {
        let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "Too many follow already.\n");
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("10"));
        return response;
    };
    let keep = move |event, _seat: &OwnedSemaphorePermit| event;
    let events = events(site.ledger).map(move |event| keep(event, &seat));
    given(StatusCode::OK, "text/event-stream", Body::from_stream(events))
}

/// Whether every scaler keeps its deadline. Their names are for those who may look.
async fn health(State(site): State<Site>, request: Request) -> Response {
    let signs = site.ledger.signs();
    match (signs.late().as_slice(), site.admits(&request)) {
        ([], _) => text(StatusCode::OK, "ok\n"),
        (late, true) => {
            text(StatusCode::SERVICE_UNAVAILABLE, format!("no tick in time: {}\n", late.join(", ")))
        }
        (late, false) => {
            text(StatusCode::SERVICE_UNAVAILABLE, format!("no tick in time: {} scalers\n", late.len()))
        }
    }
}

/// Whether every scaler has done a tick, whatever it found. Once they have, those that a reload adds do not count.
async fn ready(State(site): State<Site>) -> Response {
    let signs = site.ledger.signs();
    let now = !signs.scalers.is_empty() && signs.ready();
    if site.ready.fetch_or(now, Ordering::Relaxed) || now {
        return text(StatusCode::OK, "ready\n");
    }
    let waiting = signs.scalers.iter().filter(|sign| !sign.ticked).count();
    text(StatusCode::SERVICE_UNAVAILABLE, format!("waiting for the first tick of {waiting} scalers\n"))
}

async fn nothing() -> Response {
    let all = "There is /, /status.json, /events, /records.jsonl?scaler=NAME, /healthz and /readyz.\n";
    text(StatusCode::NOT_FOUND, all)
}

async fn only_reading() -> Response {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "Nothing can be changed here: GET or HEAD.\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET,HEAD"));
    response
}

impl Site {
    fn admits(&self, request: &Request) -> bool {
        self.access.admits(request.headers().get(AUTHORIZATION).map(HeaderValue::as_bytes))
    }
}

fn text(status: StatusCode, text: impl Into<Body>) -> Response {
    given(status, TEXT, text)
}

fn given(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    (status, [(CONTENT_TYPE, kind)], body.into()).into_response()
}

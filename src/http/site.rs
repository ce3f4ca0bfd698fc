use super::access::Access;
use super::events::events;
use super::page::Page;
use crate::publish::{Exposition, Ledger};
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

/// Renders all metrics as `OpenMetrics` text.
pub(super) type Metrics = Box<dyn Fn() -> String + Send + Sync>;

const METRICS: &str = Exposition::CONTENT_TYPE;

const ALL_ROUTES: &str =
    "There is /, /status.json, /events, /records.jsonl?scaler=NAME, /metrics, /healthz and /readyz.\n";
const ROUTES_WITHOUT_METRICS: &str =
    "There is /, /status.json, /events, /records.jsonl?scaler=NAME, /healthz and /readyz.\n";

/// Every route, with its guards; `/metrics` where there is something to render it.
pub(super) fn site(ledger: Ledger, access: Access, metrics: Option<Metrics>) -> Router {
    let site = Site {
        ledger,
        access,
        page: Arc::new(Page::whole()),
        followers: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
        ready: Arc::default(),
    };
    let there_is = if metrics.is_some() { ALL_ROUTES } else { ROUTES_WITHOUT_METRICS };
    let mut guarded = Router::new();
    if let Some(render) = metrics.map(Arc::new) {
        guarded = guarded.route("/metrics", get(async move || given(StatusCode::OK, METRICS, render())));
    }
    let guarded = guarded
        .route("/status.json", get(status))
        .route("/events", get(follow))
        .route("/records.jsonl", get(records))
        .route_layer(from_fn_with_state(site.clone(), by_token));
    Router::new()
        .route("/", get(page))
        .route("/healthz", get(health))
        .route("/readyz", get(ready))
        .merge(guarded)
        .fallback(async move || text(StatusCode::NOT_FOUND, there_is))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::{Sign, Signs};
    use http_body_util::BodyExt;
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    const TOKEN: &str = "0123456789abcdef";

    /// A ledger of scalers, each with whether it has ticked and whether it is late.
    fn ledger(scalers: &[(&str, bool, bool)]) -> Ledger {
        let sign = |(name, ticked, late): &(&str, bool, bool)| Sign {
            scaler: (*name).to_owned(),
            ticked: *ticked,
            late: *late,
        };
        let scalers: Vec<_> = scalers.iter().map(sign).collect();
        let ledger = Ledger::default();
        ledger.watch(move || Signs { time: None, scalers: scalers.clone() });
        ledger
    }

    fn guarded() -> Access {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), TOKEN).unwrap();
        Access::of(Some(file.path())).unwrap()
    }

    async fn get(site: &Router, path: &str, token: Option<&str>) -> (u16, String) {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let service = TowerToHyperService::new(site.clone());
        let response = service.call(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        (
            status,
            String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap(),
        )
    }

    #[tokio::test]
    async fn a_scaler_without_a_tick_in_time_is_named_as_unhealthy() {
        let well = site(ledger(&[("images", true, false)]), Access::default(), None);
        assert_eq!(get(&well, "/healthz", None).await, (200, "ok\n".to_owned()));
        let late = [("images", true, false), ("thumbs", true, true), ("videos", true, true)];
        let ill = site(ledger(&late), Access::default(), None);
        assert_eq!(get(&ill, "/healthz", None).await, (503, "no tick in time: thumbs, videos\n".to_owned()));
        let ill = site(ledger(&late), guarded(), None);
        assert_eq!(get(&ill, "/healthz", None).await, (503, "no tick in time: 2 scalers\n".to_owned()));
        assert_eq!(get(&ill, "/healthz", Some(TOKEN)).await.1, "no tick in time: thumbs, videos\n");
    }

    #[tokio::test]
    async fn once_ready_it_stays_so_whoever_comes_later() {
        let ledger = ledger(&[("images", false, false)]);
        let site = site(ledger.clone(), Access::default(), None);
        assert_eq!(get(&site, "/readyz", None).await.0, 503);
        for ticked in [true, false] {
            let sign = Sign { scaler: "images".to_owned(), ticked, late: false };
            ledger.watch(move || Signs { time: None, scalers: vec![sign.clone()] });
            assert_eq!(get(&site, "/readyz", None).await, (200, "ready\n".to_owned()));
        }
    }

    #[tokio::test]
    async fn before_the_first_settings_are_taken_it_is_not_ready() {
        let site = site(Ledger::default(), Access::default(), None);
        assert_eq!(get(&site, "/readyz", None).await.0, 503);
    }

    #[tokio::test]
    async fn metrics_are_there_where_something_renders_them_and_take_the_token() {
        let without = site(ledger(&[]), guarded(), None);
        let (status, told) = get(&without, "/metrics", Some(TOKEN)).await;
        assert_eq!((status, told.as_str()), (404, ROUTES_WITHOUT_METRICS));
        let with = site(ledger(&[]), guarded(), Some(Box::new(|| "backlogd_up 1\n".to_owned())));
        assert_eq!(get(&with, "/metrics", None).await.0, 401);
        assert_eq!(get(&with, "/metrics", Some(TOKEN)).await, (200, "backlogd_up 1\n".to_owned()));
    }

    #[tokio::test]
    async fn those_who_follow_leave_room_and_a_seat_is_free_when_one_goes() {
        let site = site(ledger(&[]), Access::default(), None);
        let service = TowerToHyperService::new(site.clone());
        let follow = || service.call(Request::get("/events").body(Body::empty()).unwrap());
        let mut following = Vec::new();
        for _ in 0..FOLLOWERS_MAX {
            following.push(follow().await.unwrap());
        }
        assert_eq!(get(&site, "/events", None).await.0, 503);
        assert_eq!(get(&site, "/healthz", None).await.0, 200);
        following.pop();
        assert_eq!(follow().await.unwrap().status(), StatusCode::OK);
    }
}

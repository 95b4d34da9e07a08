//! Waits on this machine for the browser to come back, and shows the person how it went.
//!
//! It comes with the answer in its address, or with a form (OAuth 2.0 Form Post Response Mode). Anybody can call a port of this machine, so
//! a request that isn't the answer to this flow (another path, host or state) is turned away and the flow goes on waiting. The page is shown
//! when the outcome is known, so that it tells the truth.

mod ports;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jeton_runtime::{Callback, Error, Flow, Returned};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::failure::{Failure, Result};
use crate::page::{CONTENT_SECURITY_POLICY, Outcome, page};

/// Bytes of a form, which is as long as an address may be.
const LARGEST: usize = 16 << 10;

/// How long a form may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A port that waits.
pub struct Listener {
    redirect_uri: String,
    door: Arc<Door>,
    back: mpsc::Receiver<Back>,
    stop: watch::Sender<()>,
    servers: Vec<JoinHandle<()>>,
}

/// The browser came back: what with, and where to say how it went.
pub struct Back {
    /// What it brought.
    pub returned: Returned,
    /// Shows the page.
    pub outcome: oneshot::Sender<Outcome>,
}

/// What the handler checks requests against.
struct Door {
    path: String,
    host: String,
    flow: OnceLock<Flow>,
    back: mpsc::Sender<Back>,
}

impl Callback for Listener {
    fn redirect_uri(&self) -> std::result::Result<String, Error> {
        Ok(self.redirect_uri.clone())
    }
}

impl Listener {
    /// Takes the port, or a free one, and begins to listen.
    pub async fn bind(callback: &jeton_runtime::manifest::Callback, port: Option<u16>) -> Result<Self> {
        let (port, listeners) = ports::take(&callback.host, port.or(callback.port)).await?;
        let (send, back) = mpsc::channel(1);
        let (path, host) = (callback.path.clone(), format!("{}:{port}", callback.host));
        let door = Arc::new(Door { path, host, flow: OnceLock::new(), back: send });
        let app = Router::new().fallback(enter).with_state(door.clone());
        let stop = watch::Sender::new(());
        let serve = |listener| {
            let (app, mut stopped) = (app.clone(), stop.subscribe());
            tokio::spawn(async move {
                let stopped = async move { drop(stopped.changed().await) };
                let _ = axum::serve(listener, app).with_graceful_shutdown(stopped).await;
            })
        };
        let servers = listeners.into_iter().map(serve).collect();
        Ok(Self { redirect_uri: callback.redirect_uri(Some(port)), door, back, stop, servers })
    }

    /// Lets the last page reach the browser, then gives the port back.
    pub async fn close(self) {
        drop(self.stop);
        for server in self.servers {
            let _ = tokio::time::timeout(Duration::from_secs(2), server).await;
        }
    }

    /// Waits for the browser of this flow.
    pub async fn wait(&mut self, flow: &Flow, time: Duration) -> Result<Back> {
        let _ = self.door.flow.set(flow.clone());
        match tokio::time::timeout(time, self.back.recv()).await {
            Ok(Some(back)) => Ok(back),
            _ => {
                Err(Failure::new("nobody signed in in time", "Run the command again; --wait gives more time")
                    .exit(crate::exit::Exit::SignIn))
            }
        }
    }
}

async fn enter(State(door): State<Arc<Door>>, request: Request) -> Response {
    let stranger = |status: StatusCode| (status, "This port waits for a sign-in of jeton.\n").into_response();
    let (head, body) = request.into_parts();
    let host = head.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    // A page elsewhere whose name is made to point here would send its own name.
    if host != Some(door.host.as_str()) || !matches!(head.method, Method::GET | Method::POST) {
        return stranger(StatusCode::FORBIDDEN);
    }
    let (true, Some(flow)) = (head.uri.path() == door.path, door.flow.get()) else { return stranger(StatusCode::NOT_FOUND) };
    let brought = match head.method {
        Method::GET => head.uri.query().unwrap_or_default().to_owned(),
        _ => match form(&head.headers, body).await {
            Ok(form) => form,
            Err(status) => return stranger(status),
        },
    };
    let returned = match flow.returned(&brought) {
        Ok(returned) => returned,
        Err(error) => return show(StatusCode::BAD_REQUEST, &Outcome::Stranger(error.to_string())),
    };
    let (outcome, told) = oneshot::channel();
    if door.back.try_send(Back { returned, outcome }).is_err() {
        return show(StatusCode::CONFLICT, &Outcome::Stranger("this sign-in was answered already".to_owned()));
    }
    match told.await {
        Ok(outcome) => show(StatusCode::OK, &outcome),
        Err(_) => show(StatusCode::OK, &Outcome::Failed("jeton stopped; look at the terminal".to_owned())),
    }
}

/// The fields of a form that was posted, as they stand in an address.
async fn form(headers: &HeaderMap, body: Body) -> std::result::Result<String, StatusCode> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().map(str::trim) != Some("application/x-www-form-urlencoded") {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let body = tokio::time::timeout(PATIENCE, to_bytes(body, LARGEST)).await.map_err(|_| StatusCode::REQUEST_TIMEOUT)?;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    String::from_utf8(body.to_vec()).map_err(|_| StatusCode::BAD_REQUEST)
}

fn show(status: StatusCode, outcome: &Outcome) -> Response {
    let mut response = (status, Html(page(outcome))).into_response();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONNECTION, "close"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

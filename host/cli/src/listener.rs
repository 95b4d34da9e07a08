//! Waits on this machine for the browser to come back, and shows the person how it went.
//!
//! Anybody can call a port of this machine, so a request that isn't the answer to this flow (another path, host or state) is turned away
//! and the flow goes on waiting. The page is shown when the outcome is known, so that it tells the truth.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use jeton_runtime::{Callback, Error, Flow, Returned};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::failure::{Failure, Result};
use crate::page::{CONTENT_SECURITY_POLICY, Outcome, page};

/// A port that waits.
pub struct Listener {
    redirect_uri: String,
    door: Arc<Door>,
    back: mpsc::Receiver<Back>,
    stop: oneshot::Sender<()>,
    server: tokio::task::JoinHandle<()>,
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
        let port = port.or(callback.port).unwrap_or(0);
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.map_err(|error| {
            Failure::new(
                format!("can't listen on port {port}: {error}"),
                "End the program that uses it, choose another one with --port, or use --paste",
            )
        })?;
        let port = listener.local_addr().map_err(|error| Failure::new(error.to_string(), "Use --paste"))?.port();
        let (send, back) = mpsc::channel(1);
        let (path, host) = (callback.path.clone(), format!("{}:{port}", callback.host));
        let door = Arc::new(Door { path, host, flow: OnceLock::new(), back: send });
        let app = Router::new().fallback(enter).with_state(door.clone());
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            let _ = axum::serve(listener, app).with_graceful_shutdown(stopped).await;
        });
        Ok(Self { redirect_uri: callback.redirect_uri(Some(port)), door, back, stop, server })
    }

    /// Lets the last page reach the browser, then gives the port back.
    pub async fn close(self) {
        let _ = self.stop.send(());
        let _ = tokio::time::timeout(Duration::from_secs(2), self.server).await;
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
    let uri = request.uri();
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // A page elsewhere whose name is made to point here would send its own name.
    if host != Some(door.host.as_str()) || request.method() != axum::http::Method::GET {
        return (StatusCode::FORBIDDEN, "This port waits for a sign-in of jeton.\n").into_response();
    }
    let (true, Some(flow)) = (uri.path() == door.path, door.flow.get()) else {
        return (StatusCode::NOT_FOUND, "This port waits for a sign-in of jeton.\n").into_response();
    };
    let returned = match flow.returned(uri.query().unwrap_or_default()) {
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

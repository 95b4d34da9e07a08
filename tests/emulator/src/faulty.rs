//! How each fault looks on the wire.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use hyper::body::{Frame, SizeHint};

use crate::Clock;
use crate::fault::{Fault, RetryAfter};
use crate::service::Service;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed without an answer, as a fault demands")]
pub(crate) struct Closed;

/// What a fault does in the service's place.
pub(crate) enum Instead {
    Answer(Response),
    Close,
    Silence,
}

impl Fault {
    /// What happens in place of the service, or `None` if the service is to act.
    pub(crate) fn instead(&self, service: &dyn Service, clock: &Clock) -> Option<Instead> {
        Some(match self {
            Self::DropAfterCommit | Self::Slow(_) | Self::Truncated => return None,
            Self::DropBefore => Instead::Close,
            Self::NeverAnswers => Instead::Silence,
            Self::RateLimited(after) => Instead::Answer(after.put_off(service, StatusCode::TOO_MANY_REQUESTS, clock)),
            Self::Unavailable(after) => Instead::Answer(after.put_off(service, StatusCode::SERVICE_UNAVAILABLE, clock)),
            Self::ServerError(code) => Instead::Answer(service.failure(status(*code))),
            Self::Html => Instead::Answer(Html("<!doctype html><title>Down for maintenance</title><h1>Back soon</h1>").into_response()),
            Self::Huge(bytes) => {
                let json = [(CONTENT_TYPE, "application/json")];
                Instead::Answer((json, Body::new(Padding::of(*bytes))).into_response())
            }
            Self::RedirectTo { url, status: code } => {
                let mut answer = status(*code).into_response();
                answer.headers_mut().insert(LOCATION, header(url));
                Instead::Answer(answer)
            }
            Self::Body { status: code, content_type, bytes } => {
                let mut answer = (status(*code), bytes.clone()).into_response();
                answer.headers_mut().insert(CONTENT_TYPE, header(content_type));
                Instead::Answer(answer)
            }
        })
    }

    /// What becomes of the answer that the service gave.
    pub(crate) async fn upon(&self, answer: Response) -> Result<Response, Closed> {
        match self {
            Self::DropAfterCommit => Err(Closed),
            Self::Slow(by) => {
                tokio::time::sleep(*by).await;
                Ok(answer)
            }
            Self::Truncated => truncated(answer).await,
            _ => Ok(answer),
        }
    }
}

impl RetryAfter {
    fn put_off(self, service: &dyn Service, status: StatusCode, clock: &Clock) -> Response {
        let mut answer = service.failure(status);
        answer.headers_mut().insert(RETRY_AFTER, self.header(clock));
        answer
    }

    fn header(self, clock: &Clock) -> HeaderValue {
        match self {
            Self::Seconds(seconds) => HeaderValue::from(seconds),
            Self::HttpDate(seconds) => {
                let now = clock.now();
                header(&httpdate::fmt_http_date(now.checked_add(Duration::from_secs(seconds)).unwrap_or(now)))
            }
        }
    }
}

/// A status or header that HTTP doesn't know can only come from the test, and is answered as a failure of the emulator.
fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn header(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unprintable"))
}

async fn truncated(answer: Response) -> Result<Response, Closed> {
    let (mut parts, body) = answer.into_parts();
    let whole = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| Closed)?;
    let sent = whole.slice(..whole.len() / 2);
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len().max(64)));
    Ok(Response::from_parts(parts, Body::new(BreaksOff { sent: Some(sent), flushed: false })))
}

/// A body that fails after its first piece. It is pending once in between, so that hyper sends the piece before it learns of the failure.
struct BreaksOff {
    sent: Option<Bytes>,
    flushed: bool,
}

impl HttpBody for BreaksOff {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(sent) = self.sent.take() {
            return Poll::Ready(Some(Ok(Frame::data(sent))));
        }
        if !self.flushed {
            self.flushed = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other(Closed))))
    }
}

/// `{"padding":"aaa…"}`, made piece by piece so that a huge answer costs the emulator nothing.
struct Padding {
    left: usize,
    place: Place,
}

enum Place {
    Start,
    Middle,
    Over,
}

impl Padding {
    const PIECE: &[u8] = &[b'a'; 16 * 1024];
    const START: &[u8] = br#"{"padding":""#;
    const END: &[u8] = br#""}"#;

    fn of(bytes: usize) -> Self {
        Self { left: bytes.saturating_sub(Self::START.len() + Self::END.len()), place: Place::Start }
    }
}

impl HttpBody for Padding {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.place {
            Place::Start => {
                self.place = Place::Middle;
                Self::START
            }
            Place::Middle if self.left == 0 => {
                self.place = Place::Over;
                Self::END
            }
            Place::Middle => {
                let piece = Self::PIECE.get(..self.left).unwrap_or(Self::PIECE);
                self.left -= piece.len();
                piece
            }
            Place::Over => return Poll::Ready(None),
        };
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(piece)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

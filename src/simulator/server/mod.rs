//! The simulation over HTTP/1.1.
//!
//! Any process on the machine can connect, so requests and connections have limits: the size of a body, the time that
//! a request may take to arrive, the number of connections, and the host name in the request.

mod connections;
mod host;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::simulator::protocol::response::{ApiError, ApiResponse};
use crate::simulator::server::connections::{ConnectionUsage, Connections};
use crate::simulator::server::host::is_foreign;
use crate::simulator::service::{ApiService, ConnectionLost};

/// After so many failures to accept a connection in a row, serving ends.
const MOST_ACCEPT_FAILURES: u32 = 100;
/// How many connections there may be at once; most systems let a process open 1024 files.
const MOST_CONNECTIONS: usize = 512;
/// How long a connection may be idle, or take to bring the head of a request. Our own client leaves one sooner.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
/// How long the body of a request may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// How many bytes a body may have. The body of an upgrade request has a few hundred.
const MOST_BODY_BYTES: usize = 1 << 20;

/// How many requests have arrived, over all connections.
type Arrivals = Arc<AtomicU64>;

/// Serves until `stop` resolves; then all connections end at once.
///
/// Each request is logged with its number, twice: when it arrives, before anything else happens (debug), and when its
/// response is ready (info).
pub(crate) async fn serve(
    service: ApiService,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (mut connections, arrivals) = (Connections::new(MOST_CONNECTIONS), Arrivals::default());
    let mut failures = 0;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            () = connections.reap() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    failures = 0;
                    let (service, arrivals) = (service.clone(), Arc::clone(&arrivals));
                    connections.spawn(|usage| serve_connection(service, stream, arrivals, usage));
                }
                Err(error) if failures >= MOST_ACCEPT_FAILURES => return Err(error),
                Err(_) => {
                    // The client gave up, or too many files are open: neither lasts.
                    failures += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
        }
    }
}

async fn serve_connection(service: ApiService, stream: TcpStream, arrivals: Arrivals, usage: ConnectionUsage) {
    // Without this, small responses can wait for the client's acknowledgements.
    let _ = stream.set_nodelay(true);
    let hyper_service = service_fn(move |request: Request<Incoming>| {
        let (service, arrivals, busy) = (service.clone(), Arc::clone(&arrivals), usage.begin_request());
        async move {
            let response = respond(&service, &arrivals, request).await;
            drop(busy);
            response
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE_TIMEOUT);
    // An error here is a connection that ended early, by the client or by a fault.
    let _ = http.serve_connection(TokioIo::new(stream), hyper_service).await;
}

async fn respond(
    service: &ApiService,
    arrivals: &AtomicU64,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, ConnectionLost> {
    let request = match receive(request).await? {
        Ok(request) => request,
        Err(error) => {
            tracing::info!("a request is refused: {}", error.detail());
            return Ok(ApiResponse::from(error).map(Full::new));
        }
    };
    let number = arrivals.fetch_add(1, Ordering::Relaxed) + 1;
    // Neither headers nor bodies are logged: they hold secrets.
    let what = format!("{} {}", request.method(), request.uri().path());
    tracing::debug!("request {number} arrives: {what}");
    let response = service.answer(request).await;
    let result = match &response {
        Ok(response) => response.status().as_u16().to_string(),
        Err(ConnectionLost) => "connection dropped".to_owned(),
    };
    tracing::info!("request {number}: {what}: {result}");
    Ok(response?.map(Full::new))
}

/// The request with its whole body, or why it is refused.
async fn receive(request: Request<Incoming>) -> Result<Result<Request<Bytes>, ApiError>, ConnectionLost> {
    let refused = |status, detail: &str| Ok(Err(ApiError::new(status, "UNEXPECTED_ERROR", detail)));
    if is_foreign(&request) {
        return refused(StatusCode::MISDIRECTED_REQUEST, "The host must be localhost or a loopback address.");
    }
    let too_large = || refused(StatusCode::PAYLOAD_TOO_LARGE, "A body may have 1 MiB.");
    if request.body().size_hint().lower() > MOST_BODY_BYTES as u64 {
        return too_large();
    }
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(BODY_TIMEOUT, Limited::new(body, MOST_BODY_BYTES).collect()).await {
        Ok(Ok(body)) => Ok(Ok(Request::from_parts(parts, body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(),
        Ok(Err(_)) => Err(ConnectionLost),
        Err(_) => refused(StatusCode::REQUEST_TIMEOUT, "The body of the request did not arrive in time."),
    }
}

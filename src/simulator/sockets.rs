//! The simulation over HTTP/1.1, for a client that wants a real connection.
//!
//! Whatever finds the port can talk to it, so a request and a connection have limits: the size of a body, the time that
//! a request may take to arrive, the number of connections, and the name by which the host is called.

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

use super::answer::{Answer, Refusal};
use super::connections::{Connections, Usage};
use super::host::is_foreign;
use super::{Broken, Simulator};

/// So many failures to accept in a row are no coincidence.
const PATIENCE: u32 = 100;
/// How many connections there may be at once; most systems let a process open 1024 files.
const MOST_CONNECTIONS: usize = 512;
/// How long a connection may be idle, or take to bring the head of a request. Our own client leaves one sooner.
const IDLE: Duration = Duration::from_mins(1);
/// How long the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(30);
/// How many bytes a body may have; that of an upgrade has a few hundred.
const BODY_SIZE: usize = 1 << 20;

/// How many requests have arrived, over all connections.
type Arrivals = Arc<AtomicU64>;

/// Serves until `stop` resolves; then all connections end at once.
///
/// Each request is logged with its number, twice: as it arrives, before anything is done about it (debug), and when
/// all is done and its answer is about to leave (info).
pub(super) async fn serve(
    simulator: Simulator,
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
                    let (simulator, arrivals) = (simulator.clone(), Arc::clone(&arrivals));
                    connections.spawn(|usage| converse(simulator, stream, arrivals, usage));
                }
                Err(error) if failures >= PATIENCE => return Err(error),
                Err(_) => {
                    // The client gave up, or there are too many open files: both pass.
                    failures += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            },
        }
    }
}

async fn converse(simulator: Simulator, stream: TcpStream, arrivals: Arrivals, usage: Usage) {
    // Without it small answers can wait for the client's acknowledgements.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let (simulator, arrivals, busy) = (simulator.clone(), Arc::clone(&arrivals), usage.busy());
        async move {
            let answer = reply(&simulator, &arrivals, request).await;
            drop(busy);
            answer
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(IDLE);
    // An error here is a connection that ended early, by the client's doing or by a fault.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn reply(
    simulator: &Simulator,
    arrivals: &AtomicU64,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Broken> {
    let request = match received(request).await? {
        Ok(request) => request,
        Err(refusal) => {
            tracing::info!("a request is refused: {}", refusal.detail());
            return Ok(Answer::from(refusal).map(Full::new));
        }
    };
    let number = arrivals.fetch_add(1, Ordering::Relaxed) + 1;
    // Neither headers nor bodies: they hold secrets.
    let what = format!("{} {}", request.method(), request.uri().path());
    tracing::debug!("request {number} arrives: {what}");
    let answer = simulator.answer(request).await;
    match &answer {
        Ok(answer) => tracing::info!("request {number}: {what}: {}", answer.status().as_u16()),
        Err(Broken::Dropped) => tracing::info!("request {number}: {what}: connection dropped"),
    }
    Ok(answer?.map(Full::new))
}

/// The request with its whole body, or why it is not taken.
async fn received(request: Request<Incoming>) -> Result<Result<Request<Bytes>, Refusal>, Broken> {
    let refused = |status, detail: &str| Ok(Err(Refusal::new(status, "UNEXPECTED_ERROR", detail)));
    if is_foreign(&request) {
        return refused(StatusCode::MISDIRECTED_REQUEST, "This host goes by localhost or a loopback address alone.");
    }
    let too_large = || refused(StatusCode::PAYLOAD_TOO_LARGE, "A body may have 1 MiB.");
    if request.body().size_hint().lower() > BODY_SIZE as u64 {
        return too_large();
    }
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(BODY_TIME, Limited::new(body, BODY_SIZE).collect()).await {
        Ok(Ok(body)) => Ok(Ok(Request::from_parts(parts, body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(),
        Ok(Err(_)) => Err(Broken::Dropped),
        Err(_) => refused(StatusCode::REQUEST_TIMEOUT, "The body of the request did not arrive in time."),
    }
}

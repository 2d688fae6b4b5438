//! The simulation over HTTP/1.1, for a client that wants a real connection.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{Broken, Simulator};

/// So many failures to accept in a row are no coincidence.
const PATIENCE: u32 = 100;

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
    let (mut connections, arrivals) = (JoinSet::new(), Arrivals::default());
    let mut failures = 0;
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return Ok(()),
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    failures = 0;
                    connections.spawn(converse(simulator.clone(), stream, Arc::clone(&arrivals)));
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

async fn converse(simulator: Simulator, stream: TcpStream, arrivals: Arrivals) {
    // Without it small answers can wait for the client's acknowledgements.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let (simulator, arrivals) = (simulator.clone(), Arc::clone(&arrivals));
        async move { reply(&simulator, &arrivals, request).await }
    });
    // An error here is a connection that ended early, by the client's doing or by a fault.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn reply(
    simulator: &Simulator,
    arrivals: &AtomicU64,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Broken> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Broken::Dropped)?.to_bytes();
    let number = arrivals.fetch_add(1, Ordering::Relaxed) + 1;
    // Neither headers nor bodies: they hold secrets.
    let what = format!("{} {}", parts.method, parts.uri.path());
    tracing::debug!("request {number} arrives: {what}");
    let answer = simulator.answer(Request::from_parts(parts, body)).await;
    match &answer {
        Ok(answer) => tracing::info!("request {number}: {what}: {}", answer.status().as_u16()),
        Err(Broken::Dropped) => tracing::info!("request {number}: {what}: connection dropped"),
    }
    Ok(answer?.map(Full::new))
}

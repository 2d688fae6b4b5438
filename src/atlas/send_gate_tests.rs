use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::{Request, Response};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use super::*;
use crate::atlas::Transport;
use crate::atlas::testing::always;
use crate::clock::Millis;

const TIMEOUT: Duration = Duration::from_secs(30);

fn request() -> Request<Bytes> {
    Request::post("/upgrade").body(Bytes::from_static(b"{\"name\":\"c1\"}")).unwrap()
}

/// A gate with `TIMEOUT` left, on a machine that has slept for `asleep` milliseconds.
fn gate(asleep: &'static AtomicU64, may_leave: MayLeave) -> SendGate {
    let clock = Clock::with_sleep(Millis(0), asleep);
    SendGate::new(clock, clock.deadline(TIMEOUT), may_leave)
}

/// Sends a request to a server; while its connection is being made, `meanwhile` happens. Returns what came of it, and
/// all that the server received until the connection was closed.
async fn send(gate: SendGate, meanwhile: impl FnOnce()) -> (TransportError, Vec<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let transport = Transport::sockets(&base, TIMEOUT).unwrap();
    let mut call = std::pin::pin!(transport.send(request(), &gate));
    assert!(futures_util::poll!(&mut call).is_pending(), "the connection is being made");
    meanwhile();
    let server = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut received = Vec::new();
        let _reset = socket.read_to_end(&mut received).await;
        received
    };
    let (result, received) = tokio::join!(call, server);
    (result.unwrap_err(), received)
}

fn code(error: &TransportError) -> String {
    assert!(error.never_left() && !error.is_no_way(), "{error:?}");
    error.fault().code
}

#[tokio::test]
async fn nothing_leaves_when_the_process_stood_still_while_the_connection_was_made() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    let asleep = || {
        ASLEEP.fetch_add(30_000, Ordering::Relaxed);
    };
    let (error, received) = send(gate(&ASLEEP, always()), asleep).await;
    assert_eq!(code(&error), OVERSLEPT);
    assert_eq!(received, b"", "not a byte of the request, of its head neither");
}

#[tokio::test]
async fn nothing_leaves_when_the_right_to_send_was_lost_while_the_connection_was_made() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    let held = Arc::new(AtomicBool::new(false));
    let asked = held.clone();
    let may_leave: MayLeave =
        Arc::new(move || if asked.load(Ordering::Relaxed) { Err(Fault::new("HELD", "held")) } else { Ok(()) });
    let (error, received) = send(gate(&ASLEEP, may_leave), || held.store(true, Ordering::Relaxed)).await;
    assert_eq!(code(&error), "HELD");
    assert_eq!(received, b"", "not a byte of the request, of its head neither");
}

#[tokio::test]
async fn what_has_passed_the_gate_is_never_said_to_have_stayed_here() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    // The server accepts, reads nothing and says nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let transport = Transport::sockets(&base, TIMEOUT).unwrap();
    let clock = Clock::with_sleep(Millis(0), &ASLEEP);
    let gate = SendGate::new(clock, clock.deadline(Duration::from_millis(200)), always());
    assert_eq!(transport.send(request(), &gate).await.unwrap_err(), TransportError::TimedOut);
    let broken = gate.close::<()>(Err(TransportError::NeverMade("a connection was reset".to_owned())));
    assert!(matches!(broken, Err(TransportError::Lost(_))), "{broken:?}");
}

#[tokio::test]
async fn a_call_that_ends_before_its_first_byte_is_known_to_have_sent_nothing() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    let gate = gate(&ASLEEP, always());
    let ended = gate.close::<()>(Err(TransportError::TimedOut)).unwrap_err();
    assert!(matches!(ended, TransportError::NeverMade(_)), "{ended:?}");
    assert!(gate.pass().unwrap_err().never_left(), "and nothing leaves after it");
}

#[tokio::test]
async fn each_upgrade_request_has_a_connection_of_its_own() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let transport = Transport::sockets(&base, TIMEOUT).unwrap();
    let mut heads = Vec::new();
    for _ in 0..2 {
        let gate = gate(&ASLEEP, always());
        let server = async {
            // The connection is kept open: whoever wanted to could send the next request on it.
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut read = vec![0; 4096];
            let length = socket.read(&mut read).await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
            tokio::io::AsyncWriteExt::write_all(&mut socket, answer).await.unwrap();
            (socket, String::from_utf8_lossy(&read[..length]).into_owned())
        };
        let (answer, (socket, head)) = tokio::join!(transport.send(request(), &gate), server);
        assert_eq!(answer.unwrap().status(), 200);
        heads.push((socket, head));
    }
    for (_, head) in heads {
        assert!(head.starts_with("POST /upgrade HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("content-length: 13\r\n") && head.ends_with("\r\n\r\n{\"name\":\"c1\"}"), "{head}");
    }
}

/// What a client that connects says first, before anything is encrypted.
async fn client_hello(
    call: impl Future<Output = Result<Response<Bytes>, TransportError>>,
    server: TcpListener,
) -> Vec<u8> {
    let listen = async {
        let (mut socket, _) = server.accept().await.unwrap();
        let mut hello = vec![0; 16_384];
        let length = socket.read(&mut hello).await.unwrap();
        hello.truncate(length);
        hello
    };
    let (answer, hello) = tokio::join!(call, listen);
    assert!(answer.unwrap_err().never_left(), "the server has hung up");
    hello
}

#[tokio::test]
async fn an_upgrade_request_offers_http_1_alone() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    let says = |hello: &[u8], protocol: &[u8]| hello.windows(protocol.len()).any(|words| words == protocol);
    for is_upgrade in [true, false] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://{}", listener.local_addr().unwrap());
        let transport = Transport::sockets(&base, TIMEOUT).unwrap();
        let gate = gate(&ASLEEP, always());
        let hello = if is_upgrade {
            client_hello(transport.send(request(), &gate), listener).await
        } else {
            client_hello(transport.call(request(), TIMEOUT), listener).await
        };
        // The names of protocols, each with its length before it (RFC 7301).
        assert_eq!(says(&hello, b"\x02h2"), !is_upgrade, "what a connection of HTTP/2 holds cannot be taken back");
    }
}

/// The option of the sockets of this process that are connected to `server`.
#[cfg(target_os = "linux")]
fn user_timeouts(server: std::net::SocketAddr) -> Vec<u32> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

    let own = pidfd_open(getpid(), PidfdFlags::empty()).unwrap();
    let numbers = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str().unwrap().parse::<i32>().ok());
    let copies = numbers.filter_map(|number| pidfd_getfd(&own, number, PidfdGetfdFlags::empty()).ok());
    let ours = copies.filter(|socket| {
        let peer = rustix::net::getpeername(socket).ok().flatten();
        peer.and_then(|peer| std::net::SocketAddr::try_from(peer).ok()) == Some(server)
    });
    ours.map(|socket| rustix::net::sockopt::tcp_user_timeout(&socket).unwrap()).collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_system_gives_up_on_what_is_not_acknowledged_within_the_time_of_a_request() {
    static ASLEEP: AtomicU64 = AtomicU64::new(0);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let transport = Transport::sockets(&format!("http://{server}"), Duration::from_secs(7)).unwrap();
    let gate = gate(&ASLEEP, always());
    let listen = async {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 4096];
        assert!(socket.read(&mut read).await.unwrap() > 0);
        user_timeouts(server)
    };
    let (_, timeouts) = tokio::join!(transport.send(request(), &gate), listen);
    assert_eq!(timeouts, [7_000], "or it would be delivered when the network is back, however late");
}

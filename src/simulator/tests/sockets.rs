//! The simulator over real connections, and what it does not put up with.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

/// A simulator that listens, until it is told to stop.
async fn serve(simulator: &Simulator) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(simulator.clone().serve(listener, async move { drop(stopped.await) }));
    (address, stop, served)
}

/// All that is answered to a text. A connection that is closed before all of the text was read is reset.
async fn exchange(address: SocketAddr, text: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _reset = stream.write_all(text.as_bytes()).await;
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn read_of(host: &str) -> String {
    format!(
        "GET /api/atlas/v2/groups/{GROUP}/clusters/c1 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Accept: application/vnd.atlas.2024-08-05+json\r\n\r\n"
    )
}

#[tokio::test]
async fn the_same_answers_come_over_a_socket() {
    let simulator = simulator(|settings| settings.faults.drop_after = 0.0);
    let (address, stop, served) = serve(&simulator).await;
    let answer = exchange(address, &read_of("localhost")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("ratelimit-remaining: 9999") && answer.contains("\"electableSpecs\""), "{answer}");

    simulator.set_faults(Faults { drop_after: 1.0, ..Faults::default() });
    assert_eq!(exchange(address, &read_of("localhost")).await, "");
    stop.send(()).unwrap();
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_for_another_host_is_refused_and_never_reaches_the_api() {
    let simulator = simulator(|_| {});
    let (address, _stop, _served) = serve(&simulator).await;
    let answer = exchange(address, &read_of("evil.example")).await;
    assert!(answer.starts_with("HTTP/1.1 421"), "{answer}");
    assert_eq!(simulator.request_counts().requests, 0);
}

#[tokio::test]
async fn a_body_of_any_size_is_refused_before_it_is_taken_in() {
    let simulator = simulator(|_| {});
    let (address, _stop, _served) = serve(&simulator).await;
    let head = format!("POST /api/atlas/v2/groups/{GROUP}/clusters/tenantUpgrade HTTP/1.1\r\nHost: localhost\r\n");
    let answer = exchange(address, &format!("{head}Content-Length: 1500000000\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    let chunk = "x".repeat(1 << 20);
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n100000\r\n{chunk}\r\n1\r\nx\r\n");
    let answer = exchange(address, &chunked).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_eq!(simulator.request_counts().requests, 0);
}

#[tokio::test]
async fn idle_connections_in_any_number_leave_room_for_a_request() {
    let simulator = simulator(|_| {});
    let (address, _stop, _served) = serve(&simulator).await;
    let mut idle = Vec::new();
    for _ in 0..520 {
        idle.push(TcpStream::connect(address).await.unwrap());
    }
    let answer = exchange(address, &read_of("localhost")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The first of them was closed to make room.
    assert_eq!(idle[0].read(&mut [0]).await.unwrap(), 0);
}

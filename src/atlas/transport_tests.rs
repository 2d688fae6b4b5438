use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(5);

async fn call(address: &str) -> Result<Response<Bytes>, TransportError> {
    let transport = Transport::sockets(&format!("http://{address}/prefix/"), TIMEOUT).unwrap();
    let request = Request::post("/path?q=1").header("x-a", "b").body(Bytes::from_static(b"{}")).unwrap();
    transport.call(request, TIMEOUT).await
}

/// Serves one connection: reads a request and sends `answer`, then closes. Gives the request back.
async fn serve_once(answer: Vec<u8>) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let served = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 4096];
        let length = socket.read(&mut read).await.unwrap();
        let _ = socket.write_all(&answer).await;
        String::from_utf8_lossy(&read[..length]).into_owned()
    });
    (address, served)
}

#[tokio::test]
async fn a_closed_port_means_that_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    assert!(matches!(call(&address).await, Err(TransportError::NeverMade(_))));
}

#[tokio::test]
async fn a_tls_handshake_that_fails_means_that_nothing_was_sent() {
    let (address, _) = serve_once(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;
    let transport = Transport::sockets(&format!("https://{address}"), TIMEOUT).unwrap();
    let request = Request::get("/").body(Bytes::new()).unwrap();
    let error = transport.call(request, TIMEOUT).await.unwrap_err();
    assert!(matches!(error, TransportError::Insecure(_)) && error.never_left(), "{error}");
}

#[tokio::test]
async fn a_server_that_closes_leaves_the_effect_unknown() {
    let (address, served) = serve_once(vec![]).await;
    let error = call(&address).await.unwrap_err();
    assert!(matches!(error, TransportError::Lost(_)), "{error}");
    served.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_cut_short_leaves_the_effect_unknown() {
    let (address, _) = serve_once(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}".to_vec()).await;
    assert!(matches!(call(&address).await, Err(TransportError::Lost(_))));
}

#[tokio::test]
async fn a_request_arrives_as_it_was_built_and_a_redirect_is_not_followed() {
    let (address, served) =
        serve_once(b"HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 2\r\n\r\n{}".to_vec()).await;
    let answer = call(&address).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (302, b"{}".as_slice()));
    let request = served.await.unwrap();
    assert!(request.starts_with("POST /prefix/path?q=1 HTTP/1.1\r\n") && request.contains("x-a: b"), "{request}");
    assert!(!request.contains("user-agent"), "nothing is added: {request}");
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    endless.resize(LARGEST_ANSWER + 4096, b' ');
    let (address, _) = serve_once(endless).await;
    assert_eq!(call(&address).await.unwrap_err(), TransportError::TooLarge);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_timed_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let transport = Transport::sockets(&base, TIMEOUT).unwrap();
    let request = Request::get("/").body(Bytes::new()).unwrap();
    let answer = transport.call(request, Duration::from_millis(200)).await;
    assert_eq!(answer.unwrap_err(), TransportError::TimedOut);
}

#[test]
fn plain_http_is_for_loopback_alone() {
    for good in ["https://cloud.mongodb.com", "http://127.0.0.1:4010", "http://localhost:1", "http://[::1]:1/"] {
        assert!(Transport::sockets(good, TIMEOUT).is_ok(), "{good}");
    }
    for bad in ["http://cloud.mongodb.com", "ftp://127.0.0.1", "cloud.mongodb.com", "http://127.0.0.1.evil.com"] {
        assert!(Transport::sockets(bad, TIMEOUT).is_err(), "{bad}");
    }
}

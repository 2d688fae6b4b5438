//! What stands between a run and its Atlas: it lets everything through until a test wants something else.
//!
//! A connection carries one request, so that a change of mood concerns the next request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// What it does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Hands it on, and its answer back.
    Through,
    /// Answers with a web page itself, and with 200.
    Page,
    /// Hands it on, if it asks for an upgrade, and answers without an end in place of Atlas.
    Endless(Flow),
    /// Hands it on to nobody and says nothing.
    Silence,
    /// Answers 429 itself, with this `Retry-After`.
    Throttled(&'static str),
    /// Hands out no tokens, but this answer; everything else goes through.
    NoToken { status: &'static str, body: &'static str },
}

/// How an answer comes that never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The body, as fast as it goes.
    Flood,
    /// The body, a byte at a time.
    Drip,
    /// Headers.
    Headers,
}

/// How a secure connection begins.
const TLS: &[u8] = &[0x16];

const PAGE: &str =
    "<!DOCTYPE html><html><head><title>Harbour Hotel WiFi</title></head><body>Room number?</body></html>";

/// It, listening; it goes when dropped.
pub(crate) struct Front {
    pub(crate) url: String,
    door: Door,
    serving: tokio::task::JoinHandle<()>,
    /// Bound to the same port and not listening: it keeps the port while nobody listens there.
    spare: Option<TcpSocket>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Front {
    /// Before the Atlas at `atlas`.
    pub(crate) fn before(atlas: &str) -> Self {
        Self::open(atlas, None)
    }

    /// Before the Atlas at `atlas`, with TLS if there is a certificate.
    pub(crate) fn open(atlas: &str, tls: Option<TlsAcceptor>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let inside = runtime.enter();
        let socket = bound(0);
        let port = socket.local_addr().unwrap().port();
        let url = if tls.is_some() { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") };
        let door = Door {
            atlas: atlas.trim_start_matches("http://").to_owned(),
            mood: Arc::new(Mutex::new(Mood::Through)),
            tls: Arc::new(Mutex::new(tls)),
            asked: Arc::new(Semaphore::new(0)),
        };
        let spare = Some(bound(port));
        let serving = runtime.spawn(door.clone().serve(socket.listen(64).unwrap()));
        drop(inside);
        Self { url, door, serving, spare, runtime: Some(runtime) }
    }

    /// From the next request on.
    pub(crate) fn becomes(&self, mood: Mood) {
        *self.door.mood.lock().unwrap() = mood;
    }

    /// From the next connection on.
    pub(crate) fn shows(&self, certificate: Option<TlsAcceptor>) {
        *self.door.tls.lock().unwrap() = certificate;
    }

    /// No connection can be made, until [`Front::listens`] again.
    pub(crate) fn refuses(&mut self) {
        self.serving.abort();
        let runtime = self.runtime.as_ref().unwrap();
        let _aborted = runtime.block_on(&mut self.serving);
    }

    /// After it has refused.
    pub(crate) fn listens(&mut self) {
        let runtime = self.runtime.as_ref().unwrap();
        let _inside = runtime.enter();
        let listener = self.spare.take().unwrap().listen(64).unwrap();
        self.serving = runtime.spawn(self.door.clone().serve(listener));
    }

    /// Waits until `times` more requests have met with anything but an open door.
    pub(crate) fn has_stopped(&self, times: u32) {
        let runtime = self.runtime.as_ref().unwrap();
        let asked = self.door.asked.acquire_many(times);
        let stopped = async { tokio::time::timeout(crate::process::PATIENCE, asked).await };
        runtime.block_on(stopped).unwrap().unwrap().forget();
    }
}

fn bound(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(([127, 0, 0, 1], port).into()).unwrap();
    socket
}

impl Drop for Front {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[derive(Clone)]
struct Door {
    atlas: String,
    mood: Arc<Mutex<Mood>>,
    tls: Arc<Mutex<Option<TlsAcceptor>>>,
    asked: Arc<Semaphore>,
}

impl Door {
    async fn serve(self, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let door = self.clone();
            let tls = self.tls.lock().unwrap().clone();
            tokio::spawn(async move {
                match tls {
                    None => door.answer(stream).await,
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => door.answer(stream).await,
                        Err(_) => Ok(()), // they do not trust us
                    },
                }
            });
        }
    }

    async fn answer(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
        let request = read(&mut stream).await?;
        if request.starts_with(TLS) {
            return stream.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await;
        }
        let mood = *self.mood.lock().unwrap();
        let upgrade = request.starts_with(b"POST ") && !request.starts_with(b"POST /api/oauth");
        match mood {
            Mood::Endless(flow) if upgrade => {
                self.hand_on(&request).await?;
                self.asked.add_permits(1);
                endless(&mut stream, flow).await
            }
            Mood::NoToken { status, body } if request.starts_with(b"POST /api/oauth") => {
                self.asked.add_permits(1);
                say(&mut stream, status, "application/json", body).await
            }
            Mood::Through | Mood::Endless(_) | Mood::NoToken { .. } => {
                let answer = self.hand_on(&request).await?;
                stream.write_all(&answer).await?;
                stream.shutdown().await
            }
            Mood::Page => {
                self.asked.add_permits(1);
                say(&mut stream, "200 OK", "text/html", PAGE).await
            }
            Mood::Throttled(wait) => {
                self.asked.add_permits(1);
                let (body, wait) = (r#"{"error":429,"errorCode":"RATE_LIMITED"}"#, format!("\r\nretry-after: {wait}"));
                say(&mut stream, "429 Too Many Requests", &format!("application/json{wait}"), body).await
            }
            Mood::Silence => {
                self.asked.add_permits(1);
                stream.read_to_end(&mut Vec::new()).await.map(drop)
            }
        }
    }

    /// What Atlas says to it, as one that closes the connection.
    async fn hand_on(&self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut atlas = TcpStream::connect(&self.atlas).await?;
        let line = request.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        atlas.write_all(&request[..line]).await?;
        atlas.write_all(b"connection: close\r\n").await?;
        atlas.write_all(&request[line..]).await?;
        let mut answer = Vec::new();
        atlas.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

/// Answers in place of Atlas, and closes.
async fn say(stream: &mut (impl AsyncWrite + Unpin), status: &str, kind: &str, body: &str) -> std::io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {length}");
    stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await?;
    stream.shutdown().await
}

/// One request: its head, and as much of a body as that tells of.
async fn read(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if stream.read_buf(&mut request).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if request.starts_with(TLS) {
            return Ok(request);
        }
        let Some(head) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&request[..head]).to_ascii_lowercase();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if request.len() >= head + 4 + length.unwrap_or(0) {
            return Ok(request);
        }
    }
}

/// Answers for as long as anybody listens.
async fn endless(stream: &mut (impl AsyncWrite + Unpin), flow: Flow) -> std::io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n").await?;
    if flow != Flow::Headers {
        stream.write_all(b"\r\n{\"id\": \"").await?;
    }
    loop {
        match flow {
            Flow::Flood => stream.write_all(&[b'a'; 1 << 12]).await?,
            Flow::Headers => stream.write_all(b"x-and-another: one\r\n").await?,
            Flow::Drip => {
                stream.write_all(b"a").await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        stream.flush().await?;
    }
}

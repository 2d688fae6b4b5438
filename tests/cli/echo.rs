//! A server that repeats secrets, in every form, wherever an answer has a place for words.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// The token that it gives out.
pub(crate) const TOKEN: &str = "echo-77aa88bb99cc00dd";

/// What it answers, in words that repeat every secret.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Habit {
    /// An error for whoever signs in.
    RefusesSignIn,
    /// A web page with 200.
    ShowsPage,
    /// An error that concerns one project, with a date after which all is over.
    HoldsProject,
    /// Something that is no HTTP.
    Babbles,
}

/// A secret in the forms that it may come back in.
pub(crate) fn forms(secret: &str) -> Vec<String> {
    let escaped = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat();
    let hex = secret.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let around = ["", "a", "ab", "mdb_sa_id_5f00000000000000000000aa:", "publickey:"];
    let in_base64 = around.iter().flat_map(|before| {
        let text = format!("{before}{secret}");
        [STANDARD.encode(&text), URL_SAFE_NO_PAD.encode(format!("{text}!"))]
    });
    [secret.to_owned(), escaped, hex].into_iter().chain(in_base64).collect()
}

/// Serves on loopback; returns where. It repeats these secrets.
pub(crate) fn serve(habit: Habit, secrets: &[&str]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let echo: Vec<String> = secrets.iter().flat_map(|secret| forms(secret)).collect();
    let echo = echo.join(" ");
    thread::spawn(move || {
        for connection in listener.incoming() {
            let (connection, echo) = (connection.unwrap(), echo.clone());
            thread::spawn(move || answer(connection, habit, &echo));
        }
    });
    url
}

fn answer(mut connection: TcpStream, habit: Habit, echo: &str) {
    let mut head = Vec::new();
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) < 3 {
            break;
        }
        head.push(line.to_ascii_lowercase());
    }
    let signs_in = head.first().is_some_and(|line| line.contains("/api/oauth/token"));
    let signed = head.iter().any(|line| line.starts_with("authorization:"));
    let error =
        |code: &str| format!(r#"{{"error":402,"errorCode":"{code}","detail":"You sent {echo}","reason":"{echo}"}}"#);
    let (status, body) = match habit {
        Habit::Babbles => (echo.to_owned(), String::new()),
        Habit::RefusesSignIn if signs_in => {
            ("401 No".to_owned(), format!(r#"{{"error":"invalid_client","error_description":"You sent {echo}"}}"#))
        }
        _ if signs_in => {
            ("200 OK".to_owned(), format!(r#"{{"access_token":"{TOKEN}","expires_in":3600,"x":"{echo}"}}"#))
        }
        Habit::RefusesSignIn => ("401 No".to_owned(), error("UNEXPECTED_ERROR")),
        _ if !signed => ("401 No".to_owned(), error("UNEXPECTED_ERROR")),
        Habit::ShowsPage => ("200 OK".to_owned(), format!("<html><title>{echo}</title>{echo}</html>")),
        Habit::HoldsProject => ("402 Pay".to_owned(), error("NO_PAYMENT_INFORMATION_FOUND")),
    };
    let challenge =
        r#"Digest realm="MMS Public API", domain="", nonce="bm9uY2U=", algorithm=MD5, qop="auth", stale=false"#;
    let _gone = write!(
        connection,
        "HTTP/1.1 {status}\r\nwww-authenticate: {challenge}\r\nsunset: {echo}\r\ndeprecation: {echo}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
}

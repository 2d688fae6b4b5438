//! Whether a request names this machine as its host.
//!
//! A web page can let its own domain resolve to 127.0.0.1, and then send requests to local servers (DNS rebinding).
//! Such requests name that domain as their host.

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderValue, Request};

use crate::loopback::is_loopback;

/// Whether the request names a host that is not this machine. A request without a host does not come from a browser.
pub(super) fn is_foreign<B>(request: &Request<B>) -> bool {
    let headers = request.headers().get_all(HOST).iter().map(HeaderValue::as_bytes);
    let in_uri = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    headers.chain(in_uri).any(|host| !is_local(host))
}

fn is_local(authority: &[u8]) -> bool {
    Authority::try_from(authority).is_ok_and(|authority| is_loopback(authority.host()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_not_foreign() {
        let of = |host: &str| is_foreign(&Request::get("/").header(HOST, host).body(()).unwrap());
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "127.1.2.3"] {
            assert!(!of(host), "{host}");
        }
        for host in
            ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil", "", "a b"]
        {
            assert!(of(host), "{host}");
        }
        assert!(!is_foreign(&Request::get("/").body(()).unwrap()));
        assert!(is_foreign(&Request::get("http://evil.example/").header(HOST, "localhost").body(()).unwrap()));
    }
}

//! Which hosts are this machine.

use std::net::IpAddr;

/// Whether a host as a URL writes it (a name, an address, an IPv6 address in brackets; no port) is this machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[test]
fn only_names_and_addresses_of_this_machine_are_loopback() {
    for host in ["localhost", "LocalHost", "127.0.0.1", "127.9.8.7", "::1", "[::1]"] {
        assert!(is_loopback(host), "{host}");
    }
    for host in ["", "localhost.example", "10.0.0.1", "[::2]", "127.0.0.1.example", "[", "0.0.0.0"] {
        assert!(!is_loopback(host), "{host}");
    }
}

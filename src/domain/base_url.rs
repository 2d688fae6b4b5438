//! Base URLs that mean the same host, whatever their spelling.

/// A base URL in the one spelling that all its spellings share: in lower case, without the scheme's own port, without
/// the dot that may end a host's name. A text that is no URL, such as `simulation`, is only lowered.
pub fn canonical(url: &str) -> String {
    let lower = url.trim().to_ascii_lowercase();
    let Some((scheme, authority)) = lower.split_once("://") else { return lower };
    let authority = authority.trim_end_matches('/');
    let port = authority.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    let (host, port) = match port {
        Some((host, port)) if (scheme, port) == ("https", 443) || (scheme, port) == ("http", 80) => (host, None),
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_a_host_have_one_canonical_form() {
        for (spelling, wanted) in [
            ("https://Cloud.MongoDB.com", "https://cloud.mongodb.com"),
            ("https://cloud.mongodb.com:443", "https://cloud.mongodb.com"),
            ("HTTPS://cloud.mongodb.com.:0443/", "https://cloud.mongodb.com"),
            ("https://cloud.mongodb.com:80", "https://cloud.mongodb.com:80"),
            ("http://LOCALHOST:80", "http://localhost"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://[::1]", "http://[::1]"),
            ("simulation", "simulation"),
        ] {
            assert_eq!(canonical(spelling), wanted, "{spelling}");
        }
    }
}

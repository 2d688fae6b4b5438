//! The address of Atlas: an HTTPS host, or any host on this machine.

use http::Uri;

use crate::domain::base_url::canonical;
use crate::loopback::is_loopback;

/// Scheme, host and port, and whether that is this machine.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) url: String,
    pub(super) loopback: bool,
}

/// Reads a base URL into its canonical spelling, or says what is wrong with it. What was read is shown only if it holds no password.
pub(super) fn of_text(text: &str) -> Result<Address, String> {
    let text = text.trim();
    if text.contains('@') {
        return Err("must hold no user name and no password: credentials come from their own variables".to_owned());
    }
    let shown: String = text.chars().take(80).collect();
    let wrong = |what: &str| Err(format!("{what} ({shown})"));
    let Ok(uri) = text.parse::<Uri>() else { return wrong("must be a URL such as https://cloud.mongodb.com") };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return wrong("must be a URL such as https://cloud.mongodb.com");
    };
    let bare = uri.path() == "/" && uri.query().is_none() && !text.contains(['#', '?']);
    if !bare {
        return wrong("must be only scheme, host and port: the paths are Drydock's own");
    }
    let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
    if matches!(authority.host(), "" | ".") || (!port.is_empty() && authority.port_u16().is_none_or(|port| port == 0)) {
        return wrong("must name a host, and a port from 1 to 65535 if any");
    }
    let loopback = is_loopback(authority.host());
    match scheme {
        "https" => {}
        "http" if loopback => {}
        "http" => return wrong("must be https: http is for hosts on this machine"),
        _ => return wrong("must be https"),
    }
    Ok(Address { url: canonical(&format!("{scheme}://{authority}")), loopback })
}

//! The proxy that the environment names, looked at before anything goes by it. The HTTP library drops a proxy that it
//! cannot use without a word, and connects directly.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use crate::config::error::ConfigError;

/// The variables that name the proxy for HTTPS, the first that is set counts; and those that name all hosts that are
/// reached without one.
const HTTPS: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const ALL: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NONE: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Refuses a proxy by which `base_url` would be reached and that Drydock cannot use. A proxy's address may hold a
/// password, so that it is not shown.
pub fn check_proxy(base_url: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<(), ConfigError> {
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, env(name)?)));
    let Some((name, value)) = first(HTTPS).or_else(|| first(ALL)) else { return Ok(()) };
    let none = first(NONE).map(|(_, hosts)| hosts).unwrap_or_default();
    let goes_by_proxy =
        |uri: &Uri| Matcher::builder().all("http://proxy.invalid").no(none).build().intercept(uri).is_some();
    if !base_url.parse::<Uri>().is_ok_and(|uri| goes_by_proxy(&uri)) {
        return Ok(());
    }
    match wrong(&value) {
        Some(what) => {
            Err(ConfigError::environment(name, &format!("{what}: it must be like http://proxy.example:3128")))
        }
        None => Ok(()),
    }
}

fn wrong(value: &str) -> Option<String> {
    let Ok(uri) = value.parse::<Uri>() else { return Some("is no address of a proxy".to_owned()) };
    match uri.scheme_str() {
        Some("http" | "https") | None => {}
        Some(scheme) => return Some(format!("names a proxy of the kind {scheme:?}, which Drydock cannot use")),
    }
    let host = uri.authority().map(http::uri::Authority::host).unwrap_or_default();
    host.is_empty().then(|| "names no host".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(set: &[(&str, &str)]) -> Option<String> {
        let env = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        check_proxy("https://cloud.mongodb.com", &env).err().map(|error| error.to_string())
    }

    #[test]
    fn a_proxy_that_would_be_dropped_is_refused_by_its_variable_and_never_shown() {
        for (name, value) in [
            ("HTTPS_PROXY", "socks5://me:s3cret@proxy:1080"),
            ("https_proxy", "http://me:s3cret@pro xy:3128"),
            ("ALL_PROXY", "socks5h://me:s3cret@proxy"),
            ("all_proxy", "ftp://me:s3cret@proxy"),
            ("HTTPS_PROXY", "/s3cret"),
        ] {
            let said = said(&[(name, value)]).unwrap_or_else(|| panic!("{name}={value} was taken"));
            assert!(said.starts_with(&format!("{name}: ")) && !said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn a_usable_or_unneeded_proxy_is_accepted() {
        let socks = ("ALL_PROXY", "socks5://proxy:1080");
        for set in [
            vec![],
            vec![("HTTPS_PROXY", "http://me:s3cret@proxy:3128")],
            vec![("HTTPS_PROXY", "proxy:3128"), socks],
            vec![("NO_PROXY", "mongodb.com"), socks],
            vec![("no_proxy", "*"), ("HTTPS_PROXY", "nonsense://")],
        ] {
            assert_eq!(said(&set), None, "{set:?}");
        }
    }
}

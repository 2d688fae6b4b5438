//! HTTP digest (RFC 7616, MD5, qop `auth`), from the server's side.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use md5::{Digest as _, Md5};

use crate::simulator::seeded_rng::SeededRng;

const REALM: &str = "MMS Public API";

/// After so many uses a nonce is stale.
const MOST_USES: usize = 200;

/// The nonces that were issued.
pub(crate) struct Nonces {
    rng: SeededRng,
    issued: u64,
    /// The counts that each was used with.
    used: HashMap<String, HashSet<u32>>,
}

/// The result of checking an `Authorization` header.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DigestCheck {
    /// The credentials are right.
    Valid,
    /// The credentials are right, but the nonce was used too often.
    StaleNonce,
    /// It is missing, or the credentials are wrong.
    Invalid,
    /// The client violates the protocol.
    ProtocolError { rule: String, stale: bool },
}

impl Nonces {
    pub(crate) fn new(rng: SeededRng) -> Self {
        Self { rng, issued: 0, used: HashMap::new() }
    }

    /// A challenge with a fresh nonce.
    pub(crate) fn challenge(&mut self, stale: bool) -> String {
        self.issued += 1;
        let nonce = STANDARD.encode(self.rng.bytes(24, &["nonce"], self.issued));
        let challenge = format!(
            "Digest realm=\"{REALM}\", domain=\"\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\", stale={stale}"
        );
        self.used.insert(nonce, HashSet::new());
        challenge
    }

    /// Checks a header. Counts may come out of order, but none may come twice.
    pub(crate) fn check(&mut self, header: &str, parts: &Parts, key: (&str, &str)) -> DigestCheck {
        let Some(fields) = header.strip_prefix("Digest ").map(fields) else { return DigestCheck::Invalid };
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let asked = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        if field("uri") != asked {
            return protocol_error(format!("digest: signed {:?}, asked for {asked:?}", field("uri")));
        }
        if field("qop") != "auth" || field("realm") != REALM || field("cnonce").is_empty() {
            return protocol_error("digest: qop, realm or cnonce is missing or wrong".to_owned());
        }
        let count = u32::from_str_radix(field("nc"), 16).unwrap_or(0);
        if field("nc").len() != 8 || count == 0 {
            return protocol_error(format!("digest: {:?} is no nonce count", field("nc")));
        }
        let secret = hash(&format!("{}:{REALM}:{}", key.0, key.1));
        let request = hash(&format!("{}:{asked}", parts.method));
        let (nonce, nc, cnonce) = (field("nonce"), field("nc"), field("cnonce"));
        let right = hash(&format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{request}"));
        if field("username") != key.0 || field("response") != right {
            return DigestCheck::Invalid;
        }
        match self.used.get_mut(nonce) {
            None => DigestCheck::Invalid,
            Some(used) if used.contains(&count) => {
                DigestCheck::ProtocolError { rule: format!("digest: nonce count {nc} was used twice"), stale: true }
            }
            Some(used) if used.len() >= MOST_USES => DigestCheck::StaleNonce,
            Some(used) => {
                used.insert(count);
                DigestCheck::Valid
            }
        }
    }
}

fn protocol_error(rule: String) -> DigestCheck {
    DigestCheck::ProtocolError { rule, stale: false }
}

/// MD5 in hexadecimal.
pub(crate) fn hash(text: &str) -> String {
    format!("{:x}", Md5::digest(text.as_bytes()))
}

/// The fields of a header, quoted or not.
pub(crate) fn fields(mut rest: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    while let Some((name, after)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',']).to_ascii_lowercase();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        fields.insert(name, value.trim().to_owned());
        rest = next;
    }
    fields
}

//! HTTP digest (RFC 7616, MD5, qop `auth`), from the server's side.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use md5::{Digest as _, Md5};

use super::dice::Dice;

const REALM: &str = "MMS Public API";

/// After so many uses a nonce is stale.
const USES: usize = 200;

/// The nonces that were handed out.
pub(super) struct Nonces {
    dice: Dice,
    given: u64,
    /// The counts that each was used with.
    used: HashMap<String, HashSet<u32>>,
}

/// What an `Authorization` header is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is right.
    Welcome,
    /// It is right, but the nonce has had its day.
    Stale,
    /// It is missing or wrong.
    Stranger,
    /// The client does not keep to the protocol.
    Broken { rule: String, stale: bool },
}

impl Nonces {
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice, given: 0, used: HashMap::new() }
    }

    /// A challenge with a fresh nonce.
    pub(super) fn challenge(&mut self, stale: bool) -> String {
        self.given += 1;
        let nonce = STANDARD.encode(self.dice.bytes(24, &["nonce"], self.given));
        let challenge = format!(
            "Digest realm=\"{REALM}\", domain=\"\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\", stale={stale}"
        );
        self.used.insert(nonce, HashSet::new());
        challenge
    }

    /// Checks a header; a count may come late, but none may come twice.
    pub(super) fn check(&mut self, header: &str, parts: &Parts, key: (&str, &str)) -> Verdict {
        let Some(fields) = header.strip_prefix("Digest ").map(fields) else { return Verdict::Stranger };
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let asked = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        if field("uri") != asked {
            return broken(format!("digest: signed {:?}, asked for {asked:?}", field("uri")));
        }
        if field("qop") != "auth" || field("realm") != REALM || field("cnonce").is_empty() {
            return broken("digest: qop, realm or cnonce is missing or wrong".to_owned());
        }
        let count = u32::from_str_radix(field("nc"), 16).unwrap_or(0);
        if field("nc").len() != 8 || count == 0 {
            return broken(format!("digest: {:?} is no nonce count", field("nc")));
        }
        let secret = hash(&format!("{}:{REALM}:{}", key.0, key.1));
        let request = hash(&format!("{}:{asked}", parts.method));
        let (nonce, nc, cnonce) = (field("nonce"), field("nc"), field("cnonce"));
        let right = hash(&format!("{secret}:{nonce}:{nc}:{cnonce}:auth:{request}"));
        if field("username") != key.0 || field("response") != right {
            return Verdict::Stranger;
        }
        match self.used.get_mut(nonce) {
            None => Verdict::Stranger,
            Some(used) if used.contains(&count) => {
                Verdict::Broken { rule: format!("digest: nonce count {nc} was used twice"), stale: true }
            }
            Some(used) if used.len() >= USES => Verdict::Stale,
            Some(used) => {
                used.insert(count);
                Verdict::Welcome
            }
        }
    }
}

fn broken(rule: String) -> Verdict {
    Verdict::Broken { rule, stale: false }
}

/// MD5 in hexadecimal, as the digest wants it.
pub(super) fn hash(text: &str) -> String {
    format!("{:x}", Md5::digest(text.as_bytes()))
}

/// The fields of a header, quoted or not.
pub(super) fn fields(mut rest: &str) -> HashMap<String, String> {
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

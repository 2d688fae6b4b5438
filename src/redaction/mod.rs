//! Text without the secrets of this process.
//!
//! A server, a proxy or a driver may repeat what it was sent, as it was sent or in another form. Whatever comes from
//! outside goes through a [`Redactor`] before it is kept, and whatever goes to standard error once more.

mod forms;

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};

use memchr::memmem::Finder;

/// What stands in a secret's place.
pub const MASK: &str = "***";

/// Fewer bytes are no secret, but a word that may stand anywhere.
const SHORTEST: usize = 8;

/// Tokens are renewed every hour. An older one has expired.
const TOKENS_KEPT: usize = 4;

/// Knows every secret of this process in every form that it may come back in. Clones share what they know.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    /// What was set by the user: it stays.
    fixed: Vec<Finder<'static>>,
    /// What was fetched, the newest last.
    tokens: Vec<Vec<Finder<'static>>>,
}

impl Redactor {
    /// From now on this is a secret.
    pub fn hide(&self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.add(finders(forms::of_secret(secret)));
        }
    }

    /// From now on this is a secret that goes with a name, as in `Authorization: Basic`.
    pub fn hide_pair(&self, name: &str, secret: &str) {
        if secret.len() >= SHORTEST {
            self.hide(secret);
            self.add(finders(forms::of_pair(name, secret)));
        }
    }

    /// Knows the password in this URL alone, however short it is: for what is said of this URL.
    pub fn of_url(url: &str) -> Self {
        let redactor = Self::default();
        redactor.hide_url(url);
        if let Some((_, password)) = forms::user_info(url).filter(|(_, password)| !password.is_empty()) {
            redactor.add(finders(
                [Some(password.to_owned()), forms::percent_decoded(password)].into_iter().flatten().collect(),
            ));
        }
        redactor
    }

    /// From now on the password in this URL, if it has one, is a secret.
    pub fn hide_url(&self, url: &str) {
        let Some((name, password)) = forms::user_info(url) else { return };
        self.hide_pair(name, password);
        let decoded = |text| forms::percent_decoded(text).unwrap_or_else(|| String::from(text));
        self.hide_pair(&decoded(name), &decoded(password));
    }

    /// From now on this is a secret, until a few newer ones have come.
    pub fn hide_token(&self, token: &str) {
        if token.len() < SHORTEST {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.tokens.push(finders(forms::of_secret(token)));
        let old = known.tokens.len().saturating_sub(TOKENS_KEPT);
        known.tokens.drain(..old);
    }

    /// The text with [`MASK`] for every secret: those that are known, and what has the form of one (a service account's
    /// secret, a JSON web token, a password in a URL). A secret that was written in escapes is replaced in a text
    /// without them.
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut clean = self.replace(text);
        for decode in [forms::unescaped, forms::percent_decoded] {
            let Some(decoded) = decode(&clean) else { continue };
            if let Cow::Owned(redacted) = self.replace(&decoded) {
                clean = Cow::Owned(redacted);
            }
        }
        clean
    }

    fn add(&self, more: Vec<Finder<'static>>) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.fixed.extend(more);
        // Where one form is a part of another, the longer one goes first.
        known.fixed.sort_by_key(|finder| std::cmp::Reverse(finder.needle().len()));
        known.fixed.dedup_by(|one, other| one.needle() == other.needle());
    }

    fn replace<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let mut clean = Cow::Borrowed(text);
        for finder in known.fixed.iter().chain(known.tokens.iter().flatten()) {
            if finder.find(clean.as_bytes()).is_some() {
                let needle = String::from_utf8_lossy(finder.needle());
                clean = Cow::Owned(clean.replace(&*needle, MASK));
            }
        }
        match forms::masked(&clean) {
            Some(masked) => Cow::Owned(masked),
            None => clean,
        }
    }
}

fn finders(mut forms: Vec<String>) -> Vec<Finder<'static>> {
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms.iter().map(|form| Finder::new(form.as_bytes()).into_owned()).collect()
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Redactor(..)")
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    const SECRET: &str = "s3cr/t \"é\" +x1";

    #[test]
    fn a_secret_is_found_in_every_form() {
        let redactor = Redactor::default();
        redactor.hide_pair("mdb_sa_id_1", SECRET);
        let json = serde_json::to_string(SECRET).unwrap();
        let escaped = SECRET.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect::<Vec<_>>().concat();
        let hex = SECRET.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        let form: String = form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
        let mut forms = vec![
            SECRET.to_owned(),
            json.clone(),
            json.replace('/', "\\/"),
            escaped,
            hex.to_lowercase(),
            hex,
            form.to_lowercase(),
            STANDARD.encode(format!("mdb_sa_id_1:{form}")),
            form,
        ];
        for before in ["", "a", "ab", "abc", "mdb_sa_id_1:"] {
            forms.push(STANDARD.encode(format!("{before}{SECRET}")));
            forms.push(URL_SAFE_NO_PAD.encode(format!("{before}{SECRET}yz")));
            forms.push(STANDARD.encode(format!("{before}{SECRET}")).replace('/', "\\/"));
        }
        for form in forms {
            let clean = redactor.redact(&format!("it says {form}, twice: {form}")).into_owned();
            assert!(clean.starts_with("it says ") && clean.contains(MASK), "{form}: {clean}");
            assert!(!clean.contains(&form) && clean.len() < 60, "{form}: {clean}");
        }
    }

    #[test]
    fn text_in_the_form_of_a_secret_is_masked() {
        let redactor = Redactor::default();
        let clean = |text: &str| redactor.redact(text).into_owned();
        assert_eq!(clean("must be a URL (mdb_sa_sk_Ab-12_9)"), "must be a URL (mdb_sa_sk_***)");
        let token = "eyJhbGciOiJFUzUxMiJ9.eyJpc3MiOiJodHRwcyJ9.c2lnbmF0dXJl-_x";
        assert_eq!(clean(&format!("Bearer {token}, no more")), "Bearer ***, no more");
        assert_eq!(clean("postgres://u:p@ss/w@h:5432/db is"), "postgres://u:***@h:5432/db is");
        assert_eq!(clean("\"postgres://h/d?sslmode=no&pwd=x@y&a=b\""), "\"postgres://h/d?sslmode=no&pwd=***&a=b\"");
        for plain in ["https://h:1/x", "mongodb+srv://a.b.mongodb.net", "eyJust.a word", "https://h:1 and a@b", "100 %"]
        {
            assert!(matches!(redactor.redact(plain), Cow::Borrowed(_)), "{plain}");
        }
    }

    #[test]
    fn a_short_word_is_no_secret_and_an_old_token_is_forgotten() {
        let redactor = Redactor::default();
        redactor.hide("short");
        (0..9).for_each(|number| redactor.hide_token(&format!("token-no-{number}")));
        assert_eq!(redactor.redact("short token-no-4 token-no-8"), "short token-no-4 ***");
        redactor.hide_url("http://proxy:p%40ssw%C3%B6rd@h:1");
        assert_eq!(redactor.redact("p@sswörd p%40ssw%C3%B6rd"), "*** ***");
    }

    #[test]
    fn a_long_text_full_of_beginnings_is_redacted_in_one_pass() {
        let redactor = Redactor::default();
        redactor.hide(SECRET);
        for head in ["eyJ", "://", "mdb_sa_sk_", "?pwd=", "&password=", "\\", "%25", "eyJ.", "://u:"] {
            let text = head.repeat((4 << 20) / head.len());
            // With a quadratic one this test has no end.
            let clean = redactor.redact(&format!("{text} {SECRET}")).into_owned();
            assert!(clean.ends_with(" ***"), "{head}");
        }
    }

    #[test]
    fn what_is_masked_twice_is_masked_to_its_end() {
        let clean = |text: &str| Redactor::default().redact(text).into_owned();
        assert_eq!(clean("is x://u:p?pwd=a@b it"), "is x://u:*** it");
        assert_eq!(clean("x://h/?to=y://u:p@h it"), "x://h/?to=y:***@h it");
        let token = "eyJhbGciOiJFUzUxMiJ9.eyJpc3MiOiJodHRwcyJ9.c2lnbmF0dXJl";
        assert_eq!(clean(&format!("eyJust.{token}")), "***");
    }
}

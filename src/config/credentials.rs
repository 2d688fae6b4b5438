//! The credentials, which come from the environment alone.

use http::HeaderValue;
use secrecy::SecretString;

use crate::atlas::{CredentialForm, Credentials};
use crate::config::error::{ConfigError, Problem};

const ACCESS_TOKEN: &str = "MONGODB_ATLAS_ACCESS_TOKEN";
const CLIENT_ID: &str = "MONGODB_ATLAS_CLIENT_ID";
const CLIENT_SECRET: &str = "MONGODB_ATLAS_CLIENT_SECRET";
const PUBLIC_KEY: &str = "MONGODB_ATLAS_PUBLIC_API_KEY";
const PRIVATE_KEY: &str = "MONGODB_ATLAS_PRIVATE_API_KEY";

/// The variables that hold a secret, whether or not it is used.
pub const SECRETS: [&str; 3] = [ACCESS_TOKEN, CLIENT_SECRET, PRIVATE_KEY];

/// What is set of the credentials, the first kind that is: a bearer token, a service account, an API key. One that
/// stands in the variable of another is refused, and not shown.
pub fn credentials(env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Credentials>, ConfigError> {
    let set = |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    if let Some(token) = set(ACCESS_TOKEN) {
        refuse_unsendable(ACCESS_TOKEN, &token)?;
        refuse_misplaced(&[(ACCESS_TOKEN, &token)])?;
        return Ok(Some(Credentials::Bearer(SecretString::from(token))));
    }
    if let Some((client_id, secret)) = pair(&set, CLIENT_ID, CLIENT_SECRET)? {
        refuse_misplaced(&[(CLIENT_ID, &client_id), (CLIENT_SECRET, &secret)])?;
        let client_secret = SecretString::from(secret);
        return Ok(Some(Credentials::ServiceAccount { client_id, client_secret }));
    }
    let Some((public_key, private)) = pair(&set, PUBLIC_KEY, PRIVATE_KEY)? else { return Ok(None) };
    refuse_unsendable(PUBLIC_KEY, &public_key)?;
    refuse_misplaced(&[(PUBLIC_KEY, &public_key), (PRIVATE_KEY, &private)])?;
    let private_key = SecretString::from(private);
    Ok(Some(Credentials::Digest { public_key, private_key }))
}

/// What goes into a header as it stands must be able to. The value is not shown.
fn refuse_unsendable(name: &str, value: &str) -> Result<(), ConfigError> {
    let what = "holds a line break, or another character that no header may hold: copy it anew";
    if HeaderValue::from_str(value).is_ok() { Ok(()) } else { Err(ConfigError::environment(name, what)) }
}

/// Both halves or none: half a pair is a slip, and to fall back to other credentials would hide it.
fn pair(
    set: &dyn Fn(&str) -> Option<String>,
    name: &str,
    secret: &str,
) -> Result<Option<(String, String)>, ConfigError> {
    match (set(name), set(secret)) {
        (Some(one), Some(other)) => Ok(Some((one, other))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(ConfigError::environment(secret, &format!("is missing, although {name} is set"))),
        (None, Some(_)) => Err(ConfigError::environment(name, &format!("is missing, although {secret} is set"))),
    }
}

/// Each of these variables whose value has the form of what belongs in another one. The values are not shown.
fn refuse_misplaced(set: &[(&str, &str)]) -> Result<(), ConfigError> {
    let misplaced = set.iter().filter_map(|(name, value)| {
        let form = CredentialForm::of(value)?;
        let home = home(form);
        if home == *name || form == CredentialForm::PublicKey && !is_public_key_beside(set, name) {
            return None;
        }
        let swapped = if set.iter().any(|(other, _)| *other == home) { ": are the two swapped?" } else { "" };
        let what = format!("holds {}, which belongs in {home}{swapped}", form.words());
        Some(Problem { file: None, line: None, key: (*name).to_owned(), what })
    });
    let misplaced: Vec<Problem> = misplaced.collect();
    if misplaced.is_empty() { Ok(()) } else { Err(ConfigError::new(misplaced, 0)) }
}

/// Any word of eight letters may be a token or a secret. As a private key it is a public one if that in the public
/// key's place is none.
fn is_public_key_beside(set: &[(&str, &str)], name: &str) -> bool {
    let public = set.iter().find(|(name, _)| *name == PUBLIC_KEY).and_then(|(_, value)| CredentialForm::of(value));
    name == PRIVATE_KEY && public.is_some_and(|form| form != CredentialForm::PublicKey)
}

fn home(form: CredentialForm) -> &'static str {
    match form {
        CredentialForm::AccessToken => ACCESS_TOKEN,
        CredentialForm::ClientId => CLIENT_ID,
        CredentialForm::ClientSecret => CLIENT_SECRET,
        CredentialForm::PublicKey => PUBLIC_KEY,
        CredentialForm::PrivateKey => PRIVATE_KEY,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said where these variables are set; nothing if nothing is wrong.
    fn said(set: &[(&str, &str)]) -> Option<String> {
        let env = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        credentials(&env).err().map(|error| error.to_string())
    }

    const ID: &str = "mdb_sa_id_5f00000000000000000000aa";
    const SECRET: &str = "mdb_sa_sk_9d2bfa6650c84f17";
    const UUID: &str = "b1946ac9-2c4b-4d1a-9f3e-0123456789ab";
    const TOKEN: &str = "eyJhbGciOiJFUzUxMiJ9.eyJpc3MiOiJodHRwcyJ9.c2ln";

    #[test]
    fn credentials_in_the_wrong_variable_are_refused_and_not_shown() {
        let wrong: [&[(&str, &str)]; 9] = [
            &[(CLIENT_ID, SECRET), (CLIENT_SECRET, ID)],
            &[(CLIENT_ID, SECRET), (CLIENT_SECRET, SECRET)],
            &[(PUBLIC_KEY, UUID), (PRIVATE_KEY, "abcdwxyz")],
            &[(CLIENT_ID, SECRET), (CLIENT_SECRET, "mdb_sa_sk_another_one")],
            &[(ACCESS_TOKEN, SECRET)],
            &[(ACCESS_TOKEN, UUID)],
            &[(CLIENT_ID, TOKEN), (CLIENT_SECRET, SECRET)],
            &[(PUBLIC_KEY, ID), (PRIVATE_KEY, SECRET)],
            &[(CLIENT_ID, ID), (CLIENT_SECRET, UUID)],
        ];
        for set in wrong {
            let said = said(set).unwrap();
            let first = set.iter().find(|(name, _)| said.starts_with(name));
            assert!(first.is_some() && said.contains("belongs in MONGODB_ATLAS_"), "{said}");
            assert!(set.iter().all(|(_, value)| !said.contains(value)), "{said}");
        }
        let swapped = said(wrong[0]).unwrap();
        assert!(swapped.starts_with(
            "MONGODB_ATLAS_CLIENT_ID: holds the secret of a service account, which belongs in \
             MONGODB_ATLAS_CLIENT_SECRET: are the two swapped?"
        ));
    }

    #[test]
    fn what_no_header_may_hold_is_refused_by_its_variable_and_not_shown() {
        for set in [&[(ACCESS_TOKEN, "s3cret\nand-more")][..], &[(PUBLIC_KEY, "s3cret\u{7}"), (PRIVATE_KEY, "x")]] {
            let said = said(set).unwrap();
            assert!(said.starts_with(set[0].0) && said.contains("line break") && !said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn credentials_in_their_place_and_of_no_known_form_are_taken() {
        let right: [&[(&str, &str)]; 6] = [
            &[(CLIENT_ID, ID), (CLIENT_SECRET, SECRET)],
            &[(CLIENT_ID, "me"), (CLIENT_SECRET, "it's +me")],
            &[(PUBLIC_KEY, "abcdwxyz"), (PRIVATE_KEY, UUID)],
            &[(PUBLIC_KEY, "abcdwxyz"), (PRIVATE_KEY, "whatever")],
            &[(ACCESS_TOKEN, TOKEN)],
            &[(ACCESS_TOKEN, "anything")],
        ];
        for set in right {
            assert_eq!(said(set), None, "{set:?}");
        }
    }
}

//! The credentials, which come from the environment alone.

use secrecy::SecretString;

use crate::atlas::Credentials;
use crate::config::error::ConfigError;

/// What is set of the credentials, the first kind that is: a bearer token, a service account, an API key.
pub fn credentials(env: &dyn Fn(&str) -> Option<String>) -> Result<Option<Credentials>, ConfigError> {
    let set = |name: &str| env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    if let Some(token) = set("MONGODB_ATLAS_ACCESS_TOKEN") {
        return Ok(Some(Credentials::Bearer(SecretString::from(token))));
    }
    if let Some((client_id, secret)) = pair(&set, "MONGODB_ATLAS_CLIENT_ID", "MONGODB_ATLAS_CLIENT_SECRET")? {
        let client_secret = SecretString::from(secret);
        return Ok(Some(Credentials::ServiceAccount { client_id, client_secret }));
    }
    let key = pair(&set, "MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY")?;
    Ok(key.map(|(public_key, private)| {
        let private_key = SecretString::from(private);
        Credentials::Digest { public_key, private_key }
    }))
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

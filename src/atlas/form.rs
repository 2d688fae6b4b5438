//! The forms of Atlas's credentials, by which one is known that stands in the wrong place.

/// What a value seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialForm {
    /// A JSON web token: three parts in base64.
    AccessToken,
    /// `mdb_sa_id_` and 24 hex digits (Atlas's API specification).
    ClientId,
    /// `mdb_sa_sk_` and what follows.
    ClientSecret,
    /// Eight lower-case letters.
    PublicKey,
    /// A UUID.
    PrivateKey,
}

impl CredentialForm {
    /// The form of a value; nothing if it has none of them.
    pub fn of(value: &str) -> Option<Self> {
        if Self::is_client_id(value) {
            Some(Self::ClientId)
        } else if value.starts_with("mdb_sa_sk_") {
            Some(Self::ClientSecret)
        } else if value.starts_with("eyJ") && value.split('.').count() == 3 {
            Some(Self::AccessToken)
        } else if value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_lowercase()) {
            Some(Self::PublicKey)
        } else {
            is_uuid(value).then_some(Self::PrivateKey)
        }
    }

    /// Whether this is the client id of a service account.
    pub(super) fn is_client_id(value: &str) -> bool {
        value.starts_with("mdb_sa_id_")
    }

    /// Whether this may be the public half of an API key: letters, and not many.
    pub(super) fn may_be_public_key(value: &str) -> bool {
        value.len() <= 16 && value.bytes().all(|byte| byte.is_ascii_alphabetic())
    }

    /// What it is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::AccessToken => "an access token",
            Self::ClientId => "the client id of a service account",
            Self::ClientSecret => "the secret of a service account",
            Self::PublicKey => "the public key of an API key",
            Self::PrivateKey => "the private key of an API key",
        }
    }
}

fn is_uuid(value: &str) -> bool {
    let lengths = value.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && value.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_credential_is_known_by_its_form() {
        let known = [
            ("eyJhbGciOiJFUzUxMiJ9.eyJpc3MiOiJodHRwcyJ9.c2ln", CredentialForm::AccessToken),
            ("mdb_sa_id_5f00000000000000000000aa", CredentialForm::ClientId),
            ("mdb_sa_sk_9d2bfa6650c84f17", CredentialForm::ClientSecret),
            ("abcdwxyz", CredentialForm::PublicKey),
            ("B1946ac9-2c4b-4d1a-9f3e-0123456789ab", CredentialForm::PrivateKey),
        ];
        for (value, form) in known {
            assert_eq!(CredentialForm::of(value), Some(form), "{value}");
        }
        for other in ["tok-3f9c1e77a2d84b60", "publickey", "b1946ac9-2c4b-4d1a-9f3e-private", ""] {
            assert_eq!(CredentialForm::of(other), None, "{other}");
        }
    }
}

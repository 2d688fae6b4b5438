//! Who Drydock is to Atlas.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::atlas::form::CredentialForm;
use crate::redaction::Redactor;

/// One of the three ways in which Atlas lets a program in (Atlas documentation, "API authentication").
#[derive(Clone)]
pub enum Credentials {
    /// A token that someone else fetched; it is used as it stands and never renewed.
    Bearer(SecretString),
    /// A service account: OAuth 2 client credentials, exchanged for tokens of an hour.
    ServiceAccount {
        /// `mdb_sa_id_` and 24 hex digits.
        client_id: String,
        /// Its secret.
        client_secret: SecretString,
    },
    /// A programmatic API key: HTTP digest (RFC 7616).
    Digest {
        /// The user name.
        public_key: String,
        /// The password.
        private_key: SecretString,
    },
}

impl Credentials {
    /// The identity in words, without anything secret: a name that has not the form of one is not shown, since it may
    /// be what was meant for another variable.
    pub fn who(&self) -> String {
        match self {
            Self::Bearer(_) => "bearer token".to_owned(),
            Self::ServiceAccount { client_id, .. } if CredentialForm::is_client_id(client_id) => {
                format!("service account {client_id}")
            }
            Self::ServiceAccount { .. } => "service account (a client id of unknown form)".to_owned(),
            Self::Digest { public_key, .. } if CredentialForm::may_be_public_key(public_key) => {
                format!("API key {public_key}")
            }
            Self::Digest { .. } => "API key (a public key of unknown form)".to_owned(),
        }
    }

    /// Makes known what is secret of them.
    pub(super) fn hide(&self, redactor: &Redactor) {
        match self {
            Self::Bearer(token) => redactor.hide(token.expose_secret()),
            Self::ServiceAccount { client_id, client_secret } => {
                redactor.hide_pair(client_id, client_secret.expose_secret());
            }
            Self::Digest { public_key, private_key } => redactor.hide_pair(public_key, private_key.expose_secret()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Credentials({})", self.who())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_and_who_name_the_account_and_no_secret() {
        let account = Credentials::ServiceAccount { client_id: "mdb_sa_id_1".into(), client_secret: "s3cret".into() };
        assert_eq!(account.who(), "service account mdb_sa_id_1");
        assert_eq!(format!("{account:?}"), "Credentials(service account mdb_sa_id_1)");
        let slip = Credentials::ServiceAccount { client_id: "s3cret".into(), client_secret: "mdb_sa_id_1".into() };
        assert_eq!(slip.who(), "service account (a client id of unknown form)");
        let slip = Credentials::Digest { public_key: "s3cret-key".into(), private_key: "PUBLIC".into() };
        assert_eq!(slip.who(), "API key (a public key of unknown form)");
        let key = Credentials::Digest { public_key: "PUBLIC".into(), private_key: "s3cret".into() };
        assert_eq!(format!("{key:?}"), "Credentials(API key PUBLIC)");
        assert_eq!(format!("{:?}", Credentials::Bearer("s3cret".into())), "Credentials(bearer token)");
    }
}

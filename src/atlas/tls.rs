//! What is wrong with a secure connection, in words that say what to do about it.

use std::error::Error;
use std::io;

use rustls::CertificateError as Wrong;

/// What TLS says is wrong, if that is why no connection could be made.
pub(super) fn trouble(error: &(dyn Error + 'static)) -> Option<String> {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref::<rustls::Error>() {
            return Some(words(tls));
        }
        // An I/O error shows the cause of what it wraps, and not what it wraps.
        let wrapped = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = match wrapped {
            Some(wrapped) => Some(wrapped),
            None => inner.source(),
        };
    }
    None
}

fn words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(wrong) => certificate(wrong),
        rustls::Error::InvalidMessage(_) => {
            "the other side does not speak TLS: check the scheme and the port of base_url, and HTTPS_PROXY".to_owned()
        }
        other => format!("{other}: is there a proxy in between that does not know this version of TLS?"),
    }
}

fn certificate(wrong: &Wrong) -> String {
    match wrong {
        Wrong::Expired | Wrong::ExpiredContext { .. } => {
            "the certificate of the other side has expired: check this machine's clock, and then who answers there"
                .to_owned()
        }
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            "the certificate of the other side is not valid yet: is this machine's clock right?".to_owned()
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            "the certificate of the other side is for another host: check base_url, and whether a proxy or a login \
             page of the network answers"
                .to_owned()
        }
        // Who signs for itself is a stranger, whatever TLS calls it.
        Wrong::UnknownIssuer | Wrong::BadSignature | Wrong::Other(_) => {
            "the certificate of the other side is signed by nobody whom this machine trusts: if a proxy of your \
             company opens TLS, name the file of its CA in SSL_CERT_FILE"
                .to_owned()
        }
        other => format!("the certificate of the other side is no good ({other})"),
    }
}

//! Somebody answers who cannot show that it is Atlas.

use std::fmt::Write;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::atlas::Atlas;
use crate::luck::front::Front;
use crate::process::Running;
use crate::scrub::scrub;
use crate::workdir::{TOKEN, Workdir};

/// Who signs.
type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// One that shows a certificate for `name`, from 2020 until the end of `until`.
fn acceptor(authority: &Authority, name: &str, until: i32) -> TlsAcceptor {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 12, 31);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// Signed in, and trusting whom `ca.pem` says.
fn environment(dir: &Workdir) -> Vec<(String, String)> {
    let ca = dir.path().join("ca.pem").display().to_string();
    let mut environment = vec![("SSL_CERT_FILE".to_owned(), ca)];
    environment.extend(TOKEN.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    environment
}

fn start(dir: &Workdir, words: &[&str]) -> Running {
    let environment = environment(dir);
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (&**name, &**value)).collect();
    Running::start(&mut dir.command(&environment, words))
}

#[test]
fn a_certificate_that_is_no_good_ends_the_run_before_anything_is_sent() {
    let dir = Workdir::with_fleet(1, 2);
    let atlas = Atlas::serve(&dir, &[]);
    let (ours, theirs) = (authority("ours"), authority("theirs"));
    dir.write("ca.pem", &ours.pem());
    let good = acceptor(&ours, "localhost", 2090);
    let doors = [
        ("signed by a stranger", Some(acceptor(&theirs, "localhost", 2090))),
        ("for another host", Some(acceptor(&ours, "portal.example", 2090))),
        ("expired", Some(acceptor(&ours, "localhost", 2021))),
        ("no TLS at all", None),
    ];
    let front = Front::open(&atlas.url, Some(good.clone()));
    dir.aim(&front.url);
    let mut said = String::new();
    for (what, tls) in doors {
        front.shows(tls);
        let run = start(&dir, &["run", "fast.toml", "-q"]).end().with(2);
        writeln!(said, "{what}\n{}\n", run.stderr.lines().last().unwrap()).unwrap();
    }
    insta::assert_snapshot!(scrub(&said.replace(&front.url, "https://[ADDR]"), &dir));
    front.shows(Some(good));
    start(&dir, &["run", "fast.toml", "-q"]).end().with(0);
    atlas.stop().are_clean(2);
}

#[test]
fn a_certificate_that_turns_bad_in_the_middle_is_named_and_waited_out() {
    let dir = Workdir::with_fleet(4, 3);
    let atlas = Atlas::serve(&dir, &[]);
    let ours = authority("ours");
    dir.write("ca.pem", &ours.pem());
    let good = acceptor(&ours, "localhost", 2090);
    let front = Front::open(&atlas.url, Some(good.clone()));
    dir.aim_slowly(&front.url);
    let mut run = start(&dir, &["run", "fast.toml", "-v", "--progress", "none"]);
    run.logs("submitting -> upgrading");
    front.shows(Some(acceptor(&authority("theirs"), "localhost", 2090)));
    run.logs("TLS_FAILED");
    front.shows(Some(good));
    run.end().with(0);
    atlas.stop().are_clean(12);
}

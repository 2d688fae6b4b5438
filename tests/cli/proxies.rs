//! Proxies that no waiting makes usable.

use std::io::{Read, Write};
use std::net::TcpListener;

use crate::workdir::{TOKEN, Workdir};

fn aimed_far_away() -> Workdir {
    let dir = Workdir::with_fleet(1, 1);
    dir.aim("https://atlas.invalid");
    dir
}

#[test]
fn a_proxy_that_wants_a_password_ends_the_run_and_names_its_variable() {
    let dir = aimed_far_away();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://me:s3cret@{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _asked = stream.read(&mut [0; 4096]).unwrap();
            let _gone = stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let account = [
        ("MONGODB_ATLAS_CLIENT_ID", "mdb_sa_id_5f00000000000000000000aa"),
        ("MONGODB_ATLAS_CLIENT_SECRET", "mdb_sa_sk_9d2bfa6650c84f17"),
    ];
    for credentials in [&TOKEN[..], &account] {
        let environment = [credentials, &[("HTTPS_PROXY", &proxy)]].concat();
        let run = dir.run_as(&environment, &["run", "fast.toml", "--yes", "-q"]).with(2);
        let said = run.stderr.lines().last().unwrap();
        assert!(said.contains("HTTPS_PROXY") && said.contains("407"), "{said}");
        assert!(!run.whole().contains("s3cret"), "{}", run.whole());
    }
}

#[test]
fn a_socks_proxy_is_refused_and_nothing_is_connected_to_directly() {
    let dir = aimed_far_away();
    for command in ["run", "plan"] {
        let environment = [TOKEN[0], ("ALL_PROXY", "socks5://me:s3cret@127.0.0.1:1")];
        let words: &[&str] = if command == "run" { &["run", "fast.toml", "--yes"] } else { &["plan", "fast.toml"] };
        let ended = dir.run_as(&environment, words).with(2);
        assert!(ended.stderr.contains("ALL_PROXY: names a proxy of the kind \"socks5\""), "{}", ended.stderr);
        assert!(!ended.whole().contains("s3cret"), "{}", ended.whole());
    }
}

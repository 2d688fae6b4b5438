//! What `drydock run` refuses to begin.

use std::io::{BufRead, BufReader, ErrorKind};
use std::net::TcpListener;

use crate::process::Running;
use crate::scrub::scrub;
use crate::workdir::{TOKEN, Workdir};

#[test]
fn nothing_is_begun_without_credentials() {
    let dir = Workdir::with_fleet(1, 1);
    let none = dir.run_as(&[], &["run", "fast.toml", "--yes"]).with(2);
    let half = [("MONGODB_ATLAS_CLIENT_ID", "mdb_sa_id_1")];
    let half = dir.run_as(&half, &["run", "fast.toml", "--yes"]).with(2);
    insta::assert_snapshot!(scrub(&format!("{}{}", none.whole(), half.whole()), &dir));
    assert!(!dir.has("drydock.db") && !dir.has("reports"));
}

/// Every request to a host elsewhere would come by here: it is the proxy. (192.0.2.1 is nobody's.)
#[test]
fn without_a_terminal_a_host_elsewhere_is_asked_nothing_before_somebody_says_yes() {
    let dir = Workdir::with_fleet(2, 2);
    dir.aim("https://192.0.2.1");
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let environment = [TOKEN[0], ("HTTPS_PROXY", address.as_str())];

    let refused = dir.run_as(&environment, &["run", "fast.toml"]).with(2);
    insta::assert_snapshot!(scrub(&refused.whole(), &dir));
    proxy.set_nonblocking(true).unwrap();
    assert_eq!(proxy.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "there was a request");

    proxy.set_nonblocking(false).unwrap();
    let _run = Running::start(&mut dir.command(&environment, &["run", "fast.toml", "--yes"]));
    let mut request = String::new();
    BufReader::new(proxy.accept().unwrap().0).read_line(&mut request).unwrap();
    assert!(request.starts_with("CONNECT 192.0.2.1:443 "), "{request}");
}

#[test]
fn a_bad_fleet_is_not_loaded_not_even_its_good_rows() {
    let dir = Workdir::with_fleet(1, 3);
    let bad = dir.read("fleet.csv").replace("orders-2,AWS", "orders 2,AWS");
    dir.write("fleet.csv", &bad);
    let refused = dir.run_as(&[], &["run", "fast.toml", "--simulate"]).with(2);
    assert!(refused.stderr.contains("fleet.csv:4:cluster_name: "), "{}", refused.stderr);
    let status = dir.run(&["status", "--json"]).with(2);
    assert!(status.stderr.contains("holds no campaign yet"), "{}", status.stderr);
}

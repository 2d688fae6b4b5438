//! The reader of traces, on lines that `strace` 6.1 wrote.

use crate::trace::parse;

pub(crate) const TRACE: &str = r#"20390 openat(AT_FDCWD</srv>, "drydock.db", O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 9</srv/drydock.db>
20398 openat(AT_FDCWD</srv>, "/srv/drydock.db-wal", O_RDWR|O_CREAT|O_NOFOLLOW|O_CLOEXEC, 0600) = 11</srv/drydock.db-wal>
20398 pwrite64(11</srv/drydock.db-wal>, "7\177\6\202) = 1", 9, 0) = 9
20398 fsync(11</srv/drydock.db-wal> <unfinished ...>
20397 writev(23<TCP:[127.0.0.1:33084->127.0.0.1:40839]>, [{iov_base="POST /a HTTP/1.1\r\n\r\n", iov_len=20}, {iov_base="{\"name\":\"orders-0\"}", iov_len=19}], 2) = 39
20398 <... fsync resumed>)              = 0
20398 openat(AT_FDCWD</srv>, "/srv", O_RDONLY|O_CLOEXEC) = 12</srv>
20398 fsync(12</srv>)                   = 0
20398 pwrite64(11</srv/drydock.db-wal>, "\0\0", 2, 9) = 2
20398 unlink("/srv/drydock.db-journal")  = -1 ENOENT (No such file or directory)
20397 --- SIGPIPE {si_signo=SIGPIPE, si_code=SI_USER} ---
20398 fsync(11</srv/drydock.db-wal> <unfinished ...>) = ?
20398 +++ killed by SIGKILL +++
"#;

pub(crate) fn a_trace_is_read_in_its_order() {
    let calls = parse(TRACE);
    let told: Vec<(&str, usize, Option<usize>, bool)> =
        calls.iter().map(|call| (&*call.name, call.began, call.ended, call.succeeded)).collect();
    assert_eq!(
        told,
        [
            ("openat", 0, Some(0), true),
            ("openat", 1, Some(1), true),
            ("pwrite64", 2, Some(2), true),
            ("fsync", 3, Some(5), true),
            ("writev", 4, Some(4), true),
            ("openat", 6, Some(6), true),
            ("fsync", 7, Some(7), true),
            ("pwrite64", 8, Some(8), true),
            ("unlink", 9, Some(9), false),
            ("fsync", 11, None, false),
        ]
    );
    assert_eq!(calls[0].opened(), Some("/srv/drydock.db"));
    assert!(calls[0].says("O_CREAT") && !calls[5].says("O_CREAT"));
    assert_eq!(calls[3].file(), Some("/srv/drydock.db-wal"));
    assert_eq!(calls[4].file(), Some("TCP:[127.0.0.1:33084->127.0.0.1:40839]"));
    assert_eq!(calls[7].last(), 9);
    assert_eq!(calls[9].file(), Some("/srv/drydock.db-wal"));
}

pub(crate) fn a_string_in_a_trace_becomes_bytes() {
    let calls = parse(TRACE);
    assert_eq!(calls[2].data(), b"7\x7f\x06\x82) = 1");
    assert_eq!(calls[4].data(), b"POST /a HTTP/1.1\r\n\r\n{\"name\":\"orders-0\"}");
    assert_eq!(calls[7].data(), [0, 0]);
    let escapes = parse(r#"1 write(2</dev/null>, "\0011\"\\\v\f\t", 7) = 7"#);
    assert_eq!(escapes[0].data(), b"\x011\"\\\x0b\x0c\t");
}

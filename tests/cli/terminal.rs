//! A terminal, for a process that asks.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::process::Running;

/// Our side of a terminal.
pub(crate) struct Terminal {
    ours: File,
    shown: Vec<u8>,
}

impl Terminal {
    /// Starts the process on a terminal of its own: what it says on standard error appears there.
    pub(crate) fn start(command: &mut Command) -> (Self, Running) {
        let (terminal, theirs) = Self::open();
        command.stdin(Stdio::from(theirs.try_clone().unwrap())).stderr(Stdio::from(theirs));
        (terminal, Running::spawn(command))
    }

    /// Starts the process with standard output on a terminal of so many columns.
    pub(crate) fn of_width(columns: u16, command: &mut Command) -> (Self, Running) {
        Self::of_size(columns, 24, command)
    }

    /// Starts the process with standard output on a terminal of so many columns and rows.
    pub(crate) fn of_size(columns: u16, rows: u16, command: &mut Command) -> (Self, Running) {
        let (terminal, theirs) = Self::open();
        let size = rustix::termios::Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(&terminal.ours, size).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::from(theirs)).stderr(Stdio::piped());
        (terminal, Running::spawn(command))
    }

    fn open() -> (Self, File) {
        let ours: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let theirs = OpenOptions::new().read(true).write(true).open(name).unwrap();
        (Self { ours: ours.into(), shown: Vec::new() }, theirs)
    }

    /// All that stands on it when nobody writes to it any more.
    pub(crate) fn whole(&mut self) -> String {
        // The end of a terminal is an error (EIO).
        let _end = self.ours.read_to_end(&mut self.shown);
        String::from_utf8_lossy(&self.shown).replace("\r\n", "\n")
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        writeln!(self.ours, "{line}").unwrap();
    }

    /// Waits until these words stand on it.
    pub(crate) fn shows(&mut self, words: &str) {
        let mut some = [0; 1024];
        while !String::from_utf8_lossy(&self.shown).contains(words) {
            let read = self.ours.read(&mut some);
            let Ok(length @ 1..) = read else { panic!("{words:?} never stood there: {read:?}") };
            self.shown.extend_from_slice(&some[..length]);
        }
    }
}

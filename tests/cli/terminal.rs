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
        let ours: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
        let theirs = OpenOptions::new().read(true).write(true).open(name).unwrap();
        command.stdin(Stdio::from(theirs.try_clone().unwrap())).stderr(Stdio::from(theirs));
        (Self { ours: ours.into(), shown: Vec::new() }, Running::spawn(command))
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

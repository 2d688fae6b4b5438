//! A process of ours: its lines as they come, signals to it, and its end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long anybody waits for a line or an end before the test has failed. No test needs a tenth of it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A process that runs; it is killed when nobody has use for it any more.
pub(crate) struct Running {
    child: Child,
    stdout: Lines,
    stderr: Lines,
}

/// How a process ended, and all that it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Running {
    /// Starts it, without a terminal. Standard output is read, unless `command` has given it away already.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self::spawn(command.stdin(Stdio::null()).stderr(Stdio::piped()))
    }

    /// Starts it as `command` says. What it writes to pipes is read.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let (stdout, stderr) = (Lines::of(child.stdout.take()), Lines::of(child.stderr.take()));
        Self { child, stdout, stderr }
    }

    /// Its standard input, if that is a pipe.
    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line on standard output that holds `words`.
    pub(crate) fn says(&mut self, words: &str) -> String {
        self.stdout.until(words)
    }

    /// The next line on standard error that holds `words`.
    pub(crate) fn logs(&mut self, words: &str) -> String {
        self.stderr.until(words)
    }

    /// The next line on standard error that is `wanted`; none if `other` ends before it comes.
    pub(crate) fn logs_while(&mut self, other: &mut Self, wanted: impl Fn(&str) -> bool) -> Option<String> {
        self.stderr.find(wanted, || other.has_ended())
    }

    /// What it has said on standard error and nobody has read; nobody will.
    pub(crate) fn forget(&mut self) {
        let unread: String = self.stderr.coming.try_iter().collect();
        self.stderr.read.push_str(&unread);
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Sends the signal of this name, such as `INT`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.pid().to_string()]).status().unwrap();
        assert!(sent.success(), "kill -s {name}: {sent}");
    }

    /// Waits until signal number `number` would be heard by the program itself.
    pub(crate) fn catches(&self, number: u32) {
        let status = format!("/proc/{}/status", self.pid());
        let caught = || {
            let status = std::fs::read_to_string(&status).unwrap();
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
            u64::from_str_radix(mask, 16).unwrap() >> (number - 1) & 1 == 1
        };
        while !caught() {
            thread::yield_now();
        }
    }

    /// Waits until one of its threads waits to write to this descriptor, whose reader reads nothing.
    pub(crate) fn waits_to_write(&self, descriptor: u32) {
        // The number of the call, and what it was called with (proc(5)): no other call that waits begins so.
        let first = format!("0x{descriptor:x}");
        let waits = || {
            let threads = std::fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap();
            threads.flatten().any(|thread| {
                let call = std::fs::read_to_string(thread.path().join("syscall")).unwrap_or_default();
                call.split(' ').nth(1) == Some(&*first)
            })
        };
        while !waits() {
            thread::yield_now();
        }
    }

    /// Stops it as ^Z does, and waits until it stands still.
    pub(crate) fn stop(&self) {
        self.signal("STOP");
        let stat = format!("/proc/{}/stat", self.pid());
        while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
            thread::yield_now();
        }
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.end()
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        // Both pipes close when the process ends, and not before.
        let (stderr, stdout) = (self.stderr.rest(), self.stdout.rest());
        let code = self.child.wait().unwrap().code();
        Ended { code, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ended_already = self.child.kill();
        let _ended_already = self.child.wait();
    }
}

impl Ended {
    /// Panics with all that it said unless it ended with `code`.
    #[track_caller]
    pub(crate) fn with(self, code: i32) -> Self {
        let Self { code: ended, stdout, stderr } = &self;
        assert_eq!(*ended, Some(code), "\n--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    /// All of it, for a snapshot.
    pub(crate) fn whole(&self) -> String {
        let Self { code, stdout, stderr } = self;
        format!("--- exit code {}\n--- stdout\n{stdout}--- stderr\n{stderr}", code.unwrap_or(-1))
    }
}

/// What comes out of a pipe.
struct Lines {
    coming: Receiver<String>,
    read: String,
}

impl Lines {
    fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let (to_us, coming) = channel();
        if let Some(pipe) = pipe {
            thread::spawn(move || {
                let (mut reader, mut line) = (BufReader::new(pipe), Vec::new());
                while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                    if to_us.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                        return;
                    }
                    line.clear();
                }
            });
        }
        Self { coming, read: String::new() }
    }

    fn until(&mut self, words: &str) -> String {
        loop {
            let Ok(line) = self.coming.recv_timeout(PATIENCE) else {
                panic!("no line with {words:?} came; so far:\n{}", self.read);
            };
            self.read.push_str(&line);
            if line.contains(words) {
                return line;
            }
        }
    }

    /// The next line that is `wanted`; none if it is `over` before it comes.
    fn find(&mut self, wanted: impl Fn(&str) -> bool, mut over: impl FnMut() -> bool) -> Option<String> {
        loop {
            let last = over();
            match self.coming.recv_timeout(Duration::from_millis(20)) {
                Ok(line) => {
                    self.read.push_str(&line);
                    if wanted(&line) {
                        return Some(line);
                    }
                }
                Err(_) if last => return None,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => panic!("it has ended; all it said:\n{}", self.read),
            }
        }
    }

    fn rest(&mut self) -> String {
        loop {
            match self.coming.recv_timeout(PATIENCE) {
                Ok(line) => self.read.push_str(&line),
                Err(RecvTimeoutError::Disconnected) => return std::mem::take(&mut self.read),
                Err(RecvTimeoutError::Timeout) => panic!("it does not end; so far:\n{}", self.read),
            }
        }
    }
}

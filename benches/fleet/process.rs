//! The real binary as another process, and what the system says of it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A simulated Atlas in a process of its own; it ends with the value.
pub(crate) struct Atlas {
    child: Child,
    pub(crate) url: String,
}

/// What a process came to.
pub(crate) struct Ended {
    pub(crate) span: Duration,
    /// The most memory that it had, in MiB.
    pub(crate) peak: f64,
}

/// `drydock` in a folder, with nothing of this process's environment that it would heed.
pub(crate) fn drydock(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command.current_dir(folder).args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.env_clear().env("MONGODB_ATLAS_ACCESS_TOKEN", "bench");
    command
}

/// Waits for a process that ends well.
pub(crate) fn wait(command: Command) -> Ended {
    wait_for(command, 0)
}

/// Waits for a process that ends with `code`, looking at its memory all the while.
#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
pub(crate) fn wait_for(mut command: Command, code: i32) -> Ended {
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let reading = std::thread::spawn(move || std::io::read_to_string(&mut stdout).unwrap_or_default());
    let mut peak: f64 = 0.0;
    loop {
        peak = peak.max(high_water(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            let span = start.elapsed();
            let stdout = reading.join().unwrap();
            assert!(status.code() == Some(code), "{command:?} ended with {status}: {stdout}");
            return Ended { span, peak };
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// The most memory that a process had so far, in MiB.
pub(crate) fn high_water(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() / 1024.0
}

/// The first child of a process.
pub(crate) fn child(pid: u32) -> Option<u32> {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// The processor time that a process has had, in seconds.
pub(crate) fn processor(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default();
    // The 14th and 15th of all fields, in hundredths of a second on every Linux.
    (ticks(11) + ticks(12)) / 100.0
}

impl Atlas {
    pub(crate) fn serve(folder: &Path, more: &[&str]) -> Self {
        let args = ["simulate", "--fleet", "fleet.csv", "--operation", crate::home::OPERATION];
        let mut child = drydock(folder, &[&args, more].concat())
            .env_remove("MONGODB_ATLAS_ACCESS_TOKEN")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().trim_start_matches("listening ").to_owned();
        assert!(url.starts_with("http://"), "{line}");
        Self { child, url }
    }
}

impl Atlas {
    /// Stops it; how many requests it has served.
    pub(crate) fn stop(mut self) -> usize {
        let told = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(told.success());
        let words = std::io::read_to_string(self.child.stderr.take().unwrap()).unwrap();
        let served = words.split_whitespace().find_map(|word| word.parse().ok());
        served.unwrap_or_else(|| panic!("{words}"))
    }
}

impl Drop for Atlas {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

//! A directory of its own for each test, and the program started in it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Ended, Running};

/// What each side of most tests signs in with.
pub(crate) const TOKEN: [(&str, &str); 1] = [("MONGODB_ATLAS_ACCESS_TOKEN", "tok-3f9c1e77a2d84b60")];

/// Less patient than a campaign against Atlas should be.
const CAMPAIGN: &str = r#"
operation = "shared-to-serverless"

[fleet]
csv = "fleet.csv"

[pace]
requests_per_minute = 60000
max_in_flight_per_project = 10

[retry]
initial_delay = "50ms"
max_delay = "200ms"

[look]
first = "100ms"
min = "100ms"
max = "300ms"
settle = "300ms"
"#;

pub(crate) struct Workdir {
    folder: TempDir,
}

impl Workdir {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    /// A directory with a fleet and its campaign file, `fast.toml`.
    pub(crate) fn with_fleet(projects: u32, clusters: u32) -> Self {
        let dir = Self::new();
        dir.write("fleet.csv", &fleet(projects, clusters));
        dir.write("fast.toml", CAMPAIGN);
        dir
    }

    /// From now on the campaign is for the Atlas at `url`.
    pub(crate) fn aim(&self, url: &str) {
        self.write("fast.toml", &format!("{CAMPAIGN}\n[atlas]\nbase_url = \"{url}\"\n"));
    }

    /// From now on the campaign at `url` goes on in small steps, four upgrades every few seconds, so that whoever
    /// wants to interrupt it comes in time.
    pub(crate) fn aim_slowly(&self, url: &str) {
        self.aim(url);
        let slow = self.read("fast.toml").replace("first = \"100ms\"", "first = \"3s\"");
        self.write("fast.toml", &slow.replace("[pace]", "[pace]\nmax_in_flight = 4"));
    }

    /// Puts a line into a section of the campaign file.
    pub(crate) fn tune(&self, section: &str, line: &str) {
        let head = format!("[{section}]");
        let key = line.split_once(" = ").map_or(line, |(key, _)| key);
        // A key may not stand there twice.
        let rest: Vec<String> =
            self.read("fast.toml").lines().filter(|old| !old.starts_with(key)).map(str::to_owned).collect();
        let text = rest.join("\n");
        assert!(text.contains(&head), "no {head} in {text}");
        self.write("fast.toml", &text.replace(&head, &format!("{head}\n{line}")));
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    /// Every file in it, at any depth.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let (mut files, mut folders) = (Vec::new(), vec![self.path().to_owned()]);
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() { &mut folders } else { &mut files }.push(path);
            }
        }
        files
    }

    /// The program with these words; it sees of the environment only what is named.
    pub(crate) fn command(&self, environment: &[(&str, &str)], words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
        command.env_clear().envs(environment.iter().copied()).args(words);
        command.current_dir(self.path()).stdout(Stdio::piped());
        command
    }

    /// Starts the program, signed in.
    pub(crate) fn start(&self, words: &[&str]) -> Running {
        Running::start(&mut self.command(&TOKEN, words))
    }

    /// Runs the program, signed in, to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Ended {
        self.start(words).end()
    }

    /// Runs the program, signed in, in a directory below this one, to its end.
    #[allow(dead_code, reason = "the tests of power loss have no use for it")]
    pub(crate) fn run_in(&self, folder: &str, words: &[&str]) -> Ended {
        Running::start(self.command(&TOKEN, words).current_dir(self.path().join(folder))).end()
    }

    /// Runs the program with this environment to its end.
    pub(crate) fn run_as(&self, environment: &[(&str, &str)], words: &[&str]) -> Ended {
        Running::start(&mut self.command(environment, words)).end()
    }

    /// What `status --json` says.
    pub(crate) fn status(&self) -> Value {
        serde_json::from_str(&self.run(&["status", "--json"]).with(0).stdout).unwrap()
    }

    /// The jobs of the report with their histories.
    pub(crate) fn histories(&self) -> Vec<Value> {
        self.read("reports/fast/report.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The rows of the report, each a list of cells; the header first.
    pub(crate) fn report(&self) -> Vec<Vec<String>> {
        let path = self.path().join("reports/fast/report.csv");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
        reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
    }
}

/// The id of project number `project`.
pub(crate) fn project(project: u32) -> String {
    format!("5f00000000000000{project:08x}")
}

/// A fleet with columns that only its owner knows.
pub(crate) fn fleet(projects: u32, clusters: u32) -> String {
    let mut text = "project_id,cluster_name,provider,region,owner,ticket\n".to_owned();
    for (place, number) in (0..projects).flat_map(|place| (0..clusters).map(move |number| (place, number))) {
        let project = project(place);
        writeln!(text, "{project},orders-{number},AWS,US_EAST_1,\"mara, {place}\",OPS-{number}").unwrap();
    }
    text
}

/// What the sqlite shell does to the database.
pub(crate) fn sql(dir: &Workdir, statement: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::{ConnectOptions as _, Connection as _};
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(dir.path().join("drydock.db"));
        let mut shell = options.connect().await.unwrap();
        for one in statement.split("; ") {
            sqlx::query(sqlx::AssertSqlSafe(one.to_owned())).execute(&mut shell).await.unwrap();
        }
        shell.close().await.unwrap();
    });
}

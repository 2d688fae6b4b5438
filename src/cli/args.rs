//! What can be typed. These types never leave `cli`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use crate::report::FORMATS;

const AFTER_HELP: &str = "\
Credentials come from the environment, the first complete one of:
  bearer token     MONGODB_ATLAS_ACCESS_TOKEN
  service account  MONGODB_ATLAS_CLIENT_ID, MONGODB_ATLAS_CLIENT_SECRET
  API key          MONGODB_ATLAS_PUBLIC_API_KEY, MONGODB_ATLAS_PRIVATE_API_KEY

Exit codes:
    0  every job succeeded or was skipped
    1  the database or a report could not be read or written, or a fault of ours;
       of `audit verify`: something does not fit
    2  bad input, no credentials, refused or declined; nothing was started
   10  ended, and some jobs failed or were cancelled
   12  held, an operator must act
  130  interrupted and resumable";

const VERIFY_AFTER_HELP: &str = "\
Exits with 0 if all fits, and with 1 if a row or an event does not: it names the
first ten. Whoever can write to the database can also write a whole new
history: the digest shows that, if it is kept elsewhere. A run prints it at its
end, and report.jsonl has it.";

const PLAN_AFTER_HELP: &str = "\
Reads only, from Atlas and from the database, if there is one. What is eligible
is rehearsed for the time and the requests that it takes. Whether the
credentials may upgrade, no read can tell: they need Project Cluster Manager.

Exits with 0 if every row is eligible, at the target or under way, with 10 if
some are not, or could not be seen, with 12 if something is held.";

const BACKUP_AFTER_HELP: &str = "\
The copy is the database as it is at one moment. To go on from it, stop every
run, delete the -wal and -shm of the old database, and rename the copy to the
old name. The next run notices, and verifies every cluster before it sends
anything, since the copy knows nothing of what was sent since.";

const REHEARSE_AFTER_HELP: &str = "\
The real engine works on your fleet, at your pace, against a simulated Atlas in
virtual time. Neither Atlas nor the database is touched (--recorded reads it).
The campaign file says what to expect, if it likes:

  [rehearsal]
  median = \"25m\"            # of the upgrades' durations
  spread = 1.5               # from median / spread to median * spread
  limit  = \"10000/5000\"      # a token bucket per project: capacity/per minute
  faults = { conflict = 0.05, error_after = 0.01 }

Exits with 0 if every job succeeded or was skipped, with 10 if some did not.";

/// Upgrades whole fleets of MongoDB Atlas clusters from a spreadsheet: never twice, never lost.
#[derive(Debug, Parser)]
#[command(name = "drydock", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every command takes.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Common {
    /// The job table, sqlite:FILE; DATABASE_URL in the environment names it, too [default: the nearest drydock.db
    /// upward from the campaign file, else from the working directory; `run` makes one beside the campaign file]
    #[arg(long, global = true, value_name = "URL")]
    pub(super) database_url: Option<String>,
    /// How the log on standard error is written
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub(super) log_format: LogFormat,
    /// Log more: -v info, -vv debug, -vvv trace
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
    /// Log errors only, and show no progress
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// No colours; NO_COLOR in the environment does the same
    #[arg(long, global = true)]
    pub(super) no_color: bool,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Validate a campaign file and its fleet; touch neither Atlas nor the database
    Check(Check),
    /// Look at every cluster of the fleet and say what a run would do; change nothing
    Plan(Plan),
    /// Load the fleet and work until every job has ended; run again, it resumes
    Run(Run),
    /// Play a campaign with its own fleet against a simulated Atlas, hours in seconds
    Rehearse(Rehearse),
    /// Say how far a campaign is
    Status(Status),
    /// List jobs
    List(List),
    /// Show one job with its whole history
    Show(Show),
    /// Write a report
    Report(Report),
    /// Send failed and cancelled jobs back
    Retry(Retry),
    /// Let held jobs go on once the cause is fixed; stop waiting where Atlas asked to wait
    Release(Release),
    /// Write a copy of a database, also of one that is in use
    #[command(after_help = BACKUP_AFTER_HELP)]
    Backup(Backup),
    /// Check that the history is as it was written
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Serve a simulated Atlas on loopback
    Simulate(Simulate),
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// The campaign file
    #[arg(value_name = "CAMPAIGN.toml")]
    pub(super) campaign: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = PLAN_AFTER_HELP)]
pub(super) struct Plan {
    /// The campaign file
    #[arg(value_name = "CAMPAIGN.toml")]
    pub(super) campaign: PathBuf,
    /// Write the plan to a file, for `run --plan`
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Write it over a file that is there
    #[arg(long, requires = "out")]
    pub(super) force: bool,
    /// Every row, not only those that would not be upgraded
    #[arg(long)]
    pub(super) rows: bool,
    /// One JSON object, the same as in the file
    #[arg(long, conflicts_with = "rows")]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// The campaign file; a plan names its own
    #[arg(value_name = "CAMPAIGN.toml", required_unless_present = "plan")]
    pub(super) campaign: Option<PathBuf>,
    /// Say what will be done and ask nothing: upgrades cannot be undone
    #[arg(long)]
    pub(super) yes: bool,
    /// Run just what this plan has found eligible, as long as nothing has changed; asks nothing
    #[arg(long, value_name = "FILE", conflicts_with = "simulate")]
    pub(super) plan: Option<PathBuf>,
    /// Run against a simulated Atlas inside this process
    #[arg(long)]
    pub(super) simulate: bool,
    /// Where the reports go [default: reports/CAMPAIGN]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// How progress is shown on standard error
    #[arg(long, value_enum, default_value_t = ProgressStyle::Auto)]
    pub(super) progress: ProgressStyle,
}

#[derive(Debug, clap::Args)]
#[command(after_help = REHEARSE_AFTER_HELP)]
pub(super) struct Rehearse {
    /// The campaign file
    #[arg(value_name = "CAMPAIGN.toml")]
    pub(super) campaign: PathBuf,
    /// Let upgrades take as long as those of this operation took that the database knows
    #[arg(long)]
    pub(super) recorded: bool,
    /// A fault and its probability, such as conflict=0.05, besides those of the campaign file
    #[arg(long, value_name = "NAME=P")]
    pub(super) fault: Vec<String>,
    /// The seed of all chance
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Where the sample reports go [default: reports/CAMPAIGN-rehearsal]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressStyle {
    /// A bar on a terminal, plain lines elsewhere
    Auto,
    /// A bar
    Bar,
    /// A line every few seconds
    Plain,
    /// Nothing
    None,
}

#[derive(Debug, clap::Args)]
pub(super) struct Status {
    /// The campaign's name or file; needed if the database holds several
    pub(super) campaign: Option<String>,
    /// One JSON object
    #[arg(long)]
    pub(super) json: bool,
    /// Again every two seconds, or less often where a fleet is so large that a look takes long, until every job has
    /// ended; waits for the first run if there is none yet
    #[arg(long)]
    pub(super) watch: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The campaign's name or file; without it, a database that holds several has its campaigns listed
    pub(super) campaign: Option<String>,
    /// Only jobs in these states, separated by commas
    #[arg(long, value_name = "STATE,...", value_delimiter = ',')]
    pub(super) state: Vec<String>,
    /// Only jobs of this project; the first digits of its id are enough
    #[arg(long, value_name = "ID")]
    pub(super) project: Option<String>,
    /// Only jobs whose error has this code
    #[arg(long, value_name = "CODE")]
    pub(super) code: Option<String>,
    /// Only jobs of this wave
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) wave: Option<u32>,
    /// One JSON object a line
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// The campaign (if the database holds several), and PROJECT/CLUSTER or the cluster's name; the first digits of the
    /// project's id are enough
    #[arg(value_name = "[CAMPAIGN] JOB", num_args = 1..=2, required = true)]
    pub(super) words: Vec<String>,
    /// One JSON object
    #[arg(long)]
    pub(super) json: bool,
}

/// The names of the formats: `csv or jsonl`.
fn report_formats() -> String {
    FORMATS.iter().map(|format| format.name()).collect::<Vec<_>>().join(" or ")
}

#[derive(Debug, clap::Args)]
pub(super) struct Report {
    /// The campaign's name or file; needed if the database holds several
    pub(super) campaign: Option<String>,
    #[arg(long, default_value = "csv", help = report_formats())]
    pub(super) format: String,
    /// Begin the CSV with a byte-order mark, by which Excel knows that it is UTF-8
    #[arg(long)]
    pub(super) excel: bool,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Retry {
    /// The campaign (if the database holds several), and the jobs to send back
    #[arg(value_name = "[CAMPAIGN] [PROJECT/CLUSTER]")]
    pub(super) words: Vec<String>,
    /// Every failed and cancelled job
    #[arg(long)]
    pub(super) all_failed: bool,
    /// Those that ended with this code
    #[arg(long, value_name = "CODE")]
    pub(super) code: Option<String>,
    /// Only jobs of this project (first digits are enough); also ends their wait where Atlas asked to wait
    #[arg(long, value_name = "ID")]
    pub(super) project: Option<String>,
    /// Why; it is kept in the history
    #[arg(long, value_name = "WORDS")]
    pub(super) reason: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The file to write, which must not be there
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(super) struct Release {
    /// The campaign's name or file; needed if the database holds several
    pub(super) campaign: Option<String>,
    /// Only this project: its hold, and its wait for Atlas (first digits are enough)
    #[arg(long, value_name = "ID", conflicts_with = "organisation")]
    pub(super) project: Option<String>,
    /// Only the hold on this organisation
    #[arg(long, value_name = "ID")]
    pub(super) organisation: Option<String>,
    /// Why; it is kept beside the hold
    #[arg(long, value_name = "WORDS")]
    pub(super) reason: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// Recompute every digest, check each job against its history, print the campaign's digest
    Verify(Verify),
}

#[derive(Debug, clap::Args)]
#[command(after_help = VERIFY_AFTER_HELP)]
pub(super) struct Verify {
    /// The campaign's name or file; needed if the database holds several
    pub(super) campaign: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Simulate {
    /// Where to listen; loopback only, port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    pub(super) listen: SocketAddr,
    /// The fleet (CSV) whose clusters exist in it
    #[arg(long, value_name = "FILE")]
    pub(super) fleet: Option<PathBuf>,
    /// Which upgrade the fleet is for
    #[arg(long, value_name = "NAME", default_value = "shared-to-serverless")]
    pub(super) operation: String,
    /// The seed of all chance
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// The shortest upgrade, such as 2s
    #[arg(long, value_name = "TIME", default_value = "2s")]
    pub(super) shortest: String,
    /// The longest upgrade, such as 10s
    #[arg(long, value_name = "TIME", default_value = "10s")]
    pub(super) longest: String,
    /// The median of the upgrades' durations, in place of a shortest and a longest
    #[arg(long, value_name = "TIME", conflicts_with_all = ["shortest", "longest"])]
    pub(super) median: Option<String>,
    /// How far they lie around it: from the median divided by this to the median times this
    #[arg(long, value_name = "FACTOR", requires = "median", default_value_t = 1.0)]
    pub(super) spread: f64,
    /// A fault and its probability, such as conflict=0.05; may be given several times
    #[arg(long, value_name = "NAME=P")]
    pub(super) fault: Vec<String>,
    /// A project and the code that it answers upgrades with, such as ID=NO_PAYMENT_INFORMATION_FOUND; `*` is every one
    #[arg(long, value_name = "PROJECT=CODE")]
    pub(super) bar: Vec<String>,
    /// How many organisations the projects belong to
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) organisations: u64,
    /// A token bucket per project, such as 10/120 for 10 requests, refilled at 120 a minute
    #[arg(long, value_name = "CAPACITY/PER_MINUTE")]
    pub(super) limit: Option<String>,
}

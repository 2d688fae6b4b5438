//! What every command needs: the options that all share, the database, and the way to standard error.

use std::io::{IsTerminal, stderr};
use std::path::Path;

use crate::app::{AppError, Notice, Notices, Severity};
use crate::cli::args::Common;
use crate::cli::database::{self, Database, Source};
use crate::cli::environment;
use crate::cli::exit::ExitCode;
use crate::cli::interrupt::Interrupts;
use crate::cli::next::Next;
use crate::cli::printer::{Level, Printer};
use crate::clock::Clock;
use crate::config;
use crate::redaction::Redactor;
use crate::store::{Campaign, Open, Store, StoreError};

/// The common options, with the environment's defaults filled in.
pub(super) struct Context {
    /// The database as it was named on the command line.
    database_url: Option<String>,
    pub(super) next: Next,
    pub(super) verbose: u8,
    pub(super) quiet: bool,
    pub(super) clock: Clock,
    pub(super) color: bool,
    pub(super) printer: Printer,
    pub(super) interrupts: Interrupts,
    /// Knows every secret of this process.
    pub(super) redactor: Redactor,
}

/// Why a database cannot be opened. Nobody remembers what was put into the environment long ago.
fn unfit(database: &Database, error: StoreError) -> AppError {
    match database.source {
        Source::Environment => AppError::from(error).noting("DATABASE_URL in the environment names this database"),
        _ => error.into(),
    }
}

/// Whether a word names a campaign file, and not a campaign.
pub(super) fn is_campaign_file(word: &Path) -> bool {
    word.extension().is_some_and(|ending| ending == "toml")
}

/// The campaign file that a word names, if it names one.
pub(super) fn campaign_file(word: Option<&str>) -> Option<&Path> {
    word.map(Path::new).filter(|word| is_campaign_file(word))
}

impl Context {
    pub(super) fn new(common: &Common, interrupts: Interrupts) -> Self {
        let color = !common.no_color && environment::variable("NO_COLOR").is_none() && stderr().is_terminal();
        let (clock, redactor) = (Clock::start(), environment::redactor());
        Self {
            database_url: common.database_url.clone(),
            next: Next::default(),
            verbose: common.verbose,
            quiet: common.quiet,
            color,
            clock,
            printer: Printer::start(common.log_format, color, clock, redactor.clone()),
            interrupts,
            redactor,
        }
    }

    /// Says a line on standard error; if nobody reads it, so be it.
    pub(super) fn say(&self, line: &str) {
        self.printer.say(Level::Info, line);
    }

    /// Says what the user should know.
    pub(super) fn note(&self, line: &str) {
        self.printer.say(Level::Note, line);
    }

    /// Says what may not have been meant.
    pub(super) fn warn(&self, line: &str) {
        self.printer.say(Level::Warning, line);
    }

    /// Says why a command did not do what it was asked, and what to do; returns the exit code that goes with it.
    pub(super) fn tell(&self, error: &AppError) -> ExitCode {
        if !error.message().is_empty() {
            self.printer.say(Level::Error, error.message());
        }
        for hint in error.hints() {
            self.printer.say(Level::Hint, hint);
        }
        error.kind().into()
    }

    /// Says on standard error what a use case tells.
    pub(super) fn notices(&self) -> Notices {
        let (printer, quiet) = (self.printer.clone(), self.quiet);
        Notices::new(move |Notice { severity, text }| match severity {
            Severity::Progress if quiet => {}
            Severity::Progress | Severity::Info => printer.say(Level::Info, &text),
            Severity::Warning => printer.say(Level::Warning, &text),
        })
    }

    /// The database for a campaign file, or for no file; what is to be typed next names it if need be.
    pub(super) fn database(&self, campaign_file: Option<&Path>) -> Result<Database, AppError> {
        let database = database::locate(self.database_url.as_deref(), campaign_file)?;
        // One that is no file may have a password in its name, and is never repeated.
        Store::files(&database.url).map_err(|error| unfit(&database, error))?;
        if !database.is_found_from_here {
            self.next.name_database(&database.url);
        }
        Ok(database)
    }

    /// Opens a database that was named or found, or makes it.
    pub(super) async fn open(&self, database: &Database) -> Result<Store, AppError> {
        Store::open(&database.url, Open::CreateIfMissing).await.map_err(|error| unfit(database, error))
    }

    /// Opens the job table of a campaign file, if there is one.
    pub(super) async fn store_if_there(&self, campaign_file: &Path) -> Result<Option<Store>, AppError> {
        let database = self.database(Some(campaign_file))?;
        match Store::open(&database.url, Open::Existing).await {
            Ok(store) => Ok(Some(store)),
            Err(StoreError::NoSuchDatabase { .. }) => Ok(None),
            Err(error) => Err(unfit(&database, error)),
        }
    }

    /// Opens the job table that is there already, for a campaign that is named by its name or its file.
    pub(super) async fn store(&self, campaign: Option<&str>) -> Result<Store, AppError> {
        let file = campaign_file(campaign);
        let database = self.database(file)?;
        if database.source == Source::ToBeMade {
            return Err(database::missing(file));
        }
        let store = Store::open(&database.url, Open::Existing).await.map_err(|error| unfit(&database, error))?;
        if let Err(unclaimed) = store.refuse_unclaimed() {
            self.warn(&unclaimed.to_string());
        }
        Ok(store)
    }

    /// The clock, which is not behind the newest that was written: a runner's may be ahead of this host's.
    pub(super) async fn clock_of(&self, store: &Store) -> Result<Clock, AppError> {
        Ok(store.newest().await?.map_or(self.clock, |newest| self.clock.not_before(newest)))
    }

    /// The campaign that `wanted` names, by name or by file, or the only one; it is what it was when it was written.
    pub(super) async fn campaign(&self, store: &Store, wanted: Option<&str>) -> Result<Campaign, AppError> {
        let campaign = self.campaign_as_it_lies(store, wanted).await?;
        store.check_row_count(&campaign).await?;
        Ok(campaign)
    }

    /// The same, whoever wrote it: for the audit.
    pub(super) async fn campaign_as_it_lies(&self, store: &Store, wanted: Option<&str>) -> Result<Campaign, AppError> {
        let all = store.campaigns().await?;
        let names = all.iter().map(|campaign| campaign.name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(wanted) = wanted else {
            let count = all.len();
            return match <[Campaign; 1]>::try_from(all) {
                Ok([only]) => Ok(only),
                Err(_) if count == 0 => Err(AppError::refused(format!(
                    "{} holds no campaign yet: start one with `{}`",
                    store.name(),
                    self.next.command(["run", "CAMPAIGN.toml"])
                ))),
                Err(_) => {
                    Err(AppError::refused(format!("{} holds {count} campaigns, so say which: {names}", store.name())))
                }
            };
        };
        let file = Path::new(wanted);
        let name = if is_campaign_file(file) {
            config::load(file, &environment::variable)?.campaign
        } else {
            wanted.to_owned()
        };
        let held = if names.is_empty() { "none".to_owned() } else { names };
        all.into_iter()
            .find(|campaign| campaign.name == name)
            .ok_or_else(|| AppError::refused(format!("{} holds no campaign {name:?}; it holds: {held}", store.name())))
    }
}

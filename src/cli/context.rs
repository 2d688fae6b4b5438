//! What every command needs: the options that all share, the database, and the way to standard error.

use std::io::{IsTerminal, stderr};
use std::path::Path;

use crate::cli::args::Common;
use crate::cli::environment;
use crate::cli::exit::Failure;
use crate::cli::interrupt::Interrupts;
use crate::cli::next::Next;
use crate::cli::printer::{Level, Printer};
use crate::clock::Clock;
use crate::config;
use crate::redaction::Redactor;
use crate::store::{Campaign, Open, Store};

/// The common options, with the environment's defaults filled in.
pub(super) struct Context {
    pub(super) database_url: String,
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

impl Context {
    pub(super) fn new(common: &Common, interrupts: Interrupts) -> Self {
        let url = common.database_url.clone().or_else(|| environment::variable("DATABASE_URL"));
        let color = !common.no_color && environment::variable("NO_COLOR").is_none() && stderr().is_terminal();
        let (clock, redactor) = (Clock::start(), environment::redactor());
        Self {
            database_url: url.unwrap_or_else(|| "sqlite:drydock.db".to_owned()),
            next: Next::new(common.database_url.clone()),
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

    /// Opens the job table that is there already.
    pub(super) async fn store(&self) -> Result<Store, Failure> {
        let store = Store::open(&self.database_url, Open::Existing).await?;
        if let Err(unclaimed) = store.refuse_unclaimed() {
            self.warn(&unclaimed.to_string());
        }
        Ok(store)
    }

    /// The campaign that `wanted` names, by name or by file, or the only one; it is what it was when it was written.
    pub(super) async fn campaign(&self, store: &Store, wanted: Option<&str>) -> Result<Campaign, Failure> {
        let campaign = self.campaign_as_it_lies(store, wanted).await?;
        store.whole(&campaign).await?;
        Ok(campaign)
    }

    /// The same, whoever wrote it: for the audit.
    pub(super) async fn campaign_as_it_lies(&self, store: &Store, wanted: Option<&str>) -> Result<Campaign, Failure> {
        let all = store.campaigns().await?;
        let names = all.iter().map(|campaign| campaign.name.as_str()).collect::<Vec<_>>().join(", ");
        let Some(wanted) = wanted else {
            let count = all.len();
            return match <[Campaign; 1]>::try_from(all) {
                Ok([only]) => Ok(only),
                Err(_) if count == 0 => Err(Failure::bad_input(format!(
                    "{} holds no campaign yet: start one with `{}`",
                    store.name(),
                    self.next.command(["run", "CAMPAIGN.toml"])
                ))),
                Err(_) => {
                    Err(Failure::bad_input(format!("{} holds {count} campaigns, so say which: {names}", store.name())))
                }
            };
        };
        let file = Path::new(wanted);
        let is_file = file.extension().is_some_and(|ending| ending == "toml");
        let name = if is_file { config::load(file, &environment::variable)?.campaign } else { wanted.to_owned() };
        let held = if names.is_empty() { "none".to_owned() } else { names };
        all.into_iter()
            .find(|campaign| campaign.name == name)
            .ok_or_else(|| Failure::bad_input(format!("{} holds no campaign {name:?}; it holds: {held}", store.name())))
    }
}

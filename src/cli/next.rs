//! What to type next, in a form that can be pasted into a shell as it is.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::cli::environment;
use crate::store::Campaign;

/// Renders the commands that messages name: with every word quoted where a shell needs that, and on this database.
#[derive(Clone, Default)]
pub(super) struct Next {
    /// The database, where a command has to name it: known when it was looked for, and the same for every clone.
    database_url: Arc<OnceLock<String>>,
}

impl Next {
    /// From now on commands name this database, unless they name one already.
    pub(super) fn name_database(&self, url: &str) {
        self.database_url.get_or_init(|| url.to_owned());
    }

    /// `drydock` with these words, on this database.
    pub(super) fn command<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> String {
        let mut command = "drydock".to_owned();
        let database = self.database_url.get().map(|url| ["--database-url", url]);
        words.into_iter().for_each(|word| add(&mut command, word));
        database.into_iter().flatten().for_each(|word| add(&mut command, word));
        command
    }

    /// The run that goes on with a campaign file, against the simulation if that is what it was begun against.
    pub(super) fn run(&self, file: &Path, is_simulated: bool) -> String {
        let file = environment::relative(file);
        let file = file.to_string_lossy();
        self.command(["run", &file].into_iter().chain(is_simulated.then_some("--simulate")))
    }

    /// The run that goes on with a campaign, which was named `word` on the command line.
    pub(super) fn run_again(&self, campaign: &Campaign, word: Option<&str>) -> String {
        let named = word.map(PathBuf::from).filter(|word| word.extension().is_some_and(|ending| ending == "toml"));
        let known = campaign.file.as_ref().map(PathBuf::from).filter(|file| file.is_file());
        // A database of an older version does not know the file.
        let file = named.or(known).unwrap_or_else(|| PathBuf::from("CAMPAIGN.toml"));
        self.run(&file, campaign.is_simulated())
    }
}

fn add(command: &mut String, word: &str) {
    command.push(' ');
    command.push_str(&quoted(word));
}

/// A word as a shell takes it for one.
pub(super) fn quoted(word: &str) -> Cow<'_, str> {
    // A comma means something only between braces, and a list is read more easily without quotation marks.
    let is_list = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b',');
    if is_list {
        return Cow::Borrowed(word);
    }
    // Only a NUL cannot be quoted, and no word of a command line holds one.
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Millis;

    fn campaign(file: Option<&Path>, against: &str) -> Campaign {
        let file = file.map(|file| file.display().to_string());
        let (name, operation) = ("q4".to_owned(), "m0-to-flex".to_owned());
        Campaign { id: 1, name, operation, against: Some(against.to_owned()), file, created_at: Millis(0) }
    }

    #[test]
    fn a_shell_takes_what_is_printed_for_the_same_words() {
        let (next, url) = (Next::default(), "sqlite:/srv/my jobs/it's $HOME.db");
        next.name_database(url);
        let command = next.command(["list", "q 4;", "--state", "failed,cancelled"]);
        let words = ["drydock", "list", "q 4;", "--state", "failed,cancelled", "--database-url"];
        let all: Vec<&str> = words.into_iter().chain([url]).collect();
        assert_eq!(shlex::split(&command).unwrap(), all);
        assert_eq!(Next::default().command(["status", "q4"]), "drydock status q4");
        assert!(command.contains("--state failed,cancelled"), "{command}");
    }

    #[test]
    fn a_campaign_goes_on_with_the_file_that_it_was_run_from() {
        let next = Next::default();
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        let path = file.path();
        let run = format!("drydock run {}", path.display());
        assert_eq!(next.run_again(&campaign(Some(path), "https://cloud.mongodb.com"), None), run);
        assert_eq!(next.run_again(&campaign(Some(path), "simulation"), Some("q4")), format!("{run} --simulate"));
        let named = next.run_again(&campaign(Some(path), "simulation"), Some("jobs/q4.toml"));
        assert_eq!(named, "drydock run jobs/q4.toml --simulate");
        let gone = campaign(Some(Path::new("/no/such/q4.toml")), "simulation");
        assert_eq!(next.run_again(&gone, None), "drydock run CAMPAIGN.toml --simulate");
    }
}

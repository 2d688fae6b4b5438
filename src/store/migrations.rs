//! The migrations of the job table, in the order in which they are applied.

use std::sync::LazyLock;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// Number, description and text of each. What stands here is part of a database's own record and never changes.
const ALL: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("../../migrations/sqlite/0001_start.sql")),
    (2, "history chain", include_str!("../../migrations/sqlite/0002_history_chain.sql")),
    (3, "campaign seal", include_str!("../../migrations/sqlite/0003_campaign_seal.sql")),
    (4, "holds", include_str!("../../migrations/sqlite/0004_holds.sql")),
    (5, "waves", include_str!("../../migrations/sqlite/0005_waves.sql")),
    (6, "accepted", include_str!("../../migrations/sqlite/0006_accepted.sql")),
    (7, "fleet", include_str!("../../migrations/sqlite/0007_fleet.sql")),
    (8, "notes", include_str!("../../migrations/sqlite/0008_notes.sql")),
    (9, "identity", include_str!("../../migrations/sqlite/0009_identity.sql")),
    (10, "one cluster", include_str!("../../migrations/sqlite/0010_one_cluster.sql")),
    (12, "run notes", include_str!("../../migrations/sqlite/0012_run_notes.sql")),
    (13, "campaign file", include_str!("../../migrations/sqlite/0013_campaign_file.sql")),
];

/// All of them. They are listed by hand, since sqlx's macro for that has sqlx built twice.
pub(super) static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |(version, description, text): &(i64, &'static str, &'static str)| {
        let text = AssertSqlSafe(*text).into_sql_str();
        Migration::new(*version, (*description).into(), MigrationType::Simple, text, false)
    };
    Migrator::with_migrations(ALL.iter().map(migration).collect())
});

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_migrations_is_listed_with_its_number_and_its_description() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
        let mut files: Vec<(String, String)> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
            .collect();
        files.sort();
        let listed: Vec<(String, String)> = ALL
            .iter()
            .map(|(version, description, text)| {
                (format!("{version:04}_{}.sql", description.replace(' ', "_")), (*text).to_owned())
            })
            .collect();
        assert_eq!(listed, files);
    }
}

//! Databases of earlier versions verify, report and resume as they did then.
//!
//! `earlier/database.sql` is what a run of November 2026 left when it was killed; beside it is what `report` and
//! `audit verify` said of it. Each earlier schema gets the same rows, as far as it has their columns.

use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};

use crate::workdir::Workdir;

async fn migrations() -> Migrator {
    Migrator::new(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite")).await.unwrap()
}

/// The first schema whose rows are sealed; its predecessors' rows are refused.
const SEALED: i64 = 3;
/// The first schema with the columns that only the campaign `served` makes use of.
const NOTES: i64 = 8;

const TABLES: [&str; 6] = ["campaigns", "runners", "jobs", "events", "holds", "run_notes"];

async fn open(path: &std::path::Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true).foreign_keys(false);
    options.connect().await.unwrap()
}

async fn migrate(database: &mut SqliteConnection, newest: i64) {
    let migrations = migrations().await;
    let known = migrations.iter().filter(|step| step.version <= newest).cloned().collect();
    Migrator::with_migrations(known).run(database).await.unwrap();
}

/// The database as the schema `version` has it, in a directory with its campaign file.
async fn database(version: i64) -> Workdir {
    let dir = Workdir::new();
    dir.write("fleet.csv", include_str!("earlier/fleet.csv"));
    dir.aim("https://cloud.mongodb.com");
    let campaign = dir.read("fast.toml").replace("operation =", "campaign = \"made\"\noperation =");
    dir.write("fast.toml", &campaign);

    let whole = dir.path().join("whole.db");
    let mut database = open(&whole).await;
    migrate(&mut database, i64::MAX).await;
    sqlx::raw_sql(include_str!("earlier/database.sql")).execute(&mut database).await.unwrap();
    database.close().await.unwrap();

    let mut database = open(&dir.path().join("drydock.db")).await;
    migrate(&mut database, version).await;
    let sql = |text: String| sqlx::query(AssertSqlSafe(text));
    sql(format!("ATTACH '{}' AS whole", whole.display())).execute(&mut database).await.unwrap();
    for table in TABLES {
        let names = format!("SELECT name FROM pragma_table_info('{table}', 'main')");
        let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(names)).fetch_all(&mut database).await.unwrap();
        let columns = columns.join(", ");
        if !columns.is_empty() {
            let copy = format!("INSERT INTO main.{table} ({columns}) SELECT {columns} FROM whole.{table}");
            sql(copy).execute(&mut database).await.unwrap();
        }
    }
    sql("DETACH whole".to_owned()).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    std::fs::remove_file(whole).unwrap();
    dir
}

async fn bring_up_to_date(dir: &Workdir) {
    let mut database = open(&dir.path().join("drydock.db")).await;
    migrate(&mut database, i64::MAX).await;
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_database_of_every_earlier_version_verifies_and_reports_byte_for_byte_as_it_did() {
    for version in migrations().await.iter().map(|step| step.version).filter(|version| *version >= SEALED) {
        let dir = database(version).await;
        bring_up_to_date(&dir).await;
        let says = |words: &[&str], expected: &str| {
            assert_eq!(dir.run(words).with(0).stdout, expected, "{words:?} of schema {version}");
        };
        says(&["audit", "verify", "made"], include_str!("earlier/made.audit"));
        says(&["report", "made", "--format", "jsonl"], include_str!("earlier/made.jsonl"));
        if version >= NOTES {
            says(&["audit", "verify", "served"], include_str!("earlier/served.audit"));
            says(&["report", "served", "--format", "jsonl"], include_str!("earlier/served.jsonl"));
        }
        if [SEALED, NOTES].contains(&version) {
            says(&["report", "made", "--format", "csv"], include_str!("earlier/made.csv"));
        }
    }
}

#[tokio::test]
async fn a_run_goes_on_with_a_database_of_the_first_schema_with_seals() {
    let dir = database(SEALED).await;
    let refused = dir.run(&["status", "made"]).with(2);
    assert!(refused.stderr.contains("an older drydock wrote it"), "{}", refused.stderr);
    let run = dir.run_as(&[], &["run", "fast.toml", "--simulate", "--progress", "none"]).with(0);
    assert!(run.stdout.contains("9 succeeded"), "{}", run.whole());
    dir.run(&["audit", "verify", "made"]).with(0);
}

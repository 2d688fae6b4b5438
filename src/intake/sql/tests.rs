//! Queries against a SQLite file, and what they may not do.

use std::collections::BTreeMap;
use std::str::FromStr;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, raw_sql};

use super::*;
use crate::domain::operation::Operation;
use crate::intake::read_options::Defaults;
use crate::intake::sql::rows::failure;

async fn database(statements: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", directory.path().join("cmdb.db").display());
    let options = SqliteConnectOptions::from_str(&url).unwrap().create_if_missing(true);
    let mut connection = options.connect().await.unwrap();
    raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    (directory, url)
}

async fn read_all(url: &str, query: &str) -> Result<Vec<FleetRow>, IntakeError> {
    let (defaults, columns) = (Defaults::default(), BTreeMap::new());
    let options = ReadOptions { operation: Operation::all()[0], defaults: &defaults, columns: &columns };
    let (sink, mut rows) = tokio::sync::mpsc::channel(4);
    let url = SecretString::from(url);
    let reading = async {
        let count = read(&url, query, &options, &sink).await;
        drop(sink);
        count
    };
    let gathering = async {
        let mut all = Vec::new();
        while let Some(chunk) = rows.recv().await {
            all.extend(chunk);
        }
        all
    };
    let (count, all) = tokio::join!(reading, gathering);
    assert_eq!(count?, all.len() as u64);
    Ok(all)
}

const TABLE: &str = "create table c (groupId text, name text, cloud text, region text, wave integer, \
                     termination_protection boolean, price real, note text)";

#[tokio::test]
async fn values_of_any_type_are_read_as_text() {
    let insert = "insert into c values ('5f1e2d3c4b5a69788796a5b4', 'c1', 'aws', 'US_EAST_1', 2, true, 1.5, null)";
    let (_directory, url) = database(&format!("{TABLE}; {insert}")).await;
    let rows = read_all(&url, "select * from c").await.unwrap();
    assert_eq!(rows[0].cluster_name, "c1");
    assert_eq!((rows[0].wanted.wave, rows[0].wanted.termination_protection), (Some(2), Some(true)));
    let extra = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(rows[0].extra, [extra("price", "1.5"), extra("note", "")]);
}

#[tokio::test]
async fn an_error_names_the_cluster_of_the_row() {
    let insert = "insert into c (groupId, name, cloud, region) values ('5f', 'c1', 'aws', 'US_EAST_1')";
    let (_directory, url) = database(&format!("{TABLE}; {insert}")).await;
    let error = read_all(&url, "select * from c").await.unwrap_err();
    assert_eq!(error.to_string(), "sql:1 (5f/c1):project_id: must be 24 hex digits (5f)");
    let error = read_all(&url, "select * from c where false").await.unwrap_err();
    assert_eq!(error.to_string(), "sql: no row: the query found nothing to upgrade");
}

/// What is in the directory of a database, by name.
fn files(directory: &tempfile::TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn no_query_writes_a_row_or_a_file() {
    let (directory, url) = database(TABLE).await;
    let before = (files(&directory), std::fs::read(directory.path().join("cmdb.db")).unwrap());
    let out = directory.path().join("out").display().to_string();
    for query in [
        "pragma query_only = off; vacuum into 'OUT'",
        "pragma query_only = off; insert into c (name) values ('c1')",
        "select 1; vacuum into 'OUT'",
        "select 1; attach 'OUT' as other; create table other.t (a)",
        "commit; begin; insert into c (name) values ('c1'); commit",
        "vacuum into 'OUT'",
        "attach 'OUT' as other",
        "pragma user_version = 7",
        "pragma journal_mode = wal",
        "create temp table t (a)",
        "insert into c (name) values ('c1') returning *",
        "with t as (select 1) insert into c (name) select 'c1' from t returning *",
        "with t as (select 1) delete from c returning *",
        "with t as (select 1) update c set name = 'c2' returning *",
        "select * from pragma_user_version(7)",
        "select * from pragma_journal_mode('wal')",
        "select * from pragma_query_only('off')",
        "select writefile('OUT', 'text')",
        "select edit('text', 'touch OUT')",
        "select load_extension('OUT')",
        "select fts3_tokenizer('simple', x'00')",
    ] {
        let refused = read_all(&url, &query.replace("OUT", &out)).await.unwrap_err();
        assert_eq!(files(&directory), before.0, "{query}: {refused}");
        assert!(std::fs::read(directory.path().join("cmdb.db")).unwrap() == before.1, "{query}: {refused}");
    }
}

#[tokio::test]
async fn a_url_that_asks_to_create_or_write_is_still_only_read() {
    let (directory, url) = database(TABLE).await;
    let refused = read_all(&format!("{url}?mode=rwc"), "with t as (select 1) delete from c returning *").await;
    assert!(refused.unwrap_err().to_string().contains("readonly"));
    let missing = format!("sqlite:{}?mode=rwc", directory.path().join("none.db").display());
    assert!(read_all(&missing, "select 1").await.is_err());
    assert_eq!(files(&directory), ["cmdb.db"]);
}

/// The server's URL; a test that needs one is run with `--ignored`.
#[expect(clippy::disallowed_methods, reason = "a server is not ours to start")]
fn postgres() -> String {
    std::env::var("DRYDOCK_TEST_POSTGRES").unwrap()
}

#[tokio::test]
#[ignore = "needs a PostgreSQL server: DRYDOCK_TEST_POSTGRES=postgres://... cargo test --lib postgres -- --ignored"]
async fn no_query_writes_to_a_postgres_server() {
    let url = postgres();
    let mut connection = sqlx::postgres::PgConnectOptions::from_str(&url).unwrap().connect().await.unwrap();
    let set_up = "drop table if exists drydock_t; create table drydock_t (a int, project_id text, name text); \
                  drop sequence if exists drydock_s; create sequence drydock_s";
    raw_sql(set_up).execute(&mut connection).await.unwrap();
    for query in [
        "commit; begin read write; insert into drydock_t values (1); commit; select 1 as project_id",
        "select 1; insert into drydock_t values (1)",
        "commit",
        "insert into drydock_t values (1) returning *",
        "with t as (insert into drydock_t values (1) returning a) select * from t",
        "select 1 as a into drydock_other",
        "select set_config('transaction_read_only', 'off', false)",
        "select nextval('drydock_s')",
        "select * from drydock_t for update",
        "copy (select 1) to '/tmp/drydock_copy'",
        "copy (select 1) to program 'touch /tmp/drydock_copy'",
        "do $$ begin insert into drydock_t values (1); end $$",
        "call drydock_no_procedure()",
        "explain analyze insert into drydock_t values (1)",
        "select $tag$;$tag$; drop table drydock_t",
    ] {
        let refused = read_all(&url, query).await.unwrap_err();
        let kept = sqlx::query_scalar::<_, i64>(
            "select (select count(*) from drydock_t) + (select count(*) from pg_class where relname = 'drydock_other')
             + (select last_value - 1 from drydock_s)",
        );
        assert_eq!(kept.fetch_one(&mut connection).await.unwrap(), 0, "{query}: {refused}");
        assert!(!std::path::Path::new("/tmp/drydock_copy").exists(), "{query}");
    }
    let two = read_all(&url, "select 1; drop table drydock_t").await.unwrap_err().to_string();
    assert!(two.ends_with("the query must be one SELECT, WITH or VALUES that only reads"), "{two}");
    let query = "-- the fleet;\nselect '5f1e2d3c4b5a69788796a5b4'::text as project_id, 'c1'::varchar as name, \
                 'AWS' as provider, 'US_EAST_1' as region, true as termination_protection, 1.50::numeric as price, \
                 null::int as note, date '2026-01-02' as since, 2 as wave; -- end";
    let rows = read_all(&url, query).await.unwrap();
    assert_eq!((rows[0].wanted.wave, rows[0].wanted.termination_protection), (Some(2), Some(true)));
    let texts: Vec<&str> = rows[0].extra.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, ["1.50", "", "2026-01-02"]);
    raw_sql("drop table drydock_t; drop sequence drydock_s").execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn no_error_tells_the_url_or_its_password() {
    for url in ["mysql://me:s3cret@h/db", "postgres://me:s3cret@[::1/db", "postgres://me:s3cret@127.0.0.1:1/db"] {
        let error = read_all(url, "select 1").await.unwrap_err().to_string();
        assert!(!error.contains("s3cret"), "{error}");
    }
    let odd = sqlx::Error::Protocol("bad s3cret at postgres://me:s3cret@h/db".to_owned());
    assert!(!failure("postgres://me:s3cret@h/db", &odd).to_string().contains("s3cret"));
    let decoded = sqlx::Error::Protocol("no password s3:cret, nor ?pwd=other of ours".to_owned());
    let said = failure("postgres://me:s3%3Acret@h/db", &decoded).to_string();
    assert!(said.contains("no password ***, nor ?pwd=*** of ours"), "{said}");
}

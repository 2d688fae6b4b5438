//! The fleet's columns and rows, read from CSV.

mod text;

use std::collections::BTreeMap;
use std::io::Read;

use super::*;
use crate::domain::operation::Operation;

const ID: &str = "5f1e2d3c4b5a69788796a5b4";

type Pairs<'a> = &'a [(&'a str, &'a str)];

fn map(pairs: Pairs<'_>) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn read_with(bytes: &[u8], defaults: Pairs<'_>, columns: Pairs<'_>) -> Result<Vec<FleetRow>, String> {
    let (defaults, columns) = (Defaults::new(map(defaults)).unwrap(), map(columns));
    let operation = Operation::of_name("shared-to-serverless").unwrap();
    let options = ReadOptions { operation, defaults: &defaults, columns: &columns };
    let mut rows = Vec::new();
    let mut each = |chunk: Vec<FleetRow>| {
        assert!(!chunk.is_empty() && chunk.len() <= CHUNK);
        rows.extend(chunk);
        Ok(())
    };
    let count = read_csv(bytes, "q4.csv", &options, &mut each).map_err(|error| error.to_string())?;
    assert_eq!(count, rows.len() as u64);
    Ok(rows)
}

/// The text with `ID` before a cluster's name written out.
fn with_id(text: &str) -> String {
    text.replace("ID,c", &format!("{ID},c")).replace("ID;c", &format!("{ID};c"))
}

fn read_text(text: &str) -> Result<Vec<FleetRow>, String> {
    read_with(with_id(text).as_bytes(), &[], &[])
}

fn errors(text: &str) -> Vec<String> {
    read_text(text).unwrap_err().lines().map(str::to_owned).collect()
}

#[test]
fn a_full_row_is_read_into_its_words() {
    let header = "project_id,cluster_name,provider,region,continuous_backup,termination_protection,tags,wave,tag:env";
    let rows = read_text(&format!("{header}\nID,c1, aws ,US_EAST_1,Yes,0,team=db;cost=4,2,prod\n")).unwrap();
    let wanted = &rows[0].wanted;
    assert_eq!((rows[0].row, rows[0].project_id.as_str(), rows[0].cluster_name.as_str()), (2, ID, "c1"));
    assert_eq!((wanted.provider.as_str(), wanted.region.as_str()), ("AWS", "US_EAST_1"));
    assert_eq!((wanted.continuous_backup, wanted.termination_protection), (Some(true), Some(false)));
    assert_eq!((wanted.wave, wanted.tags.len()), (Some(2), 3));
    assert_eq!(wanted.tags[2], ("env".to_owned(), "prod".to_owned()));
}

#[test]
fn headers_match_without_case_spaces_and_strokes() {
    for header in [
        "groupId,Cluster,cloud,Region-Name",
        "GROUP_ID,name,backing provider name,region",
        "Project,NAME,Provider,regionName",
    ] {
        assert_eq!(read_text(&format!("{header}\nID,c1,GCP,WEST_1\n")).unwrap().len(), 1, "{header}");
    }
}

#[test]
fn the_exact_name_wins_and_the_alias_is_carried_through() {
    let rows = read_text("name,project_id,cluster_name,provider,region\nCRM,ID,c1,AWS,R\n").unwrap();
    assert_eq!(rows[0].cluster_name, "c1");
    assert_eq!(rows[0].extra, [("name".to_owned(), "CRM".to_owned())]);
}

#[test]
fn two_aliases_and_double_headers_are_errors() {
    let wrong = errors("project_id,name,cluster,provider,region,Re gion\nID,c1,c1,AWS,R,R\n");
    assert_eq!(wrong[0], "q4.csv:1:Re gion: columns E and F have the same header (region)");
    assert_eq!(wrong[1], "q4.csv:1:cluster_name: \"name\" and \"cluster\" both can be cluster_name; name it so");
}

#[test]
fn a_missing_column_is_told_with_a_near_miss_unless_a_default_gives_it() {
    let text = "project_id,cluster_name,regoin\nID,c1,R\n";
    let wrong = errors(text);
    assert_eq!(wrong.len(), 2);
    assert!(wrong[0].starts_with("q4.csv:1:provider: no such column"), "{wrong:?}");
    assert!(wrong[1].contains("did you mean regoin?"), "{wrong:?}");
    let defaults = [("provider", "aws"), ("region", "US_EAST_1"), ("tag:by", "drydock")];
    let rows = read_with(with_id(text).as_bytes(), &defaults, &[]).unwrap();
    assert_eq!((rows[0].wanted.provider.as_str(), rows[0].wanted.region.as_str()), ("AWS", "US_EAST_1"));
    assert_eq!(rows[0].wanted.tags, [("by".to_owned(), "drydock".to_owned())]);
}

#[test]
fn the_campaign_file_may_say_what_their_columns_are_called() {
    let text = format!("Atlas project,Kunde,cluster_name,provider,region\n{ID},c1,row,AWS,R\n");
    let columns = [("project_id", "atlas-project"), ("cluster_name", "Kunde")];
    let rows = read_with(text.as_bytes(), &[], &columns).unwrap();
    assert_eq!(rows[0].cluster_name, "c1");
    assert_eq!(rows[0].extra, [("fleet_cluster_name".to_owned(), "row".to_owned())]);
    let wrong = read_with(text.as_bytes(), &[], &[("project_id", "Atlas projekt")]).unwrap_err();
    assert!(wrong.contains("q4.csv:1:project_id: no column \"Atlas projekt\""), "{wrong}");
    assert!(wrong.contains("did you mean Atlas project?"), "{wrong}");
}

#[test]
fn foreign_columns_keep_their_text_and_yield_the_names_of_reports() {
    let rows =
        read_text("project_id,cluster_name,provider,region,State,owner,fleet_state,tier\nID,c1,AWS,R,x, a ,y,M2\n");
    let expected = [("fleet_fleet_State", "x"), ("owner", " a "), ("fleet_state", "y"), ("tier", "M2")];
    let expected: Vec<_> = expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    assert_eq!(rows.unwrap()[0].extra, expected);
}

#[test]
fn every_error_is_told_at_the_row_that_a_spreadsheet_shows() {
    let text = "project_id,cluster_name,provider,region,note,wave\n\
                \n\
                ID,c1,AWS,us-east-1,\"two\nlines\",0\n\
                ,,,,,\n\
                ID,c1,IBM,,ok,\r\n\
                5F1E2D3C4B5A69788796A5B4,-x,AWS,R,,\n\
                ID,c1,GCP,R,,\n";
    insta_like(
        &errors(text),
        &[
            "q4.csv:3:region: must be capitals, digits and _; did you mean US_EAST_1? (us-east-1)",
            "q4.csv:3:wave: must be a whole number, 1 or more (0)",
            "q4.csv:5:provider: must be AWS, AZURE or GCP (IBM)",
            "q4.csv:5:region: must be capitals, digits and _ (empty)",
            "q4.csv:5:cluster_name: the same cluster stands in row 3 (5f1e2d3c4b5a69788796a5b4/c1)",
            "q4.csv:6:cluster_name: must be letters, digits and -, begin with a letter or digit, and be at most 64 long (-x)",
            "q4.csv:7:cluster_name: the same cluster stands in row 3 (5f1e2d3c4b5a69788796a5b4/c1)",
        ],
    );
}

#[test]
fn a_name_that_stands_twice_in_another_case_is_the_same_cluster_and_one_with_an_underscore_is_none() {
    let header = "project_id,cluster_name,provider,region";
    let wrong = errors(&format!("{header}\nID,cRM,AWS,R\nID,crm,AWS,R\nID,cRM-2,AWS,R\nID,c_rm,AWS,R\n"));
    insta_like(
        &wrong,
        &[
            "q4.csv:3:cluster_name: the same cluster stands in row 2 (5f1e2d3c4b5a69788796a5b4/cRM); Atlas ignores case",
            "q4.csv:5:cluster_name: must be letters, digits and -, begin with a letter or digit, and be at most 64 long (c_rm)",
        ],
    );
    let capitals = ID.to_ascii_uppercase();
    let wrong = errors(&format!("{header}\nID,crm,AWS,R\n{capitals},crm,AWS,R\n"));
    insta_like(&wrong, &["q4.csv:3:cluster_name: the same cluster stands in row 2 (5f1e2d3c4b5a69788796a5b4/crm)"]);
}

fn insta_like(found: &[String], expected: &[&str]) {
    assert_eq!(found.join("\n"), expected.join("\n"));
}

#[test]
fn a_row_of_the_wrong_width_is_an_error_where_it_could_mean_something_else() {
    let header = "project_id,cluster_name,provider,region,note";
    assert!(read_text(&format!("{header}\nID,c1,AWS,R\nID,c2,AWS,R,n,, ,\n")).is_ok());
    let wrong = errors(&format!("{header}\nID,c1,AWS\nID,c2,AWS,R,n,,x\n"));
    assert_eq!(wrong[0], "q4.csv:2:region: the row ends before it: the row has 3 cells, the header 5");
    assert!(wrong[1].starts_with("q4.csv:3:G: this cell stands under no header"), "{wrong:?}");
    let wrong = errors("project_id,cluster_name,provider,region,\nID,c1,AWS,R,x\n");
    assert!(wrong[0].starts_with("q4.csv:2:E: this cell stands under no header"), "{wrong:?}");
}

#[test]
fn tags_from_cell_column_and_default_are_one_list() {
    let text =
        format!("project_id,cluster_name,provider,region,tags,Tag: env\n{ID},c1,AWS,R,,\n{ID},c2,AWS,R,a=1,prod\n");
    let defaults = [("tags", "env=test;by=me")];
    let rows = read_with(text.as_bytes(), &defaults, &[]).unwrap();
    let tags = |row: usize| rows[row].wanted.tags.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(";");
    assert_eq!((tags(0).as_str(), tags(1).as_str()), ("env=test;by=me", "a=1;env=prod"));
    let wrong = errors("project_id,cluster_name,provider,region,tags,tag:env\nID,c1,AWS,R,env=a,b\n");
    assert_eq!(wrong, ["q4.csv:2:tag:env: the tags cell has this tag too (b)"]);
}

#[test]
fn a_fleet_without_a_row_is_an_error() {
    assert_eq!(
        errors("project_id,cluster_name,provider,region\n,,,\n\n"),
        ["q4.csv: no row: there is nothing to upgrade"]
    );
    assert_eq!(errors(""), ["q4.csv: no row and no header: the file is empty"]);
}

/// Reads a fleet; returns how many rows it has, and how many there were in each chunk.
fn read_in_chunks(text: &str) -> (Result<u64, IntakeError>, Vec<usize>) {
    let (defaults, columns) = (Defaults::default(), BTreeMap::new());
    let options = ReadOptions { operation: Operation::all()[0], defaults: &defaults, columns: &columns };
    let mut chunks = Vec::new();
    let mut each = |chunk: Vec<FleetRow>| {
        chunks.push(chunk.len());
        Ok(())
    };
    let count = read_csv(text.as_bytes(), "q4.csv", &options, &mut each);
    (count, chunks)
}

#[test]
fn after_the_first_error_no_chunk_follows() {
    let line = |number| format!("{ID},c{number},AWS,{}\n", if number == 1200 { "r" } else { "R" });
    let text: String = (0..1700).map(line).collect();
    let text = format!("project_id,cluster_name,provider,region\n{text}");
    let (count, chunks) = read_in_chunks(&text);
    let error = count.unwrap_err();
    assert_eq!(error.to_string(), "q4.csv:1202:region: must be capitals, digits and _; did you mean R? (r)");
    assert_eq!(chunks, [500, 500]);
}

#[test]
fn defaults_obey_the_rules_for_cells() {
    let wrong = |key: &str, value: &str| Defaults::new(map(&[(key, value)])).unwrap_err()[0].1.clone();
    assert!(wrong("cluster_name", "c").starts_with("cannot have a default"));
    assert_eq!(wrong("regoin", "R"), "no such column; did you mean region?");
    assert_eq!(wrong("cloud", "AWS"), "no such column; did you mean provider?");
    assert!(wrong("region", "us-east-1").ends_with("did you mean US_EAST_1? (us-east-1)"));
    assert!(wrong("tag:", "x").starts_with("the key of a tag"));
}

#[tokio::test]
async fn a_file_is_read_through_the_channel_and_a_missing_one_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("q4.csv");
    std::fs::write(&path, format!("project_id,cluster_name,provider,region\n{ID},c1,AWS,R\n")).unwrap();
    let (defaults, columns) = (Defaults::default(), BTreeMap::new());
    let options = ReadOptions { operation: Operation::all()[0], defaults: &defaults, columns: &columns };
    let (sink, mut rows) = tokio::sync::mpsc::channel(4);
    assert_eq!(read(&FleetSource::Csv(path), &options, sink).await.unwrap(), 1);
    assert_eq!(rows.recv().await.unwrap()[0].cluster_name, "c1");
    let (sink, _rows) = tokio::sync::mpsc::channel(4);
    let error = read(&FleetSource::Csv("no/such.csv".into()), &options, sink).await.unwrap_err();
    assert!(error.to_string().starts_with("no/such.csv: "), "{error}");
}

#[test]
fn a_fleet_is_the_same_as_long_as_nothing_of_it_and_of_how_it_is_read_has_changed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let source = FleetSource::Csv(file.path().to_owned());
    let of = |operation: &str, defaults: Pairs<'_>, columns: Pairs<'_>| {
        let (defaults, columns) = (Defaults::new(map(defaults)).unwrap(), map(columns));
        let operation = Operation::of_name(operation).unwrap();
        fingerprint(&source, &ReadOptions { operation, defaults: &defaults, columns: &columns }).unwrap().unwrap()
    };
    std::fs::write(file.path(), "a").unwrap();
    let first = of("m0-to-flex", &[], &[]);
    assert_eq!(of("m0-to-flex", &[], &[]), first);
    assert_ne!(of("m0-to-dedicated", &[], &[]), first);
    assert_ne!(of("m0-to-flex", &[("provider", "AWS")], &[]), first);
    assert_ne!(of("m0-to-flex", &[], &[("provider", "AWS")]), first);
    std::fs::write(file.path(), "ab").unwrap();
    assert_ne!(of("m0-to-flex", &[], &[]), first);
    let (defaults, columns) = (Defaults::default(), map(&[]));
    let options =
        ReadOptions { operation: Operation::of_name("m0-to-flex").unwrap(), defaults: &defaults, columns: &columns };
    assert_eq!(fingerprint(&FleetSource::Csv("-".into()), &options).unwrap(), None, "standard input is read once");
}

/// What a fleet without an end comes to, of which no more than `most` bytes are read.
fn endless(head: &str, again: &[u8], most: u64) -> String {
    struct Endless<'a>(&'a [u8], u64, u64);
    impl Read for Endless<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.1 += out.len() as u64;
            assert!(self.1 <= self.2, "{} bytes were read", self.1);
            let whole = out.len() / self.0.len() * self.0.len();
            out[..whole].chunks_exact_mut(self.0.len()).for_each(|piece| piece.copy_from_slice(self.0));
            Ok(whole)
        }
    }
    let (defaults, columns) = (Defaults::default(), BTreeMap::new());
    let options = ReadOptions { operation: Operation::all()[0], defaults: &defaults, columns: &columns };
    let input = head.as_bytes().chain(Endless(again, 0, most));
    read_csv(input, "q4.csv", &options, &mut |_| Ok(())).unwrap_err().to_string()
}

#[test]
fn a_fleet_without_an_end_is_read_no_further_than_its_first_limit() {
    const HEADER: &str = "project_id,cluster_name,provider,region\n";
    let told = endless("", b"\0", 2 << 20);
    assert!(told.starts_with("q4.csv:1: holds a NUL byte"), "{told}");
    assert!(endless("", b",", 1 << 20).contains("more than 16384 cells"));
    assert!(endless(HEADER, b",", 1 << 20).starts_with("q4.csv:2: the row has more than 16384 cells"));
    assert!(endless("", b"x", 2 << 20).contains("longer than 1 MiB"));
    assert!(endless(HEADER, b"\"\"", 2 << 20).contains("longer than 1 MiB"));
    let told = endless(HEADER, b"\n", 5 << 20);
    assert_eq!(
        told,
        "q4.csv:4000001: a file has at most 4000000 lines, those that are blank among them. Reading stopped here"
    );
}

#[test]
fn as_many_columns_as_a_spreadsheet_has_are_read_and_a_wide_header_is_told_in_a_line() {
    let extras = |count: usize| (0..count).map(|number| format!(",x{number}")).collect::<Vec<_>>().concat();
    let cells = |count: usize| ",".repeat(count);
    let wide = |count: usize| {
        format!("project_id,cluster_name,provider,region{}\nID,c1,AWS,R{}\n", extras(count), cells(count))
    };
    assert_eq!(read_text(&wide(16_380)).unwrap()[0].extra.len(), 16_380);
    assert!(read_text(&wide(16_381)).unwrap_err().contains("more than 16384 cells"));
    assert!(read_text(&wide(700_000)).unwrap_err().len() < 200);
    let told = read_text(&format!("id{}\nx\n", extras(5000))).unwrap_err();
    assert!(told.len() < 2000 && told.contains("and 4961 more"), "{told}");
}

#[test]
fn rows_with_much_text_make_smaller_chunks() {
    let row = |number: usize| format!("{ID},c{number},AWS,R,{}\n", "x".repeat(900 << 10));
    let text =
        format!("project_id,cluster_name,provider,region,note\n{}", (0..20).map(row).collect::<Vec<_>>().concat());
    let (count, chunks) = read_in_chunks(&text);
    assert_eq!(count.unwrap(), 20);
    assert!(chunks.iter().all(|rows| *rows <= 5), "{chunks:?}");
}

#[test]
fn equal_errors_of_many_rows_are_counted_and_the_first_of_them_shown() {
    let rows = (0..50_000).map(|number| format!("{ID},c{number},IBM,R\n")).collect::<Vec<_>>().concat();
    let wrong = errors(&format!("project_id,cluster_name,provider,region\n{rows}"));
    assert_eq!(wrong.len(), 101);
    assert_eq!(wrong[99], "q4.csv:101:provider: must be AWS, AZURE or GCP (IBM)");
    assert_eq!(wrong[100], "q4.csv:provider: and 49900 more, the last in row 50001");
}

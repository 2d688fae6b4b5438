//! The text of a CSV file: encodings, separators, quotation marks, and bytes of any kind.

use std::borrow::Cow;

use proptest::prelude::*;

use crate::intake::records::{Record, Records};
use crate::intake::tests::{ID, read_text, read_with};

const HEADER: &str = "project_id,cluster_name,provider,region,owner";

fn owner_of(bytes: &[u8]) -> String {
    let rows = read_with(bytes, &[], &[]).unwrap();
    assert_eq!((rows.len(), rows[0].cluster_name.as_str()), (1, "c1"));
    rows[0].extra[0].1.clone()
}

#[test]
fn marks_encodings_and_separators_of_spreadsheets_are_read() {
    let plain = format!("{HEADER}\n{ID},c1,AWS,R,Zoë\n");
    assert_eq!(owner_of(plain.as_bytes()), "Zoë");
    assert_eq!(owner_of(format!("\u{feff}{plain}").as_bytes()), "Zoë");
    assert_eq!(owner_of(plain.replace('\n', "\r\n").as_bytes()), "Zoë");
    assert_eq!(owner_of(plain.replace('\n', "\r").as_bytes()), "Zoë");
    assert_eq!(owner_of(plain.replace(',', ";").as_bytes()), "Zoë");
    assert_eq!(owner_of(plain.replace(',', "\t").as_bytes()), "Zoë");
    assert_eq!(owner_of(format!("sep=;\r\n{}", plain.replace(',', ";")).as_bytes()), "Zoë");
    assert_eq!(owner_of(format!("\u{feff}SEP=|\n{}", plain.replace(',', "|")).as_bytes()), "Zoë");
    let windows: Vec<u8> = plain.chars().map(|letter| letter as u8).collect();
    assert_eq!(owner_of(&windows), "Zoë");
    let units = || std::iter::once('\u{feff}').chain(plain.chars()).map(|letter| letter as u16);
    assert_eq!(owner_of(&units().flat_map(u16::to_le_bytes).collect::<Vec<_>>()), "Zoë");
    assert_eq!(owner_of(&units().flat_map(u16::to_be_bytes).collect::<Vec<_>>()), "Zoë");
}

#[test]
fn a_long_utf_16_file_is_read_whole() {
    let lines: Vec<String> = (0..5000).map(|number| format!("{ID},c{number},AWS,R,Zoë \u{1f680}\r\n")).collect();
    let text = format!("\u{feff}{HEADER}\r\n{}", lines.concat());
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let rows = read_with(&bytes, &[], &[]).unwrap();
    assert_eq!((rows.len(), rows[4999].extra[0].1.as_str()), (5000, "Zoë \u{1f680}"));
}

#[test]
fn a_sep_line_is_no_row() {
    let wrong = read_text("sep=;\nproject_id;cluster_name;provider;region\nID;c1;AWS;r\n").unwrap_err();
    assert!(wrong.starts_with("q4.csv:2:region"), "{wrong}");
}

#[test]
fn quotation_marks_that_would_swallow_rows_are_errors() {
    let wrong = read_text(&format!("{HEADER}\nID,c1,AWS,R,\"Bob\nID,c2,AWS,R,Al\n")).unwrap_err();
    assert_eq!(wrong, "q4.csv:2:owner: the quotation mark that begins this cell is never closed");
    let wrong = read_text(&format!("{HEADER}\nID,c1,AWS,R,\"Bob\nID,c2,AWS,R,\"Al\"\n")).unwrap_err();
    assert!(wrong.starts_with("q4.csv:2:owner: text follows a closing quotation mark"), "{wrong}");
    assert_eq!(owner_of(format!("{HEADER}\n{ID},c1,AWS,R,5\" disk\n").as_bytes()), "5\" disk");
    assert_eq!(owner_of(format!("{HEADER}\n{ID},c1,AWS,R,\"say \"\"hi\"\"\" \n").as_bytes()), "say \"hi\" ");
}

#[test]
fn what_is_not_text_is_refused() {
    let wrong = read_text(&format!("{HEADER}\nID,c1,AWS,R,a\0b\n")).unwrap_err();
    assert!(wrong.starts_with("q4.csv:2:owner: holds a NUL byte"), "{wrong}");
    let wrong = read_with(b"PK\x03\x04\x14\x00", &[], &[]).unwrap_err();
    assert!(wrong.starts_with("q4.csv: this is a spreadsheet's own format"), "{wrong}");
    let endless = format!("{HEADER}\n{ID},c1,AWS,R,\"{}", "x".repeat(5 << 20));
    assert!(read_with(endless.as_bytes(), &[], &[]).unwrap_err().contains("longer than 1 MiB"));
}

/// The records by our reader, if it finds nothing wrong with them.
fn ours(text: &[u8]) -> Option<Vec<Vec<String>>> {
    let (mut records, mut record, mut all) = (Records::new(text, b','), Record::default(), Vec::new());
    while records.next(&mut record).unwrap() {
        if record.error.is_some() {
            return None;
        }
        all.push(record.cells().map(Cow::into_owned).collect());
    }
    Some(all)
}

fn theirs(text: &[u8]) -> Vec<Vec<String>> {
    let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let records = reader.records().map(Result::unwrap);
    records.map(|record| record.iter().map(str::to_owned).collect()).collect()
}

proptest! {
    #[test]
    fn the_csv_crate_reads_the_same_records(text in "[a\",\r\n ]{0,40}") {
        if let Some(ours) = ours(text.as_bytes()) {
            prop_assert_eq!(ours, theirs(text.as_bytes()));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_with(&bytes, &[("provider", "AWS")], &[]);
        let mut with_header = HEADER.as_bytes().to_vec();
        with_header.push(b'\n');
        with_header.extend(&bytes);
        let _ = read_with(&with_header, &[], &[]);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\u{feff}projectidname_tag:,;\t\"=\r\n\0é1]{0,80}") {
        let _ = read_text(&text);
    }

    #[test]
    fn a_row_is_counted_as_a_spreadsheet_counts(blank in 0_usize..5, breaks in 0_usize..4) {
        let note = "x\n".repeat(breaks);
        let text = format!("{HEADER}\n{ID},c0,AWS,R,\"{note}\"\n{}{ID},c1,AWS,R,\n", "\n".repeat(blank));
        let rows = read_with(text.as_bytes(), &[], &[]).unwrap();
        prop_assert_eq!((rows[0].row, rows[1].row), (2, 3 + blank as i64));
    }
}

//! Checks that a text is one SQL statement that reads, before it goes to a database.
//!
//! SQLite executes every statement of a text, and a PRAGMA, an ATTACH or a VACUUM INTO is not stopped by a
//! connection that is opened read-only. So a query must be one statement, and begin as only a query can.

/// The words that a query begins with.
const READS: [&str; 3] = ["SELECT", "WITH", "VALUES"];

/// Refuses what is not exactly one SELECT, WITH or VALUES; `Err` says what it is instead. What a `WITH` then does is
/// for the read-only connection to refuse.
pub(super) fn refuse_unless_one_read(query: &str) -> Result<(), String> {
    if query.contains('\0') {
        return Err("the query holds a NUL character: a database would read only what stands before it".to_owned());
    }
    let mut rest = query.as_bytes();
    let mut first = None;
    while let Some((token, behind)) = next_token(rest) {
        match token {
            Token::Blank => {}
            Token::End if has_statement(behind) => {
                return Err("the query must be one statement: another one follows after `;`".to_owned());
            }
            Token::End => break,
            Token::Other => {
                first.get_or_insert(rest);
            }
        }
        rest = behind;
    }
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let word = first.unwrap_or_default().iter().copied().take_while(is_of_word);
    let word: String = word.map(char::from).collect();
    if READS.iter().any(|read| read.eq_ignore_ascii_case(&word)) {
        return Ok(());
    }
    let found = if word.is_empty() { String::new() } else { format!(" ({})", word.to_ascii_uppercase()) };
    Err(format!("the query must begin with SELECT, WITH or VALUES: it may only read{found}"))
}

/// The kinds of tokens that matter here.
enum Token {
    /// White space or a comment.
    Blank,
    /// A semicolon: the end of a statement.
    End,
    /// A quoted text or name as a whole, or one byte of anything else.
    Other,
}

/// The next token, by SQLite's rules, and the text after it.
fn next_token(text: &[u8]) -> Option<(Token, &[u8])> {
    let (first, rest) = text.split_first()?;
    let behind = |end: Option<usize>| end.and_then(|end| rest.get(end..)).unwrap_or_default();
    Some(match (first, rest.first()) {
        (b';', _) => (Token::End, rest),
        // A doubled quotation mark is read as two quoted texts side by side, with the same result.
        (quote @ (b'\'' | b'"' | b'`'), _) => (Token::Other, behind(after(rest, &[*quote]))),
        (b'[', _) => (Token::Other, behind(after(rest, b"]"))),
        (b'-', Some(b'-')) => (Token::Blank, behind(after(rest, b"\n"))),
        (b'/', Some(b'*')) => (Token::Blank, behind(after(&rest[1..], b"*/").map(|end| end + 1))),
        (byte, _) if byte.is_ascii_whitespace() => (Token::Blank, rest),
        _ => (Token::Other, rest),
    })
}

/// The place behind the first occurrence of `end`.
fn after(text: &[u8], end: &[u8]) -> Option<usize> {
    text.windows(end.len()).position(|window| window == end).map(|place| place + end.len())
}

fn has_statement(mut text: &[u8]) -> bool {
    while let Some((token, behind)) = next_token(text) {
        if matches!(token, Token::Other) {
            return true;
        }
        text = behind;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_that_reads_is_let_through() {
        for query in [
            "select 1",
            " SELECT ';' as a, \"x;y\", `;`, [;] from t ; ",
            "-- all; of them\nwith t as (select 1) select * from t;;\n-- end",
            "/* ; */values (1)/* never closed",
            "select 'it''s; fine'",
            "select 1 -- the last; line",
            "select a->'b', 1-1, 4/2 from t",
        ] {
            assert_eq!(refuse_unless_one_read(query), Ok(()), "{query}");
        }
    }

    #[test]
    fn a_second_statement_is_refused_wherever_it_hides() {
        for query in [
            "select 1; pragma query_only = off",
            "select 1;;/* */ vacuum into 'x'",
            "select ''';'; vacuum",
            "select 1 /* ' */; commit /* ' */",
            "select 1 -- '\n; commit -- '",
            "select [']; commit; select [']",
            "select 1; 'text'",
            "select \"a\"\"b\"; attach 'x' as y",
        ] {
            let refused = refuse_unless_one_read(query).unwrap_err();
            assert!(refused.contains("one statement"), "{query}: {refused}");
        }
    }

    #[test]
    fn a_statement_that_is_no_query_is_refused_by_its_first_word() {
        for (query, word) in [
            ("pragma query_only = off", " (PRAGMA)"),
            ("/* select */ Vacuum into 'x'", " (VACUUM)"),
            ("--select\nattach 'x' as y", " (ATTACH)"),
            ("begin", " (BEGIN)"),
            ("selects 1", " (SELECTS)"),
            ("'select' 1", ""),
            ("", ""),
            (" ; select 1", ""),
        ] {
            let refused = refuse_unless_one_read(query).unwrap_err();
            assert!(refused.contains("SELECT, WITH or VALUES") || query.contains("; "), "{query}: {refused}");
            assert!(refused.ends_with(word), "{query}: {refused}");
        }
        assert!(refuse_unless_one_read("select 1\0; commit").unwrap_err().contains("NUL"));
    }
}

//! What `strace -f -yy -o FILE` writes, read back.

use std::collections::HashMap;

/// A system call. Its places count the lines of the trace: whatever ended in an earlier line than another began
/// was over before that one reached the system.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) name: String,
    pub(crate) began: usize,
    /// Nothing if the process died first.
    pub(crate) ended: Option<usize>,
    pub(crate) succeeded: bool,
    args: String,
    result: String,
}

/// Reads a whole trace.
pub(crate) fn parse(trace: &str) -> Vec<Call> {
    let (mut calls, mut under_way) = (Vec::<Call>::new(), HashMap::<&str, usize>::new());
    for (place, line) in trace.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(resumed) = rest.strip_prefix("<... ") {
            // `<... fsync resumed>)     = 0`
            if let (Some(index), Some((_, tail))) = (under_way.remove(thread), resumed.split_once(" resumed>")) {
                calls[index].end(place, tail);
            }
        } else if let Some((name, args)) = rest.split_once('(')
            && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
        {
            calls.push(Call::begin(place, name));
            let index = calls.len() - 1;
            if let Some(args) = args.strip_suffix(" <unfinished ...>") {
                args.clone_into(&mut calls[index].args);
                under_way.insert(thread, index);
            } else {
                calls[index].end(place, args);
            }
        }
    }
    calls
}

impl Call {
    fn begin(place: usize, name: &str) -> Self {
        let (args, result) = (String::new(), String::new());
        Self { name: name.to_owned(), began: place, ended: None, succeeded: false, args, result }
    }

    /// `args) = result`, with more spaces; the result is `?` if the process died first.
    fn end(&mut self, place: usize, tail: &str) {
        let Some((args, result)) = tail.rsplit_once(" = ") else { panic!("line {place} does not end: {tail}") };
        self.args.push_str(args.trim_end().trim_end_matches(')').trim_end_matches(" <unfinished ...>"));
        result.clone_into(&mut self.result);
        self.ended = (!result.starts_with('?')).then_some(place);
        self.succeeded = self.ended.is_some() && !result.starts_with('-');
    }

    /// What the descriptor stands for that it was called with: a path, or a socket's two ends.
    pub(crate) fn file(&self) -> Option<&str> {
        decoded(self.args.split(", ").next()?)
    }

    /// The path that was opened.
    pub(crate) fn opened(&self) -> Option<&str> {
        decoded(&self.result)
    }

    /// Whether it says this word, such as `O_CREAT`, outside its strings.
    pub(crate) fn says(&self, word: &str) -> bool {
        self.args.rsplit('"').next().is_some_and(|flags| flags.contains(word))
    }

    /// The last argument, a number.
    pub(crate) fn last(&self) -> usize {
        let last = self.args.rsplit(", ").next().and_then(|last| last.parse().ok());
        last.unwrap_or_else(|| panic!("no number at the end of {}", self.brief()))
    }

    /// The strings it was called with, one after another: what it writes.
    pub(crate) fn data(&self) -> Vec<u8> {
        let mut bytes = self.args.bytes().peekable();
        let (mut data, mut inside) = (Vec::new(), false);
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' => inside = !inside,
                _ if !inside => {}
                b'\\' => data.push(escaped(&mut bytes)),
                byte => data.push(byte),
            }
        }
        assert!(!self.args.contains("\"..."), "cut short: {}", self.brief());
        data
    }

    /// The beginning of it, for people.
    pub(crate) fn brief(&self) -> String {
        format!("line {}: {}({:.200}", self.began + 1, self.name, self.args)
    }
}

/// `9</srv/drydock.db>` stands for a path.
fn decoded(descriptor: &str) -> Option<&str> {
    descriptor.split_once('<')?.1.strip_suffix('>')
}

/// What follows a backslash: a letter as in C, or up to three octal digits.
fn escaped(bytes: &mut std::iter::Peekable<impl Iterator<Item = u8>>) -> u8 {
    let first = bytes.next().unwrap_or_default();
    if !(b'0'..=b'7').contains(&first) {
        return match first {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'v' => 0x0b,
            b'f' => 0x0c,
            other => other,
        };
    }
    let mut value = first - b'0';
    for _ in 0..2 {
        let Some(digit) = bytes.next_if(|next| (b'0'..=b'7').contains(next)) else { break };
        value = value.wrapping_mul(8).wrapping_add(digit - b'0');
    }
    value
}

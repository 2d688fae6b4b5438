//! What a power cut leaves of a database: a model of a disk, played from a trace.
//!
//! It is as unkind as POSIX lets a disk be. Data last once their file was synchronised after them, names (a file
//! made, a file removed) once their directory was. All else is lost, or kept in shreds.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use crate::dice::Dice;
use crate::trace::Call;

/// A disk writes no less at once.
const SECTOR: usize = 512;

/// The name of the database file, and what SQLite keeps beside it. (`-shm` is made anew by whoever comes first.)
const FILES: [&str; 3] = ["drydock.db", "drydock.db-wal", "drydock.db-journal"];

type Names = BTreeMap<&'static str, usize>;

/// The files of one database.
pub(crate) struct Disk {
    folder: String,
    files: Vec<File>,
    /// As processes see the names.
    shown: Names,
    /// As the disk has them.
    lasting: Names,
}

#[derive(Default)]
struct File {
    before: Vec<u8>,
    changes: Vec<Change>,
    /// So many of the changes last.
    synced: usize,
}

enum Change {
    Write { at: usize, data: Vec<u8> },
    Cut { length: usize },
}

/// What a synchronisation covers: all that was done when it began.
enum Covers {
    File(usize, usize),
    Names(Names),
}

impl Disk {
    /// The database in `folder` as it is, all of it lasting.
    pub(crate) fn of(folder: &Path) -> Self {
        let found = FILES.iter().filter_map(|name| Some((*name, fs::read(folder.join(name)).ok()?)));
        let (names, files): (Vec<_>, Vec<_>) =
            found.map(|(name, before)| (name, File { before, ..File::default() })).unzip();
        let names: Names = names.into_iter().enumerate().map(|(index, name)| (name, index)).collect();
        let folder = folder.canonicalize().unwrap().display().to_string();
        Self { folder, files, lasting: names.clone(), shown: names }
    }

    /// The same folder before there was a database.
    pub(crate) fn empty(folder: &Path) -> Self {
        let folder = folder.canonicalize().unwrap().display().to_string();
        Self { folder, files: Vec::new(), lasting: Names::new(), shown: Names::new() }
    }

    /// Plays what happened before `place`.
    pub(crate) fn play(mut self, calls: &[Call], place: usize) -> Self {
        let begun = calls.iter().filter(|call| call.began < place).map(|call| (call.began, false, call));
        let ended = calls.iter().filter_map(|call| Some((call.ended.filter(|at| *at < place)?, true, call)));
        let mut moments: Vec<_> = begun.chain(ended).collect();
        moments.sort_by_key(|(at, is_end, _)| (*at, *is_end));
        let mut covered = HashMap::new();
        for (_, is_end, call) in moments {
            if is_end && call.succeeded {
                self.end(call, &mut covered);
            } else if !is_end && matches!(&*call.name, "fsync" | "fdatasync") {
                covered.extend(self.covers(call).map(|covers| (call.began, covers)));
            }
        }
        self
    }

    /// Whether a call is about a file of the database, by a descriptor or by a name.
    fn touches(&self, call: &Call) -> bool {
        let by_name = !matches!(&*call.name, "write" | "writev" | "sendto") && {
            let names = String::from_utf8_lossy(&call.data()).into_owned();
            FILES.iter().any(|file| names.contains(&format!("{}/{file}", self.folder)))
        };
        by_name || call.file().and_then(|path| self.name(path)).is_some()
    }

    fn covers(&self, call: &Call) -> Option<Covers> {
        if call.file() == Some(&*self.folder) {
            return Some(Covers::Names(self.shown.clone()));
        }
        let index = *self.shown.get(self.name(call.file()?)?)?;
        Some(Covers::File(index, self.files[index].changes.len()))
    }

    fn end(&mut self, call: &Call, covered: &mut HashMap<usize, Covers>) {
        match &*call.name {
            "fsync" | "fdatasync" => match covered.remove(&call.began) {
                Some(Covers::File(index, changes)) => {
                    let file = &mut self.files[index];
                    file.synced = file.synced.max(changes);
                }
                Some(Covers::Names(names)) => self.lasting = names,
                None => {}
            },
            "openat" => {
                if let Some(name) = call.opened().and_then(|path| self.name(path)).filter(|_| call.says("O_CREAT")) {
                    let next = self.files.len();
                    if *self.shown.entry(name).or_insert(next) == next {
                        self.files.push(File::default());
                    }
                }
            }
            "unlink" => {
                if let Some(name) = self.name(&String::from_utf8_lossy(&call.data())) {
                    self.shown.remove(name);
                }
            }
            "pwrite64" => self.change(call, |call| Change::Write { at: call.last(), data: call.data() }),
            "ftruncate" => self.change(call, |call| Change::Cut { length: call.last() }),
            // Nothing else may touch a database, or this model is wrong.
            _ => assert!(!self.touches(call), "a new way: {}", call.brief()),
        }
    }

    fn change(&mut self, call: &Call, change: impl FnOnce(&Call) -> Change) {
        if let Some(index) = call.file().and_then(|path| self.name(path)).and_then(|name| self.shown.get(name)) {
            self.files[*index].changes.push(change(call));
        }
    }

    fn name(&self, path: &str) -> Option<&'static str> {
        let name = path.strip_prefix(&self.folder)?.strip_prefix('/')?;
        FILES.into_iter().find(|file| *file == name)
    }

    /// Whether a file of this name would be there after a power cut.
    pub(crate) fn keeps(&self, name: &str) -> bool {
        self.lasting.contains_key(name)
    }

    /// Cuts the power: `folder` then holds what lasts. With `dice` shreds of what does not last are there too, in
    /// sectors, and so may be names.
    pub(crate) fn cut(&self, folder: &Path, mut dice: Option<&mut Dice>) {
        let shown = dice.as_mut().is_some_and(|dice| dice.coin());
        let names = if shown { &self.shown } else { &self.lasting };
        for name in FILES.iter().copied().chain(["drydock.db-shm"]).filter(|name| !names.contains_key(name)) {
            let _not_there = fs::remove_file(folder.join(name));
        }
        for (name, index) in names {
            // Into the file that is there: after a power cut it is the same file.
            fs::write(folder.join(name), self.files[*index].after(dice.as_deref_mut())).unwrap();
        }
    }
}

impl File {
    fn after(&self, mut dice: Option<&mut Dice>) -> Vec<u8> {
        let (lasting, loose) = self.changes.split_at(self.synced);
        let mut content = self.before.clone();
        for change in lasting {
            change.apply(&mut content, || true);
        }
        if let Some(dice) = &mut dice {
            for change in loose {
                change.apply(&mut content, || dice.coin());
            }
        }
        content
    }
}

impl Change {
    /// Does as much of it as `happens`, sector by sector.
    fn apply(&self, content: &mut Vec<u8>, mut happens: impl FnMut() -> bool) {
        match self {
            Self::Cut { length } if happens() => content.resize(*length, 0),
            Self::Cut { .. } => {}
            Self::Write { at, data } => {
                let mut done = 0;
                while done < data.len() {
                    let from = at + done;
                    let some = (SECTOR - from % SECTOR).min(data.len() - done);
                    if happens() {
                        content.resize(content.len().max(from + some), 0);
                        content[from..from + some].copy_from_slice(&data[done..done + some]);
                    }
                    done += some;
                }
            }
        }
    }
}

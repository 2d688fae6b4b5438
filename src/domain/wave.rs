//! Waves: which jobs of a campaign are begun before which.

use std::fmt;

use crate::domain::job::Wanted;

/// A part of a campaign that is not begun while a job of an earlier part is live. Rows without a wave make up the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wave(i64);

impl Wave {
    /// The rows without a wave: above any number that a fleet can give.
    pub const REST: Self = Self(1 << u32::BITS);

    /// The wave that a row belongs to.
    pub fn of(wanted: &Wanted) -> Self {
        wanted.wave.map_or(Self::REST, |wave| Self(wave.into()))
    }

    /// The wave with this number, as the job table has it.
    pub fn numbered(number: i64) -> Self {
        Self(number)
    }

    /// Whether a campaign with these has waves at all: one whose rows have none is a single one.
    pub fn are_any<'a>(waves: impl IntoIterator<Item = &'a Self>) -> bool {
        waves.into_iter().any(|wave| *wave != Self::REST)
    }

    /// What the job table knows it by.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Wave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::REST { f.write_str("rows without a wave") } else { write!(f, "wave {}", self.0) }
    }
}

#[test]
fn rows_without_a_wave_are_the_last() {
    let waves = [Some(1), Some(2), Some(u32::MAX), None].map(|wave| Wave::of(&Wanted { wave, ..Wanted::default() }));
    assert!(waves.is_sorted() && waves[3] == Wave::REST);
    assert_eq!((waves[1].to_string(), waves[3].to_string()), ("wave 2".to_owned(), "rows without a wave".to_owned()));
}

//! Digests, and the canonical forms that they are of.
//!
//! A canonical form is a JSON array without blanks, so that any language can make it; a digest is the SHA-256 of its
//! bytes.

use std::fmt::{self, Write as _};

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::{Digest as _, Sha256};

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::Identity;

/// A SHA-256 digest (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Digest([u8; 32]);

impl Digest {
    /// What stands where there was no chain yet.
    pub(in crate::store) const NONE: Self = Self([0; 32]);

    /// The digest that a column holds; none if it is not of this length.
    pub(in crate::store) fn from_column(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The digest with these 64 hex digits, in either case; none if they are not.
    pub(in crate::store) fn from_hex(digits: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let fits = digits.len() == 2 * bytes.len();
        (fits && HEXLOWER_PERMISSIVE.decode_mut(digits.as_bytes(), &mut bytes).is_ok()).then_some(Self(bytes))
    }

    /// What was hashed comes to this.
    pub(in crate::store) fn from_hasher(hashed: Sha256) -> Self {
        Self(hashed.finalize().into())
    }

    /// 64 lower-case hex digits.
    fn hex(&self) -> [u8; 64] {
        let mut digits = [0; 64];
        HEXLOWER.encode_mut(&self.0, &mut digits);
        digits
    }

    /// The bytes, for a column.
    pub(in crate::store) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    /// 64 lower-case hex digits.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hex().iter().try_for_each(|digit| out.write_char(char::from(*digit)))
    }
}

impl serde::Serialize for Digest {
    /// As it is shown.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.hex()).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// A canonical form in the making.
pub(in crate::store) struct CanonicalForm(Vec<u8>);

/// Most forms are shorter.
const USUAL: usize = 1024;

impl CanonicalForm {
    pub(in crate::store) fn new(title: &str) -> Self {
        let mut form = Self(Vec::with_capacity(USUAL));
        form.0.push(b'[');
        form.string(title);
        form
    }

    pub(in crate::store) fn text(mut self, text: Option<&str>) -> Self {
        self.0.push(b',');
        match text {
            Some(text) => self.string(text),
            None => self.0.extend_from_slice(NULL),
        }
        self
    }

    pub(in crate::store) fn number(mut self, number: Option<i64>) -> Self {
        self.0.push(b',');
        match number {
            Some(number) => self.0.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            None => self.0.extend_from_slice(NULL),
        }
        self
    }

    pub(in crate::store) fn time(self, at: Option<Millis>) -> Self {
        self.number(at.map(|at| at.0))
    }

    pub(in crate::store) fn flag(self, flag: bool) -> Self {
        self.number(Some(i64::from(flag)))
    }

    pub(in crate::store) fn digest(mut self, digest: Digest) -> Self {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(&digest.hex());
        self.0.push(b'"');
        self
    }

    pub(in crate::store) fn fault(self, fault: Option<&Fault>) -> Self {
        self.text(fault.map(|fault| &*fault.code)).text(fault.map(|fault| &*fault.detail))
    }

    pub(in crate::store) fn identity(self, cluster: Option<&Identity>) -> Self {
        let string = cluster.and_then(|cluster| cluster.connection_string.as_deref());
        self.text(cluster.map(|cluster| &*cluster.id)).text(string)
    }

    /// The shortest escapes, as RFC 8785 has them.
    fn string(&mut self, text: &str) {
        let _never_fails = serde_json::to_writer(&mut self.0, text);
    }

    pub(in crate::store) fn done(mut self) -> Digest {
        self.0.push(b']');
        Digest::from_hasher(Sha256::new_with_prefix(&self.0))
    }
}

const NULL: &[u8] = b"null";

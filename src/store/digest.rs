//! Digests, and the canonical forms that they are of.
//!
//! A canonical form is a JSON array without blanks, so that any language can make it; a digest is the SHA-256 of its
//! bytes.

use std::fmt;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::clock::Millis;
use crate::domain::code::Fault;
use crate::domain::job::Identity;

/// A SHA-256 digest (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Digest([u8; 32]);

impl Digest {
    /// What stands where there was no chain yet.
    pub(super) const NONE: Self = Self([0; 32]);

    /// The digest that lies in a column; none if it is not of this length.
    pub(super) fn of_column(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// What was hashed comes to this.
    pub(super) fn of(hashed: Sha256) -> Self {
        Self(hashed.finalize().into())
    }

    /// The bytes, for a column.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Digest {
    /// 64 lower-case hex digits.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// A canonical form in the making.
pub(super) struct Form(String);

impl Form {
    pub(super) fn new(title: &str) -> Self {
        Self(format!("[{}", Value::from(title)))
    }

    pub(super) fn text(self, text: Option<&str>) -> Self {
        self.value(&text.map_or(Value::Null, Value::from))
    }

    pub(super) fn number(self, number: Option<i64>) -> Self {
        self.value(&number.map_or(Value::Null, Value::from))
    }

    pub(super) fn time(self, at: Option<Millis>) -> Self {
        self.number(at.map(|at| at.0))
    }

    pub(super) fn flag(self, flag: bool) -> Self {
        self.number(Some(i64::from(flag)))
    }

    pub(super) fn digest(self, digest: Digest) -> Self {
        self.text(Some(&digest.to_string()))
    }

    pub(super) fn fault(self, fault: Option<&Fault>) -> Self {
        self.text(fault.map(|fault| &*fault.code)).text(fault.map(|fault| &*fault.detail))
    }

    pub(super) fn identity(self, cluster: Option<&Identity>) -> Self {
        let string = cluster.and_then(|cluster| cluster.connection_string.as_deref());
        self.text(cluster.map(|cluster| &*cluster.id)).text(string)
    }

    fn value(mut self, value: &Value) -> Self {
        self.0.push(',');
        self.0.push_str(&value.to_string());
        self
    }

    pub(super) fn done(mut self) -> Digest {
        self.0.push(']');
        Digest::of(Sha256::new_with_prefix(self.0.as_bytes()))
    }
}

//! Where Atlas offers what the rows want.

use std::collections::{BTreeMap, BTreeSet};

use crate::atlas::Offer;
use crate::domain::code::Fault;
use crate::domain::job::Wanted;

/// How many regions a message names.
const NAMED: usize = 8;

/// The regions of each provider and size that was asked for, where Atlas told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regions(BTreeMap<(String, String), BTreeSet<String>>);

impl Regions {
    pub(super) fn learn(&mut self, offers: Vec<Offer>) {
        for Offer { provider, instance_sizes } in offers {
            for size in instance_sizes {
                let regions = self.0.entry((provider.clone(), size.name)).or_default();
                regions.extend(size.available_regions.into_iter().map(|region| region.name));
            }
        }
    }

    /// What is wrong with the region of a row that wants `size`; nothing where Atlas told nothing.
    pub(super) fn wrong(&self, wanted: &Wanted, size: &str) -> Option<Fault> {
        let Wanted { provider, region, .. } = wanted;
        let regions = self.0.get(&(provider.clone(), size.to_owned())).filter(|regions| !regions.is_empty())?;
        if regions.contains(region) {
            return None;
        }
        let some: Vec<&str> = regions.iter().take(NAMED).map(String::as_str).collect();
        let more = if regions.len() > NAMED { ", ..." } else { "" };
        let some = some.join(", ");
        Some(Fault::new(
            "REGION_NOT_OFFERED",
            format!("{provider} {region} is not offered for {size}: correct the row; there are {some}{more}"),
        ))
    }
}

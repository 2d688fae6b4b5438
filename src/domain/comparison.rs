//! What a row asks for against what Atlas shows. Only what both sides say is compared.

use crate::domain::event::{Configuration, Seen};
use crate::domain::job::Wanted;

/// A move to another region or cloud: where the cluster is, and where its row asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RegionChange {
    /// `AWS EU_WEST_1`, as far as Atlas says.
    pub from: String,
    /// `GCP WESTERN_EUROPE`
    pub to: String,
}

impl RegionChange {
    /// The move that the row asks of this cluster. If Atlas does not say where the cluster is, it is none.
    pub fn of(wanted: &Wanted, seen: &Seen) -> Option<Self> {
        let Configuration { cloud, region, .. } = &*seen.configuration;
        let changes = differs(cloud.as_deref(), &wanted.provider) || differs(region.as_deref(), &wanted.region);
        let from = seen.place().filter(|_| changes)?;
        Some(Self { from, to: format!("{} {}", wanted.provider, wanted.region) })
    }
}

/// In what a cluster that has been upgraded is not what its row asks for; `None` if it is, as far as can be seen.
pub fn differences(wanted: &Wanted, seen: &Seen) -> Option<String> {
    let Configuration { effective_size, tags, backup, termination_protection, .. } = &*seen.configuration;
    let mut all = Vec::new();
    if let Some(RegionChange { from, to }) = RegionChange::of(wanted, seen) {
        all.push(format!("is in {from}, not in {to}"));
    }
    if let Some(asked) = &wanted.instance_size
        && let now = effective_size.as_ref().unwrap_or(&seen.size)
        && differs(Some(now), asked)
    {
        let scaled = if seen.size == *asked { " (compute auto-scaling has changed it)" } else { "" };
        all.push(format!("is {now}, not {asked}{scaled}"));
    }
    if let Some(there) = tags {
        let missing: Vec<&str> =
            wanted.tags.iter().filter(|tag| !there.contains(tag)).map(|(key, _)| key.as_str()).collect();
        if !missing.is_empty() {
            all.push(format!("lacks the tag {} as given", missing.join(", ")));
        }
    }
    for (what, asked, there) in [
        ("continuous backup", wanted.continuous_backup, *backup),
        ("termination protection", wanted.termination_protection, *termination_protection),
    ] {
        if let (Some(asked), Some(there)) = (asked, there)
            && asked != there
        {
            let word = |on: bool| if on { "on" } else { "off" };
            all.push(format!("has {what} {}, not {}", word(there), word(asked)));
        }
    }
    (!all.is_empty()).then(|| format!("the cluster {}, as the row asks", all.join("; it ")))
}

/// Whether both sides say something, and not the same. Atlas's names are upper case in all its documents.
fn differs(there: Option<&str>, asked: &str) -> bool {
    there.is_some_and(|there| !there.is_empty() && !asked.is_empty() && !there.eq_ignore_ascii_case(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            provider: "GCP".into(),
            region: "WESTERN_EUROPE".into(),
            instance_size: Some("M10".into()),
            continuous_backup: Some(true),
            tags: vec![("team".into(), "a".into())],
            ..Wanted::default()
        }
    }

    fn seen() -> Seen {
        let configuration = Configuration {
            cloud: Some("GCP".into()),
            region: Some("WESTERN_EUROPE".into()),
            backup: Some(true),
            tags: Some(vec![("owner".into(), "mara".into()), ("team".into(), "a".into())]),
            ..Configuration::default()
        };
        Seen { size: "M10".into(), configuration: configuration.into(), ..Seen::default() }
    }

    fn but(change: impl FnOnce(&mut Configuration)) -> Seen {
        let mut seen = seen();
        change(&mut seen.configuration);
        seen
    }

    #[test]
    fn a_move_is_a_difference_of_region_or_cloud_that_atlas_states() {
        assert_eq!(RegionChange::of(&wanted(), &seen()), None);
        let elsewhere = but(|seen| seen.region = Some("EASTERN_US".into()));
        let change = RegionChange { from: "GCP EASTERN_US".into(), to: "GCP WESTERN_EUROPE".into() };
        assert_eq!(RegionChange::of(&wanted(), &elsewhere), Some(change));
        let other_cloud = but(|seen| seen.cloud = Some("AWS".into()));
        assert!(RegionChange::of(&wanted(), &other_cloud).is_some());
        assert_eq!(RegionChange::of(&wanted(), &but(|seen| (seen.cloud, seen.region) = (None, None))), None);
        assert_eq!(RegionChange::of(&Wanted::default(), &seen()), None, "a row that asks for no place");
    }

    #[test]
    fn whatever_differs_is_named_and_what_atlas_does_not_say_does_not_differ() {
        assert_eq!(differences(&wanted(), &seen()), None);
        assert_eq!(differences(&wanted(), &Seen::default()), None);
        let scaled = but(|seen| seen.effective_size = Some("M20".into()));
        assert_eq!(
            differences(&wanted(), &scaled).unwrap(),
            "the cluster is M20, not M10 (compute auto-scaling has changed it), as the row asks"
        );
        let other = but(|seen| {
            (seen.region, seen.tags, seen.backup) = (Some("EASTERN_US".into()), Some(Vec::new()), Some(false));
        });
        let other = Seen { size: "M30".into(), ..other };
        assert_eq!(
            differences(&wanted(), &other).unwrap(),
            "the cluster is in GCP EASTERN_US, not in GCP WESTERN_EUROPE; it is M30, not M10; it lacks the tag team as \
             given; it has continuous backup off, not on, as the row asks"
        );
    }
}

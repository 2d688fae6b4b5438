//! The order of things: the intent, its synchronisation, the first byte of its request.

use std::path::Path;

use crate::atlas::Atlas;
use crate::disk::Disk;
use crate::strace;
use crate::trace::Call;
use crate::workdir::Workdir;

/// An upgrade request that left: where in the trace, and for which cluster.
#[derive(Debug)]
pub(crate) struct Upgrade {
    pub(crate) place: usize,
    pub(crate) project: String,
    pub(crate) cluster: String,
}

/// Every upgrade request of a trace, in its order. Head and body leave in one call, since both are small.
pub(crate) fn upgrades(calls: &[Call]) -> Vec<Upgrade> {
    let to_wire = |call: &&Call| call.file().is_some_and(|file| file.starts_with("TCP"));
    calls.iter().filter(to_wire).filter_map(upgrade).collect()
}

fn upgrade(call: &Call) -> Option<Upgrade> {
    let data = String::from_utf8_lossy(&call.data()).into_owned();
    let (project, rest) = data.strip_prefix("POST /api/atlas/v2/groups/")?.split_once('/')?;
    let (_, body) = rest.strip_prefix("clusters/tenantUpgradeToServerless ")?.split_once("\r\n\r\n")?;
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let cluster = body["name"].as_str().unwrap().to_owned();
    Some(Upgrade { place: call.began, project: project.to_owned(), cluster })
}

/// The trace of a campaign from an empty directory to its end.
pub(crate) fn whole_campaign(projects: u32, clusters: u32) -> (Workdir, Vec<Call>) {
    let dir = Workdir::with_fleet(projects, clusters);
    let atlas = Atlas::serve(&dir, &[]);
    strace::start(&dir, &["run", "fast.toml", "-q"]).end().with(0);
    let count = projects * clusters;
    atlas.stop().are_clean(count.into());
    let calls = strace::trace(&dir);
    assert_eq!(upgrades(&calls).len(), count as usize, "not every request is in the trace");
    (dir, calls)
}

/// Whether these pages of the database hold the row of the job with its intent: the columns of a row stand one
/// after another, among them `project_id`, `cluster_name`, `wanted` and `extra` (both JSON) and `state`.
fn holds_intent(page: &[u8], upgrade: &Upgrade) -> bool {
    let text = String::from_utf8_lossy(page);
    let row = format!("{}{}{{", upgrade.project, upgrade.cluster);
    text.split(&*row).skip(1).any(|rest| rest.split(&*upgrade.project).next().unwrap().contains("]submitting"))
}

pub(crate) fn an_intent_is_synchronised_before_its_request_leaves() {
    let (dir, calls) = whole_campaign(3, 4);
    let wal = dir.path().canonicalize().unwrap().join("drydock.db-wal");
    let of_wal = calls.iter().filter(|call| call.file().map(Path::new) == Some(&*wal));
    let (writes, others): (Vec<&Call>, Vec<&Call>) = of_wal.partition(|call| call.name == "pwrite64");
    let syncs: Vec<&Call> = others.into_iter().filter(|call| matches!(&*call.name, "fsync" | "fdatasync")).collect();
    for upgrade in upgrades(&calls) {
        let intent = writes.iter().find(|write| holds_intent(&write.data(), &upgrade));
        let written = intent.and_then(|write| write.ended).unwrap_or_else(|| panic!("no intent of {upgrade:?}"));
        let synced = |sync: &&Call| sync.began > written && sync.ended.is_some_and(|ended| ended < upgrade.place);
        assert!(syncs.iter().any(synced), "written in line {written}, not synchronised: {upgrade:?}");
        // Nor may the files themselves vanish: their directory was synchronised since they were made.
        let disk = Disk::empty(dir.path()).play(&calls, upgrade.place);
        assert!(disk.keeps("drydock.db") && disk.keeps("drydock.db-wal"), "the files may vanish: {upgrade:?}");
    }
}

//! Made-up fleets.

use std::io::Write as _;
use std::path::Path;

use drydock::domain::job::Wanted;
use drydock::simulator::Cluster;
use drydock::store::NewJob;

/// Clusters of one project, which is what Atlas allows at most.
pub(crate) const PROJECT: usize = 25;

/// Cluster `index` of a fleet with so many in a project.
pub(crate) fn name(index: usize, in_project: usize) -> (String, String) {
    (format!("{:024x}", 0x5f00_0000_0000_u64 + (index / in_project) as u64), format!("orders-{index:07}"))
}

/// Rows of the fleet, from `first` on.
pub(crate) fn jobs(first: usize, count: usize, in_project: usize) -> Vec<NewJob> {
    let wanted = Wanted { provider: "AWS".into(), region: "US_EAST_1".into(), ..Wanted::default() };
    let job = |index| {
        let (project_id, cluster_name) = name(index, in_project);
        let extra = vec![("owner".to_owned(), format!("team {}", index % 40))];
        NewJob { row: index as i64 + 2, project_id, cluster_name, wanted: wanted.clone(), extra }
    };
    (first..first + count).map(job).collect()
}

/// The same as Atlas has them.
pub(crate) fn clusters(count: usize, in_project: usize) -> Vec<Cluster> {
    let cluster = |index| {
        let (project, name) = name(index, in_project);
        Cluster::shared(&project, &name, "AWS", "US_EAST_1", 1)
    };
    (0..count).map(cluster).collect()
}

/// The same as a spreadsheet has them.
pub(crate) fn write(path: &Path, count: usize, in_project: usize) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    writeln!(file, "project_id,cluster_name,provider,region,owner").unwrap();
    for index in 0..count {
        let (project, name) = name(index, in_project);
        writeln!(file, "{project},{name},AWS,US_EAST_1,team {}", index % 40).unwrap();
    }
    file.flush().unwrap();
}

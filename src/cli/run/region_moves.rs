//! What is said of the clusters that a run would move to another region or cloud.

use crate::app::run::region_moves::RegionMoves;
use crate::planning::Row;
use crate::plural;

/// How many moves are named one by one.
const NAMED: usize = 20;

/// Which of the clusters would be moved, in a few lines.
pub(super) fn lines(moves: &RegionMoves) -> Vec<String> {
    let RegionMoves { seen, unseen, moved } = moves;
    let seen = clusters(*seen);
    let mut lines = vec![match moved.len() {
        0 => format!("Of the {seen} seen, none will be moved to another region or cloud."),
        some => format!(
            "Of the {seen} seen, {some} will be MOVED to another region or cloud, which cannot be undone either:"
        ),
    }];
    lines.extend(moved.iter().take(NAMED).map(line));
    if let Some(more @ 1..) = moved.len().checked_sub(NAMED) {
        lines.push(format!("  and {more} more: drydock plan --rows lists them all"));
    }
    if *unseen > 0 {
        lines.push(format!(
            "{} could not be seen within a minute, and may be moved too: the run looks at each before it sends anything.",
            clusters(*unseen)
        ));
    }
    lines
}

fn line(row: &Row) -> String {
    let Row { row, project_id, cluster_name, moves, .. } = row;
    format!("  row {row} {project_id}/{cluster_name} {}", moves.as_deref().unwrap_or_default())
}

fn clusters(number: usize) -> String {
    plural::count(number as u64, "cluster")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planning::Verdict;

    fn row(row: i64) -> Row {
        Row {
            row,
            project_id: "p".to_owned(),
            cluster_name: format!("moves-{row}"),
            is: String::new(),
            becomes: String::new(),
            moves: Some("from AWS EU_WEST_1 to GCP WESTERN_EUROPE".to_owned()),
            verdict: Verdict::Eligible,
            code: None,
            detail: None,
            warnings: Vec::new(),
            cluster_id: None,
            connection_string: None,
        }
    }

    #[test]
    fn the_first_clusters_that_would_be_moved_are_named_and_the_rest_counted() {
        let none = RegionMoves { seen: 2, unseen: 0, moved: Vec::new() };
        assert_eq!(lines(&none), ["Of the 2 clusters seen, none will be moved to another region or cloud."]);
        let lines = lines(&RegionMoves { seen: 24, unseen: 0, moved: (4..26).map(row).collect() });
        assert_eq!(
            lines[0],
            "Of the 24 clusters seen, 22 will be MOVED to another region or cloud, which cannot be undone either:"
        );
        assert_eq!(lines[1], "  row 4 p/moves-4 from AWS EU_WEST_1 to GCP WESTERN_EUROPE");
        assert_eq!((lines.len(), &*lines[21]), (22, "  and 2 more: drydock plan --rows lists them all"));
    }

    #[test]
    fn what_could_not_be_seen_is_said() {
        let lines = lines(&RegionMoves { seen: 1, unseen: 2, moved: vec![row(2)] });
        assert!(lines[0].starts_with("Of the 1 cluster seen, 1 will be MOVED"), "{lines:?}");
        assert_eq!(
            lines[2],
            "2 clusters could not be seen within a minute, and may be moved too: the run looks at each before it sends \
             anything."
        );
    }
}

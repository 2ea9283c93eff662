/// The drills of docs/drills by name, with their files.
pub const CATALOGUE: &[(&str, &str)] = &[
    ("an-hour-of-anything", include_str!("../../../docs/drills/an-hour-of-anything.yaml")),
    ("busy-cores", include_str!("../../../docs/drills/busy-cores.yaml")),
    ("camera-keeps-its-session", include_str!("../../../docs/drills/camera-keeps-its-session.yaml")),
    ("camera-stalls", include_str!("../../../docs/drills/camera-stalls.yaml")),
    ("clock-an-hour-ahead", include_str!("../../../docs/drills/clock-an-hour-ahead.yaml")),
    ("clock-an-hour-back", include_str!("../../../docs/drills/clock-an-hour-back.yaml")),
    ("disk-errors", include_str!("../../../docs/drills/disk-errors.yaml")),
    ("disk-full", include_str!("../../../docs/drills/disk-full.yaml")),
    ("disk-slow", include_str!("../../../docs/drills/disk-slow.yaml")),
    ("flapping-partition", include_str!("../../../docs/drills/flapping-partition.yaml")),
    ("kill-a-node", include_str!("../../../docs/drills/kill-a-node.yaml")),
    ("kill-the-leader", include_str!("../../../docs/drills/kill-the-leader.yaml")),
    ("partition-a-node", include_str!("../../../docs/drills/partition-a-node.yaml")),
    ("partition-one-way", include_str!("../../../docs/drills/partition-one-way.yaml")),
    ("pause-a-node", include_str!("../../../docs/drills/pause-a-node.yaml")),
    ("power-loss", include_str!("../../../docs/drills/power-loss.yaml")),
    ("power-loss-of-all", include_str!("../../../docs/drills/power-loss-of-all.yaml")),
    ("redis-errors", include_str!("../../../docs/drills/redis-errors.yaml")),
    ("redis-pause", include_str!("../../../docs/drills/redis-pause.yaml")),
    ("redis-stop", include_str!("../../../docs/drills/redis-stop.yaml")),
    ("restart-all", include_str!("../../../docs/drills/restart-all.yaml")),
    ("rolling-restart", include_str!("../../../docs/drills/rolling-restart.yaml")),
    ("silent-death", include_str!("../../../docs/drills/silent-death.yaml")),
    ("slow-link", include_str!("../../../docs/drills/slow-link.yaml")),
    ("stop-a-node", include_str!("../../../docs/drills/stop-a-node.yaml")),
    ("store-errors", include_str!("../../../docs/drills/store-errors.yaml")),
    ("store-hangs-and-a-node-dies", include_str!("../../../docs/drills/store-hangs-and-a-node-dies.yaml")),
    ("store-stop", include_str!("../../../docs/drills/store-stop.yaml")),
    ("twin-hides-a-death", include_str!("../../../docs/drills/twin-hides-a-death.yaml")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_what_lies_in_docs() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/drills");
        let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = files.filter_map(|name| Some(name.strip_suffix(".yaml")?.to_owned())).collect();
        names.sort();
        assert_eq!(names, CATALOGUE.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}

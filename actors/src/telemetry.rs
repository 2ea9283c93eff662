use std::sync::Once;

use metrics::{Unit, describe_counter, describe_gauge};

/// Says once what each metric of this crate means. Names follow Prometheus: base units, `_total` for counters. A camera id is a
/// label only where one camera must be told from another: eight series a camera.
pub(crate) fn describe() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (name, help) in COUNTERS {
            describe_counter!(name, help);
        }
        for (name, unit, help) in GAUGES {
            describe_gauge!(name, unit, help);
        }
    });
}

const COUNTERS: [(&str, &str); 43] = [
    ("eyrie_publish_connections_total", "Connections to the listener of cameras that push"),
    ("eyrie_publish_accepted_total", "Publishers that were let in"),
    ("eyrie_publish_refused_total", "Publishers that were turned away, by reason"),
    ("eyrie_publish_accept_failures_total", "Connections of publishers that the system did not hand over"),
    ("eyrie_camera_access_units_total", "Access units received, by camera"),
    ("eyrie_camera_received_bytes_total", "Bytes of access units received, by camera"),
    ("eyrie_camera_faults_total", "Lost or failed connections, by cause"),
    ("eyrie_camera_incidents_total", "Incidents opened, by cause"),
    ("eyrie_camera_packets_lost_total", "RTP packets lost between cameras and node"),
    ("eyrie_camera_child_restarts_total", "Restarts of a part of a camera's tree after a crash, by part"),
    ("eyrie_camera_restarts_total", "Restarts of whole cameras after a crash"),
    ("eyrie_cameras_not_admitted_total", "Starts refused because the frame memory is full"),
    ("eyrie_camera_frames_dropped_total", "Frames that could not be taken, by reason"),
    ("eyrie_camera_discontinuities_total", "Streams begun after another of the same session"),
    (
        "eyrie_ring_units_evicted_unread_total",
        "Access units a limit pushed out of a ring before the recorder read them",
    ),
    ("eyrie_ring_units_refused_total", "Access units a full frame memory refused"),
    ("eyrie_feed_units_skipped_total", "Access units that nodes fed from here were too slow for"),
    ("eyrie_fed_units_missed_total", "Access units that the feeding node let go of before this one could take them"),
    ("eyrie_feeds_ended_total", "Feeds given from here that ended in order, by reason"),
    ("eyrie_feeds_refused_total", "Feeds that were asked of this node and not given, by status"),
    ("eyrie_recording_bytes_total", "Bytes of fragments that became durable"),
    ("eyrie_recording_segments_opened_total", "Segments opened"),
    ("eyrie_recording_failures_total", "Failed writes, syncs and opens, by cause"),
    ("eyrie_recording_units_lost_total", "Access units the recorder came too late for"),
    ("eyrie_recording_left_segments_dropped_total", "Segments left by a crash that only the next start will scan"),
    ("eyrie_recording_fragments_unwritable_total", "Fragments that cannot be written whatever the disk does"),
    ("eyrie_index_write_failures_total", "Writes of index rows the store refused"),
    ("eyrie_index_rows_dropped_total", "Index rows dropped because too many waited, by kind; a scan finds them again"),
    ("eyrie_outbox_write_failures_total", "Writes of events the store refused; they are tried again"),
    ("eyrie_outbox_events_dropped_total", "Events dropped before they reached the outbox because too many waited"),
    ("eyrie_key_spool_rows_total", "Key rows that went to the key spool because the store did not take them in time"),
    ("eyrie_key_spool_refused_total", "Key rows the key spool did not take: it is full, or its disk refuses or hangs"),
    ("eyrie_key_spool_drain_failures_total", "Times the store did not take the key rows of the spool"),
    ("eyrie_key_spool_conflicts_total", "Key rows whose id the store holds with another row; they stay in the spool"),
    ("eyrie_key_spool_damaged_total", "Slots of the key spool that held no row at a start: writes a crash cut short"),
    ("eyrie_retention_deleted_segments_total", "Segments that retention deleted, by rule"),
    ("eyrie_retention_deleted_bytes_total", "Bytes of segments that retention deleted, by rule"),
    ("eyrie_retention_failures_total", "Rounds and files of retention that failed; they are tried again"),
    ("eyrie_live_units_skipped_total", "Access units a live packager skipped"),
    ("eyrie_live_parts_unwritable_total", "Live parts that could not be made"),
    ("eyrie_live_viewers_uncounted_total", "Requests of viewers beyond those a camera tells apart"),
    ("eyrie_facts_write_failures_total", "Minutes of stream facts the store refused; they are tried again for an hour"),
    ("eyrie_node_service_restarts_total", "Restarts of a service of the node after a crash, by service"),
];

const GAUGES: [(&str, Unit, &str); 28] = [
    ("eyrie_rtsps_tunnels", Unit::Count, "TLS sessions with cameras"),
    ("eyrie_publishers", Unit::Count, "Who publishes to this node"),
    ("eyrie_feeds_given", Unit::Count, "Feeds of cameras that this node gives to others"),
    ("eyrie_cameras", Unit::Count, "Cameras, by state"),
    ("eyrie_cameras_by_verdict", Unit::Count, "Cameras that run or ran, by the verdict on their stream"),
    ("eyrie_camera_bitrate_bps", Unit::Count, "Bits of access units a second, by camera; 0 while it sends nothing"),
    ("eyrie_camera_fps", Unit::Count, "Pictures a second, by camera"),
    ("eyrie_camera_gop_seconds", Unit::Seconds, "From keyframe to keyframe, by camera; 0 while unknown"),
    ("eyrie_camera_jitter_seconds", Unit::Seconds, "Interarrival jitter of pictures (RFC 3550), by camera"),
    ("eyrie_camera_viewers", Unit::Count, "Who watches live, by camera"),
    ("eyrie_camera_live_packagers", Unit::Count, "Cameras being packaged for viewers"),
    ("eyrie_camera_setups_waiting", Unit::Count, "Cameras that wait for their turn to connect"),
    ("eyrie_camera_setups_in_flight", Unit::Count, "Cameras that are being connected"),
    ("eyrie_index_rows_waiting", Unit::Count, "Segment rows that wait for the index"),
    ("eyrie_outbox_events_waiting", Unit::Count, "Events that wait for the outbox"),
    ("eyrie_key_spool_rows", Unit::Count, "Key rows that wait in the key spool for the store"),
    ("eyrie_frame_memory_bytes", Unit::Bytes, "Frames in memory, all cameras together"),
    ("eyrie_recording_objective", Unit::Count, "Share of expected footage that is to be recorded (slo.recording)"),
    ("eyrie_recording_expected_seconds", Unit::Seconds, "Footage expected of all cameras, by window"),
    ("eyrie_recording_durable_seconds", Unit::Seconds, "Of it, footage that became durable, by window"),
    (
        "eyrie_recording_single_copy_age_seconds",
        Unit::Seconds,
        "The age of the oldest second that one node alone recorded, of cameras with a twin owned here, by window",
    ),
    ("eyrie_recording_missing_seconds", Unit::Seconds, "Of it, footage that is missing, by window and cause"),
    ("eyrie_recordings_bytes", Unit::Bytes, "Recordings in the index"),
    (
        "eyrie_disk_days_left",
        Unit::Count,
        "Days until a disk is full at the rate it fills, were nothing deleted, by disk",
    ),
    (
        "eyrie_retention_camera_days",
        Unit::Count,
        "How many days back a camera's recordings will reach by its rules at the rate it records, by camera",
    ),
    ("eyrie_retention_segments_marked", Unit::Count, "Segments out of the index whose file is being deleted"),
    (
        "eyrie_retention_clock_ahead_seconds",
        Unit::Seconds,
        "How far the clock jumped ahead; recordings are not aged by it then",
    ),
    ("eyrie_retention_short_bytes", Unit::Bytes, "Room that cannot be made because nothing more may be deleted"),
];

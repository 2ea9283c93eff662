//! The tables that are moved: how their rows are read on either side. The columns are the same, in the same order.

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cameras,
    DeletedCameras,
    SpecHistory,
    Sites,
    Users,
    RefreshTokens,
    Sessions,
    SigningKeys,
    Epochs,
    NodeRuns,
    TenantKeys,
    KeyRows,
    Fragments,
    Copies,
    Segments,
    Deletions,
    DeletedFootage,
    Incidents,
    Markers,
    Layouts,
    CameraFacts,
    NodeFacts,
    Audit,
    Outbox,
}

/// How a table's rows are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub(super) kind: Kind,
    /// What people call it, and its name in the notes of how far the move has come.
    pub(super) name: &'static str,
    /// Its rows in SQLite, in an order that stays.
    pub(super) sqlite: &'static str,
    /// Its rows in the cluster, of one table or of two.
    pub(super) cql: &'static [&'static str],
    /// A row of the cluster's that is null here is another kind of row.
    pub(super) not_null: usize,
}

const fn table(kind: Kind, name: &'static str, sqlite: &'static str, cql: &'static [&'static str]) -> Table {
    Table { kind, name, sqlite, cql, not_null: 0 }
}

/// All of them. What leads to others comes first: keys before the segments they are of, segments last of the index.
pub(super) const TABLES: &[Table] = &[
    table(
        Kind::Cameras,
        "cameras",
        "SELECT tenant, id, revision, created_us, updated_us, name_folded, site, spec, password FROM cameras
         ORDER BY tenant, id",
        &["SELECT tenant, id, revision, created_us, updated_us, name_folded, site, spec, password FROM cameras"],
    ),
    table(
        Kind::DeletedCameras,
        "deleted cameras",
        "SELECT tenant, id, name, deleted_us FROM deleted_cameras ORDER BY tenant, id",
        &["SELECT tenant, id, name, deleted_us FROM deleted_cameras"],
    ),
    table(
        Kind::SpecHistory,
        "history of specs",
        "SELECT tenant, camera, at_us, revision, enabled, mode FROM spec_history ORDER BY tenant, camera, at_us, revision",
        &["SELECT tenant, camera, at_us, revision, enabled, mode FROM spec_history"],
    ),
    Table {
        not_null: 2,
        ..table(
            Kind::Sites,
            "sites",
            "SELECT tenant, id, name, zone, created_us FROM sites ORDER BY tenant, id",
            &["SELECT tenant, id, name, zone, created_us FROM sites"],
        )
    },
    Table {
        not_null: 2,
        ..table(
            Kind::Users,
            "users",
            "SELECT tenant, id, username, role, password_hash, created_us, updated_us FROM users ORDER BY tenant, id",
            &["SELECT tenant, id, username, role, password_hash, created_us, updated_us FROM users"],
        )
    },
    table(
        Kind::RefreshTokens,
        "refresh tokens",
        "SELECT tenant, hash, session FROM refresh_tokens ORDER BY tenant, hash",
        &["SELECT tenant, hash, session FROM refresh_tokens"],
    ),
    table(
        Kind::Sessions,
        "sessions",
        "SELECT s.tenant, s.id, s.user, s.created_us, s.rotated_us, s.expires_us, t.hash FROM sessions s
         JOIN refresh_tokens t ON t.tenant = s.tenant AND t.session = s.id AND t.spent = 0 ORDER BY s.tenant, s.id",
        &["SELECT tenant, id, user, created_us, rotated_us, expires_us, valid_token FROM sessions"],
    ),
    table(
        Kind::SigningKeys,
        "signing keys",
        "SELECT kid, signs_from_us, signs_until_us, verifies_until_us, sealed FROM signing_keys ORDER BY kid",
        &["SELECT kid, signs_from_us, signs_until_us, verifies_until_us, sealed FROM signing_keys"],
    ),
    table(
        Kind::Epochs,
        "epochs",
        "SELECT generation, counter FROM epochs ORDER BY generation DESC LIMIT 1",
        &["SELECT generation, counter FROM epochs"],
    ),
    table(
        Kind::NodeRuns,
        "runs of the node",
        "SELECT node, start_us, last_alive_us FROM node_runs ORDER BY node, start_us",
        &["SELECT node, start_us, last_alive_us FROM node_runs"],
    ),
    table(
        Kind::TenantKeys,
        "tenant keys",
        "SELECT tenant, version, public, wrapped, created_us FROM tenant_keys ORDER BY tenant, version",
        &["SELECT tenant, version, public, wrapped, created_us FROM tenant_keys"],
    ),
    table(
        Kind::KeyRows,
        "segment keys",
        "SELECT tenant, id, sealed FROM key_rows ORDER BY tenant, id",
        &["SELECT tenant, id, sealed FROM key_rows"],
    ),
    table(
        Kind::Fragments,
        "fragment tables",
        "SELECT tenant, camera, segment, first, entries FROM fragments ORDER BY tenant, camera, segment, first",
        &["SELECT tenant, camera, segment, first, chunk FROM fragments"],
    ),
    table(
        Kind::Copies,
        "copies of segments",
        "SELECT tenant, camera, day, segment, node, disk, start_us, path, bytes, written_us FROM copies
         ORDER BY tenant, camera, day, segment, node, disk",
        &["SELECT tenant, camera, day, segment, node, disk, start_us, path, bytes, written_us FROM copies"],
    ),
    table(
        Kind::Segments,
        "segments",
        "SELECT tenant, camera, start_us, slot, epoch, segment, node, state, end_us, runs, fragments, bytes, key,
           merkle_root FROM segments ORDER BY tenant, camera, day, start_us, slot, epoch, segment",
        &["SELECT tenant, camera, start_us, slot, epoch, segment, node, state, end_us, runs, fragments, bytes, key,
             merkle_root FROM segments"],
    ),
    table(
        Kind::Deletions,
        "deletions",
        "SELECT tenant, camera, segment, start_us, slot, epoch, key, bytes FROM deletions ORDER BY tenant, camera, segment",
        &["SELECT tenant, camera, segment, start_us, slot, epoch, key, bytes FROM deletions"],
    ),
    table(
        Kind::DeletedFootage,
        "deleted footage",
        "SELECT tenant, camera, day, bytes, runs FROM deleted_footage ORDER BY tenant, camera, day",
        &["SELECT tenant, camera, day, bytes, runs FROM deleted_footage"],
    ),
    table(
        Kind::Incidents,
        "incidents",
        "SELECT tenant, camera, start_us, slot, epoch, cause, nullif(end_us, 9223372036854775807) FROM incidents
         ORDER BY tenant, camera, start_us, slot, epoch, cause",
        &[
            "SELECT tenant, camera, start_us, slot, epoch, cause, end_us FROM incidents",
            "SELECT tenant, camera, start_us, slot, epoch, cause FROM open_incidents",
        ],
    ),
    table(
        Kind::Markers,
        "markers",
        "SELECT id, camera, start_us, end_us, category, title, note, author, author_id, created_us, updated_us, tenant
         FROM markers ORDER BY tenant, id",
        &["SELECT id, camera, start_us, end_us, category, title, note, author, author_id, created_us, updated_us, tenant
           FROM markers"],
    ),
    table(
        Kind::Layouts,
        "layouts",
        "SELECT tenant, user, id, grid, created_us, updated_us FROM layouts ORDER BY tenant, user, id",
        &["SELECT tenant, user, id, grid, created_us, updated_us FROM layouts"],
    ),
    table(
        Kind::CameraFacts,
        "facts of cameras",
        "SELECT tenant, camera, step_s, chunk, points FROM camera_facts ORDER BY tenant, camera, step_s, chunk",
        &["SELECT tenant, camera, step_s, chunk, points FROM camera_facts"],
    ),
    table(
        Kind::NodeFacts,
        "facts of the node",
        "SELECT node, step_s, chunk, points FROM node_facts ORDER BY node, step_s, chunk",
        &["SELECT node, step_s, chunk, points FROM node_facts"],
    ),
    table(
        Kind::Audit,
        "audit records",
        "SELECT tenant, time_us, id, record FROM audit ORDER BY tenant, time_us, id",
        &["SELECT tenant, time_us, id, record FROM audit"],
    ),
    table(
        Kind::Outbox,
        "events of the outbox",
        "SELECT seq, '[' || event || ']' FROM outbox ORDER BY seq",
        &["SELECT seq, events FROM outbox"],
    ),
];

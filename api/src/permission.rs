use eyrie_types::Role;

use crate::model::CapabilityKind;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anyone.
    Open,
    /// Anyone, at a limited rate for each address: signing in.
    Gate,
    /// A signed-in user of at least this role.
    Role(Role),
    /// The same; or one that drills, and has to see this for it.
    RoleOrDriller(Role),
    /// The same; but one that drills gets no body: with HEAD it finds out that something is there, and sees nothing of it.
    RoleOrDrillerHead(Role),
    /// The holder of a capability of this kind for the camera in the path.
    Capability(CapabilityKind),
    /// The holder of a single-use WebSocket ticket.
    Ticket,
    /// An admin, the holder of the metrics token, or a process on the machine itself.
    Metrics,
}

/// What of a route goes into the audit log besides refusals, which always do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audited {
    /// Nothing: reads.
    Refusals,
    /// Each success: changes, sign-ins, and openings of media.
    Successes,
}

/// What a route permits: an entry of the route table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Permission {
    /// `resource.verb`.
    pub(crate) action: &'static str,
    /// Who may.
    pub(crate) access: Access,
    /// The collection whose member the path's `{id}` names, such as `cameras`; empty where the route has no object. Members
    /// are looked up within the caller's tenant.
    pub(crate) object: &'static str,
    /// What goes into the audit log.
    pub(crate) audited: Audited,
}

impl Permission {
    /// A read by at least `role`.
    pub(crate) const fn read(action: &'static str, role: Role, object: &'static str) -> Self {
        Self { action, access: Access::Role(role), object, audited: Audited::Refusals }
    }

    /// A change by at least `role`.
    pub(crate) const fn change(action: &'static str, role: Role, object: &'static str) -> Self {
        Self { action, access: Access::Role(role), object, audited: Audited::Successes }
    }

    /// Whoever `access` names; only refusals are audited.
    pub(crate) const fn of(action: &'static str, access: Access, object: &'static str) -> Self {
        Self { action, access, object, audited: Audited::Refusals }
    }

    /// The same, for drillers, too.
    pub(crate) const fn or_driller(mut self) -> Self {
        if let Access::Role(role) = self.access {
            self.access = Access::RoleOrDriller(role);
        }
        self
    }

    /// The same, for drillers, too, without the body.
    pub(crate) const fn or_driller_head(mut self) -> Self {
        if let Access::Role(role) = self.access {
            self.access = Access::RoleOrDrillerHead(role);
        }
        self
    }

    /// The same, with successes audited.
    pub(crate) const fn audited(mut self) -> Self {
        self.audited = Audited::Successes;
        self
    }
}

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use rustix::process::Signal;

use super::{InForce, Struck};
use crate::drill::DrillError;
use crate::drill::local::{LocalCell, Redis};

/// What is done to Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RedisFault {
    /// SIGKILL; started again at the end, empty.
    Stop,
    /// SIGSTOP, then SIGCONT.
    Pause,
    /// It has no memory left, and answers every write with an error.
    Errors,
}

struct Away(Arc<LocalCell>, RedisFault);

/// All nodes find their Redis gone, hanging, or refusing.
pub(super) fn begin(cell: &Arc<LocalCell>, fault: RedisFault) -> Result<Struck, DrillError> {
    let (at, redis) = (cell.now(), redis(cell)?);
    match fault {
        RedisFault::Stop => redis.kill(),
        RedisFault::Pause => redis.signal(Signal::STOP)?,
        RedisFault::Errors => redis.tell("CONFIG SET maxmemory 1")?,
    }
    Ok(Struck { may_take: false, ..Struck::nodes(at, Vec::new(), Away(Arc::clone(cell), fault)) })
}

impl InForce for Away {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            let Self(cell, fault) = *self;
            let redis = redis(&cell)?;
            match fault {
                RedisFault::Stop => redis.begin(&cell.launcher, cell.hub()),
                RedisFault::Pause => redis.signal(Signal::CONT),
                RedisFault::Errors => redis.tell("CONFIG SET maxmemory 0"),
            }
        }
        .boxed()
    }
}

fn redis(cell: &LocalCell) -> Result<&Redis, DrillError> {
    cell.redis.as_ref().ok_or_else(|| DrillError::Refused("the cell has no Redis".to_owned()))
}

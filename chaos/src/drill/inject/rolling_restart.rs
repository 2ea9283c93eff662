use std::sync::Arc;

use super::Struck;
use crate::drill::local::LocalCell;
use crate::drill::{DrillError, EndWith};

/// One node after the other is ended and started again, each when the cell is steady again. It is over when this is.
pub(super) async fn begin(cell: &Arc<LocalCell>, with: EndWith) -> Result<Struck, DrillError> {
    let at = cell.now();
    for node in 0..cell.len() {
        match with {
            EndWith::Stop => cell.stop(node).await?,
            EndWith::Kill => cell.kill(node)?,
        }
        cell.begin(node)?;
        cell.await_up(node).await?;
        cell.await_steady().await?;
    }
    Ok(Struck { at, nodes: (0..cell.len()).collect(), cameras: Vec::new(), may_take: true, in_force: None })
}

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{InForce, Struck};
use crate::drill::local::{LocalCell, Party, Relaying};
use crate::drill::{CutOff, DrillError, Way};

/// What is cut.
#[derive(Default)]
struct Cuts {
    /// Packets from the one to the other are lost.
    ways: Vec<(Party, Party)>,
    /// Nodes whose relay to the store carries nothing, in either direction.
    from_store: Vec<usize>,
}

struct Cut {
    cell: Arc<LocalCell>,
    nodes: Vec<usize>,
    state: State,
}

enum State {
    /// Throughout.
    Lasting(Cuts),
    /// On and off, by a task that mends when it is told to end.
    Flapping { stop: oneshot::Sender<()>, task: JoinHandle<Result<(), DrillError>> },
}

/// Packets between `nodes` and others are lost.
pub(super) fn begin(
    cell: &Arc<LocalCell>,
    nodes: Vec<usize>,
    way: Way,
    from: CutOff,
    flapping: Option<(Duration, Duration)>,
) -> Result<Struck, DrillError> {
    let mut cuts = Cuts::default();
    for node in &nodes {
        let others = (0..cell.len()).filter(|other| !nodes.contains(other)).map(Party::Node);
        let others: Vec<_> = match from {
            CutOff::Peers => others.collect(),
            CutOff::Store => Vec::new(),
            CutOff::Cameras => vec![Party::Cameras],
            // The drill itself keeps its way in: it asks nobody who is cut off, but it has to end it.
            CutOff::All => others.chain([Party::Cameras]).collect(),
        };
        if matches!(from, CutOff::Store | CutOff::All) {
            cuts.from_store.push(*node);
        }
        for other in others {
            let (inward, outward) = ((other, Party::Node(*node)), (Party::Node(*node), other));
            match way {
                Way::Both => cuts.ways.extend([inward, outward]),
                Way::In => cuts.ways.push(inward),
                Way::Out => cuts.ways.push(outward),
            }
        }
    }
    let at = cell.now();
    nodes.iter().for_each(|node| cell.set_sound(*node, false));
    cut(cell, &cuts)?;
    let state = match flapping {
        None => State::Lasting(cuts),
        Some(times) => {
            let (stop, stopped) = oneshot::channel();
            State::Flapping { stop, task: tokio::spawn(flap(Arc::clone(cell), cuts, times, stopped)) }
        }
    };
    // Cut off from its cameras or its store alone, it is heard.
    let may_take = matches!(from, CutOff::Peers | CutOff::All);
    let cut = Cut { cell: Arc::clone(cell), nodes: nodes.clone(), state };
    Ok(Struck { may_take, ..Struck::nodes(at, nodes, cut) })
}

impl InForce for Cut {
    fn end(self: Box<Self>) -> BoxFuture<'static, Result<(), DrillError>> {
        async move {
            match self.state {
                State::Lasting(cuts) => mend(&self.cell, &cuts)?,
                State::Flapping { stop, task } => {
                    // A task that has ended has said why.
                    let _ = stop.send(());
                    task.await.map_err(|error| DrillError::Refused(format!("a flapping partition: {error}")))??;
                }
            }
            self.nodes.iter().for_each(|node| self.cell.set_sound(*node, true));
            Ok(())
        }
        .boxed()
    }
}

async fn flap(
    cell: Arc<LocalCell>,
    cuts: Cuts,
    (cut_for, whole_for): (Duration, Duration),
    mut stopped: oneshot::Receiver<()>,
) -> Result<(), DrillError> {
    loop {
        let over = tokio::time::timeout(cut_for, &mut stopped).await.is_ok();
        mend(&cell, &cuts)?;
        if over || tokio::time::timeout(whole_for, &mut stopped).await.is_ok() {
            return Ok(());
        }
        cut(&cell, &cuts)?;
    }
}

fn cut(cell: &LocalCell, cuts: &Cuts) -> Result<(), DrillError> {
    cuts.from_store.iter().for_each(|node| cell.relay(*node, Relaying::Hold));
    cuts.ways.iter().try_for_each(|(from, to)| cell.cut(*from, *to))
}

fn mend(cell: &LocalCell, cuts: &Cuts) -> Result<(), DrillError> {
    cuts.from_store.iter().for_each(|node| cell.relay(*node, Relaying::Carry));
    cuts.ways.iter().try_for_each(|(from, to)| cell.mend(*from, *to))
}

//! Connections that go silent: what a node that hears nobody, and is heard, does to the others.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use crate::member::{Cell, Setup};

/// A way to a member that can be cut without either end being told.
struct Way {
    address: SocketAddr,
    open: watch::Sender<bool>,
    _run: AbortOnDropHandle<()>,
}

impl Way {
    async fn to(target: watch::Receiver<Option<SocketAddr>>) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let (open, is_open) = watch::channel(true);
        let run = async move {
            let mut ways = tokio::task::JoinSet::new();
            loop {
                let Ok((near, _)) = socket.accept().await else { return };
                let (mut target, is_open) = (target.clone(), is_open.clone());
                ways.spawn(async move {
                    let at = target.wait_for(Option::is_some).await.unwrap().unwrap();
                    let Ok(far) = TcpStream::connect(at).await else { return };
                    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                    tokio::join!(carry(near_in, far_out, is_open.clone()), carry(far_in, near_out, is_open));
                });
            }
        };
        Self { address, open, _run: AbortOnDropHandle::new(tokio::spawn(run)) }
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut open: watch::Receiver<bool>) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if open.wait_for(|open| *open).await.is_err() || to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
    // A cut way carries no goodbye either.
    let _ = open.wait_for(|open| *open).await;
    let _ = to.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_voter_that_hears_nobody_but_is_heard_deposes_no_leader() {
    let mut cell = Cell::<2>::start().await;
    let dir = tempfile::tempdir().unwrap();
    let mut setup = Setup::new(dir.path());
    let (target, targets) = watch::channel(None);
    let way = Way::to(targets).await;
    let third = setup.start_announcing(&way.address.to_string()).await.unwrap();
    target.send_replace(Some(SocketAddr::from(([127, 0, 0, 1], setup.port))));
    cell.leader().await.admit(&third).await;
    let third_id = third.raft.id();
    cell.members.push(third);
    {
        let leader = cell.leader().await;
        leader.role(|role| role.view.members.get(&third_id).is_some_and(|member| member.caught_up)).await;
        let mut voters = leader.raft.voters();
        voters.insert(third_id);
        leader.raft.change_voters(voters).await.unwrap();
    }
    let third = &cell.members[2];
    third.role(|role| role.view.voters().len() == 3).await;
    let leader = cell.leader().await;
    let (before, leading) = (leader.raft.role_now().view.term, leader.node);
    assert_ne!(leading, third.node);

    way.open.send_replace(false);
    // It misses the leader, and asks around, many times over.
    tokio::time::sleep(Duration::from_secs(4)).await;
    let (_, camera) = leader.put_camera().await.unwrap();
    for member in &cell.members {
        assert_eq!(member.raft.role_now().view.term, before);
    }
    assert!(third.raft.state().borrow().state.camera(&camera).is_none());
    let deaf_for = third.raft.role_now().contact.map(|at| at.as_us());

    way.open.send_replace(true);
    third.state(|state| state.camera(&camera).is_some()).await;
    assert!(third.raft.role_now().contact.map(|at| at.as_us()) > deaf_for, "it hears the leader again");
    assert_eq!(cell.leader().await.node, leading);
    assert_eq!(third.raft.role_now().view.term, before, "and has cost the cell nothing");
}

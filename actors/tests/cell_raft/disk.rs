//! Damaged and recovered Raft directories.

use std::os::unix::fs::FileExt as _;

use eyrie_actors::raft::{RaftDiskError, RaftStartError, RecoverError, recover};

use crate::member::{Cell, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_is_refused_with_the_place_and_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut setup = Setup::new(dir.path());
    let member = setup.start().await.unwrap();
    member.found().await;
    for _ in 0..10 {
        member.put_camera().await.unwrap();
    }
    member.stop().await;
    let log = setup.directory.join("log-000000000001");
    let good = std::fs::read(&log).unwrap();

    let file = std::fs::File::options().write(true).open(&log).unwrap();
    file.write_all_at(&[good[400] ^ 1], 400).unwrap();
    let error = setup.start().await.err().expect("a flipped bit is found");
    let text = error.to_string();
    match error {
        RaftStartError::Disk(RaftDiskError::Corrupt { path, offset, .. }) => {
            assert!(path == log && (200..=400).contains(&offset), "{text}");
        }
        other => panic!("{other}"),
    }
    println!("{text}");
    assert!(
        text.contains("log-000000000001") && text.contains("rejoins") && text.contains("cluster recover"),
        "{text}"
    );

    // What was being written when the machine died is another thing: nobody was promised it.
    let mut torn = good.clone();
    torn.extend(&good[400..460]);
    std::fs::write(&log, torn).unwrap();
    let member = setup.start().await.unwrap();
    member.state(|state| state.cameras().len() == 10).await;
    member.role(|role| role.view.ready).await;
    member.put_camera().await.unwrap();
    member.stop().await;

    for (name, kept) in [("vote", None), ("id", None), ("vote", Some(7)), ("log-000000000001", Some(300))] {
        let path = setup.directory.join(name);
        let good = std::fs::read(&path).unwrap();
        match kept {
            None => std::fs::remove_file(&path).unwrap(),
            Some(length) => std::fs::write(&path, &good[..length]).unwrap(),
        }
        let error = setup.start().await.err();
        let named = matches!(&error, Some(RaftStartError::Disk(RaftDiskError::Corrupt { path: p, .. })) if *p == path);
        assert!(named, "{name} cut to {kept:?}: {error:?}");
        std::fs::write(&path, &good).unwrap();
    }
    setup.start().await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_node_that_is_left_of_three_recovers_the_cell_and_others_join_it() {
    let mut cell = Cell::<3>::start().await;
    let leader = cell.leader().await;
    let (_, camera) = leader.put_camera().await.unwrap();
    for member in &cell.members {
        member.state(|state| state.camera(&camera).is_some()).await;
    }
    let (old_id, generation) = {
        let left = &cell.members[2];
        (left.raft.id(), left.raft.state().borrow().state.generation())
    };
    for member in cell.members.drain(..) {
        member.stop().await;
    }
    let (dir, node) = (cell.setups[2].directory.clone(), cell.setups[2].node);
    let address = format!("127.0.0.1:{}", cell.setups[2].port);
    let recovered = recover(&dir, node, address).unwrap();
    println!("{recovered:?}");
    assert_eq!(recovered.generation, generation + 1);
    assert!(recovered.former.join("id").exists(), "the former directory is kept");

    let left = cell.setups[2].start().await.unwrap();
    assert!(left.raft.id() == recovered.raft && recovered.raft != old_id);
    let role = left.role(|role| role.view.ready).await;
    assert_eq!(role.view.voters(), [node], "alone");
    {
        let state = left.raft.state();
        let state = state.borrow();
        assert!(state.state.camera(&camera).is_some());
        assert_eq!(state.state.generation(), generation + 1);
    }
    let (_, second) = left.put_camera().await.unwrap();

    // One comes back as it was, and disturbs nobody; one with an empty directory, and joins.
    let stale = cell.setups[0].start().await.unwrap();
    std::fs::remove_dir_all(&cell.setups[1].directory).unwrap();
    let fresh = cell.setups[1].start().await.unwrap();
    left.admit(&fresh).await;
    fresh.state(|state| state.camera(&second).is_some()).await;
    assert!(left.raft.role_now().view.ready);
    assert!(stale.raft.state().borrow().state.camera(&second).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_nothing_to_recover_in_an_empty_or_used_directory() {
    let dir = tempfile::tempdir().unwrap();
    let mut setup = Setup::new(dir.path());
    let nothing = recover(&setup.directory, setup.node, String::new());
    assert!(matches!(nothing, Err(RecoverError::Nothing)), "{nothing:?}");
    let member = setup.start().await.unwrap();
    member.found().await;
    let used = recover(&setup.directory, setup.node, String::new());
    assert!(matches!(used, Err(RecoverError::Disk(RaftDiskError::InUse { .. }))), "{used:?}");
    member.put_camera().await.unwrap();
}

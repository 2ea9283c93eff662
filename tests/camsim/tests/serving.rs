//! A well-behaved camera, seen by retina and ffprobe.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use eyrie_camsim::{AudioCodec, AudioSpec, Auth, ClipSpec, StreamConfig, VideoCodec};
use support::{Client, small_clip, start};

/// Receives `n` access units and asserts that none is missing.
async fn assert_consecutive(client: &mut Client, n: usize) {
    let first = client.picture().await;
    assert!(first.keyframe, "starts at a keyframe");
    let mut last = first.stamp;
    for _ in 1..n {
        let next = client.picture().await.stamp;
        assert_eq!(next.number, last.number + 1);
        assert!(next.sent_unix_us >= last.sent_unix_us);
        last = next;
    }
}

#[tokio::test]
async fn h264_over_tcp_with_digest_arrives_whole_and_numbered() {
    let sim = start(vec![StreamConfig::new("cam", small_clip()).with_auth(Auth::digest("u", "p"))]).await;
    let mut client = Client::connect(&sim.url("cam"), Some(("u", "p")), false).await.unwrap();
    assert_consecutive(&mut client, 30).await;
    let stats = sim.stats("cam").unwrap();
    assert_eq!((stats.sessions, stats.playing), (1, 1));
    assert!(stats.aus_sent >= 30 && stats.aus_dropped == 0, "{stats:?}");
    sim.shutdown().await;
}

#[tokio::test]
async fn h264_over_udp_with_basic_arrives_whole_and_numbered() {
    let sim = start(vec![StreamConfig::new("cam", small_clip()).with_auth(Auth::basic("u", "p"))]).await;
    let mut client = Client::connect(&sim.url("cam"), Some(("u", "p")), true).await.unwrap();
    assert_consecutive(&mut client, 30).await;
}

#[tokio::test]
async fn h265_arrives_whole_and_numbered() {
    let clip = ClipSpec { codec: VideoCodec::H265, ..small_clip() };
    let sim = start(vec![StreamConfig::new("cam", clip)]).await;
    let mut client = Client::connect(&sim.url("cam"), None, false).await.unwrap();
    assert_consecutive(&mut client, 30).await;
}

#[tokio::test]
async fn pictures_with_b_frames_come_in_decoding_order_with_their_presentation_times() {
    let clip = ClipSpec { b_frames: 2, ..small_clip() };
    let sim = start(vec![StreamConfig::new("cam", clip)]).await;
    let mut client = Client::connect(&sim.url("cam"), None, false).await.unwrap();
    let mut pictures = Vec::new();
    for _ in 0..20 {
        pictures.push(client.picture().await);
    }
    assert!(pictures.windows(2).all(|w| w[1].stamp.number == w[0].stamp.number + 1));
    assert!(pictures.windows(2).any(|w| w[1].pts_90k < w[0].pts_90k), "presentation is reordered");
    let mut times: Vec<i64> = pictures.iter().map(|p| p.pts_90k).collect();
    times.sort_unstable();
    times.dedup();
    assert_eq!(times.len(), pictures.len(), "each picture has a time of its own");
}

#[tokio::test]
async fn a_wrong_or_missing_password_is_refused() {
    let auth = [Auth::digest("u", "p"), Auth::basic("u", "p")];
    for auth in auth {
        let sim = start(vec![StreamConfig::new("cam", small_clip()).with_auth(auth)]).await;
        for given in [None, Some(("u", "wrong")), Some(("x", "p"))] {
            let error = Client::connect(&sim.url("cam"), given, false).await.err().unwrap();
            assert!(error.to_string().contains("401") || error.to_string().contains("Unauthorized"), "{error}");
        }
    }
}

#[tokio::test]
async fn sessions_of_a_stream_are_in_step_and_numbers_go_on_while_nobody_watches() {
    let sim = start(vec![StreamConfig::new("cam", small_clip())]).await;
    let mut first = Client::connect(&sim.url("cam"), None, false).await.unwrap();
    let mut second = Client::connect(&sim.url("cam"), None, false).await.unwrap();
    let mut a = first.picture().await;
    let mut b = second.picture().await;
    while a.stamp.number < b.stamp.number {
        a = first.picture().await;
    }
    while b.stamp.number < a.stamp.number {
        b = second.picture().await;
    }
    assert_eq!((a.stamp, a.data), (b.stamp, b.data));
    drop((first, second));
    let seen = a.stamp;
    let mut third = Client::connect(&sim.url("cam"), None, false).await.unwrap();
    let stamp = third.picture().await.stamp;
    let elapsed_us = stamp.sent_unix_us - seen.sent_unix_us;
    let missed = stamp.number - seen.number;
    assert!(missed.abs_diff(elapsed_us * 25 / 1_000_000) <= 2, "{missed} units in {elapsed_us} µs");
}

#[tokio::test]
async fn ffprobe_reads_pictures_and_sound() {
    for (codec, name) in [(AudioCodec::Aac, "aac"), (AudioCodec::Pcma, "pcm_alaw"), (AudioCodec::Pcmu, "pcm_mulaw")] {
        let clip = ClipSpec { audio: Some(AudioSpec { codec }), ..small_clip() };
        let sim = start(vec![StreamConfig::new("cam", clip)]).await;
        let output = tokio::process::Command::new("ffprobe")
            .args(["-v", "error", "-rtsp_transport", "tcp", "-read_intervals", "%+2", "-count_packets"])
            .args(["-show_entries", "stream=codec_name,width,nb_read_packets", "-of", "csv=p=0"])
            .arg(sim.url("cam"))
            .output()
            .await
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
        let video = lines.iter().find(|line| line[0] == "h264").unwrap();
        let audio = lines.iter().find(|line| line[0] == name).unwrap();
        assert_eq!(video[1], "320");
        let count = |line: &[&str]| line[line.len() - 1].parse::<u32>().unwrap();
        assert!(count(video) >= 20 && count(audio) >= 20, "{text}");
    }
}

#[tokio::test]
async fn retina_receives_pictures_and_sound_together() {
    let clip = ClipSpec { audio: Some(AudioSpec { codec: AudioCodec::Aac }), ..small_clip() };
    let sim = start(vec![StreamConfig::new("cam", clip)]).await;
    let mut client = Client::connect(&sim.url("cam"), None, false).await.unwrap();
    for _ in 0..30 {
        client.picture().await;
    }
    // 30 pictures last 1.2 s, in which 16,000 Hz yield 18 frames of 1,024 samples.
    assert!((16..=20).contains(&client.sounds), "{} frames of sound", client.sounds);
    assert!(client.reports > 0, "sender reports");
}

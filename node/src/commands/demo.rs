use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use eyrie_camsim::{CamSim, CamSimConfig, demo};
use eyrie_storage::store::{CAMERA_PAGE_MAX, CameraQuery, CameraUpdate, PasswordChange, Store};
use eyrie_types::{
    By, Camera, CameraId, CameraSpec, Clock, RecordingSpec, RtspSource, RtspTransport, SourceSpec, TenantId,
};
use tokio::signal::unix::{SignalKind, signal};

use super::ConfigArgs;
use super::node::admin_password;
use super::output::line;
use crate::logging::LogControl;
use crate::running_node::{DataDir, Patience, RunningNode};

/// Marks the cameras that the demo made, so that a later demo in the same directory finds them again.
const DEMO_LABEL: &str = "demo";

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where the demo keeps its data; what it recorded is there again the next time
    #[arg(long, value_name = "DIR", default_value = "eyrie-demo")]
    data_dir: PathBuf,
    /// Address and port of dashboard and API
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    http: String,
}

/// Four simulated cameras and a node.
pub(crate) fn run(args: DemoArgs) -> anyhow::Result<()> {
    let config = ConfigArgs {
        config: None,
        data_dir: Some(args.data_dir.clone()),
        http: Some(args.http),
        // The simulated cameras live on this machine, which is closed to cameras otherwise.
        allow_network: vec!["127.0.0.0/8".to_owned()],
        rtmp: None,
    }
    .load()?;
    let _log = LogControl::start(&config)?;
    crate::runtime::start()?.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let data = DataDir::open(&config, Patience::None).await?;
        line("==> drawing the pictures of four cameras (once, some seconds)")?;
        let clip_dir = args.data_dir.join("clips");
        let cameras = CamSim::start(CamSimConfig { clip_dir, ..CamSimConfig::loopback(demo::streams()) })
            .await
            .context("starting the simulated cameras; is ffmpeg installed?")?;
        for stream in demo::streams() {
            put_camera(&data.store, data.clock.as_ref(), &stream.clip.name, cameras.url(&stream.path)).await?;
        }
        data.store.close().await?;
        drop(data);
        let mut node = RunningNode::start(&config, admin_password()).await?;
        line(format_args!("\n  Eyrie is running:  {}", node.url()))?;
        match node.generated_password() {
            Some(password) => line(format_args!("  Sign in as admin with the password  {}\n", password.expose()))?,
            None => line(format_args!(
                "  Sign in as admin with the password of the first demo here. Lost it? Stop this, then:\n  \
                 eyrie admin reset-password --data-dir {}\n",
                args.data_dir.display()
            ))?,
        }
        let ended = tokio::select! {
            _ = terminate.recv() => Ok(()),
            _ = interrupt.recv() => Ok(()),
            error = node.failed() => Err(error),
        };
        line("==> stopping")?;
        node.shutdown().await;
        cameras.shutdown().await;
        ended
    })
}

/// Makes the demo camera `name`, or gives the one that is there its address of today.
async fn put_camera(store: &Store, clock: &dyn Clock, name: &str, url: String) -> anyhow::Result<()> {
    let tenant = TenantId::default_tenant();
    let source =
        RtspSource { url, username: None, password: None, transport: RtspTransport::Tcp, certificate_sha256: None };
    let spec = CameraSpec {
        name: name.to_owned(),
        enabled: true,
        labels: [DEMO_LABEL].into_iter().collect(),
        site: None,
        source: SourceSpec::Rtsp(source),
        recording: RecordingSpec::default(),
        placement: Default::default(),
    };
    let query = CameraQuery { labels: vec![DEMO_LABEL.to_owned()], limit: CAMERA_PAGE_MAX, ..CameraQuery::default() };
    let known = store.cameras(&tenant, query).await?.items;
    let now = clock.now();
    match known.into_iter().find(|stored| stored.camera.spec.name == name) {
        Some(stored) if stored.camera.spec.source == spec.source => {}
        Some(stored) => {
            let CameraSpec { source, .. } = spec;
            let spec = CameraSpec { source, ..stored.camera.spec };
            let update = CameraUpdate { expected: None, spec, password: PasswordChange::Keep };
            store.update_camera(&tenant, stored.camera.id, update, now, By::system()).await?;
        }
        None => {
            let id = CameraId::generate();
            let camera = Camera { id, tenant, revision: 1, created_at: now, updated_at: now, spec };
            store.create_camera(camera, None, By::system()).await?;
        }
    }
    Ok(())
}

//! Four cameras to look at: what `eyrie demo` shows.

use crate::{ClipSpec, Scene, StreamConfig};

/// A front door, a car park, a warehouse and a lobby: 1280×720, 15 pictures a second, 1.5 Mbit/s, a keyframe a second,
/// repeating after 30 s, at the paths `front-door`, `car-park`, `warehouse` and `lobby`. At this rate a browser without a
/// graphics card, as on a server, paints every picture of all four.
pub fn streams() -> Vec<StreamConfig> {
    let camera = |name: &str, path: &str, scene| {
        let clip = ClipSpec {
            name: name.to_owned(),
            scene,
            width: 1280,
            height: 720,
            fps: 15,
            gop: 15,
            seconds: 30,
            bitrate_kbps: 1500,
            ..ClipSpec::default()
        };
        StreamConfig::new(path, clip)
    };
    vec![
        camera("Front door", "front-door", Scene::FrontDoor),
        camera("Car park", "car-park", Scene::CarPark),
        camera("Warehouse", "warehouse", Scene::Warehouse),
        camera("Lobby", "lobby", Scene::Lobby),
    ]
}

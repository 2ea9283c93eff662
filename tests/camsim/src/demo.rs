//! Four cameras to look at: what `eyrie demo` shows.

use crate::{ClipSpec, Scene, StreamConfig};

/// A front door, a car park, a warehouse and a lobby: 1280×720, 25 pictures a second, 2 Mbit/s, a keyframe a second, repeating
/// after 30 s, at the paths `front-door`, `car-park`, `warehouse` and `lobby`.
pub fn streams() -> Vec<StreamConfig> {
    let camera = |name: &str, path: &str, scene| {
        let clip = ClipSpec {
            name: name.to_owned(),
            scene,
            width: 1280,
            height: 720,
            seconds: 30,
            bitrate_kbps: 2_000,
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

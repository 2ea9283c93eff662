//! Four cameras to look at: what `eyrie demo` shows.

use crate::{ClipSpec, Scene, StreamConfig};

/// A front door, a car park, a warehouse and a lobby: 640×360, 15 pictures a second, 800 kbit/s, a keyframe a second, repeating
/// after 30 s, at the paths `front-door`, `car-park`, `warehouse` and `lobby`. Small enough that a browser without a graphics
/// card, as on a server, shows all four.
pub fn streams() -> Vec<StreamConfig> {
    let camera = |name: &str, path: &str, scene| {
        let clip = ClipSpec {
            name: name.to_owned(),
            scene,
            width: 640,
            height: 360,
            fps: 15,
            gop: 15,
            seconds: 30,
            bitrate_kbps: 800,
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

use serde::{Deserialize, Serialize};

use super::ClipSpec;

/// Squares of a picture's number in [`Scene::Numbered`], from left to right over the whole width, at half the height, a tenth of
/// it high: a white one, the number in the clip in fourteen bits (white is 1, the highest first), a black one.
const NUMBER_CELLS: u32 = 16;

/// What a clip shows, drawn by ffmpeg's own sources. Each scene moves all the time, so that a frozen picture is seen at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scene {
    /// ffmpeg's `testsrc2`: cheap, and busy enough to fill any bitrate.
    Test,
    /// The same with the picture's number as a row of sixteen squares that a program can read, however small the picture
    /// is shown.
    Numbered,
    /// A door at dusk; someone passes by.
    FrontDoor,
    /// Parking bays from above; cars come and go.
    CarPark,
    /// Shelves and a carrier between them.
    Warehouse,
    /// A bright hall with a lift.
    Lobby,
}

impl Scene {
    /// An ffmpeg filter graph without inputs that yields the scene at the clip's size and rate, before any text.
    ///
    /// Scenes are a gradient (the light), rectangles that stand (`drawbox`) and coloured rectangles that move (`overlay` with a
    /// position that depends on `t`, the time in seconds). Positions and sizes are fractions of the picture.
    pub(super) fn graph(self, spec: &ClipSpec) -> String {
        let (w, h, fps) = (spec.width, spec.height, spec.fps);
        match self {
            Self::Test => return format!("testsrc2=size={w}x{h}:rate={fps}"),
            Self::Numbered => return format!("testsrc2=size={w}x{h}:rate={fps}{}", number_cells()),
            Self::FrontDoor => Painter::new(spec, "0x1b2a49", "0xf4a261")
                .boxes(&[
                    (0.0, 0.82, 1.0, 0.18, "0x2b2d42"),
                    (0.30, 0.12, 0.40, 0.74, "0x5c4033"),
                    (0.33, 0.17, 0.34, 0.69, "0x8d5524"),
                    (0.37, 0.22, 0.11, 0.26, "0xffd166@0.85"),
                    (0.52, 0.22, 0.11, 0.26, "0xffd166@0.85"),
                    (0.62, 0.55, 0.02, 0.06, "0xe9c46a"),
                    (0.08, 0.30, 0.05, 0.12, "0xffe8a3"),
                    (0.87, 0.30, 0.05, 0.12, "0xffe8a3"),
                ])
                .mover(0.07, 0.42, "0x264653", "W*mod(t/9\\,1.2)-w", "H*0.46+H*0.012*sin(t*9)")
                .mover(0.045, 0.08, "0xe0ac69", "W*mod(t/9\\,1.2)-w*1.28", "H*0.38+H*0.012*sin(t*9)"),
            Self::CarPark => Painter::new(spec, "0x4a4e57", "0x6b7079")
                .boxes(&[
                    (0.0, 0.44, 1.0, 0.015, "0xf1c40f"),
                    (0.0, 0.60, 1.0, 0.015, "0xf1c40f"),
                    (0.20, 0.04, 0.008, 0.36, "white@0.8"),
                    (0.40, 0.04, 0.008, 0.36, "white@0.8"),
                    (0.60, 0.04, 0.008, 0.36, "white@0.8"),
                    (0.80, 0.04, 0.008, 0.36, "white@0.8"),
                    (0.05, 0.10, 0.10, 0.28, "0x1d3557"),
                    (0.45, 0.10, 0.10, 0.28, "0xf8f9fa"),
                    (0.85, 0.10, 0.10, 0.28, "0x2a9d8f"),
                    (0.20, 0.66, 0.008, 0.30, "white@0.8"),
                    (0.40, 0.66, 0.008, 0.30, "white@0.8"),
                    (0.25, 0.68, 0.10, 0.26, "0x6d597a"),
                ])
                .mover(0.16, 0.11, "0xe63946", "W*mod(t/6\\,1.3)-w", "H*0.46")
                .mover(0.16, 0.11, "0x3a86ff", "W-W*mod(t/10+0.5\\,1.3)", "H*0.49"),
            Self::Warehouse => Painter::new(spec, "0x20343b", "0x3d5a5b")
                .boxes(&[
                    (0.03, 0.10, 0.26, 0.70, "0xbc6c25"),
                    (0.05, 0.14, 0.22, 0.14, "0xdda15e"),
                    (0.05, 0.36, 0.22, 0.14, "0xa98467"),
                    (0.05, 0.58, 0.22, 0.14, "0xdda15e"),
                    (0.71, 0.10, 0.26, 0.70, "0xbc6c25"),
                    (0.73, 0.14, 0.22, 0.14, "0xa98467"),
                    (0.73, 0.36, 0.22, 0.14, "0xdda15e"),
                    (0.73, 0.58, 0.22, 0.14, "0xa98467"),
                    (0.0, 0.86, 1.0, 0.02, "0xffb703"),
                    (0.36, 0.02, 0.28, 0.03, "0xfdfcdc"),
                ])
                .mover(0.12, 0.20, "0xfb8500", "W*0.44+W*0.10*sin(t*0.7)", "H*0.45+H*0.30*sin(t*0.45)")
                .mover(0.04, 0.06, "0xffb703", "W*mod(t/8\\,1.1)-w", "H*0.80"),
            Self::Lobby => Painter::new(spec, "0xe9f1f7", "0xbcd4e6")
                .boxes(&[
                    (0.0, 0.72, 1.0, 0.28, "0x8d99ae"),
                    (0.40, 0.16, 0.20, 0.57, "0x6c757d"),
                    (0.415, 0.19, 0.082, 0.54, "0xadb5bd"),
                    (0.503, 0.19, 0.082, 0.54, "0xced4da"),
                    (0.06, 0.50, 0.22, 0.24, "0x7f5539"),
                    (0.05, 0.47, 0.24, 0.04, "0xb08968"),
                    (0.78, 0.44, 0.05, 0.30, "0x2d6a4f"),
                    (0.75, 0.36, 0.11, 0.14, "0x40916c"),
                    (0.47, 0.07, 0.06, 0.05, "0xd00000"),
                ])
                .mover(0.06, 0.36, "0x4361ee", "W*0.05+W*0.85*abs(mod(t/8\\,2)-1)", "H*0.48+H*0.010*sin(t*8)")
                .mover(0.05, 0.33, "0x7209b7", "W*mod(t/12\\,1.2)-w", "H*0.54+H*0.010*sin(t*10)"),
        }
        .graph
    }
}

/// A filter graph in the making: a line of filters from a gradient on, with a source of its own for each thing that moves.
struct Painter {
    width: u32,
    height: u32,
    fps: u32,
    graph: String,
    movers: usize,
}

impl Painter {
    /// Slowly turning light between two colours.
    fn new(spec: &ClipSpec, from: &str, to: &str) -> Self {
        let ClipSpec { width, height, fps, .. } = *spec;
        // Drawn small, for the gradient is what costs; what moves and what stands is drawn sharp.
        let (w, h) = (width / 16 * 2, height / 16 * 2);
        let graph = format!(
            "gradients=s={w}x{h}:r={fps}:c0={from}:c1={to}:n=2:speed=0.01:seed=1,scale={width}x{height},setsar=1"
        );
        Self { width, height, fps, graph, movers: 0 }
    }

    /// Adds rectangles: left, top, width and height as fractions of the picture, and colour.
    fn boxes(mut self, boxes: &[(f64, f64, f64, f64, &str)]) -> Self {
        for (x, y, w, h, colour) in boxes {
            self.graph.push_str(&format!(",drawbox=x=iw*{x}:y=ih*{y}:w=iw*{w}:h=ih*{h}:color={colour}:t=fill"));
        }
        self
    }

    /// Adds a rectangle that moves: size as fractions of the picture, and its place as expressions.
    fn mover(mut self, w: f64, h: f64, colour: &str, x: &str, y: &str) -> Self {
        let even = |fraction: f64, of: u32| ((fraction * f64::from(of)) as u32 & !1).max(2);
        let (w, h, fps, n) = (even(w, self.width), even(h, self.height), self.fps, self.movers);
        self.movers += 1;
        let back = std::mem::take(&mut self.graph);
        self.graph =
            format!("{back}[b{n}];color=c={colour}:s={w}x{h}:r={fps}[m{n}];[b{n}][m{n}]overlay=x='{x}':y='{y}'");
        self
    }
}

/// Filters that paint a picture's number: a black band, and in it the squares that are white in this picture.
fn number_cells() -> String {
    let band = |x: u32, cells: u32, colour: &str| {
        format!(",drawbox=x=iw*{x}/{NUMBER_CELLS}:y=ih*0.45:w=iw*{cells}/{NUMBER_CELLS}:h=ih*0.1:color={colour}:t=fill")
    };
    let mut filters = band(0, NUMBER_CELLS, "black") + &band(0, 1, "white");
    let bits = NUMBER_CELLS - 2;
    for cell in 0..bits {
        filters.push_str(&format!(
            "{}:enable='gt(bitand(n\\,{})\\,0)'",
            band(cell + 1, 1, "white"),
            1 << (bits - 1 - cell)
        ));
    }
    filters
}

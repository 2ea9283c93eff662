/// Where what is in a camera's ring comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Source {
    /// From nowhere, or from another node.
    #[default]
    Away,
    /// From the camera itself: it can be given to other nodes.
    Camera,
    /// The session with the camera is closed, and this incarnation opens none again.
    Released,
}

use std::fmt;

use super::CameraFault;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $word:literal,)*) => {
        /// The kind of a fault: the word it has in a file, and what a target says it can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FaultKind {
            $($(#[$doc])* $kind,)*
        }

        impl FaultKind {
            /// Every kind, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The word in a file.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// SIGKILL.
    Kill = "kill",
    /// SIGSTOP, then SIGCONT.
    Pause = "pause",
    /// SIGTERM.
    Stop = "stop",
    /// Cut off, then killed.
    SilentDeath = "silent_death",
    /// Killed, and unsynced writes lost.
    PowerLoss = "power_loss",
    /// Packets do not arrive.
    Partition = "partition",
    /// Packets arrive late.
    Latency = "latency",
    /// Packets are lost at times.
    PacketLoss = "packet_loss",
    /// One node after the other.
    RollingRestart = "rolling_restart",
    /// All nodes at once.
    RestartAll = "restart_all",
    /// Cores are busy.
    CpuPressure = "cpu_pressure",
    /// Memory is short.
    MemoryPressure = "memory_pressure",
    /// No room.
    DiskFull = "disk_full",
    /// Slow syncs.
    DiskSlow = "disk_slow",
    /// EIO.
    DiskErrors = "disk_errors",
    /// A wrong wall clock.
    ClockStep = "clock_step",
    /// The metadata store is gone.
    StoreStop = "store_stop",
    /// The metadata store hangs.
    StorePause = "store_pause",
    /// The metadata store refuses.
    StoreErrors = "store_errors",
    /// Redis is gone.
    RedisStop = "redis_stop",
    /// Redis hangs.
    RedisPause = "redis_pause",
    /// Redis refuses.
    RedisErrors = "redis_errors",
    /// [`CameraFault::Stall`].
    CameraStall = "camera_stall",
    /// [`CameraFault::Silence`].
    CameraSilence = "camera_silence",
    /// [`CameraFault::Drip`].
    CameraDrip = "camera_drip",
    /// [`CameraFault::Close`].
    CameraClose = "camera_close",
    /// [`CameraFault::Hangup`].
    CameraHangup = "camera_hangup",
    /// [`CameraFault::Refuse`].
    CameraRefuse = "camera_refuse",
    /// [`CameraFault::WrongPassword`].
    CameraWrongPassword = "camera_wrong_password",
    /// [`CameraFault::OneSession`].
    CameraOneSession = "camera_one_session",
    /// [`CameraFault::LingeringSession`].
    CameraLingeringSession = "camera_lingering_session",
    /// [`CameraFault::AlternateClip`].
    CameraAlternateClip = "camera_alternate_clip",
    /// [`CameraFault::TimestampJump`].
    CameraTimestampJump = "camera_timestamp_jump",
    /// [`CameraFault::TimestampWrap`].
    CameraTimestampWrap = "camera_timestamp_wrap",
    /// [`CameraFault::HugeSdp`].
    CameraHugeSdp = "camera_huge_sdp",
    /// [`CameraFault::Garbage`].
    CameraGarbage = "camera_garbage",
    /// [`CameraFault::LosePackets`].
    CameraLosePackets = "camera_lose_packets",
    /// [`CameraFault::NoSenderReports`].
    CameraNoSenderReports = "camera_no_sender_reports",
}

impl FaultKind {
    /// The kind of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
    }

    /// The kind of a camera's fault.
    pub const fn of_camera(fault: &CameraFault) -> Self {
        match fault {
            CameraFault::Stall => Self::CameraStall,
            CameraFault::Silence => Self::CameraSilence,
            CameraFault::Drip => Self::CameraDrip,
            CameraFault::Close { .. } => Self::CameraClose,
            CameraFault::Hangup { .. } => Self::CameraHangup,
            CameraFault::Refuse { .. } => Self::CameraRefuse,
            CameraFault::WrongPassword => Self::CameraWrongPassword,
            CameraFault::OneSession { .. } => Self::CameraOneSession,
            CameraFault::LingeringSession { .. } => Self::CameraLingeringSession,
            CameraFault::AlternateClip => Self::CameraAlternateClip,
            CameraFault::TimestampJump { .. } => Self::CameraTimestampJump,
            CameraFault::TimestampWrap { .. } => Self::CameraTimestampWrap,
            CameraFault::HugeSdp { .. } => Self::CameraHugeSdp,
            CameraFault::Garbage => Self::CameraGarbage,
            CameraFault::LosePackets { .. } => Self::CameraLosePackets,
            CameraFault::NoSenderReports => Self::CameraNoSenderReports,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

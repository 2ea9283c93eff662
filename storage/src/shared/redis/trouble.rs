use fred::error::{Error, ErrorKind};

/// Why Redis was of no use. The word is the label `kind` of the metric.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum Trouble {
    /// There is no connection now: nothing was asked.
    #[error("Redis is down")]
    Down,
    /// More commands wait than may.
    #[error("too many commands wait for Redis")]
    Busy,
    /// No answer in time.
    #[error("Redis did not answer in time")]
    Timeout,
    /// The connection failed, or never came about.
    #[error("the connection to Redis failed: {0}")]
    Connection(String),
    /// Redis answered with an error that is about it, not about the command: it loads, is a replica, is full.
    #[error("Redis cannot serve now: {1}")]
    Unable(&'static str, String),
    /// Redis answered with another error.
    #[error("Redis refused the command: {0}")]
    Refused(String),
    /// What it answered makes no sense.
    #[error("Redis gave an answer that was not expected: {0}")]
    Answer(String),
    /// The password file cannot be read.
    #[error("the password for Redis cannot be read: {0}")]
    PasswordFile(String),
    /// It takes commands, and messages do not arrive.
    #[error("Redis does not deliver messages")]
    Deaf,
}

/// First words of error answers that say that Redis is in no state to serve, with their labels.
const UNABLE: [(&str, &str); 11] = [
    ("LOADING", "loading"),
    ("READONLY", "read_only"),
    ("OOM", "memory"),
    ("NOAUTH", "auth"),
    ("WRONGPASS", "auth"),
    ("NOPERM", "permission"),
    ("MISCONF", "misconf"),
    ("MASTERDOWN", "master_down"),
    ("BUSY", "busy_script"),
    ("NOSCRIPT", "no_script"),
    ("CLUSTERDOWN", "cluster_down"),
];

impl Trouble {
    /// The label of the metric.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Busy => "overload",
            Self::Timeout => "timeout",
            Self::Connection(_) => "connection",
            Self::Unable(kind, _) => kind,
            Self::Refused(_) => "refused",
            Self::Answer(_) => "answer",
            Self::PasswordFile(_) => "password_file",
            Self::Deaf => "deaf",
        }
    }

    /// The connection is of no more use.
    pub(super) const fn ends_connection(&self) -> bool {
        matches!(self, Self::Connection(_) | Self::Unable(..) | Self::Deaf)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let details = error.details();
        // An error inside a script is wrapped, and its code may not come first.
        let code = |(code, _): &&(&str, &str)| details.split([' ', ':', '-']).take(8).any(|word| word == *code);
        if let Some((_, kind)) = UNABLE.iter().find(code) {
            return Self::Unable(kind, details.to_owned());
        }
        match error.kind() {
            ErrorKind::Timeout => Self::Timeout,
            ErrorKind::Auth => Self::Unable("auth", details.to_owned()),
            ErrorKind::Parse | ErrorKind::NotFound => Self::Answer(details.to_owned()),
            ErrorKind::InvalidCommand | ErrorKind::InvalidArgument => Self::Refused(details.to_owned()),
            // fred calls an error answer it knows no better kind for unknown, and a connection that went away, too.
            ErrorKind::Unknown if details.starts_with("ERR") => Self::Refused(details.to_owned()),
            _ => Self::Connection(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_answer_has_its_kind() {
        for (answer, kind, ends) in [
            ("LOADING Redis is loading the dataset in memory", "loading", true),
            ("READONLY You can't write against a read only replica. script: 1a, on @user_script:3.", "read_only", true),
            ("OOM command not allowed when used memory > 'maxmemory'.", "memory", true),
            ("NOAUTH Authentication required.", "auth", true),
            ("NOSCRIPT No matching script. Please use EVAL.", "no_script", true),
            ("MISCONF Redis is configured to save RDB snapshots", "misconf", true),
            ("ERR wrong number of arguments for 'get' command", "refused", false),
        ] {
            let trouble = Trouble::from(Error::new(ErrorKind::Unknown, answer));
            assert_eq!((trouble.kind(), trouble.ends_connection()), (kind, ends), "{answer}");
        }
    }
}

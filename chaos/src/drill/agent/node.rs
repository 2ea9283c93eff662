use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use eyrie_types::Monotonic;
use rustix::process::Signal;

use super::means::{Means, Service};
use super::process::{Ended, Process, ended};
use super::watcher::Watcher;
use crate::drill::DrillError;

/// How long a node that was told to stop may take; then it is killed.
const STOPPED_WITHIN: Duration = Duration::from_secs(60);
/// How long whoever starts a node may take; then it is told again.
const STARTED_WITHIN: Duration = Duration::from_secs(60);
/// Pause between looks while the agent ends.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The node of an agent, as it is and as it is made to be.
pub(super) struct Node {
    means: Means,
    state: State,
    paused: bool,
}

enum State {
    Up(Held),
    /// It was told to stop, or killed; `by` is the command that was told so.
    Stopping {
        held: Held,
        since: Monotonic,
        by: Option<Child>,
    },
    Down,
    /// It is not there, and somebody else starts it; `by` is the command that was told to, where we told it.
    Awaited {
        since: Monotonic,
        by: Option<Child>,
        told: bool,
    },
}

/// A process of the node.
struct Held {
    process: Process,
    /// It is ours.
    child: Option<Child>,
}

impl Held {
    fn ended(&mut self) -> Result<Option<Ended>, DrillError> {
        match &mut self.child {
            Some(child) => ended(child),
            None => Ok(self.process.is_gone().then_some(Ended::Somehow)),
        }
    }
}

impl Node {
    /// Starts it, or looks for the one that runs.
    pub(super) fn start(means: Means, now: Monotonic, watcher: &mut Watcher) -> Result<Self, DrillError> {
        let beside = matches!(means, Means::Beside(_));
        let state = State::Awaited { since: now, by: None, told: false };
        let mut node = Self { means, state, paused: false };
        if !beside {
            node.state = node.begun(now, watcher)?;
        }
        Ok(node)
    }

    /// Makes it so that it is killed, stopped, paused, or none of these. `Some` when it is our child and has ended by itself.
    pub(super) fn see_to(
        &mut self,
        (kill, stop, pause): (bool, bool, bool),
        now: Monotonic,
        watcher: &mut Watcher,
    ) -> Result<Option<Ended>, DrillError> {
        self.state = match std::mem::replace(&mut self.state, State::Down) {
            State::Up(mut held) => match held.ended()? {
                Some(with @ Ended::With(_)) => return Ok(Some(with)),
                // Whoever starts it does so again, or will not.
                Some(Ended::Somehow) => State::Awaited { since: now, by: None, told: false },
                None if kill || stop => {
                    watcher.down(true)?;
                    self.paused = false;
                    State::Stopping { by: self.end(&held, kill)?, held, since: now }
                }
                None => State::Up(held),
            },
            State::Stopping { mut held, since, mut by } => {
                let told = by.as_mut().map_or(Ok(true), |by| ended(by).map(|ended| ended.is_some()))?;
                let late = now.since(since) > STOPPED_WITHIN;
                if held.ended()?.is_some() && (told || late) {
                    State::Down
                } else {
                    if kill || late {
                        held.process.signal(Signal::KILL)?;
                    }
                    State::Stopping { held, since, by }
                }
            }
            State::Awaited { since, mut by, told } => {
                if let Some(by) = &mut by {
                    // Waited for; what came of it is seen by the node.
                    ended(by)?;
                }
                match self.found(watcher)? {
                    Some(held) => State::Up(held),
                    None if told && now.since(since) > STARTED_WITHIN => State::Down,
                    None => State::Awaited { since, by, told },
                }
            }
            State::Down => State::Down,
        };
        if matches!(self.state, State::Down) && !kill && !stop {
            self.state = self.begun(now, watcher)?;
        }
        self.see_to_the_pause(pause, watcher)?;
        Ok(None)
    }

    fn see_to_the_pause(&mut self, pause: bool, watcher: &mut Watcher) -> Result<(), DrillError> {
        let State::Up(held) = &self.state else { return Ok(()) };
        if pause && !self.paused {
            watcher.paused(true)?;
            held.process.signal(Signal::STOP)?;
        } else if !pause && self.paused {
            held.process.signal(Signal::CONT)?;
            watcher.paused(false)?;
        }
        self.paused = pause;
        Ok(())
    }

    /// Ends its process, and has whoever starts it leave it so.
    fn end(&self, held: &Held, kill: bool) -> Result<Option<Child>, DrillError> {
        if kill {
            held.process.signal(Signal::KILL)?;
        }
        let by = match &self.means {
            Means::Beside(service) => Some(tell(&service.stop)?),
            Means::Parent(_) if kill => None,
            Means::Parent(_) => {
                held.process.signal(Signal::TERM)?;
                None
            }
        };
        // A stopped process hears it only when it goes on.
        held.process.signal(Signal::CONT)?;
        Ok(by)
    }

    fn begun(&self, now: Monotonic, watcher: &mut Watcher) -> Result<State, DrillError> {
        match &self.means {
            Means::Beside(service) => Ok(State::Awaited { since: now, by: Some(tell(&service.start)?), told: true }),
            Means::Parent(command) => {
                let [program, args @ ..] = command.as_slice() else {
                    return Err(DrillError::Refused("say how the node is started, behind `--`".to_owned()));
                };
                let started = Command::new(program).args(args).stdin(Stdio::null()).spawn();
                let child = started.map_err(DrillError::io(format!("starting {}", program.to_string_lossy())))?;
                let process = Process::of(child.id())?;
                // It was not waited for: its number is its own.
                let process = process.ok_or_else(|| DrillError::Refused("the node is gone at once".to_owned()))?;
                watcher.node(child.id())?;
                Ok(State::Up(Held { process, child: Some(child) }))
            }
        }
    }

    /// The node that somebody else has started.
    fn found(&self, watcher: &mut Watcher) -> Result<Option<Held>, DrillError> {
        let Means::Beside(Service { pid_file, .. }) = &self.means else { return Ok(None) };
        let Some((pid, process)) = Process::named_in(pid_file)? else { return Ok(None) };
        watcher.node(pid)?;
        Ok(Some(Held { process, child: None }))
    }

    /// The agent ends: our own node with it, as an operator would end it; one that we stand beside goes on, and is started again
    /// where we had ended it. How our own one ended.
    pub(super) fn leave(self) -> Result<Option<Ended>, DrillError> {
        let (mut held, down) = match self.state {
            State::Up(held) => (held, false),
            State::Stopping { held, .. } => (held, true),
            State::Down => return self.means.start_again(),
            State::Awaited { .. } => return Ok(None),
        };
        if self.paused {
            held.process.signal(Signal::CONT)?;
        }
        match &self.means {
            Means::Parent(_) => {
                held.process.signal(Signal::TERM)?;
                held.process.signal(Signal::CONT)?;
            }
            Means::Beside(_) if !down => return Ok(None),
            Means::Beside(_) => {}
        }
        let mut waited = Duration::ZERO;
        let ended = loop {
            if let Some(ended) = held.ended()? {
                break ended;
            }
            if waited == STOPPED_WITHIN {
                held.process.signal(Signal::KILL)?;
            }
            waited += LOOK_EVERY;
            std::thread::sleep(LOOK_EVERY);
        };
        self.means.start_again()?;
        Ok(Some(ended))
    }
}

impl Means {
    /// Has a node that was ended started again by whoever starts it; one of ours stays down.
    fn start_again(&self) -> Result<Option<Ended>, DrillError> {
        if let Self::Beside(service) = self {
            tell(&service.start)?.wait().map_err(DrillError::io("having the node started again"))?;
        }
        Ok(None)
    }
}

/// Begins a line for the shell, apart from what a terminal sends us.
pub(super) fn tell(line: &str) -> Result<Child, DrillError> {
    let mut command = Command::new("sh");
    command.args(["-c", line]).stdin(Stdio::null()).process_group(0);
    command.spawn().map_err(DrillError::io(format!("running {line}")))
}

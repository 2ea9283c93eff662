use eyrie_types::{CellId, Epoch, NodeId};

use super::limits::{BATCH_COMMANDS_MAX, JOBS_MAX, LABELS_MAX, TEXT_BYTES_MAX};
use super::{CellAnswer, CellCommand, CellState, Health, JobGrant, JobName, Member, Refusal, Settings};

impl CellState {
    /// Applies one command. Deterministic; a refused command has changed nothing.
    ///
    /// # Errors
    /// Why the command was refused. Every replica refuses it alike.
    pub fn apply(&mut self, command: CellCommand) -> Result<CellAnswer, Refusal> {
        let answer = self.step(command)?;
        // Batches and plans have counted what they hold.
        if !matches!(answer, CellAnswer::Unchanged | CellAnswer::Batch(_)) {
            self.revision += 1;
        }
        Ok(answer)
    }

    fn step(&mut self, command: CellCommand) -> Result<CellAnswer, Refusal> {
        use CellCommand as C;
        if self.cell.is_none() && !matches!(command, C::Found { .. }) {
            return Err(Refusal::NotFounded);
        }
        match command {
            C::Found { cell, node, member } => self.found(cell, node, *member),
            C::Join { node, member } => self.join(node, *member),
            C::NodeStarted { node, start, identity, raft } => self.node_started(node, start, identity, raft),
            C::SetHealth { node, start, health } => self.set_health(node, start, health),
            C::SetDrain { node, start, draining } => self.set_drain(node, start, draining),
            C::Leave { node, start } => self.leave(node, start),
            C::RemoveNode { node } => self.remove_node(node),
            C::PutCamera { key, needs } => self.put_camera(key, *needs),
            C::RemoveCamera { key } => Ok(self.remove_camera(key)),
            C::Place { key, node, replaces } => self.place(key, node, replaces),
            C::BeginMove { key, epoch, to, mode } => self.begin_move(key, epoch, to, mode),
            C::FinishMove { key, next } => self.finish_move(key, next),
            C::AbandonMove { key, next } => self.abandon_move(key, next),
            C::Unplace { key, epoch } => self.unplace(key, epoch),
            C::Renew { key, node, epoch } => self.renew(key, node, epoch),
            C::RaiseGeneration { at_least, counter_at_least } => self.raise_generation(at_least, counter_at_least),
            C::GrantJob { job, node, start, replaces } => self.grant_job(job, node, start, replaces),
            C::ReleaseJob { job, epoch } => self.release_job(job, epoch),
            C::SetCellVersion { version } => self.set_cell_version(version),
            C::SetSettings { settings } => self.set_settings(*settings),
            C::Batch(commands) => self.batch(commands),
            C::Plan { revision, .. } if revision != self.revision => {
                Err(Refusal::StalePlan { given: revision, known: self.revision })
            }
            C::Plan { commands, .. } => self.batch(commands),
        }
    }

    fn batch(&mut self, commands: Vec<CellCommand>) -> Result<CellAnswer, Refusal> {
        if commands.len() > BATCH_COMMANDS_MAX {
            return Err(Refusal::invalid("batch", format!("must hold at most {BATCH_COMMANDS_MAX} commands")));
        }
        if commands.iter().any(|command| matches!(command, CellCommand::Batch(_) | CellCommand::Plan { .. })) {
            return Err(Refusal::invalid("batch", "must not hold a batch or a plan"));
        }
        Ok(CellAnswer::Batch(commands.into_iter().map(|command| self.apply(command)).collect()))
    }

    fn found(&mut self, cell: CellId, node: NodeId, member: Member) -> Result<CellAnswer, Refusal> {
        if self.cell.is_some() {
            let same = self.cell == Some(cell) && self.members.contains_key(&node);
            return if same { Ok(CellAnswer::Unchanged) } else { Err(Refusal::AlreadyFounded) };
        }
        check_member(&member)?;
        self.cell = Some(cell);
        self.cell_version = member.protocol.max;
        self.members.insert(node, Member { health: Health::Up, draining: false, ..member });
        Ok(CellAnswer::Done)
    }

    fn raise_generation(&mut self, at_least: u64, counter_at_least: u32) -> Result<CellAnswer, Refusal> {
        let base = Epoch::new(at_least, counter_at_least)
            .map_err(|error| Refusal::invalid("generation", error.to_string()))?;
        if (self.generation, self.counter) >= (at_least, counter_at_least) {
            return Ok(CellAnswer::Unchanged);
        }
        self.generation = at_least;
        self.counter = counter_at_least;
        Ok(CellAnswer::Epoch(base))
    }

    fn grant_job(
        &mut self,
        job: JobName,
        node: NodeId,
        start: u64,
        replaces: Option<Epoch>,
    ) -> Result<CellAnswer, Refusal> {
        check_text("job", &job.0)?;
        let member = self.members.get(&node).ok_or(Refusal::UnknownNode(node))?;
        if member.start != start {
            return Err(Refusal::StaleStart { node, given: start, known: member.start });
        }
        if !member.takes_placements() {
            return Err(Refusal::TakesNothing(node));
        }
        let known = self.jobs.get(&job).map(|grant| grant.epoch);
        if known != replaces {
            return Err(Refusal::StaleJob { job, given: replaces, known });
        }
        if known.is_none() && self.jobs.len() >= JOBS_MAX {
            return Err(Refusal::full("jobs", JOBS_MAX));
        }
        let epoch = self.grant_one()?;
        self.jobs.insert(job, JobGrant { node, start, epoch });
        Ok(CellAnswer::Epoch(epoch))
    }

    fn release_job(&mut self, job: JobName, epoch: Epoch) -> Result<CellAnswer, Refusal> {
        match self.jobs.get(&job).map(|grant| grant.epoch) {
            None => Ok(CellAnswer::Unchanged),
            Some(known) if known == epoch => {
                self.jobs.remove(&job);
                Ok(CellAnswer::Done)
            }
            known => Err(Refusal::StaleJob { job, given: Some(epoch), known }),
        }
    }

    fn set_cell_version(&mut self, version: u32) -> Result<CellAnswer, Refusal> {
        let known = self.cell_version;
        if version == known {
            return Ok(CellAnswer::Unchanged);
        }
        if version < known {
            return Err(Refusal::VersionFalls { given: version, known });
        }
        if let Some((node, member)) = self.members.iter().find(|(_, member)| !member.protocol.contains(version)) {
            let (min, max) = (member.protocol.min, member.protocol.max);
            return Err(Refusal::Protocol { node: *node, min, max, cell: version });
        }
        self.cell_version = version;
        Ok(CellAnswer::Done)
    }

    fn set_settings(&mut self, settings: Settings) -> Result<CellAnswer, Refusal> {
        if settings == self.settings {
            return Ok(CellAnswer::Unchanged);
        }
        let known = self.settings.revision;
        if settings.revision != known + 1 {
            return Err(Refusal::StaleSettings { given: settings.revision, known });
        }
        if settings.moves_in_flight_max == 0 {
            return Err(Refusal::invalid("moves_in_flight_max", "must be at least 1, or no drain ends"));
        }
        if settings.jobs.len() > JOBS_MAX {
            return Err(Refusal::full("jobs", JOBS_MAX));
        }
        settings.jobs.iter().try_for_each(|job| check_text("job", &job.0))?;
        self.settings = settings;
        Ok(CellAnswer::Done)
    }
}

pub(super) fn check_text(field: &str, text: &str) -> Result<(), Refusal> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(Refusal::invalid(field, format!("must be at most {TEXT_BYTES_MAX} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid(field, "must not hold control characters"));
    }
    Ok(())
}

pub(super) fn check_labels(labels: &std::collections::BTreeSet<String>) -> Result<(), Refusal> {
    if labels.len() > LABELS_MAX {
        return Err(Refusal::invalid("labels", format!("must be at most {LABELS_MAX}")));
    }
    labels.iter().try_for_each(|label| check_text("labels", label))
}

pub(super) fn check_member(member: &Member) -> Result<(), Refusal> {
    if member.name.is_empty() {
        return Err(Refusal::invalid("name", "must not be empty"));
    }
    if member.protocol.min > member.protocol.max {
        return Err(Refusal::invalid("protocol", "must be a range from oldest to newest"));
    }
    for (field, text) in [("name", &member.name), ("peer", &member.peer), ("url", &member.url), ("zone", &member.zone)]
    {
        check_text(field, text)?;
    }
    check_labels(&member.labels)
}

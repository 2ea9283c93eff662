use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;

use super::lead::Lead;
use super::look::Look;
use super::views::Gaps;
use super::{ApiClient, ApiFailure};
use crate::drill::Probe;
use crate::drill::report::{CameraGap, Draft, GapPhases, Mark, RoundRecord};

/// How long the ledger may take to show what was recorded by the end of a round.
const SHOWN_WITHIN: Duration = Duration::from_secs(20);
/// Pause between looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Cameras asked for at once.
const AT_ONCE: usize = 8;
/// Gaps of a round that a report keeps, the longest ones: some hundred kilobytes for a hundred rounds.
const GAPS_MAX: usize = 300;

/// Gathers what is found, round by round: by the ledger of the cell.
pub(super) struct Findings<'a> {
    pub(super) draft: Draft<'a>,
    pub(super) client: &'a Arc<ApiClient>,
    pub(super) lead: &'a Lead,
}

impl Findings<'_> {
    /// Takes a round that is over, and says in a line what came of it.
    pub(super) async fn take(&mut self, record: RoundRecord, cell: &Look, marks: Vec<Mark>) -> Result<String, String> {
        let wanted = self.draft.drill().probes.iter().any(|probe| matches!(probe, Probe::RecordedGap(_)));
        let mut gaps = if wanted { self.gaps(&record, cell).await? } else { Vec::new() };
        gaps.sort_by_key(|gap| std::cmp::Reverse(gap.lasted_ms));
        gaps.truncate(GAPS_MAX);
        Ok(self.draft.take(record, gaps, marks))
    }

    /// What the ledger says is missing of each camera.
    async fn gaps(&self, record: &RoundRecord, cell: &Look) -> Result<Vec<CameraGap>, String> {
        let touched = record.touched();
        let cameras = cell.facts.cameras.iter().zip(&cell.cameras);
        let work = cameras.map(|(camera, id)| {
            let (touched, twinned) = (touched.contains(camera.name.as_str()), camera.nodes.len() > 1);
            async move {
                let gaps = self.gaps_of(id, record).await.map_err(|failure| failure.to_string())?;
                Ok::<_, String>((camera.name.clone(), touched, twinned, gaps))
            }
        });
        let work: Vec<_> = work.collect();
        let mut found = Vec::new();
        let mut answers = futures::stream::iter(work).buffered(AT_ONCE);
        while let Some(answer) = answers.next().await {
            let (camera, touched, twinned, gaps) = answer?;
            for gap in gaps.gaps {
                found.push(CameraGap {
                    camera: camera.clone(),
                    twinned,
                    touched,
                    began_ms: self.draft.ms(gap.start),
                    lasted_ms: gap.end.since(gap.start).as_millis() as u64,
                    // Real cameras do not number their pictures.
                    missing: 0,
                    cause: Some(gap.cause),
                    phases: GapPhases::default(),
                });
            }
        }
        Ok(found)
    }

    /// The gaps of a camera, once the ledger shows that it is recorded again; those there are when it is not in time.
    async fn gaps_of(&self, camera: &str, record: &RoundRecord) -> Result<Gaps, ApiFailure> {
        let deadline = self.lead.monotonic() + SHOWN_WITHIN;
        loop {
            let after: Result<Gaps, _> =
                self.client.get(&format!("/api/v1/cameras/{camera}/gaps?from={}", record.ended)).await;
            let shown = after.is_ok_and(|after| after.durable_s > 0.0);
            if shown || self.lead.monotonic() > deadline {
                let (from, to) = (record.began, if shown { record.ended } else { self.lead.now() });
                return self.client.get(&format!("/api/v1/cameras/{camera}/gaps?from={from}&to={to}")).await;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

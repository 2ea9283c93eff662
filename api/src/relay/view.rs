use std::time::Duration;

use eyrie_media::hls::{LiveRequest, ORDINAL_SHIFT, Reload, Rendition, ordinal_of};
use eyrie_types::{Epoch, Monotonic, NodeId, Slot};

use super::source::Source;

/// A node that did not answer is asked after the other one for so long.
const SHUN_FOR: Duration = Duration::from_secs(2);
/// One that answered what is no answer, for so long: it goes on doing so more often than not, and each try costs the viewer a
/// pause.
const SHUN_GARBLER_FOR: Duration = Duration::from_secs(30);
/// Nodes remembered for not answering: owner and twin, before and after a move.
const SHUNNED_MAX: usize = 4;
/// Pause between two looks whether a new owner has pictures yet.
const PROBE_EVERY: Duration = Duration::from_millis(500);

/// What this node showed of a camera: which of its placements, and numbered how.
///
/// Playlists of the owner are numbered by its ordinal ([`ordinal_of`]). Those of a twin are, too, where that is not less than what
/// players have seen; else they are lifted to the odd ordinal after it, which no placement has. The owner's next incarnation has a
/// greater one again. So whichever is shown, numbers only rise.
#[derive(Debug, Clone, Default)]
pub(super) struct View {
    /// The ordinal shown last; 0 before the first playlist.
    served: u64,
    /// Whose playlist that was.
    by: Option<Slot>,
    /// The last known incarnation of owner and twin.
    known: [Option<Rendition>; 2],
    /// While the twin is shown: the owner's grant that has pictures, and may be shown again.
    ready: Option<Epoch>,
    probed: Option<Monotonic>,
    /// Nodes that are asked last, and until when.
    shunned: Vec<(NodeId, Monotonic)>,
}

impl View {
    /// Whom to ask first. The twin goes on being shown until a new owner has pictures: going there and back costs the viewer a
    /// pause each time.
    pub(super) fn order(&self, sources: &[Source], now: Monotonic) -> Vec<Source> {
        let [owner, twin] = sources else { return sources.to_vec() };
        let twin_holds = self.by == Some(Slot::TWIN) && self.ready != Some(owner.grant.first);
        if twin_holds || (self.shuns(owner.node, now) && !self.shuns(twin.node, now)) {
            vec![*twin, *owner]
        } else {
            vec![*owner, *twin]
        }
    }

    /// `node` did not answer.
    pub(super) fn shun(&mut self, node: NodeId, now: Monotonic) {
        self.shun_for(node, now, SHUN_FOR);
    }

    /// `node` answered what is no answer.
    pub(super) fn shun_garbler(&mut self, node: NodeId, now: Monotonic) {
        self.shun_for(node, now, SHUN_GARBLER_FOR);
    }

    fn shun_for(&mut self, node: NodeId, now: Monotonic, time: Duration) {
        let known = self.shunned.iter().find(|(shunned, _)| *shunned == node).map(|(_, until)| *until);
        let until = known.map_or(now + time, |known| known.max(now + time));
        self.shunned.retain(|(shunned, until)| *shunned != node && now < *until);
        if self.shunned.len() < SHUNNED_MAX {
            self.shunned.push((node, until));
        }
    }

    fn shuns(&self, node: NodeId, now: Monotonic) -> bool {
        self.shunned.iter().any(|(shunned, until)| *shunned == node && now < *until)
    }

    /// Whether it is time to look whether `owner` has pictures that may be shown after the twin's: of another node, or of the same
    /// one once it has begun anew.
    pub(super) fn probes(&mut self, owner: &Source, now: Monotonic) -> bool {
        let may_rise = 2 * u64::from(owner.grant.last().counter()) > self.served;
        let wanted = self.by == Some(Slot::TWIN) && self.ready != Some(owner.grant.first) && may_rise;
        let due = self.probed.is_none_or(|last| now.since(last) >= PROBE_EVERY);
        if wanted && due {
            self.probed = Some(now);
        }
        wanted && due
    }

    /// The owner with this grant has pictures, of `rendition`.
    pub(super) fn has_pictures(&mut self, grant: Epoch, rendition: Rendition) {
        if ordinal_of(rendition.epoch) > self.served {
            self.ready = Some(grant);
        }
    }

    /// What to ask `source` for, where a player asks for `request` by the numbers it was shown.
    pub(super) fn translate(&self, source: &Source, owner: &Source, request: LiveRequest) -> LiveRequest {
        let LiveRequest::Media(reload @ Reload { msn: Some(msn), .. }) = request else { return request };
        let asked = msn >> ORDINAL_SHIFT;
        // At once: whatever there is, is news to the player.
        let whole = LiveRequest::Media(Reload::default());
        let Some(rendition) = self.known_of(source.slot) else {
            let numbers_of_its_own = source.slot == Slot::OWNER && asked.is_multiple_of(2);
            return if numbers_of_its_own { request } else { whole };
        };
        let (from, to) = (ordinal_of(rendition.epoch), self.ordinal(source.slot, rendition, owner));
        if asked == to {
            let lifted = (to - from) << ORDINAL_SHIFT;
            return LiveRequest::Media(Reload { msn: Some(msn - lifted), ..reload });
        }
        // More than was ever shown is too far ahead, which the source says.
        if asked > to && self.served <= to { request } else { whole }
    }

    /// The ordinal to show a playlist of `rendition` under.
    pub(super) fn ordinal(&self, slot: Slot, rendition: Rendition, owner: &Source) -> u64 {
        let own = ordinal_of(rendition.epoch);
        if slot == Slot::OWNER {
            return own;
        }
        if self.by == Some(slot) && self.known_of(slot) == Some(rendition) {
            return self.served;
        }
        // Players may come from another node, which showed them the owner.
        let shown = if self.served == 0 { 2 * u64::from(owner.grant.first.counter()) } else { self.served };
        if own > shown { own } else { (shown + 1) | 1 }
    }

    /// A playlist of `rendition` was shown under `ordinal`. Answers whether it is another placement's than before.
    pub(super) fn show(&mut self, rendition: Rendition, ordinal: u64) -> bool {
        let switched = self.by.is_some_and(|by| by != rendition.slot);
        self.by = Some(rendition.slot);
        self.served = ordinal;
        if let Some(known) = self.known.get_mut(usize::from(rendition.slot.0)) {
            *known = Some(rendition);
        }
        if rendition.slot == Slot::OWNER {
            self.ready = None;
        }
        switched
    }

    fn known_of(&self, slot: Slot) -> Option<Rendition> {
        self.known.get(usize::from(slot.0)).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eyrie_cluster::EpochGrant;

    fn source(slot: Slot, node: u128, first: u32) -> Source {
        let grant = EpochGrant { first: Epoch::new(0, first).unwrap(), count: 4 };
        Source { slot, node: NodeId::from_uuid(uuid::Uuid::from_u128(node)), grant }
    }

    fn rendition(slot: Slot, counter: u32) -> Rendition {
        Rendition { slot, epoch: Epoch::new(0, counter).unwrap() }
    }

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_millis(ms))
    }

    fn media(msn: u64) -> LiveRequest {
        LiveRequest::Media(Reload { msn: Some(msn), part: Some(1), skip: false })
    }

    /// Shows a playlist of `rendition`; under which ordinal.
    fn show(view: &mut View, rendition: Rendition, owner: &Source) -> u64 {
        let ordinal = view.ordinal(rendition.slot, rendition, owner);
        view.show(rendition, ordinal);
        ordinal
    }

    #[test]
    fn numbers_rise_from_owner_to_twin_to_new_owner_to_twin_again() {
        let (owner, twin) = (source(Slot::OWNER, 1, 41), rendition(Slot::TWIN, 45));
        let mut view = View::default();
        let mut shown = vec![show(&mut view, rendition(Slot::OWNER, 41), &owner)];
        shown.push(show(&mut view, twin, &owner));
        assert_eq!(shown.last(), Some(&90), "its own, which is greater");
        shown.push(show(&mut view, twin, &owner));
        let new = source(Slot::OWNER, 3, 60);
        shown.push(show(&mut view, twin, &new));
        shown.push(show(&mut view, rendition(Slot::OWNER, 60), &new));
        shown.push(show(&mut view, twin, &new));
        assert_eq!(shown.last(), Some(&121), "lifted: its own would fall");
        shown.push(show(&mut view, twin, &new));
        // The twin's incarnation begins anew, with numbers from 0: it gets another ordinal.
        shown.push(show(&mut view, rendition(Slot::TWIN, 46), &new));
        shown.push(show(&mut view, rendition(Slot::OWNER, 70), &source(Slot::OWNER, 4, 70)));
        assert!(shown.is_sorted(), "{shown:?}");
        assert_eq!(shown[6] + 2, shown[7]);
    }

    #[test]
    fn a_node_that_never_showed_the_owner_lifts_the_twin_as_those_that_did() {
        let (owner, twin) = (source(Slot::OWNER, 1, 60), rendition(Slot::TWIN, 45));
        let mut other = View::default();
        show(&mut other, rendition(Slot::OWNER, 60), &owner);
        assert_eq!(show(&mut View::default(), twin, &owner), show(&mut other, twin, &owner));
    }

    #[test]
    fn the_twin_is_shown_until_a_new_owner_has_pictures() {
        let (owner, twin) = (source(Slot::OWNER, 1, 60), source(Slot::TWIN, 2, 45));
        let mut view = View::default();
        let first = |view: &View, owner: Source, ms| view.order(&[owner, twin], at(ms))[0].node;
        show(&mut view, rendition(Slot::OWNER, 60), &owner);
        assert_eq!(first(&view, owner, 0), owner.node);
        view.shun(owner.node, at(0));
        assert_eq!((first(&view, owner, 0), first(&view, owner, 2_000)), (twin.node, owner.node));
        show(&mut view, rendition(Slot::TWIN, 45), &owner);
        assert_eq!(first(&view, owner, 60_000), twin.node, "the same owner's numbers would fall");
        view.has_pictures(owner.grant.first, rendition(Slot::OWNER, 60));
        assert_eq!(first(&view, owner, 60_000), twin.node, "it is the same incarnation as before");
        let new = source(Slot::OWNER, 3, 70);
        assert_eq!(first(&view, new, 60_000), twin.node);
        assert!(view.probes(&new, at(60_000)) && !view.probes(&new, at(60_100)) && view.probes(&new, at(60_500)));
        view.has_pictures(new.grant.first, rendition(Slot::OWNER, 70));
        assert_eq!(first(&view, new, 60_600), new.node);
        assert!(!view.probes(&new, at(70_000)));
        assert_eq!(view.order(&[new], at(0)), [new], "without a twin there is no choice");
    }

    #[test]
    fn reloads_are_translated_into_the_numbers_of_who_is_asked() {
        let (owner, twin) = (source(Slot::OWNER, 1, 60), source(Slot::TWIN, 2, 45));
        let mut view = View::default();
        let whole = LiveRequest::Media(Reload::default());
        let number = |ordinal: u64, n: u64| media((ordinal << ORDINAL_SHIFT) + n);
        assert_eq!(view.translate(&owner, &owner, number(120, 7)), number(120, 7), "nothing is known yet");
        assert_eq!(view.translate(&twin, &owner, number(121, 7)), whole);
        show(&mut view, rendition(Slot::OWNER, 60), &owner);
        assert_eq!(view.translate(&owner, &owner, number(120, 7)), number(120, 7));
        assert_eq!(view.translate(&owner, &owner, number(118, 7)), whole, "of the owner before");
        assert_eq!(view.translate(&owner, &owner, number(999, 7)), number(999, 7), "too far ahead, as it says");
        assert_eq!(view.translate(&twin, &owner, number(120, 7)), whole);
        show(&mut view, rendition(Slot::TWIN, 45), &owner);
        assert_eq!(view.translate(&twin, &owner, number(121, 7)), number(90, 7), "lifted, and let down again");
        assert_eq!(view.translate(&twin, &owner, number(120, 900)), whole);
        assert_eq!(view.translate(&owner, &owner, number(121, 7)), whole, "back to the owner for want of better");
        assert_eq!(view.translate(&twin, &owner, LiveRequest::Multivariant), LiveRequest::Multivariant);
    }
}

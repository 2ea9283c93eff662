use crate::drill::file::{duration_text, plural};
use crate::drill::{Drill, Guardrails, TimedFault};

/// What a fault of the file does and when, in one line.
pub(super) fn fault_line(timed: &TimedFault) -> String {
    let mut line = format!("at {}", duration_text(timed.at));
    if !timed.lasts.is_zero() {
        line.push_str(&format!(" for {}", duration_text(timed.lasts)));
    }
    if let Some(again) = timed.again {
        line.push_str(&format!(", every {}, {} times", duration_text(again.every), again.times));
    }
    let faults: Vec<_> = timed.one_of.iter().map(ToString::to_string).collect();
    let one_of = if faults.len() > 1 { "one of: " } else { "" };
    format!("{line}: {one_of}{}", faults.join(" | "))
}

/// When it is broken off, in one line.
pub(super) fn guard_line(guardrails: &Guardrails) -> String {
    let mut rules = Vec::new();
    if let Some(down) = guardrails.nodes_down {
        let verb = if down == 1 { "is" } else { "are" };
        rules.push(match down {
            0 => "a node is down".to_owned(),
            _ => format!("more than {} {verb} down", plural(u64::from(down), "node")),
        });
    }
    if let Some(silent) = guardrails.cameras_silent {
        rules.push(format!("more than {} are not recorded for {}", silent.more_than, duration_text(silent.lasting)));
    }
    if let Some(api) = guardrails.failing_api {
        rules.push(format!("less than {} of the API calls succeed for {}", api.below, duration_text(api.window)));
    }
    rules.push(format!("it takes longer than {}", duration_text(guardrails.longest)));
    format!("broken off when {}", rules.join(", or "))
}

/// What a round is, in one line.
pub(super) fn round_line(drill: &Drill) -> String {
    let rounds = plural(u64::from(drill.repeat), "round");
    let (held, within) = (duration_text(drill.settle.held), duration_text(drill.settle.within));
    let (recover, longest) = (duration_text(drill.recover), duration_text(drill.longest()));
    format!(
        "{rounds}: steady for {held} (within {within}), the faults, steady again within {recover}; {longest} at most"
    )
}

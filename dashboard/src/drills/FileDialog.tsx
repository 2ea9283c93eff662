import { useState } from "react";

import { m } from "../messages";
import { Button } from "../ui/Button";
import { Dialog, DialogActions } from "../ui/Dialog";

const EXAMPLE = `drill: hang-the-leader
hypothesis: When the leader hangs for 20 s, no camera of the others is missed.
target: {local: {nodes: 3, cameras: 6}}
probes:
  recorded_gap: {longest: 12s, untouched: 0s}
faults:
  - at: 5s
    for: 20s
    pause: {node: leader}
blast_radius: {nodes: 1, cameras: all}
guardrails: {nodes_down: 1, longest: 10m}
`;

/** A drill file to run. */
export function FileDialog({ onNext, onClose }: { onNext: (file: string) => void; onClose: () => void }) {
  const [file, setFile] = useState(EXAMPLE);
  return (
    <Dialog wide title={m.drills.ownFileTitle} onClose={onClose}>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          onNext(file);
        }}
      >
        <label className="block">
          <span className="text-sm font-medium">{m.drills.ownFileLabel}</span>
          <textarea
            rows={14}
            maxLength={65_536}
            spellCheck={false}
            value={file}
            onChange={(event) => setFile(event.target.value)}
            className="mt-1.5 block w-full rounded-lg border border-line-strong bg-surface p-3 font-mono text-[0.8125rem]"
          />
          <span className="mt-1.5 block text-[0.8125rem] text-faint">{m.drills.ownFileHint}</span>
        </label>
        <DialogActions>
          <Button onClick={onClose}>{m.common.cancel}</Button>
          <Button look="primary" type="submit" disabled={file.trim() === ""}>
            {m.drills.plan}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

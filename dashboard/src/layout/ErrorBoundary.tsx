import { Component, type ReactNode } from "react";

import { m } from "../messages";
import { Button } from "../ui/Button";
import { Empty } from "../ui/States";

/** Stands in for a page that a fault of ours has taken down. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { crashed: boolean }> {
  override state = { crashed: false };

  static getDerivedStateFromError(): { crashed: boolean } {
    return { crashed: true };
  }

  override render(): ReactNode {
    if (!this.state.crashed) return this.props.children;
    return (
      <Empty icon="warning" title={m.errors.crashedTitle} text={m.errors.crashedText}>
        <Button look="primary" onClick={() => location.reload()}>
          {m.errors.reload}
        </Button>
      </Empty>
    );
  }
}

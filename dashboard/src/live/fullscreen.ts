import { useSyncExternalStore } from "react";

interface AppleVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
}

/** Puts `element` on the whole screen, or takes it back. On an iPhone only videos can go there, so its video does. */
export function toggleFullscreen(element: HTMLElement): void {
  if (document.fullscreenElement) {
    void document.exitFullscreen();
    return;
  }
  if (document.fullscreenEnabled) {
    // Refused, for instance, inside a frame that does not allow it: then the picture stays as it is.
    element.requestFullscreen().catch(() => undefined);
    return;
  }
  element.querySelector<AppleVideo>("video")?.webkitEnterFullscreen?.();
}

const subscribe = (listener: () => void): (() => void) => {
  document.addEventListener("fullscreenchange", listener);
  return () => document.removeEventListener("fullscreenchange", listener);
};

/** Whether something is on the whole screen. */
export function useFullscreen(): boolean {
  return useSyncExternalStore(subscribe, () => document.fullscreenElement !== null);
}

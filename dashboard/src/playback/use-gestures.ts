import { type PointerEvent, type RefObject, useEffect, useEffectEvent, useRef, useState } from "react";

import { momentAt, panned, pinched, spanOf, type View, zoomed } from "./view";

/** A pointer that moved less than this was a tap. */
const TAP_PX = 5;
/** How much one notch of a wheel zooms. */
const WHEEL_ZOOM = 1.0016;

/** What is dragged: the playhead, or an end of the clip. */
export type Handle = "scrub" | "in" | "out";

export interface Gestures {
  view: View;
  nowMs: number;
  onView: (view: View) => void;
  /** A moment was tapped or clicked, at a part of the width. */
  onTap: (ms: number, share: number, touch: boolean) => void;
  onDrag: (handle: Handle, ms: number) => void;
  onDrop: (handle: Handle, ms: number) => void;
}

type Held =
  | { what: "pan"; startX: number; view: View; moved: boolean }
  | { what: "pinch"; view: View; before: readonly [number, number] }
  | { what: "handle"; handle: Handle };

/** Where the pointer is, as part of the width, and whether it is a finger. */
export interface Pointed {
  share: number;
  touch: boolean;
}

/**
 * Turns pointers and the wheel over a timeline into views and moments: drag pans, two fingers and the wheel zoom, a drag that begins
 * at a handle (`data-handle`) moves that.
 */
export function useGestures(root: RefObject<HTMLElement | null>, gestures: Gestures) {
  const { view, nowMs, onView, onTap, onDrag, onDrop } = gestures;
  const [pointed, setPointed] = useState<Pointed | null>(null);
  const [dragging, setDragging] = useState<Handle | "pan" | null>(null);
  const pointers = useRef(new Map<number, number>());
  const held = useRef<Held | null>(null);

  const width = (): number => root.current?.getBoundingClientRect().width ?? 1;
  const shareAt = (clientX: number): number => {
    const box = root.current?.getBoundingClientRect();
    return box && box.width > 0 ? Math.min(1, Math.max(0, (clientX - box.left) / box.width)) : 0;
  };

  const onWheel = useEffectEvent((event: WheelEvent) => {
    event.preventDefault();
    const sideways = event.shiftKey ? event.deltaY : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) onView(panned(view, (sideways / width()) * spanOf(view), nowMs));
    else onView(zoomed(view, WHEEL_ZOOM ** event.deltaY, momentAt(view, shareAt(event.clientX)), nowMs));
  });
  useEffect(() => {
    const element = root.current;
    // React listens passively; the page must not scroll while the timeline zooms.
    const listener = (event: WheelEvent) => onWheel(event);
    element?.addEventListener("wheel", listener, { passive: false });
    return () => element?.removeEventListener("wheel", listener);
  }, [root]);

  const shares = (): readonly [number, number] => {
    const [first = 0, second = 0] = [...pointers.current.values()].map(shareAt);
    return [first, second];
  };

  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("button")) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    pointers.current.set(event.pointerId, event.clientX);
    const handle = target?.closest<HTMLElement>("[data-handle]")?.dataset.handle;
    if (pointers.current.size === 2) {
      held.current = { what: "pinch", view, before: shares() };
      setDragging("pan");
    } else if (handle === "scrub" || handle === "in" || handle === "out") {
      held.current = { what: "handle", handle };
      setDragging(handle);
      onDrag(handle, momentAt(view, shareAt(event.clientX)));
    } else held.current = { what: "pan", startX: event.clientX, view, moved: false };
  };

  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const share = shareAt(event.clientX);
    if (pointers.current.has(event.pointerId)) pointers.current.set(event.pointerId, event.clientX);
    const { current } = held;
    if (current?.what === "pinch") onView(pinched(current.view, current.before, shares(), nowMs));
    else if (current?.what === "handle") onDrag(current.handle, momentAt(view, share));
    else if (current?.what === "pan") {
      const byX = event.clientX - current.startX;
      if (!current.moved && Math.abs(byX) < TAP_PX) return;
      current.moved = true;
      setDragging("pan");
      onView(panned(current.view, (-byX / width()) * spanOf(current.view), nowMs));
    }
    setPointed({ share, touch: event.pointerType !== "mouse" });
  };

  const onPointerUp = (event: PointerEvent<HTMLElement>) => {
    if (!pointers.current.delete(event.pointerId)) return;
    const { current } = held;
    const share = shareAt(event.clientX);
    const touch = event.pointerType !== "mouse";
    if (current?.what === "handle") onDrop(current.handle, momentAt(view, share));
    else if (current?.what === "pan" && !current.moved) {
      setPointed({ share, touch });
      onTap(momentAt(view, share), share, touch);
    }
    // A finger that stays after a pinch does not pan: it was not meant to.
    held.current = null;
    setDragging(null);
  };

  const onPointerCancel = (event: PointerEvent<HTMLElement>) => {
    pointers.current.delete(event.pointerId);
    if (held.current?.what === "handle") onDrop(held.current.handle, momentAt(view, shareAt(event.clientX)));
    held.current = null;
    setDragging(null);
  };

  const onPointerLeave = (event: PointerEvent<HTMLElement>) => {
    if (event.pointerType === "mouse" && held.current === null) setPointed(null);
  };

  return { pointed, dragging, handlers: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel, onPointerLeave } };
}

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { posterQuery } from "../api/pending2";
import { m } from "../messages";
import { useOnScreen } from "./use-on-screen";

/** A camera's latest still, renewed now and then while it can be seen: it costs no decoder. */
export function Poster({ cameraId }: { cameraId: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const image = useRef<HTMLImageElement>(null);
  const onScreen = useOnScreen(frame);
  const poster = useQuery({ ...posterQuery(cameraId), enabled: onScreen });
  const blob = poster.data;
  useEffect(() => {
    const element = image.current;
    if (!blob || !element) return;
    const url = URL.createObjectURL(blob);
    element.src = url;
    return () => URL.revokeObjectURL(url);
  }, [blob]);
  return (
    <div ref={frame} data-phase="poster" className="absolute inset-0 bg-black">
      {blob ? (
        <img ref={image} alt="" className="size-full object-contain" />
      ) : (
        <p className="flex h-full items-center justify-center p-2 pb-7 text-center text-xs text-white/70">{m.wall.playHint}</p>
      )}
    </div>
  );
}

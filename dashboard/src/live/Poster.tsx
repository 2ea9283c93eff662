import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";

import { posterQuery } from "../api/history";
import { m } from "../messages";
import { BlobImage } from "../ui/BlobImage";
import { useOnScreen } from "./use-on-screen";

/** A camera's latest still, renewed now and then while it can be seen: it costs no decoder. */
export function Poster({ cameraId }: { cameraId: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const onScreen = useOnScreen(frame);
  const poster = useQuery({ ...posterQuery(cameraId), enabled: onScreen });
  return (
    <div ref={frame} data-phase="poster" className="absolute inset-0 bg-black">
      {poster.data ? (
        <BlobImage blob={poster.data} className="size-full object-contain" />
      ) : (
        <p className="flex h-full items-center justify-center p-2 pb-7 text-center text-xs text-white/70">{m.wall.playHint}</p>
      )}
    </div>
  );
}

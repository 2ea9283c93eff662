import { useEffect, useState } from "react";

import { thumbnailMoment, Thumbnails } from "./thumbnails";

/**
 * The picture of a moment, or of the one asked for before while that is on its way; `null` where there is none. `spanMs` is the
 * length of the view: the wider it is, the fewer moments have a picture of their own.
 */
export function useThumbnail(url: string, ms: number | null, spanMs: number): string | null {
  const [source, setSource] = useState<Thumbnails | null>(null);
  const [, setPictures] = useState(0);
  const [last, setLast] = useState<string | null>(null);
  useEffect(() => {
    const thumbnails = new Thumbnails(url, () => setPictures((pictures) => pictures + 1));
    // An outside thing that is made and ended with the address.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setSource(thumbnails);
    return () => thumbnails.destroy();
  }, [url]);
  const moment = ms === null ? null : thumbnailMoment(ms, spanMs);
  useEffect(() => {
    if (moment !== null) source?.want(moment);
  }, [source, moment]);
  const picture = moment === null ? null : source?.at(moment);
  if (picture !== undefined && picture !== last) setLast(picture);
  return picture === undefined ? last : picture;
}

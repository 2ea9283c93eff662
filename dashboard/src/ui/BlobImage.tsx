import { useEffect, useRef } from "react";

/** A picture that was fetched. Its address lives as long as it is shown. */
export function BlobImage({ blob, className }: { blob: Blob; className: string }) {
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const element = image.current;
    if (!element) return;
    const url = URL.createObjectURL(blob);
    element.src = url;
    return () => URL.revokeObjectURL(url);
  }, [blob]);
  return <img ref={image} alt="" className={className} />;
}

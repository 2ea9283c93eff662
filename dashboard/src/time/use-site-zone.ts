import { useQuery } from "@tanstack/react-query";

import { sitesQuery } from "../api/queries";
import { knownZone } from "./format";

/** The zone in which a camera's times are shown: that of its site, or this browser's where it has none. */
export function useSiteZone(site: string | null | undefined): string {
  const { data } = useQuery(sitesQuery);
  return knownZone(data?.find((known) => known.id === site)?.zone);
}

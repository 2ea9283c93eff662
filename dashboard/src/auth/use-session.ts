import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";

import { meQuery } from "../api/queries";
import { session } from "./browser-session";

/** Whether somebody is signed in. */
export function useSignedIn(): boolean {
  return useSyncExternalStore(session.subscribe, session.signedIn);
}

/** What the signed-in user may do. The node decides anyway; this only hides what it would refuse. */
export function useMay(): { edit: boolean; admin: boolean; drill: boolean } {
  const { data } = useQuery(meQuery);
  return { edit: data?.role === "admin" || data?.role === "operator", admin: data?.role === "admin", drill: data?.role === "admin" || data?.role === "driller" };
}

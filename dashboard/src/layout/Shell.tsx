import { useQuery } from "@tanstack/react-query";
import { Suspense, useEffect, useRef, useState } from "react";
import { Navigate, NavLink, Outlet, useLocation } from "react-router";

import { meQuery } from "../api/queries";
import type { Role } from "../api/types";
import { session } from "../auth/browser-session";
import { m } from "../messages";
import { StatusProvider, useConnectionNotice } from "../status/StatusProvider";
import { Icon, type IconName, Mark } from "../ui/Icon";
import { Loading } from "../ui/States";
import { PasswordDialog } from "./PasswordDialog";
import { applyTheme, storedTheme, type Theme } from "./theme";

interface Entry {
  to: string;
  icon: IconName;
  name: string;
}

const ENTRIES: readonly Entry[] = [
  { to: "/", icon: "live", name: m.nav.live },
  { to: "/cameras", icon: "camera", name: m.nav.cameras },
  { to: "/markers", icon: "flag", name: m.nav.markers },
  { to: "/sites", icon: "site", name: m.nav.sites },
];
const USERS: Entry = { to: "/users", icon: "users", name: m.nav.users };
const CELL: Entry = { to: "/cell", icon: "cell", name: m.nav.cell };
const DRILLS: Entry = { to: "/drills", icon: "drill", name: m.nav.drills };
const NODE: Entry = { to: "/node", icon: "node", name: m.nav.node };

/** The pages that somebody may see. */
function entriesOf(role: Role | undefined): readonly Entry[] {
  if (role === "driller") return [DRILLS, CELL];
  return role === "admin" ? [...ENTRIES, USERS, CELL, DRILLS, NODE] : [...ENTRIES, CELL, NODE];
}

/** What surrounds every page of a signed-in user. */
export function Shell() {
  const { data: me } = useQuery(meQuery);
  return (
    <StatusProvider off={me === undefined || me.role === "driller"}>
      <Frame />
    </StatusProvider>
  );
}

function Frame() {
  const { data: me } = useQuery(meQuery);
  const entries = entriesOf(me?.role);
  const { pathname } = useLocation();
  // Who drills watches nothing.
  if (me?.role === "driller" && pathname === "/") return <Navigate to="/drills" replace />;
  return (
    <div className="flex min-h-dvh flex-col">
      <a href="#content" className="sr-only z-50 rounded-lg bg-accent-fill px-4 py-2 text-white focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        {m.skipToContent}
      </a>
      <header className="sticky top-0 z-30 flex h-14 shrink-0 items-center gap-2 border-b border-line bg-surface px-3 sm:px-4">
        <NavLink to="/" className="mr-3 flex items-center gap-2.5 rounded-lg">
          <Mark className="size-7" />
          <span className="text-[1.0625rem] font-semibold tracking-tight">{m.product}</span>
        </NavLink>
        <nav aria-label={m.nav.label} className="hidden items-center gap-1 md:flex">
          {entries.map((entry) => (
            <NavLink
              key={entry.to}
              to={entry.to}
              end={entry.to === "/"}
              className={({ isActive }) =>
                `rounded-lg px-3 py-1.5 text-sm font-medium transition-colors ${isActive ? "bg-accent-wash text-accent" : "text-soft hover:bg-hover hover:text-ink"}`
              }
            >
              {entry.name}
            </NavLink>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-1.5">
          <ConnectionNotice />
          <AccountMenu name={me?.username ?? ""} role={me ? m.users.roles[me.role] : ""} />
        </div>
      </header>
      <main id="content" className="flex min-h-0 flex-1 flex-col pb-16 md:pb-0">
        <Suspense fallback={<div className="mx-auto w-full max-w-6xl p-6"><Loading /></div>}>
          <Outlet />
        </Suspense>
      </main>
      <nav aria-label={m.nav.label} className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden">
        {entries.map((entry) => (
          <NavLink
            key={entry.to}
            to={entry.to}
            end={entry.to === "/"}
            className={({ isActive }) => `flex min-w-0 flex-1 flex-col items-center gap-0.5 py-2 text-[0.6875rem] font-medium ${isActive ? "text-accent" : "text-faint"}`}
          >
            <Icon name={entry.icon} className="size-5.5" />
            {entry.name}
          </NavLink>
        ))}
      </nav>
    </div>
  );
}

function ConnectionNotice() {
  const shown = useConnectionNotice();
  return (
    <div role="status" aria-live="polite">
      {shown && (
        <span title={m.connection.detail} className="inline-flex items-center gap-2 rounded-full bg-warn-wash px-3 py-1.5 text-[0.8125rem] font-medium text-warn">
          <span aria-hidden="true" className="pulse size-2 rounded-full bg-warn-fill" />
          {m.connection.reconnecting}
        </span>
      )}
    </div>
  );
}

const THEMES: readonly Theme[] = ["system", "light", "dark"];

function AccountMenu({ name, role }: { name: string; role: string }) {
  const menu = useRef<HTMLDetailsElement>(null);
  const [theme, setTheme] = useState(storedTheme);
  const [changing, setChanging] = useState(false);
  const { pathname } = useLocation();

  useEffect(() => {
    const shut = () => menu.current?.removeAttribute("open");
    const onPointer = (event: Event) => {
      if (event.target instanceof Node && !menu.current?.contains(event.target)) shut();
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key === "Escape") shut();
    };
    shut();
    document.addEventListener("pointerdown", onPointer);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", onPointer);
      document.removeEventListener("keydown", onKey);
    };
  }, [pathname]);

  const item = "flex min-h-10 w-full items-center rounded-lg px-3 text-left text-sm hover:bg-hover";
  return (
    <>
      <details ref={menu} className="relative">
        <summary
          aria-label={m.nav.account(name)}
          className="flex size-10 list-none items-center justify-center rounded-full border border-line bg-sunken text-soft hover:text-ink [&::-webkit-details-marker]:hidden"
        >
          <Icon name="user" />
        </summary>
        <div className="absolute right-0 z-40 mt-2 w-64 rounded-xl border border-line bg-raised p-1.5 shadow-pop">
          <div className="px-3 py-2">
            <p className="truncate font-medium">
              <bdi>{name}</bdi>
            </p>
            <p className="text-sm text-faint">{role}</p>
          </div>
          <fieldset className="border-t border-line px-3 py-3">
            <legend className="sr-only">{m.nav.theme}</legend>
            <p aria-hidden="true" className="mb-2 text-sm text-faint">
              {m.nav.theme}
            </p>
            {THEMES.map((choice) => (
              <label key={choice} className="flex min-h-8 items-center gap-2.5 text-sm">
                <input
                  type="radio"
                  name="theme"
                  className="size-4 accent-accent-fill"
                  checked={theme === choice}
                  onChange={() => {
                    applyTheme(choice);
                    setTheme(choice);
                  }}
                />
                {m.nav.themes[choice]}
              </label>
            ))}
          </fieldset>
          <div className="border-t border-line pt-1.5">
            <button type="button" className={item} onClick={() => setChanging(true)}>
              {m.nav.changePassword}
            </button>
            <a className={item} href="/docs" target="_blank" rel="noreferrer">
              {m.nav.apiDocs}
            </a>
            <button type="button" className={item} onClick={() => void session.signOut()}>
              {m.nav.signOut}
            </button>
          </div>
        </div>
      </details>
      {changing && <PasswordDialog onClose={() => setChanging(false)} />}
    </>
  );
}

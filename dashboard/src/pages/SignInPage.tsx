import { useMutation } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";

import { asProblem, problemWords } from "../api/problem";
import { session } from "../auth/browser-session";
import { m } from "../messages";
import { formatCountdown } from "../time/format";
import { useNow } from "../time/use-now";
import { Button } from "../ui/Button";
import { PasswordField, TextField } from "../ui/Field";
import { Mark } from "../ui/Icon";
import { useTitle } from "../ui/Page";
import { Notice } from "../ui/States";

/** A pause is assumed to be this long when the node does not say. */
const PAUSE_DEFAULT_S = 5;

export function SignInPage() {
  useTitle(m.signIn.title);
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [missing, setMissing] = useState<{ username?: string; password?: string }>({});
  const [lockedUntil, setLockedUntil] = useState(0);
  const signIn = useMutation({
    mutationFn: () => session.signIn(username.trim(), password),
    onError: (error) => {
      const { code, retryAfterS } = asProblem(error);
      if (code === "too_many_requests") setLockedUntil(Date.now() + (retryAfterS ?? PAUSE_DEFAULT_S) * 1000);
    },
  });
  const now = useNow(lockedUntil > 0 ? 250 : null);
  const leftMs = lockedUntil - now;
  const locked = leftMs > 0;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const wrong = {
      ...(username.trim() === "" ? { username: m.signIn.usernameMissing } : {}),
      ...(password === "" ? { password: m.signIn.passwordMissing } : {}),
    };
    setMissing(wrong);
    if (Object.keys(wrong).length === 0 && !locked) signIn.mutate();
  };
  const lockedOut = signIn.isError && asProblem(signIn.error).code === "too_many_requests";
  return (
    <div className="glow flex min-h-dvh flex-col items-center justify-center px-4 py-10">
      <main className="w-full max-w-sm">
        <div className="mb-7 flex flex-col items-center text-center">
          <Mark className="size-14" />
          <h1 className="mt-4 text-2xl font-semibold tracking-tight">{m.product}</h1>
          <p className="mt-1 text-soft text-balance">{m.signIn.lead}</p>
        </div>
        <form noValidate onSubmit={submit} className="space-y-4 rounded-2xl border border-line bg-surface p-6 shadow-card">
          {locked && <Notice tone="warn">{m.signIn.lockedOut(formatCountdown(leftMs))}</Notice>}
          {signIn.isError && !lockedOut && <Notice>{problemWords(signIn.error)}</Notice>}
          <TextField
            name="username"
            label={m.signIn.username}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            value={username}
            onChange={(event) => setUsername(event.target.value)}
            error={missing.username}
          />
          <PasswordField
            name="password"
            label={m.signIn.password}
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            error={missing.password}
          />
          <Button type="submit" look="primary" className="w-full" disabled={signIn.isPending || locked}>
            {signIn.isPending ? m.signIn.submitting : locked ? m.signIn.wait(formatCountdown(leftMs)) : m.signIn.submit}
          </Button>
        </form>
        <p className="mt-5 text-center text-[0.8125rem] text-balance text-faint">{m.signIn.firstTime}</p>
        <p className="mt-2 text-center text-[0.8125rem] text-balance text-faint">{m.signIn.forgotten}</p>
      </main>
    </div>
  );
}

import type { ComponentProps, ReactNode } from "react";
import { Link, type LinkProps } from "react-router";

import { Icon, type IconName } from "./Icon";

type Look = "primary" | "plain" | "quiet" | "danger";

const LOOKS: Record<Look, string> = {
  primary: "bg-accent-fill text-white hover:bg-accent-fill-hover",
  plain: "bg-surface text-ink border border-line-strong hover:bg-hover",
  quiet: "text-soft hover:text-ink hover:bg-hover",
  danger: "bg-bad-fill text-white hover:bg-bad-fill-hover",
};

const shape =
  "inline-flex min-h-10 items-center justify-center gap-2 rounded-lg px-3.5 py-2 text-sm font-medium whitespace-nowrap transition-colors disabled:opacity-55 disabled:pointer-events-none";

interface Shared {
  look?: Look;
  icon?: IconName;
  children?: ReactNode;
}

export function Button({ look = "plain", icon, children, className = "", type = "button", ...rest }: Shared & ComponentProps<"button">) {
  return (
    <button type={type} className={`${shape} ${LOOKS[look]} ${className}`} {...rest}>
      {icon && <Icon name={icon} className="size-4.5" />}
      {children}
    </button>
  );
}

export function ButtonLink({ look = "plain", icon, children, className = "", ...rest }: Shared & LinkProps) {
  return (
    <Link className={`${shape} ${LOOKS[look]} ${className}`} {...rest}>
      {icon && <Icon name={icon} className="size-4.5" />}
      {children}
    </Link>
  );
}

interface IconButtonProps extends ComponentProps<"button"> {
  icon: IconName;
  /** What it does: read out and shown on hover. */
  name: string;
  /** Lies on a picture, so it is white in either theme. */
  onPicture?: boolean;
}

export function IconButton({ icon, name, onPicture = false, className = "", ...rest }: IconButtonProps) {
  const look = onPicture ? "text-white/90 hover:bg-white/20 hover:text-white" : "text-soft hover:bg-hover hover:text-ink";
  return (
    <button
      type="button"
      aria-label={name}
      title={name}
      className={`inline-flex size-10 items-center justify-center rounded-lg transition-colors disabled:pointer-events-none disabled:opacity-40 ${look} ${className}`}
      {...rest}
    >
      <Icon name={icon} />
    </button>
  );
}

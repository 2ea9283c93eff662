const PATHS = {
  live: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  camera: "M3.500 8.500A1.500 1.500 0 0 1 5 7h8.500A1.500 1.500 0 0 1 15 8.500v7a1.500 1.500 0 0 1-1.500 1.500H5a1.500 1.500 0 0 1-1.500-1.500zM15 10.500l5.500-3v9l-5.500-3",
  site: "M12 21s6.500-5.800 6.500-11a6.500 6.500 0 1 0-13 0c0 5.200 6.500 11 6.500 11zM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z",
  users: "M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 19.500c0-3.300 2.900-5.500 6.500-5.500s6.500 2.200 6.500 5.500M16 4.800a3.500 3.500 0 0 1 0 6.400M18 14.500c2.100.8 3.500 2.600 3.500 5",
  node: "M4 5.500h16v5H4zM4 13.500h16v5H4zM7.500 8h.01M7.500 16h.01M11 8h5M11 16h5",
  cell: "M12 3l4 2.300v4.500l-4 2.300-4-2.300V5.300zM7.500 12.100l4 2.300v4.500l-4 2.300-4-2.300v-4.500zM16.500 12.100l4 2.300v4.500l-4 2.300-4-2.300v-4.500z",
  drill: "M13 3 5.500 13.500H11L10 21l8.500-11.500H13z",
  plus: "M12 5v14M5 12h14",
  search: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500 20 20",
  close: "M6 6l12 12M18 6 6 18",
  expand: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  shrink: "M9 4v5H4M15 4v5h5M9 20v-5H4M15 20v-5h5",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  edit: "M4 20h4L19.500 8.500a2.100 2.100 0 0 0-3-3L5 17z",
  trash: "M4 7h16M9 7V4.500h6V7M6.500 7l1 13h9l1-13M10 11v5M14 11v5",
  power: "M12 4v8M7 6.800a7.500 7.500 0 1 0 10 0",
  user: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.500 20.500c0-3.600 3.400-6 7.500-6s7.500 2.400 7.500 6",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  eyeOff: "M4 4l16 16M9.900 5.800A9.600 9.600 0 0 1 12 5.500c6 0 9.500 6.500 9.500 6.500a16 16 0 0 1-2.700 3.400M6.300 7.800A15.500 15.500 0 0 0 2.500 12s3.500 6.500 9.500 6.500c1.500 0 2.900-.4 4.100-1M10 10.100a3 3 0 0 0 4 4",
  sound: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM15.500 9a4.200 4.200 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
  mute: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500zM16 9.500l5 5M21 9.500l-5 5",
  warning: "M12 4 2.800 19.500h18.400zM12 10v4.500M12 17h.01",
  check: "M5 12.500l4.500 4.500L19 7.500",
  plug: "M9 3.500V8M15 3.500V8M6.500 8h11v3.500a5.500 5.500 0 0 1-11 0zM12 17v4",
  key: "M15 13a5 5 0 1 0-4.700-3.300L4 16v4h4v-2.500h2.500V15l1.300-1.300A5 5 0 0 0 15 13zM16 8h.01",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.500v15l12.500-7.500z",
  back10: "M11 6 5 12l6 6M19 6l-6 6 6 6",
  on10: "M13 6l6 6-6 6M5 6l6 6-6 6",
  frameBack: "M17 5.500 8 12l9 6.500zM5 5v14",
  frameOn: "M7 5.500 16 12l-9 6.500zM19 5v14",
  zoomIn: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500 20 20M10.500 8v5M8 10.500h5",
  zoomOut: "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.500 15.500 20 20M8 10.500h5",
  flag: "M6 21V4M6 5h11l-2.500 3.500L17 12H6",
  download: "M12 4v11M7.500 10.500 12 15l4.500-4.500M4.500 19.500h15",
  cut: "M7 18.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM17 18.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM8.500 14 16 4M15.500 14 8 4",
  keys: "M3.500 7h17v10h-17zM7 10.500h.01M10.300 10.500h.01M13.700 10.500h.01M17 10.500h.01M8 13.800h8",
  markIn: "M9 4H5v16h4M10 12h9M15 8.500l4 3.500-4 3.500",
  markOut: "M15 4h4v16h-4M14 12H5M9 8.500 5 12l4 3.500",
} as const;

export type IconName = keyof typeof PATHS;

/** A line icon; says nothing to a screen reader, its button does. */
export function Icon({ name, className = "size-5" }: { name: IconName; className?: string }) {
  return (
    <svg viewBox="0 0 24 24" className={`shrink-0 ${className}`} fill="none" stroke="currentColor" strokeWidth="1.7" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The product's mark. */
export function Mark({ className = "size-8" }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={`shrink-0 ${className}`} aria-hidden="true">
      <rect width="32" height="32" rx="8" className="fill-accent-fill" />
      <g className="fill-none stroke-white" strokeWidth="2.3" strokeLinecap="round" strokeLinejoin="round">
        <path d="M7 12.500 16 6l9 6.500" />
        <path d="M7 19.200c2.600-3.400 5.600-5 9-5s6.400 1.600 9 5c-2.600 3.400-5.600 5-9 5s-6.400-1.600-9-5Z" />
      </g>
      <circle cx="16" cy="19.200" r="2.300" className="fill-white" />
    </svg>
  );
}

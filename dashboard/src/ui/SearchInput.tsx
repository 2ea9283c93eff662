import { Icon } from "./Icon";

interface Props {
  /** What it searches, for who cannot see it. */
  name: string;
  placeholder: string;
  value: string;
  onChange: (text: string) => void;
  className?: string;
}

/** A field to search by. */
export function SearchInput({ name, placeholder, value, onChange, className = "" }: Props) {
  return (
    <div className={`relative ${className}`}>
      <Icon name="search" className="pointer-events-none absolute top-1/2 left-3 size-4.5 -translate-y-1/2 text-faint" />
      <input
        type="search"
        aria-label={name}
        placeholder={placeholder}
        className="min-h-10.5 w-full rounded-lg border border-line-strong bg-surface px-3 pl-10 text-sm"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

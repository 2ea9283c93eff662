import { m } from "../messages";

/** An operating system's number of an error: of use in a log, not to who looks at a camera. */
const ERROR_NUMBER = / \(os error \d+\)/g;

/** A clause of the API as a sentence: `must not be empty` as `Must not be empty.` */
export function sentence(clause: string): string {
  const text = clause.trim();
  if (text === "") return "";
  const begun = text.charAt(0).toLocaleUpperCase(m.locale) + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

/** Why a camera is in its state, as a sentence in the words of the form, without what the headline above it says already. */
export function reasonWords(reason: string, headline: string): string {
  const said = `${headline.toLocaleLowerCase(m.locale)}: `;
  const rest = reason.toLocaleLowerCase(m.locale).startsWith(said) ? reason.slice(said.length) : reason;
  const named = Object.entries(m.fields).reduce((text, [field, name]) => text.replaceAll(field, name), rest);
  return sentence(named.replaceAll(ERROR_NUMBER, ""));
}

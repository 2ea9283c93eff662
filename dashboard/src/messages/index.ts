import { en } from "./en";

/** The shape of a catalogue: a translation is a value of this type. */
export type Messages = typeof en;

/** The catalogue in use. */
export const m: Messages = en;

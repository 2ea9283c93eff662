// Exits with 0 when the Node that runs it (or the version given as argument) satisfies `engines` of dashboard/package.json.
import { readFileSync } from "node:fs";

const { engines } = JSON.parse(readFileSync(new URL("../dashboard/package.json", import.meta.url), "utf8"));
const numbers = (version) => version.split(".").map(Number);
const running = numbers(process.argv[2] ?? process.versions.node);

function atLeast(version, least) {
  const at = version.findIndex((number, i) => number !== least[i]);
  return at === -1 || version[at] > least[at];
}

// Of npm's ranges only what package.json uses: `^1.2.3` (that major, from there on) and `>=1.2.3`, joined by `||`.
function within(range) {
  const [, kind, text] = /^(\^|>=)(\d+\.\d+\.\d+)$/.exec(range.trim()) ?? [];
  if (!kind) throw new Error(`the range ${range} in dashboard/package.json is not understood here`);
  const least = numbers(text);
  return atLeast(running, least) && (kind === ">=" || running[0] === least[0]);
}

process.exit(engines.node.split("||").some(within) ? 0 : 1);

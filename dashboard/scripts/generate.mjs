// Writes src/api/schema.d.ts from the OpenAPI document at the root of the repository. With --check it writes nothing and
// fails when the committed file is not what the document gives.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const documentUrl = new URL("../../openapi/eyrie-v1.json", import.meta.url);
const targetUrl = new URL("../src/api/schema.d.ts", import.meta.url);
const HEADER = "// Generated from openapi/eyrie-v1.json by `npm run generate`. Do not edit.\n\n";

const fail = (message) => {
  console.error(message);
  process.exit(1);
};

if (!existsSync(documentUrl)) fail(`${fileURLToPath(documentUrl)} is missing; the node writes it with \`eyrie openapi\`.`);

const generated = HEADER + astToString(await openapiTS(documentUrl, { alphabetize: true }));

if (process.argv.includes("--check")) {
  const committed = existsSync(targetUrl) ? readFileSync(targetUrl, "utf8") : "";
  if (committed !== generated) fail("src/api/schema.d.ts is not up to date with openapi/eyrie-v1.json: run `npm run generate`.");
} else {
  writeFileSync(targetUrl, generated);
}

-- Open incidents are looked for within their camera, by the key of the table.
DROP INDEX incidents_open;

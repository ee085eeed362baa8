// Answers a SPARQL query from a local file with Comunica and writes the rows as one line of JSON; the query itself asks a
// service beside it (SERVICE). Runs in the folder of node_modules. Arguments: query, file.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { QueryEngine } = createRequire(pathToFileURL(`${process.cwd()}/`))("@comunica/query-sparql-file");
const [query, file] = process.argv.slice(2);

const found = await new QueryEngine().queryBindings(query, { sources: [{ type: "file", value: file }] });
const rows = (await found.toArray()).map((row) => Object.fromEntries([...row].map(([key, term]) => [key.value, term.value])));
console.log(JSON.stringify(rows));

// Reads an event stream with ldes-client and writes its members, one JSON line each; runs in the folder of
// node_modules. Arguments: address, order (none, ascending), how (once, follow), folder for the state (optional).
import { pathToFileURL } from "node:url";

const main = pathToFileURL(`${process.cwd()}/node_modules/ldes-client/dist/lib/client.js`);
const { replicateLDES } = await import(main.href);
const [url, order, how, statePath] = process.argv.slice(2);

const term = ({ termType, value, language, datatype }) =>
  termType === "Literal" ? [termType, value, language, datatype.value] : [termType, value];

const client = replicateLDES(
  { url, statePath, polling: how === "follow", pollInterval: 300 },
  order,
);
client.on("fragment", (fragment) => console.log(JSON.stringify({ page: fragment.url })));
const members = client.stream({ highWaterMark: 10 }).getReader();
for (let next = await members.read(); !next.done; next = await members.read()) {
  const { id, quads } = next.value;
  const terms = quads.map((quad) => [quad.subject, quad.predicate, quad.object, quad.graph].map(term));
  console.log(JSON.stringify({ member: id.value, quads: terms }));
}

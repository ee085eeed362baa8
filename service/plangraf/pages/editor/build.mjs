// Bundles each script of pages that rests on parts of others: into one file with the hash of its content in the name,
// and beside it the licences of its parts. Run: node build.mjs <folder of the result>. The folder's earlier files are
// removed when the new ones are complete.
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";

const target = process.argv[2];
if (!target) throw new Error("Name the folder of the result: node build.mjs <folder>");

const result = await build({
  entryPoints: { editor: "src/main.js", walk: "src/walk/main.js" },
  entryNames: "[name]-[hash]",
  outdir: target,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  write: false,
});

function licencesOf(inputs) {
  const packages = new Set();
  for (const input of inputs) {
    const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.add(found[1]);
  }
  const licences = [...packages].sort().map((name) => {
    const folder = join("node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one) && !one.endsWith(".mjs"));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  return licences.join("\n----\n\n");
}

mkdirSync(target, { recursive: true });
const written = new Set();
function write(name, content) {
  written.add(name);
  writeFileSync(join(target, `${name}.new`), content);
  renameSync(join(target, `${name}.new`), join(target, name));
}

for (const { path, contents } of result.outputFiles) write(basename(path), contents);
for (const [path, { inputs }] of Object.entries(result.metafile.outputs))
  write(`${basename(path).split("-")[0]}-licences.txt`, licencesOf(Object.keys(inputs)));
for (const name of readdirSync(target)) if (/^(editor|walk)-/.test(name) && !written.has(name)) rmSync(join(target, name));

// Bundles the editor into one file with the hash of its content in the name, and gathers the licences of its parts.
// Run: node build.mjs <folder of the result>. The folder's earlier files are removed when the new ones are complete.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const target = process.argv[2];
if (!target) throw new Error("Name the folder of the result: node build.mjs <folder>");

const result = await build({
  entryPoints: { editor: "src/main.js" },
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

const packages = new Set();
for (const input of Object.keys(result.metafile.inputs)) {
  const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (found) packages.add(found[1]);
}
const licences = [...packages].sort().map((name) => {
  const folder = join("node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n`;
});

mkdirSync(target, { recursive: true });
const written = new Set(["editor-licences.txt"]);
for (const { path, contents } of result.outputFiles) {
  const name = path.split(/[\\/]/).at(-1);
  written.add(name);
  writeFileSync(join(target, `${name}.new`), contents);
  renameSync(join(target, `${name}.new`), join(target, name));
}
writeFileSync(join(target, "editor-licences.txt"), licences.join("\n----\n\n"));
for (const name of readdirSync(target)) {
  if (/^editor-/.test(name) && !written.has(name) && existsSync(join(target, name))) rmSync(join(target, name));
}

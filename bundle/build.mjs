// Makes mfkit/charts/plotly/: the JavaScript that mfkit's charts need, and the licences of what is in it.

import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const out = process.argv[2];
const { version } = JSON.parse(await readFile("node_modules/plotly.js/package.json"));

// MapLibre's styles come along, as they do in plotly.js's own bundles.
const styles = {
  name: "styles",
  setup: ({ onLoad }) => onLoad({ filter: /\.css$/ }, async ({ path }) => {
    const { code } = await transform(await readFile(path, "utf-8"), { loader: "css", minify: true });
    return { contents: `document.head.append(Object.assign(document.createElement("style"), {
      textContent: ${JSON.stringify(code)} }));` };
  }),
};

// As plotly.js builds its own partial bundles (tasks/custom_bundle.mjs and esbuild-config.js there).
const { metafile, outputFiles } = await build({
  entryPoints: ["traces.cjs"],
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: "iife",
  globalName: "Plotly",
  target: "es2020",
  alias: { stream: "stream-browserify" },
  define: { global: "window", "define.amd": "false" },
  plugins: [styles],
  legalComments: "none",  // all licences are in a file beside it
  banner: { js: `/* plotly.js v${version}, in part; licences in LICENSES.txt */` },
  footer: { js: 'if (typeof module === "object" && module.exports) module.exports = Plotly;' },
});

// node_modules/@scope/name or node_modules/name, of the innermost node_modules.
const folders = Object.keys(metafile.inputs).map((path) => path.match(/.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]);
const licences = await Promise.all([...new Set(folders.filter(Boolean))].sort().map(async (folder) => {
  const { name, version, license, author } = JSON.parse(await readFile(join(folder, "package.json")));
  if (/GPL/.test(license ?? "GPL?")) throw new Error(`${name} has the licence ${license}`);
  const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one));
  const text = file ? await readFile(join(folder, file), "utf-8") : `By ${author?.name ?? author ?? "its authors"}.`;
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}));

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await writeFile(join(out, `plotly-${version}.min.js.gz`), gzipSync(outputFiles[0].contents, { level: 9 }));
await writeFile(join(out, "LICENSES.txt"), licences.join(`\n${"-".repeat(80)}\n\n`));

// Builds mfkit/charts/plotly/: the JavaScript for mfkit's charts, and the licences of its packages.

import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const out = process.argv[2];
const { version } = JSON.parse(await readFile("node_modules/plotly.js/package.json"));

// MapLibre's styles are included, as in plotly.js's own bundles.
const styles = {
  name: "styles",
  setup: ({ onLoad }) => onLoad({ filter: /\.css$/ }, async ({ path }) => {
    const { code } = await transform(await readFile(path, "utf-8"), { loader: "css", minify: true });
    return { contents: `document.head.append(Object.assign(document.createElement("style"), {
      textContent: ${JSON.stringify(code)} }));` };
  }),
};

// The settings with which plotly.js builds its own partial bundles (tasks/custom_bundle.mjs, esbuild-config.js).
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
  legalComments: "none",  // all licences are in a separate file
  banner: { js: `/* plotly.js v${version}, in part; licences in LICENSES.txt */` },
  footer: { js: 'if (typeof module === "object" && module.exports) module.exports = Plotly;' },
});

// Returns node_modules/@scope/name or node_modules/name of the innermost node_modules.
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

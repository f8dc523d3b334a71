// Bundle the browser programs into static/dist/. With --size, print what a visitor downloads.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const outdir = path.join(here, "..", "static", "dist");

const common = {
  bundle: true,
  minify: true,
  sourcemap: true,
  target: ["es2022"],
  outdir,
  logLevel: "warning",
  metafile: true,
};

// Pages load these as modules; what they import lazily becomes a chunk of its own.
const modules = { widget: "widget/page.ts", dashboard: "dashboard/main.ts", wallboard: "wallboard/main.ts", probe: "probe/main.ts" };
// A customer's site and the administration load theirs with a plain script tag, the sound's own thread the third.
const scripts = { embed: "embed/embed.ts", hearing: "hearing/worklet.ts", questions: "admin/questions.ts" };

const existing = (entries) =>
  Object.fromEntries(
    Object.entries(entries)
      .map(([name, source]) => [name, path.join(here, source)])
      .filter(([, source]) => existsSync(source)),
  );

async function bundle(entries, options) {
  const entryPoints = existing(entries);
  if (Object.keys(entryPoints).length === 0) return [];
  const built = await esbuild.build({ ...common, ...options, entryPoints });
  return Object.keys(built.metafile.outputs).filter((file) => file.endsWith(".js"));
}

const outputs = [
  ...(await bundle(modules, { format: "esm", splitting: true, chunkNames: "chunks/[name]-[hash]" })),
  ...(await bundle(scripts, { format: "iife" })),
];

if (process.argv.includes("--size")) {
  for (const file of outputs.sort()) {
    const size = gzipSync(readFileSync(file), { level: 9 }).length;
    console.log(`${(size / 1024).toFixed(1).padStart(8)} KiB gzip  ${path.relative(outdir, file)}`);
  }
}

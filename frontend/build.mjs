// Bundle the browser programs into static/dist/, say in chunks.json what each module program imports, and write the
// licences of what is bundled beside them.
// With --size, print what a visitor downloads.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import * as esbuild from "esbuild";

import { noticesOf } from "./notices.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const outdir = path.join(here, "..", "static", "dist");
const NOTICES = "third-party-notices.txt";

const common = {
  bundle: true,
  minify: true,
  sourcemap: true,
  target: ["es2022"],
  outdir,
  banner: { js: `/* AgileAdapt. Licences of what is bundled: dist/${NOTICES} */` },
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
  if (Object.keys(entryPoints).length === 0) return { outputs: {} };
  const built = await esbuild.build({ ...common, ...options, entryPoints });
  return built.metafile;
}

/** Everything that an output imports, and that these import in turn. */
function reached(outputs, output, isFollowed, found = new Set()) {
  for (const imported of outputs[output].imports.filter(isFollowed)) {
    if (found.has(imported.path)) continue;
    found.add(imported.path);
    reached(outputs, imported.path, isFollowed, found);
  }
  return found;
}

/** Per program: the chunks that it needs at once, and those that it imports when they are asked for. */
function chunksOf(outputs) {
  const named = (files) => files.map((file) => path.relative(outdir, file)).sort();
  const programs = Object.keys(modules).map((name) => {
    const entry = path.relative(process.cwd(), path.join(outdir, `${name}.js`));
    const now = reached(outputs, entry, ({ kind }) => kind === "import-statement");
    const all = reached(outputs, entry, () => true);
    return [name, { now: named([...now]), later: named([...all].filter((file) => !now.has(file))) }];
  });
  return Object.fromEntries(programs);
}

// Chunks of earlier builds would be collected as if they were of this one.
rmSync(path.join(outdir, "chunks"), { recursive: true, force: true });
const built = await bundle(modules, { format: "esm", splitting: true, chunkNames: "chunks/[name]-[hash]" });
const plain = await bundle(scripts, { format: "iife" });
writeFileSync(path.join(outdir, "chunks.json"), JSON.stringify(chunksOf(built.outputs)));
writeFileSync(path.join(outdir, NOTICES), noticesOf([built, plain]));
const outputs = Object.keys({ ...built.outputs, ...plain.outputs }).filter((file) => file.endsWith(".js"));

if (process.argv.includes("--size")) {
  for (const file of outputs.sort()) {
    const size = gzipSync(readFileSync(file), { level: 9 }).length;
    console.log(`${(size / 1024).toFixed(1).padStart(8)} KiB gzip  ${path.relative(outdir, file)}`);
  }
}

// Bundle one test of the browser's modules and run it: node run.mjs <test.ts> <folder for the bundle>

import { spawnSync } from "node:child_process";
import path from "node:path";

import * as esbuild from "esbuild";

const [source, folder] = process.argv.slice(2);
const outfile = path.join(folder, `${path.basename(source, ".ts")}.mjs`);

await esbuild.build({
  entryPoints: [source],
  outfile,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  logLevel: "warning",
});
process.exit(spawnSync(process.execPath, ["--test", "--test-reporter=tap", outfile], { stdio: "inherit" }).status ?? 1);

// The licences of the packages whose code the bundles hold, as one text to be served beside them.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

// A package that is published without its licence: the text from its repository.
const kept = path.join(path.dirname(fileURLToPath(import.meta.url)), "licences");

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;
const IN_PACKAGE = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;
const RULE = "=".repeat(80);

/** The text, for all that esbuild's metafiles say went into outputs. Throws where a package has no licence. */
export function noticesOf(metafiles) {
  const notices = [...packagesIn(metafiles)].map(noticeOf).sort();
  return ["Third-party notices\n\nThe programs beside this file hold code of these packages.\n", ...notices].join(`\n${RULE}\n`);
}

function packagesIn(metafiles) {
  const outputs = metafiles.flatMap(({ outputs }) => Object.values(outputs));
  const inputs = outputs.flatMap(({ inputs }) => Object.entries(inputs)).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const found = new Set();
  for (const [file] of inputs) {
    const folder = IN_PACKAGE.exec(path.resolve(file))?.[1];
    if (folder) add(folder, found);
  }
  return found;
}

/** With what it depends on: Telnyx's SDK is published with that in its own file, where no bundler sees it. */
function add(folder, found) {
  if (found.has(folder)) return;
  found.add(folder);
  for (const name of Object.keys(manifestOf(folder).dependencies ?? {})) add(installed(name, folder), found);
}

function installed(name, from) {
  const folder = path.join(from, "node_modules", name);
  if (existsSync(folder)) return folder;
  if (from === path.dirname(from)) throw new Error(`${name} is not installed`);
  return installed(name, path.dirname(from));
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
}

function noticeOf(folder) {
  const { name, version, license } = manifestOf(folder);
  const own = readdirSync(folder).filter((file) => LICENCE_FILE.test(file));
  const files = own.length ? own.sort().map((file) => path.join(folder, file)) : [path.join(kept, `${name}.txt`)];
  if (!existsSync(files[0])) throw new Error(`${name} has no licence text: put that of its repository into ${files[0]}`);
  return `${name} ${version} (${license})\n\n${files.map((file) => readFileSync(file, "utf8").trim()).join("\n\n")}\n`;
}

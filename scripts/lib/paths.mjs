// Where things lie, and how the scripts walk them.
import { readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root: every script works there, wherever it is started. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A path inside the repository, absolute. */
export const at = (...parts) => join(ROOT, ...parts);

/** The path as it is written in messages and generated files: relative, with slashes. */
export const shown = (path) => relative(ROOT, path).split(sep).join('/');

/**
 * Every file below `folder` (absolute paths, sorted) whose name ends with one of `endings`.
 * A folder that does not exist is empty.
 */
export function filesBelow(folder, endings) {
  const found = [];
  const walk = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (endings.some((ending) => entry.name.endsWith(ending))) found.push(path);
    }
  };
  if (modified(folder) !== undefined) walk(folder);
  return found.sort();
}

/** When a file was last modified, in ms since the epoch; undefined when there is none. */
export function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** The core's sources: assembly/ without the inspect module, generated code, and what tests add. */
export function coreSources() {
  const left = ['inspect', 'generated', 'testing'].map((name) => at('assembly', name) + sep);
  return filesBelow(at('assembly'), ['.ts']).filter(
    (path) => !path.endsWith('.d.ts') && !left.some((folder) => path.startsWith(folder)),
  );
}

/** The files that declare structs or constants which TypeScript may need. */
export function scannedFiles() {
  const single = ['assembly/memlayout.ts', 'assembly/abi.ts'].map((path) => at(path));
  return [
    ...single.filter((path) => modified(path) !== undefined),
    ...filesBelow(at('assembly/lib'), ['.ts']),
    ...filesBelow(at('assembly/types'), ['.ts']),
  ];
}

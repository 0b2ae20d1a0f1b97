/** Where a scenario file lies: here, or in the package, as `mmemu bugs` names it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UsageError } from './usage.js';

const PACKAGE = new URL('../../', import.meta.url);

/**
 * The URL of a file by its path from the current directory, or, if none is there, the package.
 * @throws UsageError if there is no such file
 */
export function scenarioUrl(file: string): URL {
  const here = resolve(file);
  const shipped = new URL(file, PACKAGE);
  if (existsSync(here)) return pathToFileURL(here);
  if (file.startsWith('scenarios/') && existsSync(fileURLToPath(shipped))) return shipped;
  throw new UsageError(`${file}: no such file`);
}

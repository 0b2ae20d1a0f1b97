/** Where a scenario file lies: here, or in the package, as `mmemu bugs` names it. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const PACKAGE = new URL('../../', import.meta.url);

/** The URL of a file by its path from the current directory, or, if none is there, the package. */
export function scenarioUrl(file: string): URL {
  const here = resolve(file);
  const shipped = new URL(file, PACKAGE);
  const isShipped = !existsSync(here) && file.startsWith('scenarios/');
  return isShipped && existsSync(fileURLToPath(shipped)) ? shipped : pathToFileURL(here);
}

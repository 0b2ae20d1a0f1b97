import { execFileSync } from 'node:child_process';
import { lstatSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A file of the repository: its path from the root, with slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Every file that is committed or about to be: git knows what is ignored. */
export function repositoryFiles(): string[] {
  const options = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const output = execFileSync('git', options, { cwd: ROOT, encoding: 'utf8' });
  return output.split('\0').filter((path) => {
    return path !== '' && lstatSync(ROOT + path, { throwIfNoEntry: false })?.isFile() === true;
  });
}

/** Reads the files whose path matches. */
export function read(paths: readonly string[], pattern: RegExp): SourceFile[] {
  return paths
    .filter((path) => pattern.test(path))
    .map((path) => ({ path, text: readFileSync(ROOT + path, 'utf8') }));
}

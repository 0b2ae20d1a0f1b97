import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './files.js';

/** Folders and root files of assembly/, from bottom to top: an import goes down or stays. */
const ASSEMBLY_LAYERS = [
  ['memlayout', 'abi'],
  ['lib'],
  ['types'],
  ['arch'],
  ['mm'],
  ['kernel'],
  ['index'],
  ['bench', 'testing'],
];

/**
 * The same for src/. What is not named here lies beside machine and process. The lowest layers are
 * the generated tables, and files that hold only types, constants or errors.
 */
const SRC_LAYERS = [
  ['wasm/generated', 'vendor'],
  ['errors', 'check', 'constants', 'names'],
  ['bugs', 'policy-entry', 'private-page-policies', 'policies', 'options'],
  ['platform'],
  ['wasm'],
  ['threads'],
  ['machine', 'process'],
  ['index'],
  ['cli'],
];
const SRC_DEFAULT = SRC_LAYERS.findIndex((layer) => layer.includes('machine'));

/** The imports and re-exports of a file by a relative path, resolved, without extension. */
function importsOf(file: SourceFile): { target: string; typeOnly: boolean }[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext);
  const found: { target: string; typeOnly: boolean }[] = [];
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    const specifier = statement.moduleSpecifier;
    if (specifier === undefined || !ts.isStringLiteral(specifier)) continue;
    if (!specifier.text.startsWith('.')) continue;
    const typeOnly = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    const joined = posix.join(posix.dirname(file.path), specifier.text);
    found.push({ target: joined.replace(/\.(js|ts|mjs)$/, ''), typeOnly });
  }
  return found;
}

/** The layer of a path below a top folder; undefined when no layer names it. */
function layerOf(path: string, layers: readonly string[][]): number | undefined {
  const [, ...parts] = path.replace(/\.ts$/, '').split('/');
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('/');
    const index = layers.findIndex((layer) => layer.includes(name));
    if (index >= 0) return index;
  }
  return undefined;
}

/** Imports of the core that go up, or to or from a folder that has no layer yet. */
export function upwardImportsOfCore(file: SourceFile): string[] {
  const own = layerOf(file.path, ASSEMBLY_LAYERS);
  if (own === undefined) return [`${file.path}: its folder has no layer in test/tidy/imports.ts`];
  return importsOf(file)
    .filter(({ target }) => {
      const layer = layerOf(target, ASSEMBLY_LAYERS);
      return !target.startsWith('assembly/') || layer === undefined || layer > own;
    })
    .map(({ target }) => `${file.path} imports ${target}`);
}

/** Imports of the facade that go up, past the public interface, or into the core's sources. */
export function wrongImportsOfFacade(file: SourceFile): string[] {
  const own = layerOf(file.path, SRC_LAYERS) ?? SRC_DEFAULT;
  const isCommandLine = file.path.startsWith('src/cli/');
  return importsOf(file)
    .filter(({ target, typeOnly }) => {
      if (!target.startsWith('src/')) return true;
      if (isCommandLine) return !target.startsWith('src/cli/') && target !== 'src/index';
      return !typeOnly && (layerOf(target, SRC_LAYERS) ?? SRC_DEFAULT) > own;
    })
    .map(({ target }) => `${file.path} imports ${target}`);
}

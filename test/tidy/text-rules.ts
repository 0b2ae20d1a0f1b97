import ts from 'typescript';
import type { SourceFile } from './files.js';

const LINE_LENGTH_MAX = 100;
const FUNCTION_LINES_MAX = 70;

const parse = (file: SourceFile): ts.SourceFile =>
  ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true);

/** Lines that are longer than a reader's window. Long URLs cannot be broken. */
export function longLines(file: SourceFile): string[] {
  return file.text.split('\n').flatMap((line, index) => {
    const isLong = [...line].length > LINE_LENGTH_MAX && !line.includes('https://');
    return isLong ? [`${file.path}:${index + 1}: ${line.length} characters`] : [];
  });
}

/** Functions that do not fit on a screen. Callbacks count as part of the function around them. */
export function longFunctions(file: SourceFile): string[] {
  const source = parse(file);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isNamedFunction(node)) {
      const from = source.getLineAndCharacterOfPosition(node.getStart(source)).line;
      const to = source.getLineAndCharacterOfPosition(node.end).line;
      const lines = to - from + 1;
      if (lines > FUNCTION_LINES_MAX) found.push(`${file.path}:${from + 1}: ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isNamedFunction(node: ts.Node): boolean {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) ||
    ts.isAccessor(node) ||
    (ts.isArrowFunction(node) && ts.isVariableDeclaration(node.parent))
  );
}

/** Exported declarations without a doc comment; with `only`, just those of that kind. */
export function undocumentedExports(file: SourceFile, only?: ts.SyntaxKind): string[] {
  const source = parse(file);
  return source.statements.filter(isExportedDeclaration).flatMap((statement) => {
    if (only !== undefined && statement.kind !== only) return [];
    if (hasDocComment(source, statement)) return [];
    const { line } = source.getLineAndCharacterOfPosition(statement.getStart(source));
    return [`${file.path}:${line + 1}: no doc comment`];
  });
}

function isExportedDeclaration(statement: ts.Statement): boolean {
  if (!ts.canHaveModifiers(statement) || ts.isExportDeclaration(statement)) return false;
  const kinds = (ts.getModifiers(statement) ?? []).map((modifier) => modifier.kind);
  return kinds.includes(ts.SyntaxKind.ExportKeyword);
}

function hasDocComment(source: ts.SourceFile, node: ts.Node): boolean {
  const ranges = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  return ranges.some((range) => source.text.startsWith('/**', range.pos));
}

/**
 * What no file says: marks of unfinished work, hosts of package registries, folders of one
 * developer's machine. Written in pieces, or this file would say them.
 */
const FORBIDDEN_EVERYWHERE = [
  /\b(TO[D]O|FI[X]ME|X[X]X)\b/,
  /npmjs\.(org|com)|deb\.debian\.org|registry\.yarnpkg/,
  /(^|[\s'"`(])\/(work|root|home)\/\w/,
];

/** What the code of the library does not say besides: products that one measurement ran on. */
const FORBIDDEN_IN_CODE = [/\b(Xe[o]n|EP[Y]C|Ry[z]en|Opte[r]on)\b/];

/** Places where a file says what it must not. */
export function forbiddenWords(file: SourceFile): string[] {
  const isCode = /^(assembly|src)\//.test(file.path);
  const patterns = isCode ? [...FORBIDDEN_EVERYWHERE, ...FORBIDDEN_IN_CODE] : FORBIDDEN_EVERYWHERE;
  return file.text.split('\n').flatMap((line, index) =>
    patterns.flatMap((pattern) => {
      const match = pattern.exec(line);
      return match === null ? [] : [`${file.path}:${index + 1}: ${match[0].trim()}`];
    }),
  );
}

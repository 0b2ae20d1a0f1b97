import ts from 'typescript';
import type { SourceFile } from './files.js';

/** Compile-time functions: their strings never reach the module. */
const COMPILE_TIME = new Set(['ERROR', 'WARNING', 'INFO', 'offsetof']);
/** Classes of the standard library that need a heap, which each instance has for itself. */
const HEAP_CLASSES = new Set(['Array', 'StaticArray', 'ArrayBuffer', 'Map', 'Set', 'String']);
const ATOMICS_FILE = 'assembly/lib/atomic.ts';
/** Holds this CPU's base, the one global that differs by instance on purpose. */
const GLOBAL_FILE = 'assembly/lib/percpu.ts';
const MEMORY_BUILTINS = new Set(['fill', 'copy', 'size', 'grow']);

type Report = (node: ts.Node, message: string) => void;

/** What the core must not contain, since each worker has an instance of it over one memory. */
export function forbiddenInCore(file: SourceFile): string[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ESNext, true);
  const found: string[] = [];
  const report: Report = (node, message) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push(`${file.path}:${line + 1}: ${message}`);
  };
  const visit = (node: ts.Node): void => {
    checkAllocation(node, report);
    checkText(node, report);
    checkState(node, file.path, report);
    checkBuiltin(node, file.path, report);
    ts.forEachChild(node, visit);
  };
  visit(source);
  if (/@ts-(ignore|expect-error|nocheck)/.test(file.text)) found.push(`${file.path}: @ts-ignore`);
  return found;
}

function checkAllocation(node: ts.Node, report: Report): void {
  if (ts.isNewExpression(node)) report(node, '"new" allocates from the heap of one instance');
  if (ts.isArrayLiteralExpression(node)) report(node, 'an array literal is static data');
  if (ts.isIdentifier(node) && HEAP_CLASSES.has(node.text)) report(node, `${node.text} is managed`);
}

function checkText(node: ts.Node, report: Report): void {
  if (ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
    report(node, 'a template literal is static data');
  }
  if (!ts.isStringLiteral(node)) return;
  const { parent } = node;
  if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent)) return;
  if (ts.isCallExpression(parent)) {
    if (ts.isDecorator(parent.parent)) return;
    if (ts.isIdentifier(parent.expression) && COMPILE_TIME.has(parent.expression.text)) return;
  }
  report(node, 'a string is static data');
}

function checkState(node: ts.Node, path: string, report: Report): void {
  if (ts.isPropertyDeclaration(node)) {
    const kinds = (ts.getModifiers(node) ?? []).map((modifier) => modifier.kind);
    const isStatic = kinds.includes(ts.SyntaxKind.StaticKeyword);
    if (isStatic && !kinds.includes(ts.SyntaxKind.ReadonlyKeyword)) {
      report(node, 'a mutable static field is private to each instance');
    }
  }
  if (ts.isVariableStatement(node) && ts.isSourceFile(node.parent) && path !== GLOBAL_FILE) {
    const isConst = (node.declarationList.flags & ts.NodeFlags.Const) !== 0;
    if (!isConst) report(node, 'a mutable global is private to each instance');
  }
}

function checkBuiltin(node: ts.Node, path: string, report: Report): void {
  if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return;
  const namespace = node.expression.text;
  if (namespace === 'atomic' && path !== ATOMICS_FILE) {
    report(node, 'atomic.* belongs into lib/atomic.ts, where it is a scheduling point');
  }
  if (namespace === 'memory' && path !== ATOMICS_FILE && !MEMORY_BUILTINS.has(node.name.text)) {
    report(node, `memory.${node.name.text}: only ${[...MEMORY_BUILTINS].join(', ')}`);
  }
}

/** A file of types/ without an assert that its structs have the size that their drawing says. */
export function missingSizeAssert(file: SourceFile): string[] {
  if (!/@unmanaged/.test(file.text)) return [];
  const asserts = /if\s*\([^;{]*\boffsetof<\w+>\(\)[^;{]*\)\s*\{?\s*ERROR\(/;
  return asserts.test(file.text) ? [] : [`${file.path}: no size assert`];
}

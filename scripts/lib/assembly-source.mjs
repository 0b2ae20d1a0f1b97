// Reads AssemblyScript with TypeScript's parser: its syntax is TypeScript's, only the types differ.
import { readFileSync } from 'node:fs';
import ts from 'typescript';

/** One parsed file of assembly/. Syntax errors are the compiler's business, not ours. */
export function parse(path, text = readFileSync(path, 'utf8')) {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
}

/** The line of a node, counted from 1. */
export function lineOf(source, node) {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** True when the declaration carries the modifier, e.g. ts.SyntaxKind.ExportKeyword. */
export function hasModifier(node, kind) {
  return (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);
}

/** True when the declaration carries the decorator `@name`. */
export function hasDecorator(node, name) {
  const decorators = (node.modifiers ?? []).filter(ts.isDecorator);
  return decorators.some((decorator) => decorator.expression.getText() === name);
}

/** The text inside the last doc comment before a declaration, without stars; '' when none. */
export function docOf(source, node) {
  const ranges = ts.getLeadingCommentRanges(source.text, node.getFullStart()) ?? [];
  const docs = ranges
    .map((range) => source.text.slice(range.pos, range.end))
    .filter((text) => text.startsWith('/**'));
  return (docs.at(-1) ?? '')
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim();
}

/** A doc comment with this text, one line or several, ending in a line break; '' for no text. */
export function docComment(text, indent = '') {
  if (text === '') return '';
  const lines = text.split('\n');
  if (lines.length === 1 && lines[0].length + indent.length < 93) {
    return `${indent}/** ${lines[0]} */\n`;
  }
  const body = lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n');
  return `${indent}/**\n${body}\n${indent} */\n`;
}

// Finds every BUG_ON of the core. Each states a number of its own, since the core holds no strings.
import ts from 'typescript';
import { lineOf, parse } from './assembly-source.mjs';

/** How many arguments each check takes; the last is its number. */
const ARGUMENTS = { BUG_ON: 2, VM_BUG_ON: 2, BUG: 1 };

/**
 * The checks of one file: { id, file, line, text }, or { mistake } in place of id and text.
 * `file` is how messages name it, `text` its source.
 */
export function checksIn(file, text) {
  const source = parse(file, text);
  const found = [];
  const visit = (node) => {
    if (ts.isCallExpression(node)) {
      const name = node.expression.getText(source);
      if (Object.hasOwn(ARGUMENTS, name)) {
        found.push({ file, line: lineOf(source, node), ...contentOf(source, node, name) });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function contentOf(source, call, name) {
  const id = call.arguments.at(-1);
  if (call.arguments.length !== ARGUMENTS[name]) {
    return { mistake: `${name} takes ${ARGUMENTS[name]} arguments, the last of them its number` };
  }
  if (!ts.isNumericLiteral(id) || !/^[1-9][0-9]*$/.test(id.text)) {
    return { mistake: `the number of ${name} must be a positive integer literal` };
  }
  const condition = call.arguments.slice(0, -1).map((node) => node.getText(source));
  return { id: Number(id.text), text: `${name}(${condition.join('').replace(/\s+/g, ' ')})` };
}

/** What is wrong with the checks of the whole core, one message each. */
export function mistakesOf(checks) {
  const messages = [];
  const holders = new Map();
  const next = checks.reduce((highest, { id }) => Math.max(highest, id ?? 0), 0) + 1;
  for (const { id, file, line, mistake } of checks) {
    const holder = holders.get(id);
    if (mistake !== undefined) messages.push(`${file}:${line}: ${mistake}`);
    else if (holder === undefined) holders.set(id, `${file}:${line}`);
    else {
      messages.push(`${file}:${line}: number ${id} is that of ${holder}; ${next} is free`);
    }
  }
  return messages;
}

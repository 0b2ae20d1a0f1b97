/** Records the answers of this machine's kernel as test fixtures. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expand, toScript } from '../native/oracle/expand.mjs';
import { swapsToMemory } from './lib/host-swap.mjs';
import { commandLine, refuse } from './lib/usage.mjs';

const HELP = `npm run oracle -- [options] [groups]

Asks the kernel of this machine all recorded cases again, prints what has changed, and writes
test/fixtures/oracle/. Needs Linux on x86-64, a C compiler, and root, since long-term pins are
charged otherwise.

  --check     compare only; exit status 1 when an answer differs
  --help      this text
  groups      only these, such as seals fd (default: all)`;

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CASES = path.join(ROOT, 'native/oracle/cases');
const FIXTURES = path.join(ROOT, 'test/fixtures/oracle');
const ORACLE = path.join(ROOT, 'build/native/oracle');
const MAX_OUTPUT = 1 << 28;

/** Groups of cases that swap; see native/oracle/README.md. */
const NEED_SWAP = ['swap'];

function build() {
  execFileSync('make', ['--silent', '-C', path.join(ROOT, 'native/oracle')], { stdio: 'inherit' });
}

function oracle(args, input = '') {
  return execFileSync(ORACLE, args, { input, encoding: 'utf8', maxBuffer: MAX_OUTPUT });
}

/**
 * Runs one group. A line that the interpreter did not understand is a mistake in the case file,
 * but a line may well be skipped because the call that was to name its argument has failed.
 */
function run(group) {
  const cases = expand(readFileSync(path.join(CASES, `${group}.txt`), 'utf8'));
  const answers = oracle([], toScript(cases))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
  for (const { name, died, lines } of answers) {
    if (died !== undefined) throw new Error(`${group}: "${name}" ended with wait status ${died}`);
    const bad = lines.find(({ skipped }) => skipped && !skipped.endsWith(' is not bound'));
    if (bad) throw new Error(`${group}: "${name}": ${bad.call}: ${bad.skipped}`);
  }
  if (answers.length !== cases.length) throw new Error(`${group}: answers are missing`);
  return answers;
}

/** JSON with one line for each call, so that a change of one answer is a change of one line. */
function format(header, cases) {
  const blocks = cases.map(({ name, lines }) => {
    const body = lines.map((line) => `      ${JSON.stringify(line)}`).join(',\n');
    return `    { "name": ${JSON.stringify(name)}, "lines": [\n${body}\n    ] }`;
  });
  return `{\n  "header": ${JSON.stringify(header)},\n  "cases": [\n${blocks.join(',\n')}\n  ]\n}\n`;
}

/** The differences between two recordings, as lines for people. */
function differences(before, after) {
  const old = new Map(before.map(({ name, lines }) => [name, lines]));
  const found = [];
  for (const { name, lines } of after) {
    const previous = old.get(name);
    old.delete(name);
    if (!previous) found.push(`+ ${name}`);
    else found.push(...lineDifferences(name, previous, lines));
  }
  for (const name of old.keys()) found.push(`- ${name}`);
  return found;
}

function lineDifferences(name, before, after) {
  const found = [];
  for (let i = 0; i < Math.max(before.length, after.length); i++) {
    const [a, b] = [JSON.stringify(before[i]), JSON.stringify(after[i])];
    if (a !== b) found.push(`~ ${name}\n    recorded ${a}\n    now      ${b}`);
  }
  return found;
}

/** Compares one group with its fixture and, unless only checking, writes it; says if it changed. */
function record(group, about, checkOnly) {
  const file = path.join(FIXTURES, `${group}.json`);
  const recorded = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { cases: [] };
  const cases = run(group);
  const changes = differences(recorded.cases, cases);
  const calls = cases.reduce((sum, { lines }) => sum + lines.length, 0);
  const verdict = changes.length === 0 ? 'as recorded' : `${changes.length} changes`;
  console.log(`${group}: ${cases.length} cases, ${calls} calls, ${verdict}`);
  for (const change of changes) console.log(`  ${change}`);
  if (changes.length > 0 && !checkOnly) {
    const header = { group, ...about, recorded: new Date().toISOString().slice(0, 10) };
    writeFileSync(file, format(header, cases));
  }
  return changes.length > 0;
}

/** The flag values of the C headers, which the scripts use by name. */
function recordConstants(checkOnly) {
  const file = path.join(FIXTURES, 'constants.json');
  const text = oracle(['--constants']);
  const changed = !existsSync(file) || readFileSync(file, 'utf8') !== text;
  if (changed) console.log('constants: changed');
  if (changed && !checkOnly) writeFileSync(file, text);
  return changed;
}

/** The version without the suffix that whoever built the kernel gave it. */
function aboutThisMachine() {
  const { kernel, ...rest } = JSON.parse(oracle(['--about']));
  return { kernel: /^\d+\.\d+\.\d+/.exec(kernel)?.[0] ?? kernel, ...rest };
}

function main() {
  const { values, positionals: wanted } = commandLine(HELP, { check: { type: 'boolean' } });
  const checkOnly = values.check === true;
  const groups = readdirSync(CASES).map((file) => path.basename(file, '.txt'));
  const unknown = wanted.filter((group) => !groups.includes(group));
  if (unknown.length > 0) {
    refuse(`no such group: ${unknown.join(', ')}; there are ${groups.sort().join(', ')}`);
  }
  build();
  mkdirSync(FIXTURES, { recursive: true });
  const about = aboutThisMachine();
  let changed = recordConstants(checkOnly);
  for (const group of wanted.length > 0 ? wanted : groups.sort()) {
    if (NEED_SWAP.includes(group) && !swapsToMemory()) {
      console.log(`${group}: left out, since it needs swap on zram (see native/oracle/README.md)`);
      continue;
    }
    changed = record(group, about, checkOnly) || changed;
  }
  return checkOnly && changed ? 1 : 0;
}

process.exitCode = main();

/**
 * A failure as a litmus test of the Linux kernel's memory model (herd7, klitmus7): the accesses of
 * each CPU one after the other, as they were made in the failing execution, and the question
 * whether that model allows what they saw. Branches and loops are gone: they went one way here.
 */
import type { Failure } from './failure.js';
import type { TraceStep } from './trace.js';

/** The text of a `.litmus` file in the C dialect. */
export function litmusOf(failure: Failure): string {
  const { trace, cpuNames, scenario } = failure;
  const ofCore = trace.find(({ location }) => location?.startsWith('words[') === false);
  if (ofCore !== undefined) {
    throw new TypeError(`a litmus test has raw words alone, and no ${ofCore.location}`);
  }
  const initial = new Map<string, number>();
  for (const { location, before } of trace) {
    if (location !== undefined && !initial.has(location)) initial.set(location, before ?? 0);
  }
  const words = [...initial.keys()].sort();
  const seen: string[] = [];
  const threads = cpuNames.map((_, cpu) => {
    const lines = trace.filter((step) => step.cpu === cpu && step.kind !== 'flush');
    let reads = 0;
    const body = lines.flatMap((step) => {
      const register = `r${reads}`;
      if (step.result !== undefined) {
        seen.push(`${cpu}:${register}=${step.result}`);
        reads++;
      }
      return statementsOf(step, register);
    });
    const parameters = words.map((word) => `int *${nameOf(word)}`).join(', ');
    return `P${cpu}(${parameters})\n{\n${body.map((line) => `\t${line}\n`).join('')}}\n`;
  });
  const values = words.map((word) => `\t${nameOf(word)}=${initial.get(word)};\n`).join('');
  const name = scenario.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'scenario';
  const question = seen.length === 0 ? '(true)' : `(${seen.join(' /\\ ')})`;
  return `C ${name}\n\n{\n${values}}\n\n${threads.join('\n')}\nexists ${question}\n`;
}

/** `words[3]` as an identifier of C. */
function nameOf(word: string): string {
  return word.replace(/^words\[(\d+)\]$/, 'w$1').replace(/\W/g, '_');
}

/** Sequentially consistent accesses get the full barrier that keeps them in order. */
function statementsOf(step: TraceStep, register: string): string[] {
  const word = nameOf(step.location ?? '');
  const { operand = 0, after = 0 } = step;
  switch (step.kind) {
    case 'fence':
      return ['smp_mb();'];
    case 'readFence':
      return ['smp_rmb();'];
    case 'load':
      return ['smp_mb();', `int ${register} = READ_ONCE(*${word});`];
    case 'readOnce':
    case 'waitWhile':
      return [`int ${register} = READ_ONCE(*${word});`];
    case 'loadPlain':
      return [`int ${register} = *${word};`];
    case 'store':
      return ['smp_mb();', `WRITE_ONCE(*${word}, ${operand});`, 'smp_mb();'];
    case 'writeOnce':
      return [`WRITE_ONCE(*${word}, ${operand});`];
    case 'storePlain':
      return [`*${word} = ${operand};`];
    case 'fetchAdd':
      return [`int ${register} = atomic_fetch_add(${operand}, ${word});`];
    case 'exchange':
      return [`int ${register} = xchg(${word}, ${operand});`];
    case 'compareExchange': {
      // One that failed did not say what it would have stored; any value will do.
      const value = step.succeeded === true ? after : operand;
      return [`int ${register} = cmpxchg(${word}, ${operand}, ${value});`];
    }
    case 'lock':
      return [`int ${register} = cmpxchg(${word}, 0, ${after});`];
    case 'unlock':
      return [`smp_store_release(${word}, 0);`];
    case 'storeRelease':
      return [`smp_store_release(${word}, ${operand});`];
    case 'flush':
      return [];
  }
}

/** A step of a trace in words. */
import type { TraceStep } from './trace.js';
import { changeText, valueText } from './value-text.js';

/** Accesses that take or give back a lock, or a whole page: their values say nothing. */
const WITHOUT_VALUES = new Set([
  ...['spin_lock', 'spin_unlock', 'down_read', 'up_read', 'down_write', 'up_write'],
  ...['folio_lock', 'read', 'write'],
]);

/** For example `cmpxchg(page[0]._refcount) 3 -> 4 won`: Linux's name where it has one. */
export function stepText(step: TraceStep): string {
  const { kind, location, operation: name = kind } = step;
  if (location === undefined) return `${name}()`;
  if (WITHOUT_VALUES.has(name)) return `${name}(${location})${delay(step)}`;
  const [result, operand] = [step.result, step.operand].map((value) => valueText(location, value));
  const change = changeText(location, step.before ?? 0, step.after ?? 0);
  switch (kind) {
    case 'load':
    case 'readOnce':
    case 'loadPlain':
      return `${name}(${location}) = ${result}`;
    case 'waitWhile':
      return `waitWhile(${location}, ${operand}) = ${result}`;
    case 'compareExchange':
      return step.succeeded === true
        ? `${name}(${location}) ${change} won`
        : `${name}(${location}${operand && `, ${operand}`}) = ${result} failed`;
    case 'flush':
      return `(store of step ${(step.link ?? 0) + 1} reaches ${location}) ${change}`;
    default:
      if (step.link !== undefined) return `${name}(${location}, ${operand})${delay(step)}`;
      return `${name}(${location}) ${change}`;
  }
}

/** A store that waits in its CPU's buffer. */
function delay({ link }: TraceStep): string {
  return link === undefined ? '' : ' delayed';
}

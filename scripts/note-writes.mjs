// For explore.wasm: every instruction that writes memory first notes the page that it writes, by a
// call of assembly/lib/written.ts, and every plain one that reads or writes passes its address
// through assembly/lib/races.ts. Every expression is visited, and one of a kind that is not known
// here ends the build: so none can be missed.
import binaryen from 'binaryen';

const FILE = 'assembly/lib/written/';
const NOTE = `${FILE}noteWritten`;
const FILL = `${FILE}fillNoted`;
const COPY = `${FILE}copyNoted`;
const RACES = 'assembly/lib/races/';

/** The parts of each kind of expression that are expressions themselves. */
const PARTS = {
  Block: [],
  If: ['Condition', 'IfTrue', 'IfFalse'],
  Loop: ['Body'],
  Break: ['Condition', 'Value'],
  Switch: ['Condition', 'Value'],
  Call: [],
  CallIndirect: ['Target'],
  LocalGet: [],
  LocalSet: ['Value'],
  GlobalGet: [],
  GlobalSet: ['Value'],
  Load: ['Ptr'],
  Store: ['Ptr', 'Value'],
  Const: [],
  Unary: ['Value'],
  Binary: ['Left', 'Right'],
  Select: ['Condition', 'IfTrue', 'IfFalse'],
  Drop: ['Value'],
  Return: ['Value'],
  Nop: [],
  Unreachable: [],
  AtomicRMW: ['Ptr', 'Value'],
  AtomicCmpxchg: ['Ptr', 'Expected', 'Replacement'],
  AtomicWait: ['Ptr', 'Expected', 'Timeout'],
  AtomicNotify: ['Ptr', 'NotifyCount'],
  AtomicFence: [],
  MemorySize: [],
  MemoryCopy: ['Dest', 'Source', 'Size'],
  MemoryFill: ['Dest', 'Value', 'Size'],
};
/** Those with a list of parts, and what its members are called. */
const LISTS = { Block: ['NumChildren', 'Child'], Call: ['NumOperands', 'Operand'] };
LISTS.CallIndirect = LISTS.Call;
/** Those that write at an address. */
const WRITERS = new Set(['Store', 'AtomicRMW', 'AtomicCmpxchg']);

const KINDS = new Map(Object.keys(PARTS).map((kind) => [binaryen[`${kind}Id`], kind]));

/** Puts the calls into every function of a module. */
export function noteWrites(module) {
  for (let index = 0; index < module.getNumFunctions(); index++) {
    const { name, module: host, body } = binaryen.getFunctionInfo(module.getFunctionByIndex(index));
    // Imported, or what notes the accesses.
    if (host !== '' || name.startsWith(FILE) || name.startsWith(RACES)) continue;
    const noted = withNotes(module, body);
    if (noted !== body) binaryen.Function.setBody(module.getFunctionByIndex(index), noted);
  }
}

/** An expression whose writes, and those of its parts, are noted. */
function withNotes(module, expression) {
  const kind = KINDS.get(binaryen.getExpressionId(expression));
  if (kind === undefined) {
    throw new Error(`note-writes: unknown expression ${binaryen.emitText(expression)}`);
  }
  const of = binaryen[kind];
  for (const part of PARTS[kind]) {
    const before = of[`get${part}`](expression);
    if (before !== 0) of[`set${part}`](expression, withNotes(module, before));
  }
  const [count, member] = LISTS[kind] ?? [];
  for (let at = 0; count !== undefined && at < of[`get${count}`](expression); at++) {
    const before = of[`get${member}At`](expression, at);
    of[`set${member}At`](expression, at, withNotes(module, before));
  }
  return noted(module, kind, expression);
}

/** An expression whose own access is noted. */
function noted(module, kind, expression) {
  const { i32, none, MemoryCopy, MemoryFill } = binaryen;
  if (kind === 'MemoryFill') {
    const operands = ['Dest', 'Value', 'Size'].map((part) => MemoryFill[`get${part}`](expression));
    return module.call(FILL, operands, none);
  }
  if (kind === 'MemoryCopy') {
    const operands = ['Dest', 'Source', 'Size'].map((part) => MemoryCopy[`get${part}`](expression));
    return module.call(COPY, operands, none);
  }
  const notes = notesOf(kind, expression);
  if (notes.length === 0) return expression;
  const of = binaryen[kind];
  const offset = of.getOffset(expression);
  const pointer = of.getPtr(expression);
  let address = offset === 0 ? pointer : module.i32.add(pointer, module.i32.const(offset));
  for (const note of notes) address = module.call(note, [address], i32);
  of.setOffset(expression, 0);
  of.setPtr(expression, address);
  return expression;
}

/** The functions that the address of an access passes through. */
function notesOf(kind, expression) {
  const notes = WRITERS.has(kind) ? [NOTE] : [];
  if ((kind !== 'Load' && kind !== 'Store') || binaryen[kind].isAtomic(expression)) return notes;
  const wide = binaryen[kind].getBytes(expression) === 8 ? '8' : '';
  return [...notes, `${RACES}races${kind === 'Load' ? 'Read' : 'Write'}${wide}`];
}

// The few facts about a wasm binary that WebAssembly's own reflection does not tell.

const HEADER_BYTES = 8;
const SECTION_GLOBAL = 6;
const SECTION_START = 8;
const SECTION_DATA = 11;
const END = 0x0b;

/**
 * What a module has: `start` and `data` (whether there is such a section), `mutableGlobals` (how
 * many of its own) and `imports` as 'module.name:kind'.
 */
export function inspectModule(bytes) {
  const sections = sectionsOf(bytes);
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(bytes));
  return {
    start: sections.has(SECTION_START),
    data: sections.has(SECTION_DATA),
    mutableGlobals: countMutableGlobals(bytes, sections.get(SECTION_GLOBAL)),
    imports: imports.map((entry) => `${entry.module}.${entry.name}:${entry.kind}`),
  };
}

/** Where the content of each section begins, by the section's number. */
function sectionsOf(bytes) {
  const sections = new Map();
  const reader = new Reader(bytes, HEADER_BYTES);
  while (reader.position < bytes.length) {
    const id = reader.byte();
    const size = reader.leb();
    sections.set(id, reader.position);
    reader.position += size;
  }
  return sections;
}

function countMutableGlobals(bytes, position) {
  if (position === undefined) return 0;
  const reader = new Reader(bytes, position);
  let mutable = 0;
  for (let left = reader.leb(); left > 0; left--) {
    reader.byte(); // its type
    mutable += reader.byte();
    reader.skipConstant();
  }
  return mutable;
}

class Reader {
  constructor(bytes, position) {
    this.bytes = bytes;
    this.position = position;
  }

  byte() {
    return this.bytes[this.position++];
  }

  leb() {
    let result = 0;
    for (let shift = 0; ; shift += 7) {
      const next = this.byte();
      result += (next & 0x7f) * 2 ** shift;
      if ((next & 0x80) === 0) return result;
    }
  }

  /** Steps over a constant expression: an operand may hold the byte that ends expressions. */
  skipConstant() {
    for (let opcode = this.byte(); opcode !== END; opcode = this.byte()) {
      if (opcode === 0x41 || opcode === 0x42 || opcode === 0x23) this.leb();
      else if (opcode === 0x43) this.position += 4;
      else if (opcode === 0x44) this.position += 8;
      else throw new Error(`opcode 0x${opcode.toString(16)} in a global's initialiser`);
    }
  }
}

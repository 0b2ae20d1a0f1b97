import { MACHINE_BASE, PERCPU_BASE, PERCPU_SIZE, STRUCTS } from './generated/layout.js';

type Structs = typeof STRUCTS;
type StructName = keyof Structs;
type FieldName<S extends StructName> = keyof Structs[S]['fields'] & string;

/**
 * Reads (and, for the few words that the host owns, writes) the core's memory. The only place that
 * knows offsets, and it knows them from the generated table.
 */
export class CoreViews {
  readonly memory: WebAssembly.Memory;
  readonly u8: Uint8Array<SharedArrayBuffer>;
  readonly i32: Int32Array<SharedArrayBuffer>;
  /** Where struct machine lies. */
  readonly machine = MACHINE_BASE;
  readonly #view: DataView;

  constructor(memory: WebAssembly.Memory) {
    const buffer = memory.buffer as unknown as SharedArrayBuffer;
    this.memory = memory;
    this.u8 = new Uint8Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.#view = new DataView(buffer);
  }

  u32At(address: number): number {
    return this.#view.getUint32(address, true);
  }
  s32At(address: number): number {
    return this.#view.getInt32(address, true);
  }
  u64At(address: number): bigint {
    return this.#view.getBigUint64(address, true);
  }
  f64At(address: number): number {
    return this.#view.getFloat64(address, true);
  }
  setF64(address: number, value: number): void {
    this.#view.setFloat64(address, value, true);
  }

  /** Address of a field of the struct at `base`. */
  address<S extends StructName>(struct: S, field: FieldName<S>, base: number): number {
    return base + fieldOf(struct, field).offset;
  }

  /** An unsigned field of at most 32 bits, or a 64-bit one that is exact as a number. */
  read<S extends StructName>(struct: S, field: FieldName<S>, base: number): number {
    const { offset, size } = fieldOf(struct, field);
    if (size === 8) return this.u32At(base + offset) + this.u32At(base + offset + 4) * 2 ** 32;
    if (size === 1) return this.#view.getUint8(base + offset);
    return this.u32At(base + offset);
  }

  /** A signed field of 32 bits. */
  readSigned<S extends StructName>(struct: S, field: FieldName<S>, base: number): number {
    return this.s32At(base + fieldOf(struct, field).offset);
  }

  /** The machine's state word and its like, for Atomics: an index into `i32`. */
  machineWord(field: FieldName<'MachineState'>): number {
    return this.address('MachineState', field, MACHINE_BASE) >> 2;
  }

  /** Where a CPU's area begins. */
  perCpu(cpu: number): number {
    return PERCPU_BASE + cpu * PERCPU_SIZE;
  }

  /** A copy of bytes of the memory. */
  copy(address: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    bytes.set(this.u8.subarray(address, address + length));
    return bytes;
  }

  /** The zero-terminated text at `address`, as UTF-8. */
  text(address: number): string {
    let end = address;
    while (this.u8[end] !== 0) end++;
    return new TextDecoder().decode(this.copy(address, end - address));
  }

  /** The addresses of the links of a list, without its head. */
  *list(head: number): Generator<number> {
    for (let link = this.u32At(head); link !== head; link = this.u32At(link)) yield link;
  }
}

function fieldOf<S extends StructName>(
  struct: S,
  field: FieldName<S>,
): { readonly offset: number; readonly size: number } {
  const fields = STRUCTS[struct].fields as Readonly<
    Record<string, { readonly offset: number; readonly size: number }>
  >;
  const found = fields[field];
  if (found === undefined) throw new TypeError(`struct ${struct} has no field ${field}`);
  return found;
}

/** Offset of a field within its struct. */
export function offsetOf<S extends StructName>(struct: S, field: FieldName<S>): number {
  return fieldOf(struct, field).offset;
}

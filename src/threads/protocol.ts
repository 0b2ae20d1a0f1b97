/** What the calling thread and the workers say to each other. */

/** Given to a worker when it starts. */
export interface CpuData {
  readonly cpu: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** Calls one export of the core on the worker's CPU. */
export interface CpuCall {
  readonly id: number;
  readonly name: string;
  readonly args: readonly (number | boolean)[];
}

/** The answer. Errors cross as text: an Error would be one of another realm. */
export interface CpuReply {
  readonly id: number;
  readonly value?: number | undefined;
  /** The core trapped, which means that the machine has stopped. */
  readonly trap?: string | undefined;
}

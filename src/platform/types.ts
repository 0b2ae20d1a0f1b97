import type { HostFacts } from '../contend/types.js';
import type { ThreadData, ThreadMessage } from '../stress/protocol.js';
import type { CpuCall, CpuData, CpuReply } from '../threads/protocol.js';

/** A thread that is one emulated CPU. */
export interface CpuThread {
  /** Sends it a call; the answer comes to `onReply`. */
  post(call: CpuCall): void;
  /** Ends it at once, whatever it does. */
  terminate(): Promise<unknown>;
  /** Whether the program must stay alive for it: only while a call is under way. */
  setBusy(busy: boolean): void;
}

/** A thread that runs one CPU of a scenario. */
export interface StressThread {
  /** Ends it at once, whatever it does. */
  terminate(): Promise<unknown>;
}

/** What such a thread tells. */
export interface StressEvents {
  readonly onMessage: (message: ThreadMessage) => void;
  /** It is gone, and was not asked to. */
  readonly onDeath: (reason: string) => void;
}

/** What a thread tells. */
export interface CpuEvents {
  readonly onReply: (reply: CpuReply) => void;
  /** It is gone, and will answer nothing more. */
  readonly onDeath: (reason: string) => void;
}

/** What differs between Node and a browser. Both modules export exactly this. */
export interface Platform {
  startCpu(data: CpuData, events: CpuEvents): CpuThread;
  startStressThread(data: ThreadData, events: StressEvents): StressThread;
  readBytes(url: URL): Promise<Uint8Array<ArrayBuffer>>;
  /** Threads that the host can run at once. */
  coresOfHost(): number;
  /** Seconds of CPU time that this program has used; undefined where the host does not say. */
  cpuSeconds(): number | undefined;
  /**
   * Reads a source map; gives what turns an offset in the generated file into the line of a source
   * file: the last one at or before the offset that comes from there. Finds nothing where the map
   * or the means to read it are missing.
   */
  linesOfMap(url: URL): Promise<(offset: number, file: string) => number | undefined>;
  /** The machine that measures. */
  hostFacts(): HostFacts;
}

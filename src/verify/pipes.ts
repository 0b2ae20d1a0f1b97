import { CACHE_PIPE, PAGE_SIZE } from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import type { Files, Inode } from './files.js';
import type { Frames } from './frames.js';
import type { Slabs } from './slabs.js';

const INODE = offsetsOf('Inode');
const FILE = offsetsOf('File');
const PIPE = offsetsOf('Pipe');
const BUFFER = offsetsOf('PipeBuffer');
const BUFFER_SIZE = 16;
/** PIPE_BUFFERS. */
const BUFFERS = 16;
const FMODE_READ = 1;
const FMODE_WRITE = 2;

/** Checks the pipes: their ends against the open files; notes the pages that their buffers hold. */
export function checkPipes(audit: Audit, slabs: Slabs, files: Files, frames: Frames): void {
  for (const inode of files.inodes.values()) {
    const pipe = audit.memory.u32(inode.address + INODE.pipe);
    if (pipe === 0 || !slabs.use(CACHE_PIPE, pipe, inode.name)) continue;
    checkEnds(audit, files, inode, pipe);
    checkBuffers(audit, frames, inode, pipe);
  }
}

function checkEnds(audit: Audit, files: Files, inode: Inode, pipe: number): void {
  const { memory, findings } = audit;
  const opened = [...files.files.values()].filter((file) => file.inode === inode);
  const modes = opened.map(({ address }) => memory.u32(address + FILE.fMode));
  const count = (mode: number) => modes.filter((each) => (each & mode) !== 0).length;
  const name = () => inode.name;
  findings.equal('pipe', name, count(FMODE_READ), memory.u32(pipe + PIPE.readers), 'readers');
  findings.equal('pipe', name, count(FMODE_WRITE), memory.u32(pipe + PIPE.writers), 'writers');
}

function checkBuffers(audit: Audit, frames: Frames, inode: Inode, pipe: number): void {
  const { memory, findings } = audit;
  const tail = memory.u32(pipe + PIPE.tail);
  const used = (memory.u32(pipe + PIPE.head) - tail) >>> 0;
  if (used > BUFFERS) findings.report('pipe', inode.name, 'at most 16', used, 'buffers in use');
  for (let at = 0; at < BUFFERS; at++) {
    const isUsed = (at - tail + 2 ** 32) % BUFFERS < used;
    const buffer = pipe + PIPE.bufs0 + at * BUFFER_SIZE;
    const name = `buffer ${at} of ${inode.name}`;
    if (isUsed) checkBuffer(audit, frames, buffer, name);
    else findings.equal('pipe', name, 0, memory.u32(buffer + BUFFER.len), 'bytes');
  }
}

function checkBuffer(audit: Audit, frames: Frames, buffer: number, name: string): void {
  const { memory, findings } = audit;
  const pfn = memory.u32(buffer + BUFFER.pfn);
  const offset = memory.u32(buffer + BUFFER.offset);
  const len = memory.u32(buffer + BUFFER.len);
  if (len === 0 || offset + len > PAGE_SIZE) {
    const found = `${len} bytes from ${offset} on`;
    findings.report('pipe', name, 'bytes of one page', found);
  }
  const slot = frames.slotOf(pfn);
  if (slot < 0) findings.report('object', name, 'a frame in use', hex(pfn), 'its page');
  else frames.held[slot] = (frames.held[slot] ?? 0) + 1;
}
